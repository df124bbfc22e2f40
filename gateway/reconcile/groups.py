"""The groups of one patient as they stand in the store, and which of them a change concerns."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reconcile.reader import chunks, unpack
from gateway.store.tables import dependency, draft, group_member, map_group, resource, resource_key
from mappers.context import PATIENT
from mappers.coverage import Use, Verdict, verdicts
from mappers.protocol import EntityView, JsonObject
from mappers.render import read_view


@dataclass(slots=True)
class StoredDraft:
    """A row of ``draft``."""

    id: int
    key: str
    kind: str
    digest: bytes
    blocked: bool
    content: bytes
    json: JsonObject

    def view(self) -> EntityView:
        """What later mappers saw of it."""
        return read_view(self.json, blocked=self.blocked)

    def use(self) -> Use:
        """What it read of which resource."""
        sources = [source for each in self.json["sources"].values() for source in each]
        sources += self.json["consumed"]
        sources += [each["source"] for each in self.json["assumptions"] + self.json["issues"] if each["source"]]
        return Use(frozenset((source["resource"], source["element"]) for source in sources), self.blocked)


@dataclass(slots=True)
class StoredGroup:
    """A row of ``map_group`` with its members and drafts."""

    id: int
    mapper: str
    key: str
    mapper_version: str
    error: str | None
    not_for_pop: list[list[str]]
    members: dict[int, str] = field(default_factory=dict)
    """Row id → reference."""
    drafts: dict[str, StoredDraft] = field(default_factory=dict)

    def verdicts(self) -> dict[str, Verdict]:
        """What the last run found about each resource (``mappers.coverage``)."""
        return verdicts(
            mapper=self.mapper,
            members=self.members.values(),
            uses=[each.use() for each in self.drafts.values()],
            not_for_pop=[(reference, reason) for reference, reason in self.not_for_pop],
            error=self.error,
        )


def scoped(target: str, patient_id: int) -> str:
    """A dependency as the table keeps it: the wide ones carry the patient, so that a lookup never meets other patients'."""
    wide = target == PATIENT or target.startswith(("type:", "entities:", "draft:"))
    return f"{target}@{patient_id}" if wide else target


class Groups:
    """Queries about the groups of one patient."""

    def __init__(self, connection: AsyncConnection, patient_id: int) -> None:
        self._connection = connection
        self.patient_id = patient_id

    async def load(self, ids: Collection[int]) -> list[StoredGroup]:
        """Groups with members and drafts."""
        groups: dict[int, StoredGroup] = {}
        for chunk in chunks(ids):
            rows = await self._connection.execute(
                sa.select(
                    map_group.c.id, map_group.c.mapper, map_group.c.key, map_group.c.mapper_version, map_group.c.error,
                    map_group.c.not_for_pop,
                ).where(map_group.c.id.in_(chunk), map_group.c.patient_id == self.patient_id)
            )  # fmt: skip
            for row in rows:
                groups[row.id] = StoredGroup(
                    row.id, row.mapper, row.key, row.mapper_version, row.error, row.not_for_pop or []
                )
        for chunk in chunks(sorted(groups)):
            members = await self._connection.execute(
                sa.select(group_member.c.group_id, resource.c.id, resource.c.type, resource.c.fhir_id)
                .join(resource, resource.c.id == group_member.c.resource_id)
                .where(group_member.c.group_id.in_(chunk))
            )
            for member in members:
                groups[member.group_id].members[member.id] = f"{member.type}/{member.fhir_id}"
            drafts = await self._connection.execute(
                sa.select(
                    draft.c.id,
                    draft.c.group_id,
                    draft.c.key,
                    draft.c.kind,
                    draft.c.digest,
                    draft.c.blocked,
                    draft.c.content,
                ).where(draft.c.group_id.in_(chunk))
            )
            for each in drafts:
                groups[each.group_id].drafts[each.key] = StoredDraft(
                    each.id, each.key, each.kind, each.digest, each.blocked, each.content, unpack(each.content)
                )
        return list(groups.values())

    async def named(self, names: Iterable[tuple[str, str]]) -> set[int]:
        """Ids of the groups with these (mapper, key), as far as they exist."""
        by_mapper: dict[str, list[str]] = {}
        for mapper, key in names:
            by_mapper.setdefault(mapper, []).append(key)
        found: set[int] = set()
        for mapper, keys in sorted(by_mapper.items()):
            for chunk in chunks(keys):
                query = sa.select(map_group.c.id).where(
                    map_group.c.patient_id == self.patient_id, map_group.c.mapper == mapper, map_group.c.key.in_(chunk)
                )
                found.update(await self._ids(query))
        return found

    async def with_members(self, rows: Collection[int]) -> dict[tuple[str, str], int]:
        """(mapper, key) → id of this patient's groups that have one of these resources as a member."""
        found: dict[tuple[str, str], int] = {}
        for chunk in chunks(rows):
            query = (
                sa.select(map_group.c.id, map_group.c.patient_id, map_group.c.mapper, map_group.c.key)
                .join(group_member, group_member.c.group_id == map_group.c.id)
                .where(group_member.c.resource_id.in_(chunk))
            )
            for row in await self._connection.execute(query):
                # Filtered here, not in SQL: the planner must start from the resources, never from the patient's groups.
                if row.patient_id == self.patient_id:
                    found[row.mapper, row.key] = row.id
        return found

    async def stale(self) -> set[int]:
        """Groups marked to be mapped again."""
        # The bare column, as the partial index spells it: SQLite matches the text of the condition.
        query = sa.select(map_group.c.id).where(map_group.c.patient_id == self.patient_id, sa.text("map_group.stale"))
        return await self._ids(query)

    async def dependents(self, targets: Iterable[str]) -> dict[str, set[int]]:
        """Target → ids of this patient's groups that asked for it. Wide targets are given unscoped."""
        by_target = {scoped(target, self.patient_id): target for target in targets}
        found: dict[str, set[int]] = {}
        for chunk in chunks(sorted(by_target)):
            query = (
                sa.select(dependency.c.target, dependency.c.group_id, map_group.c.patient_id)
                .join(map_group, map_group.c.id == dependency.c.group_id)
                .where(dependency.c.target.in_(chunk))
            )
            for target, group_id, patient_id in await self._connection.execute(query):
                if patient_id == self.patient_id:
                    found.setdefault(by_target[target], set()).add(group_id)
        return found

    async def owners(self, keys: Collection[str], *, outside: Collection[int]) -> dict[str, tuple[int, str, str]]:
        """Draft key → (group id, mapper, group key) of the stored drafts with these keys in groups that are not ``outside``."""
        found: dict[str, tuple[int, str, str]] = {}
        for chunk in chunks(sorted(keys)):
            query = (
                sa.select(draft.c.key, map_group.c.id, map_group.c.mapper, map_group.c.key.label("group_key"))
                .join(map_group, map_group.c.id == draft.c.group_id)
                .where(draft.c.patient_id == self.patient_id, draft.c.key.in_(chunk))
            )
            for row in await self._connection.execute(query):
                if row.id not in outside:
                    found[row.key] = (row.id, row.mapper, row.group_key)
        return found

    async def other_names(self, rows: Collection[int]) -> set[str]:
        """The further keys of resources."""
        found: set[str] = set()
        for chunk in chunks(rows):
            query = sa.select(resource_key.c.key).where(resource_key.c.resource_id.in_(chunk))
            found.update((await self._connection.execute(query)).scalars())
        return found

    async def _ids(self, query: sa.Select[Any]) -> set[int]:
        return set((await self._connection.execute(query)).scalars())
