from __future__ import annotations

from itertools import permutations
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

CLINICAL, PATHOLOGICAL = (SNOMED, "399537006"), (SNOMED, "399588009")
CT, CN, CM = (SNOMED, "399504009"), (SNOMED, "399534004"), (SNOMED, "399387003")
PT = (SNOMED, "384625004")
FOCUS = {"focus": [{"reference": "Condition/c"}]}
IIB = {"valueCodeableConcept": concept(SNOMED, "1222769001")}


def _stage(id: str = "s", code: tuple[str, str] = CLINICAL, **more: Any) -> dict[str, Any]:
    return observation(id, code, **(FOCUS | IIB | more))


def _category(id: str, code: tuple[str, str], value: str, **more: Any) -> dict[str, Any]:
    return observation(id, code, valueCodeableConcept=concept(SNOMED, value), **more)


T3, N0, M0 = _category("t", CT, "1228938002"), _category("n", CN, "1229967007"), _category("m", CM, "1229901006")
PT2A = _category("pt", PT, "1229853004")


def _members(*ids: str) -> dict[str, Any]:
    return {"hasMember": [{"reference": f"Observation/{each}"} for each in ids]}


def test_members_by_reference() -> None:
    result = mapped(patient(), condition(), _stage(**_members("t", "n", "m")), T3, N0, M0)
    draft = only(result, "TNMStaging")
    assert draft.key == "TNMStaging:Observation/s"
    assert (draft.payload["primaryTumor"]["display"], draft.payload["regionalNodes"]["display"]) == ("cT3", "cN0")
    assert draft.payload["pathological"] is False
    assert draft.references["stagedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)
    assert not draft.issues
    assert "category-by-day" not in assumed(draft)


def test_contained_members_are_taken_as_they_are() -> None:
    inside = {**PT2A, "id": "inside"}
    draft = only(mapped(patient(), condition(), _stage(contained=[inside])), "TNMStaging")
    assert draft.payload["primaryTumor"]["display"] == "pT2a"
    assert draft.sources["primaryTumor"][0].resource == "Observation/s#inside"


def test_members_by_day_side_and_focus() -> None:
    other_day = _category("late", CN, "1229973008", effectiveDateTime="2024-06-01")
    other_side = _category("pt", PT, "1229853004")
    draft = next(
        each
        for each in drafts(mapped(patient(), condition(), _stage(), T3, other_day, other_side), "TNMStaging")
        if "stage" in each.payload
    )
    assert draft.payload["primaryTumor"]["display"] == "cT3"
    assert "regionalNodes" not in draft.payload
    assert "category-by-day" in assumed(draft)


def test_members_of_the_other_side_are_not_mixed_in() -> None:
    result = mapped(patient(), condition(), _stage(**_members("pt")), PT2A, T3)
    staged, left = sorted(drafts(result, "TNMStaging"), key=lambda draft: draft.blocked)
    assert staged.payload["primaryTumor"]["display"] == "cT3"
    assert ("inconsistent-member", "primaryTumor") in codes(staged)
    assert left.payload["primaryTumor"]["display"] == "pT2a"
    assert ("missing-required", "stage") in codes(left)


def test_a_pathological_group_keeps_clinical_m0() -> None:
    draft = only(
        mapped(patient(), condition(), _stage(code=PATHOLOGICAL, **_members("pt", "m")), PT2A, M0), "TNMStaging"
    )
    assert draft.payload["distantMetastases"]["display"] == "cM0"
    assert draft.payload["pathological"] is True
    assert not draft.issues


def test_a_stage_is_never_invented() -> None:
    draft = only(mapped(patient(), condition(), T3, N0, M0), "TNMStaging")
    assert "stage" not in draft.payload
    assert draft.blocked
    assert draft.key == "TNMStaging:unfocused/2024-02-12/clinical"
    fewer = only(mapped(patient(), condition(), N0), "TNMStaging")
    assert fewer.key == draft.key


def test_two_candidates_for_one_field_are_none() -> None:
    again = _category("t2", CT, "1228929004")
    result = mapped(patient(), condition(), _stage(), T3, again)
    staged = next(draft for draft in result.drafts if draft.key.endswith("Observation/s"))
    assert "primaryTumor" not in staged.payload


@pytest.mark.parametrize(("text", "display"), [("T3", "cT3"), ("cT3", "cT3"), ("T2a", "cT2a")])
def test_letters_take_the_prefix_of_their_code(text: str, display: str) -> None:
    category = observation("t", CT, valueString=text)
    draft = only(mapped(patient(), condition(), _stage(), category), "TNMStaging")
    assert draft.payload["primaryTumor"]["display"] == display


def test_the_letters_of_a_stage_group() -> None:
    group = observation("s", CLINICAL, valueCodeableConcept={"text": "Stage 2B"}, **FOCUS)
    assert only(mapped(patient(), condition(), group), "TNMStaging").payload["stage"]["code"] == "1222769001"


def test_a_condition_points_to_its_staging() -> None:
    tumours = condition(stage=[{"assessment": [{"reference": "Observation/s"}]}]), condition("d", "C61")
    group = observation("s", CLINICAL, **IIB)
    assert only(mapped(patient(), *tumours, group), "TNMStaging").references["stagedEntitiesIds"] == (
        "NeoplasticEntity:Condition/c",
    )


def test_void_observations_state_nothing() -> None:
    result = mapped(patient(), condition(), _stage(status="entered-in-error"))
    assert not drafts(result, "TNMStaging")
    assert reasons(result)["Observation/s"] == "the observation is entered in error"


def test_a_member_that_has_not_arrived_is_named() -> None:
    draft = only(mapped(patient(), condition(), _stage(**_members("t"))), "TNMStaging")
    assert ("unresolved-reference", "stage") in codes(draft)
    assert not draft.blocked


def test_the_order_of_arrival_does_not_matter() -> None:
    first = only(mapped(patient(), condition(), _stage(), T3, N0, M0), "TNMStaging")
    for order in permutations([_stage(), T3, N0, M0]):
        assert only(mapped(*order, condition(), patient()), "TNMStaging") == first
