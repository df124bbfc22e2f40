"""Risk scores of oncology: which method an Observation uses, and which of its classes a word or a score is.

Codes are NCI Thesaurus's, as in POP's lists. The pairs of method and class that POP accepts are in ``adapters.pop.guard.risk``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from mappers.codes import NCIT, SNOMED
from mappers.fhir import codings, pairs, words

#: Method → words that name it. A word of its own, so that MIPI and FLIPI are no IPI.
_NAMES: dict[str, str] = {
    "C121007": r"child[- ]?pugh",
    "C127872": r"\beutos\b(?!.*(?:long|survival|elts))|european treatment outcome study",
    "C127873": r"hasford",
    "C127875": r"sokal",
    "C136962": r"\bflipi\b(?![- ]?2)|follicular lymphoma international prognostic index(?! 2)",
    "C155843": r"imdc|heng (?:score|criteria)|metastatic renal cell carcinoma database",
    "C161805": r"(?<![-\w])ipi\b|^international prognostic index",
    "C162781": r"\bmipi\b(?!-c)|mantle cell lymphoma international prognostic index",
    "C177308": r"non-?seminoma\w*.*(?:igccc?g?|germ cell c)|igccc?g?.*non-?seminoma",
    "C177309": r"(?<!non-)(?<!non)seminoma.*(?:igccc?g?|germ cell .*c)|igccc?g?.*(?<!non-)(?<!non)seminoma",
    "C177562": r"european ?leukemia ?net|\beln\b.*risk",
    "C181084": r"nccn.*prostate",
    "C181085": r"\bcapra\b(?!-s)|cancer of the prostate risk assessment",
    "C181086": r"d.?amico",
}
METHODS = frozenset({*_NAMES, "C142346"})
#: Indices of one lymphoma are named after the general one: ``Follicular Lymphoma IPI (FLIPI)``.
_GENERAL, _PARTICULAR = "C161805", frozenset({"C136962", "C162781"})
_PATTERNS = {method: re.compile(pattern) for method, pattern in _NAMES.items()}
_ANY = re.compile("|".join(_NAMES.values()))

#: Method → level → class.
_THREE = {"low": "C102403", "intermediate": "C102402", "high": "C102401"}
_CLASSES: dict[str, dict[str, str]] = {
    "C127872": {"low": "C102403", "high": "C102401"},
    **dict.fromkeys(("C127873", "C127875", "C162781", "C181085", "C181086"), _THREE),
    "C136962": {"low": "C136965", "intermediate": "C136967", "high": "C136968"},
    "C155843": {"favorable": "C155844", "intermediate": "C155845", "poor": "C155846"},
    "C161805": {"low": "C161806", "low-intermediate": "C161807", "high-intermediate": "C161808", "high": "C161809"},
    "C177562": {"favorable": "C188369", "intermediate": "C188370", "adverse": "C188368"},
    "C121007": {"a": "C113691", "b": "C113692", "c": "C113694"},
    "C181084": {
        "very-low": "C192873", "low": "C192874", "intermediate": "C192875", "favorable-intermediate": "C192876",
        "unfavorable-intermediate": "C192877", "high": "C192878", "very-high": "C192879",
    },
    "C177309": {"good": "C177313", "intermediate": "C177314"},
    "C177308": {"good": "C177310", "intermediate": "C177311", "poor": "C177312"},
}  # fmt: skip
#: mCODE's *Risk Assessment Value Set*: SNOMED CT qualifiers, and NCIt's plain levels.
_LEVEL_CODES = {
    (SNOMED, "723505004"): "low", (SNOMED, "723509005"): "high", (SNOMED, "260362008"): "very-low",
    (SNOMED, "260360000"): "very-high", (NCIT, "C102401"): "high", (NCIT, "C102402"): "intermediate", (NCIT, "C102403"): "low",
}  # fmt: skip

#: Method → (upper bound of the score, class level), ascending; None has no bound. IPI: Shipp 1993; FLIPI: Solal-Céligny 2004;
#: IMDC: Heng 2009; CAPRA: Cooperberg 2005; Child-Pugh: Pugh 1973; Sokal 1984; EUTOS: Hasford 2011; Hasford 1998. MIPI has two
#: scales (simplified and not), so that a number alone does not tell.
_SCORES: dict[str, tuple[tuple[str | None, str], ...]] = {
    "C161805": (("1", "low"), ("2", "low-intermediate"), ("3", "high-intermediate"), ("5", "high")),
    "C136962": (("1", "low"), ("2", "intermediate"), ("5", "high")),
    "C155843": (("0", "favorable"), ("2", "intermediate"), ("6", "poor")),
    "C181085": (("2", "low"), ("5", "intermediate"), ("10", "high")),
    "C121007": (("6", "a"), ("9", "b"), ("15", "c")),
    "C127875": (("0.7999999", "low"), ("1.2", "intermediate"), (None, "high")),
    "C127872": (("87", "low"), (None, "high")),
    "C127873": (("780", "low"), ("1480", "intermediate"), (None, "high")),
}
_LOWEST = {"C121007": Decimal(5)}


def method_of(code: Any) -> str | None:
    """The method (NCIt code) that a test's code or words name."""
    for system, found in pairs(code):
        if system == NCIT and found in METHODS:
            return found
    if not isinstance(code, dict):
        return None
    texts = [code.get("text"), *(coding.get("display") for coding in codings(code))]
    named = frozenset().union(*(_named(each) for each in texts if isinstance(each, str)))
    if named & _PARTICULAR:
        named -= {_GENERAL}
    return next(iter(named)) if len(named) == 1 else None


@lru_cache(maxsize=8192)
def _named(text: str) -> frozenset[str]:
    """The methods that a text names. Cached: a record asks it of each of its few tests many times."""
    said = " ".join(text.split()).casefold()
    if _ANY.search(said) is None:
        return frozenset()
    return frozenset(method for method, pattern in _PATTERNS.items() if pattern.search(said))


def level_of(value: Any) -> str | None:
    """The level that a coded or worded result states: ``high``, ``low-intermediate``, ``a``…"""
    coded = next((_LEVEL_CODES[pair] for pair in pairs(value) if pair in _LEVEL_CODES), None)
    if coded is not None:
        return coded
    said = words(value) if isinstance(value, dict) else str(value or "")
    return next((level for each in said.split(" | ") if (level := _level(each.casefold())) is not None), None)


_LEVEL = re.compile(
    r"(?:(?P<more>very|favou?rable|unfavou?rable|low|high)[ -]+)?(?P<level>low|intermediate|high|favou?rable|good|poor|adverse)"
    r"(?:[ -]risk)?(?:[ -](?:group|category|class))?|(?:(?:class|child[- ]pugh|child)\s*)?(?P<child>[abc])\d{0,2}"
)


_GERMAN = (
    (r"niedrig(?:es)?", "low"), (r"intermediär(?:es)?|mittel|mittleres", "intermediate"), (r"hohe?s?", "high"),
    (r"ungünstig(?:es|e)?", "adverse"), (r"günstig(?:es|e)?", "favorable"), (r"gute?\b", "good"), (r"schlechte?\b", "poor"),
    (r"(?<=[a-zäöü])(?=risiko)", " "), ("risiko", "risk"), ("gruppe", "group"), (r"prognos(?:is|e)", "risk"), ("klasse", "class"),
)  # fmt: skip
#: What stands around a level: the method's name, a score in brackets or after it.
_AROUND = re.compile(
    r"\([^)]*\)"
    r"|^(?:imdc|flipi|ipi|mipi|nccn|eln(?: ?20\d\d)?|d.?amico|(?:ucsf )?capra|igccc?g?|sokal|eutos|hasford|heng)\b[ :,-]*"
    r"|[ ,;:-]+(?:score|points?)?\s*\d{1,2}(?:\s*(?:points?|punkte))?$"
)


def _level(text: str) -> str | None:
    """``low-intermediate risk`` → ``low-intermediate``; German words too; None for anything with other words in it."""
    for german, english in _GERMAN:
        text = re.sub(german, english, text)
    match = _LEVEL.fullmatch(" ".join(_AROUND.sub(" ", text).split()).strip(" .,:;"))
    if match is None:
        return None
    if match["child"]:
        return match["child"]
    parts = [part for part in (match["more"], match["level"]) if part]
    return "-".join(parts).replace("favourable", "favorable")


def class_of_level(method: str, level: str) -> str | None:
    """The method's class of this level. *Good* and *favourable*, *poor* and *adverse* say the same of a prognosis."""
    classes = _CLASSES.get(method, {})
    for same in (frozenset({"good", "favorable"}), frozenset({"poor", "adverse", "unfavorable"})):
        if level in same and level not in classes:
            return next((classes[each] for each in sorted(same) if each in classes), None)
    return classes.get(level)


def class_of_score(method: str, score: Decimal) -> str | None:
    """The class that the method's publication gives a score; None outside its range or where none is published."""
    if score < _LOWEST.get(method, Decimal(0)):
        return None
    for bound, level in _SCORES.get(method, ()):
        if bound is None or score <= Decimal(bound):
            return _CLASSES[method][level]
    return None
