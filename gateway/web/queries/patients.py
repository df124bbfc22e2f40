"""Patients: the list with states and counts, and everything about one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.pop.kinds import KINDS
from gateway.store.tables import draft, ledger, patient, resource, review
from gateway.web.queries.common import PAGE, JsonObject, Page, patient_state, unpack_json

_GONE = ("deleted", "kept")


def reading_order(kind: str) -> tuple[int, str]:
    """The case, its tumours, what refers to them, children."""
    return (KINDS[kind].rank if kind in KINDS else 99, kind)


async def patients(
    connection: AsyncConnection, *, now: float, state: str | None = None, source: str | None = None, offset: int = 0,
    limit: int = PAGE,
) -> Page:  # fmt: skip
    """Patients, the one changed last first. ``next`` is an offset: the order moves while it is read."""
    derived = patient_state(now)
    query = sa.select(
        patient.c.id, patient.c.source, patient.c.fhir_id, patient.c.dirty_at, patient.c.reconciled_at,
        patient.c.last_error, derived.label("state"),
    ).order_by(patient.c.dirty_seq.desc(), patient.c.id.desc())  # fmt: skip
    if state is not None:
        query = query.where(derived == state)
    if source is not None:
        query = query.where(patient.c.source == source)
    rows = [dict(row) for row in (await connection.execute(query.offset(offset).limit(limit + 1))).mappings()]
    more = len(rows) > limit
    rows = rows[:limit]
    await _count(connection, rows)
    return Page(rows, offset + limit if more else None)


async def _count(connection: AsyncConnection, rows: Sequence[JsonObject]) -> None:
    """Add entity counts, the case's POP id, and open reviews to patients."""
    ids = [row["id"] for row in rows]
    entities: dict[int, dict[str, int]] = defaultdict(dict)
    parked: dict[int, int] = defaultdict(int)
    found = await connection.execute(
        sa.select(ledger.c.patient_id, ledger.c.kind, ledger.c.state, sa.func.count())
        .where(ledger.c.patient_id.in_(ids), ledger.c.state.not_in(_GONE))
        .group_by(ledger.c.patient_id, ledger.c.kind, ledger.c.state)
    )
    for patient_id, kind, state, count in found:
        if state in ("written", "updating"):
            entities[patient_id][kind] = entities[patient_id].get(kind, 0) + count
        else:
            parked[patient_id] += count
    open_reviews = await connection.execute(
        sa.select(review.c.patient_id, sa.func.count())
        .where(review.c.patient_id.in_(ids), review.c.state == "open")
        .group_by(review.c.patient_id)
    )
    reviews = {each[0]: each[1] for each in open_reviews}
    cases = await connection.execute(
        sa.select(ledger.c.patient_id, ledger.c.pop_id)
        .where(ledger.c.patient_id.in_(ids), ledger.c.kind == "PatientCase", ledger.c.pop_id.is_not(None))
    )  # fmt: skip
    pop_ids = {each[0]: each[1] for each in cases}
    for row in rows:
        row["entities"] = dict(sorted(entities[row["id"]].items(), key=lambda each: reading_order(each[0])))
        row["unwritten"] = parked[row["id"]]
        row["open_reviews"] = reviews.get(row["id"], 0)
        row["case_id"] = pop_ids.get(row["id"])


async def patient_by_id(connection: AsyncConnection, patient_id: int, *, now: float) -> JsonObject | None:
    """One patient as in the list, with when it is tried again; None if there is none."""
    found = await connection.execute(
        sa.select(patient, patient_state(now).label("state")).where(patient.c.id == patient_id)
    )
    row = found.mappings().one_or_none()
    if row is None:
        return None
    rows = [dict(row)]
    await _count(connection, rows)
    return rows[0]


async def find_patient(connection: AsyncConnection, *, source: str | None, fhir_id: str) -> int | None:
    """The patient with this FHIR id (in this source)."""
    query = sa.select(patient.c.id).where(patient.c.fhir_id == fhir_id).order_by(patient.c.id)
    if source:
        query = query.where(patient.c.source == source)
    found: int | None = await connection.scalar(query.limit(1))
    return found


async def find_case(connection: AsyncConnection, pop_id: str) -> int | None:
    """The patient whose case has this id in POP."""
    query = sa.select(ledger.c.patient_id).where(ledger.c.kind == "PatientCase", ledger.c.pop_id == pop_id)
    found: int | None = await connection.scalar(query.where(ledger.c.state.not_in(_GONE)).limit(1))
    return found


async def entities(
    connection: AsyncConnection, patient_id: int, *, offset: int = 0, limit: int = 200
) -> tuple[list[JsonObject], int | None]:
    """The patient's entities: drafts beside their ledger rows, and ledger rows whose draft has gone. (rows, next offset)."""
    drafts = sa.select(draft.c.key, draft.c.kind).where(draft.c.patient_id == patient_id)
    written = sa.select(ledger.c.key, ledger.c.kind).where(ledger.c.patient_id == patient_id)
    keys = sa.union(drafts, written).subquery()
    found = await connection.execute(sa.select(keys).order_by(keys.c.kind, keys.c.key).offset(offset).limit(limit + 1))
    wanted = [key for key, _ in found]
    shown = wanted[:limit]
    rows: dict[str, JsonObject] = {key: {"key": key, "draft": None, "ledger": None} for key in shown}
    for each in (
        await connection.execute(sa.select(draft).where(draft.c.patient_id == patient_id, draft.c.key.in_(shown)))
    ).mappings():
        rows[each["key"]] |= {"kind": each["kind"], "draft": unpack_json(each["content"]), "blocked": each["blocked"],
                              "digest": each["digest"]}  # fmt: skip
    for each in (
        await connection.execute(sa.select(ledger).where(ledger.c.patient_id == patient_id, ledger.c.key.in_(shown)))
    ).mappings():
        row = rows[each["key"]]
        row["ledger"] = {**each, "written": unpack_json(each["written"])}
        row["kind"] = each["kind"]
    for row in rows.values():
        row["state"] = entity_state(row)
    return list(rows.values()), offset + limit if len(wanted) > limit else None


def entity_state(row: JsonObject) -> str:
    """What became of an entity: ``written`` | ``changed`` (written, a newer draft waits) | ``pending`` | ``blocked`` |
    ``parked`` | ``deleted`` | ``kept`` | ``creating``."""
    ledgered: JsonObject | None = row["ledger"]
    if row["draft"] is None:
        state = ledgered["state"] if ledgered is not None else "pending"
        return "leaving" if state == "written" else str(state)
    if row.get("blocked"):
        return "blocked"
    if ledgered is None:
        return "pending"
    if ledgered["state"] == "updating" or (ledgered["state"] == "written" and ledgered["digest"] != row["digest"]):
        return "changed"
    return str(ledgered["state"])


async def resources(
    connection: AsyncConnection, patient_id: int, *, status: str | None = None, offset: int = 0, limit: int = 100
) -> tuple[list[JsonObject], int | None]:
    """The patient's FHIR resources at their newest version, with their mapping result. (rows, next offset)."""
    columns = resource.c
    query = (
        sa.select(
            columns.id, columns.type, columns.fhir_id, columns.state, columns.version_id, columns.last_updated,
            columns.map_status, columns.map_reason, columns.unconsumed, columns.waits_for,
            (columns.seq > columns.mapped_seq).label("unmapped"),
        )
        .where(columns.patient_id == patient_id)
        .order_by(columns.type, columns.id)
    )  # fmt: skip
    if status is not None:
        query = query.where(columns.map_status == status)
    rows = [dict(row) for row in (await connection.execute(query.offset(offset).limit(limit + 1))).mappings()]
    return rows[:limit], offset + limit if len(rows) > limit else None


async def resource_counts(connection: AsyncConnection, patient_id: int) -> dict[str, int]:
    """Resources of a patient by mapping result (``not mapped yet`` where there is none)."""
    found = await connection.execute(
        sa.select(sa.func.coalesce(resource.c.map_status, "not mapped yet"), sa.func.count())
        .where(resource.c.patient_id == patient_id)
        .group_by(resource.c.map_status)
    )
    return {row[0]: row[1] for row in found}


async def resource_ids(connection: AsyncConnection, source: str, references: Sequence[str]) -> dict[str, int]:
    """``Type/id`` → row id, for links; contained resources lead to their container."""
    pairs = {tuple(reference.partition("#")[0].partition("/")[::2]) for reference in references}
    if not pairs:
        return {}
    found = await connection.execute(
        sa.select(resource.c.type, resource.c.fhir_id, resource.c.id).where(
            resource.c.source == source, sa.tuple_(resource.c.type, resource.c.fhir_id).in_(sorted(pairs))
        )
    )
    rows = {f"{kind}/{fhir_id}": row for kind, fhir_id, row in found}
    return {each: rows[base] for each in references if (base := each.partition("#")[0]) in rows}
