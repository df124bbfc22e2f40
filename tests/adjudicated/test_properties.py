"""What every mapping has, on the adjudicated patients: order, deliveries, strangers, and the conformance kit."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest
from mapper_records import OPTIONS, open_terminology, registry

from adjudicated.scoring import Patient, patients
from mappers.conformance import check_mapper
from mappers.patients import to_resource, unpack
from mappers.record import map_resources, to_json

PATIENTS = patients()
#: For the conformance kit, which tries hundreds of damages of each resource: these reach most branches.
KIT = ("mii-rectum-y", "us-condition-tnm-without-group", "mcode-stu4-melanoma", "us-gleason-text")
STRANGERS = [
    {"resourceType": "Observation", "id": "stranger-mood", "status": "final", "code": {"text": "mood"}, "valueString": "II"},
    {
        "resourceType": "Condition", "id": "stranger-nail", "stage": [{"summary": {"text": "3"}}],
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "L60.0", "display": "Ingrowing nail"}]},
    },
    {"resourceType": "Encounter", "id": "stranger-visit", "status": "finished"},
]  # fmt: skip


def _drafts(patient: Patient, *documents: Any) -> list[Any]:
    options = {**OPTIONS, **patient.options}
    results = map_resources(documents, mappers=registry(), terminology=open_terminology(), options=options)
    return sorted(to_json(results)["drafts"], key=lambda draft: str(draft["key"]))


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.name)
def test_neither_order_nor_deliveries_nor_strangers_matter(patient: Patient) -> None:
    expected = _drafts(patient, patient.bundle)
    assert expected == _drafts(patient, orjson.loads(orjson.dumps(patient.bundle)))
    entries = list(patient.bundle["entry"])
    random.Random(patient.name).shuffle(entries)
    assert _drafts(patient, {**patient.bundle, "entry": entries}) == expected
    cut = len(entries) // 2
    deliveries = [{**patient.bundle, "entry": part} for part in (entries[cut:], entries[:cut])]
    assert _drafts(patient, *deliveries) == expected
    subject = next(each["resource"]["subject"] for each in entries if "subject" in each["resource"])
    strangers = ({"resource": each | {"subject": subject}} for each in STRANGERS)
    assert _drafts(patient, {**patient.bundle, "entry": [*entries, *strangers]}) == expected


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.name)
def test_every_resource_ends_in_a_visible_state(patient: Patient) -> None:
    results = map_resources([patient.bundle], mappers=registry(), terminology=open_terminology(), options=OPTIONS)
    for result in results:
        assert not result.failures
        for each in result.coverage:
            assert each.reason or each.status in ("mapped", "partly-mapped"), each.reference
        for draft in result.drafts:
            explained = draft.sources.keys() | {each.field for each in draft.assumptions}
            assert draft.payload.keys() <= explained | {"stagingDomain"}, draft.key


@pytest.mark.parametrize("name", ["staging", "tnm-staging"])
@pytest.mark.parametrize(
    "patient",
    [
        each
        for each in PATIENTS
        if each.name in ("mii-rectum-y", "us-condition-stage-text", "mcode-stu4-melanoma", "us-gleason-text")
    ],
    ids=lambda patient: patient.name,
)
def test_the_mappers_conform(patient: Patient, name: str) -> None:
    resources = [to_resource(entry) for entry in unpack([patient.bundle])[0]]
    mapper = registry().by_name[name]
    found = check_mapper(mapper, resources, registry=registry(), terminology=open_terminology(), options=OPTIONS)
    assert not found, "\n".join(map(str, found))
