from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapper_records import (
    LOINC,
    SNOMED,
    UCUM,
    codes,
    concept,
    condition,
    drafts,
    mapped,
    observation,
    only,
    patient,
    reasons,
)

HEIGHT, WEIGHT, TEMPERATURE = (LOINC, "8302-2"), (LOINC, "29463-7"), (LOINC, "8310-5")
PRESSURE, SYSTOLIC, DIASTOLIC = (LOINC, "85354-9"), (LOINC, "8480-6"), (LOINC, "8462-4")


def quantity(value: Any, unit: str) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}}


def pressure(id: str, systolic: Any, diastolic: Any, **more: Any) -> dict[str, Any]:
    parts = [
        {"code": concept(*SYSTOLIC), **quantity(systolic, "mm[Hg]")},
        {"code": concept(*DIASTOLIC), **quantity(diastolic, "mm[Hg]")},
    ]
    return observation(id, PRESSURE, component=parts, **more)


@pytest.mark.parametrize(
    ("code", "value", "unit", "field", "expected"),
    [
        (HEIGHT, 172, "cm", "height", 1.72),
        (HEIGHT, 65, "[in_i]", "height", 1.651),
        ((SNOMED, "1153637007"), 1.8, "m", "height", 1.8),
        (WEIGHT, 72.5, "kg", "weight", 72.5),
        (WEIGHT, 150, "[lb_av]", "weight", 68.0388555),
        ((LOINC, "3141-9"), 3400, "g", "weight", 3.4),
        (TEMPERATURE, 36.8, "Cel", "temperature", 36.8),
        (TEMPERATURE, 98.6, "[degF]", "temperature", 37.0),
        (SYSTOLIC, 16, "kPa", "bloodPressureSystolic", 120.0098680),
    ],
)
def test_units(code: tuple[str, str], value: Any, unit: str, field: str, expected: float) -> None:
    draft = only(mapped(patient(), condition(), observation("o", code, **quantity(value, unit))), "Vitals")
    assert draft.payload[field]["value"] == pytest.approx(expected)
    assert not draft.issues


def test_one_moment_is_one_entity() -> None:
    at = {"effectiveDateTime": "2024-02-12T09:10:00+01:00"}
    result = mapped(
        patient(), condition(), observation("h", HEIGHT, **quantity(172, "cm"), **at),
        observation("w", WEIGHT, **quantity(70, "kg"), effectiveDateTime="2024-02-12T08:10:00Z"), pressure("p", 130, 80, **at),
    )  # fmt: skip
    assert set(only(result, "Vitals").payload) == {
        "date", "height", "weight", "bloodPressureSystolic", "bloodPressureDiastolic",
    }  # fmt: skip


def test_one_encounter_is_one_entity_until_something_is_measured_again() -> None:
    visit = {"encounter": {"reference": "Encounter/e"}}
    first = [
        observation("h", HEIGHT, **quantity(172, "cm"), **visit, effectiveDateTime="2024-02-12T09:02:00Z"),
        pressure("p", 130, 80, **visit, effectiveDateTime="2024-02-12T09:10:00Z"),
    ]
    assert len(drafts(mapped(patient(), condition(), *first), "Vitals")) == 1
    again = pressure("q", 125, 80, **visit, effectiveDateTime="2024-02-12T15:10:00Z")
    found = drafts(mapped(patient(), condition(), *first, again), "Vitals")
    assert [sorted(draft.payload.keys() - {"date"}) for draft in found] == [
        ["height"], ["bloodPressureDiastolic", "bloodPressureSystolic"], ["bloodPressureDiastolic", "bloodPressureSystolic"],
    ]  # fmt: skip


def test_two_different_values_of_one_day_are_two_entities_and_equal_ones_are_one() -> None:
    records = [
        patient(),
        condition(),
        observation("a", WEIGHT, **quantity(70, "kg")),
        observation("b", WEIGHT, **quantity(71, "kg")),
    ]
    records.append(observation("c", WEIGHT, **quantity(70000, "g")))
    found = drafts(mapped(*records), "Vitals")
    assert [draft.payload["weight"]["value"] for draft in found] == [70, 71]
    random.Random(4).shuffle(records)
    assert drafts(mapped(*records), "Vitals") == found


def test_per_day_takes_the_last_value() -> None:
    records = [
        observation("a", TEMPERATURE, **quantity(36.5, "Cel"), effectiveDateTime="2024-02-12T06:00:00Z"),
        observation("b", TEMPERATURE, **quantity(38.5, "Cel"), effectiveDateTime="2024-02-12T18:00:00Z"),
    ]
    draft = only(mapped(patient(), condition(), *records, vitals__per="day"), "Vitals")
    assert draft.payload["temperature"]["value"] == 38.5
    assert {each.code for each in draft.assumptions} == {"last-of-day"}


@pytest.mark.parametrize(
    ("code", "value", "unit", "issue"),
    [
        (TEMPERATURE, 27, "Cel", "implausible-value"),
        (HEIGHT, 3, "m", "implausible-value"),
        (HEIGHT, 0, "cm", "implausible-value"),
        (WEIGHT, -70, "kg", "implausible-value"),
        (WEIGHT, 70, "", "unmapped-unit"),
        (WEIGHT, 70, "cm", "unmapped-unit"),
    ],
)
def test_what_cannot_be_goes_to_review_and_not_to_pop(code: tuple[str, str], value: Any, unit: str, issue: str) -> None:
    at = {"effectiveDateTime": "2024-02-12"}
    alone = only(mapped(patient(), condition(), observation("o", code, **quantity(value, unit), **at)), "Vitals")
    assert issue in {each for each, _ in codes(alone)}
    assert alone.blocked
    beside = only(
        mapped(
            patient(), condition(), observation("o", code, **quantity(value, unit), **at), pressure("p", 130, 80, **at)
        ),
        "Vitals",
    )
    assert not beside.blocked
    assert beside.payload["bloodPressureSystolic"] == {"value": 130.0, "unit": "mmHg"}
    assert beside.payload.keys().isdisjoint({"height", "weight", "temperature"})


def test_a_pressure_upside_down_is_a_contradiction() -> None:
    draft = only(mapped(patient(), condition(), pressure("p", 80, 130)), "Vitals")
    assert ("contradiction", "bloodPressureSystolic") in codes(draft)
    assert draft.blocked


def test_what_is_not_for_pop_says_why() -> None:
    result = mapped(
        patient(), condition(), observation("bmi", (LOINC, "39156-5"), **quantity(25, "kg/m2")),
        observation("pulse", (LOINC, "8867-4"), category=[{"coding": [{"code": "vital-signs"}]}], **quantity(70, "/min")),
        observation("void", HEIGHT, **quantity(172, "cm"), status="entered-in-error"),
        observation("panel", (LOINC, "85353-1"), hasMember=[{"reference": "Observation/bmi"}]),
    )  # fmt: skip
    assert not drafts(result, "Vitals")
    assert "body mass index" in reasons(result)["Observation/bmi"]
    assert "no field" in reasons(result)["Observation/pulse"]
    assert "entered in error" in reasons(result)["Observation/void"]
    assert "panel" in reasons(result)["Observation/panel"]


VITAL = [concept("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")]


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ({"text": "Weight"}, quantity(154, "lbs"), {"weight": 69.85322}),
        ({"text": "Körpergröße"}, quantity(172, "cm"), {"height": 1.72}),
        (concept("urn:local", "T1", "Body temperature"), {"valueString": "98.6 °F"}, {"temperature": 37.0}),
        ({"text": "Height"}, {"valueString": "5' 10\""}, {"height": 1.778}),
        ({"text": "Gewicht"}, {"valueString": "72,5 kg"}, {"weight": 72.5}),
        ({"text": "BP"}, {"valueString": "135/85"}, {"bloodPressureSystolic": 135.0, "bloodPressureDiastolic": 85.0}),
        (concept("urn:iso:std:iso:11073:10101", "150021"), quantity(120, "mm[Hg]"), {"bloodPressureSystolic": 120.0}),
    ],
)
def test_vital_signs_by_name_and_as_typed(
    code: dict[str, Any], value: dict[str, Any], expected: dict[str, float]
) -> None:
    record = observation("o", HEIGHT, category=VITAL, **value) | {"code": code}
    draft = only(mapped(patient(), condition(), record), "Vitals")
    found = {name: each["value"] for name, each in draft.payload.items() if name != "date"}
    assert found == pytest.approx(expected)
    assert not draft.issues


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ({"text": "Weight change"}, quantity(3, "kg")),
        ({"text": "Pulse pressure"}, {"valueString": "40"}),
        (concept(LOINC, "8867-4", "Weight"), quantity(72, "/min")),
    ],
)
def test_other_vital_signs_are_not_for_pop(code: dict[str, Any], value: dict[str, Any]) -> None:
    record = observation("o", HEIGHT, category=VITAL, **value) | {"code": code}
    assert not drafts(mapped(patient(), condition(), record), "Vitals")


@given(st.text(max_size=30))
def test_any_typed_vital_sign_is_read_without_raising(text: str) -> None:
    for name in ("Height", "BP", "Temp"):
        record = observation("o", HEIGHT, category=VITAL, valueString=text) | {"code": {"text": name}}
        mapped(patient(), condition(), record)


def test_a_measurement_that_is_told_again_is_one() -> None:
    at, day = {"effectiveDateTime": "2024-02-12T09:10:00+01:00"}, {"effectiveDateTime": "2024-02-12"}
    first = observation("a", WEIGHT, encounter={"reference": "Encounter/e"}, **at, **quantity(72, "kg"))
    again = observation("b", WEIGHT, **at, **quantity(72, "kg"))
    dated = observation("c", WEIGHT, **day, **quantity(72, "kg"))
    draft = only(mapped(patient(), condition(), first, again, dated), "Vitals")
    assert {source.resource for source in draft.consumed} >= {"Observation/a", "Observation/b", "Observation/c"}
    other = observation("d", WEIGHT, **day, **quantity(75, "kg"))
    assert len(drafts(mapped(patient(), condition(), first, again, other), "Vitals")) == 2


def test_what_names_no_encounter_belongs_to_the_one_of_its_moment() -> None:
    at = {"effectiveDateTime": "2024-02-12T09:10:00+01:00"}
    weight = observation("a", WEIGHT, encounter={"reference": "Encounter/e"}, **at, **quantity(72, "kg"))
    height = observation("b", HEIGHT, **at, **quantity(172, "cm"))
    draft = only(mapped(patient(), condition(), weight, height), "Vitals")
    assert draft.payload.keys() == {"date", "weight", "height"}


@pytest.mark.parametrize(("name", "field"), [("Körpergewicht", "weight"), ("Größe", None)])
def test_a_name_without_a_category(name: str, field: str | None) -> None:
    record = observation("o", (LOINC, "1"), valueQuantity={"value": 81, "unit": "kg"}) | {"code": {"text": name}}
    found = drafts(mapped(patient(), condition(), record), "Vitals")
    assert [field] == ([next(iter(each.payload.keys() - {"date"})) for each in found] or [None])
