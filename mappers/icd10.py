"""What an ICD-10 code (WHO, -CM, -GM) of chapter II says about site, histology, behaviour and side of a tumour.

ICD-O-3 topography was derived from ICD-10 C00–C80, so most site codes are the same (ICD-O-3, *Differences between ICD-O and
ICD-10*); the tables hold the differences: melanoma, mesothelioma, Kaposi sarcoma, secondary sites, in situ codes, and
haematology, which ICD-O codes to C42.1 (leukaemia, myeloma) or C77.9 (lymphoma without a stated site, ICD-O-3 rule D).
Histologies are given only where the title of the ICD-10 category names one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

T = TypeVar("T")

Behaviour = Literal["malignant", "in-situ", "metastatic", "benign", "uncertain"]

_CODE = re.compile(r"([CD]\d[\dA-Z])\.?([\dA-Z]{0,4})[*!+†]?")

#: Secondary sites (C77–C79) and in situ sites (D00–D09) → ICD-O topography, longest prefix first.
_SITES = {
    "C38.8": "C38.8", "C45.0": "C38.4", "C45.1": "C48.2", "C45.2": "C38.0", "C46.0": "C44.9", "C46.1": "C49.9",
    "C46.2": "C05.9", "C46.3": "C77.9", "C46.5": "C34.9", "C26.1": "C42.2",
    "C22.2": "C22.0", "C22.3": "C22.0", "C22.4": "C22.0", "C22.7": "C22.0", "C22.8": "C22.0", "C22.9": "C22.0",
    "C78.0": "C34.9", "C78.1": "C38.3", "C78.2": "C38.4", "C78.3": "C39.9", "C78.4": "C17.9", "C78.5": "C18.9",
    "C78.6": "C48.2", "C78.7": "C22.0", "C78.8": "C26.9", "C79.0": "C64.9", "C79.1": "C68.9", "C79.11": "C67.9",
    "C79.2": "C44.9", "C79.3": "C71.9", "C79.32": "C70.9", "C79.4": "C72.9", "C79.5": "C41.9", "C79.52": "C42.1",
    "C79.6": "C56.9", "C79.7": "C74.9", "C79.81": "C50.9", "C79.9": "C80.9",
    "C84.0": "C44.9", "C84.1": "C44.9", "C85.2": "C38.3", "C90.0": "C42.1", "C90.1": "C42.1",
    "D00.1": "C15.9", "D00.2": "C16.9", "D01.0": "C18.9", "D01.1": "C19.9", "D01.2": "C20.9", "D01.3": "C21.0",
    "D02.0": "C32.9", "D02.1": "C33.9", "D02.2": "C34.9", "D05": "C50.9", "D06.0": "C53.0", "D06.1": "C53.1",
    "D06": "C53.9", "D07.0": "C54.1", "D07.1": "C51.9", "D07.2": "C52.9", "D07.4": "C60.9", "D07.5": "C61.9",
    "D09.0": "C67.9", "D09.2": "C69.9", "D45": "C42.1", "D46": "C42.1", "D47.1": "C42.1", "D47.3": "C42.1", "D47.4": "C42.1",
}  # fmt: skip

_HISTOLOGIES = {
    "C22.0": "8170/3", "C22.1": "8160/3", "C22.2": "8970/3", "C43": "8720/3", "C4A": "8247/3", "C45": "9050/3",
    "C46": "9140/3", "C81.0": "9659/3", "C81.1": "9663/3", "C81.2": "9652/3", "C81.3": "9653/3", "C81": "9650/3",
    "C82": "9690/3", "C83.1": "9673/3", "C83.3": "9680/3", "C83.7": "9687/3", "C84.0": "9700/3", "C84.1": "9701/3",
    "C85.2": "9679/3", "C85": "9591/3", "C88.0": "9761/3", "C90.0": "9732/3", "C90.1": "9733/3", "C91.0": "9835/3",
    "C91.1": "9823/3", "C91.4": "9940/3", "C92.0": "9861/3", "C92.1": "9863/3", "C92.4": "9866/3",
    "D03": "8720/2", "D05.0": "8520/2", "D05.1": "8500/2", "D45": "9950/3", "D46": "9989/3", "D47.1": "9960/3",
    "D47.3": "9962/3", "D47.4": "9961/3",
}  # fmt: skip

#: Haematological D codes that ICD-O-3 counts as malignant (/3) although ICD-10 lists them as uncertain (ICD-O-3, 2000).
_MALIGNANT_D = ("D45", "D46", "D47.1", "D47.3", "D47.4")

#: ICD-10-CM: categories whose character at this position (after the dot) is 1 right, 2 left (tabular list, FY 2024).
_SIDE_AT = {
    "C34": 2, "C40": 2, "C47.1": 2, "C47.2": 2, "C49.1": 2, "C49.2": 2, "C50": 3, "C56": 1, "C57.0": 2, "C57.1": 2,
    "C57.2": 2, "C62": 2, "C63.0": 2, "C63.1": 2, "C64": 1, "C65": 1, "C66": 1, "C69": 2, "C74": 2, "C76.4": 2,
    "C76.5": 2, "C43.1": 2, "C43.2": 2, "C43.6": 2, "C43.7": 2, "C44": 3, "C78.0": 2, "C79.0": 2, "C79.6": 2,
    "C79.7": 2, "D02.2": 2, "D03.1": 2, "D03.2": 2, "D03.6": 2, "D03.7": 2, "D05": 2,
}  # fmt: skip

_RIGHT, _LEFT, _BILATERAL = "24028007", "7771000", "51440002"


@dataclass(frozen=True, slots=True)
class IcdNeoplasm:
    """What a code says; each part None where it says nothing."""

    code: str
    """With its dot: ``C50.912``."""
    behaviour: Behaviour
    topography: str | None
    """ICD-O-3 topography."""
    morphology: str | None
    """ICD-O-3 morphology that the category's title names."""
    laterality: str | None
    """SNOMED CT qualifier (ICD-10-CM only)."""


@lru_cache(maxsize=8192)
def read_icd10(code: str, *, clinical_modification: bool = False) -> IcdNeoplasm | None:
    """A neoplasm code of ICD-10, with or without dot; None if it is none (Z85, Z80 and D50 upward are not)."""
    match = _CODE.fullmatch(code.strip().upper())
    if match is None:
        return None
    category, rest = match.groups()
    behaviour = _behaviour(category, rest)
    if behaviour is None:
        return None
    full = f"{category}.{rest}" if rest else category
    return IcdNeoplasm(
        code=full,
        behaviour=behaviour,
        topography=_topography(category, rest, full),
        morphology=longest(_HISTOLOGIES, full),
        laterality=_laterality(full, rest) if clinical_modification else None,
    )


def _behaviour(category: str, rest: str) -> Behaviour | None:
    full = f"{category}.{rest}"
    if category.startswith("C"):
        return "metastatic" if category in ("C77", "C78", "C79", "C7B") else "malignant"
    if full.startswith(_MALIGNANT_D):
        return "malignant"
    number = int(category[1:]) if category[1:].isdigit() else 99
    if number <= 9:
        return "in-situ"
    if number <= 36:
        return "benign"
    return "uncertain" if number <= 49 else None


def _topography(category: str, rest: str, full: str) -> str | None:
    special = longest(_SITES, full)
    if special is not None:
        return special
    if category in ("C43", "C44", "C4A", "D03", "D04"):
        # C43 melanoma and C44 skin share their subdivisions, and ICD-O's C44 has the same.
        return f"C44.{rest[0]}" if rest[:1].isdigit() else "C44.9"
    if category == "C77":
        return f"C77.{rest[0]}" if rest[:1].isdigit() else "C77.9"
    if category in ("C81", "C82", "C83", "C84", "C85", "C86"):
        return "C77.9"
    if category in ("C91", "C92", "C93", "C94", "C95"):
        return None if full.startswith("C92.3") else "C42.1"
    if category == "C80":
        return "C80.9"
    if not category.startswith("C") or not category[1:].isdigit() or int(category[1:]) > 76:
        return None
    if category in ("C45", "C46"):
        return None
    if category in ("C01", "C07", "C12", "C19", "C20", "C23", "C33", "C37", "C52", "C55", "C56", "C58", "C61", "C64", "C65",
                    "C66", "C73"):  # fmt: skip
        # ICD-O has one site here; the fourth character of ICD-10-CM (C56.1, C64.2) is the side.
        return f"{category}.9"
    if not rest:
        return f"{category}.9"
    return f"{category}.{rest[0]}" if rest[0].isdigit() else None


def _laterality(full: str, rest: str) -> str | None:
    position = longest(_SIDE_AT, full)
    if position is None or len(rest) < position:
        return None
    if full.startswith(("C56.3", "C79.63")):
        return _BILATERAL
    return {"1": _RIGHT, "2": _LEFT}.get(rest[position - 1])


def longest(table: Mapping[str, T], full: str) -> T | None:
    """The entry of the longest prefix that the table has."""
    for length in range(len(full), 2, -1):
        if (found := table.get(full[:length])) is not None:
            return found
    return None
