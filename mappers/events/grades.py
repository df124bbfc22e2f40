"""The CTCAE grade of an event: 1 to 5; 0 and oBDS's K say that there was none.

Stated by number (extension, severity, value, text), by NCI Thesaurus (THO *Adverse Event Clinical Research Grades*), or by oBDS
2021 item 15.1. *Mild*, *moderate*, *severe*, *life-threatening* and *fatal* are CTCAE 5.0's own general words for the grades
(*Grade 1 Mild*, *Grade 2 Moderate*, *Grade 3 Severe*…): taken as an assumption, or not (option ``adverse-event.severity`` =
``block``). *Serious* is no grade (CTCAE 5.0, introduction; ICH E2A).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mappers.codes import NCIT, SNOMED, system_of
from mappers.fhir import code_of, codings, text_of
from mappers.units import decimal_of

_NCIT = {"C75533": 0, "C41338": 1, "C41339": 2, "C41340": 3, "C41337": 4, "C84266": 4, "C48275": 5}
_SEVERITY = {
    "mild": 1, "leicht": 1, "gering": 1, "moderate": 2, "moderat": 2, "mäßig": 2, "mittel": 2, "severe": 3, "schwer": 3,
    "schwerwiegend": 3, "life-threatening": 4, "life threatening": 4, "lebensbedrohlich": 4, "fatal": 5, "tödlich": 5,
}  # fmt: skip
_SNOMED = {
    "255604002": 1, "6736007": 2, "1255665007": 2, "24484000": 3, "442452003": 4, "399166001": 5,
}  # fmt: skip
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}
#: «Grade 3», «G3», «Grad III», «CTC grade: 2» (a Roman number only after the whole word: «GI» is no grade). A range is no grade.
GRADE_WORDS = re.compile(
    r"\b(?:toxicity )?(?:(?:grade|grad)\s*[:=]?\s*([0-5]|iii|ii|iv|i|v)|(?:gr\.?|g)\s*[:=]?\s*([0-5]))\b(?![.,]\d)",
    re.I,
)
_RANGE = re.compile(r"\b(?:grade|grad|gr\.?|g)\s*[:=]?\s*[0-5]\s*(?:[-–/]|to|bis)\s*[0-5]", re.I)
_CTCAE_SYSTEM = re.compile(r"ctc|grade|grad\b|severity", re.I)


@dataclass(frozen=True, slots=True)
class Grade:
    """What an element says."""

    value: int
    """0 to 5; 0: no event."""
    from_severity: bool = False


def read_grade(value: Any) -> Grade | None:
    """The grade that a value of any FHIR type states; None if it states none, or a range."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | str):
        return _number(value) or (read_text(value) if isinstance(value, str) else None)
    if not isinstance(value, dict):
        return None
    if "value" in value:
        return _number(value["value"])
    for coding in codings(value):
        system, code = system_of(coding.get("system")), code_of(coding)
        if system == NCIT and code in _NCIT:
            return Grade(_NCIT[code])
        if system == SNOMED:
            continue
        if code == "K" and _CTCAE_SYSTEM.search(system):
            return Grade(0)
        if (found := _number(code)) is not None:
            return found
    texts = [text_of(each.get("display")) or code_of(each) for each in codings(value)]
    for text in (text_of(value.get("text")), *texts):
        if (told := read_text(text)) is not None:
            return told
    for coding in codings(value):
        if system_of(coding.get("system")) == SNOMED and code_of(coding) in _SNOMED:
            return Grade(_SNOMED[code_of(coding)], from_severity=True)
    return None


def read_text(text: str) -> Grade | None:
    """The grade in a text: «Grade 3 neutropenia», «G2», «severe»."""
    if _RANGE.search(text):
        return None
    found = {_value(match[1] or match[2]) for match in GRADE_WORDS.finditer(text)}
    if len(found) == 1:
        return Grade(found.pop())
    plain = re.sub(r"\((?:severity modifier|qualifier value)\)|adverse event", " ", text.casefold())
    severity = _SEVERITY.get(" ".join(plain.split()).strip(" .)("))
    return Grade(severity, from_severity=True) if severity is not None and not found else None


def is_ctcae(concept: Any) -> bool:
    """True if a concept is a CTCAE grade by its code system or its words (not merely *severe*)."""
    return any(
        (system_of(each.get("system")) == NCIT and code_of(each) in _NCIT)
        or re.search(r"ctc", system_of(each.get("system")), re.I)
        or re.search(r"\bctc(?:ae)?\b", text_of(each.get("display")), re.I)
        for each in codings(concept)
    ) or bool(isinstance(concept, dict) and re.search(r"\bctc(?:ae)?\b", text_of(concept.get("text")), re.I))


def _number(value: Any) -> Grade | None:
    number = decimal_of(value)
    return Grade(int(number)) if number is not None and number in range(6) else None


def _value(match: str) -> int:
    return _ROMAN[match.casefold()] if match.casefold() in _ROMAN else int(match)
