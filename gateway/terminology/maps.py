"""Concept maps that are given to the running gateway: versioned, in force at once, on every replica.

A new version marks exactly the groups that asked for one of the codes in which it differs from the one before.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import zstandard
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reconcile.reader import chunks
from gateway.reconcile.rollout import mark_dirty
from gateway.store.engine import Store
from gateway.store.tables import concept_map, dependency, map_group
from gateway.terminologies import read_map
from gateway.terminology.decisions import DecisionRefused, mark_stale, retract
from mappers.context import of_code
from mappers.terminology import BadConceptMap, ConceptMap, Entry

LAYERS = ("site", "organisation")
FORMATS = ("json", "csv", "sssom")


@dataclass(frozen=True, slots=True)
class StoredMap:
    """A version of a map."""

    id: int
    name: str
    version: int
    layer: str
    format: str
    note: str | None
    author: str
    made_at: float
    ended_by: str | None
    ended_at: float | None
    content: bytes

    def parsed(self) -> ConceptMap:
        """The map, under the name that translations show."""
        found = read_map(self.content, form=self.format, name=self.name, layer=self.layer)
        return ConceptMap(f"{self.name}|{self.version}", found.entries, found.unmapped, self.layer, found.problems)


async def current(connection: AsyncConnection) -> list[StoredMap]:
    """The maps in force, by layer and name."""
    columns = concept_map.c
    query = sa.select(concept_map).where(columns.ended_at.is_(None)).order_by(columns.layer.desc(), columns.name)
    return [_stored(row) for row in await connection.execute(query)]


async def history(connection: AsyncConnection, name: str) -> list[StoredMap]:
    """All versions of a map, the newest first."""
    query = sa.select(concept_map).where(concept_map.c.name == name).order_by(concept_map.c.version.desc())
    return [_stored(row) for row in await connection.execute(query)]


async def give(
    store: Store, *, name: str, content: bytes, form: str, author: str, layer: str = "site", note: str | None = None
) -> tuple[StoredMap, int]:
    """Put a map, or its next version, in force. Returns it and how many patients are mapped again. Raises DecisionRefused if it
    cannot be used."""
    if layer not in LAYERS or form not in FORMATS:
        raise DecisionRefused(f"layer is one of {', '.join(LAYERS)}, format one of {', '.join(FORMATS)}")
    try:
        new = read_map(content, form=form, name=name, layer=layer)
    except BadConceptMap as error:
        raise DecisionRefused(f"the map cannot be used: {error}") from error
    async with store.write(lock="intake") as connection:
        old = await _end(store, connection, name, author)
        versions = sa.select(sa.func.max(concept_map.c.version)).where(concept_map.c.name == name)
        values = {
            "seq": await store.next_seq(connection), "name": name, "layer": layer, "format": form,
            "version": int(await connection.scalar(versions) or 0) + 1, "content": zstandard.compress(content),
            "note": note, "author": author, "made_at": time.time(),
        }  # fmt: skip
        row = (await connection.execute(sa.insert(concept_map).values(values).returning(concept_map))).one()
        marked = await _mark(store, connection, old, new)
    return _stored(row), marked


async def end(store: Store, name: str, *, author: str) -> int:
    """Take a map out of force. Returns how many patients are mapped again. Raises DecisionRefused if there is none."""
    async with store.write(lock="intake") as connection:
        old = await _end(store, connection, name, author)
        if old is None:
            raise DecisionRefused(f"no map {name} is in force")
        return await _mark(store, connection, old, None)


async def _end(store: Store, connection: AsyncConnection, name: str, author: str) -> ConceptMap | None:
    columns = concept_map.c
    row = (
        await connection.execute(
            sa.update(concept_map)
            .where(columns.name == name, columns.ended_at.is_(None))
            .values(ended_by=author, ended_at=time.time(), seq=await store.next_seq(connection))
            .returning(concept_map)
        )
    ).one_or_none()
    return None if row is None else _stored(row).parsed()


async def _mark(store: Store, connection: AsyncConnection, old: ConceptMap | None, new: ConceptMap | None) -> int:
    groups = sa.select(map_group.c.id, map_group.c.patient_id)
    rests = [each for found in (old, new) if found is not None for each in found.unmapped]
    chosen: set[int] = set()
    patients: set[int] = set()
    if rests:
        # It says something of codes that it does not name: whoever asked for any code may be concerned.
        asked = sa.exists().where(dependency.c.group_id == map_group.c.id, dependency.c.target.startswith("code:"))
        found = await connection.execute(groups.where(asked))
        _collect(found, chosen, patients)
    else:
        targets = sorted(of_code(each.terminology, each.source) for each in _differing(old, new))
        for some in chunks(targets):
            concerned = dependency.c.target.in_(some)
            joined = groups.join(dependency, dependency.c.group_id == map_group.c.id)
            _collect(await connection.execute(joined.where(concerned)), chosen, patients)
    ids = sorted(chosen)
    await mark_stale(connection, ids)
    if old is not None:
        await retract(connection, ids)
    await mark_dirty(store, connection, patients)
    return len(patients)


def _collect(rows: Iterable[Any], groups: set[int], patients: set[int]) -> None:
    for row in rows:
        groups.add(row.id)
        patients.add(row.patient_id)


def _differing(old: ConceptMap | None, new: ConceptMap | None) -> list[Entry]:
    """One entry for each code of which the two say something else."""
    told: list[dict[tuple[str, tuple[str, str]], list[Any]]] = []
    for each in (old, new):
        said: dict[tuple[str, tuple[str, str]], list[Any]] = {}
        for entry in each.entries if each is not None else ():
            said.setdefault((entry.terminology, entry.source), []).append(
                (entry.target, entry.relation, entry.depends_on)
            )
        told.append(said)
    before, after = told
    return [Entry(*key, None) for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]


def _stored(row: Any) -> StoredMap:
    return StoredMap(
        id=row.id, name=row.name, version=row.version, layer=row.layer, format=row.format, note=row.note, author=row.author,
        made_at=row.made_at, ended_by=row.ended_by, ended_at=row.ended_at,
        content=zstandard.decompress(bytes(row.content)),
    )  # fmt: skip
