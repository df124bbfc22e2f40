"""What one change costs does not depend on how much the patient has, and a run that lost its lease writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from mapping_world import World
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.engine import Store


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that is sent, with its parameters."""
    seen: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        seen.append((statement, parameters))

    event.listen(store.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine.sync_engine, "before_cursor_execute", note)


async def _record(world: World, size: int) -> None:
    await world.put({"resourceType": "Condition", "id": "c", "value": 5}, of="p")
    for number in range(size):
        await world.put(_observation(number, 5), of="p")
    await world.map()


def _observation(number: int, value: int) -> dict[str, Any]:
    focus = {"reference": "Condition/c"}
    return {"resourceType": "Observation", "id": f"o{number}", "value": value, "focus": focus}


async def _change(world: World) -> list[tuple[str, Any]]:
    await world.put(_observation(3, 6), of="p")
    with statements(world.store) as seen:
        assert (await world.map()).groups == 1
    return seen


async def test_one_change_sends_the_same_statements_on_a_small_and_a_larger_record(world: World) -> None:
    await _record(world, 5)
    small = [statement for statement, _ in await _change(world)]
    for number in range(5, 60):
        await world.put(_observation(number, 5), of="p")
    await world.map()
    await world.put(_observation(3, 5), of="p")
    await world.map()
    assert [statement for statement, _ in await _change(world)] == small


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_no_statement_of_a_change_walks_through_the_patients_groups_or_resources(world: World) -> None:
    await _record(world, 5)
    plans: list[str] = []
    for statement, parameters in await _change(world):
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            values = parameters[0] if isinstance(parameters, list) else parameters
            async with world.store.engine.connect() as connection:
                rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                plans.extend(row.detail for row in rows)
    assert len(plans) > 15
    assert [plan for plan in plans if plan.startswith("SCAN")] == []
    walks = [plan for plan in plans if "map_group" in plan and plan.endswith("(patient_id=?)") and "stale" not in plan]
    assert walks == []
    walks = [plan for plan in plans if plan.startswith("SEARCH resource ") and plan.endswith("(patient_id=?)")]
    assert all("ix_resource_unmapped" in plan for plan in walks)


class LeaseLost(Exception):
    pass


async def test_a_run_that_lost_its_lease_writes_nothing(world: World) -> None:
    async def fence(connection: AsyncConnection) -> None:
        assert await connection.scalar(sa.select(1)) == 1
        raise LeaseLost

    await _record(world, 2)
    before = await world.drafts()
    await world.put(_observation(1, 6), of="p")
    with pytest.raises(LeaseLost):
        await world.map(fence=fence)
    assert await world.drafts() == before
    assert (await world.map()).changed_draft_keys == {"TumorMarker:Observation/o1"}
