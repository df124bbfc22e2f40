"""Claiming dirty patients: a lease in the patient's row, so that replicas share the backlog and none works a patient twice.

PostgreSQL hands out rows with ``FOR UPDATE SKIP LOCKED``; on SQLite the write transaction itself is the lock. A replica
that dies leaves a lease that runs out.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reconcile.apply import LeaseLost
from gateway.store.engine import Store
from gateway.store.tables import patient

#: Seconds until a patient whose run failed is tried again, doubled with each failure up to the longest.
FIRST_BACKOFF, LONGEST_BACKOFF = 5.0, 3600.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A patient that is ours until the lease ends. ``seen``: the change up to which this run will be complete."""

    patient_id: int
    source: str
    seen: int
    operator: str | None = None
    """Who asked for the replay that it is claimed for."""


async def claim(
    store: Store, *, worker: str, count: int, lease: float, only: Collection[int] | None = None
) -> list[Claim]:
    """Take up to ``count`` dirty patients, those that wait longest first."""
    p, now = patient.c, time.time()
    free = sa.or_(p.claimed_until.is_(None), p.claimed_until < now)
    statement = (
        sa.select(p.id, p.source, p.dirty_seq, p.operator)
        .where(p.dirty_seq > p.clean_seq, p.not_before <= now, free)
        .order_by(p.dirty_at)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    if only is not None:
        statement = statement.where(p.id.in_(list(only)))
    async with store.write() as connection:
        rows = (await connection.execute(statement)).all()
        if rows:
            await connection.execute(
                sa.update(patient)
                .where(p.id.in_([row.id for row in rows]))
                .values(claimed_by=worker, claimed_until=now + lease)
            )
    return [Claim(row.id, row.source, row.dirty_seq, row.operator) for row in rows]


async def renew(store: Store, *, worker: str, patients: Collection[int], lease: float) -> set[int]:
    """The heartbeat: patients in work stay ours. Returns those that still were."""
    p = patient.c
    async with store.write() as connection:
        still = await connection.scalars(
            sa.update(patient)
            .where(p.id.in_(list(patients)), p.claimed_by == worker)
            .values(claimed_until=time.time() + lease)
            .returning(p.id)
        )
        return set(still)


async def fence(connection: AsyncConnection, *, worker: str, patient_id: int) -> None:
    """Raise LeaseLost unless the patient is still ours; checked in the transaction that is about to record something."""
    p = patient.c
    holder = await connection.scalar(sa.select(p.claimed_by).where(p.id == patient_id).with_for_update())
    if holder != worker:
        raise LeaseLost("another replica works this patient now")


async def release(connection: AsyncConnection, *, worker: str, done: Claim, clean: bool) -> None:
    """Give a patient back: clean up to what was seen (later changes keep it dirty), or as dirty as before."""
    p = patient.c
    values: dict[str, object] = {"claimed_by": None, "claimed_until": None}
    if clean:
        values |= {"clean_seq": done.seen, "attempts": 0, "last_error": None, "reconciled_at": time.time()}
        # A replay that was asked for meanwhile is still to be done.
        values["operator"] = sa.case((p.dirty_seq > done.seen, p.operator), else_=None)
    await connection.execute(sa.update(patient).where(p.id == done.patient_id, p.claimed_by == worker).values(values))


async def failed(connection: AsyncConnection, *, worker: str, done: Claim, code: str) -> None:
    """Give a patient back after a failed run: it is tried again later, and shows its error until then."""
    p = patient.c
    attempts = await connection.scalar(sa.select(p.attempts).where(p.id == done.patient_id)) or 0
    wait = min(FIRST_BACKOFF * 2 ** min(attempts, 16), LONGEST_BACKOFF)
    await connection.execute(
        sa.update(patient)
        .where(p.id == done.patient_id, p.claimed_by == worker)
        .values(
            claimed_by=None, claimed_until=None, attempts=attempts + 1, last_error=code, not_before=time.time() + wait
        )
    )


async def backlog(store: Store) -> tuple[int, float | None]:
    """(dirty patients, seconds until the next of them may be claimed: None if there is none)."""
    p = patient.c
    async with store.read() as connection:
        row = (
            await connection.execute(
                sa.select(sa.func.count(), sa.func.min(p.not_before)).where(p.dirty_seq > p.clean_seq)
            )
        ).one()
    return int(row[0]), None if row[1] is None else max(0.0, float(row[1]) - time.time())
