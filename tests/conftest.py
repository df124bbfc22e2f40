"""Fixtures that all tests share: the store on both engines, and where the reference material is."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.config import StoreSettings
from gateway.store.engine import Store
from gateway.store.migrate import open_store

POSTGRES = os.environ.get("POP_GATEWAY_TEST_POSTGRES", "postgresql+asyncpg://postgres@127.0.0.1:5432/test")
SHARED = Path(os.environ.get("POP_GATEWAY_SHARED", Path(__file__).parents[2] / "shared"))


async def _postgres_database() -> str:
    """Create a database of its own and return its URL; skip where there is no server (in CI there is one)."""
    name = f"gateway_{uuid.uuid4().hex[:12]}"
    engine = create_async_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(sa.text(f"CREATE DATABASE {name}"))
    except OSError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL at POP_GATEWAY_TEST_POSTGRES ({type(error).__name__})")
    finally:
        await engine.dispose()
    return POSTGRES.rsplit("/", 1)[0] + f"/{name}"


async def _drop(url: str) -> None:
    engine = create_async_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"DROP DATABASE IF EXISTS {url.rsplit('/', 1)[1]} WITH (FORCE)"))
    await engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
async def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database of each engine."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'store.sqlite'}"
        return
    url = await _postgres_database()
    try:
        yield url
    finally:
        await _drop(url)


@pytest.fixture
async def postgres_url() -> AsyncIterator[str]:
    """The URL of an empty PostgreSQL database."""
    url = await _postgres_database()
    try:
        yield url
    finally:
        await _drop(url)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """An open, migrated, empty store of each engine."""
    opened = await open_store(StoreSettings(url=store_url, durable=False))
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def shared() -> Path:
    """The shared reference material; tests that read it skip where it is not."""
    if not SHARED.is_dir():
        pytest.skip("the shared reference material (POP_GATEWAY_SHARED) is not here")
    return SHARED
