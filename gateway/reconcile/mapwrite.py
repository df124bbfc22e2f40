"""Writing what a mapping run found: one short transaction, differences only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
import zstandard
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reconcile.groups import scoped
from gateway.reconcile.issues import sync_issues
from gateway.reconcile.late import external_targets, mark_late
from gateway.reconcile.reader import chunks
from gateway.reconcile.work import MappingOutcome, Work
from gateway.store.engine import Store
from gateway.store.tables import dependency, draft, group_member, map_group, resource
from mappers.context import entity_view
from mappers.engine import draft_digest
from mappers.protocol import Draft
from mappers.render import stored_json

if TYPE_CHECKING:
    from gateway.reconcile.mapping import Run

_compressor = zstandard.ZstdCompressor(level=3)


Fence = Callable[[AsyncConnection], Awaitable[None]]

Made = tuple[Draft, bytes, bytes]
"""A draft, its digest, its content as stored."""


async def write_run(store: Store, run: Run, *, fence: Fence | None = None) -> MappingOutcome:
    """Store groups, members, dependencies, drafts, coverage and issues of a run. Raises StoreUnavailable."""
    works = [work for work in run.work.values() if work.result is not None or work.stored is not None]
    mapped = [work for work in works if work.result is not None]
    changed_keys: set[str] = set()
    if works or run.changed:
        external = external_targets(run)
        made = {(work.mapper, work.key): await _contents(run, work) for work in works}
        # The intake's lock: what it committed has to be seen in order (gateway.reconcile.late), and both update many rows
        # of ``resource`` and ``map_group``, which without it is a deadlock on PostgreSQL sooner or later.
        async with store.write(lock="intake") as connection:
            if fence is not None:
                await fence(connection)
            ids = await _write_groups(connection, run, works)
            await _write_members(connection, works, ids)
            await _write_dependencies(connection, run, mapped, ids)
            changed_keys = await _write_drafts(connection, run, works, ids=ids, made=made)
            await _write_resources(connection, run)
            await sync_issues(connection, patient_id=run.reader.patient_id, works=works)
            await mark_late(connection, run, external=external, ids=ids)
    results = [work.result for work in mapped if work.result is not None]
    return MappingOutcome(
        changed_draft_keys=frozenset(changed_keys),
        resources=len(run.changed),
        groups=len(results),
        failed=sum(result.error is not None for result in results),
        issues=sum(len(each.issues) for result in results for each in result.drafts),
    )


Name = tuple[str, str]


async def _write_groups(connection: AsyncConnection, run: Run, works: list[Work]) -> dict[Name, int]:
    ids = {(work.mapper, work.key): work.stored.id for work in works if work.stored is not None}
    # Members, dependencies and drafts go with their group (ON DELETE CASCADE).
    await _delete(connection, map_group.c.id, [w.stored.id for w in works if w.result is None and w.stored is not None])
    values: dict[Name, dict[str, Any]] = {}
    for work in works:
        if work.result is not None:
            values[work.mapper, work.key] = {
                "mapper_version": run.registry.by_name[work.mapper].version,
                "error": work.result.error,
                "not_for_pop": [[each.resource, each.reason] for each in work.result.not_for_pop],
            }
    updates = [{"row": ids[name], **each} for name, each in values.items() if name in ids]
    if updates:
        statement = sa.update(map_group).where(map_group.c.id == sa.bindparam("row"))
        columns: dict[str, Any] = {name: sa.bindparam(name) for name in ("mapper_version", "error", "not_for_pop")}
        await connection.execute(statement.values(stale=False, **columns), updates)
    inserts = [
        {"patient_id": run.reader.patient_id, "mapper": mapper, "key": key, "stale": False, **each}
        for (mapper, key), each in values.items()
        if (mapper, key) not in ids
    ]
    if inserts:
        statement_in = sa.insert(map_group).returning(map_group.c.id, map_group.c.mapper, map_group.c.key)
        for row in await connection.execute(statement_in, inserts):
            ids[row.mapper, row.key] = row.id
    return ids


async def _write_members(connection: AsyncConnection, works: list[Work], ids: dict[Name, int]) -> None:
    added: list[dict[str, int]] = []
    for work in works:
        if work.result is None:
            continue
        group_id = ids[work.mapper, work.key]
        now = {row.id for row in work.members}
        before = set(work.stored.members) if work.stored is not None else set()
        added.extend({"group_id": group_id, "resource_id": row_id} for row_id in sorted(now - before))
        for chunk in chunks(sorted(before - now)):
            await connection.execute(
                sa.delete(group_member).where(
                    group_member.c.group_id == group_id, group_member.c.resource_id.in_(chunk)
                )
            )
    if added:
        await connection.execute(sa.insert(group_member), added)


async def _write_dependencies(connection: AsyncConnection, run: Run, mapped: list[Work], ids: dict[Name, int]) -> None:
    patient_id = run.reader.patient_id
    before: dict[int, set[str]] = {}
    known = [work.stored.id for work in mapped if work.stored is not None]
    for chunk in chunks(known):
        query = sa.select(dependency.c.group_id, dependency.c.target).where(dependency.c.group_id.in_(chunk))
        for group_id, target in await connection.execute(query):
            before.setdefault(group_id, set()).add(target)
    added: list[dict[str, Any]] = []
    for work in mapped:
        group_id = ids[work.mapper, work.key]
        targets = {scoped(each, patient_id) for each in work.result.dependencies} if work.result is not None else set()
        old = before.get(group_id, set())
        added.extend({"group_id": group_id, "target": target} for target in sorted(targets - old))
        for chunk in chunks(sorted(old - targets)):
            await connection.execute(
                sa.delete(dependency).where(dependency.c.group_id == group_id, dependency.c.target.in_(chunk))
            )
    if added:
        await connection.execute(sa.insert(dependency), added)


async def _contents(run: Run, work: Work) -> list[Made]:
    members = frozenset(row.reference for row in work.members)
    made: list[Made] = []
    for each in work.result.drafts if work.result is not None else ():
        content = orjson.dumps(stored_json(each, entity_view(each, members)))
        made.append((each, draft_digest(each), _compressor.compress(content)))
        await run.breathe()
    return made


async def _write_drafts(
    connection: AsyncConnection, run: Run, works: list[Work], *, ids: dict[Name, int], made: dict[Name, list[Made]]
) -> set[str]:
    changed: set[str] = set()
    gone: list[int] = []
    updates: list[dict[str, Any]] = []
    inserts: list[dict[str, Any]] = []
    for work in works:
        before = dict(work.stored.drafts) if work.stored is not None else {}
        if work.keeps_drafts:
            for old in before.values():
                if not old.blocked:
                    changed.add(old.key)
                    updates.append({"row": old.id, "digest": old.digest, "blocked": True, "content": old.content})
            continue
        for each, digest, content in made[work.mapper, work.key]:
            values = {"digest": digest, "blocked": each.blocked, "content": content}
            stored = before.pop(each.key, None)
            if stored is None:
                inserts.append(
                    {
                        "patient_id": run.reader.patient_id, "group_id": ids[work.mapper, work.key],
                        "key": each.key, "kind": each.kind, **values,
                    }
                )  # fmt: skip
            elif (stored.digest, stored.blocked, stored.content) == (digest, each.blocked, content):
                continue
            else:
                updates.append({"row": stored.id, **values})
                if (stored.digest, stored.blocked) == (digest, each.blocked):
                    continue
            changed.add(each.key)
        changed.update(before)
        gone.extend(old.id for old in before.values())
    await _delete(connection, draft.c.id, gone)
    if updates:
        columns: dict[str, Any] = {name: sa.bindparam(name) for name in ("digest", "blocked", "content")}
        await connection.execute(sa.update(draft).where(draft.c.id == sa.bindparam("row")).values(columns), updates)
    if inserts:
        await connection.execute(sa.insert(draft), inserts)
    return changed


async def _write_resources(connection: AsyncConnection, run: Run) -> None:
    columns = ("map_status", "map_reason", "unconsumed", "mapped_seq")
    changed: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for row_id, found in run.coverage.items():
        values: dict[str, Any] = {
            "row": row_id,
            "map_status": None if found is None else found.status.value,
            "map_reason": None if found is None else found.reason,
            "unconsumed": None if found is None else list(found.unconsumed),
        }
        if row_id in run.changed:
            # The version that was mapped, not the newest: what came meanwhile is still to be mapped.
            changed.append(values | {"mapped_seq": run.changed[row_id].seq})
        else:
            others.append(values)
    statement = sa.update(resource).where(resource.c.id == sa.bindparam("row"))
    for rows, names in ((changed, columns), (others, columns[:3])):
        if rows:
            await connection.execute(statement.values({name: sa.bindparam(name) for name in names}), rows)


async def _delete(connection: AsyncConnection, column: sa.Column[Any], ids: Iterable[int]) -> None:
    for chunk in chunks(sorted(ids)):
        await connection.execute(sa.delete(column.table).where(column.in_(chunk)))
