"""The decisions in force, in memory: followed before each patient is mapped, so that every replica maps by all of them."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.store.engine import Store
from gateway.store.tables import concept_decision
from mappers.context import TerminologyService
from mappers.terminology import Decision, Decisions, Outcome, Terminology


class DecisionBook:
    """All decisions in force, as of the change ``seq``."""

    def __init__(self) -> None:
        self.seq = 0
        self._rows: list[tuple[Decision, str | None, frozenset[int] | None]] = []
        self._once: frozenset[int] = frozenset()
        self._made: dict[str, tuple[Terminology, Terminology]] = {}

    async def follow(self, store: Store) -> bool:
        """Read what has been decided since; True if anything was. Raises StoreUnavailable."""
        columns = concept_decision.c
        async with store.read() as connection:
            newest = int(await connection.scalar(sa.select(sa.func.max(columns.seq))) or 0)
            if newest == self.seq:
                return False
            rows = (await connection.execute(sa.select(concept_decision).where(columns.undone_at.is_(None)))).all()
        self._rows = [
            (
                Decision(
                    number=row.id, terminology=row.terminology, source=(row.system, row.code),
                    outcome=Outcome(row.outcome), target=None if row.target is None else tuple(row.target), field=row.field,
                ),
                row.source,
                None if row.patients is None else frozenset(row.patients),
            )
            for row in rows
        ]  # fmt: skip
        self._once = frozenset().union(*(patients for _, _, patients in self._rows if patients is not None))
        self._made.clear()
        # Read before the rows: a decision made in between is read again, never missed.
        self.seq = newest
        return True

    def over(self, base: TerminologyService, *, source: str, patient_id: int) -> TerminologyService:
        """The terminology for one patient."""
        if not self._rows or not isinstance(base, Terminology):
            return base
        if patient_id in self._once:
            return base.decided(Decisions(self._for(source, patient_id)))
        known = self._made.get(source)
        if known is None or known[0] is not base:
            known = self._made[source] = (base, base.decided(Decisions(self._for(source, None))))
        return known[1]

    def _for(self, source: str, patient_id: int | None) -> list[Decision]:
        return [
            decision
            for decision, of_source, patients in self._rows
            if of_source in (None, source) and (patients is None or patient_id in patients)
        ]
