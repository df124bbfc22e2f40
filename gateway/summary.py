"""The one line at the end of ``import`` and ``demo --once`` (contract, design *Command line*)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.store.engine import Store
from gateway.store.tables import ledger, patient, review


@dataclass(frozen=True, slots=True)
class Summary:
    """``patients`` and ``reviews`` are counts of the whole store; ``resources`` those read now; entities: what was done now,
    and those that stood in POP before and still stand there as they were."""

    patients: int
    resources: int
    created: int
    updated: int
    unchanged: int
    reviews: int

    def __str__(self) -> str:
        return (
            f"patients {self.patients}, resources {self.resources}, entities created {self.created} / updated "
            f"{self.updated} / unchanged {self.unchanged}, open reviews {self.reviews}"
        )


async def summarise(store: Store, *, started: float, resources: int, totals: Mapping[str, int]) -> Summary:
    """The summary of what has been done since ``started`` (seconds since the epoch). ``totals`` are the worker's."""
    async with store.read() as connection:
        patients = await connection.scalar(sa.select(sa.func.count()).select_from(patient))
        reviews = await connection.scalar(sa.select(sa.func.count()).where(review.c.state == "open"))
        unchanged = await connection.scalar(
            sa.select(sa.func.count()).where(ledger.c.state == "written", ledger.c.written_at < started)
        )
    return Summary(
        patients=patients or 0, resources=resources, created=totals.get("created", 0), updated=totals.get("updated", 0),
        unchanged=unchanged or 0, reviews=reviews or 0,
    )  # fmt: skip
