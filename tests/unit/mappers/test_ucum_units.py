from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pop.compare import changed_fields
from adapters.pop.kinds import KINDS
from adapters.pop.measures import sent_unit
from mappers.units import (
    DEPTH_FIELDS,
    DOSE_FIELDS,
    LIFESTYLE_FIELDS,
    MARKER_FIELDS,
    RADIATION_FIELDS,
    VITAL_FIELDS,
    Target,
    decimal_of,
    parse_unit,
    to_field,
)


@pytest.mark.parametrize(
    ("value", "unit", "field", "number"),
    [
        (3.25, "ug/L", "massConcentration", 3.25),
        (35.5, "ng/mL", "massConcentration", 35.5),
        (1, "mg/dL", "massConcentration", 10000.0),
        (38.5, "U/mL", "arbitraryConcentration", 38.5),
        (612, "U/L", "arbitraryConcentration", 0.612),
        (612, "[IU]/L", "arbitraryConcentration", 0.612),
        (38.5, "k[IU]/L", "arbitraryConcentration", 38.5),
        (38.5, "kU/l", "arbitraryConcentration", 38.5),
        (5, "m[IU]/mL", "arbitraryConcentration", 0.005),
        (4, "nmol/L", "substanceConcentration", 4e-9),
        (85, "%", "fraction", 85.0),
        (38.5, "[arb'U]/mL", "arbitraryConcentration", 38.5),
        (38.5, "IE/ml", "arbitraryConcentration", 38.5),
        (38.5, "U/ML", "arbitraryConcentration", 38.5),
        (5, "MIU/ML", "arbitraryConcentration", 0.005),
        (4.2, "NG/ML", "massConcentration", 4.2),
        (4.2, "ng/ml (ECLIA)", "massConcentration", 4.2),
        (4.1, "µkat/L", "arbitraryConcentration", 0.246),
        (1.2, "{MoM}", "multipleOfMedian", 1.2),
        ("2.5", "µg/l", "massConcentration", 2.5),
    ],
)
def test_marker_units(value: object, unit: str, field: str, number: float) -> None:
    found = to_field(value, unit, MARKER_FIELDS)
    assert found is not None
    assert found[0] == field
    assert found[1]["value"] == number


@pytest.mark.parametrize(
    ("value", "unit", "field", "number"),
    [
        (932.59, "mg", "dosageMass", 0.93259),
        (500, "mcg", "dosageMass", 0.0005),
        (60, "mg/m2", "dosageMassSurface", 0.06),
        (0.075, "g/m²", "dosageMassSurface", 0.075),
        (100, "mL", "dosageVolume", 0.1),
        (36, "mL/h", "dosageRateVolume", 1e-5),
        (40, "mg/m2/h", "dosageRateMassSurface", 40 / 1000 / 3600),
        (1.1e-5, "g/square_meter__s", "dosageRateMassSurface", 1.1e-5),
    ],
)
def test_dose_units(value: object, unit: str, field: str, number: float) -> None:
    found = to_field(value, unit, DOSE_FIELDS)
    assert found is not None
    assert found[0] == field
    assert found[1]["value"] == pytest.approx(number, rel=1e-15)


@pytest.mark.parametrize(
    "unit", ["", "1", "mg/kg", "AUC", "10*3/uL", "[in_i]", "mg/dL/cm", "ng/mL/ng/mL", "{copies}/mL", "mmHg"]
)
def test_units_that_pop_has_no_field_for(unit: str) -> None:
    assert to_field(5, unit, MARKER_FIELDS) is None
    assert to_field(5, unit, DOSE_FIELDS) is None


@pytest.mark.parametrize("value", [None, True, "high", float("nan"), float("inf"), [], {}])
def test_what_is_no_number(value: object) -> None:
    assert decimal_of(value) is None


@given(st.decimals(min_value=0, max_value=10**6, places=4), st.sampled_from(["g/L", "mg/dL", "ug/L", "ng/mL", "pg/mL"]))
def test_conversion_is_exact_but_for_the_double(value: Decimal, unit: str) -> None:
    found = to_field(value, unit, MARKER_FIELDS)
    parsed = parse_unit(unit)
    assert found is not None
    assert parsed is not None
    assert found[1]["value"] == float(Fraction(value) * parsed.size * 10**6)


@given(st.text(max_size=20))
def test_no_unit_text_raises(unit: str) -> None:
    found = parse_unit(unit)
    assert found is None or found.size > 0


#: Every field of POP that holds a measure, by how the mappers convert into it.
ALL_FIELDS: dict[str, dict[str, Target]] = {
    "TumorMarker": {**MARKER_FIELDS, "combinedPositiveScore": MARKER_FIELDS["fraction"]},
    "SystemicTherapyMedication": DOSE_FIELDS,
    "Vitals": VITAL_FIELDS,
    "Lifestyle": LIFESTYLE_FIELDS,
    "BreslowDepth": DEPTH_FIELDS,
    "RadiotherapyDosage": RADIATION_FIELDS,
}


def test_every_measure_of_pop_is_sent_in_the_unit_that_it_reads_back_in() -> None:
    for name, kind in KINDS.items():
        sent = {field: target.spelling for field, target in ALL_FIELDS.get(name, {}).items()}
        assert sent == {field: sent_unit(name, field) for field in kind.measures}, name


#: Measure of POP → what hospitals send for it, and the factor into POP's unit of a field of that measure.
FAMILIES: dict[str, tuple[tuple[str, str, Fraction], ...]] = {
    "MassConcentration": (
        ("ng/mL", "massConcentration", Fraction(1)), ("ug/L", "massConcentration", Fraction(1)),
        ("mcg/L", "massConcentration", Fraction(1)), ("pg/mL", "massConcentration", Fraction(1, 1000)),
        ("mg/dL", "massConcentration", Fraction(10**4)), ("g/L", "massConcentration", Fraction(10**6)),
        ("ng__ml", "massConcentration", Fraction(1)),
    ),
    "ArbitraryConcentration": (
        ("[IU]/mL", "arbitraryConcentration", Fraction(1)), ("k[IU]/L", "arbitraryConcentration", Fraction(1)),
        ("m[IU]/mL", "arbitraryConcentration", Fraction(1, 1000)), ("mU/mL", "arbitraryConcentration", Fraction(1, 1000)),
        ("U/mL", "arbitraryConcentration", Fraction(1)), ("u[IU]/mL", "arbitraryConcentration", Fraction(1, 10**6)),
        ("kIU__l", "arbitraryConcentration", Fraction(1)),
    ),
    "SubstanceConcentration": (
        ("mmol/L", "substanceConcentration", Fraction(1, 1000)), ("pmol/L", "substanceConcentration", Fraction(1, 10**12)),
        ("umol/L", "substanceConcentration", Fraction(1, 10**6)),
    ),
    "Fraction": (("%", "fraction", Fraction(1)), ("percent", "fraction", Fraction(1))),
    "MultipleOfMedian": (("[MoM]", "multipleOfMedian", Fraction(1)), ("MoM", "multipleOfMedian", Fraction(1))),
    "Mass": (
        ("kg", "weight", Fraction(1)), ("g", "weight", Fraction(1, 1000)), ("[lb_av]", "weight", Fraction(45359237, 10**8)),
        ("lbs", "weight", Fraction(45359237, 10**8)), ("[oz_av]", "weight", Fraction(28349523125, 10**12)),
        ("mg", "dosageMass", Fraction(1, 1000)),
    ),
    "Distance": (
        ("cm", "height", Fraction(1, 100)), ("m", "height", Fraction(1)), ("[in_i]", "height", Fraction(254, 10**4)),
        ("[ft_i]", "height", Fraction(3048, 10**4)), ("mm", "depth", Fraction(1)), ("cm", "depth", Fraction(10)),
    ),
    "Pressure": (
        ("mm[Hg]", "bloodPressureSystolic", Fraction(1)), ("mmHg", "bloodPressureSystolic", Fraction(1)),
        ("kPa", "bloodPressureSystolic", Fraction(10**12, 133322387415)),
    ),
    "Time": (
        ("h", "nightSleep", Fraction(1)), ("min", "nightSleep", Fraction(1, 60)), ("a", "smokingQuited", Fraction(1)),
        ("mo", "smokingQuited", Fraction(1, 12)), ("wk", "smokingQuited", Fraction(7 * 4, 1461)),
    ),
    "Volume": (("mL", "dosageVolume", Fraction(1, 1000)), ("L", "dosageVolume", Fraction(1))),
    "MassPerArea": (("mg/m2", "dosageMassSurface", Fraction(1, 1000)), ("g/m2", "dosageMassSurface", Fraction(1))),
    "MassPerTime": (("mg/h", "dosageRateMass", Fraction(1, 3_600_000)), ("g/d", "dosageRateMass", Fraction(1, 86_400))),
    "VolumePerTime": (("mL/h", "dosageRateVolume", Fraction(1, 3_600_000)),),
    "MassPerAreaPerTime": (("mg/m2/h", "dosageRateMassSurface", Fraction(1, 3_600_000)),),
    "MassConcentrationPerTime": (("mg/mL/h", "dosageRateMassConcentration", Fraction(1, 3600)),),
    "RadiationDose": (("Gy", "dose", Fraction(1)), ("cGy", "dose", Fraction(1, 100)), ("mGy", "dose", Fraction(1, 1000))),
    # Not a factor but a scale: test_degrees.
    "Temperature": (),
}  # fmt: skip
CASES = [(unit, field, factor) for family in FAMILIES.values() for unit, field, factor in family]
BY_FIELD = {field: target for fields in ALL_FIELDS.values() for field, target in fields.items()}


def test_every_family_of_units_has_its_inputs() -> None:
    assert FAMILIES.keys() == {measure for kind in KINDS.values() for measure, _ in kind.measures.values()}


@given(st.sampled_from(CASES), st.decimals(min_value=0, max_value=10**6, places=4))
def test_every_input_is_converted_exactly_but_for_the_double(case: tuple[str, str, Fraction], value: Decimal) -> None:
    unit, field, factor = case
    found = to_field(value, unit, {field: BY_FIELD[field]})
    assert found == (field, {"value": float(Fraction(value) * factor), "unit": BY_FIELD[field].spelling})


@pytest.mark.parametrize(
    ("value", "unit", "celsius"),
    [("98.6", "[degF]", 37.0), ("310.15", "K", 37.0), (37, "Cel", 37.0), ("-40", "°F", -40.0)],
)
def test_degrees(value: object, unit: str, celsius: float) -> None:
    found = to_field(value, unit, {"temperature": VITAL_FIELDS["temperature"]})
    assert found == ("temperature", {"value": celsius, "unit": "celsius"})


@pytest.mark.parametrize("unit", ["10*9/L", "10*3/uL", "{cells}/uL", "mol/kg", "ng/g", "ppm"])
def test_what_pop_has_no_unit_for_becomes_no_number(unit: str) -> None:
    assert all(to_field(5, unit, fields) is None for fields in ALL_FIELDS.values())


def test_what_pop_converts_wrongly_is_never_sent(shared: Path) -> None:
    """For each recorded round trip: our own conversion is what POP reads back, or POP's is one of the wrong ones (README)."""
    kinds = {
        "tumor-markers": "TumorMarker", "vitals": "Vitals", "lifestyles": "Lifestyle", "stagings": "BreslowDepth",
        "systemic-therapies/{id}/medications": "SystemicTherapyMedication", "radiotherapies/{id}/dosages": "RadiotherapyDosage",
    }  # fmt: skip
    wrong: set[tuple[str, str]] = set()
    same = 0
    for item in json.loads((shared / "pop/measures-roundtrip.json").read_text())["roundtrips"]:
        kind, field, written = kinds[item["entity"]], item["field"], item["written"]
        assert item["read"]["unit"] == sent_unit(kind, field), item
        ours = to_field(written["value"], written["unit"], {field: ALL_FIELDS[kind][field]})
        if ours is None:
            continue
        if changed_fields(kind, {field: ours[1]}, {field: item["read"]}):
            wrong.add((field, written["unit"]))
        else:
            same += 1
    assert wrong == WRONG_IN_POP
    assert same > 200


#: What POP converts otherwise: pressures are inverted (kPa) or go by way of a rounded pascal (Torr), pounds and ounces are rounded
#: to six digits, a month is ten times too long, a year has 365 days.
WRONG_IN_POP = {
    ("weight", "lb"), ("weight", "oz"), ("dosageMass", "lb"), ("dosageMass", "oz"), ("bloodPressureSystolic", "kPa"),
    ("bloodPressureSystolic", "Torr"), ("bloodPressureDiastolic", "kPa"), ("bloodPressureDiastolic", "Torr"),
    ("nightSleep", "month"), ("nightSleep", "year"), ("smokingQuited", "s"), ("smokingQuited", "min"), ("smokingQuited", "hour"),
    ("smokingQuited", "day"), ("smokingQuited", "week"), ("smokingQuited", "month"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "ucum"),
    [
        ("units/mL", "U/mL"), ("Units/mL", "U/mL"), ("unit/mL", "U/mL"), ("Unit/mL", "U/mL"), ("[arb'U]/mL", "U/mL"),
        ("arb.U/mL", "U/mL"), ("arbU/mL", "U/mL"), ("E/l", "U/L"), ("kE/l", "kU/L"), ("mE/l", "mU/L"), ("IE/l", "[IU]/L"),
        ("kIE/l", "k[IU]/L"), ("mIE/l", "m[IU]/L"), ("UI/l", "[IU]/L"), ("mUI/ml", "m[IU]/mL"), ("I.U./l", "[IU]/L"),
        ("I.E./l", "[IU]/L"), ("mcg/mcL", "ug/uL"), ("gram/litre", "g/L"), ("gram/liter", "g/L"), ("mg/cc", "mg/mL"),
    ],
)  # fmt: skip
def test_units_as_people_type_them(typed: str, ucum: str) -> None:
    assert parse_unit(typed) is not None
    assert parse_unit(typed) == parse_unit(ucum)
