"""Which drugs are one course: a pure function of the set of evidence, so the order of arrival does not matter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mappers.agents import given_together
from mappers.dates import Day
from mappers.protocol import Source
from mappers.systemic_therapy.evidence import Evidence
from mappers.systemic_therapy.runs import Rules, Run, chronological, is_hormone, runs_of

_WEEK = dt.timedelta(days=7)
#: More of an order or plan may come (R4 status of MedicationRequest and CarePlan).
_OPEN = frozenset({"active", "on-hold", "unknown"})


@dataclass(slots=True)
class Course:
    """One systemic therapy."""

    identity: str
    evidence: list[Evidence]
    followed: bool = False
    """Another therapy of the same kind came after it."""
    drugs: dict[str, list[Evidence]] = field(default_factory=dict)
    """Drug → its evidence, earliest first. A protocol's drugs count where no drug is told."""

    def __post_init__(self) -> None:
        self.evidence.sort(key=chronological)
        named = [each for each in self.evidence if each.agent is not None or each.kind not in ("course", "planned")]
        told = [each for each in named if each.kind not in ("course", "planned")]
        for each in told or named:
            self.drugs.setdefault(each.name, []).append(each)

    @property
    def names(self) -> set[str]:
        """INNs of its drugs."""
        return {each.agent.name for found in self.drugs.values() for each in found if each.agent is not None}

    @property
    def hormonal(self) -> bool:
        """Hormone therapy and nothing else."""
        told = [each for found in self.drugs.values() for each in found]
        return bool(told) and all(map(is_hormone, told))

    @property
    def dated(self) -> list[Evidence]:
        """Evidence that dates it: a whole course, else what was given or taken, else orders, else plans; of each drug its best."""
        whole = [each for each in self.evidence if each.kind == "course" and each.timing.start is not None]
        if whole:
            return whole
        found: list[Evidence] = []
        for evidence in self.drugs.values():
            usable = [each for each in evidence if each.timing.start is not None]
            actual = [each for each in usable if each.kind in ("given", "dispensed", "taken")]
            found.extend(actual or usable)
        return found or [each for each in self.evidence if each.timing.start is not None]

    def start(self) -> Evidence | None:
        """The evidence of the first day."""
        given = [each for each in self.dated if each.kind not in ("ordered", "planned")]
        return min(given or self.dated, key=chronological, default=None)

    def first_day(self) -> dt.date | None:
        """The day of the start."""
        first = self.start()
        return first.timing.start.date if first is not None and first.timing.start is not None else None

    def end(self) -> tuple[Day, Source] | None:
        """The last day, if the source ends the course, or the last evidence of every drug; else it goes on."""
        whole = [each for each in self.evidence if each.kind == "course" and each.timing.end is not None]
        if whole:
            return _last(whole)
        if any(each.kind == "course" and each.timing.course for each in self.evidence) or not self.drugs:
            return None
        if (closed := self._closed_by_plan()) is not None:
            return closed
        ends: list[tuple[Day, Source]] = []
        for evidence in self.drugs.values():
            latest = max(evidence, key=lambda each: (each.timing.reach or dt.date.min, chronological(each)))
            if not latest.timing.finished:
                return None
            last = _last(evidence)
            if last is not None:
                ends.append(last)
        return max(ends, key=lambda each: each[0].date, default=None)

    def _closed_by_plan(self) -> tuple[Day, Source] | None:
        """The last dose, if a closed plan of these drugs covers it: no more of it is to come."""
        last = self.last_dose()
        if last is None:
            return None
        closed = (
            each.kind == "planned" and each.timing.finished and each.timing.end is not None
            and last[0].date <= each.timing.end.date and each.name in self.drugs for each in self.evidence
        )  # fmt: skip
        return last if any(closed) else None

    def supplied(self) -> tuple[Day, Source] | None:
        """The last day that closed orders cover, where only orders tell of it: the supply's end, or the last of several orders."""
        last: list[tuple[dt.date, Source]] = []
        for evidence in self.drugs.values():
            if any(each.kind not in ("ordered", "dispensed") or not each.timing.finished for each in evidence):
                return None
            latest = max(evidence, key=lambda each: (each.timing.reach or dt.date.min, chronological(each)))
            reach, start = latest.timing.reach, latest.timing.start
            if (
                reach is None
                or start is None
                or (reach == start.date and len({each.timing.start for each in evidence}) < 2)
            ):
                return None
            last.append((reach, latest.timing.start_source))
        day, source = max(last, key=lambda each: each[0], default=(None, None))
        return (Day(day), source) if day is not None and source is not None else None

    def last_dose(self) -> tuple[Day, Source] | None:
        """The last day on which something was given, if nothing but doses and their orders tells of the course."""
        told = [each for found in self.drugs.values() for each in found]
        if not told or any(each.timing.course or each.kind in ("taken", "planned") for each in told):
            return None
        return _last([each for each in told if each.kind in ("given", "dispensed")])

    @property
    def open(self) -> bool:
        """More of an order or plan of it may come."""
        told = [each for found in self.drugs.values() for each in found]
        orders = [
            order for each in told if (order := each.resource if each.kind == "ordered" else each.order) is not None
        ]
        plans = [each for one in self.evidence for each in one.carriers if each.type == "CarePlan"]
        return any(each.json.get("status") in _OPEN for each in (*orders, *plans))


def _last(evidence: Sequence[Evidence]) -> tuple[Day, Source] | None:
    """The latest end; of doses the day itself."""
    found: list[tuple[Day, Source]] = []
    for each in evidence:
        timing = each.timing
        if timing.end is not None and timing.end_source is not None:
            found.append((timing.end, timing.end_source))
        elif timing.start is not None and not timing.course and each.kind in ("given", "dispensed"):
            found.append((timing.start, timing.start_source))
    return max(found, key=lambda each: each[0].date, default=None)


def courses(
    evidence: Sequence[Evidence],
    rules: Rules,
    *,
    scope_of: Callable[[Evidence], str],
    surgeries: Sequence[dt.date] = (),
) -> list[Course]:
    """Courses by identity. See :class:`mappers.systemic_therapy.mapper.SystemicTherapyMapper` for the rule."""
    named: dict[str, list[Evidence]] = {}
    scopes: dict[str, list[Evidence]] = {}
    loose: list[Evidence] = []
    followed = {
        each.order.reference for each in evidence if each.order is not None and each.kind in ("given", "dispensed")
    }
    told = {each.plan for each in evidence if each.kind != "planned"}
    for each in evidence:
        if each.kind == "ordered" and each.resource.reference in followed:
            continue
        if each.plan is not None and each.one_course and (each.kind != "planned" or each.plan in told):
            named.setdefault(each.plan, []).append(each)
        elif each.plan is not None and not each.one_course:
            scopes.setdefault(each.plan, []).append(each)
        else:
            loose.append(each)
    windows = [
        window for identity, members in named.items() if (window := _window(Course(identity, members))) is not None
    ]
    for each in loose:
        home = _home(each, windows)
        if home is None:
            scopes.setdefault(scope_of(each), []).append(each)
        else:
            named[home].append(each)
    result = [Course(identity, members) for identity, members in sorted(named.items())]
    for scope, members in sorted(scopes.items()):
        result.extend(_loose(scope, runs_of(members, rules, surgeries), rules))
    _follow(result, scope_of)
    return sorted(result, key=lambda course: course.identity)


_Window = tuple[str, frozenset[str], dt.date, dt.date]


def _window(course: Course) -> _Window | None:
    """(identity, drugs, first day, last day) of a course that the source names; POP's own is complete by itself."""
    first, end = course.start(), course.end()
    if course.evidence[0].own or first is None or first.timing.start is None:
        return None
    last = end[0].date + _WEEK if end is not None else dt.date.max
    return course.identity, frozenset(course.drugs), first.timing.start.date - _WEEK, last


def _home(each: Evidence, windows: Sequence[_Window]) -> str | None:
    """The named course that this evidence of one of its drugs in its time tells of once more."""
    start = each.timing.start
    if start is None or each.own:
        return None
    fitting = [
        identity for identity, drugs, first, last in windows if each.name in drugs and first <= start.date <= last
    ]
    return fitting[0] if len(fitting) == 1 else None


def _loose(scope: str, runs: list[Run], rules: Rules) -> list[Course]:
    """Courses of runs that no plan names. The first has the plain name of its tumour, so that more of it, in whatever order it
    arrives, is the same therapy; each further one is known by the day on which it begins."""
    clusters: list[list[Run]] = []
    for run in sorted((run for run in runs if run.start is not None), key=_by_start):
        fitting = [cluster for cluster in clusters if _together(cluster, run, rules)]
        if fitting:
            fitting[-1].append(run)
        else:
            clusters.append([run])
    undated = [run for run in runs if run.start is None]
    if len(clusters) == 1:
        clusters[0].extend(undated)
    else:
        clusters.extend([run] for run in undated)
    found: list[Course] = []
    taken: set[str] = set()
    for cluster in clusters:
        start = cluster[0].start
        identity = scope if not found else f"{scope}/{start.isoformat() if start is not None else 'undated'}"
        if identity in taken:
            identity += f"/{min(name for run in cluster for name in run.names)}"
        taken.add(identity)
        found.append(Course(identity, [each for run in cluster for each in run.evidence]))
    return found


def _by_start(run: Run) -> tuple[dt.date, dt.date, str]:
    return run.start or dt.date.max, run.reach or dt.date.max, min(run.names)


def _together(cluster: Sequence[Run], run: Run, rules: Rules) -> bool:
    """A combination: it begins with the others, or belongs to the same protocol and follows within a pause; never one that the
    source ended before, nor one of another intent or role."""
    for what in ("intent", "role"):
        stated = {value for each in (*cluster, run) if (value := each.stated(what)) is not None}
        if len(stated) > 1:
            return False
    first, start = cluster[0].start, run.start
    if first is None or start is None or any(run.names & each.names for each in cluster):
        return False
    if all(each.ended is not None and each.ended < start for each in cluster):
        return False
    if start - first <= rules.combination:
        return True
    reach = max(each.reach or first for each in cluster)
    names = {name for each in (*cluster, run) for name in each.agents}
    in_sequence = start > reach and run.days > 1 and any(each.days > 1 for each in cluster)
    return not in_sequence and start - reach <= rules.gap(run.evidence[0]) and given_together(names)


def _follow(found: Sequence[Course], scope_of: Callable[[Evidence], str]) -> None:
    """Mark the courses after whose last day another one of the same scope begins. Hormone therapy goes on beside others."""
    for course in found:
        last = course.last_dose()
        if last is None:
            continue
        scope = scope_of(course.evidence[0])
        for other in found:
            first = other.start()
            begins = first.timing.start if first is not None else None
            if (
                other is not course
                and begins is not None
                and begins.date > last[0].date
                and scope_of(other.evidence[0]) == scope
            ):
                course.followed = course.followed or course.hormonal == other.hormonal
