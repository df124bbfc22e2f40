"""The audit trail as people read it: the requests that POP got for a case or a patient, in order, with their causes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.errors import UsageError
from gateway.store.tables import ledger, pop_request, resource, resource_version

JsonObject = dict[str, Any]

_DONE = {"POST": "created", "PUT": "replaced", "DELETE": "deleted", "GET": "read"}


@dataclass(frozen=True, slots=True)
class Origin:
    """A version of a FHIR resource that a request was sent for."""

    reference: str
    version: str | None
    """``meta.versionId``."""
    delivery: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One request to POP and its answer."""

    id: int
    at: float
    """Seconds since the epoch."""
    patient: int | None
    key: str | None
    method: str
    path: str
    status: int | None
    error: str | None
    refusal: str | None
    duration: float
    """Seconds."""
    entity_id: str | None
    payload_digest: str | None
    mapper: str | None
    mapper_version: str | None
    operator: str | None
    worker: str | None
    origins: tuple[Origin, ...]
    payload: bytes | None = field(default=None, repr=False)
    """As kept: sealed."""

    @property
    def outcome(self) -> str:
        """What came of it, in a word or a line."""
        if self.status is None:
            return f"no answer ({self.error or 'cut'})"
        if "/auth/" in self.path:
            return "signed in" if self.status < 300 else f"sign-in refused ({self.status})"
        if self.status < 300:
            return _DONE.get(self.method, "done")
        if self.status == 404:
            return "not there"
        return self.refusal or f"refused ({self.status})"


async def patients_of_case(connection: AsyncConnection, case_id: str) -> list[int]:
    """Row ids of the patients whose case this is or was. Raises UsageError for a case that this gateway knows nothing of."""
    known = sa.select(ledger.c.patient_id).where(ledger.c.kind == "PatientCase", ledger.c.pop_id == case_id)
    # A case that was deleted in POP is in the ledger without its id, but the audit has seen it made.
    made = sa.select(pop_request.c.patient_id).where(
        pop_request.c.entity_id == case_id, pop_request.c.patient_id.is_not(None)
    )
    found = sorted(set(await connection.scalars(sa.union(known, made))))
    if not found:
        raise UsageError("this gateway has written no case with this POP id")
    return found


async def trail(
    connection: AsyncConnection, *, patients: Iterable[int], case_id: str | None = None, newest: int | None = None
) -> list[Entry]:
    """Requests for these patients (and others that name the case), oldest first; ``newest``: only so many, the last ones."""
    row = pop_request.c
    concerns: sa.ColumnElement[bool] = row.patient_id.in_(list(patients))
    if case_id is not None:
        concerns = sa.or_(concerns, row.path.like(f"%/{case_id}%"))
    query = sa.select(pop_request).where(concerns).order_by(row.at.desc(), row.id.desc()).limit(newest)
    found = [dict(each) for each in (await connection.execute(query)).mappings()][::-1]
    origins = await _origins(connection, {version for each in found for version in _versions(each)})
    return [_entry(each, origins) for each in found]


def _versions(row: JsonObject) -> list[int]:
    return list((row["cause"] or {}).get("versions") or ())


async def _origins(connection: AsyncConnection, wanted: set[int]) -> dict[int, Origin]:
    version, found = resource_version.c, dict[int, Origin]()
    ids = sorted(wanted)
    for start in range(0, len(ids), 1_000):
        rows = await connection.execute(
            sa.select(version.id, version.version_id, version.delivery_id, resource.c.type, resource.c.fhir_id)
            .join(resource, resource.c.id == version.resource_id)
            .where(version.id.in_(ids[start : start + 1_000]))
        )
        found |= {each.id: Origin(f"{each.type}/{each.fhir_id}", each.version_id, each.delivery_id) for each in rows}
    return found


def _entry(row: JsonObject, origins: dict[int, Origin]) -> Entry:
    cause = row["cause"] or {}
    return Entry(
        id=row["id"], at=row["at"], patient=row["patient_id"], key=row["key"], method=row["method"], path=row["path"],
        status=row["status"], error=row["error"], refusal=row["refusal"], duration=row["duration"],
        entity_id=row["entity_id"], payload=row["payload"],
        payload_digest=None if row["payload_digest"] is None else bytes(row["payload_digest"]).hex(),
        mapper=cause.get("mapper"), mapper_version=cause.get("mapperVersion"), operator=cause.get("operator"),
        worker=cause.get("worker"),
        origins=tuple(origins[version] for version in _versions(row) if version in origins),
    )  # fmt: skip
