"""What an ICD-10 code (WHO, -CM, -GM) of chapter II says about site, histology, behaviour and side of a tumour.

ICD-O-3 topography was derived from ICD-10 C00–C80, so most site codes are the same (ICD-O-3, *Differences between ICD-O and
ICD-10*); the tables (``icd10_neoplasms.json``) hold the differences: melanoma, mesothelioma, Kaposi sarcoma, secondary sites, in
situ codes, and haematology, which ICD-O codes to C42.1 (leukaemia, myeloma) or C77.9 (lymphoma without a stated site, ICD-O-3
rule D). Histologies are given only where the title of the ICD-10 category names one. ICD-10-CM says more than the others: the
side, the kind of skin cancer (C44), and the region of a lymphoma's nodes (C81–C85).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

import orjson

T = TypeVar("T")

Behaviour = Literal["malignant", "in-situ", "metastatic", "benign", "uncertain"]

_CODE = re.compile(r"([CD]\d[\dA-Z])\.?([\dA-Z]{0,4})[*!+†]?")

#: Haematological D codes that ICD-O-3 counts as malignant (/3) although ICD-10 lists them as uncertain (ICD-O-3, 2000; D47.5 since
#: the WHO classification of 2008).
_MALIGNANT_D = ("D45", "D46", "D47.1", "D47.3", "D47.4", "D47.5")
#: ICD-10-CM C44 (FY 2024): the fifth character is the kind of skin cancer.
_SKIN_CANCERS = {"1": "8090/3", "2": "8070/3"}
#: Lymphomas of the nodes, whose fifth character in ICD-10-CM is the region; those of the skin keep theirs.
_NODAL = ("C81", "C82", "C83", "C84", "C85")

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


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, Any]]:
    document: dict[str, dict[str, Any]] = orjson.loads((files("mappers") / "icd10_neoplasms.json").read_bytes())
    return document


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
        topography=_topography(category, rest, full, clinical_modification),
        morphology=_histology(category, rest, full, clinical_modification),
        laterality=_laterality(full, rest) if clinical_modification else None,
    )


def _behaviour(category: str, rest: str) -> Behaviour | None:
    full = f"{category}.{rest}"
    if category.startswith("C"):
        return "metastatic" if category in ("C77", "C78", "C79", "C7B") else "malignant"
    if full.startswith(_MALIGNANT_D):
        return "malignant"
    if category == "D3A":  # benign neuroendocrine tumours (ICD-10-CM)
        return "benign"
    number = int(category[1:]) if category[1:].isdigit() else 99
    if number <= 9:
        return "in-situ"
    if number <= 36:
        return "benign"
    return "uncertain" if number <= 49 else None


def _histology(category: str, rest: str, full: str, clinical_modification: bool) -> str | None:
    if category == "C44":
        return _SKIN_CANCERS.get(rest[1:2]) if clinical_modification else None
    return longest(_tables()["histologies"], full)


def _topography(category: str, rest: str, full: str, clinical_modification: bool) -> str | None:
    special: str | None = longest(_tables()["sites"], full)
    if special is not None:
        return special
    if category in _NODAL and clinical_modification:
        region: str = _tables()["regions"].get(rest[1:2], "C77.9")
        return region
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
    if full.startswith(("C56.3", "C79.63")):
        return _BILATERAL
    position, right, left = longest(_tables()["sides"], full) or (9, "", "")
    return {right: _RIGHT, left: _LEFT}.get(rest[position - 1 : position] or "-")


def longest(table: Mapping[str, T], full: str) -> T | None:
    """The entry of the longest prefix that the table has."""
    for length in range(len(full), 2, -1):
        if (found := table.get(full[:length])) is not None:
            return found
    return None
