"""What one resource says about a systemic therapy: one piece of evidence per agent that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from mappers.agents import Agent, protocol_agents, supportive_reason
from mappers.codes import ADJUNCTIVE_ROLE, COMBINED_WITH, CYCLES, PRIMARY_THERAPY
from mappers.fhir import extension_value, extensions, first, triples
from mappers.protocol import Context, JsonObject, NotForPop, Resource, Source
from mappers.systemic_therapy.carriers import carriers_of, plan_of
from mappers.systemic_therapy.medications import Drug, drugs_of, is_claimed, protocol_of
from mappers.systemic_therapy.procedures import is_course, is_registry_course, is_systemic, waiting
from mappers.systemic_therapy.reasons import Reasons, reasons_of
from mappers.systemic_therapy.statuses import refused
from mappers.systemic_therapy.timing import Timing, timing_of
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
_NOT_ON_THE_LIST = "the drug is not on POP's list of antineoplastic agents"


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
    """Identity of the course or plan that the source itself names: a registry's course, a plan, POP's own export."""
    one_course: bool
    """All of the plan is one course."""
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
    drugs = drugs_of(member, context) if why is None and member.type not in ("Procedure", "CarePlan") else []
    if why is None and member.type not in ("Procedure", "CarePlan"):
        why = _no_cancer_drug(member, drugs)
    if why is not None:
        yield NotForPop(member.reference, why)
        return
    carriers = carriers_of(member, main, context)
    if any(is_supportive(each.json) for each in carriers):
        yield NotForPop(member.reference, "a drug given with supportive intent")
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
    plan, one_course = (own.reference, True) if pop else plan_of(carriers, context)
    base = Evidence(
        resource=member, kind=KINDS[member.type], carriers=carriers, timing=timing_of(member, order, context, whole=whole),
        reasons=reasons, intent=intent, intent_at=intent_at, role=role, role_at=role_at,
        plan=plan, one_course=one_course, own=pop,
        claimed=is_claimed(json) or intent is not None or role is not None or reasons.cancer or pop,
    )  # fmt: skip
    if member.type in ("Procedure", "CarePlan"):
        yield from _procedure(base, context)
        return
    found = list(_medication(base, drugs))
    yield from found
    if not found:
        yield NotForPop(member.reference, _NOT_ON_THE_LIST)


def _first_stated(
    carriers: Sequence[Resource], reader: Callable[[JsonObject], _Stated | None]
) -> tuple[_Stated | None, str | None]:
    for each in carriers:
        value = reader(each.json)
        if value is not None:
            return value, each.reference
    return None, None


def _procedure(base: Evidence, context: Context) -> Iterator[Evidence | NotForPop]:
    """A course that a Procedure or plan tells, and the agents of the protocol that it names."""
    member = base.resource
    protocol = protocol_of(member.json)
    element = "usedCode" if member.json.get("usedCode") else "title" if member.type == "CarePlan" else "code"
    source = Source(member.reference, element)
    agents = protocol_agents(protocol, context) if protocol else ()
    if member.type == "CarePlan":
        base = replace(base, plan=member.reference, one_course=True)
    elif not agents and not is_course(member.json):
        yield NotForPop(member.reference, "a session of drug therapy that names neither drug nor protocol")
        return
    elif not is_course(member.json):
        base = replace(base, kind="given")
    if base.kind != "given":
        yield replace(base, medication_source=source)
    for agent in agents:
        yield replace(base, agent=agent, medication={"text": protocol}, medication_source=source)


def _medication(base: Evidence, drugs: Sequence[Drug]) -> Iterator[Evidence]:
    """A piece of evidence per agent; of a drug that is not known, one that waits for its code."""
    for drug in drugs:
        for agent in drug.agents:
            yield replace(base, agent=agent, medication=drug.concept, medication_source=drug.source)
    if base.claimed and len(drugs) == 1 and not drugs[0].agents:
        yield replace(base, medication=drugs[0].concept, medication_source=drugs[0].source)


def _no_cancer_drug(member: Resource, drugs: Sequence[Drug]) -> str | None:
    """Why none of the drugs can be a cancer drug, whatever they are given for."""
    if not drugs:
        return "no medication is named, or it has not arrived"
    if any(drug.agents for drug in drugs):
        return None
    for drug in drugs:
        reason = supportive_reason(drug.concept)
        if reason is not None:
            return f"a supportive drug: {reason}"
    if any(drug.may_be_one for drug in drugs) or is_claimed(member.json):
        return None
    return _NOT_ON_THE_LIST
