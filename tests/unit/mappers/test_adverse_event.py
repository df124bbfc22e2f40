from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapper_records import (
    LOINC,
    OPTIONS,
    SNOMED,
    administration,
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
from mappers.events.adverse_event import AdverseEventMapper
from mappers.events.grades import Grade, read_grade
from mappers.events.mitigations import drug_class
from mappers.events.outcomes import read_causality, read_outcome
from mappers.events.terms import find_term, plain_name
from mappers.patients import Entry, to_resource

KIND, CAUSE, MITIGATION = "AdverseEvent", "AdverseEventSuspectedCause", "AdverseEventMitigation"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
MEDDRA = "http://terminology.hl7.org/CodeSystem/MDRAE"
OBDS = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-nebenwirkung-ctcae-grad"
OUTCOME = "http://terminology.hl7.org/CodeSystem/adverse-event-outcome"
NAUSEA, FATIGUE = concept(MEDDRA, "10028813", "Nausea"), concept(MEDDRA, "10016256", "Fatigue")
CISPLATIN = ("2555", "cisplatin")


def graded(value: Any) -> list[dict[str, Any]]:
    return [{"url": "http://hospital.example.org/StructureDefinition/ctcae-grade", "valueInteger": value}]


def event(id: str, grade: int | None = 2, day: str | None = "2024-03-01", **more: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "resourceType": "AdverseEvent", "id": id, "actuality": "actual", "subject": {"reference": "Patient/p"}, "event": NAUSEA,
    }  # fmt: skip
    if grade is not None:
        record["extension"] = graded(grade)
    if day is not None:
        record["date"] = day
    return record | more


def resolved(day: str) -> list[dict[str, Any]]:
    return [
        {"url": "http://hospital.example.org/StructureDefinition/adverse-event-resolved-date", "valueDateTime": day}
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, Grade(3)),
        ("Grade 3", Grade(3)),
        ("CTCAE v5.0 Grade III", Grade(3)),
        ("G2", Grade(2)),
        ("Grad 4", Grade(4)),
        ({"value": 2}, Grade(2)),
        (concept(NCIT, "C41340"), Grade(3)),
        (concept(OBDS, "K"), Grade(0)),
        (concept(OBDS, "5"), Grade(5)),
        (concept(SNOMED, "24484000", "Severe (severity modifier) (qualifier value)"), Grade(3, from_severity=True)),
        ({"text": "moderat"}, Grade(2, from_severity=True)),
        ("Grade 1-2", None),
        ("Grade 3/4", None),
        ("GI bleeding", None),
        ("grade 7", None),
        (concept(OBDS, "U"), None),
        (True, None),
        (7, None),
        (None, None),
        ([], None),
    ],
)
def test_grades(value: Any, expected: Grade | None) -> None:
    assert read_grade(value) == expected


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["coding", "code", "system", "display", "text", "value"]), inner)
    ),
)


@given(_JSON)
def test_any_value_is_a_grade_or_none(value: Any) -> None:
    found = read_grade(value)
    assert found is None or found.value in range(6)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (concept(OUTCOME, "resolvedWithSequelae"), "resolved-with-sequelae"),
        ({"text": "Recovered/Resolved"}, "resolved"),
        ({"text": "not recovered/not resolved"}, "ongoing"),
        ({"text": "abgeklungen"}, "resolved"),
        (concept("urn:oid:2.16.840.1.113883.3.989.2.1.1.11", "2"), "recovering"),
        ({"text": "tödlich"}, "fatal"),
        ({"text": "see letter"}, None),
    ],
)
def test_outcomes(said: dict[str, Any], expected: str | None) -> None:
    assert read_outcome(said) == expected


@pytest.mark.parametrize(
    ("said", "pop", "expected"),
    [
        (concept(NCIT, "C53258"), False, "possibly-related"),
        ({"text": "Probably Related"}, False, "probably-related"),
        (
            concept("http://terminology.hl7.org/CodeSystem/adverse-event-causality-assess", "Certain"),
            False,
            "definitely-related",
        ),
        ({"text": "Unassessable-Unclassifiable"}, False, None),
        ({"text": "Unassessable-Unclassifiable"}, True, "unrelated"),
        ({"text": "related"}, False, None),
    ],
)
def test_causalities(said: dict[str, Any], pop: bool, expected: str | None) -> None:
    assert read_causality(said, pop=pop) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CTCAE v5.0 Grade 3 Diarrhoea", "diarrhea"),
        ("Nausea (finding)", "nausea"),
        ("Oesophagitis", "esophagitis"),
        ("Hypothyroidism, grade 2", "hypothyroidism"),
    ],
)
def test_plain_names(text: str, expected: str) -> None:
    assert plain_name(text) == expected


@given(st.text(max_size=60))
def test_a_plain_name_stays_plain(text: str) -> None:
    assert plain_name(plain_name(text)) == plain_name(text) or len(plain_name(plain_name(text))) < len(plain_name(text))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (concept(NCIT, "C57788"), "10012727"),
        (concept(SNOMED, "422400008", "Vomiting (disorder)"), "10047700"),
        ({"text": "Neutropenia"}, "10029366"),
        ({"text": "Schüttelfrost"}, "10008531"),
        (concept("http://www.meddra.org", "10012735", "Diarrhoea"), "10012727"),
        ({"text": "Hand-foot syndrome (palmar-plantar erythrodysesthesia)"}, "10054524"),
        (concept("https://www.meddra.org", "10002034"), "10002272"),
        (concept("http://hl7.org/fhir/sid/icd-10-cm", "D70.1"), "10029366"),
        (concept("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "D70.14"), "10029366"),
        (concept("http://hl7.org/fhir/sid/icd-10-cm", "D70.1") | {"text": "Febrile neutropenia, grade 3"}, "10016288"),
        ({"text": "Polyneuropathie"}, None),
        ({"text": "neuropathy"}, None),
    ],
)
def test_terms(said: dict[str, Any], expected: str | None) -> None:
    class Words:
        """A context that only translates."""

        @staticmethod
        def translate(terminology: str, given: Any, *, text: bool = False) -> Any:
            return open_terminology().translate(terminology, given, text=text)

    found = find_term(said, Words())  # type: ignore[arg-type]
    assert (found.concept["code"] if found else None) == expected


def test_an_event() -> None:
    draft = only(mapped(patient(), condition(), event("e", 3, outcome=concept(OUTCOME, "ongoing"))), KIND)
    assert not draft.blocked
    assert {name: draft.payload[name] for name in ("date", "grade", "outcome")} == {
        "date": "2024-03-01", "grade": 3, "outcome": "ongoing",
    }  # fmt: skip


def test_a_severity_is_a_grade_by_ctcaes_own_words() -> None:
    said = event("e", None, severity={"text": "Moderate"})
    draft = only(mapped(patient(), condition(), said), KIND)
    assert draft.payload["grade"] == 2
    assert "grade-of-severity" in assumed(draft)
    blocked = only(mapped(patient(), condition(), said, adverse_event__severity="block"), KIND)
    assert ("missing-required", "grade") in codes(blocked)


def test_serious_is_no_grade_and_death_is_grade_5() -> None:
    serious = event("e", None, seriousness={"text": "serious"})
    assert ("missing-required", "grade") in codes(only(mapped(patient(), condition(), serious), KIND))
    fatal = only(mapped(patient(), condition(), event("e", None, outcome=concept(OUTCOME, "fatal"))), KIND)
    assert fatal.payload["grade"] == 5
    assert "grade-of-death" in assumed(fatal)
    dead = only(mapped(patient(), condition(), event("e", 5)), KIND)
    assert dead.payload["outcome"] == "fatal"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"actuality": "potential"}, "potential"),
        ({"modifierExtension": [{"url": "http://x.example.org/status", "valueCode": "entered-in-error"}]}, "in error"),
        ({"event": {}}, "names no event"),
        ({"event": {"text": "No adverse events"}}, "no event"),
        ({"extension": graded(0)}, "grade 0"),
    ],
)
def test_what_is_no_event(said: dict[str, Any], why: str) -> None:
    result = mapped(patient(), condition(), event("e") | said)
    assert not drafts(result, KIND)
    assert why in reasons(result)["AdverseEvent/e"]


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("Hypothyroidism, grade 2, due to nivolumab", 2),
        ("Colitis grade 3 secondary to immunotherapy", 3),
        ("Hypothyroidism grade 2", None),
        ("Anemia, grade 2, due to blood loss", None),
    ],
)
def test_a_diagnosis_that_is_laid_to_a_treatment_in_words(text: str, grade: int | None) -> None:
    """With a grade and an antineoplastic treatment as its cause it is an event; one without the other is not."""
    said = {
        "resourceType": "Condition", "id": "e", "subject": {"reference": "Patient/p"}, "onsetDateTime": "2024-05-01",
        "code": {"text": text},
    }  # fmt: skip
    found = drafts(mapped(patient(), condition(), said), KIND)
    assert [each.payload["grade"] for each in found] == ([] if grade is None else [grade])


def test_one_course_is_one_event_with_its_highest_grade() -> None:
    reports = [
        event("b", 1, "2024-03-01", outcome=concept(OUTCOME, "ongoing")), event("a", 3, "2024-05-20"),
        event("c", 1, "2024-06-01", extension=[*graded(1), *resolved("2024-06-10")]), event("d", 2, "2024-09-01"),
    ]  # fmt: skip
    for seed in range(4):
        random.Random(seed).shuffle(reports)
        first, second = drafts(mapped(patient(), condition(), *reports), KIND)
        assert first.key == "AdverseEvent:AdverseEvent/a"
        assert (first.payload["date"], first.payload["grade"]) == ("2024-03-01", 3)
        assert (first.payload["outcome"], first.payload["dateResolved"]) == ("resolved", "2024-06-10")
        assert second.payload["date"] == "2024-09-01"
    each = mapped(patient(), condition(), *reports, adverse_event__reports="each")
    assert len(drafts(each, KIND)) == 4


def test_reports_far_apart_are_two_courses_unless_it_went_on() -> None:
    apart = [event("a", 1, "2024-03-01"), event("b", 2, "2024-05-01")]
    assert len(drafts(mapped(patient(), condition(), *apart), KIND)) == 2
    assert len(drafts(mapped(patient(), condition(), *apart, adverse_event__course_days=90), KIND)) == 1


def test_what_goes_on_is_one_course_unless_another_treatment_is_suspected_by_then() -> None:
    first = event(
        "a", 1, "2024-03-01", outcome=concept(OUTCOME, "ongoing"), suspectEntity=suspect({"display": "Cisplatin"})
    )
    later = event("b", 2, "2025-05-01")
    assert len(drafts(mapped(patient(), condition(), first, later), KIND)) == 1
    other = later | {"suspectEntity": suspect({"display": "Letrozole"})}
    assert len(drafts(mapped(patient(), condition(), first, other), KIND)) == 2


def test_grade_0_ends_the_course_that_is_open() -> None:
    draft = only(mapped(patient(), condition(), event("a", 2, "2024-03-01"), event("b", 0, "2024-03-20")), KIND)
    assert (draft.payload["outcome"], draft.payload["dateResolved"]) == ("resolved", "2024-03-20")


def test_resolved_but_nobody_says_since_when() -> None:
    said = event("e", 2, outcome=concept(OUTCOME, "resolved"))
    draft = only(mapped(patient(), condition(), said), KIND)
    assert draft.payload["outcome"] == "resolved"
    assert "dateResolved" not in draft.payload
    blocked = only(mapped(patient(), condition(), said, adverse_event__undated_resolution="block"), KIND)
    assert ("missing-required", "dateResolved") in codes(blocked)
    recorded = only(mapped(patient(), condition(), said | {"recordedDate": "2024-03-20"}), KIND)
    assert recorded.payload["dateResolved"] == "2024-03-20"
    assert "resolved-by-then" in assumed(recorded)


def test_resolved_before_it_began() -> None:
    draft = only(mapped(patient(), condition(), event("e", 2, extension=[*graded(2), *resolved("2024-02-01")])), KIND)
    assert ("implausible-value", "dateResolved") in codes(draft)
    assert "dateResolved" not in draft.payload
    partial = only(
        mapped(patient(), condition(), event("e", 2, "2024-03-20", extension=[*graded(2), *resolved("2024-03")])), KIND
    )
    assert partial.payload["dateResolved"] == "2024-03-20"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CTCAE Fatigue", {"valueInteger": 2}, 2),
        ("CTCAE v5.0: Fatigue", {"valueString": "Grade 3"}, 3),
        ("CTCAE grade 2 fatigue", {}, 2),
        ("CTCAE fatigue", {"valueCodeableConcept": concept(NCIT, "C41338")}, 1),
    ],
)
def test_observations(name: str, value: dict[str, Any], expected: int) -> None:
    said = observation("o", (LOINC, "x"), **value) | {"code": {"text": name}}
    draft = only(mapped(patient(), condition(), said), KIND)
    assert (draft.payload["event"]["code"], draft.payload["grade"]) == ("10016256", expected)


def test_a_term_as_the_answer() -> None:
    parts = [{"code": {"text": "Grade"}, "valueQuantity": {"value": 2}}]
    said = observation("o", (LOINC, "x"), valueCodeableConcept=FATIGUE, component=parts) | {
        "code": {"text": "Adverse event"}
    }
    draft = only(mapped(patient(), condition(), said), KIND)
    assert (draft.payload["event"]["code"], draft.payload["grade"]) == ("10016256", 2)


def test_a_note_about_adverse_events_is_none() -> None:
    said = observation("o", (LOINC, "x"), valueString="None reported") | {"code": {"text": "Adverse events"}}
    result = mapped(patient(), condition(), said)
    assert not drafts(result, KIND)
    assert "neither a term" in reasons(result)["Observation/o"]


def test_patient_reported_outcomes_are_another_scale() -> None:
    said = observation("o", (LOINC, "x"), valueInteger=3) | {"code": {"text": "PRO-CTCAE fatigue severity"}}
    result = mapped(patient(), condition(), said)
    assert not drafts(result, KIND)
    assert "patient-reported" in reasons(result)["Observation/o"]


def diagnosis(id: str, **more: Any) -> dict[str, Any]:
    return condition(id, {"text": "Nausea"}, onsetDateTime="2024-03-01", **more)


def test_diagnoses() -> None:
    stated = diagnosis("d", severity={"text": "CTCAE grade 2"}, abatementDateTime="2024-03-09")
    draft = only(mapped(patient(), condition(), stated), KIND)
    assert (draft.payload["grade"], draft.payload["dateResolved"]) == (2, "2024-03-09")
    assert not drafts(mapped(patient(), condition(), diagnosis("d")), KIND)
    coded = condition("d", "D70.1", onsetDateTime="2024-03-01")
    caused = only(mapped(patient(), condition(), coded), KIND)
    assert caused.payload["event"]["code"] == "10029366"
    assert ("missing-required", "grade") in codes(caused)


def test_a_diagnosis_from_before_the_first_treatment_is_no_event_of_it() -> None:
    before = diagnosis("d", severity={"text": "CTCAE grade 2"})
    result = mapped(patient(), condition(), administration("m", CISPLATIN, "2024-06-01"), before)
    assert not drafts(result, KIND)
    assert "before the first treatment" in reasons(result)["Condition/d"]


def test_the_resulting_diagnosis_is_the_same_event_and_tells_what_the_event_does_not() -> None:
    result = mapped(
        patient(), condition(), diagnosis("d", severity={"text": "severe"}, abatementDateTime="2024-03-20"),
        event("e", None, None, event={"text": "Nausea"}, resultingCondition=[{"reference": "Condition/d"}]),
    )  # fmt: skip
    draft = only(result, KIND)
    assert draft.key == "AdverseEvent:AdverseEvent/e"
    assert {name: draft.payload[name] for name in ("date", "grade", "outcome", "dateResolved")} == {
        "date": "2024-03-01", "grade": 3, "outcome": "resolved", "dateResolved": "2024-03-20",
    }  # fmt: skip


def due_to(named: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"url": "http://hl7.org/fhir/StructureDefinition/condition-dueTo"} | named]


def test_a_diagnosis_with_a_treatment_as_its_cause() -> None:
    named = {"valueReference": {"reference": "MedicationAdministration/m"}}
    said = diagnosis("d", extension=due_to(named), severity={"text": "Grade 3"})
    result = mapped(patient(), condition(), administration("m", CISPLATIN, "2024-02-20"), said)
    assert only(result, KIND).payload["grade"] == 3
    assert only(result, CAUSE).references["systemicTherapyId"].startswith("SystemicTherapy:")
    other = diagnosis("d", extension=due_to({"valueCodeableConcept": {"text": "diabetes"}}))
    assert not drafts(mapped(patient(), condition(), other), KIND)


def suspect(named: dict[str, Any], *causality: str) -> list[dict[str, Any]]:
    return [{"instance": named} | ({"causality": [{"assessment": {"text": causality[0]}}]} if causality else {})]


def test_a_suspected_administration_is_its_therapy_and_drug() -> None:
    said = event("e", suspectEntity=suspect({"reference": "MedicationAdministration/m"}, "Possible"))
    draft = only(mapped(patient(), condition(), administration("m", CISPLATIN, "2024-02-20"), said), CAUSE)
    assert draft.payload == {"causality": "possibly-related"}
    assert draft.references["medicationId"].endswith("/C376")
    assert draft.references["adverseEventId"] == "AdverseEvent:AdverseEvent/e"


def test_a_treatment_of_two_kinds_is_neither() -> None:
    said = event("e", suspectEntity=suspect({"display": "radiochemotherapy, chemotherapy part"}))
    result = mapped(patient(), condition(), administration("m", CISPLATIN, "2024-02-20"), said)
    assert not drafts(result, CAUSE)


def test_a_fatal_event_of_another_grade_is_a_contradiction() -> None:
    draft = only(mapped(patient(), condition(), event("e", 4, outcome=concept(OUTCOME, "fatal"))), KIND)
    assert draft.payload["grade"] == 4
    assert ("contradiction", "grade") in codes(draft)


@pytest.mark.parametrize("named", [{"display": "Cisplatin"}, {"display": "chemotherapy"}])
def test_a_suspect_that_is_only_named(named: dict[str, Any]) -> None:
    said = event("e", suspectEntity=suspect(named))
    draft = only(mapped(patient(), condition(), administration("m", CISPLATIN, "2024-02-20"), said), CAUSE)
    assert "cause-by-name" in assumed(draft)
    later = mapped(patient(), condition(), administration("m", CISPLATIN, "2024-04-20"), said)
    assert not drafts(later, CAUSE)
    assert ("unresolved-reference", "suspectedCauses") in codes(only(later, KIND))


@pytest.mark.parametrize(("named", "drugs"), [("FOLFOX", 0), ("fluorouracil and oxaliplatin", 0), ("oxaliplatin", 1)])
def test_a_protocol_is_the_therapy_and_a_drug_is_a_drug(named: str, drugs: int) -> None:
    plan = [{"reference": "CarePlan/plan"}]
    given = [
        administration("a", ("32592", "oxaliplatin"), "2024-02-20", partOf=plan),
        administration("b", ("4492", "fluorouracil"), "2024-02-20", partOf=plan),
    ]
    said = event("e", suspectEntity=suspect({"display": named}))
    draft = only(mapped(patient(), condition(), *given, said), CAUSE)
    assert ("medicationId" in draft.references) == bool(drugs)


def test_the_elements_of_r5() -> None:
    said = {
        "resourceType": "AdverseEvent", "id": "e", "status": "completed", "subject": {"reference": "Patient/p"},
        "code": {"text": "Elevated ALT"}, "occurrenceDateTime": "2024-03-01", "severity": {"text": "Grade 2"},
        "outcome": [concept(OUTCOME, "ongoing")], "mitigatingAction": [{"itemCodeableConcept": {"text": "Dose reduced"}}],
        "suspectEntity": [{"instanceReference": {"reference": "MedicationAdministration/m"},
                           "causality": {"entityRelatedness": {"text": "Probable"}}}],
    }  # fmt: skip
    result = mapped(patient(), condition(), administration("m", CISPLATIN, "2024-02-20"), said)
    draft = only(result, KIND)
    assert (draft.payload["event"]["code"], draft.payload["grade"]) == ("10001551", 2)
    assert only(result, CAUSE).payload["causality"] == "probably-related"
    assert only(result, MITIGATION).payload["category"] == "adjustment"
    assert not drafts(mapped(patient(), condition(), said | {"status": "entered-in-error"}), KIND)


def test_a_side_effect_without_a_day_has_that_of_its_treatments_end() -> None:
    therapy = administration("m", CISPLATIN, "2024-02-20")
    said = event(
        "e", None, None, severity=concept(OBDS, "2"), suspectEntity=suspect({"reference": "MedicationAdministration/m"})
    )
    draft = only(mapped(patient(), condition(), therapy, said), KIND)
    assert draft.payload["date"] == "2024-02-20"
    assert "day-of-treatment" in assumed(draft)
    alone = only(mapped(patient(), condition(), event("e", 2, None)), KIND)
    assert ("missing-required", "date") in codes(alone)


class TestMitigations:
    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ({"text": "ondansetron 8 mg tablet"}, "C94726"),
            (concept("http://www.whocc.no/atc", "L03AA13", "pegfilgrastim"), "C26078"),
            ({"text": "prednisolone 50 mg"}, "C122080"),
            ({"text": "hydrocortisone 1 % cream"}, "C29505"),
            ({"text": "loperamide"}, None),
            ({"text": "ondansetron and dexamethasone"}, None),
        ],
    )
    def test_classes_of_drugs(self, said: dict[str, Any], expected: str | None) -> None:
        class Words:
            """A context that only translates."""

            @staticmethod
            def translate(terminology: str, given: Any, *, text: bool = False) -> Any:
                return open_terminology().translate(terminology, given, text=text)

        found = drug_class(said, Words())  # type: ignore[arg-type]
        assert (found.concept["code"] if found else None) == expected

    @pytest.mark.parametrize(
        ("said", "field", "expected"),
        [
            ("Dose reduced", "adjustment", "182822000"),
            ("Drug withdrawn", "adjustment", "89925002"),
            ("drug interrupted", "adjustment", "385655000"),
            ("Transfusion of platelets", "procedure", "116762002"),
            ("pegfilgrastim", "drug", "C26078"),
        ],
    )
    def test_actions(self, said: str, field: str, expected: str) -> None:
        action = {"url": "http://x.example.org/action-taken", "valueCodeableConcept": {"text": said}}
        draft = only(mapped(patient(), condition(), event("e", extension=[*graded(2), action])), MITIGATION)
        assert draft.payload[field]["code"] == expected

    def test_dose_not_changed_is_none(self) -> None:
        action = {"url": "http://x.example.org/action-taken", "valueString": "Dose not changed"}
        result = mapped(patient(), condition(), event("e", extension=[*graded(2), action]))
        assert not drafts(result, MITIGATION)
        assert not codes(only(result, KIND))

    def test_what_nobody_knows_is_told(self) -> None:
        action = {"url": "http://x.example.org/action-taken", "valueString": "herbal tea"}
        result = mapped(patient(), condition(), event("e", extension=[*graded(2), action]))
        assert ("unmapped-code", "mitigations") in codes(only(result, KIND))

    def test_drugs_given_for_the_events_diagnosis(self) -> None:
        result = mapped(
            patient(), condition(), diagnosis("d", severity={"text": "CTCAE grade 2"}),
            {"resourceType": "Encounter", "id": "stay", "class": {"code": "IMP"}, "subject": {"reference": "Patient/p"}},
            administration("o", ("26225", "ondansetron"), "2024-03-01", context={"reference": "Encounter/stay"},
                           reasonReference=[{"reference": "Condition/d"}]),
        )  # fmt: skip
        draft = only(result, MITIGATION)
        assert (draft.payload["category"], draft.payload["drug"]["code"]) == ("pharmacological", "C94726")
        assert draft.payload["management"]["code"] == "737481003"


def test_the_mapper_conforms() -> None:
    action = {"url": "http://x.example.org/action-taken", "valueString": "Dose reduced"}
    records = [
        patient(), condition(), administration("m", CISPLATIN, "2024-02-20"),
        event("a", suspectEntity=suspect({"reference": "MedicationAdministration/m"}, "Possible"), extension=[*graded(2), action]),
        event("b", 3, "2024-03-10", outcome=concept(OUTCOME, "resolved"), recordedDate="2024-03-12"),
        diagnosis("d", severity={"text": "CTCAE G1"}),
        observation("o", (LOINC, "x"), valueInteger=2) | {"code": {"text": "CTCAE fatigue"}},
    ]  # fmt: skip
    assert_conforms(
        AdverseEventMapper(), [to_resource(Entry(each)) for each in records], registry=registry(),
        terminology=open_terminology(), options=OPTIONS,
    )  # fmt: skip
