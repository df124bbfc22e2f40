from __future__ import annotations

from typing import Any

import pytest
from mapper_records import (
    ICD_10_CM,
    LOINC,
    MCODE,
    SNOMED,
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

ICD_O_M = "http://terminology.hl7.org/CodeSystem/icd-o-3-morphology"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def _histology(code: str) -> dict[str, Any]:
    return {"url": MCODE + "mcode-histology-morphology-behavior", "valueCodeableConcept": concept(ICD_O_M, code)}


def test_a_primary_tumour_from_its_diagnosis_code() -> None:
    draft = only(mapped(patient(), condition(code="C50.412")), "NeoplasticEntity")
    assert draft.key == "NeoplasticEntity:Condition/c"
    assert draft.payload["relationship"] == "primary"
    assert draft.payload["topography"]["code"] == "C50.4"
    assert draft.payload["laterality"]["code"] == "7771000"
    assert draft.payload["morphology"]["code"] == "8000/3"
    assert draft.references == {"caseId": "PatientCase:Patient/p"}
    assert "morphology-unspecified" in assumed(draft)


def test_a_body_site_is_finer_than_the_diagnosis() -> None:
    site = concept("http://terminology.hl7.org/CodeSystem/icd-o-3-topography", "C50.2")
    draft = only(mapped(patient(), condition(code="C50.9", bodySite=[site])), "NeoplasticEntity")
    assert draft.payload["topography"]["code"] == "C50.2"


@pytest.mark.parametrize(
    ("code", "morphology"), [("C43.5", "8720/3"), ("C90.0", "9732/3"), ("C91.1", "9823/3"), ("D03.5", "8720/2")]
)
def test_a_code_that_names_its_histology(code: str, morphology: str) -> None:
    draft = only(mapped(patient(), condition(code=code)), "NeoplasticEntity")
    assert draft.payload["morphology"]["code"] == morphology
    assert "morphology-from-diagnosis" in assumed(draft)


def test_in_situ_without_a_histology_has_its_behaviour() -> None:
    # The titles of ICD-10's in situ categories say carcinoma; a SNOMED CT name may say nothing.
    for code, morphology in (
        (concept(ICD_10_CM, "D07.5"), "8010/2"),
        (concept("http://hl7.org/fhir/sid/icd-9-cm", "233.4"), "8010/2"),
    ):
        draft = only(mapped(patient(), condition(code=code)), "NeoplasticEntity")
        assert draft.payload["morphology"]["code"] == morphology
        assert "morphology-from-diagnosis" in assumed(draft)


def test_a_site_may_demand_a_histology() -> None:
    draft = only(mapped(patient(), condition(), neoplasm__unspecified_morphology="block"), "NeoplasticEntity")
    assert ("missing-required", "morphology") in codes(draft)


def test_a_stated_histology_that_is_unmapped_is_not_replaced_by_a_default() -> None:
    stated = {
        "url": MCODE + "mcode-histology-morphology-behavior",
        "valueCodeableConcept": concept("urn:local", "H-17"),
    }
    draft = only(mapped(patient(), condition(extension=[stated])), "NeoplasticEntity")
    assert ("unmapped-code", "morphology") in codes(draft)
    assert draft.blocked
    assert draft.issues[0].codings == (("urn:local", "H-17", ""),)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"code": concept(ICD_10_CM, "Z85.3")}, "a diagnosis that is no tumour"),
        ({"code": concept(ICD_10_CM, "Z80.3")}, "a diagnosis that is no tumour"),
        ({"code": concept(ICD_10_CM, "D12.6")}, "a tumour of benign behaviour"),
        ({"code": concept(ICD_10_CM, "D37.5")}, "a tumour of uncertain behaviour"),
        ({"code": {"text": "Family history of breast cancer"}}, "a diagnosis that is no tumour"),
        ({"verificationStatus": concept(VERIFICATION, "entered-in-error")}, "the diagnosis was entered in error"),
        ({"verificationStatus": concept(VERIFICATION, "refuted")}, "the diagnosis is refuted"),
        ({"verificationStatus": concept(VERIFICATION, "provisional")}, "the diagnosis is provisional"),
    ],
)
def test_what_is_no_tumour_for_pop(more: dict[str, Any], reason: str) -> None:
    result = mapped(patient(), condition(**more), patient__import="with-cancer")
    assert not result.drafts
    assert reasons(result)["Condition/c"] == reason


def test_a_metastasis_belongs_to_the_only_primary() -> None:
    result = mapped(patient(), condition("c", "C50.9"), condition("m", "C79.51"))
    metastasis = drafts(result, "NeoplasticEntity")[1]
    assert metastasis.payload["relationship"] == "metastatic"
    assert metastasis.payload["morphology"]["code"] == "8000/6"
    assert metastasis.references["relatedPrimaryId"] == "NeoplasticEntity:Condition/c"
    assert "only-primary" in assumed(metastasis)


@pytest.mark.parametrize("primaries", [[], ["C50.9", "C61"]])
def test_a_metastasis_without_a_clear_primary_waits(primaries: list[str]) -> None:
    others = [condition(f"c{index}", code) for index, code in enumerate(primaries)]
    result = mapped(patient(), *others, condition("m", "C79.51"))
    metastasis = next(draft for draft in result.drafts if draft.key == "NeoplasticEntity:Condition/m")
    assert ("unresolved-reference", "relatedPrimaryId") in codes(metastasis)
    assert metastasis.blocked


def test_a_named_primary_wins_and_its_histology_becomes_metastatic() -> None:
    related = {
        "url": "http://hl7.org/fhir/StructureDefinition/condition-related",
        "valueReference": {"reference": "Condition/b"},
    }
    metastasis = condition("m", "C78.7", extension=[related, _histology("8140/3")])
    result = mapped(patient(), condition("a", "C50.9"), condition("b", "C18.7"), metastasis)
    draft = next(draft for draft in result.drafts if draft.key.endswith("/m"))
    assert draft.references["relatedPrimaryId"] == "NeoplasticEntity:Condition/b"
    assert draft.payload["morphology"]["code"] == "8140/6"
    assert "metastatic-behaviour" in assumed(draft)


def test_a_histology_observation_joins_its_condition() -> None:
    finding = observation(
        "h", (LOINC, "31206-6"), focus=[{"reference": "Condition/c"}], valueCodeableConcept=concept(SNOMED, "82711006")
    )
    draft = only(mapped(patient(), finding, condition()), "NeoplasticEntity")
    assert draft.payload["morphology"]["code"] == "8500/3"
    assert draft.sources["morphology"][0].resource == "Observation/h"


def test_dates_fall_back_in_order() -> None:
    asserted = {"url": "http://hl7.org/fhir/StructureDefinition/condition-assertedDate", "valueDateTime": "2024-01-20"}
    assert (
        only(mapped(patient(), condition(extension=[asserted])), "NeoplasticEntity").payload["assertionDate"]
        == "2024-01-20"
    )
    recorded = condition(recordedDate="2024-03")
    del recorded["onsetDateTime"]
    draft = only(mapped(patient(), recorded), "NeoplasticEntity")
    assert draft.payload["assertionDate"] == "2024-03-15"
    assert {"date-of-recording", "partial-date-completed"} <= assumed(draft)
    del recorded["recordedDate"]
    assert ("missing-required", "assertionDate") in codes(only(mapped(patient(), recorded), "NeoplasticEntity"))
    early = only(mapped(patient(), condition(onsetDateTime="1950-01-01")), "NeoplasticEntity")
    assert ("implausible-value", "assertionDate") in codes(early)


def test_a_tumour_without_a_known_site_is_an_unmapped_code() -> None:
    record = condition(code=concept(SNOMED, "363346000", "Malignant neoplastic disease"))
    draft = only(mapped(patient(), record), "NeoplasticEntity")
    assert ("unmapped-code", "topography") in codes(draft)


def _course(id: str, day: str, **parts: str) -> dict[str, Any]:
    """An oBDS course report (MII *Verlauf*) by its parts' keys."""
    system = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-verlauf-"
    asked = {"primaertumor": "277062004", "lymphknoten": "399656008"}
    components = [
        {"code": concept(SNOMED, asked[part]), "valueCodeableConcept": concept(system + part, key)}
        for part, key in parts.items()
    ]
    about = {"focus": [{"reference": "Condition/c"}], "component": components}
    return observation(id, (SNOMED, "396432002"), effectiveDateTime=day, **about)


def test_a_course_report_tells_of_recurrences() -> None:
    first = _course("v1", "2025-03-01", primaertumor="R", lymphknoten="K")
    again = _course("v2", "2025-06-01", primaertumor="R", lymphknoten="R")
    found = {
        each.payload["relationship"]: each
        for each in drafts(mapped(patient(), condition(), again, first), "NeoplasticEntity")
    }
    assert found.keys() == {"primary", "local_recurrence", "regional_recurrence"}
    local, nodes = found["local_recurrence"], found["regional_recurrence"]
    assert (local.payload["assertionDate"], local.payload["topography"]["code"]) == ("2025-03-01", "C50.4")
    assert (nodes.payload["assertionDate"], nodes.payload["topography"]["code"]) == ("2025-06-01", "C77.9")
    assert {each.references["relatedPrimaryId"] for each in (local, nodes)} == {"NeoplasticEntity:Condition/c"}
    assert local.payload["morphology"] == nodes.payload["morphology"] == found["primary"].payload["morphology"]


def test_a_course_report_without_a_recurrence_or_in_error_tells_none() -> None:
    none = _course("v", "2025-03-01", primaertumor="K")
    wrong = _course("w", "2025-03-01", primaertumor="R") | {"status": "entered-in-error"}
    assert only(mapped(patient(), condition(), none, wrong), "NeoplasticEntity").key == "NeoplasticEntity:Condition/c"
