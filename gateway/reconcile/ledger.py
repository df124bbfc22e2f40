"""The ledger's queries: what differs between a patient's drafts and what was last written, and recording what was done."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
import zstandard
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reconcile.plan import DraftRow, LedgerRow, parent_key
from gateway.store.tables import draft, ledger, map_group, patient, resource

JsonObject = dict[str, Any]

#: Names in one query: SQLite takes 32766 parameters.
_PAIRS = 1_000

_compress = zstandard.ZstdCompressor(level=3).compress
_decompress = zstandard.ZstdDecompressor().decompress


@dataclass(frozen=True, slots=True)
class Differences:
    """What planning has to look at."""

    drafts: list[DraftRow]
    ledger: list[LedgerRow]
    unchanged: int
    """Drafts that are in POP as they are."""


def pack(value: JsonObject | None) -> bytes | None:
    """JSON for a ``LargeBinary`` column."""
    return None if value is None else _compress(orjson.dumps(value))


def unpack(value: bytes | None) -> JsonObject | None:
    """The JSON of a ``LargeBinary`` column."""
    return None if value is None else orjson.loads(_decompress(value))


def _ledger_row(row: Any) -> LedgerRow:
    return LedgerRow(
        key=row.key, kind=row.kind, state=row.state, pop_id=row.pop_id, digest=row.digest, parent_key=row.parent_key,
        adopted=row.adopted, written=unpack(row.written), attempts=row.attempts, error=row.error,
        retracted=row.retracted,
    )  # fmt: skip


async def differences(connection: AsyncConnection, patient_id: int) -> Differences:
    """Drafts that are not in POP as they are, and ledger rows whose draft is gone."""
    d, led = draft.c, ledger.c
    same = sa.and_(led.patient_id == d.patient_id, led.key == d.key)
    written = sa.and_(led.state == "written", led.digest == d.digest)
    columns = (d.key, d.kind, d.digest, d.blocked, d.content, led.id.label("ledger_id"))
    statement = (
        sa.select(*columns)
        .select_from(draft.outerjoin(ledger, same))
        .where(d.patient_id == patient_id, sa.or_(led.id.is_(None), sa.not_(written), led.digest.is_(None), d.blocked))
    )
    drafts: list[DraftRow] = []
    ids: list[int] = []
    for row in (await connection.execute(statement)).all():
        content = unpack(row.content) or {}
        references = {name: tuple(to) if isinstance(to, list) else to for name, to in content["references"].items()}
        drafts.append(DraftRow(row.key, row.kind, row.digest, row.blocked, references, content))
        if row.ledger_id is not None:
            ids.append(row.ledger_id)
    gone = sa.select(ledger).where(
        led.patient_id == patient_id,
        led.state.not_in(["deleted", "kept"]),
        ~sa.exists().where(d.patient_id == led.patient_id, d.key == led.key),
    )
    rows = [_ledger_row(row) for row in (await connection.execute(gone)).all()]
    if ids:
        concerned = sa.select(ledger).where(led.id.in_(ids))
        rows.extend(_ledger_row(row) for row in (await connection.execute(concerned)).all())
    total = await connection.scalar(sa.select(sa.func.count()).select_from(draft).where(d.patient_id == patient_id))
    return Differences(drafts, rows, int(total or 0) - len(drafts))


async def pop_ids(connection: AsyncConnection, patient_id: int, keys: Collection[str]) -> dict[str, str]:
    """POP ids of entities that are in POP, by draft key."""
    led = ledger.c
    statement = sa.select(led.key, led.pop_id).where(
        led.patient_id == patient_id, led.key.in_(list(keys)), led.pop_id.is_not(None), led.state != "deleted"
    )
    return {row.key: row.pop_id for row in (await connection.execute(statement)).all()}


async def announce(connection: AsyncConnection, patient_id: int, drafts: Collection[DraftRow]) -> None:
    """Note, before the first request is sent, what is about to be created (ADR 2)."""
    if not drafts:
        return
    keys = [row.key for row in drafts]
    led = ledger.c
    known = set(
        (await connection.execute(sa.select(led.key).where(led.patient_id == patient_id, led.key.in_(keys)))).scalars()
    )
    if known:
        await connection.execute(
            sa.update(ledger)
            .where(led.patient_id == patient_id, led.key.in_(sorted(known)))
            .values(state="creating", pop_id=None)
        )
    new = [
        {
            "patient_id": patient_id,
            "key": row.key,
            "kind": row.kind,
            "state": "creating",
            "parent_key": parent_key(row),
        }
        for row in drafts
        if row.key not in known
    ]
    if new:
        await connection.execute(sa.insert(ledger), new)


async def record(connection: AsyncConnection, patient_id: int, changes: list[JsonObject]) -> None:
    """Write results: each change is ``key`` with the columns to set."""
    for change in changes:
        values = {name: value for name, value in change.items() if name != "key"}
        values.setdefault("written_at", time.time())
        await connection.execute(
            sa.update(ledger).where(ledger.c.patient_id == patient_id, ledger.c.key == change["key"]).values(**values)
        )


async def settle(connection: AsyncConnection, patient_id: int, *, seen: int) -> None:
    """What was taken back up to the change ``seen`` has come to its end: whatever blocks a draft from now on is no reason to
    delete its entity. Nothing is settled while a later change waits, which may have taken back more."""
    waits = sa.exists().where(patient.c.id == patient_id, patient.c.dirty_seq > seen)
    mine = sa.and_(ledger.c.patient_id == patient_id, ledger.c.retracted, ~waits)
    await connection.execute(sa.update(ledger).where(mine).values(retracted=False))


async def mappers_of(connection: AsyncConnection, patient_id: int, keys: Collection[str]) -> dict[str, tuple[str, str]]:
    """(mapper, version) that made each draft, for the audit."""
    statement = (
        sa.select(draft.c.key, map_group.c.mapper, map_group.c.mapper_version)
        .join(map_group, map_group.c.id == draft.c.group_id)
        .where(draft.c.patient_id == patient_id, draft.c.key.in_(list(keys)))
    )
    return {row.key: (row.mapper, row.mapper_version) for row in (await connection.execute(statement)).all()}


async def origins_of(
    connection: AsyncConnection, patient_id: int, drafts: Collection[DraftRow]
) -> dict[str, list[tuple[str, int]]]:
    """Draft key → (reference, ``resource_version.id``): which versions, and so which deliveries, each draft came from."""
    wanted = {row.key: [str(each).partition("#")[0] for each in row.content.get("resources") or ()] for row in drafts}
    pairs = sorted(
        {tuple(reference.split("/", 1)) for each in wanted.values() for reference in each if "/" in reference}
    )
    source = sa.select(patient.c.source).where(patient.c.id == patient_id).scalar_subquery()
    res, found = resource.c, dict[str, int]()
    for start in range(0, len(pairs), _PAIRS):
        rows = await connection.execute(
            sa.select(res.type, res.fhir_id, res.current_id).where(
                res.source == source,
                res.current_id.is_not(None),
                sa.tuple_(res.type, res.fhir_id).in_(pairs[start : start + _PAIRS]),
            )
        )
        found |= {f"{row.type}/{row.fhir_id}": row.current_id for row in rows}
    return {
        key: [(reference, found[reference]) for reference in dict.fromkeys(references) if reference in found]
        for key, references in wanted.items()
    }


async def written_of(
    connection: AsyncConnection, patient_id: int, kinds: Collection[str]
) -> list[tuple[str, str, JsonObject]]:
    """(key, kind, body last written) of what stands in POP of these kinds."""
    led = ledger.c
    statement = sa.select(led.key, led.kind, led.written).where(
        led.patient_id == patient_id, led.kind.in_(list(kinds)), led.pop_id.is_not(None), led.state != "deleted"
    )
    rows = (await connection.execute(statement)).all()
    return [(row.key, row.kind, body) for row in rows if (body := unpack(row.written)) is not None]


async def case_id(connection: AsyncConnection, patient_id: int) -> str | None:
    """POP id of the patient's case, if it is in POP."""
    led = ledger.c
    statement = sa.select(led.pop_id).where(
        led.patient_id == patient_id, led.kind == "PatientCase", led.pop_id.is_not(None)
    )
    found: str | None = await connection.scalar(statement)
    return found
