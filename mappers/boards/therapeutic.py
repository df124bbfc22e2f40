"""Drugs and trials that a molecular board, or a genomic report, recommends, each with what supports it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from mappers.agents import Agent, agents_of
from mappers.boards.recognition import is_dosing, is_follow_up
from mappers.codes import SNOMED
from mappers.fhir import extensions, first, has_code, objects, text_of, words
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.subjects import TUMOUR

SIGNATURES = (
    "TumorMutationalBurden", "MicrosatelliteInstability", "LossOfHeterozygosity", "HomologousRecombinationDeficiency",
    "TumorNeoantigenBurden", "AneuploidScore",
)  # fmt: skip
VARIANT, MARKER = "GenomicVariant", "TumorMarker"
#: POP's guide: a recommendation within the board's Procedure.
OWN = "http://onconova.github.io/fhir/StructureDefinition/onconova-ext-molecular-tumor-board-therapeutic-recommendation"

_EFFECTS = {"effect": ("110280000", "Therapeutic drug effect"), "lack": ("58848006", "Lack of drug action")}
#: HL7 Genomics Reporting: components of a therapeutic implication.
_DRUG, _IMPLICATION = (
    re.compile(r"51963-7"),
    re.compile(r"therapeutic-implication|predicted-therapeutic-implication|51961-1"),
)
_RESISTANT = re.compile(r"resist|non-?respon|not respon|lack|decreased response|LA6676-6", re.I)
_RESPONSIVE = re.compile(r"respons|sensitiv|increased response|LA6677-4", re.I)
_OFF_LABEL = re.compile(r"off-?label", re.I)
_TRIAL = (SNOMED, "709491003")
_NCT = re.compile(r"\bNCT\d{8}\b")


#: R4 request and task states of what is no recommendation (any more).
_WITHDRAWN = frozenset({"entered-in-error", "cancelled", "revoked", "rejected", "failed"})


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommendation of a drug, a combination, or a trial."""

    identity: str
    source: Source
    drugs: tuple[tuple[Agent | None, JsonObject, Source], ...] = ()
    """An agent, or None for a drug that is not known; with its concept."""
    trial: tuple[str, Source] | None = None
    effect: tuple[Any, Source] | None = None
    """A concept, or ``effect`` or ``lack``."""
    off_label: tuple[bool, Source] | None = None
    standard: tuple[bool, Source] | None = None
    evidence: tuple[tuple[str, str, Source], ...] = ()
    """(kind, key of the entity, source) of what supports it."""
    unresolved: tuple[Source, ...] = ()
    """Evidence that is not (yet) an entity in POP."""
    read: tuple[Source, ...] = field(default=())


def withdrawn(resource: Resource) -> bool:
    """True for a request or Task that is no recommendation (any more)."""
    status = resource.json.get("status")
    return isinstance(status, str) and status in _WITHDRAWN


def own_recommendations(board: Resource, context: Context) -> Iterator[Recommendation]:
    """POP's guide: nested extensions. Their identity is what they recommend: they have no other."""
    for position, extension in extensions(board.json, OWN):
        source = Source(board.reference, f"extension[{position}]")
        drugs: list[tuple[Agent | None, JsonObject, Source]] = []
        base = Recommendation("", source)
        for part in objects(extension.get("extension")):
            url = part.get("url")
            if url == "medication" and isinstance(part.get("valueCodeableConcept"), dict):
                drugs.extend(_agents(part["valueCodeableConcept"], source, context))
            elif url == "clinicalTrial" and text_of(part.get("valueString")):
                base = replace(base, trial=(text_of(part["valueString"]), source))
            elif url == "expectedEffect" and isinstance(part.get("valueCodeableConcept"), dict):
                base = replace(base, effect=(part["valueCodeableConcept"], source))
            elif url == "offLabelUse" and isinstance(part.get("valueBoolean"), bool):
                base = replace(base, off_label=(part["valueBoolean"], source))
            elif url == "withinSoc" and isinstance(part.get("valueBoolean"), bool):
                base = replace(base, standard=(part["valueBoolean"], source))
            elif url == "supportingEvidence":
                base = _supported(base, part.get("valueReference"), board, source, context)
        names = sorted(agent.code if agent is not None else "unknown" for agent, _, _ in drugs)
        trial = [base.trial[0]] if base.trial is not None else []
        own = extension.get("id")
        identity = own if isinstance(own, str) else "+".join([*names, *trial]) or "unspecified"
        yield replace(base, identity=f"{board.reference}/{identity}", drugs=tuple(drugs))


def in_words(concept: JsonObject, source: Source, context: Context) -> Recommendation | None:
    """A drug that an activity or a conclusion names. Its identity is the drug: it has no other."""
    drugs = tuple((each, concept, source) for each in agents_of(concept, context))
    if not drugs:
        return None
    names = "+".join(sorted({agent.code for agent, _, _ in drugs}))
    return Recommendation(f"{source.resource}/{names}", source, drugs=_distinct(drugs))


def of_resource(resource: Resource, context: Context) -> Recommendation | None:
    """The recommendation that a request, a Task or a therapeutic implication is; None if it is of no drug or trial."""
    json = resource.json
    base = Recommendation(resource.reference, Source(resource.reference, "code"))
    if withdrawn(resource):
        return None
    if resource.type == "MedicationRequest":
        return _medication(base, resource, context)
    if resource.type == "RequestGroup":
        return _combination(base, resource, context)
    if resource.type == "ServiceRequest" and has_code(json.get("code"), {_TRIAL}):
        return _trial(base, resource, context)
    if resource.type == "Task" and not is_follow_up(resource) and not is_dosing(resource):
        return _task(base, resource, context)
    if resource.type == "Observation":
        found = _supported(base, {"reference": resource.reference}, resource, base.source, context)
        known = tuple(each for each in found.drugs if each[0] is not None)
        return replace(found, drugs=known) if known else None
    return None


def _combination(base: Recommendation, group: Resource, context: Context) -> Recommendation | None:
    joined, parts = base, 0
    for action in objects(group.json.get("action")):
        request = context.resolve(first(action.get("resource")), within=group)
        if request is not None and request.type == "MedicationRequest":
            joined, parts = (
                _joined(joined, _medication(Recommendation(request.reference, base.source), request, context)),
                parts + 1,
            )
    return replace(_flags(joined, group), source=Source(group.reference, "action")) if parts else None


def _medication(base: Recommendation, request: Resource, context: Context) -> Recommendation:
    json = request.json
    element = "medicationReference" if "medicationReference" in json else "medicationCodeableConcept"
    found = replace(base, source=Source(request.reference, element))
    drugs: list[tuple[Agent | None, JsonObject, Source]] = []
    concept = json.get("medicationCodeableConcept")
    if isinstance(concept, dict):
        drugs.extend(_agents(concept, Source(request.reference, "medicationCodeableConcept"), context))
    medication = context.resolve(first(json.get("medicationReference")), within=request)
    if medication is not None and medication.type == "Medication":
        found = replace(found, read=(*found.read, Source(request.reference, "medicationReference")))
        code = medication.json.get("code")
        if isinstance(code, dict) and agents_of(code, context):
            drugs.extend(_agents(code, Source(medication.reference, "code"), context))
        else:
            for position, each in enumerate(objects(medication.json.get("ingredient"))):
                item = each.get("itemCodeableConcept")
                if isinstance(item, dict):
                    drugs.extend(_agents(item, Source(medication.reference, f"ingredient[{position}]"), context))
    found = replace(found, drugs=tuple(drugs))
    for element in ("supportingInformation", "reasonReference"):
        for reference in objects(json.get(element)):
            found = _supported(found, reference, request, Source(request.reference, element), context)
    return _flags(found, request)


def _trial(base: Recommendation, request: Resource, context: Context) -> Recommendation:
    json = request.json
    found = base
    for reference in objects(json.get("supportingInfo")):
        target = context.resolve(reference, within=request)
        source = Source(request.reference, "supportingInfo")
        if target is not None and target.type == "ResearchStudy":
            values = [text_of(each.get("value")) for each in objects(target.json.get("identifier"))]
            chosen = next((each for each in values if _NCT.fullmatch(each)), values[0] if values else "")
            if chosen and found.trial is None:
                found = replace(found, trial=(chosen, Source(target.reference, "identifier")))
        else:
            found = _supported(found, reference, request, source, context)
    if found.trial is None:
        texts = [
            words(json.get("code")),
            words(first(json.get("orderDetail"))),
            text_of(first(json.get("note")).get("text")),
        ]
        match = next(filter(None, (_NCT.search(text) for text in texts)), None)
        if match is not None:
            found = replace(found, trial=(match[0], base.source))
    return found


def _task(base: Recommendation, task: Resource, context: Context) -> Recommendation | None:
    """Genomics Reporting: the drugs are those of the therapeutic implications that are its reason."""
    found = replace(base, source=Source(task.reference, "reasonReference"))
    references = objects(task.json.get("reasonReference"))
    for reference in references:
        found = _supported(found, reference, task, Source(task.reference, "reasonReference"), context)
    focus = context.resolve(first(task.json.get("focus")), within=task)
    if focus is not None and focus.type.startswith("Medication"):
        concept = focus.json.get("medicationCodeableConcept")
        if isinstance(concept, dict):
            found = replace(
                found,
                drugs=(*found.drugs, *_agents(concept, Source(focus.reference, "medicationCodeableConcept"), context)),
            )
    known = tuple(each for each in found.drugs if each[0] is not None)
    return replace(found, drugs=_distinct(known)) if known else None


def _supported(
    found: Recommendation, reference: Any, within: Resource, source: Source, context: Context
) -> Recommendation:  # fmt: skip
    """With one piece of evidence: a variant, signature or marker, or an implication that is derived from one."""
    target = context.resolve(reference, within=within)
    if target is None:
        return replace(found, unresolved=(*found.unresolved, source)) if isinstance(reference, dict) else found
    if target.type != "Observation":
        return replace(found, read=(*found.read, source))
    for kind in (VARIANT, *SIGNATURES, MARKER):
        view = context.entity_of(kind, reference, within=within)
        if view is not None:
            return replace(found, evidence=(*found.evidence, (kind, view.key, source)))
    found = replace(found, read=(*found.read, source))
    for position, part in enumerate(objects(target.json.get("component"))):
        at = Source(target.reference, f"component[{position}]")
        codes = words(part.get("code")) + "".join(
            str(each.get("code")) for each in objects(first(part.get("code")).get("coding"))
        )
        value = part.get("valueCodeableConcept")
        if _DRUG.search(codes) and isinstance(value, dict):
            found = replace(found, drugs=_distinct((*found.drugs, *_agents(value, at, context))))
        elif _IMPLICATION.search(codes) and isinstance(value, dict) and found.effect is None:
            effect = _effect(value)
            if effect is not None:
                found = replace(found, effect=(effect, at))
    for each in objects(target.json.get("derivedFrom")):
        if context.resolve(each, within=target) not in (None, target):
            found = _derived(found, each, target, context)
    return found


def _derived(found: Recommendation, reference: JsonObject, within: Resource, context: Context) -> Recommendation:
    """Evidence of an implication is one step away, no more."""
    source = Source(within.reference, "derivedFrom")
    for kind in (VARIANT, *SIGNATURES, MARKER):
        view = context.entity_of(kind, reference, within=within)
        if view is not None:
            return replace(found, evidence=(*found.evidence, (kind, view.key, source)))
    return replace(found, unresolved=(*found.unresolved, source))


def _effect(concept: JsonObject) -> str | None:
    text = words(concept) + " ".join(str(each.get("code")) for each in objects(concept.get("coding")))
    if _RESISTANT.search(text):
        return "lack"
    return "effect" if _RESPONSIVE.search(text) else None


def effect_concept(key: str) -> JsonObject:
    """POP's concept for an effect."""
    code, display = _EFFECTS[key]
    return {"coding": [{"system": SNOMED, "code": code, "display": display}]}


def _agents(concept: JsonObject, source: Source, context: Context) -> list[tuple[Agent | None, JsonObject, Source]]:
    found = agents_of(concept, context)
    return [(each, concept, source) for each in found] if found else [(None, concept, source)]


def _distinct(
    drugs: tuple[tuple[Agent | None, JsonObject, Source], ...],
) -> tuple[tuple[Agent | None, JsonObject, Source], ...]:  # fmt: skip
    known: dict[str, tuple[Agent | None, JsonObject, Source]] = {}
    for each in drugs:
        known.setdefault(each[0].code if each[0] is not None else words(each[1]), each)
    return tuple(known.values())


def _flags(found: Recommendation, resource: Resource) -> Recommendation:
    """Off-label use, where an extension or a category says so."""
    for extension in objects(resource.json.get("extension")):
        url = extension.get("url")
        if isinstance(url, str) and _OFF_LABEL.search(url) and isinstance(extension.get("valueBoolean"), bool):
            return replace(found, off_label=(extension["valueBoolean"], Source(resource.reference, "extension")))
    if any(_OFF_LABEL.search(words(each)) for each in objects(resource.json.get("category"))):
        return replace(found, off_label=(True, Source(resource.reference, "category")))
    return found


def _joined(one: Recommendation, two: Recommendation) -> Recommendation:
    return replace(
        one, drugs=_distinct((*one.drugs, *two.drugs)), trial=one.trial or two.trial, effect=one.effect or two.effect,
        off_label=one.off_label or two.off_label, standard=one.standard or two.standard, evidence=(*one.evidence, *two.evidence),
        unresolved=(*one.unresolved, *two.unresolved), read=(*one.read, two.source, *two.read),
    )  # fmt: skip


#: What supports a recommendation may be asked for: kinds that the mapper requires.
REQUIRED = (TUMOUR, VARIANT, *SIGNATURES, MARKER)
