"""Which genomic signature a test measures, by code or name."""

from __future__ import annotations

import re

from mappers.codes import LOINC, NCIT
from mappers.fhir import objects, pairs, remembered
from mappers.genomics.codes import POP_TBD, names_of
from mappers.protocol import JsonObject

TMB, MSI, LOH = "TumorMutationalBurden", "MicrosatelliteInstability", "LossOfHeterozygosity"
HRD, TNB, ANEUPLOIDY = "HomologousRecombinationDeficiency", "TumorNeoantigenBurden", "AneuploidScore"
SIGNATURES = (TMB, MSI, LOH, HRD, TNB, ANEUPLOIDY)

#: LOINC, NCI Thesaurus and POP's guide.
_CODES = {
    (LOINC, "94076-7"): TMB, (NCIT, "C150128"): TMB, (LOINC, "81695-9"): MSI, (LOINC, "43368-0"): MSI, (NCIT, "C36318"): MSI,
    (NCIT, "C18016"): LOH, (NCIT, "C120465"): HRD,
    (POP_TBD, "tumor-neoantigen-burden"): TNB, (POP_TBD, "aneuploid-score"): ANEUPLOIDY,
}  # fmt: skip
_NAMES = (
    (re.compile(r"neo-?antigen (?:burden|load)|\btnb\b", re.I), TNB),
    (re.compile(r"mutation(?:al)? (?:burden|load)|mutations? ?/ ?megabase|\btmb\b|mutationslast", re.I), TMB),
    (re.compile(r"micro-?satell?ite|mikrosatellit|\bmsi\b|\bmss\b", re.I), MSI),
    (re.compile(r"homologous recombination|\bhrd\b|genomic instability (?:score|status)|\bgis\b", re.I), HRD),
    (re.compile(r"loss of heterozygosity|\bg?loh\b|heterozygotieverlust", re.I), LOH),
    (re.compile(r"aneuploid", re.I), ANEUPLOIDY),
)  # fmt: skip
_HINTS = (
    "neo", "tnb", "muta", "tmb", "satel", "msi", "mss", "recombination", "hrd", "instability", "gis", "heteroz", "loh", "aneuploid",
)  # fmt: skip
#: Tests of genes and proteins whose names contain one of these, and chromosome counts.
_OTHERS = re.compile(
    r"immuno|\bIHC\b|mismatch repair (?:protein|enzyme)|\bgene p\.|variant|mutation analysis|chromosome|cell cycle|flow|1p|19q",
    re.I,
)


@remembered
def signature_of(code: JsonObject) -> str | None:
    """The kind of signature a code stands for."""
    for pair in pairs(code):
        if pair in _CODES:
            return _CODES[pair]
    for name in names_of(code):
        plain = name.casefold()
        # Most laboratory results end here, without a regular expression.
        if not any(hint in plain for hint in _HINTS) or _OTHERS.search(name):
            continue
        for pattern, kind in _NAMES:
            if pattern.search(name):
                return kind
    return None


def signatures_in(json: JsonObject) -> list[tuple[str, str]]:
    """(kind, path prefix) of the signatures in an Observation: its own, and those of its components."""
    own = signature_of(json.get("code"))
    found = [(own, "")] if own is not None else []
    for number, part in enumerate(objects(json.get("component"))):
        kind = signature_of(part.get("code"))
        if kind is not None and kind != own:
            found.append((kind, f"component[{number}]."))
    return found
