"""POP's value lists in the store: read once, looked at cheaply, read again when they change, and what was refused goes on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from adapters.pop.client import PopClient
from adapters.pop.errors import PopTransient
from adapters.sandbox.pop.faults import Fault
from adapters.sandbox.pop.server import SandboxPop, running
from gateway import valuelists
from gateway.store.engine import Store
from gateway.store.tables import ledger, patient, terminology

NAMES = ["AdministrativeGender", "TumorMarkerAnalyte"]


@pytest.fixture
def pop() -> SandboxPop:
    return SandboxPop()


@pytest.fixture
async def client(pop: SandboxPop) -> AsyncIterator[PopClient]:
    async with running(pop) as address:
        made = PopClient(url=address, username="gateway", password=lambda: "gateway")
        yield made
        await made.aclose()


async def test_an_unchanged_list_costs_two_small_requests(store: Store, client: PopClient, pop: SandboxPop) -> None:
    read = await valuelists.lists(store, client, NAMES)
    assert {concept["code"] for concept in read["AdministrativeGender"]} >= {"male", "female"}
    before, newest = pop.counts["GET"], await valuelists.newest(store)
    assert await valuelists.lists(store, client, NAMES) == read
    assert pop.counts["GET"] == before, "they are in the store"
    assert await valuelists.refresh_lists(store, client, NAMES) == set()
    assert pop.counts["GET"] == before + 2 * len(NAMES)
    assert await valuelists.newest(store) == newest


async def test_a_list_that_changed_is_read_again_and_only_that(
    store: Store, client: PopClient, pop: SandboxPop
) -> None:
    await valuelists.lists(store, client, NAMES)
    pop.faults.set([Fault("missing", name="AdministrativeGender/other")])
    assert await valuelists.refresh_lists(store, client, NAMES) == {"AdministrativeGender"}
    lists = await valuelists.cached_lists(store)
    assert "other" not in {concept["code"] for concept in lists["AdministrativeGender"]}
    pop.faults.set([])
    assert await valuelists.refresh_lists(store, client, NAMES) == {"AdministrativeGender"}


async def test_a_list_is_read_whole_once_a_week(store: Store, client: PopClient, pop: SandboxPop) -> None:
    await valuelists.lists(store, client, NAMES)
    async with store.write() as connection:
        week = time.time() - valuelists.READ_WHOLE_AFTER - 1
        await connection.execute(sa.update(terminology).values(fetched_at=week))
    assert await valuelists.refresh_lists(store, client, NAMES) == set(), "read, and the same"
    async with store.read() as connection:
        assert await connection.scalar(sa.select(sa.func.min(terminology.c.fetched_at))) > week


async def test_a_pop_that_is_away_leaves_what_the_store_has(store: Store, client: PopClient, pop: SandboxPop) -> None:
    read = await valuelists.lists(store, client, NAMES[:1])
    pop.faults.set([Fault("status", status=503, times=None)])
    assert await valuelists.lists(store, client, NAMES) == read
    with pytest.raises(PopTransient):
        await valuelists.refresh_lists(store, client, NAMES)
    assert await valuelists.cached_lists(store) == read


async def test_what_was_parked_for_want_of_a_concept_is_tried_again(store: Store) -> None:
    refused = "POP's list for «tnm stage» has no concept X of http://s"
    async with store.write() as connection:
        for number, message in enumerate((refused, "POP's rule «x» forbids it"), start=1):
            await connection.execute(
                sa.insert(patient).values(id=number, source="s", fhir_id=str(number), dirty_seq=0, dirty_at=0.0)
            )
            await connection.execute(
                sa.insert(ledger).values(
                    patient_id=number, key="k", kind="TumorMarker", state="parked", digest=b"d", message=message
                )
            )
    assert await valuelists.retry_refused_concepts(store) == 1
    async with store.read() as connection:
        dirty = await connection.scalars(sa.select(patient.c.id).where(patient.c.dirty_seq > patient.c.clean_seq))
        assert list(dirty) == [1]
    assert await valuelists.retry_refused_concepts(store) == 0
