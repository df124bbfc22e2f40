"""What Observations of social history say about tobacco, alcohol, sleep, drugs and exposures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mappers.codes import LOINC, NCIT, SNOMED
from mappers.fhir import code_of, codings, objects, pairs
from mappers.protocol import JsonObject, Resource

#: LOINC 72166-2 tobacco smoking status (US Core, MII Kardiologie), 11367-0 history of tobacco use; SNOMED CT tobacco use.
SMOKING_STATUS = frozenset({(LOINC, "72166-2"), (LOINC, "11367-0"), (SNOMED, "229819007"), (SNOMED, "365981007")})
#: LOINC 8664-5 cigarettes smoked total (pack per year) is what POP's own export uses; SNOMED CT cigarette pack-years.
PACK_YEARS = frozenset({(LOINC, "8664-5"), (SNOMED, "401201003")})
#: LOINC 107339-4 is what POP's own export uses; 74010-0 the date of quitting.
QUIT_TIME, QUIT_DATE = frozenset({(LOINC, "107339-4")}), frozenset({(LOINC, "74010-0")})
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


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a resource says: POP's field, the part (the Observation or a component) and its path."""

    field: str
    resource: Resource
    part: JsonObject
    prefix: str


def field_of(code: Any) -> str | None:
    """The POP field that a code asks about. The German cardiology module names pack-years by a code of its own."""
    found = next((FIELDS[pair] for pair in pairs(code) if pair in FIELDS), None)
    if found is None and any(code_of(each) == "pack-years" for each in codings(code)):
        return "smokingPackyears"
    return found


def statements(resource: Resource) -> Iterator[Statement]:
    """Everything that an Observation and its components say."""
    own = field_of(resource.json.get("code"))
    if own is not None and any(name.startswith("value") for name in resource.json):
        yield Statement(own, resource, resource.json, "")
    for position, part in enumerate(objects(resource.json.get("component"))):
        field = field_of(part.get("code"))
        if field is not None:
            yield Statement(field, resource, part, f"component[{position}].")
