"""What Observations of social history say about tobacco, alcohol, sleep, drugs and exposures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from mappers.codes import LOINC, NCIT, SNOMED
from mappers.fhir import code_of, codings, objects, pairs, words
from mappers.protocol import JsonObject, Resource

#: LOINC 72166-2 tobacco smoking status (US Core, MII Kardiologie), 11367-0 history of tobacco use; SNOMED CT tobacco use.
SMOKING_STATUS = frozenset({(LOINC, "72166-2"), (LOINC, "11367-0"), (SNOMED, "229819007"), (SNOMED, "365981007")})
#: LOINC 8664-5 cigarettes smoked total (pack per year) is what POP's own export uses; SNOMED CT cigarette pack-years.
PACK_YEARS = frozenset({(LOINC, "8664-5"), (SNOMED, "401201003"), (SNOMED, "782516008")})
#: LOINC 107339-4 is what POP's own export uses, SNOMED CT *Time since stopped smoking*; 74010-0 the date of quitting.
QUIT_TIME, QUIT_DATE = frozenset({(LOINC, "107339-4"), (SNOMED, "228486009")}), frozenset({(LOINC, "74010-0")})
#: "1106630-7" is what POP's own export writes; LOINC 68518-0 is AUDIT-C's first question, whose answers POP's list holds.
ALCOHOL = frozenset({(LOINC, "1106630-7"), (LOINC, "68518-0")})
SLEEP = frozenset({(LOINC, "93832-4")})
DRUGS, EXPOSURES = frozenset({(NCIT, "C84368")}), frozenset({(NCIT, "C16552")})
#: POP's own export of a whole lifestyle, as components.
PANEL = frozenset({(LOINC, "LA32823-9")})

FIELDS: dict[tuple[str, str], str] = {
    **dict.fromkeys(SMOKING_STATUS, "smokingStatus"),
    **dict.fromkeys(PACK_YEARS, "smokingPackyears"),
    **dict.fromkeys(QUIT_TIME | QUIT_DATE, "smokingQuited"),
    **dict.fromkeys(ALCOHOL, "alcoholConsumption"),
    **dict.fromkeys(SLEEP, "nightSleep"),
    **dict.fromkeys(DRUGS, "recreationalDrugs"),
    **dict.fromkeys(EXPOSURES, "exposures"),
}
TERMINOLOGY = {
    "smokingStatus": "SmokingStatus",
    "alcoholConsumption": "AlcoholConsumptionFrequency",
    "recreationalDrugs": "RecreationalDrug",
    "exposures": "ExposureAgent",
}

_SYSTEMS = {"smokingStatus": SNOMED, "alcoholConsumption": LOINC}
_PACK_YEARS_TYPED = re.compile(
    r"(?:ca\.?\s*)?(\d{1,3}(?:[.,]\d+)?)\s*(?:pack[- ]?years?|pys?|packungsjahre?|pack/years?)?", re.I | re.A
)
#: Between the parts of a line; a comma between digits is a decimal one.
_PARTS = re.compile(r"[;|()]|,(?!\d)|\.\s")


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a resource says: POP's field, the part (the Observation or a component) and its path."""

    field: str
    resource: Resource
    part: JsonObject
    prefix: str


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    """Kind of words → word → what it means (``lifestyle_words.json``)."""
    document = orjson.loads((files("mappers") / "lifestyle_words.json").read_bytes())
    return {
        kind: {name: meaning for meaning, names in document[kind].items() for name in names}
        for kind in ("questions", *_SYSTEMS)
    }


def plain(text: str) -> str:
    """Folded for comparison: case and punctuation do not count."""
    return " ".join(re.sub(r"[^\w]+", " ", text.lower()).split())


def field_of(code: Any, *, named: bool = False) -> str | None:
    """The POP field that a code asks about; ``named``: also a whole name, where the sender's own code is all there is. The German
    cardiology module names pack-years by a code of its own."""
    for pair in pairs(code):
        if pair in FIELDS:
            return FIELDS[pair]
    if any(code_of(each) == "pack-years" for each in codings(code)):
        return "smokingPackyears"
    if not named or any(system in (LOINC, SNOMED) for system, _ in pairs(code)):
        return None
    known = _words()["questions"]
    found = {known[name] for each in words(code).split(" | ") if (name := plain(each)) in known}
    return found.pop() if len(found) == 1 else None


def is_social_history(json: JsonObject) -> bool:
    """True if the category says so, or if there is none: hospitals send local questions without one."""
    return not objects(json.get("category")) or any(
        code == "social-history" for each in objects(json.get("category")) for _, code in pairs(each)
    )


def answer_in_words(field: str, concept: JsonObject) -> JsonObject | None:
    """The coded answer that the words of an answer mean; None if they are no answer of POP's."""
    if field not in _SYSTEMS:
        return None
    system, known = _SYSTEMS[field], _words()[field]
    found = {known[said] for each in words(concept).split(" | ") if (said := plain(each)) in known}
    return {"coding": [{"system": system, "code": found.pop()}]} if len(found) == 1 else None


def typed_pack_years(text: str) -> str | None:
    """The number of ``30 pack-years``, ``ca. 25 PY``."""
    match = _PACK_YEARS_TYPED.fullmatch(text.strip())
    return match[1].replace(",", ".") if match is not None else None


#: ``quit 10 years ago``, ``stopped smoking 3 years ago``.
_QUIT_AGO = re.compile(
    r"(?:quit|stopped|ceased)(?: smoking)?\W+(?:(?:about|ca\.?|approx\w*)\s*)?(\d{1,2})\s*(?:years?|yrs?)(?: ago)?"
    r"|(?:rauchstopp|aufgehört) vor (\d{1,2}) jahren", re.I | re.A
)  # fmt: skip


def answers_in_text(text: str) -> tuple[list[str], str | None, str | None]:
    """(parts that name a smoking status, pack-years, years since quitting) of one line of social history: ``Former smoker, quit 10
    years ago, 30 pack-years``. Parts that say something else are left alone."""
    known = _words()["smokingStatus"]
    said: list[str] = []
    pack_years = years = None
    for part in _PARTS.split(text):
        if plain(part) in known:
            said.append(part.strip())
        elif re.search(r"[a-z]", part, re.I) and (number := typed_pack_years(part.strip(" ."))) is not None:
            pack_years = number
        elif (match := _QUIT_AGO.fullmatch(part.strip(" ."))) is not None:
            years = match[1] or match[2]
    return said, pack_years, years


def statements(resource: Resource) -> Iterator[Statement]:
    """Everything that an Observation and its components say."""
    named = is_social_history(resource.json)
    own = field_of(resource.json.get("code"), named=named)
    if own is not None and any(name.startswith("value") for name in resource.json):
        yield Statement(own, resource, resource.json, "")
    for position, part in enumerate(objects(resource.json.get("component"))):
        field = field_of(part.get("code"), named=named)
        if field is not None:
            yield Statement(field, resource, part, f"component[{position}].")
