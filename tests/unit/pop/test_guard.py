"""Nothing that POP chokes on, or loses silently, passes the guard."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pop import guard
from adapters.pop.errors import PopContract
from adapters.pop.kinds import KINDS

JsonObject = dict[str, Any]

MALE = {"code": "male", "system": "http://hl7.org/fhir/administrative-gender"}
CASE: JsonObject = {
    "clinicalCenter": "H",
    "clinicalIdentifier": "1",
    "gender": MALE,
    "dateOfBirth": "1961-05-17",
    "vitalStatus": "alive",
}
DEAD: JsonObject = {**CASE, "vitalStatus": "deceased", "dateOfDeath": "2024-01-01"}
CEA = {"code": "LP28643-2", "system": "http://loinc.org"}
MARKER: JsonObject = {
    "caseId": "c", "date": "2024-02-01", "analyte": CEA, "massConcentration": {"value": 1.5, "unit": "ng__ml"}
}  # fmt: skip
THERAPY: JsonObject = {"caseId": "c", "period": {"start": "2024-01-01"}, "intent": "curative"}
ECOG: JsonObject = {"caseId": "c", "date": "2024-02-01", "ecogScore": 1}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("PatientCase", CASE),
        ("PatientCase", {**DEAD, "dateOfDeath": "1961-05-01"}),
        ("TumorMarker", MARKER),
        ("SystemicTherapy", THERAPY),
        ("PerformanceStatus", ECOG),
    ],
)
def test_good_bodies_pass(kind: str, body: JsonObject) -> None:
    guard.check(kind, body)


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        # poison: stored, then unreadable for everybody
        ("PatientCase", {**CASE, "endOfRecords": "2024-01-01"}, "endOfRecords"),
        ("PatientCase", {**DEAD, "endOfRecords": "2024-01-01"}, "endOfRecords"),
        ("SystemicTherapy", {**THERAPY, "period": {}}, "period.start"),
        ("SystemicTherapy", {**THERAPY, "period": {"end": "2024-01-01"}}, "period.start"),
        ("SystemicTherapy", {**THERAPY, "period": []}, "period.start"),
        ("SystemicTherapy", {**THERAPY, "period": None}, "period"),
        ("Radiotherapy", {"caseId": "c", "period": {}, "sessions": 3, "intent": "curative"}, "period.start"),
        ("Vitals", {"caseId": "c", "date": "2024-01-01", "height": {"value": 0, "unit": "m"}}, "height"),
        # refused by POP, or a 500
        ("PatientCase", {**CASE, "vitalStatus": "unknown"}, "endOfRecords"),
        ("PatientCase", {**CASE, "dateOfDeath": "2024-01-01"}, "dateOfDeath"),
        ("PatientCase", {**CASE, "vitalStatus": "deceased"}, "dateOfDeath"),
        ("SystemicTherapy", {**THERAPY, "period": {"start": "2024-02-01", "end": "2024-01-01"}}, "period"),
        ("TumorMarker", {k: v for k, v in MARKER.items() if k != "massConcentration"}, "value"),
        ("TumorMarker", {**MARKER, "massConcentration": {"value": 1, "unit": "ng/mL"}}, "massConcentration"),
        ("TumorMarker", {**MARKER, "massConcentration": {"value": 1, "unit": "mol__l"}}, "massConcentration"),
        ("TumorMarker", {**MARKER, "presence": "maybe"}, "presence"),
        ("TumorMarker", {**MARKER, "date": "2024-02"}, "date"),
        ("TumorMarker", {**MARKER, "date": "2024-W05-1"}, "date"),
        ("TumorMarker", {**MARKER, "date": "2024-02-30"}, "date"),
        ("TumorMarker", {**MARKER, "presence": ["positive"]}, "presence"),
        ("TumorMarker", {**MARKER, "relatedEntitiesIds": "id"}, "relatedEntitiesIds"),
        ("TumorMarker", {**MARKER, "massConcentration": {"value": float("nan"), "unit": "ng__ml"}}, "massConcentration"),
        ("TumorMarker", {**MARKER, "massConcentration": {"value": float("inf"), "unit": "ng__ml"}}, "massConcentration"),
        ("TumorMarker", {**MARKER, "analyte": {"code": "x"}}, "analyte"),
        ("PatientCase", {**DEAD, "dateOfDeath": "1961-04-30"}, "dateOfDeath"),
        # stored although doubtful, or lost silently
        ("TumorMarker", {**MARKER, "massConcentration": {"value": -1, "unit": "ng__ml"}}, "massConcentration"),
        ("PerformanceStatus", {**ECOG, "ecogScore": 6}, "ecogScore"),
        ("PerformanceStatus", {**ECOG, "karnofskyScore": 101}, "karnofskyScore"),
        ("PerformanceStatus", {**ECOG, "surprise": 1}, "surprise"),
        ("SystemicTherapy", {**THERAPY, "period": {"start": "2024-01-01", "text": "spring"}}, "period"),
        ("TumorMarker", {**MARKER, "analyte": {**CEA, "text": "CEA"}}, "analyte"),
        (
            "TumorMarker",
            {**MARKER, "massConcentration": {"value": 1, "unit": "ng__ml", "comparator": "<"}},
            "massConcentration",
        ),
    ],
)  # fmt: skip
def test_what_must_not_be_sent_is_refused_at_its_field(kind: str, body: JsonObject, field: str) -> None:
    with pytest.raises(PopContract, match=field):
        guard.check(kind, body)


def test_a_list_is_no_body() -> None:
    with pytest.raises(PopContract, match="object"):
        guard.check("PerformanceStatus", [])  # type: ignore[arg-type]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(PopContract, match="no kind"):
        guard.check("Nonsense", {})


@given(
    st.sampled_from(sorted(KINDS)),
    st.dictionaries(st.text(max_size=8), st.none() | st.integers() | st.text(max_size=5)),
)
def test_random_bodies_never_crash_the_guard(kind: str, body: JsonObject) -> None:
    try:
        guard.check(kind, body)
    except PopContract as error:
        assert str(error)  # noqa: PT017 - that it is a PopContract and nothing else is the point
