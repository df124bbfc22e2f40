"""The audit of POP requests: every one is kept with its cause, buffered until the transaction that records its result.

What a process has sent and not yet recorded when it is killed is missing here (at most the requests of one transaction,
``RECORD_EVERY``); that it was about to be sent stands in the ledger, and POP's own history has it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.pop.client import Exchange
from gateway import metrics
from gateway.store.engine import Store
from gateway.store.tables import pop_request

#: Rows that one deletion takes: writers wait for it on SQLite.
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Cause:
    """Why requests are being sent: set by whoever is about to send them."""

    patient_id: int | None = None
    key: str | None = None
    mapper: str | None = None
    mapper_version: str | None = None
    worker: str | None = None
    operator: str | None = None
    """Who asked for the replay that this is part of."""
    versions: tuple[int, ...] = ()
    """``resource_version.id`` of what the draft came from; each names its delivery."""


NO_CAUSE = Cause()
CAUSE: ContextVar[Cause] = ContextVar("pop_request_cause", default=NO_CAUSE)


class Audit:
    """Collects exchanges (give ``observe`` to the client) and writes them. ``seal`` encrypts a payload that is to be kept; without
    it only its digest is."""

    def __init__(self, seal: Callable[[bytes], bytes] | None = None) -> None:
        self._seal = seal
        self._rows: list[dict[str, Any]] = []
        self._told: list[Callable[[], None]] = []

    def on_create(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call ``tell`` after every create that POP answered with 201; gives back what ends that."""
        self._told.append(tell)
        return lambda: self._told.remove(tell)

    def observe(self, exchange: Exchange) -> None:
        """Note one exchange. Never raises: the request has happened."""
        cause = CAUSE.get()
        metrics.POP_REQUESTS.labels(exchange.method, str(exchange.status or exchange.error)).inc()
        metrics.POP_SECONDS.labels(exchange.method).observe(exchange.duration)
        if exchange.status == 201:
            for tell in self._told:
                tell()
        self._rows.append(
            {
                "at": time.time(),
                "patient_id": cause.patient_id,
                "key": cause.key,
                "method": exchange.method,
                "path": exchange.path,
                "status": exchange.status,
                "error": exchange.error,
                "duration": exchange.duration,
                "entity_id": exchange.entity_id,
                "refusal": exchange.refusal,
                "payload_digest": exchange.payload_digest,
                "payload": self._sealed(exchange.payload),
                "cause": {
                    "mapper": cause.mapper,
                    "mapperVersion": cause.mapper_version,
                    "versions": list(cause.versions),
                    "operator": cause.operator,
                    "worker": cause.worker,
                },
            }
        )

    def _sealed(self, payload: bytes | None) -> bytes | None:
        return None if payload is None or self._seal is None else self._seal(payload)

    @asynccontextmanager
    async def recording(self, store: Store) -> AsyncIterator[AsyncConnection]:
        """A transaction of the store that, at its end, writes what is buffered too. If it fails, the rows wait for the next."""
        rows: list[dict[str, Any]] = []
        try:
            async with store.write() as connection:
                yield connection
                rows, self._rows = self._rows, []
                if rows:
                    await connection.execute(sa.insert(pop_request), rows)
        except BaseException:
            self._rows = rows + self._rows
            raise

    async def flush(self, store: Store) -> None:
        """Write what is buffered, in a transaction of its own. Raises StoreUnavailable; the rows wait then."""
        if self._rows:
            async with self.recording(store):
                pass


async def expire(store: Store, *, keep: float, keep_payloads: float) -> int:
    """Delete what is older than ``keep`` seconds, and the payloads older than ``keep_payloads``; returns how many requests
    went."""
    now, gone = time.time(), 0
    column = pop_request.c
    while True:
        async with store.write() as connection:
            old = sa.select(column.id).where(column.at < now - keep).limit(_BATCH)
            deleted = (await connection.execute(sa.delete(pop_request).where(column.id.in_(old)))).rowcount
        gone += deleted
        if deleted < _BATCH:
            break
    async with store.write() as connection:
        await connection.execute(
            sa.update(pop_request)
            .where(column.at < now - keep_payloads, column.payload.is_not(None))
            .values(payload=None)
        )
    return gone
