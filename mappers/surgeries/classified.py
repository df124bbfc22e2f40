"""Procedure classifications read by their structure, not by lists of codes: OPS, ICD-10-PCS, CPT, NCSP.

* OPS (BfArM, chapter 5 *Operationen*): the block of three digits names organ and extent; the fourth digit where it decides.
  Chapters 1 (diagnostics), 3 (imaging), 6, 8 and 9 are no operations.
* ICD-10-PCS (CMS *Official Guidelines*, section 0): root operation (character 3), body system (2), body part with its side (4),
  qualifier (7; X is diagnostic).
* CPT (AMA): ranges of the surgery section. Ranges only; the descriptors are the AMA's.
* NCSP (NOMESCO *Classification of Surgical Procedures*): chapter and group letters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import orjson

from mappers.surgeries.names import BILATERAL, LEFT, RIGHT


@dataclass(frozen=True, slots=True)
class Classified:
    """What a code says: an operation, or why it is none."""

    operation: str | None = None
    refused: str = ""
    site: str | None = None
    side: str | None = None
    surgical: bool = True
    """It is at least an operation that removes tissue, even where it is not known which."""


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, str]]:
    document: dict[str, dict[str, str]] = orjson.loads((files("mappers.surgeries") / "classified.json").read_bytes())
    return document


_OPS = re.compile(r"(\d)-(\d[0-9a-z]{2})(?:\.([0-9a-z]{1,2}))?.*", re.I)
_OPS_CHAPTERS = {
    "1": "diagnostics (OPS chapter 1)", "3": "imaging (OPS chapter 3)", "6": "a drug (OPS chapter 6)",
    "8": "no operation (OPS chapter 8)", "9": "a supplementary code (OPS chapter 9)",
}  # fmt: skip


def read_ops(code: str) -> Classified | None:
    """``5-604.02`` → radical prostatectomy; the longest prefix in the table decides."""
    match = _OPS.fullmatch(code)
    if match is None:
        return None
    chapter, block, detail = match[1], match[2].lower(), (match[3] or "").lower()
    if chapter != "5":
        return Classified(refused=_OPS_CHAPTERS.get(chapter, "no operation"), surgical=False)
    table = _tables()["ops"]
    for prefix in (f"{block}.{detail}", f"{block}.{detail[:1]}", block, block[:2]):
        if prefix in table:
            return _entry(table[prefix])
    return Classified()


#: ICD-10-PCS root operations that take tissue away; the others do not.
_PCS_REMOVES = {"B": "excision", "T": "resection", "D": "extraction", "6": "detachment", "5": "destruction"}


def read_pcs(code: str) -> Classified | None:
    """``0HTU0ZZ`` → mastectomy, left."""
    plain = code.replace(".", "").upper()
    if re.fullmatch(r"[0-9A-HJ-NP-Z]{7}", plain) is None:
        return None
    section, system, root, part, qualifier = plain[0], plain[1], plain[2], plain[3], plain[6]
    if section != "0":
        return Classified(refused=_tables()["pcs-sections"].get(section, "no operation"), surgical=False)
    if root not in _PCS_REMOVES:
        return Classified(refused="a procedure that removes no tissue (ICD-10-PCS root operation)", surgical=False)
    if qualifier == "X":
        return Classified(refused="a biopsy: the ICD-10-PCS qualifier X is diagnostic", surgical=False)
    table = _tables()["pcs"]
    for prefix in (f"{system}{root}{part}", f"{system}{root}", f"*{root}"):
        if prefix in table:
            entry = _entry(table[prefix])
            body = _tables()["pcs-parts"].get(f"{system}{part}", "")
            site, _, side = body.partition(" ")
            return Classified(entry.operation, entry.refused, site or None, _PCS_SIDES.get(side))
    return Classified()


_PCS_SIDES = {"R": RIGHT, "L": LEFT, "B": BILATERAL}


def read_cpt(code: str) -> Classified | None:
    """``19307`` → mastectomy."""
    if re.fullmatch(r"\d{5}", code) is None:
        # Category II and III (0001F, 0001T) and HCPCS are no operations on tumours.
        return (
            Classified(refused="no procedure of CPT category I", surgical=False)
            if re.fullmatch(r"\d{4}[FTU]", code)
            else None
        )
    number = int(code)
    for first, last, entry in _cpt_ranges():
        if first <= number <= last:
            return entry
    return Classified(surgical=False)


@lru_cache(maxsize=1)
def _cpt_ranges() -> tuple[tuple[int, int, Classified], ...]:
    """Narrow ranges before wide ones."""
    ranges = []
    for span, value in _tables()["cpt"].items():
        first, _, last = span.partition("-")
        ranges.append((int(first), int(last or first), _entry(value)))
    return tuple(sorted(ranges, key=lambda each: each[1] - each[0]))


_NCSP = re.compile(r"([A-Z]{3})\s?(\d{2}).*")


def read_ncsp(code: str) -> Classified | None:
    """``HAC20`` → mastectomy."""
    match = _NCSP.fullmatch(code.upper())
    if match is None:
        return None
    table = _tables()["ncsp"]
    for prefix in (match[1] + match[2], match[1], match[1][:2], match[1][:1]):
        if prefix in table:
            return _entry(table[prefix])
    return Classified(surgical=False)


def _entry(value: str) -> Classified:
    """``-reason`` refuses; anything else is the key of an operation, and the site if the code names a finer one."""
    if value.startswith("-"):
        return Classified(refused=value[1:], surgical=False)
    operation, _, site = value.partition(" ")
    return Classified(operation, site=site or None)
