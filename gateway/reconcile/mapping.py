"""Mapping a patient again, as far as something changed.

What a change concerns is found by indexed lookups: the groups that a changed resource belongs to, before and after; those
that asked for it; those whose drafts depend on drafts that changed. Everything else of the patient is not even read, so
one laboratory value costs the same on a record of a hundred resources and of ten thousand.

Reading and mapping happen without a lock, writing in one short transaction (``gateway.reconcile.mapwrite``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from gateway.reconcile.groups import Groups
from gateway.reconcile.mapcover import cover_changed
from gateway.reconcile.mapwrite import Fence, write_run
from gateway.reconcile.reader import Row, StoreReader
from gateway.reconcile.work import MappingOutcome, Work
from gateway.store.engine import Store
from gateway.store.tables import counter, patient
from gateway.terminology.book import DecisionBook
from mappers.context import CASE, PATIENT, TerminologyService, of_entities, of_presence, of_type
from mappers.engine import (
    context_for,
    map_group,
    selected_group,
    without_duplicates,
)
from mappers.protocol import Coverage, EntityView, Group, Mapper
from mappers.references import iter_references, target_keys
from mappers.registry import Registry

#: Seconds of mapping after which the event loop gets a turn (heartbeats and acknowledgements must not wait for a big record).
_TURN = 0.01

#: References that hardly any mapper follows; one that does gets them in a second round.
_UNLIKELY = ("Encounter/", "Organization/", "Practitioner/", "PractitionerRole/", "Location/", "Device/", "id:")


class Run:
    """One mapping of one patient: what was read, what was made, what has to be written."""

    def __init__(
        self, reader: StoreReader, groups: Groups, *, registry: Registry, terminology: TerminologyService,
        options: Mapping[str, Any], seen_seq: int, decided_seq: int,
    ) -> None:  # fmt: skip
        self.reader = reader
        self.groups = groups
        self.registry = registry
        self.seen_seq = seen_seq
        """The store's change counter before anything was read."""
        self.decided_seq = decided_seq
        """The change up to which decisions about codes were known."""
        self.work: dict[tuple[str, str], Work] = {}
        self.changed: dict[int, Row] = {}
        self.coverage: dict[int, Coverage | None] = {}
        """Row id → new coverage; None for a deleted resource."""
        self._terminology = terminology
        self._options = options
        self._turn = time.monotonic()

    async def start(self) -> None:
        """Find the groups that the changes concern."""
        rows = await self.reader.load_changed()
        self.changed = {row.id: row for row in rows}
        left = await self.groups.with_members(self.changed)
        joins: dict[tuple[str, str], set[int]] = {}
        for row in rows:
            for mapper in self.registry.mappers:
                if row.resource is not None and (key := selected_group(mapper, row.resource)) is not None:
                    joins.setdefault((mapper.name, key), set()).add(row.id)
            await self.breathe()
        ids = set(left.values()) | await self.groups.stale() | await self.groups.named(joins.keys() - left.keys())
        for group_ids in (await self.groups.dependents(await self._targets(rows))).values():
            ids |= group_ids
        for name, joined in joins.items():
            self.work[name] = Work(*name, joined=joined)
        await self.add(ids)

    async def _targets(self, rows: Iterable[Row]) -> set[str]:
        """Everything by which a group may have asked for these resources."""
        targets: set[str] = set()
        for row in rows:
            kind = row.reference.partition("/")[0]
            targets.update((row.reference, of_type(kind)))
            if kind == "Patient":
                targets.add(PATIENT)
        return targets | await self.groups.other_names(self.changed)

    async def add(self, ids: set[int]) -> list[Work]:
        """Make stored groups part of the run. Those of a mapper that is not installed stay as they are: a plug-in that is
        missing at start must not delete what it made."""
        added: list[Work] = []
        for group in await self.groups.load(ids - self.reader.remapped):
            if group.mapper not in self.registry.by_name:
                continue
            work = self.work.setdefault((group.mapper, group.key), Work(group.mapper, group.key))
            work.stored = group
            self.reader.remapped.add(group.id)
            added.append(work)
        return added

    async def phase(self, mapper: Mapper) -> None:
        """Map the groups of one mapper, and make those part of the run that see its drafts."""
        done: set[tuple[str, str]] = set()
        while pending := [work for name, work in self.work.items() if name[0] == mapper.name and name not in done]:
            await self._map(mapper, pending)
            done.update((work.mapper, work.key) for work in pending)
            await self._settle_keys(mapper)
        works = [self.work[name] for name in sorted(done)]
        self._drop_duplicates(works)
        changed = self._changed_targets(works)
        for work in works:
            if work.result is not None:
                self.reader.views.add(self._views(work))
        dependents = await self.groups.dependents(changed)
        await self.add({group_id for ids in dependents.values() for group_id in ids})

    async def _map(self, mapper: Mapper, works: list[Work]) -> None:
        stays = {work.key: work.stored.members.keys() - self.changed.keys() if work.stored else set() for work in works}
        await self.reader.load_ids({row_id for ids in stays.values() for row_id in ids})
        for work in works:
            rows = [self.reader.rows[row_id] for row_id in stays[work.key] | work.joined if row_id in self.reader.rows]
            own = [row for row in rows if row.state == "assigned" and row.resource is not None]
            work.members = sorted(own, key=lambda row: row.reference)
        await self.reader.load(self._likely(mapper, works))
        pending = works
        while pending:
            missing: set[str] = set()
            again: list[Work] = []
            for work in pending:
                self.reader.missing.clear()
                self._map_one(mapper, work)
                if self.reader.missing:
                    missing |= self.reader.missing
                    again.append(work)
                await self.breathe()
            await self.reader.load(sorted(missing))
            pending = again

    def _likely(self, mapper: Mapper, works: list[Work]) -> set[str]:
        """What the mapper will probably ask for: loading it at once saves a second round."""
        keys = {of_entities(kind) for kind in mapper.requires} | {self.reader.patient_key}
        if mapper.name in self.registry.behind_case:
            keys.add(of_entities(CASE))
        for work in works:
            for row in work.members:
                for _, reference in iter_references(row.resource.json if row.resource is not None else {}):
                    keys.update(key for key in target_keys(reference) if not key.startswith(_UNLIKELY))
        return keys if any(work.members for work in works) else set()

    def _map_one(self, mapper: Mapper, work: Work) -> None:
        members = tuple(row.resource for row in work.members if row.resource is not None)
        if not members:
            return
        context = context_for(
            mapper, self.reader, terminology=self._terminology, options=self._options, behind=self.registry.behind_case
        )
        result = map_group(mapper, Group(mapper.name, work.key, members), context)
        rivals = self.reader.rivals(result.dependencies)
        work.result = replace(result, dependencies=result.dependencies | rivals) if rivals else result

    async def _settle_keys(self, mapper: Mapper) -> None:
        """A draft key that another group owned or waits for: that group has to be looked at again in this run."""
        works = [work for name, work in self.work.items() if name[0] == mapper.name]
        before = {key for work in works if work.stored is not None for key in work.stored.drafts}
        after = {draft.key for work in works if work.result is not None for draft in work.result.drafts}
        owners = await self.groups.owners(after - before, outside=self.reader.remapped)
        waiting = await self.groups.dependents(f"draft:{key}" for key in before - after)
        await self.add({owner[0] for owner in owners.values()} | {each for ids in waiting.values() for each in ids})

    def _drop_duplicates(self, works: list[Work]) -> None:
        # A failed group keeps the drafts it had, and their keys.
        taken = {key for work in works if work.keeps_drafts and work.stored is not None for key in work.stored.drafts}
        for work in works:
            if work.result is not None:
                work.result = without_duplicates(work.result, taken)
                taken.update(draft.key for draft in work.result.drafts)

    def _views(self, work: Work) -> list[EntityView]:
        if work.result is None:
            return []
        if work.keeps_drafts and work.stored is not None:
            return [replace(each.view(), blocked=True) for each in work.stored.drafts.values()]
        return work.result.views()

    def _changed_targets(self, works: list[Work]) -> set[str]:
        """What groups may have asked of the drafts of these groups that is another answer now."""
        before: dict[str, EntityView] = {}
        after: dict[str, EntityView] = {}
        for work in works:
            if work.stored is not None:
                before.update({each.key: each.view() for each in work.stored.drafts.values()})
            after.update({view.key: view for view in self._views(work)})
        keys = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        kinds = {view.kind for key in keys for view in (before.get(key), after.get(key)) if view is not None}
        came_or_went = {view.kind for view in before.values()} ^ {view.kind for view in after.values()}
        return {of_entities(kind) for kind in kinds} | {of_presence(kind) for kind in came_or_went}

    async def breathe(self) -> None:
        """Give the event loop its turn if it has waited for long."""
        if time.monotonic() - self._turn > _TURN:
            await asyncio.sleep(0)
            self._turn = time.monotonic()


async def map_patient(
    store: Store,
    *,
    patient_id: int,
    mappers: Registry,
    terminology: TerminologyService,
    options_for: Callable[[str], Mapping[str, Any]],
    decisions: DecisionBook | None = None,
    fence: Fence | None = None,
) -> MappingOutcome:
    """Bring the patient's groups, drafts, coverage and mapping issues up to date with its resources.

    ``options_for`` gives the site options of a source; ``decisions``, followed by the caller, what people decided. The caller
    holds the patient's lease: two runs for one patient must not overlap. ``fence`` is awaited in the write transaction and
    raises if the lease was lost meanwhile. Raises StoreUnavailable, or what the fence raises; nothing is written then.
    """
    book = decisions or DecisionBook()
    async with store.read() as connection:
        # First of all: what is read later may be newer than this, never older.
        seen_seq = await connection.scalar(sa.select(counter.c.value).where(counter.c.name == "seq"))
        query = sa.select(patient.c.source, patient.c.fhir_id).where(patient.c.id == patient_id)
        row = (await connection.execute(query)).one()
        run = Run(
            StoreReader(connection, patient_id=patient_id, source=row.source, fhir_id=row.fhir_id),
            Groups(connection, patient_id),
            registry=mappers,
            terminology=book.over(terminology, source=row.source, patient_id=patient_id),
            options=options_for(row.source),
            seen_seq=int(seen_seq or 0),
            decided_seq=book.seq,
        )
        await run.start()
        for mapper in mappers.mappers:
            await run.phase(mapper)
        await cover_changed(run)
    return await write_run(store, run, fence=fence)
