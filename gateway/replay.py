"""Replay: mark patients dirty, so that they are mapped, planned and applied again, and take back what was parked.

Nothing is sent from here; the worker does what it always does with a dirty patient.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.engine import Store
from gateway.store.tables import ledger, map_group, patient

#: Patients per transaction: intake must not wait long for the lock.
_BATCH = 500


async def replay(
    store: Store,
    *,
    patient_ids: Sequence[int] | None = None,
    source: str | None = None,
    error: str | None = None,
    since: float | None = None,
    until: float | None = None,
    operator: str | None = None,
) -> int:
    """Mark the patients that fit all conditions dirty and return how many: by row id, by source, by the error code of
    their last run or of one of their parked entities, by the time of their last change (seconds since the epoch, ends
    included). ``operator`` is noted in the audit of what is sent for it. Raises StoreUnavailable."""
    query = sa.select(patient.c.id).order_by(patient.c.id)
    if patient_ids is not None:
        query = query.where(patient.c.id.in_(patient_ids))
    if source is not None:
        query = query.where(patient.c.source == source)
    if error is not None:
        parked = sa.select(ledger.c.patient_id).where(ledger.c.error == error)
        query = query.where(sa.or_(patient.c.last_error == error, patient.c.id.in_(parked)))
    if since is not None:
        query = query.where(patient.c.dirty_at >= since)
    if until is not None:
        query = query.where(patient.c.dirty_at <= until)
    async with store.read() as connection:
        ids = list(await connection.scalars(query))
    for start in range(0, len(ids), _BATCH):
        async with store.write(lock="intake") as connection:
            await _mark(store, connection, ids[start : start + _BATCH], operator)
    return len(ids)


async def _mark(store: Store, connection: AsyncConnection, ids: Sequence[int], operator: str | None) -> None:
    seq = await store.next_seq(connection)
    await connection.execute(
        sa.update(patient).where(patient.c.id.in_(ids))
        .values(dirty_seq=seq, dirty_at=time.time(), not_before=0, attempts=0, last_error=None, operator=operator)
    )  # fmt: skip
    # A changed mapper or concept map shows only if the groups are mapped again, not just planned.
    await connection.execute(sa.update(map_group).where(map_group.c.patient_id.in_(ids)).values(stale=True))
    # Without the digest of what was refused, the planner tries the entity once more.
    await connection.execute(
        sa.update(ledger)
        .where(ledger.c.patient_id.in_(ids), ledger.c.state == "parked")
        .values(digest=None, attempts=0)
    )
    # What somebody deleted in POP is created again: that is what the operator asks for.
    await connection.execute(
        sa.update(ledger)
        .where(ledger.c.patient_id.in_(ids), ledger.c.state == "kept", ledger.c.error == "deleted-in-pop")
        .values(state="deleted", pop_id=None, digest=None, error=None)
    )


async def release(store: Store, patient_ids: Sequence[int]) -> None:
    """Let the patients be worked now, whatever back-off they are in: an operator asked for it."""
    async with store.write() as connection:
        await connection.execute(sa.update(patient).where(patient.c.id.in_(patient_ids)).values(not_before=0))
