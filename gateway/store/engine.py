"""Opening the store, and its two kinds of transaction.

SQLite: WAL, one writer (``BEGIN IMMEDIATE``, so that a transaction never fails half-way with «database is locked»).
PostgreSQL: READ COMMITTED, and an advisory lock for those writers that must see each other's work in order (the intake).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.config import StoreSettings
from gateway.errors import StoreUnavailable
from gateway.store import tables

#: Milliseconds a SQLite writer waits for another process before it gives up with StoreUnavailable.
BUSY_TIMEOUT = 15_000


class Store:
    """The database. Made by :func:`open_store`; closed by ``close``."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading. Raises StoreUnavailable if the database does not answer."""
        with _translated():
            async with self.engine.connect() as connection:
                yield await connection.execution_options(immediate=False)

    @asynccontextmanager
    async def write(self, *, lock: str | None = None) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed on leaving, rolled back on an exception. With ``lock``, no two transactions of that
        name overlap on any replica (on SQLite no two writers ever do). Raises StoreUnavailable."""
        with _translated():
            if self.sqlite:
                async with self._writer, self.engine.begin() as connection:
                    yield connection
                return
            async with self.engine.begin() as connection:
                if lock is not None:
                    key = int.from_bytes(hashlib.blake2b(lock.encode(), digest_size=8).digest(), "big", signed=True)
                    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
                yield connection

    async def next_seq(self, connection: AsyncConnection, count: int = 1) -> int:
        """Reserve ``count`` numbers of the change counter and return the first. Call it inside ``write(lock="intake")``."""
        last = await connection.scalar(
            sa.update(tables.counter)
            .where(tables.counter.c.name == "seq")
            .values(value=tables.counter.c.value + count)
            .returning(tables.counter.c.value)
        )
        if last is None:
            raise StoreUnavailable("the store has no change counter: run `pop-gateway serve` once to migrate it")
        return int(last) - count + 1

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def create_engine(settings: StoreSettings) -> AsyncEngine:
    """An engine that never prints bound parameters (they are the FHIR body) and speaks JSON through orjson."""
    options: dict[str, Any] = {
        "hide_parameters": True,
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    if settings.url.startswith("sqlite"):
        engine = create_async_engine(settings.url, **options)
        synchronous = "FULL" if settings.durable else "NORMAL"

        @event.listens_for(engine.sync_engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            # The driver must not open transactions by itself: BEGIN IMMEDIATE below does (sqlite3, isolation_level).
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in (
                "journal_mode=WAL",
                f"synchronous={synchronous}",
                f"busy_timeout={BUSY_TIMEOUT}",
                "foreign_keys=ON",
                "cache_size=-65536",
                "temp_store=MEMORY",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            immediate = connection.get_execution_options().get("immediate", True)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

        return engine
    return create_async_engine(settings.url, pool_size=20, max_overflow=10, pool_pre_ping=True, **options)


class _translated:
    """Database faults become StoreUnavailable; a violated constraint stays what it is (a defect of ours)."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DBAPIError) and not isinstance(error, sa.exc.IntegrityError | sa.exc.ProgrammingError):
            cause = type(error.orig).__name__ if error.orig is not None else type(error).__name__
            raise StoreUnavailable(
                f"the store did not accept the transaction ({cause}); nothing of it was kept"
            ) from error
        if isinstance(error, OSError):
            raise StoreUnavailable(f"the store cannot be reached ({type(error).__name__})") from error
