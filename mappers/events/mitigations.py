"""What was done about an event: a drug, a procedure, or a change of the treatment.

* POP's own extension (category, drug, adjustment, procedure, management): lossless.
* R5's ``mitigatingAction`` and trial records' *action taken* (ICH E2B G.k.8, CDISC AEACN) as extensions.
* Drugs and procedures whose ``reasonReference`` is one of the event's resources.

A drug is one of POP's classes by POP's own code, its ATC code (WHO index: classes are prefixes), or the name of an ingredient
(``mitigation_drugs.json``). Where its encounter is inpatient or ambulatory (v3-ActCode), so is the management.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from mappers.codes import ATC, NCIT, POP_MITIGATION, SNOMED
from mappers.drafting import Drafting
from mappers.events.report import Report
from mappers.fhir import extensions, first, objects, pairs, text_of, words
from mappers.protocol import Context, Draft, JsonObject, Resource, Source, Translation

KIND = "AdverseEventMitigation"
LISTS = {
    "adjustment": "AdverseEventMitigationTreatmentAdjustment", "drug": "AdverseEventMitigationDrug",
    "procedure": "AdverseEventMitigationProcedure", "management": "AdverseEventMitigationManagement",
}  # fmt: skip
CATEGORIES = {"drug": "pharmacological", "adjustment": "adjustment", "procedure": "procedure"}
#: POP's guide: NCI Thesaurus C49157 to C49159.
_POP_CATEGORIES = {"C49157": "adjustment", "C49158": "drug", "C49159": "procedure"}
_ACTION_URL = re.compile(r"mitigating-?action|action-?taken", re.I)
_NOTHING_DONE = re.compile(r"dose not changed|\bnone\b|not applicable|unknown|no action", re.I)
_MEDICATIONS = ("MedicationAdministration", "MedicationRequest", "MedicationStatement")
_READ = ("code", "medicationCodeableConcept", "medicationReference", "status", "reasonReference", "intent", "effectiveDateTime",
         "effectivePeriod", "performedDateTime", "authoredOn", "dosage")  # fmt: skip
_NOT_DONE = frozenset({"entered-in-error", "not-done", "not-taken", "cancelled", "draft", "preparation"})

_ADJUSTMENTS = (
    (re.compile(r"dose (?:reduc|decreas)|reduc\w* (?:the )?dose|dosis\w* ?reduktion|dosisreduziert", re.I), "182822000"),
    (re.compile(r"\b(?:drug|dose|treatment|therapy)\b.*\b(?:interrupt|held|hold|suspend|paus|delay)|\bsuspended\b|therapiepause|"
                r"therapieunterbrechung", re.I), "385655000"),
    (re.compile(r"\b(?:drug|treatment|therapy)\b.*\b(?:withdrawn|discontinu|stopped|cancel)|\bcancelled\b|therapieabbruch", re.I),
     "89925002"),
)  # fmt: skip
#: SNOMED CT procedures that give blood products; others are known by their names.
_TRANSFUSIONS = frozenset({"5447007", "116863004", "12719002", "71493000", "180207008"})
_TRANSFUSION = re.compile(r"transfusion|blood product|erythrozytenkonzentrat|thrombozytenkonzentrat", re.I)
_TOPICAL = re.compile(r"\b(?:topical|cream|ointment|lotion|salbe|creme|dermal)\b", re.I)
_MANAGEMENT = {"IMP": "737481003", "ACUTE": "737481003", "NONAC": "737481003", "AMB": "737492002"}


@dataclass(slots=True)
class Measure:
    """One thing that was done."""

    name: str
    """The field that says what: drug, adjustment, procedure."""
    found: Translation
    source: Source
    identity: str
    management: Translation | None = None
    read: list[Source] = field(default_factory=list)


@lru_cache(maxsize=1)
def _classes() -> list[tuple[str, tuple[str, ...], re.Pattern[str] | None]]:
    document: dict[str, Any] = orjson.loads((files("mappers.events") / "mitigation_drugs.json").read_bytes())
    found = []
    for each in document["classes"]:
        names = "|".join(map(re.escape, each["names"]))
        found.append((each["code"], tuple(each["atc"]), re.compile(rf"\b(?:{names})\b", re.I) if names else None))
    return found


def drug_class(concept: JsonObject, context: Context) -> Translation | None:
    """POP's class of a supportive drug; None if it is none of them, or several."""
    direct = context.translate(LISTS["drug"], concept, text=True)
    if direct is not None:
        return direct
    atc = {code for system, code in pairs(concept) if system == ATC}
    found = {code for code, prefixes, _ in _classes() if any(each.startswith(prefixes) for each in atc if prefixes)}
    if not found:
        text = words(concept)
        found = {code for code, _, names in _classes() if names is not None and names.search(text)}
        if "C122080" in found and _TOPICAL.search(text):
            found = (found - {"C122080"}) | {"C29505"}
    if len(found) != 1:
        return None
    code = found.pop()
    return context.translate(LISTS["drug"], {"coding": [{"system": NCIT if code[0] == "C" else SNOMED, "code": code}]})


def _adjustment(concept: JsonObject, context: Context) -> Translation | None:
    direct = context.translate(LISTS["adjustment"], concept, text=True)
    if direct is not None:
        return direct
    found = {code for pattern, code in _ADJUSTMENTS if pattern.search(words(concept))}
    return _snomed("adjustment", found.pop(), context) if len(found) == 1 else None


def _procedure(concept: JsonObject, context: Context) -> Translation | None:
    direct = context.translate(LISTS["procedure"], concept, text=True)
    if direct is not None:
        return direct
    known = any(system == SNOMED and code in _TRANSFUSIONS for system, code in pairs(concept))
    return _snomed("procedure", "116762002", context) if known or _TRANSFUSION.search(words(concept)) else None


def _snomed(name: str, code: str, context: Context) -> Translation | None:
    return context.translate(LISTS[name], {"coding": [{"system": SNOMED, "code": code}]})


def mitigation_drafts(
    event: Drafting, identity: str, reports: Sequence[Report], given: Mapping[str, Sequence[Resource]], context: Context
) -> Iterator[Draft]:
    """One draft per measure; the same measure told twice is one. ``given``: see :func:`given_for`."""
    told: dict[tuple[str, str], Measure] = {}
    for report in reports:
        for each in (*_own(event, report, context), *_actions(event, report, context)):
            known = told.setdefault((each.name, str(each.found.concept["code"])), each)
            known.management = known.management or each.management
    for each in _given(reports, given, context):
        known = told.setdefault((each.name, str(each.found.concept["code"])), each)
        known.management = known.management or each.management
    for _, measure in sorted(told.items()):
        drafting = Drafting(KIND, f"{KIND}:{identity}/{measure.identity}")
        drafting.refer("adverseEventId", event.key, measure.source)
        drafting.put("category", CATEGORIES[measure.name], measure.source)
        drafting.put(measure.name, measure.found.concept, measure.source)
        drafting.note_rule(measure.name, measure.found, measure.source)
        if measure.management is not None:
            drafting.put("management", measure.management.concept, measure.source)
        drafting.read(*measure.read)
        yield drafting.done()


def _own(event: Drafting, report: Report, context: Context) -> Iterator[Measure]:
    """POP's own extensions."""
    for position, extension in extensions(report.resource.json, POP_MITIGATION):
        source = Source(report.resource.reference, f"extension[{position}]")
        parts = {str(each.get("url")): each.get("valueCodeableConcept") for each in objects(extension.get("extension"))}
        stated = next(
            (_POP_CATEGORIES[code] for _, code in pairs(parts.get("category")) if code in _POP_CATEGORIES), None
        )
        name = stated or next((each for each in CATEGORIES if isinstance(parts.get(each), dict)), None)
        value = parts.get(name) if name is not None else None
        if name is None or not isinstance(value, dict):
            text = "The mitigation does not say what was done: it is left out."
            event.issue("missing-required", "mitigations", text, source=source)
            continue
        found = context.translate(LISTS[name], value, text=True)
        if found is None:
            event.unmapped("mitigations", LISTS[name], value, source=source)
            continue
        management = parts.get("management")
        identity = extension.get("id")
        yield Measure(
            name, found, source, identity if isinstance(identity, str) and identity else str(found.concept["code"]),
            context.translate(LISTS["management"], management, text=True) if isinstance(management, dict) else None,
        )  # fmt: skip


def _actions(event: Drafting, report: Report, context: Context) -> Iterator[Measure]:
    """Mitigating actions of R5, and *action taken*."""
    for holder, source in _told_actions(report.resource):
        value = holder.get("valueCodeableConcept") or holder.get("itemCodeableConcept")
        reference = holder.get("valueReference") or holder.get("itemReference")
        if not isinstance(value, dict) and text_of(holder.get("valueString")):
            value = {"text": text_of(holder.get("valueString"))}
        if isinstance(value, dict):
            measure = _read(value, source, context)
            if measure is not None:
                yield measure
            elif not _NOTHING_DONE.search(words(value)):
                event.unmapped("mitigations", LISTS["procedure"], value, source=source)
        elif isinstance(reference, dict):
            target = context.resolve(reference, within=report.resource)
            measure = _of(target, source, context) if target is not None else None
            if measure is not None:
                yield measure
            else:
                text = (
                    "What was done is not here, or is none of POP's drugs, procedures or adjustments: it is left out."
                )
                event.issue("unresolved-reference", "mitigations", text, source=source)


def _told_actions(member: Resource) -> Iterator[tuple[JsonObject, Source]]:
    for position, each in enumerate(objects(member.json.get("mitigatingAction"))):
        yield each, Source(member.reference, f"mitigatingAction[{position}]")
    for position, each in enumerate(objects(member.json.get("extension"))):
        if _ACTION_URL.search(str(each.get("url"))):
            for holder in (each, *objects(each.get("extension"))):
                yield holder, Source(member.reference, f"extension[{position}]")


def _read(concept: JsonObject, source: Source, context: Context) -> Measure | None:
    for name, reader in (("adjustment", _adjustment), ("procedure", _procedure), ("drug", drug_class)):
        found = reader(concept, context)
        if found is not None:
            return Measure(name, found, source, str(found.concept["code"]))
    return None


def _of(target: Resource, source: Source, context: Context) -> Measure | None:
    """What a medication or procedure resource did."""
    if target.type == "Procedure":
        found = _procedure(first(target.json.get("code")), context)
        measure = Measure("procedure", found, source, str(found.concept["code"])) if found is not None else None
    elif target.type in _MEDICATIONS:
        found = next((each for concept in _drugs(target, context) if (each := drug_class(concept, context))), None)
        measure = Measure("drug", found, source, str(found.concept["code"])) if found is not None else None
    else:
        return None
    if measure is not None:
        measure.management = _managed(target, context)
        measure.read = [Source(target.reference, name) for name in _READ if name in target.json]
    return measure


def _drugs(target: Resource, context: Context) -> Iterator[JsonObject]:
    concept = target.json.get("medicationCodeableConcept")
    if isinstance(concept, dict):
        yield concept
    medication = context.resolve(first(target.json.get("medicationReference")) or None, within=target)
    if medication is not None and isinstance(medication.json.get("code"), dict):
        yield medication.json["code"]


def _managed(target: Resource, context: Context) -> Translation | None:
    """Inpatient or outpatient care, by the class of the encounter (v3-ActCode)."""
    reference = first(target.json.get("encounter") or target.json.get("context"))
    encounter = context.resolve(reference, within=target) if reference else None
    if encounter is None or encounter.type != "Encounter":
        return None
    code = first(encounter.json.get("class")).get("code")
    return _snomed("management", _MANAGEMENT[code], context) if isinstance(code, str) and code in _MANAGEMENT else None


def given_for(context: Context) -> dict[str, list[Resource]]:
    """Resource → the drugs and procedures of which it is the reason."""
    found: dict[str, list[Resource]] = {}
    for target in context.resources(*_MEDICATIONS, "Procedure"):
        if target.json.get("status") in _NOT_DONE:
            continue
        for reference in objects(target.json.get("reasonReference")):
            reason = context.resolve(reference, within=target)
            if reason is not None:
                found.setdefault(reason.reference, []).append(target)
    return found


def _given(reports: Sequence[Report], given: Mapping[str, Sequence[Resource]], context: Context) -> Iterator[Measure]:
    """Drugs and procedures whose reason is one of the event's resources."""
    own = {report.resource.reference for report in reports}
    for report in reports:
        for reference in objects(report.resource.json.get("resultingCondition")):
            condition = context.resolve(reference, within=report.resource)
            if condition is not None:
                own.add(condition.reference)
    for reason in sorted(own):
        for target in given.get(reason, ()):
            measure = _of(target, Source(target.reference, "reasonReference"), context)
            if measure is not None:
                yield measure
