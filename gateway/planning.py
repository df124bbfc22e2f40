"""A dry run: map patients and compare with the ledger, and send nothing to POP."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.errors import GatewayError
from gateway.reconcile import claims
from gateway.reconcile.ledger import differences
from gateway.reconcile.mapping import map_patient
from gateway.reconcile.plan import Action, hold, plan
from gateway.store.engine import Store
from gateway.store.tables import patient
from gateway.terminology.book import DecisionBook
from mappers.context import TerminologyService
from mappers.registry import Registry

#: Seconds a patient is ours while it is mapped for a plan.
LEASE = 60.0


class PatientBusy(GatewayError):
    """A worker has the patient."""

    code = "patient-busy"


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """What would be done in POP for one patient."""

    source: str
    fhir_id: str
    actions: list[Action]
    unchanged: int


async def dirty_patients(store: Store) -> list[int]:
    """Patients with changes that are not in POP: for all others a plan is empty."""
    async with store.read() as connection:
        query = sa.select(patient.c.id).where(patient.c.dirty_seq > patient.c.clean_seq).order_by(patient.c.id)
        return list(await connection.scalars(query))


async def plan_patients(
    store: Store,
    patients: Sequence[int],
    *,
    mappers: Registry,
    terminology: TerminologyService,
    options_for: Callable[[str], Mapping[str, Any]],
    refused: Mapping[str, str],
) -> AsyncIterator[PatientPlan]:
    """Plans, patient by patient. ``refused``: kinds that POP's contract forbids to write, and why. Raises
    PatientBusy if a worker has one of them just now: its plan is being carried out."""
    name = f"plan-{os.getpid()}"
    decisions = DecisionBook()
    await decisions.follow(store)
    for patient_id in patients:
        async with store.read() as connection:
            row = (
                await connection.execute(
                    sa.select(patient.c.source, patient.c.fhir_id, patient.c.dirty_seq, patient.c.clean_seq).where(
                        patient.c.id == patient_id
                    )
                )
            ).one()
        if row.dirty_seq > row.clean_seq:
            # Mapping needs the patient's lease, as in the worker: two runs must not overlap.
            async with store.write() as connection:
                await connection.execute(sa.update(patient).where(patient.c.id == patient_id).values(not_before=0))
            taken = await claims.claim(store, worker=name, count=1, lease=LEASE, only=[patient_id])
            if not taken:
                raise PatientBusy("a worker is writing one of these patients just now: plan again in a moment")
            try:
                await map_patient(
                    store,
                    patient_id=patient_id,
                    mappers=mappers,
                    terminology=terminology,
                    options_for=options_for,
                    decisions=decisions,
                )
            finally:
                async with store.write() as connection:
                    await claims.release(connection, worker=name, done=taken[0], clean=False)
        async with store.read() as connection:
            found = await differences(connection, patient_id)
        yield PatientPlan(row.source, row.fhir_id, hold(plan(found.drafts, found.ledger), refused), found.unchanged)
