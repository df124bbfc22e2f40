"""Which performance scale an Observation uses, and which score it states."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mappers.codes import LOINC, NCIT, SNOMED
from mappers.fhir import code_of, codings, has_code, objects, pairs, remembered, text_of, words
from mappers.protocol import JsonObject, Resource, Source
from mappers.units import decimal_of

ECOG, KARNOFSKY, LANSKY = "ecogScore", "karnofskyScore", "lansky"

#: mCODE codes Lansky with NCIt C38144; MII *Allgemeiner Leistungszustand* ECOG and Karnofsky as components of 423690003.
SCALES: dict[tuple[str, str], str] = {
    **dict.fromkeys(((LOINC, "89247-1"), (LOINC, "89262-0"), (SNOMED, "423740007"), (NCIT, "C105721")), ECOG),
    **dict.fromkeys(((LOINC, "89243-0"), (SNOMED, "273546003"), (SNOMED, "761869008"), (NCIT, "C28013")), KARNOFSKY),
    **dict.fromkeys(((NCIT, "C38144"), (LOINC, "89246-3"), (SNOMED, "273557003")), LANSKY),
}
#: A performance status that does not say which: SNOMED CT 423690003, which is MII's.
GENERAL = frozenset({(SNOMED, "423690003")})
_GENERAL_NAMES = re.compile(r"(?:allgemeiner )?leistungszustand|performance status(?: score)?", re.I)

#: LOINC answer lists LL529-9 (ECOG) and LL4986-7 (Karnofsky); SNOMED CT ECOG grades 0 to 5.
ANSWERS: dict[tuple[str, str], tuple[str, int]] = {
    (LOINC, "LA9622-7"): (ECOG, 0), (LOINC, "LA9623-5"): (ECOG, 1), (LOINC, "LA9624-3"): (ECOG, 2), (LOINC, "LA9625-0"): (ECOG, 3),
    (LOINC, "LA9626-8"): (ECOG, 4),
    (SNOMED, "425389002"): (ECOG, 0), (SNOMED, "422512005"): (ECOG, 1), (SNOMED, "422894000"): (ECOG, 2),
    (SNOMED, "423053003"): (ECOG, 3), (SNOMED, "423237006"): (ECOG, 4), (SNOMED, "423409001"): (ECOG, 5),
    (LOINC, "LA29175-9"): (KARNOFSKY, 100), (LOINC, "LA29176-7"): (KARNOFSKY, 90), (LOINC, "LA29177-5"): (KARNOFSKY, 80),
    (LOINC, "LA29178-3"): (KARNOFSKY, 70), (LOINC, "LA29179-1"): (KARNOFSKY, 60), (LOINC, "LA29180-9"): (KARNOFSKY, 50),
    (LOINC, "LA29181-7"): (KARNOFSKY, 40), (LOINC, "LA29182-5"): (KARNOFSKY, 30), (LOINC, "LA29183-3"): (KARNOFSKY, 20),
    (LOINC, "LA29184-1"): (KARNOFSKY, 10),
}  # fmt: skip
#: *Dead* is an answer of both lists.
_DEAD = (LOINC, "LA9627-6")
_DEAD_SCORES = {ECOG: 5, KARNOFSKY: 0}
#: oBDS 12.1, MII's code systems: the grade itself (``1``), a percentage (``90%``), or ``U`` for unknown.
_GERMAN_SYSTEM = re.compile(r"leistungszustand", re.I)
_UNKNOWN = re.compile(
    r"unknown|unbekannt|u|not (?:done|assessed|recorded|documented|available)"
    r"|nicht (?:erhoben|bekannt|dokumentiert)|k\.? ?a\.?|n/?a",
    re.I,
)
_UNKNOWN_CODES = frozenset({(SNOMED, "261665006"), (SNOMED, "373121007"), (LOINC, "LA4489-6")})

_SCALE_WORDS = (
    (
        ECOG,
        re.compile(
            r"\becog\b|eastern cooperative oncology group|\bzubrod\b|who[- ](?:performance|leistungs)",
            re.I,
        ),
    ),
    (KARNOFSKY, re.compile(r"karnofsky|\bkps\b", re.I)),
    (LANSKY, re.compile(r"\blansky\b", re.I)),
)
_NOT_A_SCORE = re.compile(r"\b(?:trial|study|studie|protocol|protokoll|studies)\b", re.I)
_RANGE = re.compile(r"\d\s*(?:-|–|/|to|bis|or|oder)\s*\d")
_ECOG_TEXT = re.compile(
    r"(?:(?:ecog|zubrod|who|eastern cooperative oncology group)\W*)?"
    r"(?:(?:performance|leistungs)\W*(?:status|zustand|score|index)?\W*)?"
    r"(?:ps|score|grade|grad|stage|status|fully active|asymptomatic)?\W*(?P<score>[0-5])(?:\.0)?\b(?!\s*%)(?:\W.*)?",
    re.I | re.S,
)
_KARNOFSKY_TEXT = re.compile(
    r"(?:(?:karnofsky|kps)\W*)?(?:(?:performance|leistungs)\W*(?:status|zustand|score|index)?\W*)?(?:index|score|status|scale)?\W*"
    r"(?P<score>100|[1-9]?0)(?:\.0)?\b\s*%?(?:\W.*)?",
    re.I | re.S,
)


@dataclass(frozen=True, slots=True)
class Score:
    """One score; ``value`` None if the answer is none of the scale, ``unknown`` if the source says that it is not known."""

    scale: str
    source: Source
    value: int | None = None
    unknown: bool = False


def scale_of(code: Any) -> str | None:
    """The scale that a test's code, else its words, name; None if its words name several."""
    for pair in pairs(code):
        if pair in SCALES:
            return SCALES[pair]
    if not isinstance(code, dict):
        return None
    texts = [code.get("text"), *(coding.get("display") for coding in codings(code))]
    named = {scale for each in texts if isinstance(each, str) and (scale := _scale_named(each)) is not None}
    return named.pop() if len(named) == 1 else None


@lru_cache(maxsize=8192)
def _scale_named(text: str) -> str | None:
    """The one scale that a text names. Cached: a record asks it of each of its few tests many times."""
    named = [scale for scale, pattern in _SCALE_WORDS if pattern.search(text)]
    return named[0] if len(named) == 1 and not _NOT_A_SCORE.search(text) else None


def is_performance_status(json: JsonObject) -> bool:
    """True if the Observation or a component of it is one of the scales, or a performance status in general."""
    if _names_scale(json.get("code")):
        return True
    parts = json.get("component")
    return parts is not None and any(any(pair in SCALES for pair in pairs(part.get("code"))) for part in objects(parts))


@remembered
def _names_scale(code: JsonObject) -> bool:
    return scale_of(code) is not None or _is_general(code)


def _is_general(code: Any) -> bool:
    return has_code(code, GENERAL) or any(_GENERAL_NAMES.fullmatch(each) for each in words(code).split(" | "))


def scores(resource: Resource) -> Iterator[Score]:
    """The scores of an Observation and its components."""
    json = resource.json
    own = scale_of(json.get("code"))
    general = own is None and _is_general(json.get("code"))
    if own is not None or general:
        yield from _score(resource.reference, "", json, own)
    for position, part in enumerate(objects(json.get("component"))):
        scale = scale_of(part.get("code")) or (own if own is not None and not _has_value(json) else None)
        if scale is not None:
            yield from _score(resource.reference, f"component[{position}].", part, scale)


_VALUES = ("valueInteger", "valueDecimal", "valueString", "valueQuantity", "valueCodeableConcept", "interpretation")


def _has_value(part: JsonObject) -> bool:
    return any(part.get(name) is not None for name in _VALUES)


def _score(reference: str, prefix: str, part: JsonObject, scale: str | None) -> Iterator[Score]:
    """The first element that states a score. An answer that names its scale (SNOMED CT's grades, ``90%``) decides which it is."""
    told: Score | None = None
    for name in _VALUES:
        value = part.get(name)
        for each in value if isinstance(value, list) else [value]:
            if each is None:
                continue
            source = Source(reference, prefix + name)
            found = _answer(each, scale)
            if found is not None:
                yield Score(found[0], source, found[1])
                return
            if told is None and scale is not None and name != "interpretation":
                told = Score(scale, source, unknown=_is_unknown(each))
    if told is not None:
        yield told
    elif scale is not None and part.get("dataAbsentReason") is not None:
        yield Score(scale, Source(reference, prefix + "dataAbsentReason"))
    elif scale is not None and not (prefix == "" and objects(part.get("component"))):
        yield Score(scale, Source(reference, prefix + "value"))


def _answer(value: Any, scale: str | None) -> tuple[str, int] | None:
    if not isinstance(value, dict):
        return _plain(str(value), scale) if not isinstance(value, bool) else None
    if "value" in value:
        number = decimal_of(value.get("value"))
        percent = text_of(value.get("unit")) == "%" or value.get("code") == "%"
        return _plain(f"{number}{'%' if percent else ''}", scale) if number is not None else None
    for pair in pairs(value):
        if pair in ANSWERS:
            return ANSWERS[pair]
        if pair == _DEAD and scale in _DEAD_SCORES:
            return scale, _DEAD_SCORES[scale]
    # MII's own examples leave out the system: {"code": "30%"}.
    texts = [
        code_of(each) for each in codings(value)
        if not each.get("system") or _GERMAN_SYSTEM.search(str(each.get("system")))
    ]  # fmt: skip
    texts.extend(words(value).split(" | "))
    found = {answer for each in texts if each and (answer := _plain(each, scale)) is not None}
    return found.pop() if len(found) == 1 else None


def _plain(text: str, scale: str | None) -> tuple[str, int] | None:
    """A score as a number or a text: ``1``, ``ECOG 1``, ``Grad 1``, ``90 %``, ``KPS 80``. Of a range nothing is taken."""
    said = " ".join(text.split())
    named = [each for each, pattern in _SCALE_WORDS if pattern.search(said)]
    if len(named) == 1 and (scale is None or scale == named[0]):
        scale = named[0]
    number = decimal_of(said)
    if number is not None and scale is not None:
        whole = number == number.to_integral_value() and abs(number) < 10_000
        return (scale, int(number)) if whole else None
    if _RANGE.search(said[:30]):
        return None
    percent = re.fullmatch(r"(100|[1-9]?0)(?:\.0+)?\s*%", said)
    if percent is not None and scale != LANSKY:
        return KARNOFSKY, int(percent[1])
    pattern = {ECOG: _ECOG_TEXT, KARNOFSKY: _KARNOFSKY_TEXT}.get(scale or "")
    match = pattern.fullmatch(said) if pattern is not None else None
    return (scale, int(match["score"])) if match is not None and scale is not None else None


def _is_unknown(value: Any) -> bool:
    if isinstance(value, str):
        return _UNKNOWN.fullmatch(value.strip()) is not None
    if any(pair in _UNKNOWN_CODES for pair in pairs(value)):
        return True
    said = [*words(value).split(" | "), *(code_of(each) for each in codings(value) if isinstance(value, dict))]
    return any(_UNKNOWN.fullmatch(each) is not None for each in said if each)
