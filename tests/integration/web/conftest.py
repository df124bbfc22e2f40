"""The HTTP application over a real store, with the switches of the running gateway as lists of what was called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp.test_utils import TestClient, TestServer

from adapters.pop.limiter import Limiter
from gateway.config import Settings
from gateway.intake.writer import Intake
from gateway.store.engine import Store
from gateway.terminology.desk import Desk
from gateway.web.app import Services, application
from mappers.terminology import Terminology


@dataclass
class World:
    """A client of the application, its store, and what the application asked of the gateway."""

    client: TestClient
    store: Store
    settings: Settings
    work: list[str] = field(default_factory=list)
    alive: bool = True


@pytest.fixture
async def world(store: Store) -> AsyncIterator[World]:
    settings = Settings()
    async with Intake(store) as intake:
        services = Services(
            store=store,
            settings=settings,
            intake=intake,
            on_hint=lambda source: world.work.append(f"hint {source}"),
            on_work=lambda: world.work.append("work"),
            worker_alive=lambda: world.alive,
            limiter=Limiter(lambda: 8),
            desk=lambda: Desk(Terminology()),
        )
        async with TestClient(TestServer(application(services))) as client:
            world = World(client, store, settings)
            yield world
