"""Writing what a batch changes: few statements, whatever its size; patients marked dirty, dependent groups stale."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.intake import bulk
from gateway.intake.bulk import CHUNK
from gateway.intake.changes import Changes
from gateway.store import tables as t


async def persist(connection: AsyncConnection, changes: Changes) -> None:
    """Write the changes in the connection's transaction."""
    await _Writer(connection, changes).write()


class _Writer:
    def __init__(self, connection: AsyncConnection, changes: Changes) -> None:
        self._connection = connection
        self._changes = changes

    async def write(self) -> None:
        seq = self._changes.next_id - 1
        rows = self._changes.rows
        stale = await self._stale_groups()
        patients = await self._patients(seq)
        insert_resources: list[dict[str, Any]] = []
        update_resources: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        pending: list[dict[str, Any]] = []
        done: list[dict[str, Any]] = []
        for source, assignment, before in self._changes.assigned:
            for reference, node in assignment.nodes.items():
                patient_id = patients.get((source, node.patient)) if node.patient is not None else None
                if reference in before:
                    current = self._changes.current[source, node.type, node.fhir_id]
                    values = {
                        "patient_id": patient_id,
                        "state": node.state,
                        "waits_for": node.waits_for,
                        "current_id": current.version_row,
                        "digest": current.digest,
                        "version_id": current.version.version_id,
                        "last_updated": current.version.last_updated,
                        "seq": seq,
                    }
                    if current.new:
                        identity = {"id": node.row, "source": source, "type": node.type, "fhir_id": node.fhir_id}
                        insert_resources.append({**identity, **values})
                    else:
                        update_resources.append({"b_id": node.row, **values})
                    rows.keys.extend({"source": source, "key": key, "resource_id": node.row} for key in node.keys)
                elif node.changed:
                    moved.append(
                        {"b_id": node.row, "patient_id": patient_id, "state": node.state, "waits_for": None, "seq": seq}
                    )
            pending.extend(
                {"source": source, "target": target, "resource_id": row, "element": element}
                for target, row, element in assignment.pending
            )
            done.extend(
                {"b_source": source, "b_target": target, "b_row": row} for target, row in sorted(assignment.done)
            )
        changed = sorted(
            node.row
            for _, assignment, before in self._changes.assigned
            for ref, node in assignment.nodes.items()
            if ref in before
        )
        await bulk.insert(self._connection, t.delivery, rows.deliveries)
        await bulk.insert(self._connection, t.resource, insert_resources)
        await self._update_resources(update_resources)
        await self._update_resources(moved)
        await bulk.insert(self._connection, t.resource_version, rows.versions)
        await bulk.in_chunks(
            self._connection,
            rows.superseded,
            lambda part: (
                sa.update(t.resource_version).where(t.resource_version.c.id.in_(part)).values(state="superseded")
            ),
        )
        known = {row["id"] for row in insert_resources}
        await bulk.in_chunks(
            self._connection,
            [row for row in changed if row not in known],
            lambda part: sa.delete(t.pending_reference).where(t.pending_reference.c.resource_id.in_(part)),
        )
        await bulk.insert(self._connection, t.pending_reference, pending)
        if done:
            p = t.pending_reference.c
            statement = sa.delete(t.pending_reference).where(
                p.source == sa.bindparam("b_source"),
                p.target == sa.bindparam("b_target"),
                p.resource_id == sa.bindparam("b_row"),
            )
            await self._connection.execute(statement, done)
        await self._keys(rows.keys, [row for row in changed if row not in known])
        await bulk.in_chunks(
            self._connection,
            sorted(stale),
            lambda part: sa.update(t.map_group).where(t.map_group.c.id.in_(part)).values(stale=True),
        )

    async def _keys(self, keys: list[dict[str, Any]], updated: list[int]) -> None:
        """Names of the changed resources. An updated resource's identifiers are replaced; the ``fullUrl`` under which it
        came once stays its name, since what came with it refers to it so."""
        k = t.resource_key.c
        unique = {(row["source"], row["key"], row["resource_id"]): row for row in keys}
        for part in bulk.chunks(updated):
            await self._connection.execute(
                sa.delete(t.resource_key).where(k.resource_id.in_(part), k.key.startswith("id:"))
            )
            kept = await self._connection.execute(
                sa.select(k.source, k.key, k.resource_id).where(k.resource_id.in_(part))
            )
            for row in kept.all():
                unique.pop((row.source, row.key, row.resource_id), None)
        await bulk.insert(self._connection, t.resource_key, list(unique.values()))

    async def _stale_groups(self) -> set[int]:
        """Groups that asked for something that arrived or changed outside of their patient; their patients become dirty."""
        stale: set[int] = set()
        d, g, p = t.dependency.c, t.map_group.c, t.patient.c
        for source, keys in self._changes.arrived.items():
            ordered = sorted(keys)
            for start in range(0, len(ordered), CHUNK):
                statement = (
                    sa.select(d.group_id, p.fhir_id)
                    .join(t.map_group, g.id == d.group_id)
                    .join(t.patient, p.id == g.patient_id)
                    .where(d.target.in_(ordered[start : start + CHUNK]), p.source == source)
                )
                for row in (await self._connection.execute(statement)).all():
                    stale.add(row.group_id)
                    self._changes.dirty.add((source, row.fhir_id))
        if self._changes.moved:
            m = t.group_member.c
            rows = await self._connection.execute(sa.select(m.group_id).where(m.resource_id.in_(self._changes.moved)))
            stale.update(rows.scalars())
        return stale

    async def _patients(self, seq: int) -> dict[tuple[str, str], int]:
        """Rows of all patients concerned, created where new, marked dirty; (source, FHIR id) → patient.id."""
        found: dict[tuple[str, str], int] = {}
        wanted: dict[str, set[str]] = defaultdict(set)
        for source, fhir_id in self._changes.dirty:
            wanted[source].add(fhir_id)
        p = t.patient.c
        for source, ids in wanted.items():
            ordered = sorted(ids)
            for start in range(0, len(ordered), CHUNK):
                statement = sa.select(p.id, p.fhir_id).where(
                    p.source == source, p.fhir_id.in_(ordered[start : start + CHUNK])
                )
                for row in (await self._connection.execute(statement)).all():
                    found[source, row.fhir_id] = row.id
        old = sorted(found.values())
        new: list[dict[str, Any]] = []
        for source, ids in wanted.items():
            for fhir_id in sorted(ids):
                if (source, fhir_id) not in found:
                    found[source, fhir_id] = self._changes.new_id()
                    identity = {"id": found[source, fhir_id], "source": source, "fhir_id": fhir_id}
                    new.append({**identity, "dirty_seq": seq, "dirty_at": self._changes.now})
        await bulk.insert(self._connection, t.patient, new)
        # News end a back-off: what failed may work with the new data.
        await bulk.in_chunks(
            self._connection,
            old,
            lambda part: (
                sa.update(t.patient)
                .where(p.id.in_(part))
                .values(dirty_seq=seq, dirty_at=self._changes.now, not_before=0, attempts=0)
            ),
        )
        return found

    async def _update_resources(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            values: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0] if name != "b_id"}
            await self._connection.execute(
                sa.update(t.resource).where(t.resource.c.id == sa.bindparam("b_id")).values(values), rows
            )
