from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pop.kinds import KINDS
from adapters.pop.measures import same_dimension
from mappers.units import DOSE_FIELDS, MARKER_FIELDS, Target, decimal_of, parse_unit, to_field


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


@pytest.mark.parametrize(
    ("kind", "fields"), [("TumorMarker", MARKER_FIELDS), ("SystemicTherapyMedication", DOSE_FIELDS)]
)
def test_pop_takes_every_unit_that_is_sent(kind: str, fields: dict[str, Target]) -> None:
    measures: dict[str, Any] = dict(KINDS[kind].measures)
    assert fields.keys() <= measures.keys()
    for field, target in fields.items():
        assert same_dimension(target.spelling, measures[field][1]), field
