"""The store is full or locked: what cannot be kept is not acknowledged, and works again when there is room."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import httpx
import pytest
from pop_content import read_content
from victim import finish, settings

from gateway.service import Gateway
from gateway.store import engine
from gateway.web.server import serving

FHIR = {"Content-Type": "application/fhir+json"}


def files(folder: Path) -> list[Path]:
    """The Bundles of a folder."""
    return sorted(folder.glob("*.json"))


async def post_all(client: httpx.AsyncClient, folder: Path) -> list[int]:
    """Status of posting each file."""
    return [(await client.post("/fhir", content=path.read_bytes(), headers=FHIR)).status_code for path in files(folder)]


async def test_a_full_disk(tmp_path: Path, pop: str, clean_content: list[str], patients: Path) -> None:
    database = tmp_path / "store.sqlite"
    async with Gateway(settings(f"sqlite+aiosqlite:///{database}", pop)) as gateway:
        async with (
            serving(gateway, host="127.0.0.1", port=0) as base,
            httpx.AsyncClient(base_url=base, timeout=30) as client,
        ):
            async with gateway.store.write() as connection:
                pages = await connection.exec_driver_sql("PRAGMA page_count")
                await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages.scalar_one() + 1}")
            # The limit is a setting of a connection, as a full disk is one of the machine: every connection of the pool has it.
            await _limit_all(gateway, 1)
            statuses = await post_all(client, patients)
            assert 503 in statuses
            refused = await client.post("/fhir", content=files(patients)[0].read_bytes(), headers=FHIR)
            assert refused.status_code == 503
            assert refused.json()["resourceType"] == "OperationOutcome"
            assert "Retry-After" in refused.headers
            await _limit_all(gateway, 10**6)
            assert set(await post_all(client, patients)) <= {200, 422}
        await finish(gateway)
    assert await read_content(pop) == clean_content


async def _limit_all(gateway: Gateway, pages: int) -> None:
    from sqlalchemy import event

    sync = gateway.store.engine.sync_engine

    def limit(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

    event.listen(sync, "checkout", lambda connection, record, proxy: limit(connection))


async def test_a_locked_database(
    tmp_path: Path, pop: str, clean_content: list[str], patients: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT", 100)
    database = tmp_path / "store.sqlite"
    async with Gateway(settings(f"sqlite+aiosqlite:///{database}", pop)) as gateway:
        async with (
            serving(gateway, host="127.0.0.1", port=0) as base,
            httpx.AsyncClient(base_url=base, timeout=30) as client,
        ):
            other = sqlite3.connect(database, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            assert set(await post_all(client, patients)) == {503}
            other.execute("ROLLBACK")
            other.close()
            assert set(await post_all(client, patients)) <= {200, 422}
        await finish(gateway)
    assert await read_content(pop) == clean_content
