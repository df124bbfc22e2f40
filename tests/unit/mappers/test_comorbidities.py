from __future__ import annotations

from typing import Any

import pytest
from mapper_records import (
    ICD_10_CM,
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

from mappers.comorbidity_panels import counts

KIND = "ComorbiditiesAssessment"
RELATED = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition"


def problem(id: str, code: str | dict[str, Any], **more: Any) -> dict[str, Any]:
    record = condition(id, code, **more)
    if "onsetDateTime" not in more:
        record.pop("onsetDateTime")
    return record


def present(draft: Any) -> list[str]:
    return [each["code"] for each in draft.payload.get("presentConditions", [])]


@pytest.mark.parametrize(
    ("panel", "code", "expected"),
    [
        ("Charlson", "I50.9", True),
        ("Charlson", "I10", False),
        ("Elixhauser", "I10", True),
        ("NCI", "E11.9", True),
        ("NCI", "C50.9", False),
    ],
)
def test_panels(panel: str, code: str, expected: bool) -> None:
    assert counts(panel, code) is expected


def test_the_problem_list_of_the_day_of_diagnosis() -> None:
    result = mapped(
        patient(), condition(),
        problem("copd", "J44.9", onsetDateTime="2015"),
        problem("diabetes", concept(SNOMED, "44054006"), onsetDateTime="2019-05-01"),
        problem("kidney", "N18.31"),
        problem("later", "I50.22", onsetDateTime="2024-09-01"),
        problem("over", "K27.9", clinicalStatus={"coding": [{"code": "resolved"}]}),
        problem("unsure", "B20", verificationStatus={"coding": [{"code": "refuted"}]}),
        problem("flu", "J11.1"),
    )  # fmt: skip
    draft = only(result, KIND)
    assert present(draft) == ["E11.9", "J44.9", "N18.3"]
    assert (draft.payload["date"], draft.payload["panel"]) == ("2024-02-05", "Charlson")
    assert draft.references["indexConditionId"] == "NeoplasticEntity:Condition/c"
    assert "from-problem-list" in assumed(draft)
    assert "neither a tumour nor a comorbidity" in reasons(result)["Condition/flu"]


def test_the_panel_is_a_choice_and_none_is_one() -> None:
    records = [patient(), condition(), problem("pressure", "I10")]
    assert not drafts(mapped(*records), KIND)
    assert present(only(mapped(*records, comorbidities__panel="Elixhauser"), KIND)) == ["I10"]
    assert not drafts(mapped(*records, comorbidities__panel="none"), KIND)


def assessment(**more: Any) -> dict[str, Any]:
    extension = [
        {"url": RELATED, "valueReference": {"reference": "Condition/copd"}},
        {"url": RELATED, "valueCodeableConcept": concept(ICD_10_CM, "E11.65")},
        {"url": RELATED + "-absent", "valueCodeableConcept": concept(SNOMED, "414916001")},
    ]
    return observation("o", (SNOMED, "398192003"), extension=extension, focus=[{"reference": "Condition/c"}]) | more


def test_a_stated_assessment_comes_before_the_problem_list() -> None:
    result = mapped(
        patient(), condition(), problem("copd", "J44.9"), assessment(method={"text": "Charlson Comorbidity Index"})
    )
    draft = only(result, KIND)
    assert draft.key == f"{KIND}:Observation/o"
    assert present(draft) == ["E11.6", "J44.9"]
    assert [each["code"] for each in draft.payload["absentConditions"]] == ["E66.9"]
    assert draft.payload["panel"] == "Charlson"
    assert not draft.issues


def test_what_a_stated_assessment_lacks_is_said() -> None:
    unknown = assessment(focus=[{"reference": "Condition/elsewhere"}], method={"text": "ACE-27"})
    draft = only(mapped(patient(), condition(), unknown), KIND)
    assert codes(draft) == {
        ("missing-required", "indexConditionId"), ("unmapped-value", "panel"), ("unresolved-reference", "presentConditions"),
    }  # fmt: skip
    assert draft.blocked


def test_a_problem_that_nothing_translates_is_visible() -> None:
    unknown = problem("x", concept(SNOMED, "999990001", "Rare disorder of the heart (disorder)"))
    social = problem("s", concept(SNOMED, "160903007", "Full-time employment (finding)"))
    result = mapped(patient(), condition(), problem("copd", "J44.9"), unknown, social)
    draft = only(result, KIND)
    assert codes(draft) == {("unmapped-code", "presentConditions")}
    assert not draft.blocked
    assert "no disease" in reasons(result)["Condition/s"]
    alone = mapped(patient(), condition(), unknown)
    assert not drafts(alone, KIND)
    assert "no known ICD-10 code" in reasons(alone)["Condition/x"]


def test_the_panel_of_stu2_says_it_in_components() -> None:
    mcode = "http://hl7.org/fhir/us/mcode/"
    named = {
        "url": mcode + "StructureDefinition/mcode-comorbid-condition-reference",
        "valueReference": {"reference": "Condition/d"},
    }
    coded = {
        "url": mcode + "StructureDefinition/mcode-comorbid-condition-code",
        "valueCodeableConcept": concept(ICD_10_CM, "I50.9"),
    }
    local = mcode + "CodeSystem/loinc-requested-cs"
    parts = [
        {"code": concept(local, "DEPRESS"), "valueCodeableConcept": concept(SNOMED, "52101004"), "extension": [named]},
        {"code": concept(local, "CHF"), "valueCodeableConcept": concept(SNOMED, "2667000"), "extension": [coded]},
        {"code": concept(local, "LIVER"), "valueCodeableConcept": concept(SNOMED, "2667000")},
    ]
    panel = observation("o", (local, "comorbidities-elixhauser"), component=parts)
    draft = only(mapped(patient(), condition(), problem("d", concept(SNOMED, "35489007")), panel), KIND)
    assert (draft.payload["panel"], present(draft)) == ("Elixhauser", ["F32.9"])
    assert [each["code"] for each in draft.payload["absentConditions"]] == ["I50.9"]
    assert not draft.issues


def test_a_bare_score_is_not_for_pop_and_does_not_hide_the_problem_list() -> None:
    score = observation("o", ("urn:local", "CCI"), valueInteger=3)
    score["code"]["coding"][0]["display"] = "Charlson Comorbidity Index"
    result = mapped(patient(), condition(), problem("copd", "J44.9"), score)
    assert present(only(result, KIND)) == ["J44.9"]
    assert "POP computes" in reasons(result)["Observation/o"]
