from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapper_records import (
    LOINC,
    OPTIONS,
    SNOMED,
    assumed,
    codes,
    concept,
    condition,
    drafts,
    mapped,
    observation,
    only,
    open_terminology,
    patient,
    reasons,
    registry,
)

from mappers.conformance import assert_conforms
from mappers.patients import Entry, to_resource
from mappers.responses.answers import read_text
from mappers.responses.treatment_response import TreatmentResponseMapper

STATUS = (LOINC, "97509-4")
OBDS = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-verlauf-"
COURSE = (SNOMED, "396432002")
CR, PR, SD, PD, NE = "LA28366-5", "LA28369-9", "LA28371-5", "LA28370-7", "LA9348-9"
KIND = "TreatmentResponse"


def assessment(id: str, value: str | dict[str, Any], **more: Any) -> dict[str, Any]:
    stated = {"valueString": value} if isinstance(value, str) else {"valueCodeableConcept": value}
    return observation(id, STATUS, **stated, **more)


def worded(id: str, name: str, **more: Any) -> dict[str, Any]:
    return observation(id, STATUS, **more) | {"code": {"text": name}}


@pytest.mark.parametrize(
    ("text", "category", "interpreted"),
    [
        ("PR", "PR", False),
        ("Partial response (PR)", "PR", False),
        ("RECIST 1.1: SD", "SD", False),
        ("partielle Remission", "PR", False),
        ("Progressive disease.", "PD", False),
        ("Complete Metabolic Response", "CR", True),
        ("VGPR", "PR", True),
        ("Patient's condition stable (finding)", "SD", True),
        ("minimal response", "SD", True),
        ("Rezidiv", "PD", True),
        ("confirmed PR", "PR", False),
        ("PD - unconfirmed", "PD", False),
    ],
)
def test_texts(text: str, category: str, interpreted: bool) -> None:
    found = read_text(text)
    assert found is not None
    assert (found.category, found.interpreted) == (category, interpreted)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mixed response",
        "pathologic complete response",
        "no progression",
        "Non-CR/Non-PD",
        "PR or SD",
        "PR / PD",
        "MR",
    ],
)
def test_texts_that_name_no_category(text: str) -> None:
    assert read_text(text) is None


@given(st.text(max_size=40))
def test_any_text_is_read_or_not(text: str) -> None:
    found = read_text(text)
    assert found is None or found.category in ("CR", "PR", "SD", "PD", "NE")


@given(
    st.sampled_from(["PR", "Stable disease", "vgpr", "Progression"]),
    st.sampled_from(["{}", " {} ", "RECIST: {}", "({})"]),
)
def test_what_stands_around_a_category_changes_nothing(phrase: str, frame: str) -> None:
    assert read_text(frame.format(phrase)) == read_text(phrase)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("359746009", SD),
        ("271299001", PD),
        ("709137006", NE),
        ("551001000124108", PR),
        ("550991000124107", CR),
        ("103338009", CR),
        ("103337004", PR),
    ],
)
def test_the_trends_and_remissions_of_mcode(answer: str, expected: str) -> None:
    draft = only(mapped(patient(), condition(), assessment("o", concept(SNOMED, answer))), KIND)
    assert draft.payload["recist"]["code"] == expected
    assert draft.payload["recistInterpreted"] is True
    assert "read-as-recist" in assumed(draft)


def test_improved_is_an_interpreted_partial_response_or_waits() -> None:
    said = assessment("o", concept(SNOMED, "268910001", "Patient's condition improved (finding)"))
    taken = only(mapped(patient(), condition(), said), KIND)
    assert (taken.payload["recist"]["code"], taken.payload["recistInterpreted"]) == (PR, True)
    assert "read-as-recist" in assumed(taken)
    draft = only(mapped(patient(), condition(), said, response__improved="block"), KIND)
    assert draft.blocked
    assert ("unmapped-code", "recist") in codes(draft)


def test_an_answer_of_recist_is_not_interpreted() -> None:
    draft = only(mapped(patient(), condition(), assessment("o", concept(LOINC, PR))), KIND)
    assert "recistInterpreted" not in draft.payload
    assert draft.references["assessedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)


def test_codings_that_contradict_each_other_wait() -> None:
    said = {"coding": [*concept(SNOMED, "359746009")["coding"], *concept(SNOMED, "271299001")["coding"]]}
    assert only(mapped(patient(), condition(), assessment("o", said)), KIND).blocked


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (concept(SNOMED, "77477000"), "77477000"),
        ({"text": "MRT Becken"}, "113091000"),
        ({"text": "FDG-PET/CT"}, "82918005"),
        ({"text": "ultrasound of the liver"}, "16310003"),
        ({"text": "Mammography"}, "363680008"),
    ],
)
def test_methods(method: dict[str, Any], expected: str) -> None:
    draft = only(mapped(patient(), condition(), assessment("o", "SD", method=method)), KIND)
    assert draft.payload["methodology"]["code"] == expected


@pytest.mark.parametrize("method", [None, {"text": "RECIST 1.1"}, {"text": "bone marrow biopsy"}])
def test_without_an_imaging_method(method: dict[str, Any] | None) -> None:
    said = assessment("o", "SD", **({"method": method} if method else {}))
    draft = only(mapped(patient(), condition(), said), KIND)
    assert draft.payload["methodology"]["code"] == "1287211007"
    assert "method-unstated" in assumed(draft)
    blocked = only(mapped(patient(), condition(), said, response__unstated_method="block"), KIND)
    assert ("missing-required", "methodology") in codes(blocked)


def test_ct_and_mri_are_two_methods() -> None:
    draft = only(mapped(patient(), condition(), assessment("o", "SD", method={"text": "CT chest, MRI brain"})), KIND)
    assert "method-unstated" in assumed(draft)
    study = {"resourceType": "ImagingStudy", "id": "s", "status": "available", "subject": {"reference": "Patient/p"},
             "modality": [{"code": "CT"}, {"code": "MR"}]}  # fmt: skip
    said = assessment("o", "SD", derivedFrom=[{"reference": "ImagingStudy/s"}])
    assert ("contradiction", "methodology") in codes(only(mapped(patient(), condition(), study, said), KIND))


def test_the_method_of_the_report_that_has_it_as_a_result() -> None:
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": {"reference": "Patient/p"},
              "code": {"text": "CT Abdomen"}, "result": [{"reference": "Observation/o"}]}  # fmt: skip
    draft = only(mapped(patient(), condition(), report, assessment("o", "SD")), KIND)
    assert draft.payload["methodology"]["code"] == "77477000"


def test_a_tumor_in_focus_names_its_condition_and_site() -> None:
    related = {"url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition",
               "valueReference": {"reference": "Condition/c"}}  # fmt: skip
    tumor = {"resourceType": "BodyStructure", "id": "t", "patient": {"reference": "Patient/p"}, "extension": [related],
             "location": concept(SNOMED, "39607008", "Lung structure")}  # fmt: skip
    said = assessment("o", "SD", focus=[{"reference": "BodyStructure/t"}])
    draft = only(mapped(patient(), condition(), condition("other", "C73"), tumor, said), KIND)
    assert draft.references["assessedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)
    assert [site["code"] for site in draft.payload["assessedBodysites"]] == ["39607008"]


def test_one_assessment_told_twice() -> None:
    told = [assessment("b", "PR", method={"text": "CT"}), assessment("a", concept(LOINC, PR))]
    for order in (told, told[::-1]):
        draft = only(mapped(patient(), condition(), *order), KIND)
        assert draft.key == "TreatmentResponse:Observation/a"
        assert draft.payload["methodology"]["code"] == "77477000"


@pytest.mark.parametrize(
    "other",
    [
        {"value": "SD"},
        {"value": "PR", "effectiveDateTime": "2024-02-13"},
        {"value": "PR", "method": {"text": "MRI"}},
    ],
)
def test_two_assessments(other: dict[str, Any]) -> None:
    one = assessment("a", "PR", method={"text": "CT"})
    two = assessment("b", other.pop("value"), **{"method": {"text": "CT"}} | other)
    assert len(drafts(mapped(patient(), condition(), one, two), KIND)) == 2


def test_a_statement_that_could_repeat_two_assessments_repeats_none() -> None:
    two = [assessment("a", "PR", method={"text": "CT"}), assessment("b", "PR", method={"text": "MRI"})]
    assert len(drafts(mapped(patient(), condition(), *two, assessment("c", "PR")), KIND)) == 3


def course(id: str, key: str | None, **parts: str) -> dict[str, Any]:
    part_codes = {"primaertumor": "277062004", "lymphknoten": "399656008", "fernmetastasen": "399608002"}
    told = [
        {"code": concept(SNOMED, part_codes[name]), "valueCodeableConcept": concept(OBDS + name, part)}
        for name, part in parts.items()
    ]
    stated = {"valueCodeableConcept": concept(OBDS + "gesamtbeurteilung", key)} if key else {}
    return observation(id, COURSE, component=told, **stated)


@pytest.mark.parametrize(
    ("key", "expected"), [("V", CR), ("R", CR), ("T", PR), ("B", SD), ("K", SD), ("P", PD), ("Y", PD), ("U", NE)]
)
def test_the_keys_of_course_reports(key: str, expected: str) -> None:
    draft = only(mapped(patient(), condition(), course("v", key, primaertumor="P")), KIND)
    assert draft.payload["recist"]["code"] == expected


def test_a_divergent_course_waits() -> None:
    assert only(mapped(patient(), condition(), course("v", "D", primaertumor="P")), KIND).blocked


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"primaertumor": "K", "lymphknoten": "K"}, CR),
        ({"primaertumor": "K", "lymphknoten": "U"}, CR),
        ({"primaertumor": "T", "fernmetastasen": "P"}, PD),
        ({"lymphknoten": "R"}, PD),
        ({"primaertumor": "T"}, None),
        ({"primaertumor": "K", "fernmetastasen": "F"}, None),
    ],
)
@pytest.mark.parametrize("key", [None, "X"])
def test_course_reports_told_by_their_parts(key: str | None, parts: dict[str, str], expected: str | None) -> None:
    draft = only(mapped(patient(), condition(), course("v", key, **parts)), KIND)
    assert draft.blocked == (expected is None)
    assert expected is None or draft.payload["recist"]["code"] == expected


def test_what_states_no_response_is_not_for_pop() -> None:
    result = mapped(
        patient(), condition(), course("v", "X", primaertumor="U"), assessment("void", "PR", status="entered-in-error"),
        worded("lesion", "RECIST target lesion response", valueString="PR"),
        worded("best", "Best overall response (RECIST)", valueString="PR"),
        worded("mood", "Treatment response", valueString="feels better"),
    )  # fmt: skip
    assert not drafts(result, KIND)
    why = reasons(result)
    assert "no response" in why["Observation/v"]
    assert "in error" in why["Observation/void"]
    assert "single lesions" in why["Observation/lesion"]
    assert "whole course" in why["Observation/best"]
    assert "no category" in why["Observation/mood"]


@pytest.mark.parametrize(
    ("name", "value"), [("Response assessment", "stable disease"), ("Follow-up", "SD (RECIST 1.1)")]
)
def test_a_value_that_names_a_category_counts_where_the_code_is_vague(name: str, value: str) -> None:
    draft = only(mapped(patient(), condition(), worded("o", name, valueString=value)), KIND)
    assert draft.payload["recist"]["code"] == SD


def test_of_a_panel_the_overall_response() -> None:
    parts = [
        {"code": {"text": "Target lesions"}, "valueString": "SD"},
        {"code": {"text": "Overall response"}, "valueString": "PD"},
    ]
    said = worded("o", "RECIST 1.1", component=parts)
    assert only(mapped(patient(), condition(), said), KIND).payload["recist"]["code"] == PD


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Response assessment (RECIST 1.1), CT chest", "77477000"),
        ("PET/CT tumor response", "82918005"),
        ("Lymphoma response (Lugano 2014), PET/CT", "82918005"),
    ],
)
def test_the_name_of_the_assessment_may_say_the_imaging(name: str, code: str) -> None:
    draft = only(mapped(patient(), condition(), worded("a", name, valueString="Partial response")), KIND)
    assert draft.payload["methodology"]["code"] == code


def test_the_mapper_conforms() -> None:
    records = [
        patient(), condition(), assessment("a", "PR", method={"text": "CT"}, bodySite=concept(SNOMED, "39607008")),
        assessment("b", concept(SNOMED, "268910001")), course("v", None, primaertumor="K"),
    ]  # fmt: skip
    assert_conforms(
        TreatmentResponseMapper(), [to_resource(Entry(each)) for each in records], registry=registry(),
        terminology=open_terminology(), options=OPTIONS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Complete metabolic response (Deauville 1)", "CR"), ("Deauville score 3", "CR"), ("Deauville 4", None),
        ("PMR, Deauville 4", "PR"), ("something else (Deauville 2)", None),
    ],
)  # fmt: skip
def test_deauville_beside_a_category(text: str, category: str | None) -> None:
    found = read_text(text)
    assert (found.category if found is not None else None) == category
