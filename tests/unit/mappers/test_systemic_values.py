"""Doses, routes, cycles, roles and intents of systemic therapies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapper_records import (
    LOINC,
    SNOMED,
    UCUM,
    administration,
    assumed,
    codes,
    concept,
    condition,
    drafts,
    mapped,
    observation,
    only,
    patient,
)

from mappers.systemic_therapy.routes import plain_route

PACLI, TAMOXIFEN = ("56946", "paclitaxel"), ("10324", "tamoxifen 20 MG Oral Tablet")


def _dosed(dosage: dict[str, Any], drug: tuple[str, str] = PACLI) -> Any:
    record = administration("a", drug, "2024-03-01", dosage=dosage)
    return only(mapped(patient(), condition(), record), "SystemicTherapyMedication")


@pytest.mark.parametrize(
    ("dosage", "field", "value"),
    [
        ({"dose": {"value": 175, "unit": "mg/m²"}}, "dosageMassSurface", 0.175),
        ({"dose": {"value": 400, "code": "mg", "system": UCUM}}, "dosageMass", 0.4),
        ({"text": "85mg/m2", "dose": {"value": 85.0, "unit": "mg"}}, "dosageMassSurface", 0.085),
        ({"text": "825 mg/m2 twice daily on radiation days"}, "dosageMassSurface", 0.825),
        ({"text": "Take 20 mg by mouth daily"}, "dosageMass", 0.02),
        ({"text": "1,25 g/qm i.v."}, "dosageMassSurface", 1.25),
        ({"text": "85 mg/m2, 150 mg", "dose": {"value": 150, "unit": "mg"}}, "dosageMass", 0.15),
        ({"rateRatio": {"numerator": {"value": 2400, "unit": "mg/m2"}, "denominator": {"value": 46, "unit": "h"}}},
         "dosageRateMassSurface", 2.4 / 46 / 3600),
    ],
)  # fmt: skip
def test_doses(dosage: dict[str, Any], field: str, value: float) -> None:
    assert _dosed(dosage).payload[field]["value"] == pytest.approx(value, rel=1e-9)


def test_tablets_count_by_their_strength_if_one_is_named() -> None:
    tablet = {"dose": {"value": 2, "unit": "tablet"}}
    assert _dosed(tablet, TAMOXIFEN).payload["dosageMass"] == {"value": 0.04, "unit": "g"}
    assert ("unmapped-unit", "dosage") in codes(_dosed(tablet))


def test_an_amount_in_words_counts_if_it_is_the_only_one() -> None:
    assert "dose-by-text" in assumed(_dosed({"text": "825 mg/m2 twice daily"}))
    for text in ("500 mg tablets, 3 in the morning", "10 mg, then 20 mg", "500 mL over 1 h", "3 mg/min"):
        assert not {name for name in _dosed({"text": text}).payload if name.startswith("dosage")}
    assert ("unmapped-unit", "dosage") in codes(_dosed({"text": "AUC 5"}))


@pytest.mark.parametrize(
    "dose", [{"value": 5, "unit": "AUC"}, {"value": 5, "unit": "AUC", "code": "1"}, {"value": 6, "code": "mg/kg"}]
)
def test_doses_that_pop_cannot_hold_are_visible(dose: dict[str, Any]) -> None:
    child = _dosed({"dose": dose})
    assert ("unmapped-unit", "dosage") in codes(child)
    assert not child.blocked


@pytest.mark.parametrize(
    ("route", "code"),
    [
        ({"text": "Intravenous"}, "47625008"),
        ({"text": "p.o."}, "26643006"),
        (concept("http://standardterms.edqm.eu", "20066000", "Subcutaneous use"), "34206005"),
        (concept("http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", "C28161"), "78421000"),
        (concept(SNOMED, "45890007", "Transdermal"), "45890007"),
    ],
)
def test_routes(route: dict[str, Any], code: str) -> None:
    assert plain_route(route)["coding"][0]["code"] == code
    assert _dosed({"route": route}).payload["route"]["code"] == code


def test_a_route_that_nobody_knows_is_reviewed() -> None:
    assert ("unmapped-code", "route") in codes(_dosed({"route": {"text": "port, left"}}))


def _days(*days: str, **more: Any) -> list[dict[str, Any]]:
    return [administration(f"a{day}", PACLI, day, **more) for day in days]


@pytest.mark.parametrize(
    ("days", "cycles"),
    [
        (("2024-03-01", "2024-03-22", "2024-04-12"), 3),
        (("2024-03-01", "2024-03-02", "2024-03-22", "2024-03-23"), 2),
        (("2024-03-01", "2024-03-08", "2024-03-15"), 3),
        (("2024-03-01", "2024-03-08", "2024-03-22"), None),
        (("2024-03-01",), None),
    ],
)
def test_cycles_are_counted_where_days_tell_them(days: tuple[str, ...], cycles: int | None) -> None:
    therapy = only(mapped(patient(), condition(), *_days(*days)), "SystemicTherapy")
    assert therapy.payload.get("cycles") == cycles
    assert ("cycles-from-days" in assumed(therapy)) == (cycles is not None)


def test_the_last_dose_of_one_who_died_is_the_end() -> None:
    given = _days("2024-03-01", "2024-03-22")
    going = only(mapped(patient(), condition(), *given, therapy__end_at_last_dose=False), "SystemicTherapy")
    assert "end" not in going.payload["period"]
    record = patient(deceasedDateTime="2024-05-02")
    del record["deceasedBoolean"]
    therapy = only(mapped(record, condition(), *given, therapy__end_at_last_dose=False), "SystemicTherapy")
    assert (therapy.payload["period"]["end"], "ended-by-death" in assumed(therapy)) == ("2024-03-22", True)


def test_salts_that_pop_lists_apart_are_one_drug() -> None:
    ncit = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
    salt, base = ("C1326", "Doxorubicin Hydrochloride"), ("C456", "Doxorubicin")
    given = [
        administration(f"a{number}", PACLI, f"2024-03-0{number}", medicationCodeableConcept=concept(ncit, *drug))
        for number, drug in enumerate((base, salt), start=1)
    ]
    child = only(mapped(patient(), condition(), *given), "SystemicTherapyMedication")
    assert child.payload["drug"]["code"] == "C456"


@pytest.mark.parametrize("text", ["C4D1", "Cycle 4 day 8", "Zyklus 4", "cycle #4"])
def test_cycles_that_a_dose_names(text: str) -> None:
    therapy = only(mapped(patient(), condition(), *_days("2024-03-01", note=[{"text": text}])), "SystemicTherapy")
    assert therapy.payload["cycles"] == 4


def _surgery(day: str) -> dict[str, Any]:
    return {
        "resourceType": "Procedure", "id": "op", "status": "completed", "subject": {"reference": "Patient/p"},
        "code": concept(SNOMED, "172043006", "Simple mastectomy (procedure)"), "performedDateTime": day,
        "reasonReference": [{"reference": "Condition/c"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "role", "code"),
    [
        ("2024-06-01", "C15665", "neoadjuvant-before-surgery"),
        ("2024-02-10", "C2140", "adjuvant-after-surgery"),
        ("2023-02-10", None, None),
    ],
)
def test_role_by_its_place_beside_surgery(day: str, role: str | None, code: str | None) -> None:
    given = _days("2024-03-01", "2024-03-22", extension=[])
    therapy = only(mapped(patient(), condition(), *given, _surgery(day)), "SystemicTherapy")
    assert therapy.payload.get("adjunctiveRole", {}).get("code") == role
    assert therapy.payload.get("intent") == ("curative" if role else None)
    assert (code is None) or code in assumed(therapy)
    off = only(mapped(patient(), condition(), *given, _surgery(day), therapy__derive_intent=False), "SystemicTherapy")
    assert off.payload.keys().isdisjoint({"intent", "adjunctiveRole"})


def test_a_surgery_between_makes_two_therapies() -> None:
    days = ("2024-03-01", "2024-03-22", "2024-06-20", "2024-07-11")
    found = drafts(mapped(patient(), condition(), *_days(*days), _surgery("2024-05-02")), "SystemicTherapy")
    assert [each.payload["adjunctiveRole"]["code"] for each in found] == ["C15665", "C2140"]


@pytest.mark.parametrize(
    ("more", "intent"),
    [
        ([condition("m", "C79.51", onsetDateTime="2024-02-20")], "palliative"),
        ([condition("m", "C79.51", onsetDateTime="2025-02-20")], None),
        ([], None),
    ],
)
def test_intent_by_metastases(more: list[dict[str, Any]], intent: str | None) -> None:
    given = _days("2024-03-01", extension=[])
    therapy = only(mapped(patient(), condition(), *more, *given), "SystemicTherapy")
    assert therapy.payload.get("intent") == intent
    assert therapy.blocked == (intent is None)


@pytest.mark.parametrize("histology", ["9500/3", "9070/3", "8960/3", "9260/3"])
def test_metastases_say_nothing_where_stage_iv_is_cured(histology: str) -> None:
    url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"
    morphology = {
        "url": url,
        "valueCodeableConcept": concept("http://terminology.hl7.org/CodeSystem/icd-o-3", histology),
    }
    tumour = condition(code="C74.90", extension=[morphology])
    given = _days("2024-03-01", extension=[])
    therapy = only(
        mapped(patient(), tumour, condition("m", "C79.51", onsetDateTime="2024-02-20"), *given), "SystemicTherapy"
    )
    assert therapy.blocked
    assert "intent" not in therapy.payload


@pytest.mark.parametrize(
    ("note", "role"), [("Erhaltungstherapie nach Platin", "C15688"), ("nach neoadjuvanter Therapie", None)]
)
def test_a_role_in_a_note(note: str, role: str | None) -> None:
    given = administration("a", ("3002", "cyclophosphamide"), "2024-03-01", note=[{"text": note}])
    therapy = only(mapped(patient(), condition(), given), "SystemicTherapy")
    assert therapy.payload.get("adjunctiveRole", {}).get("code") == role


@pytest.mark.parametrize(("group", "intent"), [("IIB", "curative"), ("IV", "palliative")])
def test_intent_by_stage(group: str, intent: str) -> None:
    stage = observation("s", ("http://loinc.org", "21908-9"), valueCodeableConcept={"text": f"Stage {group}"})
    stage["focus"] = [{"reference": "Condition/c"}]
    therapy = only(mapped(patient(), condition(), stage, *_days("2024-03-01", extension=[])), "SystemicTherapy")
    assert therapy.payload["intent"] == intent


@pytest.mark.parametrize(
    ("code", "intent"), [("C91.10", "palliative"), ("C90.00", "palliative"), ("C81.10", "curative"), ("C92.00", None)]
)
def test_intent_by_haematological_neoplasm(code: str, intent: str | None) -> None:
    given = administration("a", ("3002", "cyclophosphamide"), "2024-03-01", extension=[])
    assert only(mapped(patient(), condition(code=code), given), "SystemicTherapy").payload.get("intent") == intent


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(
        ["coding", "code", "system", "text", "value", "unit", "start", "end", "reference", "dose", "route", "numerator"]
    ), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([
    "status", "dosage", "effectivePeriod", "effectiveDateTime", "reasonCode", "reasonReference", "request", "partOf", "basedOn",
    "extension", "note", "statusReason", "medicationReference", "groupIdentifier", "contained",
]), ANY, max_size=4))  # fmt: skip
def test_no_damage_raises(damage: dict[str, Any]) -> None:
    record = administration("a", PACLI, "2024-03-01") | damage
    mapped(patient(), condition(), record, administration("b", ("3002", "cyclophosphamide"), "2024-03-01"))


_PEMBROLIZUMAB = ("1547545", "pembrolizumab")
_DOSES = [
    administration(f"d{n}", _PEMBROLIZUMAB, day) for n, day in enumerate(("2024-03-01", "2024-03-22", "2024-04-12"))
]


def _left_out(day: str, why: str) -> dict[str, Any]:
    return administration("x", _PEMBROLIZUMAB, day, status="not-done", statusReason=[{"text": why}])


def test_a_dose_left_out_for_good_ends_the_course() -> None:
    result = mapped(patient(), condition(), *_DOSES, _left_out("2024-05-03", "Toxicity: colitis"))
    draft = only(result, "SystemicTherapy")
    assert draft.payload["period"] == {"start": "2024-03-01", "end": "2024-04-12"}
    assert draft.payload["terminationReason"]["code"] == "407563006"
    assert "ended-by-omission" in assumed(draft)


@pytest.mark.parametrize(
    "omitted",
    [_left_out("2024-03-15", "Toxicity"), _left_out("2024-05-03", "Patient late")],
    ids=["resumed", "no-reason"],
)
def test_a_dose_that_was_only_skipped_ends_nothing(omitted: dict[str, Any]) -> None:
    draft = only(mapped(patient(), condition(), *_DOSES, omitted), "SystemicTherapy")
    assert draft.payload["period"] == {"start": "2024-03-01"}


@pytest.mark.parametrize(("day", "ended"), [("2024-07-01", False), ("2024-09-01", True)])
def test_a_record_that_goes_on_without_a_course_ends_it(day: str, ended: bool) -> None:
    status = observation("e", (LOINC, "89247-1"), valueInteger=1, effectiveDateTime=day)
    draft = only(mapped(patient(), condition(), *_DOSES, status), "SystemicTherapy")
    assert ("end" in draft.payload["period"]) is ended
    assert ("ended-by-pause" in assumed(draft)) is ended


@pytest.mark.parametrize(
    ("words", "intent", "role"),
    [
        ("Adjuvant, curative intent", "curative", "C2140"), ("palliative", "palliative", None),
        ("seen by palliative care", None, None), ("maintenance, palliative", "palliative", "C15688"),
    ],
)  # fmt: skip
def test_intent_and_role_beside_a_drug(words: str, intent: str | None, role: str | None) -> None:
    dose = administration("d", _PEMBROLIZUMAB, "2024-03-01", note=[{"text": words}], extension=[])
    draft = only(mapped(patient(), condition(), dose, therapy__derive_intent=False), "SystemicTherapy")
    assert draft.payload.get("intent") == (intent or None)
    assert (draft.payload.get("adjunctiveRole") or {}).get("code") == role


def test_abvd_is_given_twice_a_cycle() -> None:
    abvd = (("3639", "doxorubicin"), ("1622", "bleomycin"), ("11198", "vinblastine"), ("3098", "dacarbazine"))
    days = ("2024-03-01", "2024-03-15", "2024-03-29", "2024-04-12")
    given = [administration(f"{drug[1]}{day}", drug, day) for drug in abvd for day in days]
    assert only(mapped(patient(), condition(code="C81.10"), *given), "SystemicTherapy").payload["cycles"] == 2


def test_a_surgery_after_the_last_dose_ends_the_course() -> None:
    therapy = only(
        mapped(patient(), condition(), *_days("2024-03-01", "2024-03-22"), _surgery("2024-04-20")), "SystemicTherapy"
    )
    assert therapy.payload["period"]["end"] == "2024-03-22"


def test_maintenance_begins_another_course() -> None:
    later = [
        administration(f"m{n}", _PEMBROLIZUMAB, day, note=[{"text": "maintenance"}])
        for n, day in enumerate(("2024-05-03", "2024-05-24"))
    ]
    first, second = drafts(mapped(patient(), condition(), *_DOSES, *later), "SystemicTherapy")
    assert "adjunctiveRole" not in first.payload
    assert (second.payload["adjunctiveRole"]["code"], second.payload["period"]["start"]) == ("C15688", "2024-05-03")


def _plan(title: str, status: str) -> dict[str, Any]:
    return {
        "resourceType": "CarePlan", "id": "plan", "status": status, "intent": "plan", "title": title,
        "category": [{"text": "Chemotherapy"}], "subject": {"reference": "Patient/p"},
        "period": {"start": "2024-02-28", "end": "2024-05-01"}, "addresses": [{"reference": "Condition/c"}],
    }  # fmt: skip


@pytest.mark.parametrize(("status", "end", "cycles"), [("completed", "2024-04-12", 2), ("active", None, 3)])
def test_a_closed_plan_ends_the_course_of_its_drugs(status: str, end: str | None, cycles: int) -> None:
    days = ("2024-03-01", "2024-03-22", "2024-04-12")
    names = (("3639", "doxorubicin"), ("3002", "cyclophosphamide"))
    doses = [administration(f"{drug[1]}{n}", drug, day) for n, day in enumerate(days) for drug in names]
    draft = only(mapped(patient(), condition(), *doses, _plan("AC x 2", status)), "SystemicTherapy")
    assert draft.payload["period"].get("end") == end
    assert draft.payload["cycles"] == cycles


def test_a_reason_that_is_an_adverse_event_is_intolerance() -> None:
    record = {
        "resourceType": "MedicationStatement", "id": "s", "status": "stopped", "statusReason": [{"text": "Diarrhea"}],
        "subject": {"reference": "Patient/p"}, "medicationCodeableConcept": {"text": "capecitabine"},
        "effectivePeriod": {"start": "2024-03-01", "end": "2024-04-01"}, "reasonReference": [{"reference": "Condition/c"}],
    }  # fmt: skip
    draft = only(mapped(patient(), condition(), record), "SystemicTherapy")
    assert draft.payload["terminationReason"]["code"] == "407563006"
    assert "not-tolerated-by-event" in assumed(draft)
