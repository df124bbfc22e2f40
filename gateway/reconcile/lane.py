"""The lane to POP: one switch for all replicas. A fault that concerns every write pauses it; it resumes by itself.

Nothing is lost while it is paused: patients stay dirty. An operator's pause ends only by an operator.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

import sqlalchemy as sa

from adapters.pop.errors import PopError, PopForbidden, PopTransient, PopUnauthorised
from gateway.store.engine import Store
from gateway.store.tables import lane

NAME = "pop"
#: Seconds of the first pause, doubled with each further failure up to the longest; with up to a quarter of jitter, so
#: that replicas do not all come back at the same moment.
FIRST, LONGEST = 1.0, 300.0
#: A refused account does not heal by itself in a second: an operator has to act, and logins are rate-limited.
REFUSED_FIRST = 60.0
#: Characters of an operator's reason.
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Lane:
    """State of the lane."""

    paused_until: float = 0.0
    by_operator: bool = False
    reason: str | None = None
    attempts: int = 0

    @property
    def open(self) -> bool:
        """True if patients may be worked."""
        return not self.by_operator and time.time() >= self.paused_until

    @property
    def wait(self) -> float:
        """Seconds until it opens by itself (0: now; infinity: never)."""
        return float("inf") if self.by_operator else max(0.0, self.paused_until - time.time())


async def read(store: Store) -> Lane:
    """The lane as it is."""
    async with store.read() as connection:
        row = (await connection.execute(sa.select(lane).where(lane.c.name == NAME))).one_or_none()
    return Lane() if row is None else Lane(row.paused_until, row.paused_by_operator, row.reason, row.attempts)


def duration(error: PopError, attempts: int) -> float:
    """Seconds to pause after the ``attempts``-th failure in a row: POP's own Retry-After, or exponential."""
    if asked := _asked(error):
        return asked
    first = REFUSED_FIRST if isinstance(error, PopUnauthorised | PopForbidden) else FIRST
    jitter = 1 + random.random() / 4  # noqa: S311 - spreading load, no secret
    return float(min(first * 2 ** min(attempts - 1, 16), LONGEST) * jitter)


def _asked(error: PopError) -> float | None:
    return error.retry_after if isinstance(error, PopTransient) else None


async def pause(store: Store, error: PopError) -> Lane:
    """Pause after a fault. Workers that fail at the same moment count as one failure; the longest Retry-After counts."""
    now = time.time()
    async with store.write(lock="lane") as connection:
        row = (await connection.execute(sa.select(lane).where(lane.c.name == NAME))).one_or_none()
        if row is not None and row.paused_until > now and row.paused_until >= now + (_asked(error) or 0.0):
            return Lane(row.paused_until, row.paused_by_operator, row.reason, row.attempts)
        attempts = 1 if row is None else row.attempts + int(row.paused_until <= now)
        until = now + duration(error, attempts)
        by_operator = bool(row is not None and row.paused_by_operator)
        reason = row.reason if row is not None and by_operator else f"{error.code}: {error}"
        values = {"paused_until": until, "reason": reason, "attempts": attempts, "updated_at": now}
        if row is None:
            await connection.execute(sa.insert(lane).values(name=NAME, **values))
        else:
            await connection.execute(sa.update(lane).where(lane.c.name == NAME).values(**values))
        return Lane(until, by_operator, reason, attempts)


async def reopened(store: Store) -> None:
    """POP answers again: the next failure starts from the shortest pause."""
    async with store.write(lock="lane") as connection:
        await connection.execute(
            sa.update(lane)
            .where(lane.c.name == NAME, lane.c.attempts > 0, sa.not_(lane.c.paused_by_operator))
            .values(attempts=0, reason=None, paused_until=0.0, updated_at=time.time())
        )


async def switch(store: Store, *, paused: bool, reason: str | None = None) -> None:
    """An operator's pause or resume. Resuming also ends a pause that a fault caused."""
    values = {
        "paused_by_operator": paused,
        "reason": (reason or "an operator paused requests to POP") if paused else None,
        "attempts": 0,
        "paused_until": 0.0,
        "updated_at": time.time(),
    }
    async with store.write(lock="lane") as connection:
        changed = await connection.execute(sa.update(lane).where(lane.c.name == NAME).values(**values))
        if changed.rowcount == 0:
            await connection.execute(sa.insert(lane).values(name=NAME, **values))
