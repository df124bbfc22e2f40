"""Whether two diagnoses are of one tumour. Yardstick: the IACR rules for multiple primaries (``mappers.histology_groups``), and
SEER's *Solid Tumor Rules* (2018) where they ask for more (sides of paired organs, subsites of colon and skin).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from mappers.dates import Day
from mappers.diagnoses import Relationship
from mappers.histology_groups import is_haematologic, same_histology

#: IACR 2004, table 1: sites that count as one.
_ONE_SITE = {
    **dict.fromkeys(("C01", "C02"), "C02"), **dict.fromkeys(("C00", "C03", "C04", "C05", "C06"), "C06"),
    **dict.fromkeys(("C09", "C10", "C12", "C13", "C14"), "C14"), **dict.fromkeys(("C19", "C20"), "C20"),
    **dict.fromkeys(("C23", "C24"), "C24"), **dict.fromkeys(("C33", "C34"), "C34"), **dict.fromkeys(("C40", "C41"), "C41"),
    **dict.fromkeys(("C65", "C66", "C67", "C68"), "C68"),
}  # fmt: skip
#: SEER: subsites of colon (rule M7) and skin (rule M6) are separate primaries.
_SUBSITES = frozenset({"C18", "C44"})
#: Unknown and ill-defined sites (ICD-O-3 C80.9, C76): they may be any.
_ANYWHERE = frozenset({"C80", "C76"})
#: SEER general instructions: an invasive tumour more than 60 days after an in situ one is a new primary.
_IN_SITU_DAYS = 60
#: Two reports of one recurrence are not further apart than this.
_RECURRENCE_DAYS = 60


@dataclass(frozen=True, slots=True)
class Facts:
    """What one source says of a tumour; empty or None where it says nothing."""

    reference: str
    relationship: Relationship
    topography: str
    morphology: str
    """A stated one, or what a diagnosis code names of blood, lymph or skin."""
    laterality: str
    day: Day | None
    identifiers: frozenset[tuple[str, str]] = frozenset()
    primary: str = ""
    """For metastases and recurrences: the primary that is named."""
    in_situ: bool = False


def same_tumour(left: Facts, right: Facts) -> bool:
    """True if nothing that the two say keeps them apart."""
    if left.relationship != right.relationship:
        return False
    if left.identifiers & right.identifiers:
        return True
    if left.primary and right.primary and left.primary != right.primary:
        return False
    if not same_site(left, right):
        return False
    if left.laterality and right.laterality and left.laterality != right.laterality:
        return False
    if left.morphology and right.morphology and not same_histology(left.morphology, right.morphology):
        return False
    if left.in_situ != right.in_situ and not _within(left, right, _IN_SITU_DAYS):
        return False
    return "recurrence" not in left.relationship or _within(left, right, _RECURRENCE_DAYS)


def same_site(left: Facts, right: Facts) -> bool:
    """True if both state a site, and IACR and SEER count the two as one."""
    one, other = left.topography, right.topography
    if not one or not other:
        return False
    if left.morphology and right.morphology and is_haematologic(left.morphology) and is_haematologic(right.morphology):
        return True  # a disease of the whole system: ICD-O rule D codes it to whatever site was looked at
    if one[:3] in _SUBSITES and one[:3] == other[:3]:
        return one == other or one.endswith((".9", one[:3])) or other.endswith((".9", other[:3]))
    return _ONE_SITE.get(one[:3], one[:3]) == _ONE_SITE.get(other[:3], other[:3])


def _within(left: Facts, right: Facts, days: int) -> bool:
    if left.day is None or right.day is None:
        return True
    return abs((left.day.date - right.day.date).days) <= days


T = TypeVar("T")


def clusters(items: Iterable[T], facts: Callable[[T], Facts]) -> tuple[list[list[T]], list[T]]:
    """(the items by tumour, those that could be of several). What says much is placed first; what says less (no site, no side)
    joins the only tumour that it can be."""
    ordered = sorted(items, key=lambda item: (-_weight(facts(item)), facts(item).reference))
    found: list[list[T]] = []
    vague: list[T] = []
    doubtful: list[T] = []
    for item in ordered:
        said = facts(item)
        if said.topography[:3] in _ANYWHERE or not said.topography:
            vague.append(item)
            continue
        fitting = [each for each in found if all(same_tumour(said, facts(member)) for member in each)]
        _place(item, fitting, found, doubtful)
    sited = list(found)
    for item in vague:
        said = facts(item)
        fitting = [each for each in sited if all(_could_be(said, facts(member)) for member in each)]
        if not fitting:
            # Several reports of one unknown primary are one.
            fitting = [each for each in found[len(sited) :] if all(_could_be(said, facts(member)) for member in each)]
        _place(item, fitting, found, doubtful)
    return found, doubtful


def _place(item: T, fitting: list[list[T]], found: list[list[T]], doubtful: list[T]) -> None:
    if len(fitting) == 1:
        fitting[0].append(item)
    elif fitting:
        doubtful.append(item)
    else:
        found.append([item])


def _could_be(vague: Facts, member: Facts) -> bool:
    """An unspecified diagnosis beside a specified one; the site decides nothing."""
    if vague.relationship != member.relationship:
        return False
    histology = not (vague.morphology and member.morphology) or same_histology(vague.morphology, member.morphology)
    named = not (vague.primary and member.primary) or vague.primary == member.primary
    return histology and named and ("recurrence" not in member.relationship or _within(vague, member, _RECURRENCE_DAYS))


def _weight(said: Facts) -> int:
    """How much a source says of site, side and histology."""
    subsite = bool(said.topography) and not said.topography.endswith((".9", said.topography[:3]))
    return 4 * bool(said.topography) + 2 * subsite + 2 * bool(said.laterality) + 2 * bool(said.morphology)
