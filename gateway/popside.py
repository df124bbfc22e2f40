"""POP as the gateway uses it: the client on the configured account, the session shared through the store, POP's value lists."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import sqlalchemy as sa
import structlog
import zstandard

from adapters.pop.client import PopClient
from adapters.pop.errors import PopContract, PopError, PopRejected, PopServerError
from adapters.pop.kinds import KINDS
from adapters.pop.session import Session
from gateway.config import PopSettings
from gateway.reconcile.audit import Audit
from gateway.store.engine import Store
from gateway.store.tables import lease, setting, terminology

log = structlog.get_logger("gateway.pop")

JsonObject = dict[str, Any]
Lists = dict[str, list[JsonObject]]

SESSION = "pop.session"
LOGIN_LOCK = "pop-login"
#: Seconds after which another replica may take over a login that did not end.
LOGIN_LEASE = 30.0


class StoredTokens:
    """POP's session in the store: one login for all replicas (implements adapters.pop.session.TokenStore)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._holder = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"

    async def read(self) -> Session:
        """The shared session."""
        async with self._store.read() as connection:
            value = await connection.scalar(sa.select(setting.c.value).where(setting.c.name == SESSION))
        return Session() if value is None else Session(**value)

    async def write(self, session: Session) -> None:
        """Share it."""
        value = {
            "token": session.token, "issued_at": session.issued_at, "failures": session.failures,
            "not_before": session.not_before,
        }  # fmt: skip
        async with self._store.write(lock=SESSION) as connection:
            changed = await connection.execute(
                sa.update(setting).where(setting.c.name == SESSION).values(value=value, updated_at=time.time())
            )
            if changed.rowcount == 0:
                await connection.execute(sa.insert(setting).values(name=SESSION, value=value, updated_at=time.time()))

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Held by whoever signs in. A lease, not a transaction: nobody's commit waits for POP's answer."""
        while not await self._take():  # noqa: ASYNC110 - it waits for another process
            await asyncio.sleep(0.1)
        try:
            yield
        finally:
            async with self._store.write(lock=LOGIN_LOCK) as connection:
                await connection.execute(
                    sa.delete(lease).where(lease.c.name == LOGIN_LOCK, lease.c.holder == self._holder)
                )

    async def _take(self) -> bool:
        now = time.time()
        async with self._store.write(lock=LOGIN_LOCK) as connection:
            until = await connection.scalar(sa.select(lease.c.until).where(lease.c.name == LOGIN_LOCK))
            if until is not None and until > now:
                return False
            await connection.execute(sa.delete(lease).where(lease.c.name == LOGIN_LOCK))
            await connection.execute(
                sa.insert(lease).values(name=LOGIN_LOCK, holder=self._holder, until=now + LOGIN_LEASE)
            )
        return True


def pop_client(settings: PopSettings, store: Store, audit: Audit) -> PopClient:
    """The client for the configured POP."""
    return PopClient(
        url=settings.url,
        username=settings.username,
        password=settings.secret,
        tokens=StoredTokens(store),
        timeout=settings.timeout,
        observer=audit.observe,
    )


def needed_terminologies(kinds: Iterable[str]) -> list[str]:
    """Names of the value lists that fields of these kinds are bound to."""
    return sorted({name for kind in kinds for name in KINDS[kind].terminology.values()})


async def cached_lists(store: Store) -> Lists:
    """The value lists that the store holds."""
    decompress = zstandard.ZstdDecompressor().decompress
    async with store.read() as connection:
        rows = (await connection.execute(sa.select(terminology.c.name, terminology.c.concepts))).all()
    return {row.name: orjson.loads(decompress(row.concepts)) for row in rows}


async def fetch_lists(store: Store, client: PopClient, names: Iterable[str]) -> Lists:
    """Read the value lists from POP into the store. A list that POP fails on is left out, and said so; raises PopError for
    what concerns every list (POP away, account refused)."""
    compress = zstandard.ZstdCompressor(level=3).compress
    fetched: Lists = {}
    for name in names:
        try:
            concepts = await client.concepts(name)
        except (PopServerError, PopRejected, PopContract) as error:
            log.warning("terminology-not-read", name=name, code=error.code)
            continue
        kept = [
            {field: item[field] for field in ("system", "code", "display", "synonyms", "properties") if item.get(field)}
            for item in concepts
        ]
        values = {"count": len(kept), "fetched_at": time.time(), "concepts": compress(orjson.dumps(kept))}
        async with store.write(lock="terminology") as connection:
            changed = await connection.execute(
                sa.update(terminology).where(terminology.c.name == name).values(**values)
            )
            if changed.rowcount == 0:
                await connection.execute(sa.insert(terminology).values(name=name, **values))
        fetched[name] = kept
    return fetched


async def lists(store: Store, client: PopClient, names: Iterable[str], *, refresh: bool = False) -> Lists:
    """The value lists: from the store, what it lacks from POP. If POP is away, what the store has must do: fields whose list
    is not known are translated without being checked, and POP has the last word."""
    wanted = list(names)
    known = await cached_lists(store)
    missing = wanted if refresh else [name for name in wanted if name not in known]
    if missing:
        try:
            known |= await fetch_lists(store, client, missing)
        except PopError as error:
            log.warning("terminologies-not-read", code=error.code, reason=str(error), missing=len(missing))
    return known
