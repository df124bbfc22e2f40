"""The migrations make exactly the tables that the code uses, on both engines, once, however many start at the same time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from gateway.config import StoreSettings
from gateway.errors import ConfigurationError, StoreUnavailable
from gateway.store.engine import Store
from gateway.store.migrate import head, open_store, revision
from gateway.store.tables import counter, metadata, setting


async def test_migrations_and_tables_agree(store: Store) -> None:
    def compare(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    async with store.read() as connection:
        assert await connection.run_sync(compare) == []
    assert await revision(store) == head()


async def test_opening_again_keeps_the_data(store: Store, store_url: str) -> None:
    async with store.write() as connection:
        await connection.execute(sa.insert(setting).values(name="x", value={"a": 1}, updated_at=0.0))
        assert await store.next_seq(connection, 5) == 1
    again = await open_store(StoreSettings(url=store_url))
    async with again.write() as connection:
        assert await connection.scalar(sa.select(setting.c.value)) == {"a": 1}
        assert await again.next_seq(connection) == 6
    await again.close()


async def test_many_open_an_empty_database_at_once(store_url: str) -> None:
    stores = await asyncio.gather(*(open_store(StoreSettings(url=store_url)) for _ in range(3)))
    async with stores[0].read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(counter)) == 1
    for each in stores:
        await each.close()


@pytest.mark.parametrize("url", ["nonsense", "sqlite+nodriver:///x", "oracle+none://x"])
async def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ConfigurationError):
        await open_store(StoreSettings(url=url))


async def test_a_database_that_does_not_answer() -> None:
    with pytest.raises(StoreUnavailable) as failed:
        await open_store(StoreSettings(url="postgresql+asyncpg://user:secret-word@127.0.0.1:1/x"))
    assert "secret-word" not in str(failed.value)


async def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="folder"):
        await open_store(StoreSettings(url=f"sqlite+aiosqlite:///{tmp_path / 'no' / 'where.sqlite'}"))


async def test_a_full_disk_is_unavailable_and_nothing_is_kept(tmp_path: Path) -> None:
    store = await open_store(StoreSettings(url=f"sqlite+aiosqlite:///{tmp_path / 's.sqlite'}"))

    async def fill() -> None:
        async with store.write() as connection:
            pages = await connection.scalar(sa.text("PRAGMA page_count"))
            await connection.execute(sa.text(f"PRAGMA max_page_count={pages}"))
            for number in range(50):
                row = {"name": str(number), "value": "x" * 10_000, "updated_at": 0.0}
                await connection.execute(sa.insert(setting).values(row))

    with pytest.raises(StoreUnavailable):
        await fill()
    async with store.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(setting)) == 0
    await store.close()
