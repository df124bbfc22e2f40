"""Whole piles of FHIR without a store: patients kept apart, coverage for everything, the `map --json` shape."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from mapping_fakes import NoTerminology, fake_registry

from mappers.patients import Entry, split_patients, unpack
from mappers.protocol import JsonObject
from mappers.record import MappingResult, map_resources, to_json

SHARED = Path(os.environ.get("POP_GATEWAY_SHARED", Path(__file__).parents[4] / "shared"))


def mapped(*documents: Any) -> list[MappingResult]:
    return map_resources(documents, mappers=fake_registry(), terminology=NoTerminology(), options={})


def bundle(*entries: JsonObject) -> JsonObject:
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries)}


def owners(*documents: Any) -> dict[str, str | None]:
    heap = split_patients(unpack(documents)[0])
    found: dict[str, str | None] = {
        each.reference: record.reference for record in heap.patients for each in record.resources
    }
    return found | {each.reference: "shared" for each in heap.shared}


def test_two_patients_in_one_bundle_are_kept_apart() -> None:
    document = bundle(
        {"fullUrl": "urn:uuid:A1", "resource": {"resourceType": "Patient"}},
        {"fullUrl": "https://ehr.example/fhir/Patient/2", "resource": {"resourceType": "Patient", "id": "2"}},
        {"resource": {"resourceType": "Condition", "id": "c1", "subject": {"reference": "urn:uuid:a1"}}},
        {"resource": {"resourceType": "Condition", "id": "c2", "subject": {"reference": "Patient/2"}}},
    )
    assert owners(document) == {
        "Patient/a1": "Patient/a1", "Patient/2": "Patient/2", "Condition/c1": "Patient/a1", "Condition/c2": "Patient/2",
    }  # fmt: skip
    assert [each.patient for each in mapped(document)] == ["Patient/2", "Patient/a1"]


def test_a_patient_is_found_through_other_resources_in_both_directions() -> None:
    documents = [
        {"resourceType": "MedicationAdministration", "id": "a", "request": {"reference": "MedicationRequest/r"}},
        {"resourceType": "MedicationRequest", "id": "r", "subject": {"reference": "Patient/1"}},
        {"resourceType": "DiagnosticReport", "id": "d", "subject": {"reference": "Patient/1"},
         "specimen": [{"reference": "Specimen/s"}]},
        {"resourceType": "Specimen", "id": "s"},
        {"resourceType": "Organization", "id": "o"},
        {"resourceType": "Specimen", "id": "lost"},
    ]  # fmt: skip
    expected = {
        "MedicationAdministration/a": "Patient/1", "MedicationRequest/r": "Patient/1", "DiagnosticReport/d": "Patient/1",
        "Specimen/s": "Patient/1", "Organization/o": "shared", "Specimen/lost": None,
    }  # fmt: skip
    assert owners(*documents) == expected
    assert owners(*reversed(documents)) == expected


def test_a_resource_that_two_patients_refer_to_is_given_to_neither() -> None:
    reports = [
        {"resourceType": "DiagnosticReport", "id": name, "subject": {"reference": f"Patient/{name}"},
         "specimen": [{"reference": "Specimen/s"}]}
        for name in "12"
    ]  # fmt: skip
    assert owners(*reports, {"resourceType": "Specimen", "id": "s"})["Specimen/s"] is None


def test_another_patients_resource_is_out_of_reach() -> None:
    documents = [
        {"resourceType": "Condition", "id": "c", "value": 5, "subject": {"reference": "Patient/1"}},
        {"resourceType": "Observation", "id": "o", "value": 5, "subject": {"reference": "Patient/2"},
         "focus": {"reference": "Condition/c"}},
    ]  # fmt: skip
    drafts = {draft.key: draft for each in mapped(*documents) for draft in each.drafts}
    assert drafts["TumorMarker:Observation/o"].references == {}


def test_the_newest_version_counts_wherever_it_stands() -> None:
    old = {
        "resourceType": "Condition",
        "id": "c",
        "meta": {"versionId": "9"},
        "value": 5,
        "subject": {"reference": "Patient/1"},
    }
    new = {**old, "meta": {"versionId": "10"}, "value": 6}
    for documents in ((old, new), (new, old)):
        assert [draft.payload for each in mapped(*documents) for draft in each.drafts] == [{"value": 6}]


def test_everything_ends_in_a_visible_state() -> None:
    documents = [
        {"resourceType": "Patient", "id": "1"},
        {"resourceType": "Condition", "id": "used", "status": "x", "value": 5, "subject": {"reference": "Patient/1"}},
        {"resourceType": "Condition", "id": "partly", "value": 5, "note": "n", "subject": {"reference": "Patient/1"}},
        {"resourceType": "Condition", "id": "benign", "value": 0, "subject": {"reference": "Patient/1"}},
        {"resourceType": "Condition", "id": "blocked", "value": 1, "subject": {"reference": "Patient/1"}},
        {"resourceType": "Condition", "id": "failing", "value": 13, "subject": {"reference": "Patient/1"}},
        {"resourceType": "Observation", "id": "o", "value": 5, "device": {"reference": "Medication/m"},
         "subject": {"reference": "Patient/1"}},
        {"resourceType": "Medication", "id": "m", "value": 3},
        {"resourceType": "Organization", "id": "x"},
        {"resourceType": "Specimen", "id": "lost"},
        "no resource",
        {"id": "no type"},
    ]  # fmt: skip
    states = {
        each["reference"]: (each["status"], each["unconsumed"]) for each in to_json(mapped(*documents))["resources"]
    }
    assert states == {
        "Patient/1": ("not-applicable", []),
        "Condition/used": ("mapped", []),
        "Condition/partly": ("partly-mapped", ["note"]),
        "Condition/benign": ("not-applicable", []),
        "Condition/blocked": ("blocked", []),
        "Condition/failing": ("blocked", []),
        "Observation/o": ("mapped", []),
        "Medication/m": ("mapped", []),
        "Organization/x": ("not-applicable", []),
        "Specimen/lost": ("blocked", []),
        "[10]": ("invalid", []),
        "[11]": ("invalid", []),
    }
    assert all(each["reason"] for each in to_json(mapped(*documents))["resources"] if "mapped" not in each["status"])


def test_the_json_shape_is_the_contract() -> None:
    subject = {"reference": "Patient/1"}
    document = bundle(
        {"resource": {"resourceType": "Condition", "id": "c", "value": 1, "subject": subject}},
        {"resource": {"resourceType": "Observation", "id": "o", "value": 5, "subject": subject,
                      "focus": {"reference": "Condition/c"}}},
    )  # fmt: skip
    printed = json.loads(json.dumps(to_json(mapped(document))))
    assert printed.keys() == {"drafts", "resources"}
    marker = next(each for each in printed["drafts"] if each["kind"] == "TumorMarker")
    assert marker == {
        "kind": "TumorMarker",
        "key": "TumorMarker:Observation/o",
        "externalSourceId": "TumorMarker:Observation/o",
        "payload": {"value": 5, "tumour": {"value": 1}, "relatedEntitiesIds": ["NeoplasticEntity:Condition/c"]},
        "references": {"relatedEntitiesIds": ["NeoplasticEntity:Condition/c"]},
        "sources": {"value": [{"resource": "Observation/o", "element": "value"}]},
        "assumptions": [],
        "issues": [],
    }
    assert {each["reference"]: each.keys() for each in printed["resources"]} == {
        name: {"reference", "status", "unconsumed", "reason"} for name in ("Condition/c", "Observation/o")
    }


def test_resources_without_an_id_get_a_stable_one() -> None:
    entry = Entry({"resourceType": "Observation", "value": 5, "subject": {"reference": "Patient/1"}})
    keys = {split_patients([entry]).patients[0].resources[0].id for _ in range(2)}
    assert len(keys) == 1


@pytest.mark.skipif(not SHARED.is_dir(), reason="the reference material ../shared is not here")
def test_every_published_example_ends_in_a_visible_state() -> None:
    count = 0
    for path in sorted((SHARED / "fhir" / "examples").rglob("*.json")):
        document = json.loads(path.read_bytes())
        if not isinstance(document, dict) or "resourceType" not in document:
            continue
        entries, invalid = unpack([document])
        resources = to_json(mapped(document))["resources"]
        assert len(resources) == len({each["reference"] for each in resources}), path.name
        assert len(resources) <= len(entries) + len(invalid), path.name
        assert resources or not entries, path.name
        count += len(resources)
    assert count > 1000
