from __future__ import annotations

from typing import Any

import pytest
from mapper_records import (
    LOINC,
    MCODE,
    SNOMED,
    UCUM,
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

CEA, PSA, HER2, ER, MLH1 = (
    (LOINC, "2039-6"),
    (LOINC, "2857-1"),
    (LOINC, "85319-2"),
    (LOINC, "85329-1"),
    (LOINC, "81691-8"),
)
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"


def _quantity(value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit} | more}


@pytest.mark.parametrize(
    ("code", "value", "field", "expected"),
    [
        (CEA, _quantity(4.2, "ng/mL"), "massConcentration", {"value": 4.2, "unit": "ng__ml"}),
        (CEA, _quantity(4.2, "ug/L"), "massConcentration", {"value": 4.2, "unit": "ng__ml"}),
        (CEA, {"valueString": "4,2 ng/mL"}, "massConcentration", {"value": 4.2, "unit": "ng__ml"}),
        ((LOINC, "6875-9"), _quantity(38.5, "U/mL"), "arbitraryConcentration", {"value": 38.5, "unit": "kIU__l"}),
        (ER, _quantity(85, "%"), "fraction", {"value": 85.0, "unit": "%"}),
        (HER2, {"valueString": "3+"}, "immunohistochemicalScore", "3+"),
        (HER2, {"valueCodeableConcept": {"text": "2+ (equivocal)"}}, "immunohistochemicalScore", "2+"),
        (HER2, _quantity(0, "{score}"), "immunohistochemicalScore", "0"),
        (HER2, {"valueCodeableConcept": concept(LOINC, "LA6577-6")}, "presence", "negative"),
        (HER2, {"valueCodeableConcept": concept(SNOMED, "10828004")}, "presence", "positive"),
        (HER2, {"valueBoolean": True}, "presence", "positive"),
        (MLH1, {"valueString": "Retained"}, "nuclearExpressionStatus", "intact"),
        (MLH1, {"valueCodeableConcept": concept(LOINC, "LA6577-6")}, "nuclearExpressionStatus", "loss"),
        ((NCIT, "C176582"), _quantity(15, "%"), "combinedPositiveScore", {"value": 15.0, "unit": "%"}),
        ((NCIT, "C184941"), _quantity(60, "%"), "tumorProportionScore", "TC3"),
        ((NCIT, "C199175"), {"valueString": "IC2"}, "immuneCellScore", "IC2"),
    ],
)
def test_the_value_kinds(code: tuple[str, str], value: dict[str, Any], field: str, expected: object) -> None:
    draft = only(mapped(patient(), condition(), observation("o", code, **value)), "TumorMarker")
    assert draft.payload[field] == expected
    assert not draft.issues
    assert set(draft.payload) == {"date", "analyte", field}


def test_the_tumour_is_the_one_in_focus_else_the_only_one() -> None:
    about = observation("o", CEA, focus=[{"reference": "Condition/d"}], **_quantity(1, "ng/mL"))
    two = condition("c", "C50.9"), condition("d", "C18.7")
    draft = only(mapped(patient(), *two, about), "TumorMarker")
    assert draft.references["relatedEntitiesIds"] == ("NeoplasticEntity:Condition/d",)
    del about["focus"]
    assert "relatedEntitiesIds" not in only(mapped(patient(), *two, about), "TumorMarker").references
    alone = only(mapped(patient(), condition(), about), "TumorMarker")
    assert alone.references["relatedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)
    assert "only-tumour" in assumed(alone)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (_quantity(0.1, "ng/mL", comparator="<"), "comparator"),
        ({"valueString": "< 0.1 ng/mL"}, "comparator"),
        (_quantity(5, "copies/mL"), "unmapped-unit"),
        ({"valueString": "see report"}, "unmapped-value"),
        ({"dataAbsentReason": concept("urn:x", "unknown")}, "missing-required"),
        ({}, "missing-required"),
    ],
)
def test_results_that_wait(value: dict[str, Any], code: str) -> None:
    draft = only(mapped(patient(), condition(), observation("o", PSA, **value)), "TumorMarker")
    assert (code, "value") in codes(draft)
    assert draft.blocked


def test_a_bound_counts_where_the_site_says_so() -> None:
    record = observation("o", PSA, **_quantity(0.1, "ng/mL", comparator="<"))
    draft = only(mapped(patient(), condition(), record, marker__comparator="bound"), "TumorMarker")
    assert draft.payload["massConcentration"] == {"value": 0.1, "unit": "ng__ml"}
    assert "bound-taken-as-value" in assumed(draft)


def test_an_ordinary_laboratory_value_is_not_for_pop() -> None:
    category = [concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory")]
    result = mapped(
        patient(), condition(), observation("o", (LOINC, "718-7"), category=category, **_quantity(13, "g/dL"))
    )
    assert not drafts(result, "TumorMarker")
    assert reasons(result)["Observation/o"] == "a laboratory value that is no tumour marker of POP's"


def test_a_profiled_marker_that_pop_does_not_know_is_an_unmapped_code() -> None:
    record = observation(
        "o", ("urn:gtr", "509910"), meta={"profile": [MCODE + "mcode-tumor-marker-test|4.0.0"]}, **_quantity(47, "1")
    )
    assert ("unmapped-code", "analyte") in codes(only(mapped(patient(), condition(), record), "TumorMarker"))


def test_a_panel_gives_a_marker_per_component() -> None:
    parts = [
        {"code": concept(*CEA), **_quantity(3, "ng/mL")},
        {"code": concept(LOINC, "24108-3"), **_quantity(30, "U/mL")},
    ]
    category = [concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory")]
    record = observation("o", ("urn:local", "PANEL"), category=category, component=parts)
    found = drafts(mapped(patient(), condition(), record), "TumorMarker")
    assert [draft.key for draft in found] == ["TumorMarker:Observation/o/2039-6", "TumorMarker:Observation/o/24108-3"]
    turned = drafts(mapped(patient(), condition(), record | {"component": parts[::-1]}), "TumorMarker")
    assert [draft.key for draft in turned] == [draft.key for draft in found]


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "registered"])
def test_void_results(status: str) -> None:
    result = mapped(patient(), condition(), observation("o", CEA, status=status, **_quantity(1, "ng/mL")))
    assert not drafts(result, "TumorMarker")
    assert reasons(result)["Observation/o"].startswith("the observation is")


def test_the_date_of_release_is_the_last_resort() -> None:
    record = observation("o", CEA, issued="2024-03-01T09:00:00Z", **_quantity(1, "ng/mL"))
    assert only(mapped(patient(), condition(), record), "TumorMarker").payload["date"] == "2024-02-12"
    del record["effectiveDateTime"]
    draft = only(mapped(patient(), condition(), record), "TumorMarker")
    assert draft.payload["date"] == "2024-03-01"
    assert "date-of-release" in assumed(draft)
