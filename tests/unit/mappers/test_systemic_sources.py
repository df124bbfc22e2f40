"""What tells of a systemic therapy: registry courses, plans, protocols, dispenses, statements."""

from __future__ import annotations

from typing import Any

import pytest
from mapper_records import (
    CURATIVE,
    ICD_10_CM,
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

MII = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/"
TAMOXIFEN, PACLI, PREDNISONE = ("10324", "tamoxifen"), ("56946", "paclitaxel"), ("8640", "prednisone")


def _about(id: str, type: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": type, "id": id, "subject": {"reference": "Patient/p"}} | more


def _syst(id: str, kind: str = "CH", intention: str = "K", **more: Any) -> dict[str, Any]:
    record = _about(
        id, "Procedure", status="completed", code=concept(MII + "CodeSystem/mii-cs-onko-therapie-typ", kind),
        extension=[{
            "url": MII + "StructureDefinition/mii-ex-onko-systemische-therapie-intention",
            "valueCodeableConcept": concept(MII + "CodeSystem/mii-cs-onko-intention", intention),
        }],
        performedPeriod={"start": "2024-03-01", "end": "2024-06-01"}, reasonReference=[{"reference": "Condition/c"}],
    )  # fmt: skip
    return record | more


def _statement(id: str, text: str, **more: Any) -> dict[str, Any]:
    record = _about(id, "MedicationStatement", status="completed", medicationCodeableConcept={"text": text})
    return record | {"effectivePeriod": {"start": "2024-03-01", "end": "2024-06-01"}} | more


def _drug(medication: dict[str, Any]) -> dict[str, Any]:
    return {"medicationCodeableConcept": medication}


def _drugs(result: Any) -> list[str]:
    return [each.payload["drug"]["display"] for each in drafts(result, "SystemicTherapyMedication")]


def test_a_registry_course_with_its_substances() -> None:
    part = {"partOf": [{"reference": "Procedure/s"}]}
    result = mapped(
        patient(), condition(), _syst("s"), _statement("a", "Epirubicin", **part), _statement("b", "Docetaxel", **part)
    )
    therapy = only(result, "SystemicTherapy")
    assert therapy.key == "SystemicTherapy:Procedure/s"
    assert therapy.payload["period"] == {"start": "2024-03-01", "end": "2024-06-01"}
    assert (therapy.payload["intent"], _drugs(result)) == ("curative", ["Docetaxel", "Epirubicin"])


@pytest.mark.parametrize(("key", "intent"), [("K", "curative"), ("P", "palliative"), ("O", "curative"), ("S", None)])
def test_registry_intentions(key: str, intent: str | None) -> None:
    therapy = only(mapped(patient(), condition(), _syst("s", intention=key)), "SystemicTherapy")
    assert therapy.payload.get("intent") == intent


@pytest.mark.parametrize(
    ("key", "code"), [("E", "182992009"), ("A", "407563006"), ("P", "266721009"), ("V", "105480006"), ("U", None)]
)
def test_why_a_registry_course_ended(key: str, code: str | None) -> None:
    outcome = concept(MII + "CodeSystem/mii-cs-onko-therapie-ende-grund", key)
    therapy = only(mapped(patient(), condition(), _syst("s", outcome=outcome)), "SystemicTherapy")
    assert therapy.payload.get("terminationReason", {}).get("code") == code
    assert not therapy.blocked


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Disease progression", "266721009"),
        ("grade 3 neuropathy, toxicity", "407563006"),
        ("patient declined", "105480006"),
        ("Therapie abgeschlossen", "182992009"),
        ("progression and toxicity", None),
        ("vacation", None),
    ],
)
def test_why_a_therapy_ended_in_words(text: str, code: str | None) -> None:
    taken = _statement("a", "Osimertinib", extension=[CURATIVE], status="stopped", statusReason=[{"text": text}])
    therapy = only(mapped(patient(), condition(), taken), "SystemicTherapy")
    assert therapy.payload.get("terminationReason", {}).get("code") == code
    assert (("unmapped-code", "terminationReason") in codes(therapy)) == (code is None)


@pytest.mark.parametrize("kind", ["WW", "AS", "WS"])
def test_waiting_is_no_therapy(kind: str) -> None:
    result = mapped(patient(), condition(), _syst("s", kind))
    assert not drafts(result, "SystemicTherapy")
    assert reasons(result)["Procedure/s"].endswith("no therapy was given")


def test_reports_of_one_identifier_are_one_therapy_that_an_end_only_updates() -> None:
    own = {"identifier": [{"system": "urn:syst", "value": "1-SYST-2"}]}
    begun = _syst("x", status="in-progress", performedPeriod={"start": "2024-03-01"}, **own)
    before = only(mapped(patient(), condition(), begun), "SystemicTherapy")
    after = only(mapped(patient(), condition(), begun, _syst("a", **own)), "SystemicTherapy")
    assert before.payload["period"] == {"start": "2024-03-01"}
    assert after.payload["period"] == {"start": "2024-03-01", "end": "2024-06-01"}
    assert before.key == after.key


def test_a_protocol_stands_in_for_drugs_that_nobody_tells() -> None:
    result = mapped(patient(), condition(), _syst("s", usedCode=[{"text": "EC-T"}]))
    assert _drugs(result) == ["Paclitaxel", "Cyclophosphamide", "Epirubicin"]
    assert assumed(drafts(result, "SystemicTherapyMedication")[0]) >= {"agents-of-protocol"}
    told = _statement("a", "Epirubicin", partOf=[{"reference": "Procedure/s"}])
    assert _drugs(mapped(patient(), condition(), _syst("s", usedCode=[{"text": "EC-T"}]), told)) == ["Epirubicin"]


def test_a_course_without_drugs_is_written_and_says_so() -> None:
    therapy = only(mapped(patient(), condition(), _syst("s")), "SystemicTherapy")
    assert ("no-drugs", "medications") in codes(therapy)
    assert not therapy.blocked


def test_a_session_that_names_no_drug_is_not_for_pop() -> None:
    code = concept("http://www.ama-assn.org/go/cpt", "96413", "Chemotherapy administration, IV infusion")
    session = _about("x", "Procedure", status="completed", performedDateTime="2024-03-01", code=code)
    result = mapped(patient(), condition(), session)
    assert reasons(result)["Procedure/x"] == "a session of drug therapy that names neither drug nor protocol"


def test_doses_without_a_link_belong_to_the_course_that_the_registry_reports() -> None:
    part = {"partOf": [{"reference": "Procedure/s"}]}
    given = [administration(f"d{day}", PACLI, f"2024-04-{day}", request={"reference": "x"}) for day in ("01", "08")]
    result = mapped(patient(), condition(), _syst("s"), _statement("a", "Paclitaxel", **part), *given)
    assert only(result, "SystemicTherapy").key == "SystemicTherapy:Procedure/s"
    assert len(drafts(result, "SystemicTherapyMedication")) == 1


def test_a_plan_that_nothing_follows_is_a_therapy_as_planned() -> None:
    plan = _about(
        "cp", "CarePlan", status="active", intent="plan", title="Palliative FOLFIRI", period={"start": "2024-03-01"}
    )
    result = mapped(patient(), condition(), plan)
    therapy = only(result, "SystemicTherapy")
    assert (therapy.payload["intent"], _drugs(result)) == ("palliative", ["Fluorouracil", "Irinotecan", "Leucovorin"])
    given = administration("a", ("51499", "irinotecan"), "2024-03-11", extension=[])
    both = only(mapped(patient(), condition(), plan, given), "SystemicTherapy")
    assert (both.key, both.payload["period"]) == (therapy.key, {"start": "2024-03-11"})


def test_prescriptions_and_dispenses_of_years_are_one_hormone_therapy() -> None:
    drug = {"medicationCodeableConcept": concept(RXNORM, *TAMOXIFEN)}
    order = _about(
        "o", "MedicationRequest", status="active", intent="order", authoredOn="2024-02-01", extension=[CURATIVE], **drug
    )
    fills = [
        _about(f"f{month}", "MedicationDispense", status="completed", whenHandedOver=f"2024-{month}-03",
               daysSupply={"value": 90, "unit": "d"}, authorizingPrescription=[{"reference": "MedicationRequest/o"}], **drug)
        for month in ("02", "05", "08", "12")
    ]  # fmt: skip
    therapy = only(mapped(patient(), condition(), order, *fills), "SystemicTherapy")
    assert therapy.payload["period"] == {"start": "2024-02-03"}
    closed = only(mapped(patient(), condition(), order | {"status": "completed"}, *fills), "SystemicTherapy")
    assert closed.key == therapy.key
    assert closed.payload["period"]["end"] == "2024-12-03"


@pytest.mark.parametrize(
    ("more", "end"),
    [
        ({"status": "active"}, None),
        ({"status": "completed"}, "2024-06-01"),
        ({"status": "active", "meta": {"lastUpdated": "2024-06-02T00:00:00Z"}}, "2024-06-01"),
        ({"status": "active", "dateAsserted": "2024-05-01"}, None),
    ],
)
def test_an_end_that_has_not_come_is_a_plan(more: dict[str, Any], end: str | None) -> None:
    taken = _statement("a", "Osimertinib", extension=[CURATIVE], **more)
    assert only(mapped(patient(), condition(), taken), "SystemicTherapy").payload["period"].get("end") == end


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"reasonCode": [{"text": "rheumatoid arthritis"}]}, "a drug given for another disease than a tumour"),
        ({"reasonCode": [concept(ICD_10_CM, "M06.9")]}, "a drug given for another disease than a tumour"),
        ({"status": "on-hold"}, "the medication is on hold"),
        ({"effectiveDateTime": "2019-01-01"}, "it names no tumour, and began long before the first one was known"),
        (_drug({"text": "medroxyprogesterone"}), "a drug that is given for many diseases, and no tumour is named"),
        (_drug(concept(RXNORM, "3002", "Alendronate (Fosamax)")), "a supportive drug: a drug for bones"),
        (_drug({"text": "leucovorin 25 mg"}), "a supportive drug: a folinate without the drug that it belongs to"),
    ],
)  # fmt: skip
def test_drugs_that_are_no_cancer_therapy(more: dict[str, Any], reason: str) -> None:
    given = administration("a", ("6851", "methotrexate"), "2024-03-01", extension=[], reasonReference=[]) | more
    result = mapped(patient(), condition(), given)
    assert not drafts(result, "SystemicTherapy")
    assert reasons(result)["MedicationAdministration/a"] == reason


@pytest.mark.parametrize(
    "reason", [concept(ICD_10_CM, "Z51.11"), {"text": "stage II TNBC"}, concept(SNOMED, "367336001", "Chemotherapy")]
)
def test_a_reason_that_is_no_disease_excludes_nothing(reason: dict[str, Any]) -> None:
    given = administration("a", PACLI, "2024-03-01", reasonReference=[], reasonCode=[reason])
    assert only(mapped(patient(), condition(), given), "SystemicTherapy")


def test_a_reason_code_finds_the_tumour_of_its_site() -> None:
    given = administration("a", PACLI, "2024-03-01", reasonReference=[], reasonCode=[concept(ICD_10_CM, "C34.90")])
    result = mapped(patient(), condition(), condition("lung", "C34.11"), given)
    assert only(result, "SystemicTherapy").references["targetedEntitiesIds"] == ("NeoplasticEntity:Condition/lung",)


def test_a_corticosteroid_counts_inside_its_regimen_only() -> None:
    chop = [
        administration(f"{drug[1]}", drug, "2024-03-01", reasonReference=[])
        for drug in (("3002", "cyclophosphamide"), ("3639", "doxorubicin"), ("11202", "vincristine"))
    ]
    steroid = administration("s", PREDNISONE, "2024-03-01", extension=[], reasonReference=[])
    assert len(_drugs(mapped(patient(), condition(), *chop, steroid))) == 4
    result = mapped(patient(), condition(), *chop[:1], steroid)
    assert len(_drugs(result)) == 1
    assert reasons(result)["MedicationAdministration/s"] == "a corticosteroid for which no tumour is named"


def test_ingredients_of_a_product_are_several_medications() -> None:
    product = _about("m", "Medication", code={"text": "house product"}, ingredient=[
        {"itemCodeableConcept": {"text": "pertuzumab"}}, {"itemCodeableConcept": {"text": "trastuzumab"}},
        {"itemCodeableConcept": {"text": "sucrose"}, "isActive": False},
    ])  # fmt: skip
    given = administration("a", PACLI, "2024-03-01", medicationReference={"reference": "Medication/m"})
    del given["medicationCodeableConcept"]
    assert sorted(_drugs(mapped(patient(), condition(), given, product))) == ["Pertuzumab", "Trastuzumab"]


def test_an_order_of_which_no_dose_was_given_is_no_therapy() -> None:
    order = _about("o", "MedicationRequest", status="active", intent="order", authoredOn="2024-02-01", extension=[CURATIVE],
                   **_drug(concept(RXNORM, *PACLI)))  # fmt: skip
    request = {"request": {"reference": "MedicationRequest/o"}}
    missed = administration("a", PACLI, "2024-03-01", status="not-done", **request)
    result = mapped(patient(), condition(), order, missed)
    assert not drafts(result, "SystemicTherapy")
    assert reasons(result)["MedicationRequest/o"] == "an order of which no dose was given"
    given = administration("b", PACLI, "2024-03-08", **request)
    assert only(mapped(patient(), condition(), order, missed, given), "SystemicTherapy")


def test_several_tumours_and_none_named_is_a_therapy_of_the_patient() -> None:
    given = administration("a", PACLI, "2024-03-01", reasonReference=[])
    therapy = only(mapped(patient(), condition(), condition("k", "C64.1"), given), "SystemicTherapy")
    hormone = administration("h", TAMOXIFEN, "2024-03-01", reasonReference=[])
    apart = drafts(mapped(patient(), condition(), condition("k", "C64.1"), given, hormone), "SystemicTherapy")
    assert [each.key for each in apart] == ["SystemicTherapy:Patient/p", "SystemicTherapy:Patient/p/hormone"]
    assert therapy.key == "SystemicTherapy:Patient/p"
    assert "targetedEntitiesIds" not in therapy.references


def test_a_steroid_of_its_own_takes_nothing_from_its_neighbours() -> None:
    acute = condition(code="C91.00", onsetDateTime="2023-12-20")
    alone = _statement("dex", "dexamethasone", effectivePeriod={"start": "2024-01-02", "end": "2024-01-20"},
                       reasonReference=[{"reference": "Condition/c"}])  # fmt: skip
    later = [
        administration("mtx", ("6851", "methotrexate"), "2024-06-01"),
        administration("lv", ("6313", "leucovorin"), "2024-06-02"),
    ]
    result = mapped(patient(), acute, alone, *later)
    parents = {each.payload["drug"]["display"]: each.references["systemicTherapyId"]
               for each in drafts(result, "SystemicTherapyMedication")}  # fmt: skip
    assert parents["Leucovorin"] == parents["Methotrexate"] != parents["Dexamethasone"]


def _sessions(*days: str) -> list[dict[str, Any]]:
    code = concept("http://www.ama-assn.org/go/cpt", "96413", "Chemotherapy administration, IV infusion")
    return [
        part
        for day in days
        for part in (
            _about(f"s{day}", "Procedure", status="completed", performedDateTime=day, code=code),
            administration(f"a{day}", PACLI, day, partOf=[{"reference": f"Procedure/s{day}"}]),
        )
    ]


def test_sessions_that_doses_are_part_of_are_no_courses() -> None:
    result = mapped(patient(), condition(), *_sessions("2024-03-01", "2024-03-22", "2024-04-12"))
    assert only(result, "SystemicTherapy").payload["cycles"] == 3


def test_sessions_that_name_their_protocol_are_one_course() -> None:
    days = ("2024-03-01", "2024-03-15", "2024-03-29")
    sessions = [
        _about(f"s{day}", "Procedure", status="completed", performedDateTime=day, code={"text": "FOLFIRI chemotherapy"},
               extension=[CURATIVE])
        for day in days
    ]  # fmt: skip
    result = mapped(patient(), condition(), *sessions)
    assert only(result, "SystemicTherapy").payload["period"] == {"start": "2024-03-01"}
    assert len(_drugs(result)) == 3


def test_what_was_authorised_together_is_a_cycle_and_no_course() -> None:
    orders = [
        _about(f"o{day}", "MedicationRequest", status="completed", intent="order", authoredOn=day, extension=[CURATIVE],
               groupIdentifier={"value": day}, **_drug(concept(RXNORM, *PACLI)))
        for day in ("2024-03-01", "2024-03-22", "2024-04-12")
    ]  # fmt: skip
    therapy = only(mapped(patient(), condition(), *orders), "SystemicTherapy")
    assert therapy.payload["period"] == {"start": "2024-03-01", "end": "2024-04-12"}
    assert "end-of-last-order" in assumed(therapy)


def test_a_plan_of_all_care_is_parted_and_a_plan_of_one_protocol_is_not() -> None:
    def plan(title: str) -> dict[str, Any]:
        return _about("cp", "CarePlan", status="active", intent="plan", title=title)

    based = {"basedOn": [{"reference": "CarePlan/cp"}]}
    request = {"reasonReference": [{"reference": "Condition/c"}], "extension": [CURATIVE], **based}
    orders = [
        _about("o1", "MedicationRequest", status="active", intent="order", authoredOn="2024-02-20",
               **_drug(concept(RXNORM, "3639", "doxorubicin")), **request),
        _about("o2", "MedicationRequest", status="active", intent="order", authoredOn="2024-05-20",
               **_drug(concept(RXNORM, *PACLI)), **request),
    ]  # fmt: skip
    parted = drafts(mapped(patient(), condition(), plan("Cancer care plan"), *orders), "SystemicTherapy")
    assert [each.key for each in parted] == ["SystemicTherapy:CarePlan/cp", "SystemicTherapy:CarePlan/cp/2024-05-20"]
    assert only(mapped(patient(), condition(), plan("AC-T"), *orders), "SystemicTherapy").key == parted[0].key


def test_a_registry_course_whose_note_names_its_role() -> None:
    therapy = only(mapped(patient(), condition(), _syst("s", note=[{"text": "Erhaltungstherapie"}])), "SystemicTherapy")
    assert therapy.payload["adjunctiveRole"]["code"] == "C15688"


@pytest.mark.parametrize(("start", "courses"), [("2024-07-10", 2), ("2024-06-15", 1)])
def test_what_was_ended_and_began_anew_weeks_later_is_another_course(start: str, courses: int) -> None:
    again = _statement("b", "Temozolomide", effectivePeriod={"start": start, "end": "2024-12-01"})
    result = mapped(patient(), condition(), _statement("a", "Temozolomide"), again)
    assert len(drafts(result, "SystemicTherapy")) == courses
