"""Which Conditions are tumours, and how a diagnosis is doubted, excluded, over or only named."""

from __future__ import annotations

from typing import Any

import pytest
from mapper_records import ICD_10_CM, SNOMED, assumed, codes, concept, condition, drafts, mapped, only, patient, reasons

from mappers.diagnoses import diagnose, verification_of

ICD_10_GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"


def _german(code: str, certainty: str) -> dict[str, Any]:
    coding = concept(ICD_10_GM, code)["coding"][0]
    return {"coding": [coding | {"extension": [{"url": CERTAINTY, "valueCoding": {"code": certainty}}]}]}


@pytest.mark.parametrize(
    ("certainty", "reason"),
    [("V", "not confirmed"), ("A", "refuted"), ("Z", "Zustand nach"), ("G", "")],
)
def test_german_certainty(certainty: str, reason: str) -> None:
    found = diagnose({"code": _german("C50.9", certainty)})
    assert (found.relationship is None) == bool(reason)
    assert reason in found.reason


def test_the_status_is_found_behind_a_registrys_code() -> None:
    registry = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-primaertumor-diagnosesicherung"
    status = {"coding": [{"system": registry, "code": "7"}, {"code": "refuted"}]}
    assert verification_of({"verificationStatus": status}) == "refuted"
    assert diagnose({"code": concept(ICD_10_CM, "C61"), "verificationStatus": status}).relationship is None


@pytest.mark.parametrize(
    ("system", "code", "display"),
    [
        (ICD_10_CM, "D70.1", "Agranulocytosis secondary to cancer chemotherapy"),
        (ICD_10_CM, "R97.1", "Elevated cancer antigen 125 [CA 125]"),
        (ICD_10_CM, "Z85.3", "Personal history of malignant neoplasm of breast"),
        (SNOMED, "70272006", "Malignant hypertension (disorder)"),
        (SNOMED, "1", "Anemia due to malignant neoplasm"),
        (SNOMED, "1", "Cancer-related fatigue"),
        (SNOMED, "1", "Malignant pleural effusion"),
        (SNOMED, "1", "Pathological fracture due to metastatic bone disease"),
        (SNOMED, "1", "Suspected lung cancer"),
        (SNOMED, "1", "Z.n. Mammakarzinom"),
        (SNOMED, "1", "Kein Anhalt für Prostatakarzinom"),
        (SNOMED, "1", "Ausschluss Leukämie"),
        (SNOMED, "1", "Angst vor Brustkrebs"),
    ],
)
def test_a_name_of_cancer_that_is_no_diagnosis_of_it(system: str, code: str, display: str) -> None:
    assert diagnose({"code": concept(system, code, display)}).relationship is None


@pytest.mark.parametrize(
    ("display", "relationship"),
    [
        ("Secondary malignant neoplasm of lung (disorder)", "metastatic"),
        ("Multiple myeloma in remission", "primary"),
        ("Local recurrence of malignant tumor of lung (disorder)", "local_recurrence"),
        ("Regional recurrence of malignant tumor", "regional_recurrence"),
        ("Carcinoma in situ of bladder", "primary"),
        ("Hodgkin's disease (disorder)", "primary"),
        ("Polycythemia vera (disorder)", "primary"),
        ("Kaposi sarcoma associated with AIDS", "primary"),
        ("HPV-related squamous cell carcinoma of oropharynx", "primary"),
        ("High risk prostate cancer", "primary"),
        ("Metastatic carcinoma to bone due to malignant tumor of prostate", "metastatic"),
    ],
)
def test_relationship_by_snomeds_name(display: str, relationship: str) -> None:
    found = diagnose({"code": concept(SNOMED, "1", display)})
    assert found.relationship == relationship
    assert found.in_situ == ("in situ" in display)


def test_a_known_code_without_its_name() -> None:
    assert diagnose({"code": concept(SNOMED, "254837009")}).relationship == "primary"
    assert diagnose({"code": concept(SNOMED, "94225005")}).relationship == "metastatic"
    assert diagnose({"code": concept(SNOMED, "76752008")}).relationship is None


def test_a_code_for_several_primaries_is_none_of_them() -> None:
    result = mapped(patient(), condition(code=concept("http://hl7.org/fhir/sid/icd-10", "C97")), condition("d", "C61"))
    assert [draft.key for draft in drafts(result, "NeoplasticEntity")] == ["NeoplasticEntity:Condition/d"]
    assert "several primaries" in reasons(result)["Condition/c"]


def test_a_local_recurrence_is_of_the_primary_of_its_site() -> None:
    recurrence = condition("r", concept(SNOMED, "314954002", "Local recurrence of malignant tumor of lung (disorder)"))
    result = mapped(patient(), condition("lung", "C34.11"), condition("colon", "C18.7"), recurrence)
    (draft,) = [each for each in drafts(result, "NeoplasticEntity") if each.payload["relationship"] != "primary"]
    assert draft.references["relatedPrimaryId"] == "NeoplasticEntity:Condition/lung"
    assert draft.payload["topography"]["code"] == "C34.9"
    assert "primary-of-this-site" in assumed(draft)
    elsewhere = mapped(patient(), condition("kidney", "C64.1"), condition("colon", "C18.7"), recurrence)
    (draft,) = [each for each in drafts(elsewhere, "NeoplasticEntity") if each.payload["relationship"] != "primary"]
    assert ("unresolved-reference", "relatedPrimaryId") in codes(draft)


@pytest.mark.parametrize(
    ("other", "rule"),
    [("D05.12", "only-invasive-primary"), ("C91.10", "only-invasive-primary"), ("C18.7", None)],
)
def test_a_metastasis_of_the_only_primary_that_can_have_spread(other: str, rule: str | None) -> None:
    result = mapped(patient(), condition("lung", "C34.11"), condition("other", other), condition("m", "C78.7"))
    (draft,) = [each for each in drafts(result, "NeoplasticEntity") if each.payload["relationship"] == "metastatic"]
    assert draft.references.get("relatedPrimaryId") == ("NeoplasticEntity:Condition/lung" if rule else None)
    assert (rule in assumed(draft)) == (rule is not None)


def test_a_metastasis_of_the_primary_of_its_histology() -> None:
    said = {
        "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior",
        "valueCodeableConcept": concept("http://terminology.hl7.org/CodeSystem/icd-o-3-morphology", "8720/6"),
    }
    record = [condition("skin", "C43.61"), condition("colon", "C18.7"), condition("m", "C78.7", extension=[said])]
    (draft,) = [each for each in drafts(mapped(patient(), *record), "NeoplasticEntity") if each.key.endswith("/m")]
    assert draft.references["relatedPrimaryId"] == "NeoplasticEntity:Condition/skin"
    assert "primary-of-this-histology" in assumed(draft)


def test_what_a_metastasis_is_due_to() -> None:
    due = [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/condition-dueTo",
            "valueReference": {"reference": "Condition/d"},
        }
    ]
    result = mapped(patient(), condition("c", "C61"), condition("d", "C64.1"), condition("m", "C79.51", extension=due))
    (draft,) = [each for each in drafts(result, "NeoplasticEntity") if each.payload["relationship"] == "metastatic"]
    assert draft.references["relatedPrimaryId"] == "NeoplasticEntity:Condition/d"


def test_the_day_of_the_encounter_is_the_last_resort() -> None:
    encounter = {
        "resourceType": "Encounter", "id": "e", "status": "finished", "subject": {"reference": "Patient/p"},
        "period": {"start": "2023-03-04T10:00:00Z"},
    }  # fmt: skip
    undated = condition(encounter={"reference": "Encounter/e"})
    del undated["onsetDateTime"]
    draft = only(mapped(patient(), undated, encounter), "NeoplasticEntity")
    assert draft.payload["assertionDate"] == "2023-03-04"
    assert "date-of-encounter" in assumed(draft)
    dated = only(mapped(patient(), condition(encounter={"reference": "Encounter/e"}), encounter), "NeoplasticEntity")
    assert dated.payload["assertionDate"] == "2024-02-05"


@pytest.mark.parametrize(
    ("codings", "site"),
    [
        ([(SNOMED, "254837009", "Malignant neoplasm of breast"), (ICD_10_CM, "C50.411", None)], "C50.4"),
        ([(ICD_10_CM, "C18.9", None), (SNOMED, "1", "Malignant tumor of ascending colon")], "C18.2"),
        ([(ICD_10_CM, "C80.1", None), (SNOMED, "1", "Adenocarcinoma of pancreas")], "C25.9"),
    ],
)  # fmt: skip
def test_the_finest_of_several_codings_is_the_site(codings: list[tuple[str, str, str | None]], site: str) -> None:
    code = {"coding": [concept(*each)["coding"][0] for each in codings]}
    assert only(mapped(patient(), condition(code=code)), "NeoplasticEntity").payload["topography"]["code"] == site


def test_a_diagnosis_refines_its_body_site_but_does_not_move_it() -> None:
    breast = [concept(SNOMED, "76752008", "Breast structure")]
    assert _site(condition(code="C50.411", bodySite=breast)) == "C50.4"
    node = [concept(SNOMED, "62683002", "Mediastinal lymph node structure")]
    assert _site(condition(code=concept(SNOMED, "118599009", "Hodgkin's disease (disorder)"), bodySite=node)) == "C77.1"


def _site(resource: dict[str, Any]) -> str:
    return str(only(mapped(patient(), resource), "NeoplasticEntity").payload["topography"]["code"])


@pytest.mark.parametrize(("grades", "digit"), [(["1", "3"], "3"), (["U", "2"], "2"), (["X"], "9"), (["H"], None)])
def test_the_highest_grade_that_is_determined(grades: list[str], digit: str | None) -> None:
    system = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-grading"
    found = [
        {
            "resourceType": "Observation", "id": f"g{at}", "status": "final", "subject": {"reference": "Patient/p"},
            "code": concept("http://loinc.org", "33732-9"), "valueCodeableConcept": concept(system, grade),
        } for at, grade in enumerate(grades)
    ]  # fmt: skip
    draft = only(mapped(patient(), condition(), *found), "NeoplasticEntity")
    stated = draft.payload.get("differentitation")
    assert (stated and stated["code"]) == digit
    assert (("unmapped-code", "differentitation") in codes(draft)) == (digit is None)


@pytest.mark.parametrize(("side", "code"), [("L", "7771000"), ("R", "24028007"), ("B", "51440002"), ("T", None)])
def test_the_registrys_side(side: str, code: str | None) -> None:
    system = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-seitenlokalisation"
    draft = only(mapped(patient(), condition(code="C50.9", bodySite=[concept(system, side)])), "NeoplasticEntity")
    stated = draft.payload.get("laterality")
    assert (stated and stated["code"]) == code


@pytest.mark.parametrize(
    "text", ["Prostatakarzinom", "Akute Leukämie", "Mamma-Ca rechts", "Plasmozytom", "Osteosarkom"]
)
def test_german_names_of_cancers(text: str) -> None:
    assert diagnose({"code": {"text": text}}).relationship == "primary"
