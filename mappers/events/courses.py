"""Which reports tell one course of one event.

CTCAE grades an event at its worst, and an event lasts until it is resolved (NCI *Guidelines for AE reporting*: one event, its
highest grade). So reports of one CTCAE term belong together while the event has not been resolved in between: after a report
that calls it ongoing however long it takes (unless other treatments are suspected by then), otherwise within
``adverse-event.course-days`` (default 30). A grade 0 ends the course that is open. Two reports without a day of their own are
one if they suspect the same treatments.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from mappers.dates import Day
from mappers.events.report import OF_TREATMENT, Report
from mappers.protocol import Context, Source


@dataclass(slots=True)
class Course:
    """One event with all its reports, by day."""

    reports: list[Report]
    checks: list[Report] = field(default_factory=list)
    """Reports of grade 0 that ended it."""

    @property
    def identity(self) -> str:
        """The least of the reports' references: neither their order nor their number matters."""
        return min(report.resource.reference for report in self.reports)

    @property
    def first(self) -> Report:
        """The earliest report."""
        return self.reports[0]

    @property
    def worst(self) -> Report:
        """The report with the highest grade, stated before assumed; the first one if none states a grade."""
        graded = [each for each in self.reports if each.grade is not None]
        return max(graded, key=lambda each: (each.grade.value, not each.grade.from_severity), default=self.first)  # type: ignore[union-attr]

    def ended(self) -> tuple[Day, Source, str] | None:
        """(day of resolution, where, rule): stated; else that of a later report that calls it resolved; else of a grade 0."""
        stated = [
            (each.resolved, each.resolved_source) for each in self.reports if each.resolved and each.resolved_source
        ]
        if stated:
            day, source = max(stated, key=lambda each: each[0])
            return day, source, ""
        last = self.reports[-1]
        if last.outcome in _OVER and last.day is not None and last.day_source and last.day.date > self._start:
            return last.day, last.day_source, "the day of the report that calls it resolved"
        if last.outcome in _OVER and last.recorded is not None and last.recorded.date > self._start:
            return (
                last.recorded,
                Source(last.resource.reference, "recordedDate"),
                "the day on which it was recorded as resolved",
            )
        check = next((each for each in self.checks if each.day is not None and each.day_source is not None), None)
        if check is not None and check.day is not None and check.day_source is not None:
            return check.day, check.day_source, "the day of the report that finds it absent (grade 0)"
        return None

    @property
    def outcome(self) -> Report | None:
        """The last report that states an outcome."""
        return next((each for each in reversed(self.reports) if each.outcome is not None), None)

    @property
    def _start(self) -> dt.date:
        return min((each.day.date for each in self.reports if each.day is not None), default=dt.date.min)


_OVER = ("resolved", "resolved-with-sequelae")
_GOING_ON = ("ongoing", "recovering")


def courses(reports: Iterable[Report], context: Context) -> tuple[list[Course], list[Report]]:
    """Courses, and the grade-0 reports that belong to none. Option ``adverse-event.reports`` = ``each``: every report alone."""
    option = context.options.get("adverse-event.course-days", 30)
    reach = dt.timedelta(days=int(option) if str(option).isdigit() else 30)
    alone = context.options.get("adverse-event.reports") == "each"
    found: list[Course] = []
    checks: list[Report] = []
    by_term: dict[str, list[Course]] = {}
    for report in sorted(reports, key=lambda each: each.order):
        if report.grade is not None and report.grade.value == 0:
            checks.append(report)
            continue
        term = str(report.term.concept["code"]) if report.term is not None else report.resource.reference
        known = by_term.setdefault(term, [])
        course = known[-1] if known and not alone and _continues(known[-1], report, reach) else None
        if course is None:
            course = Course([])
            known.append(course)
            found.append(course)
        course.reports.append(report)
    return found, [each for each in checks if not _closes(each, by_term)]


def _continues(course: Course, report: Report, reach: dt.timedelta) -> bool:
    last = course.reports[-1]
    if last.day is None or report.day is None or OF_TREATMENT in (last.day_rule, report.day_rule):
        return last.day == report.day and _suspects(last) == _suspects(report)
    apart = report.day.date - last.day.date
    ended = max((each.resolved.date for each in course.reports if each.resolved is not None), default=None)
    if ended is not None:
        return report.day.date <= ended
    if last.outcome in _OVER:
        return not apart
    if apart <= reach:
        return True
    named = set(_suspects(last)), set(_suspects(report))
    return last.outcome in _GOING_ON and not (all(named) and named[0].isdisjoint(named[1]))


def _suspects(report: Report) -> list[str]:
    return sorted(str(each.named.get("reference") or each.named) for each in report.suspects)


def _closes(check: Report, by_term: dict[str, list[Course]]) -> bool:
    """Give a grade 0 to the course that it ends: the last one before it that nothing else has ended."""
    if check.term is None or check.day is None:
        return False
    for course in reversed(by_term.get(str(check.term.concept["code"]), [])):
        last = course.reports[-1]
        if last.day is not None and last.day.date < check.day.date:
            if any(each.resolved is not None or each.outcome in _OVER for each in course.reports):
                return False
            course.checks.append(check)
            return True
    return False
