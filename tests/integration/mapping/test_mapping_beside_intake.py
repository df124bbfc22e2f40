"""Mapping while the intake commits: whatever arrives in between, in the end everything is as if mapped from scratch."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
import zstandard
from mapping_fakes import NoTerminology, fake_registry

from gateway.intake.item import Delivery, Item
from gateway.intake.writer import Intake
from gateway.reconcile.mapping import map_patient
from gateway.store.engine import Store
from gateway.store.tables import draft, map_group, patient, resource, resource_key, resource_version
from mappers import engine
from mappers.coverage import cover
from mappers.protocol import JsonObject, Resource
from mappers.record import collect
from mappers.render import draft_json

REGISTRY = fake_registry()


def _delivery(number: int, chance: random.Random) -> Delivery:
    items = []
    for position in range(chance.choice((1, 1, 2, 5))):
        kind = chance.choice(("Condition", "Observation", "Observation", "Medication", "Patient"))
        name = chance.choice("abcde")
        owner = {"reference": f"Patient/{'p' if name < 'd' else 'q'}"}
        json: JsonObject = {"resourceType": kind, "id": name, "value": chance.choice((0, 1, 2, 5, 6))}
        if kind == "Patient":
            json |= {"id": chance.choice("pq"), "gender": chance.choice(("female", "male"))}
        elif kind != "Medication":
            json |= {"subject": owner, "identifier": [{"system": "u", "value": chance.choice("123")}]}
        if kind == "Observation":
            json["focus"] = chance.choice(
                (
                    {"reference": f"Condition/{chance.choice('abcde')}"},
                    {"identifier": {"system": "u", "value": chance.choice("12")}, "type": "Condition"},
                )
            )
            json["device"] = {"reference": f"Medication/{chance.choice('abcde')}"}
            json |= chance.choice(({}, {"day": chance.choice("12")}))
        delete = chance.random() < 0.15
        items.append(
            Item(
                position=position, type=kind, id=json["id"], json=None if delete else json,
                raw=b"" if delete else orjson.dumps(json), delete=delete,
            )
        )  # fmt: skip
    return Delivery(
        source="s", channel="http", interaction="POST /fhir", digest=str(number).encode(), items=items,
        answer=lambda items: {"status": 200, "body": None},
    )  # fmt: skip


async def _work(store: Store) -> int:
    """Map every dirty patient once; returns how many there were."""
    async with store.read() as connection:
        query = sa.select(patient.c.id, patient.c.dirty_seq).where(patient.c.dirty_seq > patient.c.clean_seq)
        dirty = (await connection.execute(query)).all()
    for row in dirty:
        await map_patient(
            store, patient_id=row.id, mappers=REGISTRY, terminology=NoTerminology(), options_for=lambda source: {}
        )
        async with store.write() as connection:
            await connection.execute(sa.update(patient).where(patient.c.id == row.id).values(clean_seq=row.dirty_seq))
    return len(dirty)


@pytest.mark.parametrize("seed", range(4))
async def test_in_the_end_all_is_as_mapped_from_scratch(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    done = asyncio.Event()

    async def send(intake: Intake) -> None:
        number = 0
        for _ in range(15):
            batch = [_delivery(number := number + 1, chance) for _ in range(chance.choice((1, 3)))]
            await asyncio.gather(*(intake.submit(each) for each in batch))
            await asyncio.sleep(chance.choice((0, 0.002, 0.01)))
        done.set()

    async def work() -> None:
        while not done.is_set():
            await _work(store)

    async with Intake(store) as intake:
        await asyncio.gather(send(intake), work())
        rounds = 0
        while await _work(store):
            rounds += 1
            assert rounds < 5, "the backlog does not become empty"
    for name in "pq":
        await _assert_as_from_scratch(store, name)


async def test_a_resource_that_turns_out_to_be_another_patients_moves_with_its_draft(store: Store) -> None:
    def delivery(owner: str, digest: bytes) -> Delivery:
        json = {
            "resourceType": "Observation",
            "id": "o",
            "value": 5,
            "day": "1",
            "subject": {"reference": f"Patient/{owner}"},
        }
        item = Item(position=0, type="Observation", id="o", json=json, raw=orjson.dumps(json))
        return Delivery(
            source="s", channel="http", interaction="PUT", digest=digest, items=[item],
            answer=lambda items: {"status": 200, "body": None},
        )  # fmt: skip

    async with Intake(store) as intake:
        await intake.submit(delivery("p", b"1"))
        await _work(store)
        await intake.submit(delivery("q", b"2"))
        await _work(store)
    async with store.read() as connection:
        query = sa.select(patient.c.fhir_id, draft.c.key).join(draft, draft.c.patient_id == patient.c.id)
        assert (await connection.execute(query)).all() == [("q", "TNMStaging:day 1")]
    for name in "pq":
        await _assert_as_from_scratch(store, name)


async def _assert_as_from_scratch(store: Store, name: str) -> None:
    async with store.read() as connection:
        patient_id = await connection.scalar(sa.select(patient.c.id).where(patient.c.fhir_id == name))
        visible = sa.or_(resource.c.patient_id == patient_id, resource.c.state == "shared")
        rows = (
            await connection.execute(
                sa.select(resource, resource_version.c.raw)
                .join(resource_version, resource_version.c.id == resource.c.current_id)
                .where(visible, resource.c.state.in_(("assigned", "shared")))
            )
        ).all()
        keys = (await connection.execute(sa.select(resource_key.c.key, resource_key.c.resource_id))).all()
        drafts = (await connection.execute(sa.select(draft).where(draft.c.patient_id == patient_id))).all()
        stale = await connection.scalar(
            sa.select(sa.func.count()).where(map_group.c.patient_id == patient_id, sa.text("map_group.stale"))
        )
    own: dict[int, Resource] = {}
    shared: dict[int, Resource] = {}
    for row in rows:
        made = Resource(row.type, row.fhir_id, orjson.loads(zstandard.decompress(row.raw)))
        (shared if row.state == "shared" else own)[row.id] = made
    every = own | shared
    names: dict[str, Resource | None] = {}
    for key, row_id in keys:
        if row_id in every:
            names[key] = None if key in names else every[row_id]
    patients = [each for each in own.values() if each.reference == f"Patient/{name}"]
    reader = engine.MemoryReader(
        list(own.values()), patient=patients[0] if patients else None, shared=list(shared.values()), names=names
    )
    results = engine.map_patient(
        list(own.values()), reader, mappers=REGISTRY.mappers, terminology=NoTerminology(), options={}
    )
    expected: dict[str, Any] = {each.key: draft_json(each) for result in results for each in result.drafts}
    stored = {row.key: orjson.loads(zstandard.decompress(row.content)) for row in drafts}
    assert {
        key: {field: each[field] for field in expected[key]} for key, each in stored.items() if key in expected
    } == expected
    assert stored.keys() == expected.keys()
    assert stale == 0
    verdicts, readers = collect(results), REGISTRY.readers()
    for row in rows:
        if row.id in own:
            made = own[row.id]
            covered = cover(made.reference, made.json, verdicts.get(made.reference, ()), read=made.type in readers)
            assert (row.map_status, tuple(row.unconsumed), row.map_reason) == (
                covered.status.value, covered.unconsumed, covered.reason,
            )  # fmt: skip
