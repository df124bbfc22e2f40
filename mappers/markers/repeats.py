"""One result that a record tells more than once: in a panel and by itself, as preliminary and as final, in several bundles.

POP knows the day of a result only. Two results of one analyte with the same value on the same day are therefore one entity. Of two
results of the same moment that differ, the final one replaces the preliminary one, and a corrected one both (R4
ObservationStatus); otherwise each stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mappers.dates import Day
from mappers.markers.results import Finding
from mappers.protocol import Resource, Source, Translation

_RANK = {"preliminary": 0, "unknown": 0, "final": 1, "amended": 2, "corrected": 2}


@dataclass(slots=True)
class Told:
    """One analyte's result in one Observation."""

    member: Resource
    suffix: str
    """What tells the results of one Observation apart; empty for its own."""
    analyte: Translation | None
    analyte_source: Source
    findings: list[Finding]
    day: tuple[Day, Source, str] | None
    moment: str
    also: list[Told] = field(default_factory=list)
    """The same result, told elsewhere."""

    @property
    def key(self) -> str:
        """Unique within the patient."""
        return self.member.reference + self.suffix

    @property
    def rank(self) -> int:
        """How final it is."""
        return _RANK.get(str(self.member.json.get("status")), 1)

    @property
    def values(self) -> dict[str, Any]:
        """POP's fields, without what could not be read."""
        return {each.field: each.value for each in self.findings if each.problem is None}

    def signature(self) -> tuple[Any, ...]:
        """Equal for results of one analyte and day."""
        return (
            self.analyte.concept["code"] if self.analyte is not None else self.key,
            self.day[0].iso if self.day is not None else self.key,
        )

    def said(self) -> Any:
        """What it says, for comparison: its values; where none could be read, what stands in the source."""
        if self.values:
            return self.values
        return {name: value for name, value in self.member.json.items() if name.startswith("value")} or None


def distinct(told: Iterable[Told]) -> list[Told]:
    """Each result once, with what repeats it; the most final first, then by key."""
    kept: list[Told] = []
    for each in sorted(told, key=lambda one: (-one.rank, one.key)):
        same = next((other for other in kept if _same(other, each)), None)
        if same is None:
            kept.append(each)
        else:
            same.also.append(each)
    return kept


def _same(kept: Told, other: Told) -> bool:
    if kept.signature() != other.signature():
        return False
    if kept.said() == other.said():
        return kept.said() is not None
    replaces = kept.rank > other.rank and kept.moment != "" and kept.moment == other.moment
    return replaces and (kept.values.keys() == other.values.keys() or not other.values)
