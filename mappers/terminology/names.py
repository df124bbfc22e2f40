"""Names that are not spelled as POP spells them: TNM letters and drug descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator

_STAGE = re.compile(
    r"(?:(?:clinical|pathologic(?:al)?|ajcc|uicc|tnm|anatomic|prognostic)\s+)*(?:stage\s*(?:group\s*)?)?"
    r"([0-4]|i{1,3}|iv)\s*(is|[a-e])?\s*([1-3])?(?:\s*\(.*\))?"
)
_ROMAN = {"0": "0", "1": "I", "2": "II", "3": "III", "4": "IV"}
_CATEGORY = re.compile(
    r"(?:stage\s+)?((?:y?[cpra]{0,2})(?:t|n|m)(?:[0-4x]|is|a)[a-e]?\d?)(?:\s*\((?:m|\d+|sn|i[+-]|mol[+-])\))?", re.I
)
_STRENGTH = re.compile(
    r"\b\d+(?:[.,]\d+)?\s*(?:mg|g|mcg|ug|ml|iu|units?|%)?(?:\s*/\s*(?:ml|m2|mg|actuat|hr|h))?\b", re.I
)
_WORD = re.compile(r"[a-z0-9][a-z0-9\-]*")


def stage_letters(text: str) -> Iterator[str]:
    """``Stage 2b`` → ``Stage IIB``: UICC and AJCC count in Roman numerals (UICC TNM, 8th ed., *Stage groups*)."""
    match = _STAGE.fullmatch(" ".join(text.split()).casefold())
    if match is not None:
        number = _ROMAN.get(match[1], match[1].upper())
        letter = match[2] or ""
        yield f"Stage {number}{letter if letter == 'is' or (number == '0' and letter) else letter.upper()}{match[3] or ''}"


def category_letters(text: str) -> Iterator[str]:
    """``pT2a(m)`` → ``pT2a``: multiplicity, node counts and examination marks are no part of the category."""
    match = _CATEGORY.fullmatch(" ".join(text.split()))
    if match is not None:
        yield match[1]


def drug_names(text: str) -> Iterator[str]:
    """Runs of up to four words of a drug description, longest first, without strengths:
    ``cisplatin 1 MG/ML Injectable Solution`` gives ``cisplatin``."""
    plain = _STRENGTH.sub(" ", text.casefold())
    found = _WORD.findall(plain)
    for length in range(min(4, len(found)), 0, -1):
        for start in range(len(found) - length + 1):
            yield " ".join(found[start : start + length])
