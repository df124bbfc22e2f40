from __future__ import annotations

from typing import Any

import pytest
from mapper_records import LOINC, SNOMED, codes, concept, condition, drafts, mapped, observation, only, patient, reasons

ECOG, KARNOFSKY = (LOINC, "89247-1"), (LOINC, "89243-0")


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
