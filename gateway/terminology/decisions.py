"""Decisions about source codes: made, taken back, and what they bring about.

A decision marks exactly the groups that asked for its code (``mappers.context.of_code``), so that they are mapped again with
it; what then has all it needs lands in POP by itself. A decision is never changed: another one replaces it, or it is undone.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.errors import GatewayError
from gateway.reconcile.reader import chunks
from gateway.reconcile.rollout import mark_dirty
from gateway.store.engine import Store
from gateway.store.tables import concept_decision, dependency, draft, ledger, map_group, patient, review
from gateway.terminology.items import Item
from mappers.context import CASE, of_code
from mappers.decided import UNMAPPED
from mappers.terminology import Outcome, Terminology, decided_by

Target = tuple[str, str, str]
"""(system, code, display) of POP's concept."""

#: Characters of a note.
LONGEST_NOTE = 2_000


class DecisionRefused(GatewayError):
    """The decision cannot be made like this; the text says why and what to do."""

    code = "decision-refused"


class DecidedMeanwhile(DecisionRefused):
    """Somebody else has decided about the code since the person looked at it."""

    code = "decided-meanwhile"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a person wants to decide about an item."""

    outcome: Outcome
    author: str
    target: Target | None = None
    """For ``MAP``."""
    source: str | None = None
    """Only for patients of this source."""
    once: bool = False
    """Only for the patients that wait now."""
    note: str | None = None
    coding: int = 0
    """Which of the item's codings is decided about."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a decision would bring about."""

    patients: int
    """Patients that are mapped again."""
    lands: int
    """Entities that wait for nothing else."""
    changes: int
    """Entities in POP, or to come, that get the value."""
    still_waiting: int
    """Entities that wait for something else as well."""


@dataclass(frozen=True, slots=True)
class Made:
    """A decision in the log."""

    id: int
    terminology: str
    system: str
    code: str
    display: str
    outcome: Outcome
    target: Target | None
    field: str | None
    source: str | None
    once: bool
    note: str | None
    author: str
    made_at: float
    undone_by: str | None
    undone_at: float | None


def made(row: Any) -> Made:
    """A row of ``concept_decision``."""
    return Made(
        id=row.id, terminology=row.terminology, system=row.system, code=row.code, display=row.display,
        outcome=Outcome(row.outcome), target=None if row.target is None else (row.target[0], row.target[1], row.target[2]),
        field=row.field, source=row.source, once=row.patients is not None, note=row.note, author=row.author,
        made_at=row.made_at, undone_by=row.undone_by, undone_at=row.undone_at,
    )  # fmt: skip


async def preview(connection: AsyncConnection, item: Item, *, source: str | None = None) -> Preview:
    """What deciding about the item would do to the patients that wait for it now."""
    own = review.alias("own")
    other = review.alias("other")
    elsewhere = sa.exists().where(
        other.c.patient_id == own.c.patient_id,
        # What waits for its case waits however complete it is itself.
        sa.or_(other.c.draft_key == own.c.draft_key, other.c.kind == CASE),
        other.c.state == "open",
        other.c.severity == "blocking",
        other.c.item != own.c.item,
    )
    query = (
        sa.select(own.c.patient_id, own.c.severity, elsewhere.label("held"))
        .where(own.c.item == bytes.fromhex(item.id), own.c.state == "open")
    )  # fmt: skip
    if source is not None:
        query = query.join(patient, patient.c.id == own.c.patient_id).where(patient.c.source == source)
    rows = (await connection.execute(query)).all()
    return Preview(
        patients=len({row.patient_id for row in rows}),
        lands=sum(row.severity == "blocking" and not row.held for row in rows),
        changes=sum(row.severity != "blocking" and not row.held for row in rows),
        still_waiting=sum(bool(row.held) for row in rows),
    )


async def newest_about(connection: AsyncConnection, item: Item) -> int:
    """Number of the last decision about one of the item's codes, made or taken back; 0 if there is none."""
    return max([0, *(each.id for each in await about(connection, item))])


async def about(connection: AsyncConnection, item: Item) -> list[Made]:
    """Decisions about the item's codes, the newest first."""
    sources = [found for each in item.codings if (found := decided_by(each)) is not None]
    columns = concept_decision.c
    query = sa.select(concept_decision).where(
        columns.terminology == item.terminology,
        sa.or_(sa.false(), *(sa.and_(columns.system == system, columns.code == code) for system, code in sources)),
    )
    return [made(row) for row in await connection.execute(query.order_by(columns.id.desc()))]


async def decide(
    store: Store, item: Item, proposal: Proposal, *, terminology: Terminology, seen: int | None = None
) -> Made:
    """Make a decision, and mark what it concerns to be mapped again. ``seen``: the newest decision about these codes that the
    person knew of. Raises DecisionRefused, DecidedMeanwhile, StoreUnavailable."""
    system, code, display = _decidable(item, proposal, terminology)
    async with store.write(lock="intake") as connection:
        if seen is not None and (newest := await newest_about(connection, item)) > seen:
            raise DecidedMeanwhile(
                f"somebody else decided about this code meanwhile (decision {newest}): look at it first"
            )
        patients = await _waiting(connection, item) if proposal.once else None
        seq = await store.next_seq(connection)
        values = {
            "seq": seq, "terminology": item.terminology, "system": system, "code": code, "display": display,
            "outcome": proposal.outcome.value, "target": list(proposal.target) if proposal.target else None,
            "field": None if proposal.outcome is Outcome.MAP else item.path, "source": proposal.source, "patients": patients,
            "note": (proposal.note or "")[:LONGEST_NOTE] or None, "author": proposal.author, "made_at": time.time(),
        }  # fmt: skip
        row = (await connection.execute(sa.insert(concept_decision).values(values).returning(concept_decision))).one()
        await _mark(store, connection, row)
    return made(row)


async def undo(store: Store, number: int, *, author: str) -> Made:
    """Take a decision back. Raises DecisionRefused if there is none in force with this number."""
    async with store.write(lock="intake") as connection:
        seq = await store.next_seq(connection)
        row = (
            await connection.execute(
                sa.update(concept_decision)
                .where(concept_decision.c.id == number, concept_decision.c.undone_at.is_(None))
                .values(seq=seq, undone_by=author, undone_at=time.time())
                .returning(concept_decision)
            )
        ).one_or_none()
        if row is None:
            raise DecisionRefused(f"decision {number} does not exist, or has been taken back already")
        await retract(connection, await _mark(store, connection, row))
    return made(row)


async def log(connection: AsyncConnection, *, limit: int = 200, before: int | None = None) -> list[Made]:
    """Decisions, the newest first; those taken back too."""
    query = sa.select(concept_decision).order_by(concept_decision.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(concept_decision.c.id < before)
    return [made(row) for row in await connection.execute(query)]


async def by_number(connection: AsyncConnection, number: int) -> Made | None:
    """A decision."""
    row = (await connection.execute(sa.select(concept_decision).where(concept_decision.c.id == number))).one_or_none()
    return None if row is None else made(row)


async def progress(connection: AsyncConnection, number: int) -> tuple[int, int]:
    """(patients that the decision concerns, those of them not yet reconciled)."""
    row = (await connection.execute(sa.select(concept_decision).where(concept_decision.c.id == number))).one_or_none()
    if row is None:
        return 0, 0
    found = _concerned(row).subquery()
    dirty = sa.func.sum(sa.case((patient.c.dirty_seq > patient.c.clean_seq, 1), else_=0))
    query = sa.select(sa.func.count(), sa.func.coalesce(dirty, 0)).where(
        patient.c.id.in_(sa.select(found.c.patient_id))
    )
    counted = (await connection.execute(query)).one()
    return int(counted[0]), int(counted[1])


def _decidable(item: Item, proposal: Proposal, terminology: Terminology) -> Target:
    if item.code != UNMAPPED or item.terminology is None:
        raise DecisionRefused(f"«{item.code}» is no question of terminology: it goes away when its cause does")
    if not 0 <= proposal.coding < len(item.codings):
        raise DecisionRefused(f"the item has {len(item.codings)} codings, numbered from 0")
    coding = item.codings[proposal.coding]
    source = decided_by(coding)
    if source is None:
        raise DecisionRefused("this coding has neither a code nor a text")
    if (proposal.target is None) is (proposal.outcome is Outcome.MAP):
        raise DecisionRefused("a decision to translate names POP's concept, and no other does")
    if proposal.target is not None:
        known = terminology.has(item.terminology, proposal.target[0], proposal.target[1])
        if known is None:
            raise DecisionRefused(f"POP's list «{item.terminology}» has not been read yet: try again in a moment")
        if not known:
            raise DecisionRefused(f"POP's list «{item.terminology}» has no such concept: choose one that it has")
    return source[0], source[1], coding[2] or coding[1]


async def _waiting(connection: AsyncConnection, item: Item) -> list[int]:
    query = sa.select(review.c.patient_id).where(review.c.item == bytes.fromhex(item.id), review.c.state == "open")
    return sorted(set(await connection.scalars(query)))


def _concerned(row: Any) -> sa.Select[tuple[int, int]]:
    """Groups (and their patients) that asked for the decision's code, within its scope."""
    target = of_code(row.terminology, (row.system, row.code))
    query = (
        sa.select(map_group.c.id, map_group.c.patient_id)
        .join(dependency, dependency.c.group_id == map_group.c.id)
        .where(dependency.c.target == target)
    )
    if row.source is not None:
        query = query.join(patient, patient.c.id == map_group.c.patient_id).where(patient.c.source == row.source)
    if row.patients is not None:
        query = query.where(map_group.c.patient_id.in_(row.patients))
    return query


async def _mark(store: Store, connection: AsyncConnection, row: Any) -> list[int]:
    groups: Sequence[Any] = (await connection.execute(_concerned(row))).all()
    ids = sorted({each.id for each in groups})
    await mark_stale(connection, ids)
    await mark_dirty(store, connection, {each.patient_id for each in groups})
    return ids


async def mark_stale(connection: AsyncConnection, groups: Collection[int]) -> None:
    """These groups are mapped again although none of their resources changed."""
    for chosen in chunks(groups):
        await connection.execute(sa.update(map_group).where(map_group.c.id.in_(chosen)).values(stale=True))


async def retract(connection: AsyncConnection, groups: Collection[int]) -> None:
    """What translated these groups' codes is no more: an entity that then lacks its concept again has no business in POP."""
    for chosen in chunks(groups):
        keys = sa.select(draft.c.patient_id, draft.c.key).where(draft.c.group_id.in_(chosen)).subquery()
        resting = sa.exists().where(keys.c.patient_id == ledger.c.patient_id, keys.c.key == ledger.c.key)
        await connection.execute(sa.update(ledger).where(resting).values(retracted=True))
