"""The audit of POP requests: every one is kept with its cause, buffered until the transaction that records its result."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.pop.client import Exchange
from gateway import metrics
from gateway.store.tables import pop_request


@dataclass(frozen=True, slots=True)
class Cause:
    """Why requests are being sent: set by whoever is about to send them."""

    patient_id: int | None = None
    key: str | None = None
    mapper: str | None = None
    mapper_version: str | None = None
    worker: str | None = None


NO_CAUSE = Cause()
CAUSE: ContextVar[Cause] = ContextVar("pop_request_cause", default=NO_CAUSE)


class Audit:
    """Collects exchanges (give ``observe`` to the client) and writes them."""

    def __init__(self) -> None:
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
                "payload_digest": exchange.payload_digest,
                "cause": {"mapper": cause.mapper, "mapperVersion": cause.mapper_version, "worker": cause.worker},
            }
        )

    async def write(self, connection: AsyncConnection) -> None:
        """Write what is buffered. If the transaction fails, the rows are kept for the next one."""
        rows, self._rows = self._rows, []
        if rows:
            try:
                await connection.execute(sa.insert(pop_request), rows)
            except BaseException:
                self._rows = rows + self._rows
                raise
