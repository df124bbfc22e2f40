"""What came while a run was mapping and could not know of it.

A change of the patient's own resources is found by the next run: its ``seq`` is above its ``mapped_seq``. But a shared
resource, or one that was referred to before it arrived, is brought to the groups concerned by the intake, through the
dependencies that it finds in the store. Those of a run are not there before it has written. So the run looks for itself,
in its write transaction and under the intake's lock: what is newer than its beginning makes the group stale again. So with what
people decided meanwhile about a code that the run asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reconcile.reader import chunks
from gateway.store.tables import concept_decision, concept_map, map_group, patient, resource, resource_key
from mappers.context import of_code

if TYPE_CHECKING:
    from gateway.reconcile.mapping import Run

External = dict[str, set[tuple[str, str]]]
"""Target key → names of the groups that asked for it."""


def external_targets(run: Run) -> External:
    """Dependencies of the run on what is shared, or has not arrived."""
    found: External = {}
    for name, work in run.work.items():
        for target in work.result.dependencies if work.result is not None else ():
            if target[:1].islower() and target.partition(":")[0] in ("type", "entities", "draft", "patient", "code"):
                continue
            row = run.reader.row(target)
            if row is None or row.state == "shared":
                found.setdefault(target, set()).add(name)
    return found


async def mark_late(
    connection: AsyncConnection, run: Run, *, external: External, ids: dict[tuple[str, str], int]
) -> None:
    """Mark groups stale, and the patient dirty, whose external targets changed after the run began."""
    late = await _changed_since(connection, run, external)
    decided = await _decided_since(connection, run)
    late |= decided
    if not late:
        return
    asked = external | _asked(run, decided)
    stale = sorted({ids[name] for target in late for name in asked[target]})
    for chunk in chunks(stale):
        await connection.execute(sa.update(map_group).where(map_group.c.id.in_(chunk)).values(stale=True))
    newest = max(late.values())
    await connection.execute(
        sa.update(patient)
        .where(patient.c.id == run.reader.patient_id, patient.c.dirty_seq < newest)
        .values(dirty_seq=newest)
    )


async def _decided_since(connection: AsyncConnection, run: Run) -> dict[str, int]:
    columns = concept_decision.c
    query = sa.select(columns.terminology, columns.system, columns.code, columns.seq)
    rows = await connection.execute(query.where(columns.seq > run.decided_seq))
    found = {of_code(row.terminology, (row.system, row.code)): row.seq for row in rows}
    given = await connection.scalar(
        sa.select(sa.func.max(concept_map.c.seq)).where(concept_map.c.seq > run.decided_seq)
    )
    if given is not None:
        # A map is rarely given: what asked for any code is looked at again.
        asked = {target for work in run.work.values() if work.result is not None for target in work.result.dependencies}
        found = {target: given for target in asked if target.startswith("code:")} | found
    return {target: found[target] for target in _asked(run, found)} if found else {}


def _asked(run: Run, targets: Collection[str]) -> External:
    """Which groups of the run asked for these."""
    found: External = {}
    for name, work in run.work.items():
        for target in work.result.dependencies.intersection(targets) if work.result is not None else ():
            found.setdefault(target, set()).add(name)
    return found


async def _changed_since(connection: AsyncConnection, run: Run, external: External) -> dict[str, int]:
    late: dict[str, int] = {}
    newer = sa.and_(resource.c.source == run.reader.source, resource.c.seq > run.seen_seq)
    literal: dict[str, list[str]] = {}
    names: list[str] = []
    for target in external:
        kind, _, identity = target.partition("/")
        if target[:1].isupper():
            literal.setdefault(kind, []).append(identity)
        else:
            names.append(target)
    for kind, identities in sorted(literal.items()):
        for chunk in chunks(identities):
            query = sa.select(resource.c.fhir_id, resource.c.seq).where(
                newer, resource.c.type == kind, resource.c.fhir_id.in_(chunk)
            )
            late.update({f"{kind}/{row.fhir_id}": row.seq for row in await connection.execute(query)})
    for chunk in chunks(names):
        named = sa.select(resource_key.c.key, sa.func.max(resource.c.seq).label("seq")).join(
            resource, resource.c.id == resource_key.c.resource_id
        )
        query_named = named.where(newer, resource_key.c.source == run.reader.source, resource_key.c.key.in_(chunk))
        late.update({row.key: row.seq for row in await connection.execute(query_named.group_by(resource_key.c.key))})
    return late
