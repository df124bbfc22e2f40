"""Whether two reports are of one variant.

They are if they name the same genes and nothing keeps the changes apart: expressions on one axis (coding DNA, genomic DNA, RNA,
protein) are equal without regard to reference sequence, brackets and stated bases (HGVS *Recommendations*, *General*), at least
one is equal, both find it present (or both not), and both are of one sample. A germline variant is one for life (it is in every
cell); another is found anew in every sample. Samples are the same by their specimen; where one of two reports names none, by
their days: not further apart than option ``genomics.same-sample-days`` (30), and not with different allele frequencies on
different days.

A report that names only the gene ("EGFR: detected") joins the one variant of that gene in the same sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mappers.dates import Day
from mappers.genomics.expressions import Expression


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides about identity."""

    reference: str
    genes: frozenset[str]
    expressions: tuple[Expression, ...]
    assessment: str
    consequence: str
    copies: int | None
    specimen: str
    day: Day | None
    origin: str
    """``germline`` or ``somatic``; empty if it is not stated."""
    frequency: float | None
    exported: bool = False
    """It comes from POP's own export, where each Observation is an entity."""
    changes: dict[str, frozenset[str]] = field(init=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        found: dict[str, set[str]] = {}
        for each in self.expressions:
            found.setdefault(each.change[:1], set()).add(each.change)
        object.__setattr__(self, "changes", {axis: frozenset(changes) for axis, changes in found.items()})

    @property
    def vague(self) -> bool:
        """It names genes and no change."""
        return not self.expressions and not self.consequence and self.copies is None


def same_variant(left: Facts, right: Facts, days: int) -> bool:
    """True if the two are reports of one variant in one sample."""
    if left.exported and right.exported:
        return False
    if left.genes != right.genes or left.assessment != right.assessment or not _same_sample(left, right, days):
        return False
    shared = left.changes.keys() & right.changes.keys()
    if shared:
        return all(left.changes[axis] & right.changes[axis] for axis in shared)
    if left.changes or right.changes:
        return False
    return bool(left.genes) and left.vague == right.vague and left.consequence == right.consequence


def _same_sample(left: Facts, right: Facts, days: int) -> bool:
    if left.origin and right.origin and left.origin != right.origin:
        return False
    if left.origin == right.origin == "germline":
        return True
    if left.specimen and right.specimen:
        return left.specimen == right.specimen
    if left.day is None or right.day is None:
        return True
    apart = abs((left.day.date - right.day.date).days)
    if apart and left.frequency is not None and right.frequency is not None and left.frequency != right.frequency:
        return False
    return apart <= days


def clusters(facts: Iterable[Facts], days: int) -> list[list[Facts]]:
    """The reports by variant: connected by :func:`same_variant`, so that c. and p. meet in the report that has both."""
    by_genes: dict[frozenset[str], list[Facts]] = {}
    vague: list[Facts] = []
    for each in sorted(facts, key=lambda each: each.reference):
        (vague if each.vague else by_genes.setdefault(each.genes, [])).append(each)
    specific = [group for together in by_genes.values() for group in _connected(together, days)]
    left: list[Facts] = []
    for each in vague:
        fitting = [group for group in specific if any(_could_be(each, member, days) for member in group)]
        if len(fitting) == 1:
            fitting[0].append(each)
        else:
            left.append(each)
    return [*specific, *_connected(left, days)]


def _connected(facts: Iterable[Facts], days: int) -> list[list[Facts]]:
    found: list[list[Facts]] = []
    for each in facts:
        together = [group for group in found if any(same_variant(each, member, days) for member in group)]
        found = [group for group in found if group not in together]
        found.append([each, *(member for group in together for member in group)])
    return found


def _could_be(vague: Facts, specific: Facts, days: int) -> bool:
    return (
        bool(vague.genes)
        and vague.genes <= specific.genes
        and not (vague.exported and specific.exported)
        and vague.assessment == specific.assessment == "present"
        and _same_sample(vague, specific, days)
    )


def earliest(group: Sequence[Facts]) -> Facts:
    """The report that gives the variant its name for good."""
    return min(
        group, key=lambda each: (each.day is None, each.day.date if each.day is not None else None, each.reference)
    )
