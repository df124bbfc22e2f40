"""Grouping drugs into courses: a pure function of the set of evidence, so the order of arrival does not matter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from mappers.dates import Day
from mappers.protocol import Context, Source
from mappers.therapy_evidence import Evidence


@dataclass(slots=True)
class Course:
    """One systemic therapy."""

    identity: str
    evidence: list[Evidence]
    drugs: dict[str, list[Evidence]] = field(default_factory=dict)
    """Agent → its evidence, earliest first."""

    def __post_init__(self) -> None:
        self.evidence.sort(key=_chronological)
        for each in self.evidence:
            self.drugs.setdefault(each.agent, []).append(each)

    def end(self) -> tuple[Day | None, Source | None]:
        """The last day, if the source ends every drug of the course; else the course goes on."""
        last: tuple[Day, Source] | None = None
        for evidence in self.drugs.values():
            if not any(each.finished for each in evidence):
                return None, None
            for each in evidence:
                given = None if each.ordered else each.start
                day, source = (each.end, each.end_source) if each.end is not None else (given, each.start_source)
                if day is not None and source is not None and (last is None or day.date > last[0].date):
                    last = day, source
        return last or (None, None)


def _chronological(each: Evidence) -> tuple[dt.date, str]:
    return (each.start.date if each.start is not None else dt.date.max, each.resource.reference)


def courses(found: Iterable[Evidence], context: Context) -> list[Course]:
    """Courses by identity. See :class:`mappers.systemic_therapy.SystemicTherapyMapper` for the rule."""
    evidence = list(found)
    administered = {each.order.reference for each in evidence if each.order is not None and not each.ordered}
    named: dict[str, list[Evidence]] = {}
    loose: dict[tuple[str, tuple[str, ...]], list[Evidence]] = {}
    for each in evidence:
        if each.ordered and each.resource.reference in administered:
            continue
        if each.own_course is not None or each.plan is not None:
            named.setdefault(each.own_course or each.plan or "", []).append(each)
        else:
            loose.setdefault((each.agent, each.tumours), []).append(each)
    result = [Course(identity, members) for identity, members in named.items()]
    gap = _days(context, "therapy.drug-gap-days", 90)
    runs = [run for (agent, tumours), members in sorted(loose.items()) for run in _runs(agent, tumours, members, gap)]
    result.extend(_join(runs, _days(context, "therapy.course-gap-days", 7)))
    return sorted(result, key=lambda course: course.identity)


def _days(context: Context, option: str, default: int) -> dt.timedelta:
    value = context.options.get(option, default)
    return dt.timedelta(days=int(value) if isinstance(value, int | str) and str(value).isdigit() else default)


@dataclass(slots=True)
class _Run:
    """One drug without a long pause."""

    identity: str
    tumours: tuple[str, ...]
    evidence: list[Evidence]

    @property
    def intent(self) -> str:
        return next((each.intent for each in self.evidence if each.intent is not None), "")

    @property
    def span(self) -> tuple[dt.date, dt.date] | None:
        days = [day.date for each in self.evidence for day in (each.start, each.end) if day is not None]
        return (min(days), max(days)) if days else None


def _runs(agent: str, tumours: tuple[str, ...], members: list[Evidence], gap: dt.timedelta) -> list[_Run]:
    members.sort(key=_chronological)
    groups: list[list[Evidence]] = []
    reach: dt.date | None = None
    for each in members:
        start = each.start.date if each.start is not None else None
        last = groups[-1][-1] if groups else None
        apart = reach is not None and start is not None and start - reach > gap
        if (
            last is None
            or apart
            or (each.intent is not None and last.intent is not None and each.intent != last.intent)
        ):
            groups.append([])
            reach = None
        groups[-1].append(each)
        ends = [day.date for day in (each.start, each.end) if day is not None]
        reach = max([*ends, *([reach] if reach else [])], default=None)
    # The run with the least reference has the plain name; another keeps its own, whatever arrives before or after it.
    base = f"{'+'.join(key.partition(':')[2] for key in tumours) or 'unspecified'}/{agent}"
    first = min((each.resource.reference for each in members), default="")
    runs = []
    for group in groups:
        least = min(each.resource.reference for each in group)
        runs.append(_Run(base if least == first else f"{base}/{least}", tumours, group))
    return runs


def _join(runs: list[_Run], gap: dt.timedelta) -> list[Course]:
    """Runs for the same tumours with the same intent whose spans touch are one course, named after its first run."""
    clusters: list[list[_Run]] = []
    spans: list[tuple[dt.date, dt.date]] = []
    dated = sorted(
        (run for run in runs if run.span is not None), key=lambda run: (run.tumours, run.intent, run.span, run.identity)
    )
    for run in dated:
        start, end = run.span or (dt.date.min, dt.date.min)
        previous = clusters[-1][0] if clusters else None
        alike = previous is not None and (previous.tumours, previous.intent) == (run.tumours, run.intent)
        if alike and start - spans[-1][1] <= gap:
            clusters[-1].append(run)
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            clusters.append([run])
            spans.append((start, end))
    clusters.extend([run] for run in runs if run.span is None)
    return [
        Course(min(run.identity for run in cluster), [each for run in cluster for each in run.evidence])
        for cluster in clusters
    ]  # fmt: skip
