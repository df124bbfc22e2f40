"""Suspected causes: the therapy, drug, radiotherapy or surgery of POP's that a suspect is.

A reference leads to the draft that its resource became part of. A drug that is only named (a Medication, a display, a text) is
the one of the patient's therapies that contains it and had begun by the day of the event; «radiotherapy», «surgery» or
«chemotherapy» is the only one that had begun. Both are assumptions; what fits several, or nothing in POP, is left out and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mappers.agents import agents_of
from mappers.codes import POP_GRADE
from mappers.dates import Day, parse_day
from mappers.drafting import Drafting
from mappers.events.outcomes import read_causality
from mappers.events.report import Report
from mappers.events.selection import has_extension
from mappers.events.suspects import Suspect
from mappers.fhir import codings, first, text_of, words
from mappers.protocol import Context, Draft, EntityView, JsonObject, Resource

KIND = "AdverseEventSuspectedCause"
THERAPY, MEDICATION, RADIOTHERAPY, SURGERY = "SystemicTherapy", "SystemicTherapyMedication", "Radiotherapy", "Surgery"
CAUSES = (THERAPY, MEDICATION, RADIOTHERAPY, SURGERY)
_FIELDS = {
    THERAPY: "systemicTherapyId",
    MEDICATION: "medicationId",
    RADIOTHERAPY: "radiotherapyId",
    SURGERY: "surgeryId",
}
_NAMED = (
    (re.compile(r"radiother|radiation|radiosurg|radiochemo|strahlenther|bestrahlung", re.I), RADIOTHERAPY),
    (re.compile(r"(?<!radio)surger|operation\b|resection", re.I), SURGERY),
    (re.compile(r"chemother|chemorad|systemic therapy|systemische therapie|immunother", re.I), THERAPY),
)
#: POP's own export: a MedicationAdministration with such an extension is a whole therapy.
_POP_THERAPY = "onconova-ext-medication-administration-"


@dataclass(frozen=True, slots=True)
class Cause:
    """What a suspect is in POP."""

    keys: tuple[tuple[str, str], ...]
    """(kind, key), one treatment: a medication stands beside its therapy."""
    by_name: bool


def causes_of(report: Report, context: Context) -> Iterator[tuple[Suspect, Cause | None]]:
    """Each suspect of a report, and what it is; None if that is not clear, or nothing that POP has."""
    for suspect in report.suspects:
        yield suspect, _referred(suspect.named, suspect.holder, context) or _named(suspect, report, context)


def _referred(reference: JsonObject, within: Resource, context: Context) -> Cause | None:
    if not isinstance(reference.get("reference"), str) and not isinstance(reference.get("identifier"), dict):
        return None
    target = context.resolve(reference, within=within)
    for kind in (RADIOTHERAPY, SURGERY):
        view = context.entity_of(kind, reference, within=within)
        if view is not None:
            return Cause(((kind, view.key),), by_name=False)
    if target is None:
        return None
    therapy = context.entity_of(THERAPY, reference, within=within) or _keyed(THERAPY, target, context)
    if therapy is None:
        return None
    if any(_POP_THERAPY in str(each.get("url")) for each in _extensions(target)):
        return Cause(((THERAPY, therapy.key),), by_name=False)
    drug = context.entity_of(MEDICATION, reference, within=within) or _drug_of(target, therapy, context)
    if drug is not None and drug.key in {each.key for each in _medications(therapy, context)}:
        return Cause(((THERAPY, therapy.key), (MEDICATION, drug.key)), by_name=False)
    return Cause(((THERAPY, therapy.key),), by_name=False)


def _extensions(target: Resource) -> Sequence[JsonObject]:
    found = target.json.get("extension")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _keyed(kind: str, target: Resource, context: Context) -> EntityView | None:
    """The draft that is named after the resource (the Procedure that holds a therapy together)."""
    return next((view for view in context.entities(kind) if view.key == f"{kind}:{target.reference}"), None)


def _medications(therapy: EntityView, context: Context) -> list[EntityView]:
    """A therapy's medications: their keys are its identity and the agent."""
    identity = therapy.key.partition(":")[2]
    return [view for view in context.entities(MEDICATION) if view.key.partition(":")[2].rpartition("/")[0] == identity]


def _drug_of(target: Resource, therapy: EntityView, context: Context) -> EntityView | None:
    found = [view for view in _medications(therapy, context) if _code(view) in _agents(_concepts(target), context)]
    return found[0] if len(found) == 1 else None


def _code(view: EntityView) -> str:
    drug = view.payload.get("drug")
    return str(drug.get("code")) if isinstance(drug, dict) else ""


def _concepts(target: Resource) -> list[JsonObject]:
    found = [target.json.get("code"), target.json.get("medicationCodeableConcept")]
    return [each for each in found if isinstance(each, dict)]


def _agents(concepts: Sequence[JsonObject], context: Context) -> set[str]:
    """POP's codes of the agents that are named: one drug, or those of a combination or protocol."""
    return {agent.code for each in concepts for agent in agents_of(each, context)}


def _named(suspect: Suspect, report: Report, context: Context) -> Cause | None:
    """A drug by its name, or the only treatment of the kind that is named."""
    named = suspect.named
    target = context.resolve(named, within=suspect.holder) if "reference" in named else None
    concepts = _concepts(target) if target is not None else []
    if codings(named) or text_of(named.get("text")):
        concepts.append(named)
    if text_of(named.get("display")) and not codings(named):
        concepts.append({"text": text_of(named.get("display"))})
    agents = _agents(concepts, context)
    if agents:
        return _by_drug(agents, report.day, context)
    text = " | ".join(words(each) for each in concepts)
    kinds = [kind for pattern, kind in _NAMED if pattern.search(text)]
    if len(kinds) != 1:
        return None
    begun = [view for view in context.entities(kinds[0]) if _begun(view, report.day)]
    return Cause(((kinds[0], begun[0].key),), by_name=True) if len(begun) == 1 else None


def _by_drug(agents: set[str], day: Day | None, context: Context) -> Cause | None:
    """The one therapy that had begun and contains the drug, or at least two of the drugs of a combination or protocol."""
    found = []
    for therapy in context.entities(THERAPY):
        drugs = [view for view in _medications(therapy, context) if _code(view) in agents]
        if _begun(therapy, day) and len(drugs) >= min(len(agents), 2):
            found.append((therapy, drugs))
    if len(found) != 1:
        return None
    therapy, drugs = found[0]
    drug = ((MEDICATION, drugs[0].key),) if len(drugs) == 1 else ()
    return Cause(((THERAPY, therapy.key), *drug), by_name=True)


def start_of(view: EntityView) -> Day | None:
    """When a treatment began."""
    return parse_day(first(view.payload.get("period")).get("start") or view.payload.get("date"))


def end_of(view: EntityView) -> Day | None:
    """When a treatment ended."""
    return parse_day(first(view.payload.get("period")).get("end") or view.payload.get("date"))


def _begun(view: EntityView, day: Day | None) -> bool:
    start = start_of(view)
    return start is None or day is None or start.date <= day.date


def cause_drafts(event: Drafting, identity: str, reports: Sequence[Report], context: Context) -> Iterator[Draft]:
    """One draft per treatment that any report suspects; the last report's causality counts."""
    found: dict[tuple[tuple[str, str], ...], tuple[Cause, list[tuple[Report, Suspect]]]] = {}
    for report in reports:
        for suspect, cause in causes_of(report, context):
            event.read(suspect.source)
            if cause is None:
                text = "What is suspected is no one therapy, drug, radiotherapy or surgery that POP has: the cause is left out."
                event.issue("unresolved-reference", "suspectedCauses", text, source=suspect.source)
            else:
                found.setdefault(cause.keys, (cause, []))[1].append((report, suspect))
    for keys in sorted(found):
        cause, told = found[keys]
        drafting = Drafting(KIND, f"{KIND}:{identity}/{keys[-1][1].partition(':')[2]}")
        sources = [suspect.source for _, suspect in told]
        drafting.refer("adverseEventId", event.key, *sources)
        for kind, key in keys:
            drafting.refer(_FIELDS[kind], key, *sources)
            if cause.by_name:
                text = (
                    "The source only names it: the one treatment of this name that had begun by the day of the event."
                )
                drafting.assume(_FIELDS[kind], "cause-by-name", text, sources[0])
        for report, suspect in reversed(told):
            causality = read_causality(suspect.causality, pop=has_extension(report.resource.json, POP_GRADE))
            if causality is not None:
                drafting.put("causality", causality, suspect.source)
                break
        else:
            if any(suspect.causality is not None for _, suspect in told):
                drafting.issue(
                    "unmapped-code", "causality", "The causality is none of POP's: it is left out.", source=sources[0]
                )
        yield drafting.done()
