"""Which field of POP's vitals an Observation, or one of its components, measures, and whether its value can be true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mappers.codes import LOINC, SNOMED
from mappers.fhir import objects, pairs, text_of
from mappers.protocol import JsonObject, Resource, Source
from mappers.units import VITAL_FIELDS, decimal_of, to_field

#: LOINC: 8302-2 body height, 3137-7 measured, 3138-5 stated, 8301-4 estimated, 8306-3 lying (length); 29463-7 body weight,
#: 3141-9 measured, 3142-7 stated, 8335-2 estimated; 8480-6/8462-4 systolic and diastolic pressure, 76534-7/76535-4
#: non-invasive, 8459-0/8453-3 sitting; 8310-5 body temperature, 8331-1 oral, 8332-9 rectal, 8333-7 tympanic, 8328-7 axillary.
#: SNOMED CT: the codes that the German base profiles (gematik ISiK, *Vitalparameter*) and R4's own examples put beside LOINC.
FIELDS: dict[tuple[str, str], str] = {
    **dict.fromkeys([(LOINC, code) for code in ("8302-2", "3137-7", "3138-5", "8301-4", "8306-3")], "height"),
    **dict.fromkeys([(SNOMED, code) for code in ("1153637007", "50373000")], "height"),
    **dict.fromkeys([(LOINC, code) for code in ("29463-7", "3141-9", "3142-7", "8335-2")], "weight"),
    (SNOMED, "27113001"): "weight",
    **dict.fromkeys([(LOINC, code) for code in ("8480-6", "76534-7", "8459-0")], "bloodPressureSystolic"),
    (SNOMED, "271649006"): "bloodPressureSystolic",
    **dict.fromkeys([(LOINC, code) for code in ("8462-4", "76535-4", "8453-3")], "bloodPressureDiastolic"),
    (SNOMED, "271650006"): "bloodPressureDiastolic",
    **dict.fromkeys([(LOINC, code) for code in ("8310-5", "8331-1", "8332-9", "8333-7", "8328-7")], "temperature"),
    (SNOMED, "386725007"): "temperature",
}
#: Vital signs panel, blood pressure panels.
PANELS = frozenset({
    (LOINC, "85353-1"), (LOINC, "34565-2"), (LOINC, "85354-9"), (LOINC, "55284-4"), (LOINC, "35094-2"), (SNOMED, "75367002"),
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


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value, or why there is none (``problem``, a stable code)."""

    field: str
    source: Source
    measure: JsonObject | None = None
    problem: str | None = None


def field_of(code: Any) -> str | None:
    """The POP field that a test measures."""
    return next((FIELDS[pair] for pair in pairs(code) if pair in FIELDS), None)


def readings(resource: Resource) -> Iterator[Reading]:
    """The values that an Observation and its components state."""
    own = field_of(resource.json.get("code"))
    if own is not None:
        yield _reading(own, resource.json, resource.reference, "")
    for position, part in enumerate(objects(resource.json.get("component"))):
        field = field_of(part.get("code"))
        if field is not None:
            yield _reading(field, part, resource.reference, f"component[{position}].")


def _reading(field: str, part: JsonObject, reference: str, prefix: str) -> Reading:
    quantity = part.get("valueQuantity")
    if not isinstance(quantity, dict) or decimal_of(quantity.get("value")) is None:
        absent = "dataAbsentReason" if part.get("dataAbsentReason") is not None else "value"
        return Reading(field, Source(reference, prefix + absent), problem="missing-value")
    source = Source(reference, prefix + "valueQuantity")
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
