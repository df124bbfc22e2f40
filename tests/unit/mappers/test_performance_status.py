from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapper_records import LOINC, SNOMED, codes, concept, condition, drafts, mapped, observation, only, patient, reasons

ECOG, KARNOFSKY, GENERAL = (LOINC, "89247-1"), (LOINC, "89243-0"), (SNOMED, "423690003")
MII = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-allgemeiner-leistungszustand-"


@pytest.mark.parametrize(
    ("code", "value", "field", "score"),
    [
        (ECOG, {"valueInteger": 2}, "ecogScore", 2),
        (ECOG, {"valueInteger": 0}, "ecogScore", 0),
        (ECOG, {"valueQuantity": {"value": 1.0, "unit": "{score}"}}, "ecogScore", 1),
        (ECOG, {"valueCodeableConcept": concept(LOINC, "LA9624-3")}, "ecogScore", 2),
        (ECOG, {"valueCodeableConcept": concept(SNOMED, "422512005")}, "ecogScore", 1),
        (ECOG, {"interpretation": [concept(LOINC, "LA9625-0")]}, "ecogScore", 3),
        (ECOG, {"valueString": "4"}, "ecogScore", 4),
        (KARNOFSKY, {"valueInteger": 90}, "karnofskyScore", 90),
        (KARNOFSKY, {"valueCodeableConcept": concept(LOINC, "LA29175-9")}, "karnofskyScore", 100),
        (ECOG, {"valueCodeableConcept": concept(MII + "ecog", "1")}, "ecogScore", 1),
        (ECOG, {"valueCodeableConcept": concept(MII + "ecog", "90%")}, "karnofskyScore", 90),
        (KARNOFSKY, {"valueCodeableConcept": concept(MII + "karnofsky", "70%")}, "karnofskyScore", 70),
        (KARNOFSKY, {"valueCodeableConcept": {"coding": [{"code": "30%"}]}}, "karnofskyScore", 30),
        (KARNOFSKY, {"valueQuantity": {"value": 80, "unit": "%"}}, "karnofskyScore", 80),
        (KARNOFSKY, {"valueCodeableConcept": concept(LOINC, "LA9627-6")}, "karnofskyScore", 0),
        (ECOG, {"valueString": "ECOG 1"}, "ecogScore", 1),
        (ECOG, {"valueString": "Grade 2: up and about more than 50% of waking hours"}, "ecogScore", 2),
        (ECOG, {"valueCodeableConcept": {"text": "1 - Restricted in physically strenuous activity"}}, "ecogScore", 1),
        (ECOG, {"valueString": "ECOG PS = 0"}, "ecogScore", 0),
        (KARNOFSKY, {"valueString": "KPS 80"}, "karnofskyScore", 80),
        (GENERAL, {"valueCodeableConcept": concept(SNOMED, "422512005")}, "ecogScore", 1),
        (GENERAL, {"valueString": "ECOG 2"}, "ecogScore", 2),
        (GENERAL, {"valueString": "Karnofsky-Index 60 %"}, "karnofskyScore", 60),
    ],
)
def test_scores(code: tuple[str, str], value: dict[str, Any], field: str, score: int) -> None:
    draft = only(mapped(patient(), condition(), observation("o", code, **value)), "PerformanceStatus")
    assert draft.payload == {"date": "2024-02-12", field: score}
    assert not draft.issues


@pytest.mark.parametrize(
    ("code", "value", "issue"),
    [
        (ECOG, {"valueInteger": 6}, "implausible-value"),
        (ECOG, {"valueInteger": -1}, "implausible-value"),
        (KARNOFSKY, {"valueInteger": 85}, "implausible-value"),
        (ECOG, {"valueString": "good"}, "missing-required"),
        (ECOG, {"valueQuantity": {"value": 1.5}}, "missing-required"),
        (ECOG, {"valueString": "0-1"}, "missing-required"),
        (ECOG, {}, "missing-required"),
        (ECOG, {"dataAbsentReason": {"text": "asleep"}}, "missing-required"),
    ],
)
def test_scores_that_wait(code: tuple[str, str], value: dict[str, Any], issue: str) -> None:
    draft = only(mapped(patient(), condition(), observation("o", code, **value)), "PerformanceStatus")
    assert issue in {each for each, _ in codes(draft)}
    assert draft.blocked


def test_lansky_is_not_converted() -> None:
    lansky = observation("o", ("http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", "C38144"), valueInteger=80)
    result = mapped(patient(), condition(), lansky)
    assert not drafts(result, "PerformanceStatus")
    assert "Lansky" in reasons(result)["Observation/o"]


@pytest.mark.parametrize(
    "text", ["ECOG performance status", "ECOG-Status", "Leistungszustand (ECOG)", "Eastern Cooperative Oncology Group"]
)
def test_a_scale_by_name(text: str) -> None:
    record = observation("o", ECOG, valueInteger=1) | {"code": {"text": text}}
    assert only(mapped(patient(), condition(), record), "PerformanceStatus").payload["ecogScore"] == 1


def test_a_performance_status_in_general_is_what_its_answer_names() -> None:
    record = observation("o", ECOG, valueString="Karnofsky 70 %") | {"code": {"text": "Leistungszustand"}}
    assert only(mapped(patient(), condition(), record), "PerformanceStatus").payload["karnofskyScore"] == 70
    unnamed = mapped(patient(), condition(), record | {"valueString": "good"})
    assert not drafts(unnamed, "PerformanceStatus")
    assert "another scale" in reasons(unnamed)["Observation/o"]


def test_both_scales_of_one_observation_are_one_entity() -> None:
    parts = [
        {"code": concept(SNOMED, "423740007"), "valueCodeableConcept": concept(MII + "ecog", "1")},
        {"code": concept(SNOMED, "761869008"), "valueCodeableConcept": concept(MII + "karnofsky", "80%")},
    ]
    draft = only(mapped(patient(), condition(), observation("o", GENERAL, component=parts)), "PerformanceStatus")
    assert (draft.payload["ecogScore"], draft.payload["karnofskyScore"]) == (1, 80)


def test_the_same_score_of_a_day_is_told_once() -> None:
    first, second = observation("a", ECOG, valueInteger=1), observation("b", (SNOMED, "423740007"), valueInteger=1)
    assert (
        only(mapped(patient(), condition(), first, second), "PerformanceStatus").key
        == "PerformanceStatus:Observation/a"
    )
    other = observation("c", ECOG, valueInteger=2)
    assert len(drafts(mapped(patient(), condition(), first, second, other), "PerformanceStatus")) == 2


@pytest.mark.parametrize(
    "value",
    [
        {"valueCodeableConcept": concept(MII + "ecog", "U", "Unbekannt")},
        {"valueString": "unknown"},
    ],
)
def test_an_unknown_status_is_none(value: dict[str, Any]) -> None:
    result = mapped(patient(), condition(), observation("o", ECOG, **value))
    assert not drafts(result, "PerformanceStatus")
    assert "the source says that the performance status is not known" in reasons(result)["Observation/o"]


@given(st.text(max_size=40))
def test_any_text_is_read_without_raising(text: str) -> None:
    for code in (ECOG, KARNOFSKY, GENERAL):
        mapped(patient(), condition(), observation("o", code, valueString=text))
