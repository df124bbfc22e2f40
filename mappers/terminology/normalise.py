"""Algorithmic normalisation: other writings of the same fact, as candidate (system, code, rule) triples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from mappers.codes import (
    HGNC,
    ICD_9_CM,
    ICD_10,
    ICD_10_CM,
    ICD_10_SYSTEMS,
    ICD_O,
    ICD_O_DIFFERENTIATION,
    ICD_O_MORPHOLOGY,
    ICD_O_TOPOGRAPHY,
    NCBI_GENE,
    SNOMED,
)
from mappers.icd9 import read_icd9
from mappers.icd10 import read_icd10
from mappers.terminology.genes import of_name, of_ncbi

Candidates = Iterator[tuple[str, str, str]]

_MORPHOLOGY = re.compile(r"[Mm]?-?(\d{4})\s*/?\s*([012369])(\d)?")
_CATEGORY = re.compile(r"([A-Z]\d\d)\.?(\d)?")
_HGNC_ID = re.compile(r"(HGNC:)?(\d{1,6})", re.I)
_TOPOGRAPHY = re.compile(r"C(\d\d)\.?(\d)?")


def _topography(system: str, code: str) -> Candidates:
    if system in (ICD_O_TOPOGRAPHY, ICD_O) and (match := _TOPOGRAPHY.fullmatch(code.upper())):
        # ICD-O-3 sites have four characters; three are the whole group (POP lists both where both exist).
        yield ICD_O_TOPOGRAPHY, f"C{match[1]}.{match[2] or 9}", "icd-o-spelling"
    elif system in ICD_10_SYSTEMS:
        read = read_icd10(code, clinical_modification=system == ICD_10_CM)
        if read is not None and read.topography is not None:
            yield ICD_O_TOPOGRAPHY, read.topography, "icd-10-site"
    elif system == ICD_9_CM and (older := read_icd9(code)) is not None and older.topography is not None:
        yield ICD_O_TOPOGRAPHY, older.topography, "icd-9-site"


def _morphology(system: str, code: str) -> Candidates:
    if system in (ICD_O_MORPHOLOGY, ICD_O) and (match := _MORPHOLOGY.fullmatch(code)):
        yield ICD_O_MORPHOLOGY, f"{match[1]}/{match[2]}", "icd-o-slash"
    elif system in ICD_10_SYSTEMS:
        read = read_icd10(code, clinical_modification=system == ICD_10_CM)
        if read is not None and read.morphology is not None:
            yield ICD_O_MORPHOLOGY, read.morphology, "icd-10-histology"
    elif system == ICD_9_CM and (older := read_icd9(code)) is not None and older.morphology is not None:
        yield ICD_O_MORPHOLOGY, older.morphology, "icd-9-histology"


def _differentiation(system: str, code: str) -> Candidates:
    # The sixth digit of an ICD-O morphology is the differentiation (ICD-O-3, §4.3.4 grading).
    if system in (ICD_O_MORPHOLOGY, ICD_O) and (match := _MORPHOLOGY.fullmatch(code)) and match[3]:
        yield ICD_O_DIFFERENTIATION, match[3], "icd-o-sixth-digit"


def _laterality(system: str, code: str) -> Candidates:
    if system == ICD_10_CM:
        read = read_icd10(code, clinical_modification=True)
        if read is not None and read.laterality is not None:
            yield SNOMED, read.laterality, "icd-10-cm-side"


def _condition(system: str, code: str) -> Candidates:
    """The national modifications extend ICD-10's codes (ICD-10-CM and ICD-10-GM guidelines): the fourth character, else the
    third, is the WHO's category of the same meaning; markers of the German modification (†, *, !) are none of the code."""
    if system in ICD_10_SYSTEMS and (match := _CATEGORY.match(code.upper())):
        if match[2]:
            yield ICD_10, f"{match[1]}.{match[2]}", "icd-10-category"
        yield ICD_10, match[1], "icd-10-category"


def _gene(system: str, code: str) -> Candidates:
    """A gene's HGNC id with or without its prefix, its symbol in place of the id, or its NCBI Gene id."""
    if match := _HGNC_ID.fullmatch(code):
        if match[1] or system == HGNC:
            yield HGNC, f"HGNC:{match[2]}", "hgnc-id"
        elif system == NCBI_GENE and (gene := of_ncbi(code)) is not None:
            yield HGNC, gene.hgnc, "ncbi-gene-id"
    elif system == HGNC and (gene := of_name(code)) is not None:
        yield HGNC, gene.hgnc, "gene-symbol"


NORMALISERS: dict[str, Callable[[str, str], Candidates]] = {
    "CancerTopography": _topography,
    "CancerMorphology": _morphology,
    "HistologyDifferentiation": _differentiation,
    "ICD10Condition": _condition,
    "LateralityQualifier": _laterality,
    "Gene": _gene,
}
