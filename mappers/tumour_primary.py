"""Which primary a metastasis or recurrence comes from, where its source does not say so: only what is unambiguous."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mappers.histology_groups import is_haematologic, same_histology, specified
from mappers.tumour_identity import Facts, same_site
from mappers.tumour_statement import Statement


@dataclass(frozen=True, slots=True)
class Chosen:
    """The primary's position among those asked, and the rule that chose it."""

    position: int
    code: str
    text: str


def choose_primary(statements: Sequence[Statement], primaries: Sequence[Sequence[Statement]]) -> Chosen | None:
    """The only primary that a metastasis or recurrence (its statements) can come from; None if that is open.

    * The patient's only primary.
    * A local recurrence: the only one of its site and side.
    * A metastasis: the only one that can have metastasised (no carcinoma in situ, by its definition; no disease of blood and lymph,
      whose spread ICD-10 does not code as secondary: C77–C79, *Excludes*), or the only one of its stated histology.
    """
    if len(primaries) == 1:
        return Chosen(0, "only-primary", "No primary is named; the patient has exactly one primary tumour.")
    relationship = statements[0].facts.relationship
    for code, text, fits in _rules(statements, relationship):
        found = [position for position, primary in enumerate(primaries) if fits(primary)]
        if len(found) == 1:
            return Chosen(found[0], code, text)
    return None


Rule = tuple[str, str, Callable[[Sequence[Statement]], bool]]


def _rules(statements: Sequence[Statement], relationship: str) -> Iterator[Rule]:
    if relationship == "local_recurrence":
        text = "No primary is named; one of the patient's primary tumours was where this one has come back."
        yield "primary-of-this-site", text, lambda primary: _same_place(_facts(statements), _facts(primary))
    if relationship != "metastatic":
        return
    text = "No primary is named; one of the patient's primary tumours can have metastasised (not in situ, not of blood or lymph)."
    yield "only-invasive-primary", text, _may_spread
    stated = next((each.histology.code for each in statements if each.histology is not None), "")
    if stated and specified(stated):
        text = "No primary is named; one of the patient's primary tumours has the histology of the metastasis."
        yield "primary-of-this-histology", text, lambda primary: _has_histology(primary, stated)


def _may_spread(primary: Sequence[Statement]) -> bool:
    return not all(each.facts.in_situ for each in primary) and not any(map(is_haematologic, _histologies(primary)))


def _has_histology(primary: Sequence[Statement], stated: str) -> bool:
    return any(specified(each) and same_histology(each, stated) for each in _histologies(primary))


def _histologies(primary: Sequence[Statement]) -> list[str]:
    found = (each.histology or each.named_histology for each in primary)
    return [each.code for each in found if each is not None]


def _same_place(one: Facts, other: Facts) -> bool:
    return same_site(one, other) and (not (one.laterality and other.laterality) or one.laterality == other.laterality)


def _facts(statements: Sequence[Statement]) -> Facts:
    """Those of a statement that tells the site."""
    return max((each.facts for each in statements), key=lambda facts: (bool(facts.topography), facts.reference))
