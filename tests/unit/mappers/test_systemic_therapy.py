from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapper_records import (
    CURATIVE,
    LOINC,
    RXNORM,
    SNOMED,
    administration,
    assumed,
    codes,
    concept,
    condition,
    drafts,
    mapped,
    only,
    patient,
    reasons,
)

CYCLO, DOXO, PACLI = ("3002", "cyclophosphamide"), ("3639", "doxorubicin"), ("56946", "paclitaxel")
PREDNISONE, UNKNOWN = ("8640", "prednisone"), ("999999", "novumab")
DOSE = {"dosage": {"dose": {"value": 600, "code": "mg/m2"}, "route": concept(SNOMED, "47625008")}}


def _days(drug: tuple[str, str], *days: str, **more: Any) -> list[dict[str, Any]]:
    return [administration(f"{drug[1]}-{day}", drug, day, **more) for day in days]


def _order(id: str, drug: tuple[str, str], **more: Any) -> dict[str, Any]:
    order = {
        "resourceType": "MedicationRequest", "id": id, "status": "active", "intent": "order", "authoredOn": "2024-02-20",
        "subject": {"reference": "Patient/p"}, "medicationCodeableConcept": concept(RXNORM, *drug), "extension": [CURATIVE],
        "reasonReference": [{"reference": "Condition/c"}],
    }  # fmt: skip
    return order | more


AC = [*_days(CYCLO, "2024-02-26", "2024-03-18", "2024-04-08"), *_days(DOXO, "2024-02-26", "2024-03-18", "2024-04-08")]


def test_drugs_given_together_are_one_course() -> None:
    result = mapped(patient(), condition(), *AC)
    therapy = only(result, "SystemicTherapy")
    assert therapy.key == "SystemicTherapy:Condition/c"
    assert therapy.payload["period"] == {"start": "2024-02-26"}
    closed = only(mapped(patient(), condition(), *AC, therapy__end_at_last_dose=True), "SystemicTherapy")
    assert closed.payload["period"] == {"start": "2024-02-26", "end": "2024-04-08"}
    assert "ended-at-last-dose" in assumed(closed)
    assert therapy.payload["intent"] == "curative"
    assert therapy.references["targetedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)
    children = drafts(result, "SystemicTherapyMedication")
    assert [each.payload["drug"]["code"] for each in children] == ["C405", "C456"]
    assert {each.references["systemicTherapyId"] for each in children} == {therapy.key}


def test_drugs_given_after_each_other_are_two_courses() -> None:
    result = mapped(patient(), condition(), *AC, *_days(PACLI, "2024-04-29", "2024-05-20"))
    assert [each.payload["period"] for each in drafts(result, "SystemicTherapy")] == [
        {"start": "2024-02-26", "end": "2024-04-08"},
        {"start": "2024-04-29"},
    ]
    assert "ended-by-next-therapy" in assumed(drafts(result, "SystemicTherapy")[0])


def test_a_drug_that_two_regimens_share_belongs_to_both() -> None:
    ox, iri, fu, bev = (
        ("32592", "oxaliplatin"),
        ("51499", "irinotecan"),
        ("4492", "fluorouracil"),
        ("253337", "bevacizumab"),
    )
    first = ["2024-01-08", "2024-01-22", "2024-02-05", "2024-02-19", "2024-03-04"]
    second = ["2024-04-08", "2024-04-22"]
    folfox = [*_days(ox, *first), *_days(fu, *first)]
    folfiri = [*_days(iri, *second), *_days(fu, *second)]
    drugs = {
        each.key: sorted(
            draft.payload["drug"]["code"]
            for draft in drafts(mapped(patient(), condition(), *folfox, *folfiri), "SystemicTherapyMedication")
            if draft.references["systemicTherapyId"] == each.key
        )
        for each in drafts(mapped(patient(), condition(), *folfox, *folfiri), "SystemicTherapy")
    }
    assert drugs == {
        "SystemicTherapy:Condition/c": ["C1181", "C505"],
        "SystemicTherapy:Condition/c/2024-04-08": ["C505", "C62040"],
    }
    # A drug that joins, with none that leaves, changes nothing of the others.
    joined = mapped(patient(), condition(), *folfox, *_days(ox, *second), *_days(fu, *second), *_days(bev, *second))
    shared = [
        draft.key for draft in drafts(joined, "SystemicTherapyMedication") if draft.payload["drug"]["code"] == "C505"
    ]
    assert len(shared) == 1


def test_administrations_arrive_one_by_one_in_any_order() -> None:
    days = _days(CYCLO, "2024-02-26", "2024-03-18", "2024-04-08")
    final = only(mapped(patient(), condition(), *days), "SystemicTherapy")
    for order in permutations(days):
        for count in range(1, len(order) + 1):
            therapy = only(mapped(patient(), condition(), *order[:count]), "SystemicTherapy")
            assert therapy.key == final.key
        assert therapy == final


@settings(max_examples=60, deadline=None)
@given(st.permutations(AC))
def test_a_combination_arrives_in_any_order_and_is_one_therapy_all_the_time(order: list[dict[str, Any]]) -> None:
    final = mapped(patient(), condition(), *AC)
    for count in range(1, len(order) + 1):
        therapy = only(mapped(patient(), condition(), *order[:count]), "SystemicTherapy")
        assert therapy.key == only(final, "SystemicTherapy").key
    assert mapped(patient(), condition(), *order).drafts == final.drafts


R_CHOP = [
    dose
    for drug in (("121191", "rituximab"), CYCLO, DOXO, ("11202", "vincristine"))
    for dose in _days(drug, "2024-02-26", "2024-03-18", "2024-04-08", "2024-04-29")
]
LYMPHOMA = condition(code="C83.30")


@settings(max_examples=60, deadline=None)
@given(st.permutations(R_CHOP), st.integers(1, len(R_CHOP)))
def test_any_part_of_a_known_regimen_is_one_therapy_under_its_final_key(
    order: list[dict[str, Any]], count: int
) -> None:
    therapy = only(mapped(patient(), LYMPHOMA, *order[:count]), "SystemicTherapy")
    assert therapy.key == only(mapped(patient(), LYMPHOMA, *R_CHOP), "SystemicTherapy").key


@settings(max_examples=40, deadline=None)
@given(st.permutations([*AC, *_days(PACLI, "2024-04-29", "2024-05-20")]))
def test_sequences_do_not_depend_on_the_order_of_arrival(order: list[dict[str, Any]]) -> None:
    assert (
        mapped(patient(), condition(), *order).drafts
        == mapped(patient(), condition(), *AC, *_days(PACLI, "2024-04-29", "2024-05-20")).drafts
    )


def test_a_long_pause_starts_another_course_and_keeps_the_first_key() -> None:
    early, late = _days(CYCLO, "2024-02-26"), _days(CYCLO, "2025-02-26")
    both = drafts(mapped(patient(), condition(), *early, *late), "SystemicTherapy")
    assert len(both) == 2
    assert both[0].key == only(mapped(patient(), condition(), *early), "SystemicTherapy").key
    assert (
        len(drafts(mapped(patient(), condition(), *early, *late, therapy__drug_gap_days=400), "SystemicTherapy")) == 1
    )


NEOADJUVANT = {
    "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-procedure-intent",
    "valueCodeableConcept": concept(SNOMED, "373847000"),
}
MASTECTOMY = {
    "resourceType": "Procedure", "id": "op", "status": "completed", "code": concept(SNOMED, "172043006", "Simple mastectomy"),
    "subject": {"reference": "Patient/p"}, "performedDateTime": "2024-05-02", "extension": [CURATIVE],
    "reasonReference": [{"reference": "Condition/c"}],
}  # fmt: skip


def _status(day: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": "status", "status": "final", "code": concept(LOINC, "97509-4"),
        "subject": {"reference": "Patient/p"}, "effectiveDateTime": day, "focus": [{"reference": "Condition/c"}],
        "valueCodeableConcept": concept(SNOMED, "359746009"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "person", "rule"),
    [
        ([], {"deceasedDateTime": "2024-04-20"}, "ended-by-death"),
        ([MASTECTOMY], {}, "ended-by-surgery"),
        ([_status("2024-07-20")], {}, "ended-by-pause"),
        ([_status("2024-07-01")], {}, None),
    ],
)
def test_what_ends_a_therapy_that_the_source_does_not_end(
    more: list[dict[str, Any]], person: dict[str, Any], rule: str | None
) -> None:
    doses = _days(CYCLO, "2024-02-26", "2024-03-18", "2024-04-08", extension=[NEOADJUVANT])
    therapy = only(mapped(patient() | person, condition(), *doses, *more), "SystemicTherapy")
    assert therapy.payload["period"].get("end") == (None if rule is None else "2024-04-08")
    assert rule is None or rule in assumed(therapy)


def test_a_plan_is_one_course_whatever_its_dates() -> None:
    plan = {"basedOn": [{"reference": "CarePlan/ac-t"}]}
    orders = [_order("o1", CYCLO, **plan), _order("o2", PACLI, **plan)]
    given = [
        administration("a1", CYCLO, "2024-02-26", request={"reference": "MedicationRequest/o1"}),
        administration("a2", PACLI, "2024-08-26", request={"reference": "MedicationRequest/o2"}),
    ]
    therapy = only(mapped(patient(), condition(), *orders, *given), "SystemicTherapy")
    assert therapy.key == "SystemicTherapy:CarePlan/ac-t"
    assert therapy.payload["period"] == {"start": "2024-02-26"}


def test_an_order_counts_where_nothing_was_given() -> None:
    therapy = only(mapped(patient(), condition(), _order("o", CYCLO)), "SystemicTherapy")
    assert therapy.payload["period"] == {"start": "2024-02-20"}
    assert "start-of-order" in assumed(therapy)
    given = administration("a", CYCLO, "2024-02-26", request={"reference": "MedicationRequest/o"})
    actual = only(mapped(patient(), condition(), _order("o", CYCLO), given), "SystemicTherapy")
    assert actual.payload["period"] == {"start": "2024-02-26"}
    assert actual.key == therapy.key


def test_the_end_of_an_order_ends_the_course() -> None:
    given = [
        administration(f"a{day}", CYCLO, f"2024-03-{day}", request={"reference": "MedicationRequest/o"})
        for day in ("01", "22")
    ]
    reason = concept(SNOMED, "407563006")
    stopped = _order("o", CYCLO, status="stopped", statusReason=reason)
    therapy = only(mapped(patient(), condition(), stopped, *given), "SystemicTherapy")
    assert therapy.payload["period"] == {"start": "2024-03-01", "end": "2024-03-22"}
    assert therapy.payload["terminationReason"]["code"] == "407563006"


def test_an_end_before_the_start_waits() -> None:
    given = administration("a", CYCLO, "2024-03-01")
    del given["effectiveDateTime"]
    given |= {"effectivePeriod": {"start": "2024-03-01", "end": "2024-01-01"}}
    given["extension"] = [
        *given["extension"],
        {
            "url": "http://onconova.github.io/fhir/StructureDefinition/onconova-ext-medication-administration-cycles",
            "valueInteger": 2,
        },
    ]
    assert ("implausible-value", "period") in codes(only(mapped(patient(), condition(), given), "SystemicTherapy"))


def test_an_unknown_intent_is_never_guessed() -> None:
    given = administration("a", CYCLO, "2024-03-01", extension=[])
    assert ("missing-required", "intent") in codes(only(mapped(patient(), condition(), given), "SystemicTherapy"))
    default = only(mapped(patient(), condition(), given, therapy__default_intent="palliative"), "SystemicTherapy")
    assert default.payload["intent"] == "palliative"
    assert "default-intent" in assumed(default)


def test_adjuvant_means_curative_and_says_so() -> None:
    adjuvant = {"url": CURATIVE["url"], "valueCodeableConcept": concept(SNOMED, "373846009")}
    therapy = only(
        mapped(patient(), condition(), administration("a", CYCLO, "2024-03-01", extension=[adjuvant])),
        "SystemicTherapy",
    )
    assert therapy.payload["intent"] == "curative"
    assert therapy.payload["adjunctiveRole"]["code"] == "C2140"
    assert "curative-because-adjuvant" in assumed(therapy)


def test_dose_and_route() -> None:
    child = only(
        mapped(patient(), condition(), administration("a", CYCLO, "2024-03-01", **DOSE)), "SystemicTherapyMedication"
    )
    assert child.payload["dosageMassSurface"] == {"value": 0.6, "unit": "g__square_meter"}
    assert child.payload["route"]["code"] == "47625008"
    auc = {"dosage": {"dose": {"value": 5, "unit": "AUC"}}}
    odd = only(
        mapped(patient(), condition(), administration("a", CYCLO, "2024-03-01", **auc)), "SystemicTherapyMedication"
    )
    assert ("unmapped-unit", "dosage") in codes(odd)
    assert not odd.blocked


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"status": "not-done"}, "the medication is not done"),
        ({"status": "entered-in-error"}, "the medication is entered in error"),
        ({"medicationCodeableConcept": {"text": "ondansetron 8 mg"}}, "a supportive drug: an antiemetic"),
        (
            {"medicationCodeableConcept": {"text": "metformin"}, "extension": [], "reasonReference": []},
            "the drug is not on POP's list of antineoplastic agents",
        ),
        ({"reasonReference": [{"reference": "Condition/arthritis"}]}, "a drug given for another disease than a tumour"),
        (
            {"medicationCodeableConcept": concept(RXNORM, *PREDNISONE), "reasonReference": []},
            "a corticosteroid for which no tumour is named",
        ),
    ],
)
def test_drugs_that_are_no_systemic_therapy(more: dict[str, Any], reason: str) -> None:
    result = mapped(
        patient(), condition(), condition("arthritis", "M06.9"), administration("a", CYCLO, "2024-03-01", **more)
    )
    assert not drafts(result, "SystemicTherapy")
    assert reasons(result)["MedicationAdministration/a"] == reason


def test_a_corticosteroid_of_the_regimen_stays_in() -> None:
    result = mapped(patient(), condition(code="C91.0"), administration("a", PREDNISONE, "2024-03-01"))
    assert only(result, "SystemicTherapyMedication").payload["drug"]["code"] == "C770"


def test_an_unknown_drug_for_a_tumour_waits_with_its_therapy() -> None:
    result = mapped(patient(), condition(), administration("a", UNKNOWN, "2024-03-01"))
    assert ("unmapped-code", "drug") in codes(only(result, "SystemicTherapyMedication"))
    assert ("unknown-drugs", "medications") in codes(only(result, "SystemicTherapy"))


def test_a_drug_in_a_shared_or_contained_medication() -> None:
    shared = {"resourceType": "Medication", "id": "med", "code": concept(RXNORM, *CYCLO)}
    record = administration("a", CYCLO, "2024-03-01", medicationReference={"reference": "Medication/med"})
    del record["medicationCodeableConcept"]
    child = only(mapped(patient(), condition(), record, shared), "SystemicTherapyMedication")
    assert child.payload["drug"]["code"] == "C405"
    inside = record | {"medicationReference": {"reference": "#med"}, "contained": [shared]}
    assert only(mapped(patient(), condition(), inside), "SystemicTherapyMedication").payload == child.payload


def test_another_resource_changes_nothing() -> None:
    extra = {
        "resourceType": "Observation",
        "id": "x",
        "status": "final",
        "code": concept(LOINC, "718-7"),
        "subject": {"reference": "Patient/p"},
    }
    assert mapped(patient(), condition(), *AC, extra).drafts == mapped(patient(), condition(), *AC).drafts
