"""Reading back never looks like somebody's edit; an edit always does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pop.compare import changed_fields
from adapters.pop.kinds import KINDS
from adapters.pop.measures import sent_unit

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


#: Collection of the recorded round trips → kind.
KINDS_OF = {
    "tumor-markers": "TumorMarker", "vitals": "Vitals", "lifestyles": "Lifestyle", "stagings": "BreslowDepth",
    "systemic-therapies/{id}/medications": "SystemicTherapyMedication", "radiotherapies/{id}/dosages": "RadiotherapyDosage",
}  # fmt: skip


def test_every_recorded_round_trip_of_a_unit_that_is_sent_compares_equal(shared: Path) -> None:
    checked = set()
    for item in json.loads((shared / "pop/measures-roundtrip.json").read_text())["roundtrips"]:
        kind, field = KINDS_OF[item["entity"]], item["field"]
        assert item["read"]["unit"] == sent_unit(kind, field)
        if item["written"]["unit"] == sent_unit(kind, field):
            assert changed_fields(kind, {field: item["written"]}, {field: item["read"]}) == set(), item
            checked.add((kind, field))
    assert checked == {(name, field) for name, kind in KINDS.items() for field in kind.measures}


@given(st.sampled_from(sorted(KINDS_OF.values())), st.data(), st.floats(1e-12, 1e12))
def test_the_noise_of_pops_own_conversion_is_no_change_and_a_persons_edit_is_one(
    kind: str, data: st.DataObject, value: float
) -> None:
    field = data.draw(st.sampled_from(sorted(KINDS[kind].measures)))
    unit = sent_unit(kind, field)
    written = {field: {"value": value, "unit": unit}}
    stored = data.draw(st.sampled_from((1e-6, 1e3, 133.322, 3600.0)))
    noisy = value * stored / stored * (1 + data.draw(st.sampled_from((-4e-16, 0.0, 4e-16))))
    assert changed_fields(kind, written, {field: {"value": noisy, "unit": unit}}) == set()
    assert changed_fields(kind, written, {field: {"value": value * 1.0001, "unit": unit}}) == {field}


@pytest.mark.parametrize("kind", ["TumorMarker", "PatientCase"])
def test_comparison_is_reflexive(kind: str) -> None:
    assert changed_fields(kind, MARKER, MARKER) == set()
