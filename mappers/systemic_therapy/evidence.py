"""What one resource says about a systemic therapy: one piece of evidence per agent that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from mappers.agents import Agent, agents_of, protocol_agents, read_protocol, supportive_reason
from mappers.codes import ADJUNCTIVE_ROLE, COMBINED_WITH, CYCLES, MEDICATION_PROFILES, PRIMARY_THERAPY
from mappers.fhir import codings, extension_value, extensions, first, objects, profiles, text_of, triples
from mappers.protocol import Context, JsonObject, NotForPop, Resource, Source
from mappers.references import identifier_key, target_keys
from mappers.systemic_therapy.procedures import is_registry_course, is_systemic, waiting
from mappers.systemic_therapy.reasons import Reasons, reasons_of
from mappers.systemic_therapy.statuses import refused
from mappers.systemic_therapy.timing import Timing, timing_of
from mappers.terminology.agent_names import read_agents
from mappers.treatments.intents import Intent, is_supportive, stated_intent, stated_role

_Stated = TypeVar("_Stated")
Kind = Literal["given", "dispensed", "taken", "ordered", "planned", "course"]
KINDS: dict[str, Kind] = {
    "MedicationAdministration": "given",
    "MedicationDispense": "dispensed",
    "MedicationStatement": "taken",
    "MedicationRequest": "ordered",
    "CarePlan": "planned",
    "Procedure": "course",
}
_PARENTS = frozenset({"CarePlan", "RequestGroup", "Procedure"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """One agent, or a whole course, of one resource."""

    resource: Resource
    kind: Kind
    carriers: tuple[Resource, ...]
    """The resource and those that it is part of or was ordered by: what they state, they state for it."""
    timing: Timing
    reasons: Reasons
    intent: Intent | None
    intent_at: str | None
    role: str | None
    role_at: str | None
    plan: str | None
    """Identity of the course that the source itself names: a registry's course, a plan, POP's own export."""
    claimed: bool
    """The source says that it is for a tumour."""
    own: bool = False
    """POP's own export."""
    agent: Agent | None = None
    medication: JsonObject | None = None
    medication_source: Source | None = None

    @property
    def name(self) -> str:
        """Identity of the drug: POP's code, else the source's, else its words. A course without drugs has none."""
        if self.agent is not None:
            return self.agent.code
        return next((code for _, code, text in triples(self.medication) if code or text), "") or "unnamed"

    @property
    def order(self) -> Resource | None:
        """The order that led to it."""
        return next((each for each in self.carriers[1:] if each.type == "MedicationRequest"), None)


def selects(resource: Resource) -> bool:
    """True if the resource may tell of a systemic therapy; from the resource alone."""
    if resource.type == "Procedure":
        return is_systemic(resource.json)
    if resource.type == "CarePlan":
        return bool(protocol_of(resource.json))
    return True


def protocol_of(json: JsonObject) -> str:
    """The name of a protocol, or a list of agents, in a plan's title or description, or among what a Procedure used."""
    texts = [text_of(json.get("title")), text_of(json.get("description"))]
    for name in ("usedCode", "code"):
        for concept in objects(json.get(name)):
            texts += [text_of(concept.get("text")), *(text_of(each.get("display")) for each in codings(concept))]
    return next((text for text in texts if text and (read_protocol(text) or read_agents(text)[0])), "")


def read_evidence(member: Resource, context: Context) -> Iterator[Evidence | NotForPop]:
    """The agents of a resource and of those it contains (POP's combined administrations), or why it is not for POP."""
    yield from _read(member, context, None)
    for _, extension in extensions(member.json, COMBINED_WITH):
        combined = context.resolve(first(extension.get("valueReference")), within=member)
        if combined is not None and combined.container == member.reference and combined.type == member.type:
            yield from _read(combined, context, member)


def _read(member: Resource, context: Context, main: Resource | None) -> Iterator[Evidence | NotForPop]:
    json = member.json
    why = refused(json)
    if why is None and member.type == "Procedure" and (kind := waiting(json)) is not None:
        why = f"{kind}: no therapy was given"
    carriers = _carriers(member, main, context)
    if why is None and any(is_supportive(each.json) for each in carriers):
        why = "a drug given with supportive intent"
    if why is not None:
        yield NotForPop(member.reference, why)
        return
    reasons = reasons_of(carriers, context)
    if reasons.other and not reasons.cancer:
        yield NotForPop(member.reference, "a drug given for another disease than a tumour")
        return
    own = main or member
    pop = any(
        extension_value(own.json, url) is not None for url in (PRIMARY_THERAPY, CYCLES, ADJUNCTIVE_ROLE, COMBINED_WITH)
    )
    whole = pop or (member.type == "Procedure" and is_registry_course(json))
    intent: Intent | None
    intent, intent_at = _first_stated(carriers, stated_intent)
    role, role_at = _first_stated(carriers, stated_role)
    order = next((each for each in carriers[1:] if each.type == "MedicationRequest"), None)
    base = Evidence(
        resource=member, kind=KINDS[member.type], carriers=carriers, timing=timing_of(member, order, context, whole=whole),
        reasons=reasons, intent=intent, intent_at=intent_at, role=role, role_at=role_at,
        plan=own.reference if pop else _plan(carriers), own=pop,
        claimed=bool(profiles(json) & MEDICATION_PROFILES) or intent is not None or role is not None or reasons.cancer or pop,
    )  # fmt: skip
    yield from _procedure(base, context) if member.type in ("Procedure", "CarePlan") else _medication(base, context)


def _first_stated(
    carriers: Sequence[Resource], reader: Callable[[JsonObject], _Stated | None]
) -> tuple[_Stated | None, str | None]:
    for each in carriers:
        value = reader(each.json)
        if value is not None:
            return value, each.reference
    return None, None


def _carriers(member: Resource, main: Resource | None, context: Context) -> tuple[Resource, ...]:
    """The resource, the order it follows, the course or plan that either is part of, and POP's main administration."""
    found = {member.reference: member}
    for name in ("request", "authorizingPrescription", "basedOn", "partOf"):
        for reference in objects(member.json.get(name)):
            target = context.resolve(reference, within=member)
            if target is not None and (target.type == "MedicationRequest" or target.type in _PARENTS):
                found.setdefault(target.reference, target)
    for order in [each for each in found.values() if each.type == "MedicationRequest" and each is not member]:
        for name in ("basedOn", "partOf"):
            for reference in objects(order.json.get(name)):
                target = context.resolve(reference, within=order)
                if target is not None and target.type in _PARENTS:
                    found.setdefault(target.reference, target)
    if main is not None:
        found.setdefault(main.reference, main)
    return tuple(
        each for each in found.values() if each.type != "Procedure" or each is member or is_systemic(each.json)
    )


def course_identity(procedure: Resource) -> str:
    """A registry reports one course again and again (its beginning, its end) under one identifier (oBDS ``SYST_ID``)."""
    keys = [
        identifier_key("Procedure", str(each.get("system") or ""), each["value"])
        for each in objects(procedure.json.get("identifier"))
        if isinstance(each.get("value"), str)
    ]
    return min(keys) if keys else procedure.reference


def _plan(carriers: Sequence[Resource]) -> str | None:
    """The course that the resources name: a systemic Procedure, a plan, a group of orders."""
    for each in carriers:
        if each.type == "Procedure" and is_systemic(each.json):
            return course_identity(each)
    keys: set[str] = set()
    resolved = {each.reference for each in carriers}
    for each in carriers:
        for name in ("basedOn", "partOf"):
            for reference in objects(each.json.get(name)):
                keys.update(
                    key for key in target_keys(reference)
                    if key.startswith(("CarePlan/", "RequestGroup/")) or (key.startswith("Procedure/") and key not in resolved
                       and each.type != "Procedure")
                )  # fmt: skip
        group = first(each.json.get("groupIdentifier"))
        if isinstance(group.get("value"), str):
            keys.add(identifier_key("", str(group.get("system") or ""), group["value"]))
    return min(keys, default=None)


def _procedure(base: Evidence, context: Context) -> Iterator[Evidence | NotForPop]:
    """A course that a Procedure or plan tells, and the agents of the protocol that it names."""
    member = base.resource
    protocol = protocol_of(member.json)
    element = "usedCode" if member.json.get("usedCode") else "title" if member.type == "CarePlan" else "code"
    source = Source(member.reference, element)
    agents = protocol_agents(protocol, context) if protocol else ()
    if member.type == "CarePlan":
        base = replace(base, plan=member.reference)
    elif not agents and not is_registry_course(member.json):
        yield NotForPop(member.reference, "a session of drug therapy that names neither drug nor protocol")
        return
    yield replace(base, medication_source=source)
    for agent in agents:
        yield replace(base, agent=agent, medication={"text": protocol}, medication_source=source)


def _medication(base: Evidence, context: Context) -> Iterator[Evidence | NotForPop]:
    member = base.resource
    medications = list(medications_of(member, context))
    if not medications:
        yield NotForPop(member.reference, "no medication is named, or it has not arrived")
        return
    known = unknown = False
    why = "the drug is not on POP's list of antineoplastic agents"
    for concept, source in medications:
        agents = agents_of(concept, context)
        for agent in agents:
            known = True
            yield replace(base, agent=agent, medication=concept, medication_source=source)
        if not agents:
            supportive = supportive_reason(concept)
            why = f"a supportive drug: {supportive}" if supportive else why
            unknown = unknown or supportive is None
            if supportive is None and base.claimed and len(medications) == 1:
                known = True
                yield replace(base, medication=concept, medication_source=source)
    if not known:
        yield NotForPop(member.reference, why)


def medications_of(member: Resource, context: Context) -> Iterator[tuple[JsonObject, Source]]:
    """(concept, source) of the medication, or of each active ingredient where its own code names no agent."""
    concept = member.json.get("medicationCodeableConcept")
    if isinstance(concept, dict):
        yield concept, Source(member.reference, "medicationCodeableConcept")
        return
    reference = first(member.json.get("medicationReference"))
    medication = context.resolve(reference, within=member)
    if medication is None or medication.type != "Medication":
        if text_of(reference.get("display")):
            yield {"text": text_of(reference.get("display"))}, Source(member.reference, "medicationReference")
        return
    code = medication.json.get("code")
    ingredients = [
        (item, Source(medication.reference, f"ingredient[{position}]"))
        for position, each in enumerate(objects(medication.json.get("ingredient")))
        if isinstance(item := each.get("itemCodeableConcept"), dict) and each.get("isActive") is not False
    ]
    named = isinstance(code, dict) and (not ingredients or bool(agents_of(code, context)))
    if isinstance(code, dict) and named:
        yield code, Source(medication.reference, "code")
    elif ingredients:
        yield from ingredients
    elif text_of(reference.get("display")):
        yield {"text": text_of(reference.get("display"))}, Source(member.reference, "medicationReference")
