"""Deliveries, their entries, and the versions of one resource."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import delivery, draft, group_member, resource, resource_version
from gateway.web.queries.common import PAGE, JsonObject, Page, page_of, unpack, unpack_json


async def deliveries(
    connection: AsyncConnection, *, before: int | None = None, state: str | None = None, source: str | None = None,
    limit: int = PAGE,
) -> Page:  # fmt: skip
    """Deliveries, newest first; ``before`` is the id where the last page ended."""
    columns = delivery.c
    query = sa.select(
        columns.id, columns.source, columns.channel, columns.received_at, columns.interaction, columns.state,
        columns.reason, columns.counts, columns.times_received,
    ).order_by(columns.id.desc())  # fmt: skip
    if before is not None:
        query = query.where(columns.id < before)
    if state is not None:
        query = query.where(columns.state == state)
    if source is not None:
        query = query.where(columns.source == source)
    rows = [dict(row) for row in (await connection.execute(query.limit(limit + 1))).mappings()]
    return page_of(rows, limit)


async def delivery_by_id(
    connection: AsyncConnection, delivery_id: int, *, offset: int = 0, limit: int = 200
) -> JsonObject | None:
    """One delivery with a page of its entries, each with the row id of its resource and its OperationOutcome."""
    row = (await connection.execute(sa.select(delivery).where(delivery.c.id == delivery_id))).mappings().one_or_none()
    if row is None:
        return None
    entries = unpack_json(row["entries"]) or []
    shown = entries[offset : offset + limit]
    versions = [entry[3] for entry in shown if entry[3] is not None]
    found = await connection.execute(
        sa.select(resource_version.c.id, resource_version.c.resource_id, resource_version.c.outcome)
        .where(resource_version.c.id.in_(versions))
    )  # fmt: skip
    by_id = {version.id: version for version in found}
    return {
        **{name: row[name] for name in ("id", "source", "channel", "received_at", "interaction", "state", "reason",
                                        "counts", "times_received")},
        "answer": unpack_json(row["answer"]),
        "entries": [
            {
                "position": offset + position, "type": kind, "fhir_id": fhir_id, "state": state, "version_row": version,
                "resource": by_id[version].resource_id if version in by_id else None,
                "outcome": by_id[version].outcome if version in by_id else None,
            }
            for position, (kind, fhir_id, state, version) in enumerate(shown)
        ],
        "entry_count": len(entries),
        "next": offset + limit if len(entries) > offset + limit else None,
    }  # fmt: skip


async def resource_by_id(connection: AsyncConnection, resource_id: int) -> JsonObject | None:
    """A resource with its versions (newest first), the keys of the drafts its groups gave, and its newest raw bytes."""
    row = (await connection.execute(sa.select(resource).where(resource.c.id == resource_id))).mappings().one_or_none()
    if row is None:
        return None
    columns = resource_version.c
    versions = await connection.execute(
        sa.select(columns.id, columns.delivery_id, columns.state, columns.version_id, columns.last_updated,
                  columns.received_at, columns.outcome)
        .where(columns.resource_id == resource_id).order_by(columns.seq.desc(), columns.id.desc()).limit(100)
    )  # fmt: skip
    keys = await connection.scalars(
        sa.select(draft.c.key)
        .join(group_member, group_member.c.group_id == draft.c.group_id)
        .where(group_member.c.resource_id == resource_id)
        .order_by(draft.c.key)
        .limit(100)
    )
    return {
        **row,
        "versions": [dict(version) for version in versions.mappings()],
        "drafts": list(keys),
        "raw": await raw(connection, row["current_id"]),
    }


async def raw(connection: AsyncConnection, version_id: int | None) -> bytes:
    """The bytes of a resource version as they were received; empty for a deletion."""
    if version_id is None:
        return b""
    found = await connection.scalar(sa.select(resource_version.c.raw).where(resource_version.c.id == version_id))
    return unpack(found)
