"""What people decided and the maps that they gave, in memory: followed before each patient is mapped, so that every replica maps
by all of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.store.engine import Store
from gateway.store.tables import concept_decision, concept_map
from gateway.terminology import maps
from mappers.context import TerminologyService
from mappers.terminology import ConceptMap, Decision, Decisions, Outcome, Terminology


class DecisionBook:
    """All decisions and given maps in force, as of the change ``seq``."""

    def __init__(self) -> None:
        self.seq = 0
        self.maps: tuple[ConceptMap, ...] = ()
        self._rows: list[tuple[Decision, str | None, frozenset[int] | None]] = []
        self._once: frozenset[int] = frozenset()
        self._based: tuple[Terminology, Terminology] | None = None
        self._made: dict[str, Terminology] = {}

    async def follow(self, store: Store) -> bool:
        """Read what has been decided since; True if anything was. Raises StoreUnavailable."""
        newest = sa.select(
            sa.func.max(concept_decision.c.seq).label("decided"),
            sa.select(sa.func.max(concept_map.c.seq)).scalar_subquery().label("given"),
        )
        async with store.read() as connection:
            found = (await connection.execute(newest)).one()
            # Read before the rows: what is decided in between is read again, never missed.
            seq = max(int(found.decided or 0), int(found.given or 0))
            if seq == self.seq:
                return False
            rows = (
                await connection.execute(sa.select(concept_decision).where(concept_decision.c.undone_at.is_(None)))
            ).all()
            given = await maps.current(connection)
        if seq < self.seq:
            # Another patient's task has read more in the meantime.
            return False
        self.maps = tuple(each.parsed() for each in given)
        self._rows = [_decision(row) for row in rows]
        self._once = frozenset().union(*(patients for _, _, patients in self._rows if patients is not None))
        self._based = None
        self.seq = seq
        return True

    def over(self, base: TerminologyService, *, source: str, patient_id: int) -> TerminologyService:
        """The terminology for one patient."""
        if not isinstance(base, Terminology) or not (self._rows or self.maps):
            return base
        if self._based is None or self._based[0] is not base:
            self._based = (base, base.with_maps(self.maps) if self.maps else base)
            self._made = {}
        mapped = self._based[1]
        if patient_id in self._once:
            return mapped.decided(Decisions(self._for(source, patient_id)))
        if source not in self._made:
            self._made[source] = mapped.decided(Decisions(self._for(source, None)))
        return self._made[source]

    def _for(self, source: str, patient_id: int | None) -> list[Decision]:
        return [
            decision
            for decision, of_source, patients in self._rows
            if of_source in (None, source) and (patients is None or patient_id in patients)
        ]


def _decision(row: Any) -> tuple[Decision, str | None, frozenset[int] | None]:
    made = Decision(
        number=row.id, terminology=row.terminology, source=(row.system, row.code), outcome=Outcome(row.outcome),
        target=None if row.target is None else (row.target[0], row.target[1], row.target[2]), field=row.field,
    )  # fmt: skip
    return made, row.source, None if row.patients is None else frozenset(row.patients)
