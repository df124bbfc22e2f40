"""Adverse events with their suspected causes and mitigations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mappers.dates import Day
from mappers.drafting import Drafting
from mappers.events.causes import CAUSES, RADIOTHERAPY, SURGERY, THERAPY, cause_drafts, causes_of, end_of, start_of
from mappers.events.courses import Course, courses
from mappers.events.mitigations import given_for, mitigation_drafts
from mappers.events.report import OF_TREATMENT, Report
from mappers.events.reports import read_report, resulting_conditions
from mappers.events.selection import concerns_event
from mappers.events.terms import TERM
from mappers.protocol import Context, Draft, Group, MapOutput, NotForPop, Resource, Source
from mappers.subjects import case_key, check_after_birth, subject_source

KIND = "AdverseEvent"


class AdverseEventMapper:
    """Adverse events of treatment, graded by CTCAE, with what is suspected and what was done.

    * What reports one: see ``mappers.events.reports``; which term it is: ``mappers.events.terms``.
    * One course of one event is one entity with its highest grade, its first day and its last outcome (``mappers.events.courses``;
      option ``adverse-event.reports`` = ``each``: every report is one).
    * Grade: see ``mappers.events.grades``; without one the event waits. A fatal outcome is grade 5 (CTCAE: death related to the
      event), an assumption. Grade 0 is no event.
    * Day: of the event, else of detection, recording or release, else (oBDS side effects have none) that of the end, or the start,
      of the suspected treatment, with which the side effects are reported; each fallback is an assumption.
    * Outcome: stated, else resolved if a day of resolution is known, else fatal for grade 5, else unknown (assumptions). A resolved
      event whose day of resolution nobody tells (R4's AdverseEvent has no element for it) is written without it, or waits (option
      ``adverse-event.undated-resolution`` = ``block``).
    * Causes and mitigations: see ``mappers.events.causes`` and ``mappers.events.mitigations``.
    """

    name = "adverse-event"
    version = "2"
    produces: tuple[str, ...] = (KIND, "AdverseEventSuspectedCause", "AdverseEventMitigation")
    reads: tuple[str, ...] = ("AdverseEvent", "Condition", "Observation")
    requires: tuple[str, ...] = CAUSES

    def select(self, resource: Resource) -> str | None:
        """One group per patient: which reports are one event shows only when all are seen."""
        return "adverse-events" if concerns_event(resource) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """An event per course, with its children."""
        reports: list[Report] = []
        told_by_events: set[str] = set()
        # AdverseEvents sort before Conditions: a diagnosis that results from one has been read with it.
        for member in group.members:
            if member.reference in told_by_events:
                continue
            found = read_report(member, context)
            if isinstance(found, NotForPop):
                yield found
            elif (why := _refused(found, context)) is not None:
                yield NotForPop(member.reference, why)
            else:
                _date(found, context)
                reports.append(found)
                told_by_events.update(each.reference for each in resulting_conditions(member, context))
        told, checks = courses(reports, context)
        for check in checks:
            yield NotForPop(check.resource.reference, "grade 0: the event was looked for, and there was none")
        given = given_for(context) if told else {}
        for course in told:
            yield from _drafts(course, given, context)


def _refused(report: Report, context: Context) -> str | None:
    """Why a diagnosis is no event of treatment after all."""
    if report.resource.type != "Condition":
        return None
    if not report.certain and not any(cause is not None for _, cause in causes_of(report, context)):
        return "a diagnosis that is due to no treatment of a tumour"
    views = [view for kind in (THERAPY, RADIOTHERAPY, SURGERY) for view in context.entities(kind)]
    starts = [day for view in views if (day := start_of(view)) is not None]
    if starts and report.day is not None and report.day.latest < min(day.date for day in starts):
        return "a diagnosis from before the first treatment"
    return None


def _date(report: Report, context: Context) -> None:
    """oBDS reports side effects with the treatment that they belong to, and gives them no day (oBDS 2021, items 13 to 16)."""
    if report.day is not None:
        return
    for suspect, cause in causes_of(report, context):
        if cause is None:
            continue
        kind, key = cause.keys[0]
        view = next((each for each in context.entities(kind) if each.key == key), None)
        day = (end_of(view) or start_of(view)) if view is not None else None
        if day is not None:
            report.day, report.day_source, report.day_rule = day, suspect.source, OF_TREATMENT
            return


def _drafts(course: Course, given: Mapping[str, Sequence[Resource]], context: Context) -> Iterator[Draft]:
    identity = course.identity
    drafting = Drafting(KIND, f"{KIND}:{identity}")
    member = course.first.resource
    drafting.refer("caseId", case_key(context, member), subject_source(member))
    for report in (*course.reports, *course.checks):
        drafting.read(report.event_source, *report.read)
        drafting.read(*(source for source in (report.grade_source, report.outcome_source, report.day_source) if source))
        drafting.consume(report.resource, "resultingCondition")
    _put_event(drafting, course)
    _put_grade(drafting, course, context)
    _put_day(drafting, course, context)
    _put_outcome(drafting, course, context)
    # The children come first: what is wrong with them is told by the event.
    causes = list(cause_drafts(drafting, identity, course.reports, context))
    mitigations = list(mitigation_drafts(drafting, identity, course.reports, given, context))
    yield drafting.done()
    yield from (*causes, *mitigations)


def _put_event(drafting: Drafting, course: Course) -> None:
    named = next((each for each in course.reports if each.term is not None), None)
    if named is None or named.term is None:
        drafting.unmapped("event", TERM, course.first.event, source=course.first.event_source, required=True)
        return
    drafting.put("event", named.term.concept, *dict.fromkeys(each.event_source for each in course.reports))
    drafting.note_rule("event", named.term, named.event_source)


def _put_grade(drafting: Drafting, course: Course, context: Context) -> None:
    worst = course.worst
    source = worst.grade_source or Source(worst.resource.reference, "severity")
    fatal = any(each.outcome == "fatal" for each in course.reports)
    if worst.grade is None:
        if fatal:
            drafting.put("grade", 5)
            text = "CTCAE: death related to an adverse event is its grade 5."
            drafting.assume("grade", "grade-of-death", text, worst.outcome_source)
        else:
            drafting.missing("grade", "The source states no CTCAE grade.", source)
        return
    if worst.grade.from_severity:
        if context.options.get("adverse-event.severity") == "block":
            drafting.missing(
                "grade", "The source states a severity, no CTCAE grade (option adverse-event.severity).", source
            )
            return
        text = "The source states a severity; CTCAE's grades 1 to 5 are mild, moderate, severe, life-threatening and fatal."
        drafting.assume("grade", "grade-of-severity", text, source)
    drafting.put("grade", worst.grade.value, source)
    if fatal and worst.grade.value < 5:
        text = "The event was fatal, which is CTCAE's grade 5, and the source states another grade."
        drafting.issue("contradiction", "grade", text, source=source)


def _put_day(drafting: Drafting, course: Course, context: Context) -> None:
    dated = [each for each in course.reports if each.day is not None and each.day_source is not None]
    stated = [each for each in dated if each.day_rule != OF_TREATMENT] or dated
    if not stated:
        drafting.missing("date", "No day is known of the event, its record or its suspected treatment.",
                         Source(course.first.resource.reference, "date"))  # fmt: skip
        return
    report = min(stated, key=lambda each: each.order)
    assert report.day is not None
    assert report.day_source is not None
    drafting.day("date", report.day, report.day_source)
    if report.day_rule == OF_TREATMENT:
        text = (
            "The side effect has no day of its own: that of the suspected treatment's end, or else its start, is taken."
        )
        drafting.assume("date", "day-of-treatment", text, report.day_source)
    elif report.day_rule:
        text = f"The day of the event is not stated: the {report.day_rule} is taken."
        drafting.assume("date", "day-of-report", text, report.day_source)
    check_after_birth(drafting, "date", report.day, report.day_source, context)


def _put_outcome(drafting: Drafting, course: Course, context: Context) -> None:
    told, ended = course.outcome, course.ended()
    outcome = told.outcome if told is not None else None
    source = told.outcome_source if told is not None else None
    start = drafting.payload.get("date")
    if ended is not None and isinstance(start, str) and ended[0].latest.isoformat() < start:
        text = "The event would have been resolved before it began: left out."
        drafting.issue("implausible-value", "dateResolved", text, source=ended[1])
        ended = None
    if outcome is None and ended is None:
        fatal = drafting.payload.get("grade") == 5
        drafting.put("outcome", "fatal" if fatal else "unknown")
        text = "CTCAE: grade 5 is death related to the event." if fatal else "The source states no outcome."
        drafting.assume("outcome", "outcome-of-grade" if fatal else "outcome-unstated", text)
        return
    if ended is not None and outcome in (None, "ongoing", "recovering", "unknown"):
        # A day of resolution after the last «ongoing» is news.
        outcome, source = "resolved", ended[1]
        drafting.assume(
            "outcome", "resolved-by-its-day", "A day of resolution is known: the event is resolved.", ended[1]
        )
    if outcome in ("resolved", "resolved-with-sequelae"):
        if ended is not None:
            _put_end(drafting, ended, start)
        elif context.options.get("adverse-event.undated-resolution") == "block":
            drafting.missing("dateResolved", "The event is resolved, but no day of resolution is known.", source)
    drafting.put("outcome", outcome, *([source] if source is not None else []))


def _put_end(drafting: Drafting, ended: tuple[Day, Source, str], start: object) -> None:
    day, source, rule = ended
    if isinstance(start, str) and day.iso < start:
        # A partial day that began before the event: completed to the event's own day.
        drafting.put("dateResolved", start, source)
        drafting.note_precision("dateResolved", day, source)
        return
    drafting.day("dateResolved", day, source)
    if rule:
        drafting.assume(
            "dateResolved", "resolved-by-then", f"The day of resolution is not stated: {rule} is taken.", source
        )
