"""The world of the mapping tests, on both engines."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from mapping_world import World

from gateway.store.engine import Store
from gateway.store.tables import delivery


@pytest.fixture
async def world(store: Store) -> World:
    async with store.write() as connection:
        result = await connection.execute(
            sa.insert(delivery).values(
                source="s",
                channel="http",
                received_at=0.0,
                digest=b"x",
                interaction="POST /fhir",
                state="stored",
                counts={},
            )
        )
    made = World(store, result.inserted_primary_key[0])
    await made.add_patient("p")
    return made
