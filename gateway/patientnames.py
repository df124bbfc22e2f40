"""Patients as people name them on the command line: ``ID``, ``Patient/ID`` or ``SOURCE/ID``."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.errors import UsageError
from gateway.store.tables import patient


async def patient_ids(connection: AsyncConnection, names: Sequence[str]) -> list[int]:
    """Row ids of the patients named. Raises UsageError for a name that fits no patient, or patients of several sources."""
    found: list[int] = []
    for name in names:
        source, _, fhir_id = name.rpartition("/")
        query = sa.select(patient.c.id).where(patient.c.fhir_id == fhir_id)
        if source not in ("", "Patient"):
            query = query.where(patient.c.source == source)
        ids = list(await connection.scalars(query))
        if not ids:
            raise UsageError("a patient named in the command has not arrived: name them ID, Patient/ID or SOURCE/ID")
        if len(ids) > 1:
            raise UsageError("a patient id named in the command exists in several sources: name it SOURCE/ID")
        found += ids
    return found
