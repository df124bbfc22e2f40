from __future__ import annotations

import itertools
from typing import Any

import pytest
from mapper_records import LOINC, codes, concept, condition, drafts, mapped, observation, only, patient, reasons

from mappers.protocol import Draft, JsonObject

NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
TMB, MSI, LOH, HRD = (
    "TumorMutationalBurden",
    "MicrosatelliteInstability",
    "LossOfHeterozygosity",
    "HomologousRecombinationDeficiency",
)


def a_test(id: str, name: str, **more: Any) -> JsonObject:
    return observation(id, (LOINC, "1-1"), **more) | {"code": {"text": name}}


def one(kind: str, *resources: JsonObject) -> Draft:
    return only(mapped(patient(), condition(), *resources), kind)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueQuantity": {"value": 12.6, "code": "1/1000000{Base}"}}, 12.6),
        ({"valueQuantity": {"value": 8, "unit": "mut/Mb"}}, 8.0),
        ({"valueQuantity": {"value": 8, "unit": "Muts/Mb"}}, 8.0),
        ({"valueQuantity": {"value": 8, "unit": "mutations per megabase"}}, 8.0),
        ({"valueQuantity": {"value": 8, "code": "{mutations}/{Mb}"}}, 8.0),
        ({"valueString": "TMB-High (12.61 Muts/Mb)"}, 12.61),
        ({"valueInteger": 4}, 4.0),
        ({"valueQuantity": {"value": 8}}, 8.0),
        ({"valueQuantity": {"value": 8, "code": "1/Mb"}}, 8.0),
    ],
)
def test_mutational_burden(value: JsonObject, expected: float) -> None:
    draft = one(TMB, a_test("o", "Tumor Mutational Burden", **value))
    assert draft.payload["value"] == expected
    assert draft.payload["category"] == "tumor_mutational_burden"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"valueQuantity": {"value": 300, "unit": "mutations"}}, "unmapped-unit"),
        ({"valueQuantity": {"value": 1, "unit": "mut/Mb", "comparator": "<"}}, "comparator"),
        ({"valueString": "High"}, "missing-required"),
        ({"valueString": "< 1 mut/Mb"}, "missing-required"),
        ({}, "missing-required"),
    ],
)
def test_what_is_no_burden_waits(value: JsonObject, code: str) -> None:
    draft = one(TMB, a_test("o", "TMB", **value))
    assert (code, "value") in codes(draft)
    assert draft.blocked


@pytest.mark.parametrize(
    ("interpretation", "status"),
    [
        (concept(INTERPRETATION, "H"), "high"),
        (concept(INTERPRETATION, "L"), "low"),
        ({"text": "Intermediate"}, "intermediate"),
        ({"text": "TMB-H"}, "high"),
        ({"text": "see report"}, None),
    ],
)
def test_the_status_is_stated_never_computed(interpretation: JsonObject, status: str | None) -> None:
    said = a_test("o", "TMB", valueQuantity={"value": 55, "unit": "mut/Mb"}, interpretation=[interpretation])
    assert one(TMB, said).payload.get("status") == status


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (concept(LOINC, "LA26203-2"), "LA26203-2"),
        ({"text": "MSI-High"}, "LA26203-2"),
        ({"text": "MSI-H/dMMR"}, "LA26203-2"),
        ({"text": "MSS"}, "LA14122-8"),
        ({"text": "MS-Stable"}, "LA14122-8"),
        ({"text": "Microsatellite stable"}, "LA14122-8"),
        ({"text": "MSI-Low"}, "LA26202-4"),
        ({"text": "not detected"}, "LA14122-8"),
        ({"text": "Cannot be determined"}, "LA11884-6"),
    ],
)
def test_microsatellites(value: JsonObject, expected: str) -> None:
    draft = one(MSI, a_test("o", "Microsatellite instability", valueCodeableConcept=value))
    assert draft.payload["value"]["code"] == expected


def test_unstable_without_a_grade_waits() -> None:
    assert one(MSI, a_test("o", "MSI", valueCodeableConcept=concept(LOINC, "LA14123-6", "Unstable"))).blocked


def test_a_percentage_of_unstable_loci_has_its_grade_beside_it() -> None:
    said = observation(
        "o", (LOINC, "81695-9"), valueQuantity={"value": 2.6, "unit": "%"}, interpretation=[concept(LOINC, "LA14122-8")]
    )
    assert one(MSI, said).payload["value"]["code"] == "LA14122-8"


def test_score_and_status_of_one_day_are_one_entity() -> None:
    parts = [
        a_test("a", "HRD score", valueQuantity={"value": 48}),
        a_test("b", "HRD status", valueString="Positive"),
        a_test("c", "Homologous recombination deficiency", valueQuantity={"value": 12}, effectiveDateTime="2024-06-01"),
    ]
    expected = drafts(mapped(patient(), condition(), *parts), HRD)
    assert [(each.payload["value"], each.payload.get("interpretation")) for each in expected] == [
        (48.0, "positive"),
        (12.0, None),
    ]
    for order in itertools.permutations(parts):
        assert drafts(mapped(patient(), condition(), *order), HRD) == expected


def test_an_amended_result_replaces_the_first() -> None:
    first = a_test("a", "TMB", valueQuantity={"value": 8, "unit": "mut/Mb"}, issued="2024-02-13T00:00:00Z")
    again = a_test(
        "b", "TMB", valueQuantity={"value": 9, "unit": "mut/Mb"}, issued="2024-02-15T00:00:00Z", status="amended"
    )
    draft = one(TMB, first, again)
    assert (draft.key, draft.payload["value"]) == ("TumorMutationalBurden:Observation/a", 9.0)
    void = mapped(patient(), condition(), a_test("a", "TMB", valueInteger=8, status="cancelled"))
    assert reasons(void)["Observation/a"].startswith("the observation is cancelled")


def test_two_samples_of_a_day_have_each_their_own() -> None:
    said = [
        a_test(id, "TMB", valueQuantity={"value": value, "unit": "mut/Mb"}, specimen={"reference": f"Specimen/{id}"})
        for id, value in (("a", 3), ("b", 30))
    ]
    assert [each.payload["value"] for each in drafts(mapped(patient(), condition(), *said), TMB)] == [3.0, 30.0]


def test_signatures_that_are_components_of_a_panel() -> None:
    panel = a_test(
        "o",
        "Genomic signatures",
        component=[
            {"code": {"text": "TMB"}, "valueQuantity": {"value": 5, "unit": "mut/Mb"}},
            {"code": {"text": "MSI status"}, "valueString": "MSS"},
            {"code": {"text": "Genomic LOH"}, "valueQuantity": {"value": 0.16, "code": "1"}},
        ],
    )
    result = mapped(patient(), condition(), panel)
    assert only(result, TMB).payload["value"] == 5.0
    assert only(result, MSI).payload["value"]["code"] == "LA14122-8"
    assert only(result, LOH).payload["value"] == 16.0


def test_aneuploidy_is_counted_in_arms() -> None:
    assert (
        one("AneuploidScore", a_test("o", "Aneuploidy score", valueQuantity={"value": 14, "unit": "arms"})).payload[
            "value"
        ]
        == 14
    )
    assert one("AneuploidScore", a_test("o", "Aneuploidy score", valueQuantity={"value": 0.4})).blocked


@pytest.mark.parametrize(
    "name", ["MLH1 immunohistochemistry (MSI screening)", "Loss of heterozygosity 1p/19q", "Chromosome 10 LOH"]
)
def test_other_tests_with_such_words(name: str) -> None:
    assert not [
        each
        for each in mapped(patient(), condition(), a_test("o", name, valueString="12")).drafts
        if each.kind in (MSI, LOH)
    ]


def test_another_persons_sample() -> None:
    said = a_test("o", "TMB", valueInteger=8, focus=[{"reference": "RelatedPerson/m"}])
    assert "another person" in reasons(mapped(patient(), condition(), said))["Observation/o"]


def test_the_day_of_the_assessment_else_of_the_specimen() -> None:
    sample = {
        "resourceType": "Specimen",
        "id": "s",
        "subject": {"reference": "Patient/p"},
        "collection": {"collectedDateTime": "2024-01-31"},
    }
    said = a_test("o", "TMB", valueInteger=8, specimen={"reference": "Specimen/s"})
    assert one(TMB, sample, said).payload["date"] == "2024-02-12"
    del said["effectiveDateTime"]
    assert one(TMB, sample, said).payload["date"] == "2024-01-31"


def test_a_part_of_one_is_no_larger_than_one() -> None:
    assert one(LOH, a_test("o", "Genomic LOH", valueQuantity={"value": 18, "code": "1"})).blocked
