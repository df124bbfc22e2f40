"""The intake over a real store, on both engines: idempotence, version order, patients, shared resources, faults."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
import zstandard

from gateway.config import LimitSettings
from gateway.errors import StoreUnavailable
from gateway.intake import receive
from gateway.intake.item import Delivery, Receipt
from gateway.intake.writer import Intake
from gateway.store.engine import Store
from gateway.store.tables import (
    delivery,
    dependency,
    group_member,
    map_group,
    patient,
    pending_reference,
    resource,
    resource_version,
)

JsonObject = dict[str, Any]
LIMITS = LimitSettings()


@pytest.fixture
async def intake(store: Store) -> AsyncIterator[Intake]:
    async with Intake(store) as running:
        yield running


def _bundle(*resources: JsonObject, kind: str = "batch", **entry: Any) -> Delivery:
    body = {"resourceType": "Bundle", "type": kind, "entry": [{"resource": each, **entry} for each in resources]}
    return receive.bundle_delivery(orjson.dumps(body), source="s", channel="http", limits=LIMITS)


async def _send(intake: Intake, *resources: JsonObject) -> Receipt:
    return await intake.submit(_bundle(*resources))


def _patient(name: str = "p", **more: Any) -> JsonObject:
    return {"resourceType": "Patient", "id": name, **more}


def _specimen(name: str = "s1", **more: Any) -> JsonObject:
    return {"resourceType": "Specimen", "id": name, **more}


def _report(name: str = "r", owner: str = "p", **more: Any) -> JsonObject:
    return {
        "resourceType": "DiagnosticReport", "id": name, "status": "final", "code": {"text": "x"},
        "subject": {"reference": f"Patient/{owner}"}, **more,
    }  # fmt: skip


def _observation(name: str = "o", version: str | None = None, updated: str | None = None, **more: Any) -> JsonObject:
    meta = {key: value for key, value in (("versionId", version), ("lastUpdated", updated)) if value is not None}
    return {
        "resourceType": "Observation", "id": name, "status": "final", "code": {"text": "x"},
        "subject": {"reference": "Patient/p"}, **({"meta": meta} if meta else {}), **more,
    }  # fmt: skip


async def _owners(store: Store) -> dict[str, str]:
    """Reference → FHIR id of its patient, or its state if it has none."""
    columns = (resource.c.type, resource.c.fhir_id, resource.c.state, patient.c.fhir_id.label("owner"))
    statement = sa.select(*columns).select_from(resource.outerjoin(patient, patient.c.id == resource.c.patient_id))
    async with store.read() as connection:
        rows = (await connection.execute(statement)).all()
    return {f"{row.type}/{row.fhir_id}": row.owner if row.state == "assigned" else row.state for row in rows}


async def _states(store: Store) -> list[str]:
    async with store.read() as connection:
        return list(await connection.scalars(sa.select(resource_version.c.state).order_by(resource_version.c.id)))


async def _count(store: Store, table: sa.Table) -> int:
    async with store.read() as connection:
        return int(await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


async def _dirty(store: Store) -> dict[str, int]:
    async with store.read() as connection:
        rows = (await connection.execute(sa.select(patient.c.fhir_id, patient.c.dirty_seq))).all()
    return {row.fhir_id: row.dirty_seq for row in rows}


# -- idempotence ---------------------------------------------------------------------------------------------------


async def test_the_same_delivery_again_gets_the_same_answer_and_changes_nothing(store: Store, intake: Intake) -> None:
    first = await _send(intake, _patient(), _observation())
    before = await _dirty(store)
    again = await _send(intake, _patient(), _observation())
    assert (first.redelivery, again.redelivery) == (False, True)
    assert (again.delivery, again.answer, again.counts) == (first.delivery, first.answer, first.counts)
    assert await _dirty(store) == before
    assert await _count(store, resource_version) == 2


async def test_twenty_identical_deliveries_at_once_are_stored_once(store: Store) -> None:
    async with Intake(store) as one, Intake(store) as other:
        targets = itertools.cycle((one, other))
        receipts = await asyncio.gather(*(_send(next(targets), _patient(), _observation()) for _ in range(20)))
    assert len({receipt.delivery for receipt in receipts}) == 1
    assert sum(not receipt.redelivery for receipt in receipts) == 1
    assert await _states(store) == ["current", "current"]
    async with store.read() as connection:
        assert await connection.scalar(sa.select(delivery.c.times_received)) == 20


async def test_known_content_in_another_delivery_is_a_duplicate(store: Store, intake: Intake) -> None:
    await _send(intake, _observation())
    before = await _dirty(store)
    receipt = await _send(intake, _observation(), _observation("o2"))
    assert receipt.counts == {"duplicate": 1, "stored": 1}
    assert (await _dirty(store))["p"] > before["p"]


async def test_raw_bytes_are_kept(store: Store, intake: Intake) -> None:
    raw = (
        b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":35.50}}'
    )
    body = b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":' + raw + b"}]}"
    await intake.submit(receive.bundle_delivery(body, source="s", channel="http", limits=LIMITS))
    async with store.read() as connection:
        kept = await connection.scalar(sa.select(resource_version.c.raw))
    assert zstandard.ZstdDecompressor().decompress(kept) == raw


# -- versions ------------------------------------------------------------------------------------------------------

_EARLY, _LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("2", None), ("10", None)),
        ((None, _EARLY), (None, _LATE)),
        (("1", _LATE), ("2", _EARLY)),
    ],
)
@pytest.mark.parametrize("together", [True, False])
async def test_versions_in_reverse_order(
    store: Store, intake: Intake, old: tuple[str | None, str | None], new: tuple[str | None, str | None], together: bool
) -> None:
    versions = [_observation(version=new[0], updated=new[1]), _observation(version=old[0], updated=old[1])]
    if together:
        await _send(intake, *versions)
    else:
        for each in versions:
            await _send(intake, each)
    assert await _states(store) == ["current", "stale"]


async def test_a_newer_version_supersedes(store: Store, intake: Intake) -> None:
    await _send(intake, _observation(version="1"))
    receipt = await _send(intake, _observation(version="2"))
    assert await _states(store) == ["superseded", "current"]
    async with store.read() as connection:
        row = (await connection.execute(sa.select(resource.c.version_id, resource.c.current_id))).one()
        state = sa.select(resource_version.c.delivery_id).where(resource_version.c.id == row.current_id)
        assert (row.version_id, await connection.scalar(state)) == ("2", receipt.delivery)


async def test_a_deletion_is_kept_and_only_a_newer_version_brings_it_back(store: Store, intake: Intake) -> None:
    def remove() -> Delivery:
        return receive.delete_delivery(source="s", channel="http", interaction="DELETE", type_="Observation", id_="o")

    await _send(intake, _observation(version="3"))
    assert (await intake.submit(remove())).counts == {"deleted": 1}
    assert (await intake.submit(remove())).counts == {"duplicate": 1}
    assert (await _send(intake, _observation(version="2"))).counts == {"stale": 1}
    assert await _owners(store) == {"Observation/o": "deleted"}
    assert (await _send(intake, _observation(version="4"))).counts == {"stored": 1}
    assert await _owners(store) == {"Observation/o": "p"}


# -- bad neighbours ------------------------------------------------------------------------------------------------


async def test_an_invalid_entry_is_kept_with_its_reason_and_its_neighbours_are_stored(
    store: Store, intake: Intake
) -> None:
    receipt = await _send(intake, _observation("a"), _observation("b", status="bogus"), _observation("c"))
    assert (receipt.state, receipt.counts) == ("partly-invalid", {"stored": 2, "invalid": 1})
    async with store.read() as connection:
        wrong = sa.select(resource_version.c.outcome, resource_version.c.position).where(
            resource_version.c.state == "invalid"
        )
        row = (await connection.execute(wrong)).one()
    assert row.position == 1
    assert row.outcome["issue"][0]["expression"] == ["Observation.status"]
    assert set(await _owners(store)) == {"Observation/a", "Observation/c"}


async def test_a_nul_character_takes_nobody_down(store: Store, intake: Intake) -> None:
    bad = _observation("b\0", code={"text": "a\0"}, subject={"reference": "Patient/p\0"})
    receipt = await _send(intake, _observation("a"), bad)
    assert receipt.counts == {"stored": 1, "invalid": 1}


async def test_an_invalid_version_leaves_the_good_one_current(store: Store, intake: Intake) -> None:
    await _send(intake, _observation(version="1"))
    await _send(intake, _observation(version="2", status="bogus"))
    assert await _states(store) == ["current", "invalid"]


# -- whose is it ---------------------------------------------------------------------------------------------------

_IDENTIFIER = {"system": "urn:mrn", "value": "7"}


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p"},
        {"reference": "Patient/p/_history/2"},
        {"reference": "https://ehr.example/fhir/Patient/p"},
        {"reference": "urn:uuid:1b671a64-40d5-491e-99b0-da01ff1f3341"},
        {"reference": "#me"},
        {"identifier": _IDENTIFIER},
        {"reference": "Patient?identifier=urn:mrn|7"},
    ],
)
@pytest.mark.parametrize("patient_first", [True, False])
async def test_every_form_of_reference_finds_the_patient_in_any_order(
    store: Store, intake: Intake, subject: JsonObject, patient_first: bool
) -> None:
    contained = [{"resourceType": "Patient", "id": "me", "identifier": [_IDENTIFIER]}]
    more = {"contained": contained} if subject.get("reference") == "#me" else {}
    arrivals = [
        _bundle(_patient(identifier=[_IDENTIFIER]), fullUrl="urn:uuid:1b671a64-40d5-491e-99b0-da01ff1f3341"),
        _bundle(_observation(subject=subject, **more)),
    ]
    for each in arrivals if patient_first else reversed(arrivals):
        await intake.submit(each)
    assert await _owners(store) == {"Patient/p": "p", "Observation/o": "p"}
    assert await _count(store, pending_reference) == 0


_CHAIN = (
    _report(specimen=[{"reference": "Specimen/s1"}]),
    _specimen("s1", parent=[{"reference": "Specimen/s2"}]),
    _specimen("s2"),
    {"resourceType": "MedicationAdministration", "id": "m", "status": "completed", "effectiveDateTime": "2026-01-01",
     "medicationCodeableConcept": {"text": "x"}, "subject": {"display": "-"}, "request": {"reference": "MedicationRequest/q"}},
    {"resourceType": "MedicationRequest", "id": "q", "status": "active", "intent": "order",
     "medicationCodeableConcept": {"text": "x"}, "subject": {"reference": "Patient/p"}},
)  # fmt: skip
_CHAIN_OWNERS = {
    "DiagnosticReport/r": "p", "Specimen/s1": "p", "Specimen/s2": "p", "MedicationAdministration/m": "p",
    "MedicationRequest/q": "p",
}  # fmt: skip


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::7])
async def test_intermediate_resources_tell_the_patient_in_any_order(
    store: Store, intake: Intake, order: tuple[int, ...]
) -> None:
    for position in order:
        await _send(intake, _CHAIN[position])
    assert await _owners(store) == _CHAIN_OWNERS
    assert await _count(store, pending_reference) == 0


async def test_intermediate_resources_tell_the_patient_within_one_bundle(store: Store, intake: Intake) -> None:
    await _send(intake, *_CHAIN)
    assert await _owners(store) == _CHAIN_OWNERS


async def test_what_waits_says_for_what(store: Store, intake: Intake) -> None:
    await _send(intake, _specimen("s1", parent=[{"reference": "Specimen/s2"}]))
    async with store.read() as connection:
        row = (await connection.execute(sa.select(resource.c.state, resource.c.waits_for))).one()
    assert (row.state, row.waits_for) == ("waiting", "Specimen/s2")
    assert await _count(store, patient) == 0


async def test_two_patients_in_one_bundle(store: Store, intake: Intake) -> None:
    await _send(intake, _patient("p"), _patient("q"), _report("r1", "p"), _report("r2", "q"))
    owners = {"Patient/p": "p", "Patient/q": "q", "DiagnosticReport/r1": "p", "DiagnosticReport/r2": "q"}
    assert await _owners(store) == owners
    assert set(await _dirty(store)) == {"p", "q"}


async def test_a_resource_that_changes_its_patient_makes_both_dirty(store: Store, intake: Intake) -> None:
    await _send(intake, _report("r", "p"), _report("x", "q"))
    before = await _dirty(store)
    await _send(intake, _report("r", "q"))
    after = await _dirty(store)
    assert (await _owners(store))["DiagnosticReport/r"] == "q"
    assert all(after[name] > before[name] for name in "pq")


async def test_sources_do_not_see_each_other(store: Store, intake: Intake) -> None:
    for source in ("one", "two"):
        body = orjson.dumps(_observation(subject={"identifier": _IDENTIFIER}))
        await intake.submit(receive.bundle_delivery(body, source=source, channel="http", limits=LIMITS))
    body = orjson.dumps(_patient(identifier=[_IDENTIFIER]))
    await intake.submit(receive.bundle_delivery(body, source="one", channel="http", limits=LIMITS))
    async with store.read() as connection:
        columns = (resource.c.source, resource.c.state)
        rows = (await connection.execute(sa.select(*columns).where(resource.c.type == "Observation"))).all()
    assert {row.source: row.state for row in rows} == {"one": "assigned", "two": "waiting"}


async def test_an_update_replaces_identifiers_and_keeps_the_full_url(store: Store, intake: Intake) -> None:
    urn = "urn:uuid:1b671a64-40d5-491e-99b0-da01ff1f3341"
    await intake.submit(_bundle(_patient(identifier=[_IDENTIFIER]), fullUrl=urn))
    for _ in range(2):
        await intake.submit(_bundle(_patient(identifier=[{"system": "urn:mrn", "value": "8"}]), fullUrl=urn))
    await _send(intake, _patient(gender="female"))
    await _send(
        intake,
        _observation("a", subject={"reference": urn}),
        _observation("b", subject={"identifier": _IDENTIFIER}),
        _observation("c", subject={"identifier": {"system": "urn:mrn", "value": "8"}}),
    )
    owners = await _owners(store)
    assert [owners[f"Observation/{name}"] for name in "abc"] == ["p", "waiting", "waiting"]


# -- shared resources ----------------------------------------------------------------------------------------------


async def test_a_changed_shared_resource_makes_the_groups_that_asked_for_it_stale(store: Store, intake: Intake) -> None:
    await _send(intake, _patient("p"), _patient("q"), {"resourceType": "Medication", "id": "m"})
    assert (await _owners(store))["Medication/m"] == "shared"
    async with store.write() as connection:
        rows = (await connection.execute(sa.select(patient.c.id, patient.c.fhir_id))).all()
        for row in rows:
            group = {
                "id": row.id,
                "patient_id": row.id,
                "mapper": "m",
                "key": "k",
                "mapper_version": "1",
                "stale": False,
            }
            await connection.execute(sa.insert(map_group).values(group))
            target = "Medication/m" if row.fhir_id == "p" else "Medication/other"
            await connection.execute(sa.insert(dependency).values(group_id=row.id, target=target))
    before = await _dirty(store)
    await _send(intake, {"resourceType": "Medication", "id": "m", "status": "active"})
    after = await _dirty(store)
    assert (after["p"] > before["p"], after["q"] == before["q"]) == (True, True)
    async with store.read() as connection:
        join = map_group.join(patient, patient.c.id == map_group.c.patient_id)
        stale = await connection.scalars(sa.select(patient.c.fhir_id).select_from(join).where(map_group.c.stale))
        assert list(stale) == ["p"]


async def test_a_resource_that_leaves_its_patient_leaves_a_stale_group(store: Store, intake: Intake) -> None:
    await _send(intake, _report("r", "p"))
    async with store.write() as connection:
        row = (await connection.execute(sa.select(resource.c.id, resource.c.patient_id))).one()
        group = {
            "id": 1,
            "patient_id": row.patient_id,
            "mapper": "m",
            "key": "k",
            "mapper_version": "1",
            "stale": False,
        }
        await connection.execute(sa.insert(map_group).values(group))
        await connection.execute(sa.insert(group_member).values(group_id=1, resource_id=row.id))
    await _send(intake, _report("r", "q"))
    async with store.read() as connection:
        assert await connection.scalar(sa.select(map_group.c.stale)) is True


# -- conditional writes --------------------------------------------------------------------------------------------


async def test_a_conditional_create_of_what_exists_changes_nothing(store: Store, intake: Intake) -> None:
    await _send(intake, _patient(identifier=[_IDENTIFIER]))
    request = {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:mrn|7"}
    new = {"resourceType": "Patient", "identifier": [_IDENTIFIER], "gender": "female"}
    assert (await intake.submit(_bundle(new, request=request))).counts == {"duplicate": 1}
    assert await _owners(store) == {"Patient/p": "p"}


async def test_a_conditional_update_changes_what_has_the_identifier(store: Store, intake: Intake) -> None:
    await _send(intake, _patient(identifier=[_IDENTIFIER]))
    request = {"method": "PUT", "url": "Patient?identifier=urn:mrn|7"}
    new = {"resourceType": "Patient", "identifier": [_IDENTIFIER], "gender": "female"}
    assert (await intake.submit(_bundle(new, request=request))).counts == {"stored": 1}
    assert await _owners(store) == {"Patient/p": "p"}
    assert await _states(store) == ["superseded", "current"]


# -- faults --------------------------------------------------------------------------------------------------------


async def test_nothing_is_acknowledged_when_the_store_does_not_take_it(store: Store, intake: Intake) -> None:
    async with store.write() as connection:
        await connection.execute(sa.text("ALTER TABLE resource_version RENAME TO gone"))
    with pytest.raises(StoreUnavailable):
        await _send(intake, _observation())
    async with store.write() as connection:
        await connection.execute(sa.text("ALTER TABLE gone RENAME TO resource_version"))
    assert await _count(store, delivery) == 0
    receipt = await _send(intake, _observation())
    assert (receipt.redelivery, receipt.counts) == (False, {"stored": 1})


async def test_a_stopped_intake_takes_nothing(store: Store) -> None:
    intake = Intake(store)
    with pytest.raises(StoreUnavailable):
        await _send(intake, _observation())


async def test_commits_are_told(store: Store) -> None:
    told: list[int] = []
    async with Intake(store, on_commit=lambda: told.append(1)) as intake:
        await _send(intake, _observation())
    assert told
