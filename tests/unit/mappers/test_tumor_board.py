from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
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

from mappers.boards.board import TumorBoardMapper
from mappers.boards.recommendations import in_words
from mappers.conformance import assert_conforms
from mappers.protocol import JsonObject, Resource

NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
MII = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-"
GR = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/"
BOARD, MOLECULAR, THERAPY = "UnspecifiedTumorBoard", "MolecularTumorBoard", "MolecularTherapeuticRecommendation"
START, SURGERY = "306807008:363701004=372688009", "420227002:363702006=(386053000:363702006=387713003)"
EVALUATE = "420227002:363702006=(386053000:363702006=61371000210101)"
TRIAL = "420227002:363702006=(386053000:363702006=709491003)"
SUBJECT = {"subject": {"reference": "Patient/p"}}


def plan(id: str = "b", *types: str, planning: str = "praeth", **more: Any) -> JsonObject:
    record: JsonObject = {
        "resourceType": "CarePlan", "id": id, "status": "active", "intent": "plan", "created": "2024-03-01", **SUBJECT,
        "category": [concept(MII + "therapieplanung-typ", planning)], "addresses": [{"reference": "Condition/c"}],
        "activity": [{"detail": {"code": concept(MII + "therapie-typ", each), "status": "unknown"}} for each in types],
    }  # fmt: skip
    return record | more


def review(id: str = "b", **more: Any) -> JsonObject:
    record: JsonObject = {
        "resourceType": "Procedure", "id": id, "status": "completed", **SUBJECT, "performedDateTime": "2024-03-01",
        "code": {"text": "Tumor board discussion"},
    }  # fmt: skip
    return record | more


def recommended(draft: Any) -> list[str]:
    return [each["code"] for each in draft.payload.get("recommendations", ())]


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["OP"], [SURGERY]), (["CH", "IM"], [EVALUATE]), (["SO"], []), ([], []),
        (["WW"], ["420227002:363702006=(277132007:363702006=(64572001:278201002=74964007))"]),
    ],
)  # fmt: skip
def test_registry_types(types: list[str], expected: list[str]) -> None:
    draft = only(mapped(patient(), condition(), plan("b", *types)), BOARD)
    assert recommended(draft) == expected
    assert draft.payload["category"] == "unspecified"
    assert draft.references["relatedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)
    assert not draft.issues


def test_a_plan_without_a_conference() -> None:
    result = mapped(patient(), condition(), plan("b", "OP", planning="ther"))
    assert not drafts(result, BOARD)
    assert "without a tumour board" in reasons(result)["CarePlan/b"]


@pytest.mark.parametrize(
    "resource",
    [
        review(status="not-done"), review(status="entered-in-error"), review(status="in-progress"), plan(status="revoked"),
        {"resourceType": "Encounter", "id": "b", "status": "planned", "class": {"code": "VR"}, "type": [{"text": "Tumor board"}],
         "period": {"start": "2024-03-01"}, **SUBJECT},
        {"resourceType": "ServiceRequest", "id": "b", "status": "active", "intent": "order", "code": {"text": "Tumor board"},
         **SUBJECT},
    ],
    ids=["not-done", "error", "in-progress", "revoked", "planned", "requested"],
)  # fmt: skip
def test_what_did_not_take_place(resource: JsonObject) -> None:
    result = mapped(patient(), condition(), resource)
    assert not drafts(result, BOARD)
    assert "tumour board" in reasons(result)[f"{resource['resourceType']}/b"]


@pytest.mark.parametrize(
    "name",
    [
        "Tumor board", "Thoracic tumour board note", "Tumorkonferenz", "Interdisziplinäres Tumorboard", "Cancer conference",
        "Multidisciplinary team meeting", "MDT discussion", "Multidisciplinary oncology conference",
    ],
)  # fmt: skip
def test_names_of_boards(name: str) -> None:
    draft = only(mapped(patient(), condition(), review(code={"text": name})), BOARD)
    assert draft.payload["date"] == "2024-03-01"
    assert "only-tumour" in assumed(draft)


@pytest.mark.parametrize("name", ["Molecular tumor board", "MTB", "Molekulares Tumorboard", "Genomic tumor board"])
def test_names_of_molecular_boards(name: str) -> None:
    assert (
        only(mapped(patient(), condition(), review(code={"text": name})), MOLECULAR).payload["category"] == "molecular"
    )


@pytest.mark.parametrize(
    "name", ["Diabetes care plan", "Board certified surgeon visit", "Ward conference", "Surfboard injury"]
)
def test_names_of_something_else(name: str) -> None:
    result = mapped(patient(), condition(), review(code={"text": name}))
    assert not drafts(result, BOARD)
    assert not drafts(result, MOLECULAR)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Adjuvant chemotherapy followed by radiation", ("evaluate-systemic", "radiotherapy")),
        ("Radiochemotherapie", ("evaluate-systemic", "radiotherapy")),
        ("Stop systemic therapy", ("stop-systemic",)), ("Start immunotherapy", ("start-systemic",)),
        ("Continue endocrine therapy", ("continue-systemic",)),
        ("Surgical resection", ("surgery",)), ("Active surveillance", ("watch",)), ("Nachsorge", ("follow-up",)),
        ("Present at molecular tumor board", ("other-board",)), ("Maintenance therapy", ("maintenance",)),
        ("Rebiopsy", ("additional-testing",)),
        ("Humangenetische Beratung", ("genetic-counselling",)), ("Best supportive care", ("watch",)),
        ("Discussed with family", ()),
    ],
)  # fmt: skip
def test_words(text: str, keys: tuple[str, ...]) -> None:
    assert in_words(text) == keys


def test_what_is_not_understood_is_seen() -> None:
    said = review(followUp=[{"text": "Arrange transport"}, {"text": "Surgery"}])
    draft = only(mapped(patient(), condition(), said), BOARD)
    assert ("unmapped-code", "recommendations") in codes(draft)
    assert recommended(draft) == [SURGERY]
    assert not draft.blocked


def told() -> list[JsonObject]:
    return [
        plan("z", "OP"),
        review("a", followUp=[concept(SNOMED, "367336001", "Chemotherapy")]),
        {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "VR"}, "type": [{"text": "Tumor board"}],
         "period": {"start": "2024-03-01T12:00:00Z"}, **SUBJECT},
        {"resourceType": "DiagnosticReport", "id": "d", "status": "final", "code": {"text": "Tumor board note"},
         "effectiveDateTime": "2024-03-01", **SUBJECT},
    ]  # fmt: skip


def test_one_meeting_however_told_and_in_any_order() -> None:
    for order in permutations(told()):
        draft = only(mapped(patient(), condition(), *order), BOARD)
        assert draft.key == "UnspecifiedTumorBoard:CarePlan/z"
        assert recommended(draft) == [SURGERY, EVALUATE]


def test_other_days_tumours_and_categories_are_other_meetings() -> None:
    two = condition("d", "C34.11")
    other = plan("o", "ST", addresses=[{"reference": "Condition/d"}])
    result = mapped(
        patient(), condition(), two, plan(), other, plan("l", created="2024-04-01"), review("m", code={"text": "MTB"})
    )
    assert len(drafts(result, BOARD)) == 3
    assert len(drafts(result, MOLECULAR)) == 1
    own = [review(each, code=concept(NCIT, "C93304")) for each in ("x", "y")]
    found = drafts(mapped(patient(), condition(), *own), BOARD)
    assert len(found) == 2
    assert not any("relatedEntitiesIds" in draft.references for draft in found)


def test_without_a_day_it_waits() -> None:
    draft = only(mapped(patient(), condition(), review(performedDateTime=None)), BOARD)
    assert ("missing-required", "date") in codes(draft)


def request(id: str, drug: JsonObject, **more: Any) -> JsonObject:
    record: JsonObject = {
        "resourceType": "MedicationRequest", "id": id, "status": "active", "intent": "proposal", **SUBJECT,
        "medicationCodeableConcept": drug,
    }  # fmt: skip
    return record | more


OSIMERTINIB = {"text": "Osimertinib"}


def test_drugs_of_a_molecular_board_and_of_another() -> None:
    activity = [{"reference": {"reference": "MedicationRequest/m"}}]
    molecular = plan(title="Molekulares Tumorboard", activity=activity)
    result = mapped(patient(), condition(), molecular, request("m", OSIMERTINIB))
    board, therapy = only(result, MOLECULAR), only(result, THERAPY)
    assert therapy.references["tumorBoardId"] == board.key
    assert [each["display"] for each in therapy.payload["drugs"]] == ["Osimertinib"]
    assert recommended(board) == []
    unspecified = only(mapped(patient(), condition(), plan(activity=activity), request("m", OSIMERTINIB)), BOARD)
    assert recommended(unspecified) == [START]


def test_a_request_that_is_based_on_the_plan() -> None:
    said = request("m", OSIMERTINIB, basedOn=[{"reference": "CarePlan/b"}])
    result = mapped(patient(), condition(), plan(title="MTB"), said)
    assert only(result, THERAPY).key == "MolecularTherapeuticRecommendation:MedicationRequest/m"
    # An order that carries the plan out is a therapy, no recommendation.
    order = said | {"intent": "order"}
    assert not drafts(mapped(patient(), condition(), plan(title="MTB"), order), THERAPY)


def test_drugs_in_words_and_products() -> None:
    activity = [
        {"detail": {"code": OSIMERTINIB, "status": "unknown"}},
        {"detail": {"productCodeableConcept": {"text": "Trametinib"}}},
    ]
    result = mapped(patient(), condition(), plan(title="MTB", activity=activity))
    assert [[each["display"] for each in draft.payload["drugs"]] for draft in drafts(result, THERAPY)] == [
        ["Osimertinib"],
        ["Trametinib"],
    ]
    assert recommended(only(mapped(patient(), condition(), plan(activity=activity)), BOARD)) == [START]


def test_what_was_ordered_at_the_board() -> None:
    visit = told()[2]
    order = {
        "resourceType": "ServiceRequest", "id": "q", "status": "active", "intent": "order", **SUBJECT,
        "code": {"text": "Referral to radiation oncology"}, "encounter": {"reference": "Encounter/e"},
    }  # fmt: skip
    draft = only(mapped(patient(), condition(), visit, order), BOARD)
    assert recommended(draft) == ["420227002:363702006=(386053000:363702006=1287742003)"]


def test_the_report_of_a_molecular_board() -> None:
    implication, _, _ = genomics()
    report = told()[3] | {"code": {"text": "Molecular tumor board report"}, "result": [{"reference": "Observation/i"}]}
    result = mapped(patient(), condition(), implication, report)
    assert only(result, THERAPY).payload["expectedEffect"]["code"] == "110280000"


def test_a_combination_is_one_recommendation() -> None:
    parts = [
        request("m1", {"text": "Dabrafenib"}),
        request("m2", {"text": "Trametinib"}, basedOn=[{"reference": "CarePlan/b"}]),
    ]
    group = {
        "resourceType": "RequestGroup", "id": "g", "status": "active", "intent": "proposal", **SUBJECT,
        "action": [{"resource": {"reference": f"MedicationRequest/{each}"}} for each in ("m1", "m2")],
    }  # fmt: skip
    board = plan(title="MTB", activity=[{"reference": {"reference": "RequestGroup/g"}}])
    draft = only(mapped(patient(), condition(), board, group, *parts), THERAPY)
    assert [each["display"] for each in draft.payload["drugs"]] == ["Trametinib", "Dabrafenib"]


def test_a_conference_about_another_disease() -> None:
    stroke = condition("k", {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I63.9"}]})
    result = mapped(
        patient(), condition(), stroke,
        review(code={"text": "Multidisciplinary team meeting"}, reasonReference=[{"reference": "Condition/k"}]),
    )  # fmt: skip
    assert not drafts(result, BOARD)
    assert "another disease" in reasons(result)["Procedure/b"]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_what_was_withdrawn_is_not_recommended(status: str) -> None:
    activity = [{"reference": {"reference": "MedicationRequest/m"}}]
    withdrawn = request("m", OSIMERTINIB, status=status)
    result = mapped(patient(), condition(), plan(title="MTB", activity=activity), withdrawn)
    assert not drafts(result, THERAPY)
    assert recommended(only(mapped(patient(), condition(), plan(activity=activity), withdrawn), BOARD)) == []


def test_an_unknown_drug_waits() -> None:
    board = plan(title="MTB", activity=[{"reference": {"reference": "MedicationRequest/m"}}])
    draft = only(mapped(patient(), condition(), board, request("m", {"text": "House mixture 7"})), THERAPY)
    assert ("unmapped-code", "drugs") in codes(draft)
    assert draft.blocked


@pytest.mark.parametrize(
    ("identifier", "taken", "code"),
    [
        ("NCT01234567", "NCT01234567", None),
        ("DRKS00012345", "DRKS00012345", "trial-of-another-registry"),
        ("a" * 16, None, "too-long"),
    ],
)
def test_trials(identifier: str, taken: str | None, code: str | None) -> None:
    study = {"resourceType": "ResearchStudy", "id": "s", "status": "active", "identifier": [{"value": identifier}]}
    enquiry = {
        "resourceType": "ServiceRequest", "id": "q", "status": "active", "intent": "proposal", **SUBJECT,
        "code": concept(SNOMED, "709491003", "Enrollment in clinical trial"), "supportingInfo": [{"reference": "ResearchStudy/s"}],
    }  # fmt: skip
    board = plan(title="MTB", activity=[{"reference": {"reference": "ServiceRequest/q"}}])
    result = mapped(patient(), condition(), board, enquiry, study)
    assert recommended(only(result, MOLECULAR)) == [TRIAL]
    draft = only(result, THERAPY)
    assert draft.payload.get("clinicalTrial") == taken
    assert code is None or code in assumed(draft) | {each for each, _ in codes(draft)}


def genomics(effect: str = "Responsive", **task: Any) -> list[JsonObject]:
    implication = observation(
        "i", (GR, "therapeutic-implication"),
        component=[
            {"code": {"text": "therapeutic-implication"}, "valueCodeableConcept": {"text": effect}},
            {"code": concept(LOINC, "51963-7"), "valueCodeableConcept": OSIMERTINIB},
        ],
    )  # fmt: skip
    action: JsonObject = {
        "resourceType": "Task", "id": "t", "status": "requested", "intent": "proposal", "for": {"reference": "Patient/p"},
        "meta": {"profile": [GR + "medication-recommendation"]}, "reasonReference": {"reference": "Observation/i"},
    }  # fmt: skip
    report = {
        "resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": concept(LOINC, "51969-4"), **SUBJECT,
        "effectiveDateTime": "2024-02-10",
        "extension": [{"url": GR + "recommended-action", "valueReference": {"reference": "Task/t"}}],
    }  # fmt: skip
    return [implication, action | task, report]


@pytest.mark.parametrize(("effect", "code"), [("Responsive", "110280000"), ("Resistant", "58848006")])
def test_recommended_actions_of_a_genomic_report(effect: str, code: str) -> None:
    result = mapped(patient(), condition(), *genomics(effect))
    board, therapy = only(result, MOLECULAR), only(result, THERAPY)
    assert board.payload["date"] == "2024-02-10"
    assert "board-of-report" in assumed(board)
    assert therapy.payload.get("expectedEffect", {}).get("code") == code
    assert therapy.key == "MolecularTherapeuticRecommendation:Task/t"


def test_a_board_that_took_over_the_reports_recommendation() -> None:
    board = plan(title="MTB", activity=[{"reference": {"reference": "Task/t"}}])
    result = mapped(patient(), condition(), board, *genomics())
    assert (
        only(result, THERAPY).references["tumorBoardId"]
        == only(result, MOLECULAR).key
        == "MolecularTumorBoard:CarePlan/b"
    )


def test_recommendations_that_are_not_for_pop() -> None:
    implication, task, report = genomics()
    implication["component"][1]["valueCodeableConcept"] = {"text": "Carbamazepine"}
    result = mapped(patient(), condition(), implication, task, report)
    assert not drafts(result, MOLECULAR)
    assert "no cancer drug" in reasons(result)["DiagnosticReport/r"]
    dose = mapped(patient(), condition(), *genomics(code=concept(LOINC, "LA26422-8", "Decrease dose")))
    assert not drafts(dose, MOLECULAR)
    assert not drafts(mapped(patient(), condition(), *genomics("Uncertain")), MOLECULAR)
    alone = mapped(patient(), condition(), *genomics()[:2])
    assert "no tumour board or report" in reasons(alone)["Task/t"]


def test_conformance() -> None:
    parts = [
        request("m1", {"text": "Dabrafenib"}),
        request("m2", {"text": "Trametinib"}, basedOn=[{"reference": "CarePlan/k"}]),
    ]
    activity = [{"reference": {"reference": f"MedicationRequest/{each}"}} for each in ("m1", "m2")]
    molecular = plan("k", title="MTB", created="2024-05-01", activity=activity)
    records = [patient(), condition(), *told(), molecular, *parts, *genomics()]
    resources = [Resource(each["resourceType"], each["id"], each) for each in records]
    assert_conforms(TumorBoardMapper(), resources, registry=registry(), terminology=open_terminology(), options=OPTIONS)
