"""Scores of immunohistochemistry: PD-L1 (TPS, IC, CPS) and HER2 (0, 1+, 2+, 3+).

POP holds TPS and the immune cell score as the categories of the SP142 assay (Fehrenbacher 2016): TC0 < 1 %, TC1 1 to 4 %, TC2 5 to
49 %, TC3 ≥ 50 % of tumour cells; IC0 < 1 %, IC1 1 to 4 %, IC2 5 to 9 %, IC3 ≥ 10 % of the tumour's area.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from mappers.codes import LOINC, NCIT
from mappers.markers.numbers import comparator_of, decimal_typed

TPS, ICS, CPS = "tumorProportionScore", "immuneCellScore", "combinedPositiveScore"

_CODES = {(NCIT, "C184941"): TPS, (LOINC, "83053-9"): TPS, (NCIT, "C176582"): CPS, (NCIT, "C199175"): ICS}
_KINDS = (
    (CPS, re.compile(r"combined positive|\bcps\b", re.I)),
    (ICS, re.compile(r"immune[- ]cells?|immunzell|\bics?\b", re.I)),
    (TPS, re.compile(r"tumou?r proportion|tumou?r[- ]cells?|tumorzell|\btps\b|\btc\b", re.I)),
)
#: Assays whose percentage is that of stained tumour cells (labels of pembrolizumab and nivolumab).
_TUMOUR_CELL_ASSAYS = re.compile(r"\b(?:22c3|28-8)\b", re.I)
_CUTS = {TPS: ("TC", (1, 5, 50)), ICS: ("IC", (1, 5, 10))}
_CATEGORY = re.compile(r"\b(tc|ic)\s?([0-3])(?!\s*%|[\d.,])", re.I)
_NAMED = re.compile(
    r"\b(?P<name>tps|cps|ics?|tc|tumou?r proportion score|combined positive score|immune cell score)\b\)?(?:[- ]?score)?\s*[:=]?\s*"
    r"(?P<comparator><=|>=|=<|=>|<|>|≤|≥)?\s*(?P<low>\d+(?:[.,]\d+)?)\s*%?"
    r"(?:\s*(?:-|–|bis|to)\s*(?P<high>\d+(?:[.,]\d+)?)\s*%?)?(?!\s*[.,]?\d)",
    re.I,
)
_FIELD = {"tps": TPS, "tc": TPS, "cps": CPS, "ic": ICS, "ics": ICS, "combined": CPS, "immune": ICS}

#: LOINC answers of HER2 by immune stain: 0, 1+, 2+, 3+.
HER2_ANSWERS = {
    (LOINC, "LA6111-4"): "0",
    (LOINC, "LA11841-6"): "1+",
    (LOINC, "LA11842-4"): "2+",
    (LOINC, "LA11843-2"): "3+",
}
_PLUS = re.compile(r"(?<![\d.,/])([0-3])\s?\+(?!\d)")
_ZERO = re.compile(r"(?:(?:ihc|score|dako|her-?2(?:/neu)?|negativ[e]?|level|grade)\W*)*\(?0\)?(?:\s*\([^)]*\))?", re.I)
_BARE = re.compile(r"(?:(?:ihc|score|dako|her-?2(?:/neu)?)\W*)*\(?([123])\)?(?:\s*\([^)]*\))?", re.I)
_SIGNS = re.compile(r"\+{1,3}")
_BETWEEN = re.compile(r"\b0\s?(?:/|-|–|to|or|bis|oder)\s?1\s?\+")


@dataclass(frozen=True, slots=True)
class Score:
    """One PD-L1 score: a range of numbers, of which one that no bound limits is a single number."""

    field: str
    low: Decimal | None
    high: Decimal | None
    comparator: str | None = None
    category: str | None = None


def kind_of(codes: frozenset[tuple[str, str]], *said: str) -> str | None:
    """The PD-L1 score that a test's codes, else its words, name. The first of ``said`` that names one decides."""
    coded = {_CODES[pair] for pair in codes if pair in _CODES}
    if len(coded) == 1:
        return coded.pop()
    for each in said:
        named = [field for field, pattern in _KINDS if pattern.search(each)]
        if len(named) == 1:
            return named[0]
    return None


def counts_tumour_cells(*said: str) -> bool:
    """True if the assay's percentage is that of tumour cells."""
    return any(_TUMOUR_CELL_ASSAYS.search(each) for each in said)


def category_of(field: str, low: Decimal, high: Decimal | None, comparator: str | None) -> str | None:
    """``TC2``, ``IC0``…; None if the bound or range spans several categories."""
    letters, cuts = _CUTS[field]
    least, most = low, high if high is not None else low
    if comparator in ("<", "<="):
        least, most = Decimal(0), low - (Decimal("0.0001") if comparator == "<" else 0)
    elif comparator in (">", ">="):
        most = Decimal(100)
    first, last = (sum(each >= cut for cut in cuts) for each in (least, most))
    return f"{letters}{first}" if first == last else None


def pdl1_scores(text: str) -> Iterator[Score]:
    """Every score that a text names: ``TPS 60 %, CPS 65``, ``TC2/IC1``."""
    for match in _CATEGORY.finditer(text):
        field = TPS if match[1].casefold() == "tc" else ICS
        yield Score(field, None, None, category=match[1].upper() + match[2])
    rest = _CATEGORY.sub(" ", text)
    for match in _NAMED.finditer(rest):
        name = match["name"].casefold().split()[0]
        yield Score(
            _FIELD.get(name, TPS),
            decimal_typed(match["low"]),
            decimal_typed(match["high"]) if match["high"] else None,
            comparator_of(match["comparator"] or ""),
        )


def her2_score(text: str) -> str | None:
    """``0``, ``1+``, ``2+`` or ``3+`` (ASCO/CAP HER2 testing guideline 2018, 2023); None if the text names none, or two."""
    said = " ".join(text.split())
    if _BETWEEN.search(said):
        return None
    found = set(_PLUS.findall(said))
    if found:
        return f"{found.pop()}+" if len(found) == 1 else None
    if _SIGNS.fullmatch(said):
        return f"{len(said)}+"
    if _ZERO.fullmatch(said):
        return "0"
    bare = _BARE.fullmatch(said)
    return f"{bare[1]}+" if bare is not None else None
