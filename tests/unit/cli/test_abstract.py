"""One line per entity, without what identifies the person."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.abstract import abstract, label, text, unit, until, what, when

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def test_a_marker_reads_date_analyte_value() -> None:
    payload = {
        "massConcentration": {"value": 3.25, "unit": "ng__ml"},
        "analyte": {"code": "LP14040-7", "system": "http://loinc.org", "display": "Cancer Ag 19-9"},
        "date": "2024-05-06",
        "caseId": "PatientCase:Patient/1",
    }
    assert abstract(payload, {"caseId": "PatientCase:Patient/1"}) == "2024-05-06: Cancer Ag 19-9, 3.25 ng/ml"


def test_a_case_shows_no_identifier_and_no_birth_date() -> None:
    line = abstract(
        {"clinicalIdentifier": "MRN-1", "clinicalCenter": "C", "dateOfBirth": "1970-01-01", "vitalStatus": "alive"}
    )
    assert line == "alive"


def test_values_for_people() -> None:
    assert text({"start": "2024-01-01", "end": None}) == "2024-01-01 – ongoing"
    assert text([{"code": "a", "system": "s", "display": "A"}, {"code": "b", "system": "s"}]) == "A; b"
    assert (text(True), text(None), text(1.5)) == ("yes", "", "1.5")
    assert (unit("kIU__l"), label("primaryTumor")) == ("kIU/l", "primary tumor")
    assert (label("TNMStaging"), label("NCTNumber"), label("ecogScore")) == ("TNM staging", "NCT number", "ecog score")


def test_what_is_said_as_people_say_it() -> None:
    pressure = {
        "bloodPressureSystolic": {"value": 128, "unit": "mmHg"},
        "bloodPressureDiastolic": {"value": 79, "unit": "mmHg"},
    }
    assert what(pressure) == "128/79 mmHg"
    assert what({"bloodPressureDiastolic": {"value": 79, "unit": "mmHg"}}) == "79 mmHg"
    assert what({"isDeceased": True, "hadCancer": True, "contributedToDeath": False}) == (
        "deceased, cancer, not contributed to death"
    )
    assert what({"isDeceased": False, "hadCancer": False, "isUlcered": True}) == "not deceased, no cancer, ulcered"
    assert what({"dosageMassSurface": {"value": 0.06, "unit": "g__square_meter"}, "cycles": 4}) == "60 mg/m², 4 cycles"
    assert what({"nightSleep": {"value": 6.5, "unit": "hour"}, "smokingPackyears": 20.0}) == (
        "sleeps 6.5 hour, 20 pack-years"
    )
    assert what({"relationship": "local_recurrence", "dnaHgvs": "NM_000059.4:c.5946del"}) == (
        "local recurrence, NM_000059.4:c.5946del"
    )
    assert text({"value": 36.8, "unit": "celsius"}) == "36.8 °C"


def test_a_course_has_a_beginning_and_an_end() -> None:
    closed = {"period": {"start": "2024-01-01", "end": "2024-02-01"}}
    assert (when(closed), until(closed), abstract(closed)) == (
        "2024-01-01",
        "until 2024-02-01",
        "2024-01-01 – 2024-02-01",
    )
    assert until({"period": {"start": "2024-01-01", "end": None}}) == "ongoing"
    assert until({"period": {"start": "2024-01-01", "end": "2024-01-01"}}) == until({"date": "2024-01-01"}) == ""
    assert when({"period": {"end": "2024-02-01"}}) == "2024-02-01"
    assert when({"date": None}) == when({}) == ""


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=5))
def test_any_payload_gives_a_line(payload: dict[str, object]) -> None:
    assert isinstance(abstract(payload), str)
