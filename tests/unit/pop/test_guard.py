"""Nothing that POP chokes on, or loses silently, passes the guard."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pop import guard
from adapters.pop.errors import PopContract
from adapters.pop.kinds import KINDS
from adapters.pop.release import Adaptation, Release

JsonObject = dict[str, Any]

ID, OTHER = "018f149f-30c8-47aa-8264-ae848ea120bb", "58b852b8-6b59-4633-ba6a-dd673b5a009f"
TODAY = dt.date(2026, 11, 24)

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
    "caseId": ID, "date": "2024-02-01", "analyte": CEA, "massConcentration": {"value": 1.5, "unit": "ng__ml"}
}  # fmt: skip
THERAPY: JsonObject = {"caseId": ID, "period": {"start": "2024-01-01"}, "intent": "curative"}
TUMOUR: JsonObject = {
    "caseId": ID, "relationship": "primary", "assertionDate": "2024-01-15",
    "topography": {"code": "C34.1", "system": "s"}, "morphology": {"code": "8140/3", "system": "s"},
}  # fmt: skip
VITALS: JsonObject = {"caseId": ID, "date": "2024-01-01", "weight": {"value": 81, "unit": "kg"}}
VARIANT: JsonObject = {"caseId": ID, "date": "2024-02-20", "genes": [{"code": "HGNC:3236", "system": "s"}]}
ECOG: JsonObject = {"caseId": ID, "date": "2024-02-01", "ecogScore": 1}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("PatientCase", CASE),
        ("PatientCase", {**DEAD, "dateOfDeath": "1961-05-01"}),
        ("TumorMarker", MARKER),
        ("SystemicTherapy", THERAPY),
        ("PerformanceStatus", ECOG),
        ("PerformanceStatus", {**ECOG, "ecogScore": 0}),
        ("NeoplasticEntity", TUMOUR),
        ("Vitals", VITALS),
        ("GenomicVariant", VARIANT),
        ("GenomicVariant", {**VARIANT, "dnaHgvs": "c.2573T>G", "proteinHgvs": "p.(Leu858Arg)", "clinvar": "VCV000016609.3"}),
        ("SystemicTherapy", {**THERAPY, "period": {"start": "2024-01-01", "end": "2024-01-01"}}),
        ("SystemicTherapy", {**THERAPY, "period": {"start": "2026-11-25"}}),
    ],
)  # fmt: skip
def test_good_bodies_pass(kind: str, body: JsonObject) -> None:
    guard.check(kind, body, today=TODAY)


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        # poison: stored, then unreadable for everybody
        ("PatientCase", {**CASE, "endOfRecords": "2024-01-01"}, "endOfRecords"),
        ("PatientCase", {**DEAD, "endOfRecords": "2024-01-01"}, "endOfRecords"),
        ("SystemicTherapy", {**THERAPY, "period": {}}, "period.start"),
        ("SystemicTherapy", {**THERAPY, "period": {"end": "2024-01-01"}}, "period.start"),
        ("SystemicTherapy", {**THERAPY, "period": []}, "period"),
        ("SystemicTherapy", {**THERAPY, "period": None}, "period"),
        ("Radiotherapy", {"caseId": ID, "period": {}, "sessions": 3, "intent": "curative"}, "period.start"),
        ("Vitals", {"caseId": ID, "date": "2024-01-01", "height": {"value": 0, "unit": "m"}}, "height"),
        # refused by POP, or a 500
        ("PatientCase", {**CASE, "vitalStatus": "unknown"}, "endOfRecords"),
        ("PatientCase", {**CASE, "dateOfDeath": "2024-01-01"}, "dateOfDeath"),
        ("PatientCase", {**CASE, "vitalStatus": "deceased"}, "dateOfDeath"),
        ("SystemicTherapy", {**THERAPY, "period": {"start": "2024-02-01", "end": "2024-01-01"}}, "period"),
        ("TumorMarker", {k: v for k, v in MARKER.items() if k != "massConcentration"}, "massConcentration"),
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
        ("TumorMarker", {**MARKER, "massConcentration": {"value": 1, "unit": "g__l"}}, "massConcentration.unit"),
        ("TumorMarker", {**MARKER, "massConcentration": {"value": "1", "unit": "ng__ml"}}, "massConcentration.value"),
        ("TumorMarker", {**MARKER, "relatedEntitiesIds": [ID, ID]}, "relatedEntitiesIds"),
        ("TumorMarker", {**MARKER, "externalSourceId": "a\0b"}, "externalSourceId"),
        ("TumorMarker", {**MARKER, "externalSourceId": "\ud800"}, "externalSourceId"),
        ("TumorMarker", {**MARKER, "externalSourceId": "x" * 501}, "externalSourceId"),
        ("TumorMarker", {**MARKER, "massConcentration": {"value": 10**400, "unit": "ng__ml"}}, "JSON"),
        ("TumorMarker", {**MARKER, "date": "2026-11-26"}, "date"),
        ("TumorMarker", {**MARKER, "date": "1896-10-31"}, "date"),
        ("TumorMarker", {**MARKER, "date": "2024-02-01T00:00:00"}, "date"),
        ("PatientCase", {**CASE, "dateOfBirth": "2026-11-26"}, "dateOfBirth"),
        ("PatientCase", {**CASE, "dateOfBirth": "1866-01-01"}, "dateOfBirth"),
        ("PatientCase", {**CASE, "clinicalIdentifier": " "}, "clinicalIdentifier"),
        ("PatientCase", {**CASE, "vitalStatus": None}, "vitalStatus"),
        ("SystemicTherapy", {**THERAPY, "cycles": 2**31}, "cycles"),
        ("SystemicTherapy", {**THERAPY, "cycles": True}, "cycles"),
        ("SystemicTherapy", {**THERAPY, "period": {"start": "2024-01-01", "end": "9999-12-31"}}, "period.end"),
        ("GenomicVariant", {**VARIANT, "copyNumber": 40000}, "copyNumber"),
        ("GenomicVariant", {**VARIANT, "genes": []}, "genes"),
        ("GenomicVariant", {**VARIANT, "genes": [{"code": "HGNC:3236"}]}, "genes.0.system"),
        ("GenomicVariant", {**VARIANT, "dnaHgvs": "2573T>G"}, "dnaHgvs"),
        ("NeoplasticEntity", {**TUMOUR, "relatedPrimaryId": OTHER}, "relatedPrimaryId"),
        ("NeoplasticEntity", {**TUMOUR, "relationship": "metastatic"}, "relatedPrimaryId"),
        ("Vitals", {"caseId": ID, "date": "2024-01-01"}, "weight"),
        ("Vitals", {**VITALS, "weight": {"value": 180, "unit": "lb"}}, "weight.unit"),
    ],
)  # fmt: skip
def test_what_must_not_be_sent_is_refused_at_its_field(kind: str, body: JsonObject, field: str) -> None:
    with pytest.raises(PopContract, match=field) as raised:
        guard.check(kind, body, today=TODAY)
    assert raised.value.fields


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
        assert error.fields  # noqa: PT017 - that it is a PopContract and nothing else is the point


@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=30))
def test_random_bytes_never_crash_the_guard(kind: str, content: bytes) -> None:
    assert guard.violations(kind, content)


def test_no_explanation_quotes_a_value() -> None:
    secret = "Xanthippe-4711"
    for kind, facts in KINDS.items():
        for field in sorted(facts.properties):
            for value in (secret, [secret], {"value": secret}, {"code": secret, "system": secret, "display": [secret]}):
                found = guard.violations(kind, guard.encode(kind, {field: value}))
                assert found
                assert not any(secret in each.why for each in found)
                assert not any(secret in each.field for each in found), (kind, field, found)


def test_a_body_that_this_release_spells_otherwise_is_read_in_our_spelling() -> None:
    body = {"caseId": ID, "date": "2024-02-01", "stagingDomain": "tnm", "stage": {"code": "1", "system": "s"}}
    wire = guard.encode("TNMStaging", {**body, "primarytumor": {"code": "x"}})
    assert {each.field for each in guard.violations("TNMStaging", wire)} == {"primarytumor"}
    release = Release("1.0.0", "", {"TNMStaging": Adaptation(renamed={"primaryTumor": "primarytumor"})})
    found = guard.violations("TNMStaging", wire, in_ours=lambda body: release.understood("TNMStaging", body))
    assert {each.field for each in found} == {"primaryTumor.system"}


def test_a_concept_that_the_list_lacks_is_named_with_its_field() -> None:
    found = guard.violations("GenomicVariant", guard.encode("GenomicVariant", VARIANT), knows=lambda *_: False)
    assert found == [guard.Violation("genes", "POP's list Gene has no concept HGNC:3236 of s")]
    assert not guard.violations("GenomicVariant", guard.encode("GenomicVariant", VARIANT), knows=lambda *_: None)
