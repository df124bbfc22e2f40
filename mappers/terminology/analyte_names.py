"""The analyte that a test's name means, where its code does not tell.

Names are compared whole, after normalisation: case, punctuation and spacing do not count (``CA 15-3``, ``CA15.3``), Greek letters
are written out, and words that say how or where a test was done (``in Serum or Plasma``, ``by Immune stain``, ``quantitativ``)
are left out. A word that is not understood makes it another test: ``PSA free`` is none of PSA.

LOINC's names are regular (LOINC Users' Guide, *Major parts of a LOINC name*): the long common name is ``Component [Property] in
System by Method``, the short one ``Component System-Property``. Their system says what was examined; only blood and tissue count,
since POP does not record the specimen.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from mappers.codes import LOINC, NCIT

_GREEK = {"α": "alpha", "β": "beta", "ä": "ae", "ö": "oe", "ü": "ue"}
#: The German letter that people type for β: at the edge of a word.
_TYPED_BETA = re.compile(r"ß(?![a-zäöü])|(?<![a-zäöü])ß", re.I)
_TOKEN = re.compile(r"[a-z]+|\d+")
_IN_SERUM = re.compile(r"\bi\.?\s?[sp]\.?(?=\W|$)|\((?:s|p|serum|plasma|blut|blood)\)|[,;]\s*(?:s|p|serum)$")
_SEMANTIC_TAG = re.compile(r"\s*\((?:procedure|observable entity|finding|substance|qualifier value)\)$")

_BLOOD_OR_TISSUE = re.compile(
    r"(?:serum|plasma|blood|blut|serum, plasma or blood|serum (?:or|oder) plasma|blood or tissue|tissue|gewebe|tumou?r|specimen"
    r"|cervix|(?:\w+ )?cancer specimen)(?: by .*| --.*| qualitative| quantitative| narrative)?"
)
_LONG_NAME = re.compile(r"(?P<component>.+?)(?: \[[^\]]*\](?: [a-z]+)?| interpretation)? in (?P<system>.+)")
_SHORT_NAME = re.compile(
    r"(?P<component>.+?) (?:SerPl|SerPlBld|Ser|Plas|Bld|Tiss|Br ca spec|Ca spec)(?:-[a-zA-Z]+| .*|$)"
)

#: SNOMED CT's names of observables by immunohistochemistry.
_OBSERVABLE = re.compile(
    r"(?:percent(?:age)? of cells with|proportion of cells with|presence of) (?P<component>.+?) in (?:.* )?"
    r"(?:neoplasm|tumou?r|carcinoma)\b.*"
)
#: Tests for the carcinogenic types together (IARC Monographs 100B) ask for HPV; a test for one or two types says less.
_HPV_TYPES = re.compile(r"(?<=virus )(?:high[- ]risk|(?:\d+[+/]){4,}\d+) |(?<=hpv )high[- ]risk ")
_PARTS = re.compile(r"[(),;]|\s[-–]\s")

#: Abbreviations that mean other things elsewhere (emergency room, pulse rate, partial response): alone they name an analyte only
#: in a laboratory result.
ABBREVIATIONS = frozenset({"er", "pr", "ar", "ld", "mel", "casa", "grp"})


def _folded(text: str) -> str:
    folded = _SEMANTIC_TAG.sub("", " ".join(_TYPED_BETA.sub("beta", text).casefold().split()))
    for letter, written in _GREEK.items():
        folded = folded.replace(letter, written)
    return _HPV_TYPES.sub("", folded)


def normal_analyte(text: str) -> str:
    """The name without case, punctuation, and words about specimen and method; empty if nothing is left."""
    folded = _folded(text)
    observable = _OBSERVABLE.fullmatch(folded)
    tokens = _TOKEN.findall(_IN_SERUM.sub(" ", observable["component"] if observable is not None else folded))
    return "".join(token for token in tokens if token not in _document()["noise"])


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads((files("mappers.terminology") / "analyte_names.json").read_bytes())
    # Words about the specimen, the method or the result; none of them changes what is measured.
    return document | {"noise": frozenset(document["noise"])}


@lru_cache(maxsize=1)
def _names() -> dict[str, tuple[str, str, str]]:
    return {
        normal_analyte(name): (NCIT if code.startswith("C") else LOINC, code, names[0])
        for code, names in _document()["names"].items()
        for name in names
    }


@lru_cache(maxsize=8192)
def analyte_named(text: str, *, loinc: bool = False) -> tuple[str, str, str] | None:
    """(system, code, display) of the analyte that the name means; ``loinc`` if it is the display of a LOINC code."""
    name = _loinc_component(text) if loinc else text
    found = _names().get(normal_analyte(name)) if name else None
    return found if found is not None or loinc else _named_twice(text)


def _named_twice(text: str) -> tuple[str, str, str] | None:
    """An analyte by several of its names: ``CEA (Carcinoembryonic Antigen), serum``. Each part must name it, or say nothing."""
    parts = [plain for part in _PARTS.split(text) if (plain := normal_analyte(part))]
    named = {_names().get(part) for part in parts}
    return named.pop() if len(named) == 1 else None


def _loinc_component(display: str) -> str:
    """What a LOINC name says is measured in blood or tissue; empty if it says another system."""
    folded = " ".join(display.split())
    match = _LONG_NAME.fullmatch(folded.casefold())
    if match is not None:
        return match["component"] if _BLOOD_OR_TISSUE.fullmatch(match["system"]) else ""
    match = _SHORT_NAME.fullmatch(folded)
    return match["component"] if match is not None else ""
