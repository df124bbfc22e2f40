from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapper_records import (
    CURATIVE,
    MCODE,
    OPTIONS,
    SNOMED,
    UCUM,
    assumed,
    codes,
    concept,
    condition,
    drafts,
    mapped,
    only,
    open_terminology,
    patient,
    reasons,
    registry,
)

from mappers.codes import CPT, ICD_10_PCS, OPS
from mappers.conformance import assert_conforms
from mappers.patients import Entry, to_resource
from mappers.protocol import Draft, JsonObject
from mappers.radiotherapy.mapper import RadiotherapyMapper
from mappers.radiotherapy.procedures import is_radiotherapy, refused
from mappers.radiotherapy.volumes import told_dose, told_fractions

KIND, DOSAGE, SETTING = "Radiotherapy", "RadiotherapyDosage", "RadiotherapySetting"
MII = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/"
PHOTONS, VMAT, IMRT = "1156506007", "1156530009", "441799006"
PALLIATIVE = {"url": MCODE + "mcode-procedure-intent", "valueCodeableConcept": concept(SNOMED, "363676003")}


def procedure(id: str, code: JsonObject, **more: Any) -> JsonObject:
    record: JsonObject = {
        "resourceType": "Procedure", "id": id, "status": "completed", "code": code, "subject": {"reference": "Patient/p"},
        "reasonReference": [{"reference": "Condition/c"}],
    }  # fmt: skip
    return {name: value for name, value in (record | more).items() if value is not None}


def session(id: str, day: str, **more: Any) -> JsonObject:
    site = [concept(SNOMED, "80248007")]
    return procedure(id, concept(CPT, "77386"), performedDateTime=day, bodySite=site, extension=[CURATIVE], **more)


def summary(
    id: str = "course", *extensions: JsonObject, start: str = "2024-03-04", end: str | None = "2024-04-05", **more: Any
) -> JsonObject:
    period = {"start": start} | ({"end": end} if end else {})
    return procedure(id, concept(SNOMED, "1217123003"), performedPeriod=period, extension=[*extensions], **more)


def count(number: int) -> JsonObject:
    return {"url": MCODE + "mcode-radiotherapy-sessions", "valueUnsignedInt": number}


def delivered(volume: str, dose: Any = None, unit: str = "cGy", fractions: int | None = None) -> JsonObject:
    parts: list[JsonObject] = [{"url": "volume", "valueReference": {"reference": volume}}]
    if dose is not None:
        quantity = {"value": dose, "unit": unit, "system": UCUM, "code": unit}
        parts.append({"url": "totalDoseDelivered", "valueQuantity": quantity})
    if fractions is not None:
        parts.append({"url": "fractionsDelivered", "valueUnsignedInt": fractions})
    return {"url": MCODE + "mcode-radiotherapy-dose-delivered-to-volume", "extension": parts}


def beam(modality: JsonObject | None, *techniques: JsonObject) -> JsonObject:
    parts = [{"url": MCODE + "mcode-radiotherapy-modality", "valueCodeableConcept": modality}] if modality else []
    parts += [{"url": MCODE + "mcode-radiotherapy-technique", "valueCodeableConcept": each} for each in techniques]
    return {"url": MCODE + "mcode-radiotherapy-modality-and-technique", "extension": parts}


def volume(id: str, location: JsonObject, *qualifiers: str, **more: Any) -> JsonObject:
    return {
        "resourceType": "BodyStructure", "id": id, "patient": {"reference": "Patient/p"}, "location": location,
        "locationQualifier": [concept(SNOMED, each) for each in qualifiers],
    } | more  # fmt: skip


def bestrahlung(applied: str, kind: str, target: str, side: str | None = None, total: float | None = None,
                daily: float | None = None, boost: str | None = None, unit: str = "Gy") -> JsonObject:  # fmt: skip
    def key(url: str, system: str, code: str) -> JsonObject:
        return {"url": url, "valueCodeableConcept": concept(MII + "CodeSystem/mii-cs-onko-" + system, code)}

    parts = [
        key("Applikationsart", "strahlentherapie-applikationsart", applied),
        key("Strahlenart", "strahlentherapie-strahlenart", kind),
        key("Zielgebiet", "strahlentherapie-zielgebiet", target),
    ]
    if side:
        parts.append(key("Zielgebiet_Lateralitaet", "seitenlokalisation", side))
    for url, value in (("Gesamtdosis", total), ("Einzeldosis", daily)):
        if value is not None:
            parts.append({"url": url, "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}})
    if boost:
        parts.append(key("Boost", "strahlentherapie-boost", boost))
    return {"url": MII + "StructureDefinition/mii-ex-onko-strahlentherapie-bestrahlung", "extension": parts}


def intention(code: str) -> JsonObject:
    url = MII + "StructureDefinition/mii-ex-onko-strahlentherapie-intention"
    return {"url": url, "valueCodeableConcept": concept(MII + "CodeSystem/mii-cs-onko-intention", code)}


def strahlentherapie(*extensions: JsonObject, **more: Any) -> JsonObject:
    period = {"start": "2024-03-04", "end": "2024-04-05"}
    return procedure("st", concept(OPS, "8-52"), performedPeriod=period, extension=[*extensions], **more)


def _codes(draft: Draft, *fields: str) -> tuple[Any, ...]:
    return tuple(draft.payload[field]["code"] if field in draft.payload else None for field in fields)


def _place(draft: Draft) -> tuple[Any, ...]:
    return _codes(draft, "irradiatedVolume", "irradiatedVolumeQualifier")


DAYS = [f"2024-03-{day:02}" for day in (4, 5, 6, 7, 8, 11, 12, 13)]


# ---- what counts


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        (concept(CPT, "77386"), True),
        (concept(CPT, "77301"), True),
        (concept(CPT, "19301"), False),
        (concept(OPS, "8-522.91"), True),
        (concept(OPS, "8-529.8"), True),
        (concept(OPS, "8-542.11"), False),
        (concept(ICD_10_PCS, "DM012ZZ"), True),
        (concept(ICD_10_PCS, "0HBT0ZZ"), False),
        (concept(SNOMED, "33195004"), True),
        ({"text": "External beam radiation therapy, left breast"}, True),
        ({"text": "Strahlentherapie Prostata"}, True),
        ({"text": "UVB phototherapy"}, False),
        ({"text": "Radiologic examination of chest"}, False),
        ({"text": "Radical prostatectomy"}, False),
        ({}, False),
    ],
)
def test_which_procedures_are_radiotherapy(code: JsonObject, counts: bool) -> None:
    assert is_radiotherapy({"code": code}) is counts


@pytest.mark.parametrize(
    "code",
    [
        concept(CPT, "77301"), concept(CPT, "77427"), concept(CPT, "77014") | {"text": "CT guidance for radiation therapy"},
        concept(OPS, "8-529.8"), concept(OPS, "8-528.6"), {"text": "Radiation oncology consultation"},
        {"text": "Bestrahlungsplanung"}, concept(SNOMED, "306275003", "Referral to radiotherapy service"),
    ],
)  # fmt: skip
def test_planning_and_the_like_are_no_delivery(code: JsonObject) -> None:
    assert refused({"code": code})
    result = mapped(patient(), condition(), procedure("x", code, performedDateTime="2024-03-04"))
    assert not drafts(result, KIND)
    if is_radiotherapy({"code": code}):
        assert "no delivery" in reasons(result)["Procedure/x"]


def test_a_local_code_under_cpts_system_is_read_by_its_name() -> None:
    code = concept(CPT, "M001-2", "External beam radiation therapy (3D-CRT)")
    records = [procedure(f"s{day}", code, performedDateTime=day, extension=[CURATIVE]) for day in DAYS]
    assert only(mapped(patient(), condition(), *records), KIND).payload["sessions"] == len(DAYS)


@pytest.mark.parametrize("status", ["entered-in-error", "not-done", "preparation"])
def test_what_was_not_done_is_none(status: str) -> None:
    result = mapped(patient(), condition(), summary("course", count(5), CURATIVE, status=status))
    assert not drafts(result, KIND)
    assert "radiotherapy is" in reasons(result)["Procedure/course"]


def test_another_disease_and_no_tumour() -> None:
    heel = procedure("x", {"text": "Radiotherapy of heel"}, reasonReference=None, performedDateTime="2024-03-04",
                     reasonCode=[concept("http://hl7.org/fhir/sid/icd-10-cm", "M77.31", "Calcaneal spur, right foot")])  # fmt: skip
    assert "another disease" in reasons(mapped(patient(), condition(), heel))["Procedure/x"]
    assert "no tumour" in reasons(mapped(patient(), summary("course", count(5), CURATIVE)))["Procedure/course"]


# ---- summaries


def test_a_summary_with_volumes_and_beams() -> None:
    result = mapped(
        patient(), condition(), volume("v1", concept(SNOMED, "78904004"), "24028007"),
        volume("v2", concept(SNOMED, "62683002"), "261183002", "51440002", morphology=concept(SNOMED, "228792002")),
        summary("course", count(31), CURATIVE, beam(concept(SNOMED, PHOTONS), concept(SNOMED, VMAT)),
                delivered("BodyStructure/v1", 6000, fractions=30), delivered("BodyStructure/v2", 50, "Gy", 25)),
    )  # fmt: skip
    therapy = only(result, KIND)
    assert not therapy.blocked
    assert therapy.payload["period"] == {"start": "2024-03-04", "end": "2024-04-05"}
    assert (therapy.payload["sessions"], therapy.payload["intent"]) == (31, "curative")
    assert therapy.references["targetedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)
    one, two = drafts(result, DOSAGE)
    assert (one.payload["dose"], one.payload["fractions"]) == ({"value": 60.0, "unit": "Gy"}, 30)
    assert (_place(one), _place(two)) == (("78904004", "24028007"), ("62683002", "51440002"))
    assert _codes(two, "irradiatedVolumeMorphology") == ("228792002",)
    assert one.references["radiotherapyId"] == therapy.key
    assert _codes(only(result, SETTING), "modality", "technique") == (PHOTONS, VMAT)


def test_several_techniques_of_a_modality_are_settings() -> None:
    both = beam(concept(SNOMED, "394902000"), concept(SNOMED, "384692006"), concept(SNOMED, "113120007"))
    result = mapped(patient(), condition(), summary("course", count(4), CURATIVE, both))
    assert {_codes(each, "modality", "technique") for each in drafts(result, SETTING)} == {
        ("394902000", "384692006"), ("394902000", "113120007"),
    }  # fmt: skip


def test_unpaired_modalities_and_techniques_pair_as_mcode_allows() -> None:
    loose = [
        {"url": MCODE + f"mcode-radiotherapy-{name}", "valueCodeableConcept": concept(SNOMED, code)}
        for name, code in (
            ("modality", PHOTONS),
            ("modality", "394902000"),
            ("technique", VMAT),
            ("technique", "384692006"),
        )
    ]
    result = mapped(patient(), condition(), summary("course", count(30), CURATIVE, *loose))
    assert {_codes(each, "modality", "technique") for each in drafts(result, SETTING)} == {
        (PHOTONS, VMAT), ("394902000", "384692006"),
    }  # fmt: skip


def test_a_setting_without_a_technique_waits_and_an_unknown_one_is_reviewed() -> None:
    result = mapped(patient(), condition(), summary("course", count(5), CURATIVE, beam(concept(SNOMED, "45643008"))))
    assert codes(only(result, SETTING)) == {("missing-required", "technique")}
    odd = beam(concept(SNOMED, "45643008"), concept("http://local", "T9", "our own way"))
    result = mapped(patient(), condition(), summary("course", count(5), CURATIVE, odd))
    assert codes(only(result, SETTING)) == {("unmapped-code", "technique")}
    assert not only(result, KIND).blocked


def test_a_technique_outside_the_list_is_pops_code_for_that() -> None:
    result = mapped(
        patient(),
        condition(),
        summary("course", count(5), CURATIVE, beam(concept(SNOMED, PHOTONS), concept(SNOMED, "395096001"))),
    )
    setting = only(result, SETTING)
    assert _codes(setting, "technique") == ("UNC",)
    assert "outside-pops-list" in assumed(setting)
    assert not setting.blocked


@pytest.mark.parametrize(("value", "unit"), [(3.7, "GBq"), (5000, "Gy"), (-2, "Gy"), ("much", "cGy"), (50, "")])
def test_a_dose_that_is_none_is_left_out_and_says_so(value: Any, unit: str) -> None:
    result = mapped(
        patient(),
        condition(),
        volume("v", concept(SNOMED, "41216001")),
        summary("course", count(5), CURATIVE, delivered("BodyStructure/v", value, unit)),
    )
    dosage = only(result, DOSAGE)
    assert "dose" not in dosage.payload
    assert {field for _, field in codes(dosage)} == {"dose"}
    assert not dosage.blocked


def test_a_volume_that_has_not_arrived_waits() -> None:
    result = mapped(
        patient(), condition(), summary("course", count(5), CURATIVE, delivered("BodyStructure/late", 5000))
    )
    assert codes(only(result, DOSAGE)) == {("missing-required", "irradiatedVolume")}


def test_a_course_that_goes_on_has_no_end_yet_and_gets_it_later() -> None:
    going = mapped(patient(), condition(), summary("course", count(5), CURATIVE, status="in-progress"))
    assert only(going, KIND).payload["period"] == {"start": "2024-03-04"}
    ended = mapped(patient(), condition(), summary("course", count(25), CURATIVE))
    assert only(ended, KIND).payload["period"]["end"] == "2024-04-05"
    assert only(going, KIND).key == only(ended, KIND).key


def test_a_part_that_goes_on_leaves_the_course_open() -> None:
    parts = [
        phase("one", "2024-03-04", "2024-03-29", 20),
        phase("two", "2024-04-01", "2024-04-05", 5, status="in-progress"),
    ]
    assert only(mapped(patient(), condition(), *parts), KIND).payload["period"] == {"start": "2024-03-04"}


def test_a_month_of_a_summary_is_the_days_of_its_sessions() -> None:
    monthly = summary("registry", count(8), CURATIVE, start="2024-03", end="2024-03")
    therapy = only(mapped(patient(), condition(), monthly, *(session(f"s{day}", day) for day in DAYS)), KIND)
    assert therapy.payload["period"] == {"start": DAYS[0], "end": DAYS[-1]}
    assert "partial-date-completed" not in assumed(therapy)


def test_an_end_before_the_start_waits() -> None:
    result = mapped(patient(), condition(), summary("course", count(5), CURATIVE, end="2023-01-01"))
    assert ("implausible-value", "period") in codes(only(result, KIND))
    assert only(result, KIND).blocked


@pytest.mark.parametrize("number", [0, -3, None, "many"])
def test_sessions_that_are_none(number: Any) -> None:
    result = mapped(
        patient(),
        condition(),
        summary("course", {"url": MCODE + "mcode-radiotherapy-sessions", "valueUnsignedInt": number}, CURATIVE),
    )
    assert codes(only(result, KIND)) == {("missing-required", "sessions")}


def test_fractions_of_one_volume_are_the_sessions_nested_ones_tell_nothing() -> None:
    place = concept(SNOMED, "41216001")
    one = mapped(
        patient(),
        condition(),
        volume("v", place),
        summary("course", CURATIVE, delivered("BodyStructure/v", 6000, fractions=20)),
    )
    assert only(one, KIND).payload["sessions"] == 20
    assert "sessions-from-fractions" in assumed(only(one, KIND))
    boost = delivered("BodyStructure/w", 1000, fractions=5)
    two = mapped(
        patient(),
        condition(),
        volume("v", place),
        volume("w", place),
        summary("course", CURATIVE, delivered("BodyStructure/v", 6000, fractions=20), boost),
    )
    assert codes(only(two, KIND)) == {("missing-required", "sessions")}


def test_a_course_of_one_day_is_one_session() -> None:
    therapy = only(mapped(patient(), condition(), summary("course", CURATIVE, end="2024-03-04")), KIND)
    assert (therapy.payload["sessions"], therapy.blocked) == (1, False)


# ---- intent, termination, tumours


@pytest.mark.parametrize(
    ("more", "intent", "assumption"),
    [
        ({"extension": [count(5), PALLIATIVE]}, "palliative", None),
        ({"extension": [count(5)], "code": {"text": "Palliative radiotherapy"}}, "palliative", None),
        ({"extension": [count(5)], "note": [{"text": "definitive treatment"}]}, "curative", None),
        ({"extension": [count(5)], "code": {"text": "Adjuvant radiotherapy"}}, "curative", "curative-because-adjuvant"),
        ({"extension": [count(5), intention("O")]}, "curative", None),
        ({"extension": [count(5), intention("X")]}, None, None),
        ({"extension": [count(5)], "note": [{"text": "curative or palliative, to be seen"}]}, None, None),
    ],
)
def test_intent(more: JsonObject, intent: str | None, assumption: str | None) -> None:
    therapy = only(mapped(patient(), condition(), summary() | more), KIND)
    assert therapy.payload.get("intent") == intent
    assert therapy.blocked is (intent is None)
    assert assumption is None or assumption in assumed(therapy)


def test_the_sites_default_intent() -> None:
    therapy = only(
        mapped(patient(), condition(), summary("course", count(5)), therapy__default_intent="curative"), KIND
    )
    assert therapy.payload["intent"] == "curative"
    assert "default-intent" in assumed(therapy)


@pytest.mark.parametrize(
    ("code", "reason"), [("E", "182992009"), ("A", "407563006"), ("V", "105480006"), ("U", None), ("S", None)]
)
def test_why_it_ended(code: str, reason: str | None) -> None:
    outcome = concept(MII + "CodeSystem/mii-cs-onko-therapie-ende-grund", code)
    therapy = only(mapped(patient(), condition(), strahlentherapie(intention("K"), count(25), outcome=outcome)), KIND)
    assert _codes(therapy, "terminationReason") == (reason,)


def test_why_it_stopped_in_words() -> None:
    stopped = summary(
        "course", count(5), CURATIVE, status="stopped", statusReason={"text": "Patient declined further treatment"}
    )
    assert _codes(only(mapped(patient(), condition(), stopped), KIND), "terminationReason") == ("105480006",)


def test_a_diagnosis_code_names_the_tumour_among_several() -> None:
    second = condition("c2", "C61")
    course = summary(
        "course",
        count(5),
        CURATIVE,
        reasonReference=None,
        reasonCode=[concept("http://hl7.org/fhir/sid/icd-10-cm", "C61")],
    )
    therapy = only(mapped(patient(), condition(), second, course), KIND)
    assert therapy.references["targetedEntitiesIds"] == ("NeoplasticEntity:Condition/c2",)
    silent = only(
        mapped(patient(), condition(), second, summary("course", count(5), CURATIVE, reasonReference=None)), KIND
    )
    assert "targetedEntitiesIds" not in silent.references


# ---- sessions


def test_sessions_are_one_course() -> None:
    result = mapped(patient(), condition(), *(session(f"s{day}", day) for day in DAYS))
    therapy = only(result, KIND)
    assert therapy.payload["sessions"] == len(DAYS)
    assert therapy.payload["period"] == {"start": DAYS[0], "end": DAYS[-1]}
    assert {"sessions-counted", "end-of-last-session"} <= assumed(therapy)
    dosage, setting = only(result, DOSAGE), only(result, SETTING)
    assert (dosage.payload["fractions"], _place(dosage)) == (len(DAYS), ("76752008", "7771000"))
    assert _codes(setting, "modality", "technique") == (PHOTONS, IMRT)


@settings(max_examples=25, deadline=None)
@given(st.permutations(DAYS), st.data())
def test_the_key_is_stable_as_sessions_arrive_in_any_order(order: list[str], data: st.DataObject) -> None:
    number = data.draw(st.integers(1, len(order)))
    last = only(mapped(patient(), condition(), *(session(f"s{day}", day) for day in DAYS)), KIND)
    some = only(mapped(patient(), condition(), *(session(f"s{day}", day) for day in order[:number])), KIND)
    assert some.key == last.key
    assert some.payload["sessions"] == number


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(DAYS), max_size=8, unique=True), st.permutations(range(9)))
def test_a_summary_and_its_sessions_are_one_whatever_arrives(days: list[str], order: list[int]) -> None:
    records = [*(session(f"s{day}", day) for day in days), summary("registry", count(25), CURATIVE)]
    shuffled = [records[at] for at in order if at < len(records)]
    therapy = only(mapped(patient(), condition(), *shuffled), KIND)
    assert therapy.key == "Radiotherapy:Procedure/registry"
    assert therapy.payload["sessions"] == 25


def test_a_long_pause_makes_two_courses_by_the_option() -> None:
    later = (dt.date(2024, 3, 13) + dt.timedelta(days=30)).isoformat()
    records = [patient(), condition(), *(session(f"s{day}", day) for day in (*DAYS, later))]
    assert len(drafts(mapped(*records), KIND)) == 2
    assert len(drafts(mapped(*records, radiotherapy__course_gap_days=40), KIND)) == 1


def test_another_intent_or_tumour_makes_another_course() -> None:
    metastasis = condition("c2", "C79.51")
    other = session("x", DAYS[3]) | {"reasonReference": [{"reference": "Condition/c2"}]}
    palliative = session("y", "2024-03-18") | {"extension": [PALLIATIVE]}
    result = mapped(patient(), condition(), metastasis, session("s", DAYS[0]), session("t", DAYS[1]), other, palliative)
    assert len(drafts(result, KIND)) == 3


def test_sessions_of_a_day() -> None:
    again = session("again", "2024-03-04")
    morning, copy, evening = (
        session(id, f"2024-03-04T{hour}:00Z") for id, hour in (("m", "08:00"), ("n", "08:20"), ("e", "15:00"))
    )
    for records, number in (([again, session("s", "2024-03-04")], 1), ([morning, copy, evening, again], 2)):
        therapy = only(mapped(patient(), condition(), *records), KIND)
        assert therapy.payload["sessions"] == number


def test_a_lone_day_of_radiotherapy_tells_no_number() -> None:
    therapy = only(
        mapped(
            patient(),
            condition(),
            procedure("x", concept(SNOMED, "33195004"), performedDateTime="2024-03-04", extension=[CURATIVE]),
        ),
        KIND,
    )
    assert codes(therapy) == {("missing-required", "sessions")}
    assert therapy.payload["period"] == {"start": "2024-03-04"}


def test_a_lone_session_of_minutes_is_one_and_its_site_may_be_unstated() -> None:
    period = {"start": "2024-03-04T10:00:00Z", "end": "2024-03-04T10:20:00Z"}
    record = procedure(
        "x",
        concept(SNOMED, "33195004"),
        performedPeriod=period,
        extension=[CURATIVE],
        bodySite=[{"text": "not specified"}],
    )
    result = mapped(patient(), condition(), record)
    assert only(result, KIND).payload["sessions"] == 1
    assert not drafts(result, DOSAGE)


@pytest.mark.parametrize(
    ("text", "dose"),
    [("IMRT left breast, 50 Gy in 25 fractions", 50.0), ("IMRT left breast 180 cGy", 1.8 * len(DAYS)), ("IMRT", None)],
)
def test_doses_of_sessions(text: str, dose: float | None) -> None:
    records = [session(f"s{day}", day) | {"code": concept(CPT, "77386") | {"text": text}} for day in DAYS]
    dosage = only(mapped(patient(), condition(), *records), DOSAGE)
    assert dosage.payload["fractions"] == len(DAYS)
    assert dosage.payload.get("dose") == (None if dose is None else {"value": pytest.approx(dose), "unit": "Gy"})


def test_a_lone_day_with_its_plan_in_words() -> None:
    record = procedure(
        "x", {"text": "SBRT right lung 54 Gy in 3 fractions"}, performedDateTime="2024-03-04", extension=[CURATIVE]
    )
    result = mapped(patient(), condition(), record)
    assert only(result, KIND).payload["sessions"] == 3
    assert only(result, DOSAGE).payload["dose"] == {"value": 54.0, "unit": "Gy"}


def test_sessions_that_are_part_of_a_summary_are_counted_for_it() -> None:
    parts = [session(f"s{day}", day, partOf=[{"reference": "Procedure/course"}]) for day in DAYS]
    therapy = only(mapped(patient(), condition(), summary("course", CURATIVE), *parts), KIND)
    assert (therapy.key, therapy.payload["sessions"]) == ("Radiotherapy:Procedure/course", len(DAYS))


def test_the_order_tells_intent_and_tumour() -> None:
    order = {
        "resourceType": "ServiceRequest", "id": "o", "status": "active", "intent": "order", "subject": {"reference": "Patient/p"},
        "code": {"text": "Palliative radiotherapy"}, "reasonReference": [{"reference": "Condition/c2"}],
    }  # fmt: skip
    records = [
        session(f"s{day}", day, basedOn=[{"reference": "ServiceRequest/o"}], reasonReference=None) for day in DAYS
    ]
    records = [record | {"extension": []} for record in records]
    therapy = only(mapped(patient(), condition(), condition("c2", "C61"), order, *records), KIND)
    assert therapy.payload["intent"] == "palliative"
    assert therapy.references["targetedEntitiesIds"] == ("NeoplasticEntity:Condition/c2",)


def test_two_orders_are_two_courses_but_an_order_per_session_is_none() -> None:
    def ordered(order: str, day: str) -> JsonObject:
        return session(f"s{day}", day, basedOn=[{"reference": f"ServiceRequest/{order}"}])

    subject = {"reference": "Patient/p"}
    orders = [
        {"resourceType": "ServiceRequest", "id": id, "status": "active", "intent": "order", "subject": subject}
        for id in ("a", "b", *DAYS)
    ]
    two = [ordered("ab"[at // 4], day) for at, day in enumerate(DAYS)]
    assert len(drafts(mapped(patient(), condition(), *orders, *two), KIND)) == 2
    each = [ordered(day, day) for day in DAYS]
    assert len(drafts(mapped(patient(), condition(), *orders, *each), KIND)) == 1


@pytest.mark.parametrize(
    "text",
    ["Total body irradiation", "Ganzhirnbestrahlung", "Radiatio Mamma", "Gamma Knife radiosurgery", "XRT left hip"],
)
def test_names_of_radiation(text: str) -> None:
    assert is_radiotherapy({"code": {"text": text}})


@pytest.mark.parametrize(
    "text",
    [
        "Transfusion of irradiated red blood cells",
        "UVB irradiation",
        "Ultraviolet irradiation",
        "Irradiation of blood product",
    ],
)
def test_names_of_no_radiation(text: str) -> None:
    assert not is_radiotherapy({"code": {"text": text}})


def test_two_summaries_with_numbers_of_one_system_are_two_courses() -> None:
    numbered = [summary(f"c{n}", count(5), CURATIVE, identifier=[{"system": "urn:s", "value": str(n)}]) for n in (1, 2)]
    assert len(drafts(mapped(patient(), condition(), *numbered), KIND)) == 2
    twice = [numbered[0], summary("other", count(5), CURATIVE, identifier=[{"system": "urn:t", "value": "9"}])]
    assert len(drafts(mapped(patient(), condition(), *twice), KIND)) == 1


# ---- phases and parts


def phase(id: str, start: str, end: str, fractions: int, *extensions: JsonObject, **more: Any) -> JsonObject:
    number = {"url": MCODE + "mcode-radiotherapy-fractions-delivered", "valueUnsignedInt": fractions}
    return procedure(id, concept(SNOMED, "1222565005"), performedPeriod={"start": start, "end": end},
                     extension=[number, CURATIVE, *extensions],
                     partOf=[{"reference": "Procedure/course"}], **more)  # fmt: skip


@pytest.mark.parametrize("arrived", list(itertools.product([False, True], repeat=3)), ids=str)
def test_phases_before_and_after_their_summary(arrived: tuple[bool, bool, bool]) -> None:
    every = [
        phase("one", "2024-03-04", "2024-04-05", 25, delivered("BodyStructure/v", 5000)),
        phase("two", "2024-04-08", "2024-04-12", 5, delivered("BodyStructure/v", 1000)),
        summary("course", count(30), CURATIVE, end="2024-04-12"),
    ]
    here = [record for record, yes in zip(every, arrived, strict=True) if yes]
    result = mapped(patient(), condition(), volume("v", concept(SNOMED, "41216001")), *here)
    if not here:
        assert not drafts(result, KIND)
        return
    therapy = only(result, KIND)
    assert therapy.key == "Radiotherapy:Procedure/course"
    assert therapy.payload["sessions"] == (30 if arrived[2] else 25 * arrived[0] + 5 * arrived[1])
    for dosage in drafts(result, DOSAGE):
        assert dosage.payload["dose"]["value"] == 50.0 * arrived[0] + 10.0 * arrived[1]


def test_reports_of_start_and_end_are_one_course_with_each_part_once() -> None:
    def part(id: str, parent: str, **more: Any) -> JsonObject:
        site = concept(MII + "CodeSystem/mii-cs-onko-strahlentherapie-zielgebiet", "5.4")
        record = procedure(id, concept(OPS, "8-52"), partOf=[{"reference": f"Procedure/{parent}"}], bodySite=[site],
                           performedPeriod={"start": "2024-03-04", "end": "2024-04-05"}, reasonReference=None)  # fmt: skip
        return record | more

    quantity = {"value": 50.0, "unit": "Gy", "system": UCUM, "code": "Gy"}
    url = MII + "StructureDefinition/mii-ex-onko-strahlentherapie-bestrahlung-"
    doses = [
        {"url": url + "gesamtdosis", "valueQuantity": quantity},
        {"url": url + "einzeldosis", "valueQuantity": quantity | {"value": 2.0}},
    ]
    begun = strahlentherapie(intention("K"), status="in-progress") | {
        "id": "a",
        "performedPeriod": {"start": "2024-03-04"},
    }
    ended = strahlentherapie(intention("K")) | {"id": "b"}
    result = mapped(patient(), condition(), begun, ended, part("a-0", "a"), part("b-0", "b", extension=doses))
    therapy, dosage = only(result, KIND), only(result, DOSAGE)
    assert therapy.payload["period"] == {"start": "2024-03-04", "end": "2024-04-05"}
    assert (therapy.payload["sessions"], dosage.payload["dose"]["value"]) == (25, 50.0)


def test_bestrahlungen() -> None:
    one = bestrahlung("P-ST", "UH", "3.4", "L", 60.0, 12.0)
    two = bestrahlung("PRCJ-ST4D", "PN", "9.5", None, 48.0, 12.0)
    result = mapped(patient(), condition(), strahlentherapie(intention("K"), one, two))
    assert only(result, KIND).payload["sessions"] == 5
    assert {_place(each) for each in drafts(result, DOSAGE)} == {("39607008", "7771000"), ("62683002", None)}
    assert {_codes(each, "modality", "technique") for each in drafts(result, SETTING)} == {
        (PHOTONS, "UNC"),
        ("10611004", "UNC"),
    }


def test_a_sequential_boost_is_a_dosage_of_its_own() -> None:
    whole, boost = (
        bestrahlung("P", "UH", "3.1", "L", 50.4, 1.8, "N"),
        bestrahlung("P", "EL", "3.2", "L", 10.0, 2.0, "SEQ"),
    )
    result = mapped(patient(), condition(), strahlentherapie(intention("K"), whole, boost))
    assert sorted(each.payload["fractions"] for each in drafts(result, DOSAGE)) == [5, 28]
    assert only(result, KIND).payload["sessions"] == 33


@pytest.mark.parametrize(
    ("total", "daily", "boost", "days"),
    [
        (50.0, 2.0, "N", 25),
        (50.4, 1.8, None, 28),
        (58.8, 1.8, None, None),
        (66.0, 2.0, "SEQ", 33),
        (66.0, 2.0, "SIB", None),
        (50.0, 0, None, None),
    ],
)
def test_days_by_the_daily_dose(total: float, daily: float, boost: str | None, days: int | None) -> None:
    result = mapped(
        patient(),
        condition(),
        strahlentherapie(intention("K"), bestrahlung("P", "UH", "5.4", None, total, daily, boost)),
    )
    dosage = only(result, DOSAGE)
    assert dosage.payload.get("fractions") == days
    assert ("fractions-derived" in assumed(dosage)) is (days is not None)
    assert only(result, KIND).blocked is (days is None)


@pytest.mark.parametrize(
    ("applied", "kind", "setting"),
    [
        ("KHDR", "Ir-192", ("394902000", "384692006")), ("IPDR", "Ir-192", ("1156384006", "113120007")),
        ("ILDR", "SONU", (None, "113120007")), ("MSIRT", "Y-90", ("440252007", "1156383000")),
        ("MPSMA", "Lu-177", ("440252007", "UNC")), ("MRJT", "J-131", ("440252007", "16560241000119104")),
        ("PRCN-4D", "EL", ("45643008", None)), ("P", "SI", (None, None)), ("Q", "UH", (PHOTONS, None)),
    ],
)  # fmt: skip
def test_keys_of_the_obds(applied: str, kind: str, setting: tuple[Any, Any]) -> None:
    result = mapped(
        patient(), condition(), strahlentherapie(intention("K"), bestrahlung(applied, kind, "5.4", None, 10, 2))
    )
    draft = only(result, SETTING)
    assert _codes(draft, "modality", "technique") == setting
    assert draft.blocked is (None in setting)


# ---- codes, names, places


@pytest.mark.parametrize(
    ("code", "setting", "place"),
    [
        (concept(ICD_10_PCS, "DM013ZZ"), ("45643008", None), ("76752008", "24028007")),
        (concept(ICD_10_PCS, "DM003ZZ"), ("45643008", None), ("76752008", "7771000")),
        (concept(ICD_10_PCS, "DV1098Z"), ("394902000", None), ("41216001", None)),
        (concept(ICD_10_PCS, "DB22DZZ"), (PHOTONS, "UNC"), ("39607008", None)),
        (concept(OPS, "8-522.91"), (PHOTONS, IMRT), None),
        (concept(OPS, "8-52a"), ("10611004", None), None),
        (concept(CPT, "77522"), ("10611004", None), None),
        ({"text": "Proton therapy, pencil beam, right lung"}, ("10611004", "1156528007"), ("39607008", "24028007")),
        ({"text": "SBRT to liver with photons"}, (PHOTONS, "UNC"), ("10200004", None)),
        ({"text": "VMAT Prostata"}, (PHOTONS, VMAT), ("41216001", None)),
        ({"text": "HDR brachytherapy, intracavitary"}, ("394902000", "384692006"), None),
    ],
)  # fmt: skip
def test_codes_and_names(code: JsonObject, setting: tuple[Any, Any], place: tuple[Any, Any] | None) -> None:
    result = mapped(patient(), condition(), procedure("x", code, performedDateTime="2024-03-04", extension=[CURATIVE]))
    assert _codes(only(result, SETTING), "modality", "technique") == setting
    if place is not None:
        assert _place(only(result, DOSAGE)) == place


@pytest.mark.parametrize(
    ("site", "place"),
    [
        (concept(SNOMED, "76752008"), ("76752008", None)),
        (concept(SNOMED, "73056007"), ("76752008", "24028007")),
        ({"text": "Left breast"}, ("76752008", "7771000")),
        ({"text": "Brust, rechts"}, ("76752008", "24028007")),
        ({"text": "Lungs, bilateral"}, ("39607008", "51440002")),
        ({"text": "Structure of upper lobe of left lung (body structure)"}, ("31094006", "7771000")),
        ({"text": "Whole brain"}, ("12738006", "255503000")),
        ({"text": "Ganzhirn"}, ("12738006", "255503000")),
        ({"text": "Pelvic lymph nodes"}, ("245294005", None)),
        ({"text": "Spc_Elsewhere"}, (None, None)),
        (concept("http://terminology.hl7.org/CodeSystem/icd-o-3-topography", "C50.4"), ("76752008", None)),
        (concept(MII + "CodeSystem/mii-cs-onko-strahlentherapie-zielgebiet", "3.1.-"), ("76752008", None)),
        (concept(MII + "CodeSystem/mii-cs-onko-strahlentherapie-zielgebiet", "7.7"), (None, None)),
    ],
)  # fmt: skip
def test_places(site: JsonObject, place: tuple[Any, Any]) -> None:
    result = mapped(patient(), condition(), summary("course", count(5), CURATIVE, bodySite=[site]))
    dosage = only(result, DOSAGE)
    assert _place(dosage) == place
    assert (("unmapped-code", "irradiatedVolume") in codes(dosage)) is (place[0] is None)


@pytest.mark.parametrize(
    ("text", "dose", "fractions"),
    [
        ("50.4 Gy in 28 fractions", ("50.4", "Gy"), 28), ("3000 cGy / 10 fx", ("3000", "cGy"), 10),
        ("25 x 2 Gy", ("50", "Gy"), 25), ("50,4 Gy, 28 Fraktionen", ("50.4", "Gy"), 28),
        ("2 Gy per fraction, total 60 Gy", ("60", "Gy"), None), ("45 Gy, boost 9 Gy", None, None),
        ("12/25 fractions", None, None), ("T7-T9", None, None), ("", None, None),
    ],
)  # fmt: skip
def test_dose_and_fractions_in_words(text: str, dose: tuple[str, str] | None, fractions: int | None) -> None:
    json = {"code": {"text": text}}
    told = told_dose(json, "Procedure/x")
    assert (None if told is None else (told.value, told.unit)) == dose
    count_told = told_fractions(json)
    assert (None if count_told is None else count_told[0]) == fractions


@given(st.text(max_size=60))
def test_any_words_are_read_without_a_failure(text: str) -> None:
    json = {"code": {"text": text}, "note": [{"text": text}]}
    told_dose(json, "Procedure/x")
    told_fractions(json)
    is_radiotherapy(json)


def test_it_conforms() -> None:
    records = [
        patient(), condition(), volume("v", concept(SNOMED, "41216001"), "7771000"),
        summary("course", count(25), CURATIVE, beam(concept(SNOMED, PHOTONS), concept(SNOMED, VMAT)),
                delivered("BodyStructure/v", 5000, fractions=25)),
        phase("one", "2024-03-04", "2024-04-05", 25, delivered("BodyStructure/v", 5000)),
        strahlentherapie(intention("P"), bestrahlung("KHDR", "Ir-192", "5.8", "L", 28, 7)),
        *(session(f"s{day}", day) for day in DAYS[:3]),
    ]  # fmt: skip
    assert_conforms(
        RadiotherapyMapper(), [to_resource(Entry(each)) for each in records], registry=registry(),
        terminology=open_terminology(), options=OPTIONS,
    )  # fmt: skip
