"""The project's own invented patients: approved drafts, valid POP bodies, and the properties that every mapping has."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson
import pytest
from mapper_records import OPTIONS, open_terminology, registry
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from adapters.pop.guard import check
from mappers.conformance import check_mapper
from mappers.patients import to_resource, unpack
from mappers.record import map_resources, to_json

PATIENTS = sorted((Path(__file__).parents[3] / "fixtures" / "patients").glob("*.json"))
UNRELATED = {
    "resourceType": "Observation", "id": "unrelated", "status": "final", "code": {"text": "mood"},
    "subject": {"reference": "Patient/nobody"},
}  # fmt: skip


def _mapped(*documents: Any) -> dict[str, Any]:
    return to_json(map_resources(documents, mappers=registry(), terminology=open_terminology(), options=OPTIONS))


def _entries(path: Path) -> list[Any]:
    document = orjson.loads(path.read_bytes())
    return [document] if isinstance(document, dict) else list(document)


@pytest.mark.parametrize("path", PATIENTS, ids=lambda path: path.stem)
def test_drafts_as_approved(path: Path, snapshot: SnapshotAssertion) -> None:
    assert _mapped(*_entries(path)) == snapshot.use_extension(JSONSnapshotExtension)


@pytest.mark.parametrize("path", PATIENTS, ids=lambda path: path.stem)
def test_bodies_that_pop_takes(path: Path) -> None:
    results = map_resources(_entries(path), mappers=registry(), terminology=open_terminology(), options=OPTIONS)
    for draft in (draft for result in results for draft in result.drafts if not draft.blocked):
        references = {
            field: "00000000-0000-4000-8000-000000000000"
            if isinstance(target, str)
            else ["00000000-0000-4000-8000-000000000000"]
            for field, target in draft.references.items()
            if field != "systemicTherapyId"
        }
        check(draft.kind, {**draft.payload, **references})


@pytest.mark.parametrize("path", PATIENTS, ids=lambda path: path.stem)
def test_order_does_not_matter_and_a_stranger_changes_nothing(path: Path) -> None:
    documents = _entries(path)
    bundle = documents[0]
    expected = _mapped(*documents)["drafts"]
    assert _mapped(*documents)["drafts"] == expected
    if isinstance(bundle.get("entry"), list):
        entries = list(bundle["entry"])
        random.Random(path.stem).shuffle(entries)
        shuffled = _mapped({**bundle, "entry": entries})["drafts"]
        assert sorted(shuffled, key=lambda draft: draft["key"]) == sorted(expected, key=lambda draft: draft["key"])
    with_stranger = [
        draft for draft in _mapped(*documents, UNRELATED)["drafts"] if "nobody" not in orjson.dumps(draft).decode()
    ]
    assert with_stranger == expected


@pytest.mark.parametrize("name", sorted(registry().by_name))
def test_each_mapper_conforms(name: str) -> None:
    for path in PATIENTS[:3]:
        resources = [to_resource(entry) for entry in unpack(_entries(path))[0]]
        found = check_mapper(
            registry().by_name[name], resources, registry=registry(), terminology=open_terminology(), options=OPTIONS
        )
        assert not found, "\n".join(map(str, found))
