"""One drug without a long pause: the parts of which courses are made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mappers.agents import given_together
from mappers.systemic_therapy.evidence import Evidence
from mappers.treatments.intents import MAINTENANCE

#: A surgery, or a stated end, ends a run where the pause is at least this long: what comes before and after are two therapies.
_SURGICAL_PAUSE = dt.timedelta(days=28)
#: Days of one cycle on which its drugs are given.
_WITH = dt.timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Rules:
    """Site options. Cycles last up to six weeks and pauses for toxicity or surgery rarely exceed three months; a depot of a
    hormone lasts up to six months (prescribing information of leuprolide 45 mg)."""

    drug_gap: dt.timedelta
    """``therapy.drug-gap-days``: a longer pause of one drug begins another course."""
    hormone_gap: dt.timedelta
    """``therapy.hormone-gap-days``: the same for hormone therapy, by the end of what was supplied."""
    combination: dt.timedelta
    """``therapy.combination-days``: drugs that begin within this time of the first are one combination."""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Rules:
        """From the options; nonsense counts as unset."""
        return cls(
            _days(options.get("therapy.drug-gap-days"), 90),
            _days(options.get("therapy.hormone-gap-days"), 200),
            _days(options.get("therapy.combination-days"), 42),
        )

    def gap(self, evidence: Evidence) -> dt.timedelta:
        """How long a pause of this drug may be."""
        return self.hormone_gap if is_hormone(evidence) else self.drug_gap


def _days(value: object, default: int) -> dt.timedelta:
    usable = (
        isinstance(value, int | str) and not isinstance(value, bool) and str(value).isascii() and str(value).isdigit()
    )
    return dt.timedelta(days=min(int(str(value)), 36_500) if usable else default)


def is_hormone(evidence: Evidence) -> bool:
    """Hormone therapy: it is taken for years beside other therapies, by prescription or depot."""
    return evidence.agent is not None and evidence.agent.kind == "hormone"


@dataclass(slots=True)
class Run:
    """Evidence of one drug, earliest first."""

    evidence: list[Evidence]

    @property
    def start(self) -> dt.date | None:
        """The first day."""
        days = [each.timing.start.date for each in self.evidence if each.timing.start is not None]
        return min(days, default=None)

    @property
    def reach(self) -> dt.date | None:
        """The last day that is covered."""
        return max((each.timing.reach for each in self.evidence if each.timing.reach is not None), default=self.start)

    @property
    def days(self) -> int:
        """On how many days it was told of."""
        return len({each.timing.start for each in self.evidence})

    @property
    def ended(self) -> dt.date | None:
        """The end that the source states for all of it, if the last evidence is a finished course."""
        last = self.evidence[-1].timing
        return last.end.date if last.course and last.finished and last.end is not None else None

    @property
    def doses(self) -> bool:
        """It is told by single doses."""
        return all(each.kind in ("given", "dispensed") and not each.timing.course for each in self.evidence)

    @property
    def agents(self) -> set[str]:
        """INN of the drug."""
        return {each.agent.name for each in self.evidence if each.agent is not None}

    @property
    def names(self) -> set[str]:
        """The drug."""
        return {each.name for each in self.evidence}

    def stated(self, what: str) -> str | None:
        """The intent or role that its evidence states."""
        return next((value for each in self.evidence if (value := getattr(each, what)) is not None), None)


def chronological(each: Evidence) -> tuple[dt.date, str, str]:
    """Order of evidence: by day, then by name, whatever arrived first."""
    start = each.timing.start
    return (start.date if start is not None else dt.date.max, each.resource.reference, each.name)


def runs_of(evidence: Iterable[Evidence], rules: Rules, surgeries: Sequence[dt.date]) -> list[Run]:
    """Runs of each drug: cut at a long pause, at another intent or role, and at a surgery with a pause around it."""
    by_name: dict[str, list[Evidence]] = {}
    for each in sorted(evidence, key=chronological):
        by_name.setdefault(each.name, []).append(each)
    whole = [run for _, members in sorted(by_name.items()) for run in _cut(members, rules, surgeries)]
    return [part for run in whole for part in _at_changes(run, whole, rules)]


def _at_changes(run: Run, runs: Sequence[Run], rules: Rules) -> list[Run]:
    """A drug that two regimens share (fluorouracil of FOLFOX, then of FOLFIRI) is cut where the one gives way to the other: a new
    drug begins with a dose of this one, after a drug that was given beside it has ended. A single
    dose of a drug that one protocol gives with the others gives way to nothing: not all of the doses have arrived."""
    parts = [run]
    for day in sorted(
        {other.start for other in runs if other.start is not None and _gives_way(run, other, runs, rules)}
    ):
        before = [each for each in parts[-1].evidence if each.timing.start is None or each.timing.start.date < day]
        after = [each for each in parts[-1].evidence if each.timing.start is not None and each.timing.start.date >= day]
        if before and after:
            parts[-1:] = [Run(before), Run(after)]
    return parts


def _gives_way(run: Run, new: Run, runs: Sequence[Run], rules: Rules) -> bool:
    first, last, day = run.start, run.reach, new.start
    if first is None or last is None or day is None or run.names & new.names or not (run.doses and new.doses):
        return False
    if is_hormone(run.evidence[0]) or is_hormone(new.evidence[0]) or not first + rules.combination < day <= last:
        return False
    resumed = any(
        each.timing.start is not None and day <= each.timing.start.date <= day + _WITH for each in run.evidence
    )
    return resumed and any(
        other.start is not None and other.reach is not None and other.doses and not is_hormone(other.evidence[0])
        and not other.names & (run.names | new.names) and other.start <= first + rules.combination and first <= other.reach < day
        and (min(new.days, other.days) > 1 or not given_together(run.agents | new.agents | other.agents))
        for other in runs
    )  # fmt: skip


def _cut(members: list[Evidence], rules: Rules, surgeries: Sequence[dt.date]) -> list[Run]:
    runs: list[Run] = []
    reach: dt.date | None = None
    stated: dict[str, str | None] = {}
    for each in members:
        if not runs or _apart(each, reach, stated, rules, surgeries) or _begun_anew(runs[-1].evidence[-1], each):
            runs.append(Run([]))
            reach, stated = None, {}
        runs[-1].evidence.append(each)
        covered = each.timing.reach or (each.timing.start.date if each.timing.start is not None else None)
        reach = max(filter(None, (reach, covered)), default=None)
        for what in ("intent", "role"):
            stated[what] = stated.get(what) or getattr(each, what)
    return runs


def _begun_anew(before: Evidence, each: Evidence) -> bool:
    """A prescription or course that the source ended, and another weeks later (temozolomide beside radiation, and after it)."""
    end, start = before.timing.end, each.timing.start
    if end is None or start is None or not before.timing.finished or is_hormone(each):
        return False
    return (
        before.kind in ("ordered", "taken")
        and each.kind in ("ordered", "taken")
        and start.date - end.date >= _SURGICAL_PAUSE
    )


def _apart(
    each: Evidence, reach: dt.date | None, stated: Mapping[str, str | None], rules: Rules, surgeries: Sequence[dt.date]
) -> bool:
    """``reach`` and ``stated``: of the run so far, its last covered day and its intent and role."""
    for what, before in stated.items():
        after = getattr(each, what)
        if before is not None and after is not None and before != after:
            return True
    if each.role == MAINTENANCE and stated and stated.get("role") is None:
        # Maintenance follows an initial therapy (NCI Dictionary of Cancer Terms): what was given before it is that.
        return True
    start = each.timing.start
    if start is None or reach is None:
        return False
    pause = start.date - reach
    if pause > rules.gap(each):
        return True
    palliative = "palliative" in (stated.get("intent"), each.intent)
    return (
        not palliative and not is_hormone(each) and pause >= _SURGICAL_PAUSE
        and any(reach < day <= start.date for day in surgeries)
    )  # fmt: skip
