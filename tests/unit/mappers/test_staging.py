from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from mapper_records import (
    LOINC,
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

from mappers.protocol import JsonObject

NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
FIGO, BINET, LYMPHOMA = (SNOMED, "385361009"), (NCIT, "C141212"), (SNOMED, "385388004")
BRESLOW, GLEASON = (SNOMED, "106243009"), (LOINC, "35266-6")
PRIMARY, SECONDARY = (SNOMED, "384994009"), (SNOMED, "384995005")
FOCUS = {"focus": [{"reference": "Condition/c"}]}


def _coded(code: tuple[str, str]) -> JsonObject:
    return {"valueCodeableConcept": concept(*code)}


def _mapped(*resources: JsonObject, tumour: str = "C53.9") -> Any:
    return mapped(patient(), condition(code=tumour), *resources)


@pytest.mark.parametrize(
    ("code", "value", "kind", "stage"),
    [
        (FIGO, (NCIT, "C96256"), "FIGOStaging", "C96256"),
        (BINET, (NCIT, "C80134"), "BinetStaging", "C80134"),
        ((NCIT, "C141207"), (NCIT, "C7875"), "RaiStaging", "C7875"),
        ((SNOMED, "103419001"), (SNOMED, "1556006"), "ClarkStaging", "1556006"),
        ((NCIT, "C139007"), (NCIT, "C70659"), "ISSStaging", "C70659"),
        ((NCIT, "C139C141392007"), (NCIT, "C141395"), "RISSStaging", "C141395"),
        ((SNOMED, "409720004"), (SNOMED, "409725009"), "INSSStage", "409725009"),
        ((NCIT, "C133427"), (NCIT, "C133431"), "INRGSSStage", "C133431"),
        ((SNOMED, "385377005"), (SNOMED, "1279718003"), "GleasonGrade", "1279718003"),
        ((SNOMED, "405916000"), (SNOMED, "405957007"), "RhabdomyosarcomaClinicalGroup", "405957007"),
        ((SNOMED, "405931009"), (SNOMED, "405973001"), "WilmsStage", "405973001"),
        (LYMPHOMA, (SNOMED, "56944001"), "LymphomaStaging", "56944001"),
    ],
)
def test_coded_stages(code: tuple[str, str], value: tuple[str, str], kind: str, stage: str) -> None:
    draft = only(_mapped(observation("o", code, **_coded(value), **FOCUS)), kind)
    assert draft.key == f"{kind}:Observation/o"
    assert draft.payload["stage"]["code"] == stage
    assert draft.payload["date"] == "2024-02-12"
    assert draft.references["stagedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)
    assert not draft.issues


def test_the_method_names_the_system_of_a_generic_code() -> None:
    method = {"method": concept(SNOMED, "1149099005")}
    result = _mapped(observation("o", (LOINC, "21914-7"), valueCodeableConcept={"text": "B"}, **method))
    assert only(result, "BinetStaging").payload["stage"]["code"] == "C80135"
    assert not drafts(result, "TNMStaging")


def test_the_value_names_the_system_of_a_generic_code() -> None:
    result = _mapped(observation("o", (LOINC, "67213-9"), **_coded((NCIT, "C141395"))))
    assert only(result, "RISSStaging").payload["stage"]["code"] == "C141395"
    assert not drafts(result, "TNMStaging")


def test_a_generic_code_is_tnm_otherwise() -> None:
    result = _mapped(observation("o", (LOINC, "67213-9"), valueCodeableConcept={"text": "Stage IIIA"}))
    assert only(result, "TNMStaging").payload["stage"]["display"] == "AJCC Stage IIIA"


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("FIGO", "IIIB", "FIGOStaging"),
        ("Ann-Arbor", "IIIB", "LymphomaStaging"),
        ("Stadium nach Rai", "II", "RaiStaging"),
    ],
)
def test_a_system_by_its_name_alone(text: str, value: str, kind: str) -> None:
    record = observation("o", FIGO, valueCodeableConcept={"coding": [{"code": value}]}) | {"code": {"text": text}}
    assert not only(_mapped(record), kind).blocked


@pytest.mark.parametrize(
    "text", ["Injury severity score (ISS)", "Percent of Gleason pattern 4", "Clark electrode", "CLL panel"]
)
def test_what_only_sounds_like_a_system(text: str) -> None:
    record = observation("o", FIGO, valueQuantity={"value": 25}) | {"code": {"text": text}}
    result = _mapped(record)
    assert {draft.kind for draft in result.drafts} == {"PatientCase", "NeoplasticEntity"}


def test_systems_that_pop_does_not_know() -> None:
    result = _mapped(observation("o", (NCIT, "C139006"), valueCodeableConcept={"text": "IIIA"}))
    assert "POP has no staging of this system" in reasons(result)["Observation/o"]


def test_an_unreadable_stage_waits() -> None:
    draft = only(_mapped(observation("o", FIGO, valueCodeableConcept={"text": "locally advanced"})), "FIGOStaging")
    assert draft.blocked
    assert ("unmapped-code", "stage") in codes(draft)


def test_the_finer_of_one_day_wins_in_any_order() -> None:
    coarse = observation("a", FIGO, **_coded((NCIT, "C96255")))
    fine = observation("b", FIGO, valueCodeableConcept={"text": "IIIC1"})
    other_day = observation("d", FIGO, effectiveDateTime="2024-03-12", **_coded((NCIT, "C96255")))
    for order in permutations([coarse, fine, other_day]):
        result = _mapped(*order)
        assert [draft.payload["stage"]["display"] for draft in drafts(result, "FIGOStaging")] == [
            "FIGO Stage IIIC1",
            "FIGO Stage III",
        ]
        assert "finer" in reasons(result)["Observation/a"]


def test_stages_of_one_day_that_contradict_each_other_both_stay() -> None:
    result = _mapped(
        observation("a", FIGO, **_coded((NCIT, "C96252"))), observation("b", FIGO, **_coded((NCIT, "C96255")))
    )
    assert len(drafts(result, "FIGOStaging")) == 2


@pytest.mark.parametrize("unit", [("mm", 4.6), ("cm", 0.46)])
def test_breslow_depth(unit: tuple[str, float]) -> None:
    quantity = {"value": unit[1], "code": unit[0], "system": UCUM}
    ulceration = observation("u", (LOINC, "105600-1"), **_coded((LOINC, "LA9633-4")))
    draft = only(_mapped(observation("o", BRESLOW, valueQuantity=quantity), ulceration, tumour="C43.5"), "BreslowDepth")
    assert draft.payload["depth"] == {"value": pytest.approx(4.6), "unit": "mm"}
    assert draft.payload["isUlcered"] is True
    assert "Observation/u" in {source.resource for source in draft.sources["isUlcered"]}


def test_ulceration_by_its_german_name() -> None:
    depth = observation("o", BRESLOW, valueQuantity={"value": 2.3, "code": "mm", "system": UCUM})
    ulceration = observation("u", (LOINC, "1"), valueString="ja") | {"code": {"text": "Ulzeration"}}
    assert only(_mapped(depth, ulceration, tumour="C43.5"), "BreslowDepth").payload["isUlcered"] is True


def test_a_class_of_depth_is_no_depth() -> None:
    draft = only(_mapped(observation("o", BRESLOW, **_coded((SNOMED, "17456000")))), "BreslowDepth")
    assert codes(draft) == {("missing-required", "depth")}


@pytest.mark.parametrize("value", [{"value": 460, "code": "mm"}, {"value": 0, "code": "mm"}])
def test_an_impossible_depth_waits(value: JsonObject) -> None:
    draft = only(_mapped(observation("o", BRESLOW, valueQuantity=value)), "BreslowDepth")
    assert codes(draft) == {("implausible-value", "depth")}


def test_ulceration_of_another_day_is_no_part() -> None:
    depth = observation("o", BRESLOW, valueString="Breslow 1,8 mm")
    later = observation("u", (LOINC, "105600-1"), effectiveDateTime="2024-05-05", **_coded((LOINC, "LA9634-2")))
    result = _mapped(depth, later)
    assert only(result, "BreslowDepth").payload["depth"]["value"] == pytest.approx(1.8)
    assert "isUlcered" not in only(result, "BreslowDepth").payload
    assert "not in the record" in reasons(result)["Observation/u"]


def _pattern(id: str, code: tuple[str, str], value: int, **more: Any) -> JsonObject:
    return observation(id, code, valueInteger=value, **more)


def test_patterns_make_a_score() -> None:
    result = _mapped(_pattern("p", PRIMARY, 4), _pattern("s", SECONDARY, 3), tumour="C61")
    draft = only(result, "GleasonGrade")
    assert draft.payload["stage"]["code"] == "1279716004"
    assert draft.key == "GleasonGrade:Observation/p"


def test_a_sum_takes_its_pair_from_the_patterns() -> None:
    score = observation("g", GLEASON, valueInteger=7)
    result = _mapped(score, _pattern("p", PRIMARY, 3), _pattern("s", SECONDARY, 4), tumour="C61")
    assert only(result, "GleasonGrade").payload["stage"]["code"] == "1279714001"
    assert only(result, "GleasonGrade").key == "GleasonGrade:Observation/g"


@pytest.mark.parametrize(("value", "code"), [(1, "1279715000"), (2, "1279714001"), (3, "1279716004"), (4, None)])
def test_a_bare_grade_group(value: int, code: str | None) -> None:
    grade = observation("g", GLEASON, valueInteger=value, **FOCUS) | {"code": {"text": "ISUP Grade Group"}}
    draft = only(_mapped(grade, tumour="C61"), "GleasonGrade")
    assert (draft.payload.get("stage") or {}).get("code") == code
    assert draft.blocked == (code is None)


def test_pops_own_spelling_of_a_stage_of_the_ovary() -> None:
    draft = only(_mapped(observation("o", FIGO, valueString="IIIA1(ii)", **FOCUS), tumour="C56.1"), "FIGOStaging")
    assert draft.payload["stage"]["code"] == "C128104"


def test_a_sum_alone_waits() -> None:
    assert only(_mapped(observation("g", GLEASON, valueInteger=7), tumour="C61"), "GleasonGrade").blocked


def test_patterns_of_two_days_are_no_pair() -> None:
    result = _mapped(
        _pattern("p", PRIMARY, 4), _pattern("s", SECONDARY, 3, effectiveDateTime="2024-05-05"), tumour="C61"
    )
    assert not drafts(result, "GleasonGrade")
    assert set(reasons(result)) >= {"Observation/p", "Observation/s"}


def test_the_letters_of_ann_arbor() -> None:
    draft = only(_mapped(observation("o", LYMPHOMA, valueString="IVXE"), tumour="C81.9"), "LymphomaStaging")
    assert draft.payload["stage"]["display"] == "Lymphoma stage IV"
    assert draft.payload["bulky"] is True
    assert [each["code"] for each in draft.payload["modifiers"]] == ["282436004"]
    spread = only(_mapped(observation("o", LYMPHOMA, valueString="IIE"), tumour="C81.9"), "LymphomaStaging")
    assert spread.payload["stage"]["display"] == "Lymphoma stage IIe"
    assert "modifiers" not in spread.payload


@pytest.mark.parametrize(
    ("tumour", "text", "method"),
    [
        ("C81.9", "Ann Arbor", "254373007"), ("C82.1", "Ann-Arbor-Stadium", "254374001"), ("C83.3", "Cotswolds", None),
        ("C81.1", "Cotswolds", "254375000"), ("C61", "Ann Arbor", None), ("C83.3", "Lugano", None),
    ],
)  # fmt: skip
def test_a_system_by_name_has_the_method_of_its_lymphoma(tumour: str, text: str, method: str | None) -> None:
    stage = observation("o", LYMPHOMA, valueString="III", **FOCUS)
    stage["code"]["text"] = text
    draft = only(_mapped(stage, tumour=tumour), "LymphomaStaging")
    assert (draft.payload.get("methodology") or {}).get("code") == method
    assert ("method-by-name" in assumed(draft)) == (method is not None)


def test_components_of_a_lymphoma() -> None:
    parts = [
        {"code": concept(SNOMED, "277366005"), **_coded((SNOMED, "261023001"))},
        {"code": concept(SNOMED, "260873006"), **_coded((SNOMED, "2667000"))},
        {"code": concept(SNOMED, "106252000"), **_coded((SNOMED, "282436004"))},
    ]
    draft = only(
        _mapped(observation("o", LYMPHOMA, **_coded((SNOMED, "76422004")), component=parts)), "LymphomaStaging"
    )
    assert (draft.payload["pathological"], draft.payload["bulky"]) == (True, False)
    assert draft.payload["modifiers"][0]["code"] == "282436004"


def _stage(text: str, **more: Any) -> JsonObject:
    return {"stage": [{"summary": {"text": text}} | more]}


@pytest.mark.parametrize(
    ("tumour", "text", "kind", "stage"),
    [
        ("C83.3", "Stage III", "LymphomaStaging", "56944001"),
        ("C91.10", "Stage II", "RaiStaging", "C7875"),
        ("C91.10", "Stage B", "BinetStaging", "C80135"),
        ("C56.1", "FIGO IIIC", "FIGOStaging", "C96258"),
        ("C34.1", "Stage IV", "TNMStaging", "1222837003"),
    ],
)
def test_a_conditions_own_stage(tumour: str, text: str, kind: str, stage: str) -> None:
    draft = only(mapped(patient(), condition(code=tumour, **_stage(text))), kind)
    assert draft.payload["stage"]["code"] == stage
    assert draft.payload["date"] == "2024-02-05"
    assert "date-of-diagnosis" in assumed(draft)
    assert draft.key == f"{kind}:Condition/c"


@pytest.mark.parametrize("tumour", ["C90.00", "C92.00"])
def test_a_bare_stage_of_a_disease_with_several_systems_is_left_to_a_person(tumour: str) -> None:
    result = mapped(patient(), condition(code=tumour, **_stage("Stage II")))
    assert {draft.kind for draft in result.drafts} == {"PatientCase", "NeoplasticEntity"}
    coverage = next(each for each in result.coverage if each.reference == "Condition/c")
    assert "stage" in coverage.unconsumed


def test_a_stage_of_another_disease_is_none() -> None:
    kidney = condition("k", "N18.3", **_stage("Stage 3"))
    assert not [draft for draft in mapped(patient(), condition(), kidney).drafts if "Stag" in draft.kind]


def test_the_assessment_speaks_for_its_condition() -> None:
    tumour = condition(code="C91.10", **_stage("Binet stage A", assessment=[{"reference": "Observation/o"}]))
    staged = observation("o", BINET, **_coded((NCIT, "C80135")))
    draft = only(mapped(patient(), tumour, staged), "BinetStaging")
    assert draft.payload["stage"]["code"] == "C80135"
    assert draft.references["stagedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)
    assert ("contradiction", "stage") in codes(draft)
    waiting = only(mapped(patient(), tumour), "BinetStaging")
    assert waiting.payload["stage"]["code"] == "C80134"
    assert waiting.key == draft.key


def test_an_observation_says_the_same_better() -> None:
    tumour = condition(code="C91.10", **_stage("Binet stage B"))
    result = mapped(patient(), tumour, observation("o", BINET, **_coded((NCIT, "C80135")), **FOCUS))
    assert only(result, "BinetStaging").key == "BinetStaging:Observation/o"
    assert not next(each for each in result.coverage if each.reference == "Condition/c").unconsumed


def test_void_observations_state_nothing() -> None:
    result = _mapped(observation("o", FIGO, status="entered-in-error", **_coded((NCIT, "C96256"))))
    assert not drafts(result, "FIGOStaging")
    assert reasons(result)["Observation/o"] == "the observation is entered in error"


def test_the_one_stage_of_a_longer_text() -> None:
    text = "Pathologic stage from 12/3/2020: FIGO Stage IB1 (pT1b1, pN0, cM0)"
    draft = only(mapped(patient(), condition(code="C53.9", **_stage(text))), "FIGOStaging")
    assert draft.payload["stage"]["display"] == "FIGO Stage IB1"


def test_among_several_tumours_the_one_that_the_system_stages() -> None:
    record = [
        condition(),
        condition("d", "C43.59"),
        observation("o", BRESLOW, valueQuantity={"value": 1, "code": "mm"}),
    ]
    draft = only(mapped(patient(), *record), "BreslowDepth")
    assert draft.references["stagedEntitiesIds"] == ("NeoplasticEntity:Condition/d",)
    assert "only-fitting-tumour" in assumed(draft)
    twice = [*record, condition("e", "C43.61", onsetDateTime="2025-01-01")]
    assert "stagedEntitiesIds" not in only(mapped(patient(), *twice), "BreslowDepth").references


@pytest.mark.parametrize(("answer", "ulcered"), [("Present", True), ("Not identified", False)])
def test_ulceration_by_its_name(answer: str, ulcered: bool) -> None:
    quantity = {"value": 2.3, "unit": "mm", "system": UCUM, "code": "mm"}
    named = {"code": {"text": "Ulceration"}, "valueString": answer}
    ulceration = observation("u", (LOINC, "105600-1")) | named
    draft = only(_mapped(observation("o", BRESLOW, valueQuantity=quantity), ulceration, tumour="C43.5"), "BreslowDepth")
    assert draft.payload["isUlcered"] is ulcered
