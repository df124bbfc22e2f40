"""Putting statements together into courses: a pure function of their set, so the order of arrival does not matter."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mappers.protocol import Context
from mappers.radiotherapy.statements import Statement

#: Days beyond which a pause of sessions ends a course. Weekends, holidays and split courses (two weeks) lie within it, and so does
#: the way from external beam to a brachytherapy boost; option ``radiotherapy.course-gap-days``.
GAP = 21
_LEVELS = 4


@dataclass(slots=True)
class Course:
    """One radiotherapy, told by one or several Procedures."""

    identity: str
    summaries: list[Statement] = field(default_factory=list)
    """Procedures that tell of the whole course, the fullest first."""
    parts: list[Statement] = field(default_factory=list)
    sessions: list[Statement] = field(default_factory=list)
    repeats: list[Statement] = field(default_factory=list)
    """Parts that another report tells at least as fully (a registry's reports of the start and of the end)."""

    @property
    def statements(self) -> list[Statement]:
        """All of them, summaries first."""
        return [*self.summaries, *self.parts, *self.sessions, *self.repeats]

    @property
    def tumours(self) -> tuple[str, ...]:
        """The tumours that any of them names."""
        return tuple(sorted({key for each in self.statements for key in each.tumours}))

    @property
    def _span(self) -> tuple[dt.date, dt.date] | None:
        starts = [each.start.earliest for each in self.statements if each.start is not None]
        ends = [(each.end or each.start) for each in self.statements if each.start is not None]
        return (min(starts), max(day.latest for day in ends if day is not None)) if starts else None

    def same(self, other: Course, gap: dt.timedelta) -> int:
        """How many days the two share, if nothing says that they are two courses; else 0."""
        mine, theirs = self._span, other._span
        if mine is None or theirs is None:
            return 0
        open_ended = [
            each for each in (self, other) if each.summaries and all(one.end is None for one in each.summaries)
        ]
        reach = {id(each): gap for each in open_ended}
        start = max(mine[0], theirs[0])
        end = min(mine[1] + reach.get(id(self), dt.timedelta()), theirs[1] + reach.get(id(other), dt.timedelta()))
        if start > end:
            return 0
        if self.tumours and other.tumours and not set(self.tumours) & set(other.tumours):
            return 0
        for facts in (_families, _intents, _places):
            one, two = facts(self), facts(other)
            if one and two and not one & two:
                return 0
        if _numbered_apart(self, other):
            return 0
        return (end - start).days + 1

    def absorb(self, other: Course) -> None:
        """Take over what another tells of the same course."""
        self.summaries.extend(other.summaries)
        self.parts.extend(other.parts)
        self.sessions.extend(other.sessions)


def _families(course: Course) -> frozenset[str]:
    return frozenset(each.family for each in course.statements if each.family is not None)


def _intents(course: Course) -> frozenset[str]:
    return frozenset(each.intent[0] for each in course.statements if each.intent is not None)


def _places(course: Course) -> frozenset[str]:
    """Places without their qualifiers but for the sides, which tell two courses apart."""
    found = set()
    for each in course.statements:
        for place in each.places:
            code, _, qualifier = place.partition("/")
            found.add(place if qualifier in ("7771000", "24028007") else code)
    return frozenset(found)


def _numbered_apart(one: Course, two: Course) -> bool:
    """Two summaries with different identifiers of one system are two courses of that system."""
    mine = {pair for each in one.summaries for pair in each.identifiers}
    theirs = {pair for each in two.summaries for pair in each.identifiers}
    return bool({system for system, _ in mine} & {system for system, _ in theirs}) and not mine & theirs


def courses(found: Iterable[Statement], context: Context) -> list[Course]:
    """Courses by identity. See :class:`mappers.radiotherapy.mapper.RadiotherapyMapper` for the rules."""
    statements = sorted(found, key=lambda each: each.reference)
    gap = dt.timedelta(days=_gap(context))
    by_reference = {each.reference: each for each in statements}
    named: dict[str, Course] = {}
    loose: list[Statement] = []
    for each in statements:
        root = _root(each, by_reference)
        if each.shape == "course" and root == each.reference:
            named.setdefault(root, Course(root)).summaries.append(each)
        elif root == each.reference:
            loose.append(each)
        else:
            course = named.setdefault(root, Course(root))
            (course.sessions if each.shape == "session" else course.parts).append(each)
    merged = _merge(sorted(named.values(), key=lambda each: each.identity), gap)
    for run in _runs(loose, gap):
        best = max(merged, key=lambda each: (each.same(run, gap), _backwards(each.identity)), default=None)
        if best is not None and best.same(run, gap):
            best.absorb(run)
        else:
            merged.append(run)
    for course in merged:
        repeats = [each for each in course.parts if any(_tells_again(each, other) for other in course.parts)]
        course.parts = [each for each in course.parts if each not in repeats]
        course.repeats = sorted(repeats, key=_chronological)
        course.summaries.sort(key=lambda each: (-_fullness(each), each.reference))
        course.parts.sort(key=_chronological)
        course.sessions.sort(key=_chronological)
    return sorted(merged, key=lambda each: each.identity)


def _gap(context: Context) -> int:
    value = context.options.get("radiotherapy.course-gap-days", GAP)
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else GAP


def _root(each: Statement, by_reference: dict[str, Statement]) -> str:
    """The Procedure at the top of ``partOf``: itself, one that has arrived, or one that is still to come."""
    reference = each.reference
    for _ in range(_LEVELS):
        above = by_reference[reference].parents if reference in by_reference else ()
        above = tuple(parent for parent in above if parent != reference)
        if not above:
            return reference
        reference = min(above)
    return reference


def _fullness(each: Statement) -> int:
    doses = any(volume.doses for volume in each.volumes)
    return sum(map(bool, (each.sessions, each.intent, doses, each.beams, each.end, each.termination, each.tumours)))


def _chronological(each: Statement) -> tuple[dt.date, str]:
    return (each.start.date if each.start is not None else dt.date.max, each.reference)


def _backwards(text: str) -> tuple[int, ...]:
    return tuple(-ord(letter) for letter in text)


def _merge(found: Sequence[Course], gap: dt.timedelta) -> list[Course]:
    """Summaries of one course by two systems become one: the later names join the first that is the same."""
    result: list[Course] = []
    for course in found:
        match = next((each for each in result if each.same(course, gap)), None)
        if match is None:
            result.append(course)
        else:
            match.absorb(course)
    return result


def _tells_again(part: Statement, other: Statement) -> bool:
    """True if a part of another container tells the same places, day and kind of beam at least as fully."""
    if not part.parents or not other.parents or not set(part.parents).isdisjoint(other.parents):
        return False
    if part.start is None or part.start != other.start or not part.places or part.places != other.places:
        return False
    if part.family is not None and part.family != other.family:
        return False
    mine, theirs = _told(part), _told(other)
    return mine < theirs or (mine == theirs and part.reference > other.reference)


def _told(part: Statement) -> set[str]:
    """What a part tells of its volumes: each dose and number of fractions."""
    doses = {f"{dose.value} {dose.unit}" for volume in part.volumes for dose in volume.doses}
    return doses | {str(volume.fractions) for volume in part.volumes if volume.fractions is not None}


def _by_order(members: Sequence[Statement]) -> list[list[Statement]]:
    """The sessions of each order that has several; those that have none, or one each, are told apart by their days alone."""
    orders = Counter(each.order for each in members if each.order is not None)
    found: dict[str, list[Statement]] = {}
    for each in members:
        found.setdefault(each.order if each.order is not None and orders[each.order] > 1 else "", []).append(each)
    return [found[order] for order in sorted(found)]


def _without_pause(members: Sequence[Statement], gap: dt.timedelta) -> list[list[Statement]]:
    runs: list[list[Statement]] = []
    reach: dt.date | None = None
    for each in sorted(members, key=_chronological):
        day = each.start.date if each.start is not None else None
        apart = reach is not None and day is not None and day - reach > gap
        earlier = reversed(runs[-1]) if runs else ()
        before = next((one.intent[0] for one in earlier if one.intent is not None), None)
        changed = each.intent is not None and before is not None and each.intent[0] != before
        if not runs or apart or changed:
            runs.append([])
            reach = None
        runs[-1].append(each)
        ends = [one.date for one in (each.start, each.end) if one is not None]
        reach = max([*ends, *([reach] if reach is not None else [])], default=None)
    return runs


def _runs(loose: Sequence[Statement], gap: dt.timedelta) -> list[Course]:
    """Sessions and phases of the same tumours without a long pause, and without a change of the stated intent or of the order."""
    groups: dict[tuple[str, ...], list[Statement]] = {}
    for each in loose:
        groups.setdefault(each.tumours, []).append(each)
    result: list[Course] = []
    for tumours, members in sorted(groups.items()):
        runs = [run for ordered in _by_order(members) for run in _without_pause(ordered, gap)]
        base = "+".join(key.partition(":")[2] for key in tumours) or "unspecified"
        first = min(each.reference for each in members)
        for run in runs:
            least = min(each.reference for each in run)
            identity = base if least == first else f"{base}/{least}"
            course = Course(identity)
            for each in run:
                (course.sessions if each.shape == "session" else course.parts).append(each)
            result.append(course)
    return result
