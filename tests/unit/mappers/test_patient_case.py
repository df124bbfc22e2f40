from __future__ import annotations

from typing import Any

import pytest
from mapper_records import (
    LOINC,
    assumed,
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

from mappers.engine import NO_CASE
from mappers.terminology import Terminology

TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


def _identifier(value: str, kind: str | None = None, **more: Any) -> dict[str, Any]:
    return {"value": value} | ({"type": concept(TYPES, kind)} if kind else {}) | more


def test_a_patient_without_a_tumour_is_not_for_pop() -> None:
    result = mapped(patient(), condition(code="I10"), patient__import="with-cancer")
    assert not result.drafts
    assert reasons(result)["Patient/p"] == "the record holds no cancer diagnosis (option patient.import)"


def test_nothing_about_a_patient_who_is_no_case_is_for_pop() -> None:
    status = observation("e", (LOINC, "89247-1"), valueInteger=1)
    result = mapped(patient(), status, patient__import="with-cancer")
    assert not result.drafts
    assert NO_CASE in reasons(result)["Observation/e"]
    # While the Patient has not arrived, nobody can tell: the entity waits for its case.
    assert only(mapped(status, patient__import="with-cancer"), "PerformanceStatus").references["caseId"]
    assert only(mapped(patient(), status, condition(), patient__import="with-cancer"), "PerformanceStatus")


def test_every_patient_where_the_site_wants_that() -> None:
    assert only(mapped(patient(), patient__import="all"), "PatientCase").payload["clinicalIdentifier"] == "M-1"


def test_the_body_is_complete() -> None:
    draft = only(mapped(patient(), condition()), "PatientCase")
    assert not draft.issues
    assert draft.payload["clinicalCenter"] == "Test Centre"
    assert draft.payload["dateOfBirth"] == "1960-02-03"
    assert draft.payload["gender"]["code"] == "female"
    assert draft.payload["vitalStatus"] == "alive"
    assert "endOfRecords" not in draft.payload


@pytest.mark.parametrize(
    ("identifiers", "chosen"),
    [
        ([_identifier("1-old", "MR", use="old"), _identifier("2-new", "MR", use="official")], "2-new"),
        ([_identifier("official", "MR", use="official"), _identifier("usual", "MR", use="usual")], "usual"),
        ([_identifier("plain", use="usual"), _identifier("record", "MR")], "record"),
        ([_identifier("123-45-6789", "SS"), _identifier("plain")], "plain"),
        (
            [_identifier("1", system="http://hl7.org/fhir/sid/us-ssn"), _identifier("2", "DL"), _identifier("3", "MB")],
            None,
        ),
        ([_identifier("   ", "MR")], None),
        (
            [
                {"type": {"text": "MYCHARTLOGIN"}, "value": "LOGIN"},
                {"type": {"text": "FHIR"}, "value": "eXyz"},
                {"use": "usual", "type": {"text": "EPI"}, "value": "E-7"},
            ],
            "E-7",
        ),
        ([{"use": "usual", "type": {"text": "EPI"}, "value": "E-7"}, _identifier("203713", "MR")], "203713"),
        ([{"type": {"text": "Fallnummer"}, "value": "F"}, {"type": {"text": "Patientennummer"}, "value": "P"}], "P"),
        ([{"type": {"text": "INTERNAL"}, "use": "usual", "value": "Z1"}, {"system": "urn:a", "value": "A"}], "A"),
        ([_identifier("K1", "KVZ10", system="http://fhir.de/sid/gkv/kvid-10"), _identifier("7", "MR")], "7"),
    ],
)
def test_which_identifier_is_the_clinical_one(identifiers: list[dict[str, Any]], chosen: str | None) -> None:
    draft = only(mapped(patient(identifier=identifiers), condition()), "PatientCase")
    assert draft.payload.get("clinicalIdentifier") == chosen
    assert draft.blocked is (chosen is None)
    reverse = only(mapped(patient(identifier=identifiers[::-1]), condition()), "PatientCase")
    assert reverse.payload.get("clinicalIdentifier") == chosen


def test_configured_identifier_systems_decide_alone() -> None:
    record = patient(identifier=[_identifier("a", "MR", system="urn:a"), _identifier("b", system="urn:b")])
    options = {"patient__identifier_systems": ["urn:b"]}
    assert only(mapped(record, condition(), **options), "PatientCase").payload["clinicalIdentifier"] == "b"
    none = only(mapped(record, condition(), patient__identifier_systems=["urn:c"]), "PatientCase")
    assert ("missing-required", "clinicalIdentifier") in codes(none)


def test_absent_deceased_is_alive_by_r4_and_says_so() -> None:
    record = patient()
    del record["deceasedBoolean"]
    draft = only(mapped(record, condition()), "PatientCase")
    assert draft.payload["vitalStatus"] == "alive"
    assert "alive-unless-stated" in assumed(draft)


def test_unknown_vital_status_has_an_end_of_records() -> None:
    record = patient()
    del record["deceasedBoolean"]
    later = observation("o", ("http://loinc.org", "718-7"), effectiveDateTime="2024-05-20")
    draft = only(mapped(record, condition(), later, patient__deceased_absent="unknown"), "PatientCase")
    assert draft.payload["vitalStatus"] == "unknown"
    assert draft.payload["endOfRecords"] == "2024-05-01"
    assert "end-of-records-from-newest-entry" in assumed(draft)


def test_death_with_a_date() -> None:
    record = patient(deceasedDateTime="2024-09-19T22:30:00Z")
    del record["deceasedBoolean"]
    draft = only(mapped(record, condition(), timezone="Europe/Berlin"), "PatientCase")
    assert (draft.payload["vitalStatus"], draft.payload["dateOfDeath"]) == ("deceased", "2024-09-20")
    assert "endOfRecords" not in draft.payload


def test_death_without_a_date() -> None:
    draft = only(mapped(patient(deceasedBoolean=True), condition()), "PatientCase")
    assert draft.payload["vitalStatus"] == "unknown"
    assert draft.payload["endOfRecords"] == "2024-02-01"
    assert ("missing-date-of-death", "dateOfDeath") in codes(draft)
    assert not draft.blocked
    assert only(
        mapped(patient(deceasedBoolean=True), condition(), patient__death_without_date="block"), "PatientCase"
    ).blocked


def test_death_before_birth_waits() -> None:
    record = patient(deceasedDateTime="1950-01-01")
    assert ("implausible-value", "dateOfDeath") in codes(only(mapped(record, condition()), "PatientCase"))


def test_several_races_are_not_one_of_them() -> None:
    parts = [{"url": "ombCategory", "valueCoding": {"code": code}} for code in ("2106-3", "2028-9")]
    race = {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "extension": parts}
    draft = only(mapped(patient(extension=[race]), condition()), "PatientCase")
    assert "race" not in draft.payload
    assert ("several-values", "race") in codes(draft)


def test_a_patient_without_a_centre_waits() -> None:
    draft = only(mapped(patient(), condition(), patient__clinical_center=""), "PatientCase")
    assert ("missing-required", "clinicalCenter") in codes(draft)
    assert drafts(mapped(patient(), condition()), "PatientCase")[0].references == {}


MII = "https://www.medizininformatik-initiative.de/fhir/"
DISPOSITION, DEATH = (LOINC, "67162-8"), ("http://snomed.info/sct", "184305005")


def _status(code: str, day: str, id: str = "v") -> dict[str, Any]:
    value = concept(MII + "core/modul-person/CodeSystem/Vitalstatus", code)
    return observation(id, DISPOSITION, effectiveDateTime=day, valueCodeableConcept=value)


def _silent(**more: Any) -> dict[str, Any]:
    record = patient(**more)
    if "deceasedBoolean" not in more:
        del record["deceasedBoolean"]
    return record


def test_the_german_vital_status_says_what_the_patient_does_not() -> None:
    draft = only(mapped(_silent(), condition(), _status("L", "2024-06-01")), "PatientCase")
    assert draft.payload["vitalStatus"] == "alive"
    assert "alive-unless-stated" not in assumed(draft)
    draft = only(
        mapped(_silent(), condition(), _status("L", "2024-06-01"), _status("T", "2024-08-03", "w")), "PatientCase"
    )
    assert (draft.payload["vitalStatus"], draft.payload["dateOfDeath"]) == ("deceased", "2024-08-03")
    lost = only(
        mapped(_silent(), condition(), _status("X", "2024-06-20"), _status("L", "2023-01-01", "w")), "PatientCase"
    )
    assert (lost.payload["vitalStatus"], lost.payload["endOfRecords"]) == ("unknown", "2024-06-01")
    assert "end-of-records-from-vital-status" in assumed(lost)


def test_the_report_of_a_death_gives_its_day_and_cause() -> None:
    cause = concept("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "C50.9")
    report = observation("t", DEATH, effectiveDateTime="2024-08-03", valueCodeableConcept=cause)
    for record in (_silent(), _silent(deceasedBoolean=True), _silent(deceasedBoolean=False)):
        draft = only(mapped(record, condition(), report), "PatientCase")
        assert (draft.payload["vitalStatus"], draft.payload["dateOfDeath"]) == ("deceased", "2024-08-03")
        assert ("unmapped-code", "causeOfDeath") in codes(draft)
        assert "endOfRecords" not in draft.payload
        assert (("contradiction", "vitalStatus") in codes(draft)) is (record.get("deceasedBoolean") is False)
    own = only(mapped(_silent(deceasedDateTime="2024-08"), condition(), report), "PatientCase")
    assert own.payload["dateOfDeath"] == "2024-08-15"
    progression = concept(
        "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", "C168970", "Death due to Disease Progression"
    )
    certificate = observation("t", (LOINC, "69453-9"), effectiveDateTime="2024-08-03", valueCodeableConcept=progression)
    draft = only(mapped(_silent(), condition(), certificate), "PatientCase")
    assert draft.payload["causeOfDeath"]["code"] == "C168970"


def test_a_void_report_says_nothing() -> None:
    report = observation("t", DEATH, status="entered-in-error")
    result = mapped(_silent(), condition(), report)
    assert only(result, "PatientCase").payload["vitalStatus"] == "alive"
    assert "entered in error" in reasons(result)["Observation/t"]


def test_a_replaced_record_is_no_case() -> None:
    link = [{"type": "replaced-by", "other": {"reference": "Patient/q"}}]
    result = mapped(patient(link=link), condition())
    assert not drafts(result, "PatientCase")
    assert "replaces it" in reasons(result)["Patient/p"]


def test_sex_and_identity_of_a_social_history() -> None:
    sex = observation("s", (LOINC, "76689-9"), valueCodeableConcept=concept(LOINC, "LA3-6", "Female"))
    identity = observation(
        "i", (LOINC, "76691-5"), valueCodeableConcept=concept(LOINC, "LA22878-5", "Identifies as male")
    )
    draft = only(mapped(patient(), condition(), sex, identity), "PatientCase")
    assert (draft.payload["sexAtBirth"]["code"], draft.payload["genderIdentity"]["code"]) == ("female", "LA22878-5")
    nested = {
        "url": "http://hl7.org/fhir/StructureDefinition/individual-genderIdentity",
        "extension": [{"url": "value", "valueCodeableConcept": concept("http://snomed.info/sct", "446141000124107")}],
    }
    draft = only(mapped(patient(extension=[nested]), condition()), "PatientCase")
    assert draft.payload["genderIdentity"]["code"] == "LA22879-3"


@pytest.mark.parametrize(
    ("parts", "race"),
    [
        ([{"url": "text", "valueString": "Asian"}], "2028-9"),
        ([{"url": "ombCategory", "valueCoding": {"code": "2106-3", "display": "White"}}], "2106-3"),
        ([{"url": "ombCategory", "valueCoding": {"code": "UNK"}}], "UNK"),
    ],
)
def test_the_shapes_of_race(parts: list[dict[str, Any]], race: str) -> None:
    extension = {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "extension": parts}
    draft = only(mapped(patient(extension=[extension]), condition(), terminology=RACES), "PatientCase")
    assert draft.payload["race"]["code"] == race


RACES = Terminology(
    {
        "Race": [
            ("urn:oid:2.16.840.1.113883.6.238", "2028-9", "Asian"),
            ("urn:oid:2.16.840.1.113883.6.238", "2106-3", "White"),
            ("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK", "Unknown"),
        ]
    }
)


def test_an_identifier_that_pop_could_not_keep_waits() -> None:
    case = only(mapped(patient(identifier=[_identifier("1" * 101, "MR")])), "PatientCase")
    assert ("implausible-value", "clinicalIdentifier") in codes(case)
