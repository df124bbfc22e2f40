"""Rolling out what decides a mapping beside the data: mappers, site options, terminology.

A new version of a mapper, an option, a concept map: whatever differs from what the store was mapped with marks the patients
concerned dirty, and the difference in POP follows by itself. Nothing is written to POP where a draft comes out the same.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.engine import Store
from gateway.store.tables import group_member, map_group, patient, resource, setting
from mappers.registry import Registry

#: Name of the row in ``setting`` that says what the store was mapped with.
SETTING = "mapping.rolled-out"


def digest_of(value: Any) -> str:
    """A digest of options or terminology. Raises TypeError for what is no JSON."""
    return hashlib.blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


async def roll_out(store: Store, mappers: Registry, *, site: Mapping[str, str]) -> int:
    """Mark what has to be mapped again; call it before the workers start, and whenever ``site`` may have changed.

    ``site`` names digests of everything else that mapping depends on (``{"options": …, "terminology": …}``). Returns the
    number of patients marked. A mapper that is gone changes nothing: its entities stay until an operator removes them.
    """
    now = {"mappers": {name: mapper.version for name, mapper in mappers.by_name.items()}, "site": dict(site)}
    async with store.write(lock="intake") as connection:
        known = await connection.scalar(sa.select(setting.c.value).where(setting.c.name == SETTING))
        if known == now:
            return 0
        before = known or {"mappers": {}, "site": {}}
        changed = [name for name, version in now["mappers"].items() if before["mappers"].get(name) != version]
        types = {kind for name in changed for kind in mappers.by_name[name].reads}
        concerned = await _reselect(connection, mappers=changed, types=types)
        if before["site"] != now["site"]:
            every = await connection.scalars(sa.select(map_group.c.patient_id).distinct())
            concerned |= set(every)
            await connection.execute(sa.update(map_group).values(stale=True))
        await mark_dirty(store, connection, concerned)
        await _remember(connection, now, known=known is not None)
    return len(concerned)


async def _reselect(connection: AsyncConnection, *, mappers: Iterable[str], types: Iterable[str]) -> set[int]:
    """Another version may group differently: what it reads now, and what was in its groups, is taken as changed, so that
    ``select`` is asked again."""
    members = (
        sa.select(group_member.c.resource_id)
        .join(map_group, map_group.c.id == group_member.c.group_id)
        .where(map_group.c.mapper.in_(sorted(mappers)))
    )
    concerned_by = sa.or_(resource.c.type.in_(sorted(types)), resource.c.id.in_(members))
    found = sa.and_(concerned_by, resource.c.mapped_seq > 0, resource.c.state == "assigned")
    patients = await connection.scalars(sa.select(resource.c.patient_id).where(found).distinct())
    concerned = {each for each in patients if each is not None}
    await connection.execute(sa.update(resource).where(found).values(mapped_seq=0))
    return concerned


async def mark_dirty(store: Store, connection: AsyncConnection, patients: set[int]) -> None:
    """Mark patients to be mapped and planned again, now; within the intake lock."""
    if not patients:
        return
    seq = await store.next_seq(connection)
    ordered = sorted(patients)
    for start in range(0, len(ordered), 5_000):
        chosen = patient.c.id.in_(ordered[start : start + 5_000])
        await connection.execute(
            sa.update(patient).where(chosen).values(dirty_seq=seq, dirty_at=time.time(), not_before=0)
        )


async def _remember(connection: AsyncConnection, value: dict[str, Any], *, known: bool) -> None:
    values = {"value": value, "updated_at": time.time()}
    if known:
        await connection.execute(sa.update(setting).where(setting.c.name == SETTING).values(**values))
    else:
        await connection.execute(sa.insert(setting).values(name=SETTING, **values))
