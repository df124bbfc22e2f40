"""Counts and states of the whole: backlog, lanes, sources, reviews."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import (
    delivery,
    lane,
    lease,
    ledger,
    patient,
    poll_cursor,
    poll_run,
    resource,
    review,
    terminology,
)  # fmt: skip
from gateway.web.queries.common import PAGE, PATIENT_STATES, JsonObject, Page, page_of, patient_state


async def reviews(
    connection: AsyncConnection, *, state: str = "open", code: str | None = None, patient_id: int | None = None,
    before: int | None = None, limit: int = PAGE,
) -> Page:  # fmt: skip
    """Review items, newest first."""
    query = (
        sa.select(review, patient.c.source, patient.c.fhir_id)
        .outerjoin(patient, patient.c.id == review.c.patient_id)
        .where(review.c.state == state)
        .order_by(review.c.id.desc())
    )
    if code is not None:
        query = query.where(review.c.code == code)
    if patient_id is not None:
        query = query.where(review.c.patient_id == patient_id)
    if before is not None:
        query = query.where(review.c.id < before)
    rows = [_readable(dict(row)) for row in (await connection.execute(query.limit(limit + 1))).mappings()]
    return page_of(rows, limit)


async def review_by_id(connection: AsyncConnection, review_id: int) -> JsonObject | None:
    """One review item."""
    found = await connection.execute(
        sa.select(review, patient.c.source, patient.c.fhir_id)
        .outerjoin(patient, patient.c.id == review.c.patient_id)
        .where(review.c.id == review_id)
    )
    row = found.mappings().one_or_none()
    return None if row is None else _readable(dict(row))


def _readable(row: JsonObject) -> JsonObject:
    del row["digest"]
    return row


async def review_codes(connection: AsyncConnection, *, state: str = "open") -> dict[str, int]:
    """Review items of a state by code, the most frequent first."""
    found = await connection.execute(
        sa.select(review.c.code, sa.func.count()).where(review.c.state == state).group_by(review.c.code)
        .order_by(sa.func.count().desc(), review.c.code)
    )  # fmt: skip
    return {row[0]: row[1] for row in found}


async def patient_counts(connection: AsyncConnection, *, now: float) -> dict[str, int]:
    """Patients by state; every state has an entry."""
    derived = patient_state(now)
    found = await connection.execute(sa.select(derived, sa.func.count()).group_by(derived))
    return dict.fromkeys(PATIENT_STATES, 0) | {row[0]: row[1] for row in found}


async def counts(connection: AsyncConnection) -> dict[str, dict[str, int]]:
    """Deliveries, resources, mapping results and entities, by state."""
    result: dict[str, dict[str, int]] = {}
    mapped = sa.func.coalesce(resource.c.map_status, "not mapped yet")
    for name, column, condition in (
        ("deliveries", delivery.c.state, sa.true()),
        ("resources", resource.c.state, sa.true()),
        # A shared resource is mapped as a part of those that refer to it; one that waits has no patient to be mapped for.
        ("mapped", mapped, sa.or_(resource.c.state == "assigned", resource.c.map_status.is_not(None))),
        ("entities", ledger.c.state, sa.true()),
    ):
        query = sa.select(column.label("value"), sa.func.count()).where(condition)
        found = await connection.execute(query.group_by("value").order_by("value"))
        result[name] = {row[0]: row[1] for row in found}
    return result


async def backlog_age(connection: AsyncConnection, *, now: float) -> float:
    """Seconds since the oldest change that is not in POP yet; 0 with nothing to do."""
    oldest = await connection.scalar(
        sa.select(sa.func.min(patient.c.dirty_at)).where(patient.c.dirty_seq > patient.c.clean_seq)
    )
    return 0.0 if oldest is None else max(0.0, now - oldest)


async def lanes(connection: AsyncConnection, *, now: float) -> list[JsonObject]:
    """Lanes with ``paused``: by an operator, or until their back-off ends."""
    found = await connection.execute(sa.select(lane).order_by(lane.c.name))
    return [{**row, "paused": bool(row["paused_by_operator"]) or row["paused_until"] > now} for row in found.mappings()]


async def sources(connection: AsyncConnection) -> list[JsonObject]:
    """Polled sources: watermarks and the last run."""
    cursors = (
        await connection.execute(sa.select(poll_cursor).order_by(poll_cursor.c.source, poll_cursor.c.type))
    ).mappings()
    newest = sa.select(sa.func.max(poll_run.c.id)).group_by(poll_run.c.source)
    runs = (await connection.execute(sa.select(poll_run).where(poll_run.c.id.in_(newest)))).mappings()
    found: dict[str, JsonObject] = {
        run["source"]: {"source": run["source"], "last_run": dict(run), "cursors": []} for run in runs
    }
    for cursor in cursors:
        entry = found.setdefault(cursor["source"], {"source": cursor["source"], "last_run": None, "cursors": []})
        entry["cursors"].append(dict(cursor))
    return [found[name] for name in sorted(found)]


async def leases(connection: AsyncConnection, *, now: float) -> list[JsonObject]:
    """Who holds what among the replicas."""
    found = await connection.execute(sa.select(lease).order_by(lease.c.name))
    return [{**row, "held": row["until"] > now} for row in found.mappings()]


async def terminologies(connection: AsyncConnection) -> list[JsonObject]:
    """POP's value lists as cached: name, number of concepts, when read."""
    columns = terminology.c
    found = await connection.execute(sa.select(columns.name, columns.count, columns.fetched_at).order_by(columns.name))
    return [dict(row) for row in found.mappings()]
