"""A world for the incremental mapping: it writes into the store what the intake would, without its parsing."""

from __future__ import annotations

import orjson
import sqlalchemy as sa
import zstandard
from mapping_fakes import NoTerminology, fake_registry

from gateway.reconcile.mapping import MappingOutcome, map_patient
from gateway.reconcile.mapwrite import Fence
from gateway.store.engine import Store
from gateway.store.tables import (
    dependency,
    draft,
    group_member,
    map_group,
    patient,
    resource,
    resource_key,
    resource_version,
    review,
)
from mappers.protocol import JsonObject
from mappers.references import own_identifier_keys
from mappers.registry import Registry


class World:
    """One source, patients by FHIR id."""

    def __init__(self, store: Store, delivery_id: int) -> None:
        self.store = store
        self.delivery_id = delivery_id
        self.patients: dict[str, int] = {}
        self.registry: Registry = fake_registry()

    async def add_patient(self, name: str) -> int:
        async with self.store.write(lock="intake") as connection:
            result = await connection.execute(
                sa.insert(patient).values(source="s", fhir_id=name, dirty_seq=0, clean_seq=0, dirty_at=0.0)
            )
            self.patients[name] = result.inserted_primary_key[0]
        return self.patients[name]

    async def put(self, json: JsonObject, *, of: str | None, state: str = "assigned") -> int:
        """Store a new version of a resource, as the intake does: seq, patient dirty, foreign groups stale. Returns seq."""
        kind, identity = json["resourceType"], json["id"]
        async with self.store.write(lock="intake") as connection:
            seq = await self.store.next_seq(connection)
            row = await connection.scalar(
                sa.select(resource.c.id).where(
                    resource.c.source == "s", resource.c.type == kind, resource.c.fhir_id == identity
                )
            )
            values = {"patient_id": self.patients[of] if of else None, "state": state, "seq": seq, "digest": b"d"}
            if row is None:
                result = await connection.execute(
                    sa.insert(resource).values(source="s", type=kind, fhir_id=identity, **values)
                )
                row = result.inserted_primary_key[0]
            else:
                await connection.execute(sa.update(resource).where(resource.c.id == row).values(**values))
            raw = None if state == "deleted" else zstandard.compress(orjson.dumps(json))
            version = await connection.execute(
                sa.insert(resource_version).values(
                    resource_id=row, delivery_id=self.delivery_id, position=0, state="current", seq=seq,
                    received_at=0.0, digest=b"d", raw=raw,
                )
            )  # fmt: skip
            await connection.execute(
                sa.update(resource).where(resource.c.id == row).values(current_id=version.inserted_primary_key[0])
            )
            await connection.execute(sa.delete(resource_key).where(resource_key.c.resource_id == row))
            keys = own_identifier_keys(json)
            if keys:
                await connection.execute(
                    sa.insert(resource_key), [{"source": "s", "key": key, "resource_id": row} for key in keys]
                )
            if of is not None:
                await connection.execute(
                    sa.update(patient).where(patient.c.id == self.patients[of]).values(dirty_seq=seq)
                )
            if state == "shared":
                concerned = sa.select(dependency.c.group_id).where(
                    dependency.c.target.in_([f"{kind}/{identity}", *keys])
                )
                await connection.execute(sa.update(map_group).where(map_group.c.id.in_(concerned)).values(stale=True))
        return seq

    async def delete(self, json: JsonObject, *, of: str) -> int:
        return await self.put({"resourceType": json["resourceType"], "id": json["id"]}, of=of, state="deleted")

    async def map(self, name: str = "p", *, fence: Fence | None = None) -> MappingOutcome:
        return await map_patient(
            self.store, patient_id=self.patients[name], mappers=self.registry, terminology=NoTerminology(),
            options_for=lambda source: {}, fence=fence,
        )  # fmt: skip

    async def drafts(self, name: str = "p") -> dict[str, JsonObject]:
        """Key → content, with the blocked mark."""
        async with self.store.read() as connection:
            query = sa.select(draft.c.key, draft.c.content, draft.c.blocked).where(
                draft.c.patient_id == self.patients[name]
            )
            rows = (await connection.execute(query)).all()
        return {row.key: orjson.loads(zstandard.decompress(row.content)) | {"blocked": row.blocked} for row in rows}

    async def coverage(self, name: str = "p") -> dict[str, tuple[str, tuple[str, ...], str | None]]:
        async with self.store.read() as connection:
            query = sa.select(resource).where(
                resource.c.patient_id == self.patients[name], resource.c.state == "assigned"
            )
            rows = (await connection.execute(query)).all()
        return {f"{row.type}/{row.fhir_id}": (row.map_status, tuple(row.unconsumed), row.map_reason) for row in rows}

    async def reviews(self, state: str = "open") -> list[tuple[str | None, str]]:
        async with self.store.read() as connection:
            rows = (await connection.execute(sa.select(review).where(review.c.state == state))).all()
        return sorted((row.draft_key, row.code) for row in rows)

    async def groups(self, name: str = "p") -> dict[tuple[str, str], tuple[str | None, bool, int]]:
        """(mapper, key) → (error, stale, members)."""
        async with self.store.read() as connection:
            query = (
                sa.select(map_group, sa.func.count(group_member.c.resource_id).label("members"))
                .outerjoin(group_member, group_member.c.group_id == map_group.c.id)
                .where(map_group.c.patient_id == self.patients[name])
                .group_by(map_group.c.id)
            )
            rows = (await connection.execute(query)).all()
        return {(row.mapper, row.key): (row.error, row.stale, row.members) for row in rows}

    async def dirty_seq(self, name: str = "p") -> int:
        async with self.store.read() as connection:
            query = sa.select(patient.c.dirty_seq).where(patient.c.id == self.patients[name])
            return int(await connection.scalar(query) or 0)
