from __future__ import annotations

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

STATUS, PACK_YEARS, QUIT_DATE, ALCOHOL = (LOINC, "72166-2"), (LOINC, "8664-5"), (LOINC, "74010-0"), (LOINC, "68518-0")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((SNOMED, "449868002"), "449868002"),
        ((LOINC, "LA18976-3"), "449868002"),
        ((LOINC, "LA15920-4"), "8517006"),
        ((LOINC, "LA18978-9"), "266919005"),
        ((LOINC, "LA18980-5"), "266927001"),
        ((SNOMED, "65568007"), "77176002"),
        ((SNOMED, "281018007"), "8517006"),
    ],
)
def test_smoking_status(answer: tuple[str, str], expected: str) -> None:
    draft = only(
        mapped(patient(), condition(), observation("o", STATUS, valueCodeableConcept=concept(*answer))), "Lifestyle"
    )
    assert draft.payload["smokingStatus"]["code"] == expected


def test_a_non_smoker_is_not_guessed_to_be_a_never_smoker() -> None:
    said = observation("o", STATUS, valueCodeableConcept=concept(SNOMED, "8392000", "Non-smoker"))
    draft = only(mapped(patient(), condition(), said), "Lifestyle")
    assert ("unmapped-code", "smokingStatus") in codes(draft)
    assert draft.blocked


def visit(id: str, day: str, answer: str) -> dict[str, Any]:
    return observation(id, STATUS, valueCodeableConcept=concept(SNOMED, answer), effectiveDateTime=day)


def test_only_news_is_written() -> None:
    visits = [
        visit("a", "2022-01-01", "77176002"),
        visit("b", "2022-06-01", "77176002"),
        visit("c", "2023-01-01", "8517006"),
    ]
    result = mapped(patient(), condition(), *visits)
    assert [draft.payload["date"] for draft in drafts(result, "Lifestyle")] == ["2022-01-01", "2023-01-01"]
    assert "repeats" in reasons(result)["Observation/b"]
    kept = mapped(patient(), condition(), *visits, lifestyle__repeats="keep")
    assert len(drafts(kept, "Lifestyle")) == 3


def test_one_day_is_one_entity_and_the_time_since_quitting_is_computed() -> None:
    result = mapped(
        patient(), condition(), visit("a", "2024-02-12", "8517006"),
        observation("b", PACK_YEARS, valueQuantity={"value": 30, "unit": "{pack-year}", "system": UCUM}),
        observation("c", QUIT_DATE, valueDateTime="2014-02-12"),
        observation("d", ALCOHOL, valueCodeableConcept=concept(LOINC, "LA18928-4")),
    )  # fmt: skip
    draft = only(result, "Lifestyle")
    assert draft.payload["smokingPackyears"] == 30.0
    assert draft.payload["smokingQuited"] == {"value": 10.0, "unit": "year"}
    assert draft.payload["alcoholConsumption"]["code"] == "LA18928-4"
    assert "time-since-date" in assumed(draft)


def test_two_answers_of_a_day_contradict() -> None:
    draft = only(
        mapped(patient(), condition(), visit("a", "2024-02-12", "8517006"), visit("b", "2024-02-12", "77176002")),
        "Lifestyle",
    )
    assert ("contradiction", "smokingStatus") in codes(draft)


def test_an_impossible_number_of_pack_years() -> None:
    said = observation("o", PACK_YEARS, valueQuantity={"value": -3, "unit": "{pack-year}"})
    draft = only(mapped(patient(), condition(), said, visit("a", "2024-02-12", "8517006")), "Lifestyle")
    assert ("implausible-value", "smokingPackyears") in codes(draft)
    assert "smokingPackyears" not in draft.payload


SOCIAL = [concept("http://terminology.hl7.org/CodeSystem/observation-category", "social-history")]


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ({"text": "Raucherstatus"}, {"valueString": "Ex-Raucher"}, "8517006"),
        ({"text": "Smoking Status"}, {"valueCodeableConcept": {"text": "Current every day smoker"}}, "449868002"),
        (concept(*STATUS), {"valueCodeableConcept": concept("urn:local", "4", "Never Smoker")}, "266919005"),
        (concept(*STATUS), {"valueString": "nie geraucht"}, "266919005"),
        (concept(*STATUS), {"valueString": "Nichtraucher"}, None),
        (concept(*STATUS), {"valueString": "Nichtraucher (nie geraucht)"}, "266919005"),
        (concept(*STATUS), {"valueString": "Raucher (ehemals Raucher)"}, None),
    ],
)
def test_smoking_in_words(question: dict[str, Any], answer: dict[str, Any], expected: str | None) -> None:
    record = observation("o", STATUS, category=SOCIAL, **answer) | {"code": question}
    draft = only(mapped(patient(), condition(), record), "Lifestyle")
    assert draft.payload.get("smokingStatus", {}).get("code") == expected
    assert draft.blocked is (expected is None)


def test_other_ways_to_tell_pack_years_and_alcohol() -> None:
    typed = observation("o", PACK_YEARS, category=SOCIAL, valueString="ca. 30 PY") | {"code": {"text": "Pack-years"}}
    assert only(mapped(patient(), condition(), typed), "Lifestyle").payload["smokingPackyears"] == 30.0
    drinks = observation("o", ALCOHOL, valueCodeableConcept={"text": "2 - 4 times a month"})
    draft = only(mapped(patient(), condition(), drinks), "Lifestyle")
    assert draft.payload["alcoholConsumption"]["code"] == "LA18927-6"


@pytest.mark.parametrize(
    ("text", "status", "pack_years", "years"),
    [
        ("Former smoker, quit 10 years ago, 30 pack-years", "8517006", 30.0, 10.0),
        ("Current every day smoker; 45 PY", "449868002", 45.0, None),
        ("Ex-smoker (stopped smoking 3 yrs ago)", "8517006", None, 3.0),
    ],
)
def test_several_answers_in_one_line(text: str, status: str, pack_years: float | None, years: float | None) -> None:
    draft = only(mapped(patient(), condition(), observation("o", STATUS, valueString=text)), "Lifestyle")
    assert draft.payload["smokingStatus"]["code"] == status
    assert draft.payload.get("smokingPackyears") == pack_years
    assert draft.payload.get("smokingQuited") == (None if years is None else {"value": years, "unit": "year"})


def test_a_line_that_is_not_understood_waits() -> None:
    text = "Denies, father smoked 30 pack-years"
    draft = only(mapped(patient(), condition(), observation("o", STATUS, valueString=text)), "Lifestyle")
    assert ("unmapped-code", "smokingStatus") in codes(draft)
    assert "smokingPackyears" not in draft.payload


def test_a_local_question_without_a_category_and_an_answer_with_pack_years() -> None:
    record = observation("o", STATUS, valueString="aktueller Raucher, 22,5 pack years") | {
        "code": {"text": "Raucherstatus"}
    }
    draft = only(mapped(patient(), condition(), record), "Lifestyle")
    assert draft.payload["smokingStatus"]["code"] == "77176002"
    assert draft.payload["smokingPackyears"] == 22.5
    assert not drafts(
        mapped(patient(), condition(), record | {"category": [concept("urn:local", "form")]}), "Lifestyle"
    )
