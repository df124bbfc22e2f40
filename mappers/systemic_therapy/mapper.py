"""Systemic therapies and their drugs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from mappers.dates import parse_day
from mappers.fhir import first
from mappers.protocol import Context, EntityView, Group, MapOutput, NotForPop, Resource
from mappers.subjects import TUMOUR, case_key, only_primary
from mappers.systemic_therapy import derived
from mappers.systemic_therapy.closing import LATER, omissions
from mappers.systemic_therapy.courses import Course, courses
from mappers.systemic_therapy.drafts import course_drafts
from mappers.systemic_therapy.evidence import KINDS, Evidence, read_evidence, selects
from mappers.systemic_therapy.membership import adopt, is_adjunct, left_behind, left_out, stands_alone
from mappers.systemic_therapy.runs import Rules, is_hormone

#: A drug that names no tumour and began longer than this before the first one was known was given for something else.
_LONG_BEFORE = 183


class SystemicTherapyMapper:
    """Courses of antineoplastic drugs, each with its medications.

    * What counts: drugs on POP's list of antineoplastic agents, given (or, where nothing tells that, dispensed, taken or
      ordered) for a tumour; by code, brand, German name, as a combination or by the name of a protocol (``mappers.agents``).
      Supportive drugs, drugs for other diseases, doses not given, waiting: not for POP. Corticosteroids and folinates count
      inside a known regimen.
    * A course: what the source names as one is one (a registry's SYST with all reports of its identifier, a plan of one
      protocol, POP's own export); unlinked evidence of the same drugs in its time belongs to it. Else, for one
      tumour: a drug without a pause longer than ``therapy.drug-gap-days`` (90; hormones ``therapy.hormone-gap-days``, 200),
      together with drugs that begin within ``therapy.combination-days`` (42) of the first, or that a known protocol gives with
      them. A drug that begins later, another intent or role, and a surgery with a pause around it begin another course; a drug that
      two regimens share is cut where a partner gives way to a new one.
    * The course's key is what the source names it by, else its tumour: for the first course nothing else, for a later one also
      the day on which it begins. So it stays the same while doses arrive, in any order.
    * Intent and role: as stated (mCODE, oBDS, a plan's words); else derived (``mappers.systemic_therapy.derived``, option
      ``therapy.derive-intent``), else ``therapy.default-intent``, both as assumptions; else blocked.
    * Period: a registry's own; else from the first dose (where none is told, from the order) to the last, if the source closes
      every drug of it, if another therapy followed, if the next dose was left out for good, or if the record goes on longer than
      a pause may last (option ``therapy.end-at-last-dose``: as soon as no order of it is open). An end in the future is a plan.
    """

    name = "systemic-therapy"
    version = "5"
    produces: tuple[str, ...] = ("SystemicTherapy", "SystemicTherapyMedication")
    reads: tuple[str, ...] = tuple(KINDS)
    requires: tuple[str, ...] = (*LATER, derived.FIGO)

    def select(self, resource: Resource) -> str | None:
        """One group per patient: which administrations are one course shows only when all are seen."""
        return "systemic-therapy" if selects(resource) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """A therapy and its medications per course."""
        found: list[Evidence] = []
        refused: dict[str, str] = {}
        for member in group.members:
            for each in read_evidence(member, context):
                if isinstance(each, NotForPop):
                    refused.setdefault(each.resource, each.reason)
                elif (why := _not_here(each, context)) is not None:
                    refused.setdefault(each.resource.reference, why)
                else:
                    found.append(each)
        found, undone = _without_undone(found, group.members, context)
        for reference in undone:
            refused.setdefault(reference, "an order of which no dose was given")
        result, behind = _grouped(found, context)
        for each in behind:
            refused.setdefault(each.resource.reference, left_behind(each))
        used = Counter(each.resource.reference for course in result for each in course.evidence)
        for reference, reason in sorted(refused.items()):
            if reference not in used:
                yield NotForPop(reference, reason)
        days = [day for course in result if (day := course.first_day()) is not None]
        omitted = omissions(group.members, context)
        for course in result:
            opening = course.first_day() == min(days, default=None)
            yield from course_drafts(course, context, first=opening, omitted=omitted)


def _not_here(each: Evidence, context: Context) -> str | None:
    """Why evidence of a drug is none of a cancer therapy of this patient."""
    if (why := left_out(each)) is not None:
        return why
    tumours = context.entities(TUMOUR)
    if not each.reasons.tumours and not tumours:
        return "the record holds no tumour that it could be given for"
    days = [day.date for view in tumours if (day := parse_day(view.payload.get("assertionDate"))) is not None]
    start = each.timing.start
    if not each.claimed and days and start is not None and (min(days) - start.latest).days > _LONG_BEFORE:
        return "it names no tumour, and began long before the first one was known"
    return None


def _without_undone(
    found: Sequence[Evidence], members: Sequence[Resource], context: Context
) -> tuple[list[Evidence], list[str]]:
    """(evidence, orders that led to nothing but doses that were not given)."""
    targets = [
        context.resolve(first(each.json.get("request")), within=each)
        for each in members if each.type == "MedicationAdministration" and each.json.get("status") == "not-done"
    ]  # fmt: skip
    missed = {target.reference for target in targets if target is not None}
    missed -= {each.order.reference for each in found if each.order is not None and each.kind == "given"}
    kept = [each for each in found if each.kind != "ordered" or each.resource.reference not in missed]
    left = {each.resource.reference for each in found} & missed
    return kept, sorted(left)


def _grouped(found: Sequence[Evidence], context: Context) -> tuple[list[Course], list[Evidence]]:
    """(courses with their adjuncts, adjuncts that belong to none)."""
    rules = Rules.of(context.options)
    surgeries = derived.surgery_days(context)

    def scope_of(each: Evidence) -> str:
        return _scope(each, context)

    def tumours_of(each: Evidence) -> Sequence[EntityView]:
        return [view for view in context.entities(TUMOUR) if view.key in each.reasons.tumours]

    main: list[Evidence] = []
    adjuncts: list[Evidence] = []
    for each in found:
        (adjuncts if is_adjunct(each) else main).append(each)
    result = courses(main, rules, scope_of=scope_of, surgeries=surgeries)
    adopted, others = adopt(adjuncts, result)
    alone = [each for each in others if stands_alone(each, tumours_of)]
    if alone:
        # They make courses of their own, and so the names of the others anew.
        result = courses([*main, *alone], rules, scope_of=scope_of, surgeries=surgeries)
        own = {id(each) for each in alone}
        adopted, others = adopt([each for each in adjuncts if id(each) not in own], result)
    return [with_adjuncts(course, adopted.get(course.identity, [])) for course in result], others


def with_adjuncts(course: Course, more: Sequence[Evidence]) -> Course:
    """The course with its adjuncts."""
    return replace(course, evidence=[*course.evidence, *more], drugs={}) if more else course


def _scope(each: Evidence, context: Context) -> str:
    """What evidence must have in common to be one course: the primary tumours that it is for, else the patient's only one; among
    several, the patient, hormone therapy apart."""
    views = {view.key: view for view in context.entities(TUMOUR)}
    named = sorted(
        key for key in each.reasons.tumours if key not in views or views[key].payload.get("relationship") == "primary"
    )
    only = only_primary(context)
    keys = named or ([only.key] if only is not None else sorted(each.reasons.tumours))
    if keys:
        return "+".join(key.partition(":")[2] for key in keys)
    # Hormone therapy of one tumour and chemotherapy of another are not one course.
    return case_key(context, each.resource).partition(":")[2] + ("/hormone" if is_hormone(each) else "")
