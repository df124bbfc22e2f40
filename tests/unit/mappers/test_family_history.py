from __future__ import annotations

from typing import Any

import pytest
from mapper_records import SNOMED, assumed, codes, concept, condition, drafts, mapped, only, patient, reasons

ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def relative(id: str = "f", role: str = "MTH", **more: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "resourceType": "FamilyMemberHistory", "id": id, "status": "completed", "patient": {"reference": "Patient/p"},
        "date": "2024-03-01", "relationship": concept(ROLE, role),
    }  # fmt: skip
    return record | more


BREAST = {"code": concept(SNOMED, "254837009", "Malignant neoplasm of breast"), "onsetAge": {"value": 52, "code": "a"}}
STROKE = {"code": concept(SNOMED, "230690007", "Stroke")}
OVARY = {"code": concept("http://hl7.org/fhir/sid/icd-10-cm", "C56.9")}


def test_a_cancer_of_the_mother() -> None:
    draft = only(
        mapped(patient(), condition(), relative(condition=[STROKE, BREAST], deceasedAge={"value": 60})), "FamilyHistory"
    )
    assert draft.key == "FamilyHistory:FamilyMemberHistory/f"
    assert draft.payload["relationship"]["code"] == "MTH"
    assert (draft.payload["hadCancer"], draft.payload["isDeceased"], draft.payload["onsetAge"]) == (True, True, 52)
    assert draft.payload["topography"]["code"] == "C50.9"
    assert not draft.issues


def test_two_cancers_are_two_entities() -> None:
    found = drafts(mapped(patient(), condition(), relative(condition=[BREAST, OVARY])), "FamilyHistory")
    assert [draft.payload["topography"]["code"] for draft in found] == ["C50.9", "C56.9"]
    again = drafts(mapped(patient(), condition(), relative(condition=[OVARY, BREAST])), "FamilyHistory")
    assert [draft.key for draft in again] == [draft.key for draft in found]


def test_other_conditions_are_not_for_pop_and_none_is_no_cancer() -> None:
    result = mapped(patient(), condition(), relative(condition=[STROKE]))
    assert not drafts(result, "FamilyHistory")
    assert "no cancer" in reasons(result)["FamilyMemberHistory/f"]
    draft = only(mapped(patient(), condition(), relative()), "FamilyHistory")
    assert draft.payload["hadCancer"] is False
    assert "no-condition-named" in assumed(draft)
    assert not drafts(mapped(patient(), condition(), relative(status="partial")), "FamilyHistory")
    assert not drafts(
        mapped(patient(), condition(), relative(status="health-unknown", condition=[BREAST])), "FamilyHistory"
    )


def test_a_missing_date_is_the_day_of_diagnosis_or_waits() -> None:
    undated = relative(condition=[BREAST])
    undated.pop("date")
    draft = only(mapped(patient(), condition(), undated), "FamilyHistory")
    assert draft.payload["date"] == "2024-02-05"
    assert "date-of-diagnosis" in assumed(draft)
    waiting = only(mapped(patient(), condition(), undated, family_history__date_absent="block"), "FamilyHistory")
    assert ("missing-required", "date") in codes(waiting)


def test_a_relationship_that_pop_does_not_know_waits() -> None:
    draft = only(
        mapped(patient(), condition(), relative(relationship={"text": "a neighbour"}, condition=[BREAST])),
        "FamilyHistory",
    )
    assert ("unmapped-code", "relationship") in codes(draft)
    nobody = relative(condition=[BREAST])
    nobody.pop("relationship")
    assert ("missing-required", "relationship") in codes(only(mapped(patient(), condition(), nobody), "FamilyHistory"))


@pytest.mark.parametrize(
    ("code", "site"),
    [
        (
            concept("http://hl7.org/fhir/sid/icd-10-cm", "Z80.3", "Family history of malignant neoplasm of breast"),
            "C50.9",
        ),
        (concept("http://hl7.org/fhir/sid/icd-10-cm", "Z85.118"), "C34.9"),
        (concept("http://hl7.org/fhir/sid/icd-10-cm", "Z80.0"), None),
        (concept("http://hl7.org/fhir/sid/icd-9-cm", "V16.3"), "C50.9"),
        (concept(SNOMED, "429740004", "Family history of malignant neoplasm of breast (situation)"), "C50.9"),
        ({"text": "FH: breast cancer"}, "C50.9"),
        ({"text": "ovarian cancer"}, "C56.9"),
        ({"text": "stomach or colon cancer"}, None),
        ({"text": "cancer"}, None),
        ({"text": "Ovarialkarzinom"}, "C56.9"),
        ({"text": "Lungen-Ca"}, "C34.9"),
        ({"text": "Schilddrüsenkarzinom"}, "C73.9"),
        ({"text": "Unterleibskrebs"}, None),
    ],
)
def test_a_history_of_a_cancer_is_the_relatives_cancer(code: dict[str, Any], site: str | None) -> None:
    draft = only(mapped(patient(), condition(), relative(condition=[{"code": code}])), "FamilyHistory")
    assert draft.payload["hadCancer"] is True
    assert draft.payload.get("topography", {}).get("code") == site


@pytest.mark.parametrize(
    ("who", "role"),
    [
        (concept(SNOMED, "27733009", "Sister (person)"), "SIS"),
        ({"text": "Mutter"}, "MTH"),
        ({"text": "Tante mütterlicherseits"}, "MAUNT"),
        ({"text": "Grandmother - maternal"}, "MGRMTH"),
        (concept("urn:oid:1.2.840.114350", "4", "Maternal Grandfather"), "MGRFTH"),
    ],
)
def test_a_relative_by_name(who: dict[str, Any], role: str) -> None:
    draft = only(mapped(patient(), condition(), relative(relationship=who, condition=[BREAST])), "FamilyHistory")
    assert draft.payload["relationship"]["code"] == role


@pytest.mark.parametrize(
    ("text", "topography", "morphology"),
    [("Ovarian cancer", "C56.9", None), ("Melanoma", None, "8720/3"), ("some cancer", None, None)],
)
def test_a_relatives_cancer_in_words(text: str, topography: str | None, morphology: str | None) -> None:
    record = {
        "resourceType": "FamilyMemberHistory", "id": "f", "status": "completed", "patient": {"reference": "Patient/p"},
        "date": "2024-03-01", "relationship": {"text": "mother"}, "condition": [{"code": {"text": text}}],
    }  # fmt: skip
    draft = only(mapped(patient(), condition(), record), "FamilyHistory")
    assert (draft.payload.get("topography") or {}).get("code") == topography
    assert (draft.payload.get("morphology") or {}).get("code") == morphology
