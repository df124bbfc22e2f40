"""A board's general recommendations: codes, registry keys and words into POP's list (``recommendations.json``)."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from mappers.codes import LOINC, SNOMED
from mappers.fhir import codings, pairs, text_of
from mappers.protocol import Context, JsonObject, Translation

TERMINOLOGY = "TumorBoardRecommendation"
#: MII *Therapie Typ* (oBDS 19.1) and its older spellings.
_THERAPY_TYPE = re.compile(r"therapie-?typ|therapieempfehlung|therapieart", re.I)
#: Surveillance excludes what it would otherwise be mistaken for.
_EXCLUDES = {"watch": {"follow-up"}, "maintenance": {"evaluate-systemic"}, "stop-systemic": {"evaluate-systemic"},
             "start-systemic": {"evaluate-systemic"},
             "continue-systemic": {"evaluate-systemic", "continue-treatment"}, "other-board": {"molecular-testing"},
             "confirmatory-testing": {"additional-testing"}, "restage": {"additional-testing"}}  # fmt: skip


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads((files("mappers.boards") / "recommendations.json").read_bytes())
    return document


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...]:
    return tuple((re.compile(one, re.I), re.compile(two, re.I), key) for one, two, key in _table()["words"])


def recommended(concept: JsonObject, context: Context) -> tuple[list[Translation], bool]:
    """(POP's concepts for what is recommended, whether it is understood): a code that says nothing is understood, too."""
    own = context.translate(TERMINOLOGY, concept, text=True)
    if own is not None:
        return [own], True
    table = _table()
    keys: list[str] = []
    understood = False
    for system, code in pairs(concept):
        if _THERAPY_TYPE.search(system) and code in table["therapy-types"]:
            understood = True
            keys.extend(key for key in [table["therapy-types"][code]] if key is not None)
        elif system in (SNOMED, LOINC) and code in table["codes"]:
            understood = True
            keys.append(table["codes"][code])
    if not understood:
        for text in [*(text_of(each.get("display")) for each in codings(concept)), text_of(concept.get("text"))]:
            keys.extend(in_words(text))
    found = [each for key in dict.fromkeys(keys) if (each := _concept(key, context)) is not None]
    return found, understood or bool(found)


@lru_cache(maxsize=4096)
def in_words(text: str) -> tuple[str, ...]:
    """The recommendations that a text names."""
    found = dict.fromkeys(key for one, two, key in _words() if one.search(text) and two.search(text))
    for key in list(found):
        for other in _EXCLUDES.get(key, ()):
            found.pop(other, None)
    return tuple(found)


def of_key(key: str, context: Context) -> Translation | None:
    """POP's concept of a recommendation that a resource is by its nature."""
    return _concept(key, context)


def _concept(key: str, context: Context) -> Translation | None:
    system, code = _table()["recommendations"][key]
    coding = {"system": LOINC if system == "LOINC" else SNOMED, "code": code}
    return context.translate(TERMINOLOGY, {"coding": [coding]})
