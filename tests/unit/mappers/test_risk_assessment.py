from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from mapper_records import (
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

from adapters.pop.guard.risk import CLASSES
from mappers.risk_classes import class_of_level, class_of_score, level_of, method_of

NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
MCODE = {"profile": ["http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-cancer-risk-assessment"]}


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("FLIPI score", "C136962"), ("Follicular Lymphoma IPI (FLIPI)", "C136962"), ("IPI", "C161805"),
        ("simplified MIPI", "C162781"),
        ("Child-Pugh score", "C121007"), ("D'Amico risk group", "C181086"), ("UCSF CAPRA score", "C181085"), ("Blood count", None),
        ("IGCCCG risk, seminoma", "C177309"), ("IGCCCG risk, non-seminoma", "C177308"), ("CLL-IPI", None), ("FLIPI-2", None),
        ("EUTOS long-term survival (ELTS)", None), ("NCCN-IPI", None),
        ("Follicular lymphoma international prognostic index", "C136962"),
        ("Seminoma IGCCCG risk", "C177309"), ("Nonseminoma IGCCCG risk", "C177308"),
    ],
)  # fmt: skip
def test_methods_by_name(text: str, method: str | None) -> None:
    assert method_of({"text": text}) == method


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("High risk", "high"), ("low-intermediate risk group", "low-intermediate"), ("Favourable", "favorable"),
        ("Child-Pugh B7", "b"), ("B (7 Punkte)", "b"),
        ("hohes Risiko", "high"), ("IMDC intermediate risk", "intermediate"), ("poor prognosis", "poor"),
        ("High risk (score 4)", "high"),
        ("Hochrisiko", None),
        ("ungünstige Prognose", "adverse"), ("mittleres Risiko", "intermediate"),
        ("Class C", "c"), ("very high risk", "very-high"), ("not high risk", None), ("unclear", None),
    ],
)  # fmt: skip
def test_levels(text: str, level: str | None) -> None:
    assert level_of(text) == level


@pytest.mark.parametrize("method", sorted(CLASSES))
def test_every_class_that_is_found_is_one_that_pop_takes(method: str) -> None:
    for level in ("very-low", "low", "low-intermediate", "intermediate", "high-intermediate", "high", "very-high", "favorable",
                  "unfavorable-intermediate", "good", "poor", "adverse", "a", "b", "c"):  # fmt: skip
        assert class_of_level(method, level) in (None, *CLASSES[method])
    for score in ("-1", "0", "1", "2", "3", "4", "5", "6", "9", "10", "15", "0.79", "1.2", "1.3", "87", "88", "1481"):
        assert class_of_score(method, Decimal(score)) in (None, *CLASSES[method])


def assessed(code: Any, **more: Any) -> dict[str, Any]:
    return observation("o", (NCIT, "C0"), **more) | {"code": code}


def test_a_class_by_pops_own_concept() -> None:
    said = assessed(
        concept(NCIT, "C136962"), valueCodeableConcept=concept(NCIT, "C136967"), focus=[{"reference": "Condition/c"}]
    )
    draft = only(mapped(patient(), condition(), said), "RiskAssessment")
    assert (draft.payload["methodology"]["code"], draft.payload["risk"]["code"]) == ("C136962", "C136967")
    assert draft.references["assessedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)
    assert not draft.issues


@pytest.mark.parametrize(
    ("value", "risk", "derived"),
    [
        ({"valueCodeableConcept": concept(SNOMED, "723509005", "High risk")}, "C136968", False),
        ({"valueString": "intermediate risk"}, "C136967", False),
        ({"valueCodeableConcept": concept(NCIT, "C102403", "Low Risk")}, "C136965", False),
        ({"valueInteger": 4}, "C136968", True),
        ({"valueQuantity": {"value": 1}}, "C136965", True),
        ({"valueString": "Score 2"}, "C136967", True),
        ({"valueString": "FLIPI: high risk"}, "C136968", False),
        ({"interpretation": [{"text": "High risk"}]}, "C136968", False),
    ],
)
def test_the_methods_own_class_of_a_level_or_a_score(value: dict[str, Any], risk: str, derived: bool) -> None:
    draft = only(mapped(patient(), condition(), assessed({"text": "FLIPI"}, **value)), "RiskAssessment")
    assert draft.payload["risk"]["code"] == risk
    assert ("class-from-score" in assumed(draft)) is derived
    assert ("score" in draft.payload) is derived


def test_what_has_no_class_waits() -> None:
    for value in (
        {"valueInteger": 12},
        {"valueString": "see report"},
        {"valueCodeableConcept": concept(NCIT, "C188368")},
    ):
        draft = only(mapped(patient(), condition(), assessed({"text": "FLIPI"}, **value)), "RiskAssessment")
        assert draft.blocked
        assert {field for _, field in codes(draft)} == {"risk"}


def test_a_method_that_pop_does_not_have_waits_if_it_is_one() -> None:
    said = assessed(concept(NCIT, "C167435"), valueCodeableConcept=concept(NCIT, "C122458"), meta=MCODE)
    draft = only(mapped(patient(), condition(), said), "RiskAssessment")
    assert ("unmapped-code", "methodology") in codes(draft)
    assert draft.blocked


def test_the_resource_for_risks() -> None:
    record = {
        "resourceType": "RiskAssessment", "id": "r", "status": "final", "subject": {"reference": "Patient/p"},
        "occurrenceDateTime": "2024-03-01", "method": {"text": "IMDC"}, "prediction": [{"qualitativeRisk": {"text": "poor risk"}}],
    }  # fmt: skip
    draft = only(mapped(patient(), condition(), record), "RiskAssessment")
    assert (draft.payload["methodology"]["code"], draft.payload["risk"]["code"]) == ("C155843", "C155846")
    two = condition("c", "C64.2"), condition("d", "C50.4")
    draft = only(mapped(patient(), *two, record | {"condition": {"reference": "Condition/c"}}), "RiskAssessment")
    assert draft.references["assessedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)
    other = record | {"method": {"text": "BRCAPRO"}}
    result = mapped(patient(), condition(), other)
    assert not drafts(result, "RiskAssessment")
    assert "something else" in reasons(result)["RiskAssessment/r"]


def test_the_type_of_a_risk_assessment_names_its_method() -> None:
    record = {
        "resourceType": "RiskAssessment", "id": "r", "status": "final", "subject": {"reference": "Patient/p"},
        "code": {"text": "IMDC risk score"}, "occurrenceDateTime": "2024-03-01",
        "prediction": [{"qualitativeRisk": {"text": "Intermediate risk"}}],
    }  # fmt: skip
    draft = only(mapped(patient(), condition(), record), "RiskAssessment")
    assert (draft.payload["methodology"]["code"], draft.payload["risk"]["code"]) == ("C155843", "C155845")
    assert draft.sources["methodology"][0].element == "code"


def test_a_score_as_a_code_without_a_system() -> None:
    """MII's *Weitere Klassifikationen*."""
    said = observation("o", (SNOMED, "1"), valueCodeableConcept={"coding": [{"code": "3"}]}) | {"code": {"text": "IPI"}}
    draft = only(mapped(patient(), condition(), said), "RiskAssessment")
    assert (draft.payload["score"], draft.payload["risk"]["code"]) == (3.0, "C161808")
