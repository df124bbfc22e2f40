"""Reading back never looks like somebody's edit; an edit always does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pop.compare import changed_fields
from adapters.pop.measures import factor

MARKER = {
    "date": "2024-02-01",
    "analyte": {"code": "LP28643-2", "system": "http://loinc.org"},
    "relatedEntitiesIds": ["b", "a"],
}


def test_what_pop_adds_is_no_change() -> None:
    concept = {**MARKER["analyte"], "display": "CEA", "version": None, "synonyms": ["CEA"]}  # type: ignore[dict-item]
    read = {
        **MARKER,
        "id": "1",
        "createdAt": "x",
        "analyte": concept,
        "presence": None,
        "relatedEntitiesIds": ["a", "b"],
    }
    assert changed_fields("TumorMarker", MARKER, read) == set()


def test_dates_that_pop_moves_to_the_first_of_the_month_are_no_change() -> None:
    written = {"dateOfBirth": "1961-05-17", "vitalStatus": "alive"}
    read = {"dateOfBirth": "1961-05-01", "vitalStatus": "alive", "consentStatus": "unknown"}
    assert changed_fields("PatientCase", written, read) == set()


def test_an_edit_shows_at_its_field() -> None:
    assert changed_fields("TumorMarker", MARKER, {**MARKER, "date": "2024-02-02", "presence": "positive"}) == {
        "date",
        "presence",
    }


@given(st.decimals(min_value="0.0001", max_value="100000", places=4))
def test_a_unit_conversion_with_float_noise_is_no_change(value: object) -> None:
    written = {**MARKER, "massConcentration": {"value": float(str(value)), "unit": "ug__l"}}
    noisy = float(str(value)) * 1e-6 / 1e-6 * (1 + 1e-15)
    read = {**MARKER, "massConcentration": {"value": noisy, "unit": "ng__ml"}}
    assert changed_fields("TumorMarker", written, read) == set()


def test_every_recorded_round_trip_compares_equal(shared: Path) -> None:
    """For the units that the gateway sends; what else POP takes is not ours to write."""
    kinds = {"tumor-markers": "TumorMarker", "vitals": "Vitals"}
    checked = 0
    for item in json.loads((shared / "pop/measures-roundtrip.json").read_text())["roundtrips"]:
        kind = kinds.get(item["entity"])
        if kind is None or item["status"] != 200 or factor(item["written"]["unit"]) is None:
            continue
        assert changed_fields(kind, {item["field"]: item["written"]}, {item["field"]: item["read"]}) == set(), item
        checked += 1
    assert checked > 20


@pytest.mark.parametrize("kind", ["TumorMarker", "PatientCase"])
def test_comparison_is_reflexive(kind: str) -> None:
    assert changed_fields(kind, MARKER, MARKER) == set()
