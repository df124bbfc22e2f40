"""Which field of POP's vitals an Observation, or one of its components, measures, and whether its value can be true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mappers.codes import LOINC, SNOMED
from mappers.fhir import objects, pairs, text_of, words
from mappers.protocol import JsonObject, Resource, Source
from mappers.units import VITAL_FIELDS, decimal_of, to_field

_ISO_11073 = "urn:iso:std:iso:11073:10101"
#: LOINC: body height, measured, stated, estimated, lying, standing; body weight, measured, stated, estimated, with and without
#: clothes; systolic and diastolic pressure, non-invasive, invasive, sitting, standing, supine; body temperature, oral, rectal,
#: tympanic, axillary, core, bladder, temporal artery.
#: SNOMED CT: the codes that the German base profiles (gematik ISiK *Vitalparameter*, MII *ICU*) and R4's own examples put beside
#: LOINC. ISO/IEEE 11073: what devices, and MII's intensive care profiles, send.
_LOINC_CODES = {
    "height": ("8302-2", "3137-7", "3138-5", "8301-4", "8306-3", "8308-9"),
    "weight": ("29463-7", "3141-9", "3142-7", "8335-2", "8350-1", "8351-9"),
    "bloodPressureSystolic": ("8480-6", "76534-7", "76215-3", "8459-0", "8460-8", "8461-6"),
    "bloodPressureDiastolic": ("8462-4", "76535-4", "76213-8", "8453-3", "8454-1", "8455-8"),
    "temperature": ("8310-5", "8331-1", "8332-9", "8333-7", "8328-7", "8329-5", "8334-5", "75539-7"),
}
_SNOMED_CODES = {
    "height": ("1153637007", "50373000", "248333004"),
    "weight": ("27113001",),
    "bloodPressureSystolic": ("271649006",),
    "bloodPressureDiastolic": ("271650006",),
    "temperature": ("386725007", "276885007"),
}
_DEVICE_CODES = {
    "height": ("188740",),
    "weight": ("188736",),
    "bloodPressureSystolic": ("150021", "150037"),
    "bloodPressureDiastolic": ("150022", "150038"),
    "temperature": ("150364",),
}
FIELDS: dict[tuple[str, str], str] = {
    (system, code): field
    for system, table in ((LOINC, _LOINC_CODES), (SNOMED, _SNOMED_CODES), (_ISO_11073, _DEVICE_CODES))
    for field, codes in table.items()
    for code in codes
}
#: What people call them, where a code of their own is all they send.
_NAMES = {
    **dict.fromkeys(("height", "body height", "patient height", "größe", "körpergröße"), "height"),
    **dict.fromkeys(("weight", "body weight", "patient weight", "gewicht", "körpergewicht"), "weight"),
    **dict.fromkeys(
        ("systolic", "systolic blood pressure", "systolic bp", "bp systolic", "blood pressure systolic", "systolisch",
         "blutdruck systolisch", "systolischer blutdruck", "rr systolisch", "rr syst"),
        "bloodPressureSystolic",
    ),
    **dict.fromkeys(
        ("diastolic", "diastolic blood pressure", "diastolic bp", "bp diastolic", "blood pressure diastolic", "diastolisch",
         "blutdruck diastolisch", "diastolischer blutdruck", "rr diastolisch", "rr diast"),
        "bloodPressureDiastolic",
    ),
    **dict.fromkeys(("temperature", "body temperature", "temp", "temperatur", "körpertemperatur"), "temperature"),
}  # fmt: skip
_UNMISTAKABLE = frozenset({
    "body height", "patient height", "körpergröße", "body weight", "patient weight", "körpergewicht",
})  # fmt: skip
_PRESSURE_NAMES = frozenset({"blood pressure", "bp", "blutdruck", "rr", "nibp", "blood pressure systolic diastolic"})
#: Vital signs panel, blood pressure panels.
PANELS = frozenset({
    (LOINC, "85353-1"), (LOINC, "34565-2"), (LOINC, "85354-9"), (LOINC, "55284-4"), (LOINC, "35094-2"), (SNOMED, "75367002"),
    (SNOMED, "386534000"), (SNOMED, "46680005"),
})  # fmt: skip
#: POP computes the body mass index itself.
BMI = frozenset({(LOINC, "39156-5"), (SNOMED, "60621009")})

#: Field → what a living person's value lies between, in POP's unit. Wide on purpose: the tallest person was 2.72 m, the
#: heaviest 635 kg (Guinness World Records); below 28 °C hypothermia is severe and no routine measurement (ERC 2021 §5),
#: 30 °C leaves out charting errors; above 45 °C proteins denature.
RANGES: dict[str, tuple[float, float]] = {
    "height": (0.25, 2.75),
    "weight": (0.3, 640),
    "bloodPressureSystolic": (30, 320),
    "bloodPressureDiastolic": (10, 220),
    "temperature": (30, 45),
}
_PRESSURES = frozenset(
    {(LOINC, "85354-9"), (LOINC, "55284-4"), (LOINC, "35094-2"), (SNOMED, "75367002"), (SNOMED, "386534000")}
)
_TYPED_PRESSURE = re.compile(r"(\d{2,3})\s*/\s*(\d{2,3})(?:\s*mm\s?\[?Hg\]?)?", re.I | re.A)
_TYPED = re.compile(r"(\d{1,4}(?:[.,]\d{1,3})?)\s*([^\d\s].*)", re.A)
_FEET = re.compile(r"(\d)\s*(?:'|’|ft\.?|feet)\s*(?:(\d{1,2}(?:\.\d+)?)\s*(?:\"|”|''|in\.?|inches)?)?", re.I | re.A)


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value, or why there is none (``problem``, a stable code)."""

    field: str
    source: Source
    measure: JsonObject | None = None
    problem: str | None = None


def field_of(code: Any, *, named: bool = False) -> str | None:
    """The POP field that a test measures, by its code; ``named``: of a vital sign with a code of the sender's own, by its name."""
    coded = next((FIELDS[pair] for pair in pairs(code) if pair in FIELDS), None)
    if coded is not None or not named or any(system in (LOINC, SNOMED) for system, _ in pairs(code)):
        return coded
    found = {_NAMES[name] for name in _plain_names(code) if name in _NAMES}
    return found.pop() if len(found) == 1 else None


def names_vital_sign(code: Any) -> bool:
    """True if the name of a test can mean a vital sign only, whatever its category: a tumour has a height and a weight too."""
    return any(name in _UNMISTAKABLE for name in _plain_names(code))


def _plain_names(code: Any) -> list[str]:
    return [" ".join(re.sub(r"[^\w]+", " ", each.lower()).split()) for each in words(code).split(" | ")]


def is_vital_sign(json: JsonObject) -> bool:
    """True if the category says so, or the name, where there is no category."""
    if not json.get("category"):
        return names_vital_sign(json.get("code"))
    return any(code == "vital-signs" for each in objects(json.get("category")) for _, code in pairs(each))


def _is_pressure(code: Any) -> bool:
    return any(pair in _PRESSURES for pair in pairs(code)) or any(
        each in _PRESSURE_NAMES for each in _plain_names(code)
    )


def readings(resource: Resource) -> Iterator[Reading]:
    """The values that an Observation and its components state."""
    json, named = resource.json, is_vital_sign(resource.json)
    own = field_of(json.get("code"), named=named)
    if own is not None:
        yield _reading(own, json, resource.reference, "")
    elif isinstance(json.get("valueString"), str) and _is_pressure(json.get("code")):
        yield from _typed_pressure(json["valueString"], Source(resource.reference, "valueString"))
    for position, part in enumerate(objects(json.get("component"))):
        field = field_of(part.get("code"), named=named)
        if field is not None:
            yield _reading(field, part, resource.reference, f"component[{position}].")


def _typed_pressure(text: str, source: Source) -> Iterator[Reading]:
    """``120/80 mmHg``: the unit is the only one that people leave out here."""
    match = _TYPED_PRESSURE.fullmatch(text.strip())
    for field, digits in zip(
        ("bloodPressureSystolic", "bloodPressureDiastolic"), match.groups() if match else (), strict=False
    ):
        low, high = RANGES[field]
        plausible = low <= int(digits) <= high
        problem = None if plausible else "implausible-value"
        yield Reading(field, source, {"value": float(digits), "unit": "mmHg"}, problem)


def _typed_quantity(text: str, field: str) -> JsonObject | None:
    """``172 cm``, ``98,6 °F``, ``5' 10"``."""
    feet = _FEET.fullmatch(text.strip()) if field == "height" else None
    if feet is not None:
        return {"value": str(Decimal(feet[1]) * 12 + Decimal(feet[2] or 0)), "unit": "in"}
    match = _TYPED.fullmatch(text.strip())
    if match is not None:
        return {"value": match[1].replace(",", "."), "unit": match[2].strip()}
    return None


def _reading(field: str, part: JsonObject, reference: str, prefix: str) -> Reading:
    quantity, name = part.get("valueQuantity"), "valueQuantity"
    if quantity is None and isinstance(part.get("valueString"), str):
        quantity, name = _typed_quantity(part["valueString"], field), "valueString"
    if not isinstance(quantity, dict) or decimal_of(quantity.get("value")) is None:
        absent = "dataAbsentReason" if part.get("dataAbsentReason") is not None else "value"
        return Reading(field, Source(reference, prefix + absent), problem="missing-value")
    source = Source(reference, prefix + name)
    if isinstance(quantity.get("comparator"), str):
        return Reading(field, source, problem="comparator")
    target = {field: VITAL_FIELDS[field]}
    for unit in (text_of(quantity.get("code")), text_of(quantity.get("unit"))):
        found = to_field(quantity["value"], unit, target) if unit else None
        if found is not None:
            low, high = RANGES[field]
            plausible = low <= found[1]["value"] <= high
            return Reading(field, source, found[1], None if plausible else "implausible-value")
    return Reading(field, source, problem="unmapped-unit")
