"""The mappers' view of one patient's resources in the store, loaded as the mappers ask.

Mapping is synchronous and pure, so a question about something that is not in memory is noted in ``missing`` and answered
with nothing; the driver throws the result away, loads what was missing, and maps the group again. All that a group needs
shows within as many rounds as its references are deep. What was loaded stays for the whole run.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
import zstandard
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import draft, resource, resource_key, resource_version
from mappers.context import of_entities, of_type
from mappers.engine import Entities
from mappers.protocol import EntityView, Resource
from mappers.render import read_view

#: Bound parameters of one statement: both engines accept 32,766.
CHUNK = 5_000
#: Resources that are decompressed and parsed before the event loop gets a turn.
_TURN = 200

#: What is asked about a target key: whether it is another patient's.
_ELSEWHERE = "elsewhere:"

_decompressor = zstandard.ZstdDecompressor()


def chunks(values: Collection[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """Slices for IN lists, in a stable order."""
    ordered = list(values)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def unpack(content: bytes) -> Any:
    """zstd JSON → JSON."""
    return orjson.loads(_decompressor.decompress(content))


@dataclass(slots=True)
class Row:
    """A row of ``resource`` with its newest version parsed. ``resource`` is None for a deleted one."""

    id: int
    state: str
    seq: int
    reference: str
    resource: Resource | None
    status: str | None
    reason: str | None
    unconsumed: tuple[str, ...]


_COLUMNS = (
    resource.c.id, resource.c.type, resource.c.fhir_id, resource.c.state, resource.c.seq, resource.c.map_status,
    resource.c.map_reason, resource.c.unconsumed, resource_version.c.raw,
)  # fmt: skip
_FROM = resource.outerjoin(resource_version, resource_version.c.id == resource.c.current_id)


class StoreReader:
    """A :class:`mappers.context.ResourceReader` over the store, for one patient and one run."""

    def __init__(self, connection: AsyncConnection, *, patient_id: int, source: str, fhir_id: str) -> None:
        self._connection = connection
        self.patient_id = patient_id
        self.source = source
        self.patient_key = f"Patient/{fhir_id}"
        self._names: dict[str, Row | None] = {}
        self._elsewhere: dict[str, bool] = {}
        self._types: dict[str, list[Resource]] = {}
        self._kinds: set[str] = set()
        self._ambiguous: dict[str, tuple[str, ...]] = {}
        self.rows: dict[int, Row] = {}
        self.views = Entities()
        self.missing: set[str] = set()
        """What was asked for and is not in memory: an answer given meanwhile does not count."""
        self.remapped: set[int] = set()
        """Group ids that this run maps again: their stored drafts are out of date and not shown."""

    # What mappers see

    @property
    def patient(self) -> Resource | None:
        """The Patient resource, if it has arrived."""
        return self.get(self.patient_key)

    def get(self, key: str) -> Resource | None:
        """The resource of that key among the patient's own and the shared ones."""
        if key not in self._names:
            self.missing.add(key)
            return None
        row = self._names[key]
        return None if row is None else row.resource

    def elsewhere(self, key: str) -> bool:
        """True if the resource of that key is another patient's."""
        if key not in self._elsewhere:
            self.missing.add(_ELSEWHERE + key)
            return False
        return self._elsewhere[key]

    def of_type(self, resource_type: str) -> Sequence[Resource]:
        """The patient's resources of a type, sorted by reference."""
        if resource_type not in self._types:
            self.missing.add(of_type(resource_type))
            return ()
        return self._types[resource_type]

    def entities(self, kind: str) -> Sequence[EntityView]:
        """The patient's drafts of a kind, sorted by key."""
        if kind not in self._kinds:
            self.missing.add(of_entities(kind))
            return ()
        return self.views.of(kind)

    # What the driver does

    def row(self, key: str) -> Row | None:
        """The row behind a key that has been loaded; None if nothing visible has it."""
        return self._names.get(key)

    def rivals(self, keys: Iterable[str]) -> set[str]:
        """References of the resources that share an ambiguous name: when one of them gives it up, the name says something."""
        return {reference for key in keys for reference in self._ambiguous.get(key, ())}

    async def load(self, keys: Iterable[str]) -> None:
        """Load target keys, ``type:X``, ``entities:Kind``, ``elsewhere:`` with a target key."""
        literal: list[str] = []
        others: list[str] = []
        for key in keys:
            if key.startswith("type:"):
                await self._load_type(key.removeprefix("type:"))
            elif key.startswith("entities:"):
                await self._load_kind(key.removeprefix("entities:"))
            elif key.startswith(_ELSEWHERE):
                await self._load_elsewhere(key.removeprefix(_ELSEWHERE))
            elif key not in self._names:
                (literal if key[:1].isupper() else others).append(key)
        await self._load_literal(literal)
        await self._load_names(others)

    async def load_changed(self) -> list[Row]:
        """The patient's resources that changed since they were last mapped, deleted ones included."""
        query = sa.select(*_COLUMNS).select_from(_FROM).where(
            resource.c.patient_id == self.patient_id, resource.c.seq > resource.c.mapped_seq
        )  # fmt: skip
        return await self._fetch(query)

    async def load_ids(self, ids: Iterable[int]) -> None:
        """The patient's own resources with these row ids; those that left the patient or were deleted are left out."""
        missing = [row_id for row_id in ids if row_id not in self.rows]
        for chunk in chunks(missing):
            query = sa.select(*_COLUMNS).select_from(_FROM).where(
                resource.c.id.in_(chunk), resource.c.patient_id == self.patient_id, resource.c.state == "assigned"
            )  # fmt: skip
            await self._fetch(query)

    async def _fetch(self, query: sa.Select[Any]) -> list[Row]:
        rows: list[Row] = []
        for number, found in enumerate((await self._connection.execute(query)).all()):
            if number % _TURN == _TURN - 1:
                await asyncio.sleep(0)
            rows.append(self._keep(found))
        return rows

    def _keep(self, found: Any) -> Row:
        known = self.rows.get(found.id)
        if known is not None:
            return known
        json = None
        if found.state != "deleted" and found.raw is not None:
            json = Resource(found.type, found.fhir_id, unpack(found.raw))
        reference = f"{found.type}/{found.fhir_id}"
        row = Row(
            id=found.id, state=found.state, seq=found.seq, reference=reference, resource=json,
            status=found.map_status, reason=found.map_reason, unconsumed=tuple(found.unconsumed or ()),
        )  # fmt: skip
        self.rows[found.id] = row
        self._names[reference] = None if json is None else row
        return row

    def _visible(self) -> sa.ColumnElement[bool]:
        own = sa.and_(resource.c.patient_id == self.patient_id, resource.c.state == "assigned")
        return sa.and_(resource.c.source == self.source, sa.or_(own, resource.c.state == "shared"))

    async def _load_literal(self, keys: Sequence[str]) -> None:
        by_type: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            kind, _, identity = key.partition("/")
            by_type[kind].append(identity)
        for kind, identities in sorted(by_type.items()):
            for chunk in chunks(identities):
                query = sa.select(*_COLUMNS).select_from(_FROM).where(
                    resource.c.type == kind, resource.c.fhir_id.in_(chunk), self._visible()
                )  # fmt: skip
                await self._fetch(query)
        for key in keys:
            self._names.setdefault(key, None)

    async def _load_names(self, keys: Sequence[str]) -> None:
        found: dict[str, set[int]] = defaultdict(set)
        for chunk in chunks(keys):
            named = sa.select(resource_key.c.key, resource_key.c.resource_id).join(
                resource, resource.c.id == resource_key.c.resource_id
            )
            query = named.where(resource_key.c.source == self.source, resource_key.c.key.in_(chunk), self._visible())
            for key, row_id in (await self._connection.execute(query)).all():
                found[key].add(row_id)
        missing = {row_id for ids in found.values() for row_id in ids} - self.rows.keys()
        for chunk in chunks(missing):
            query_rows = sa.select(*_COLUMNS).select_from(_FROM).where(resource.c.id.in_(chunk), self._visible())
            await self._fetch(query_rows)
        for key in keys:
            # A name that fits several resources names none: guessing would mix them up.
            ids = found.get(key, set())
            self._names[key] = self.rows.get(next(iter(ids))) if len(ids) == 1 else None
            if len(ids) > 1:
                self._ambiguous[key] = tuple(
                    self.rows[row_id].reference for row_id in sorted(ids) if row_id in self.rows
                )

    async def _load_elsewhere(self, key: str) -> None:
        kind, _, identity = key.partition("/")
        query = sa.select(sa.literal(1)).select_from(resource)
        if key[:1].isupper():
            query = query.where(resource.c.type == kind, resource.c.fhir_id == identity)
        else:
            query = query.join(resource_key, resource_key.c.resource_id == resource.c.id).where(
                resource_key.c.source == self.source, resource_key.c.key == key
            )
        others = query.where(
            resource.c.source == self.source, resource.c.state == "assigned", resource.c.patient_id != self.patient_id
        )
        self._elsewhere[key] = (await self._connection.execute(others.limit(1))).first() is not None

    async def _load_type(self, resource_type: str) -> None:
        if resource_type in self._types:
            return
        query = sa.select(*_COLUMNS).select_from(_FROM).where(
            resource.c.patient_id == self.patient_id, resource.c.type == resource_type, resource.c.state == "assigned"
        )  # fmt: skip
        rows = await self._fetch(query)
        found = [row.resource for row in rows if row.resource is not None]
        self._types[resource_type] = sorted(found, key=lambda each: each.reference)

    async def _load_kind(self, kind: str) -> None:
        if kind in self._kinds:
            return
        query = sa.select(draft.c.group_id, draft.c.key, draft.c.blocked, draft.c.content).where(
            draft.c.patient_id == self.patient_id, draft.c.kind == kind
        )
        for found in (await self._connection.execute(query)).all():
            # What this run has mapped again is added by the driver; it must not be overwritten with what was.
            if found.group_id not in self.remapped:
                self.views.add([read_view(unpack(found.content), blocked=found.blocked)])
        self._kinds.add(kind)
