"""From when to when a course went: as its summary says, else from its first to its last part or session."""

from __future__ import annotations

from mappers.dates import Day, within
from mappers.drafting import Drafting
from mappers.protocol import Context, Source
from mappers.radiotherapy.courses import Course
from mappers.radiotherapy.statements import Statement
from mappers.subjects import check_after_birth

_GOING_ON = ("in-progress", "on-hold")
Bound = tuple[Day, Source]


def put_period(therapy: Drafting, course: Course, context: Context) -> None:
    """The period; missing if nothing says when it started."""
    first = _start(course)
    if first is None:
        therapy.missing("period", "No date tells when the radiotherapy started.", course.statements[0].when)
        return
    (start, source), last, assumed = first, *_end(course)
    if last is not None:
        bounds = within(start, last[0])
        if bounds is None:
            text = "The radiotherapy ends before it starts."
            therapy.issue("implausible-value", "period", text, source=last[1], blocking=True)
            return
        start, end = bounds
        therapy.put("period", {"start": start.iso, "end": end.iso}, source, last[1])
        therapy.note_precision("period", end, last[1])
    else:
        therapy.put("period", {"start": start.iso}, source)
    therapy.note_precision("period", start, source)
    if assumed and last is not None:
        text = "No end is stated: the last session or phase that is known."
        therapy.assume("period", "end-of-last-session", text, last[1])
    check_after_birth(therapy, "period", start, source, context)


def _start(course: Course) -> Bound | None:
    told = [(each.start, each.when) for each in (*course.parts, *course.sessions) if each.start is not None]
    earliest = min(told, key=_order, default=None)
    stated = next(((each.start, each.when) for each in course.summaries if each.start is not None), None)
    return _finer(stated, earliest)


def _end(course: Course) -> tuple[Bound | None, bool]:
    """(the last day, whether it is only the last that is known). A course of which a part goes on has none."""
    going_on = any(each.resource.json.get("status") in _GOING_ON for each in course.summaries)
    told = [(each.end, each.when) for each in course.parts if each.end is not None]
    told += [
        (day, each.when)
        for each in course.sessions
        if (day := each.end or each.start) is not None and _delivered(each, course)
    ]
    last = max(told, key=_order, default=None)
    stated = next(((each.end, each.when) for each in course.summaries if each.end is not None), None)
    if stated is not None:
        return _finer(stated, last), False
    if going_on or any(each.end is None for each in course.parts):
        return None, False
    return last, bool(course.sessions) or not course.summaries


def _order(bound: Bound) -> tuple[Day, str]:
    return bound[0], bound[1].resource


def _finer(stated: Bound | None, told: Bound | None) -> Bound | None:
    """What a summary states, or the day of a part that lies within its month or year."""
    if stated is None or told is None:
        return stated or told
    day = stated[0]
    return told if not day.exact and told[0].exact and day.earliest <= told[0].date <= day.latest else stated


def _delivered(session: Statement, course: Course) -> bool:
    """A session's day is an end if sessions can be counted; a lone day of radiotherapy may be the first of many."""
    return session.counted or len(course.sessions) > 1 or session.fractions is not None
