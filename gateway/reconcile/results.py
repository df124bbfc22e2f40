"""What a run did, buffered and then recorded in one transaction: ledger, reviews, and the audit of the requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.pop.errors import PopContract, PopError, PopPoisoned, PopRejected
from gateway.reconcile import ledger as ledger_queries
from gateway.reconcile.audit import Audit
from gateway.reconcile.plan import DELETE_NEEDS_DECISION, Action, DraftRow, LedgerRow, parent_key
from gateway.reconcile.reviews import FIELD_LOST, Review, close_reviews, open_reviews
from gateway.store.engine import Store

JsonObject = dict[str, Any]
Fence = Callable[[AsyncConnection], Awaitable[None]]

#: Results that one transaction records: a crash makes the gateway look for at most so many entities again.
RECORD_EVERY = 16


class Results:
    """The results of one patient's run."""

    def __init__(self, *, store: Store, audit: Audit, patient_id: int, fence: Fence) -> None:
        self._store = store
        self._audit = audit
        self._patient_id = patient_id
        self._fence = fence
        self._changes: list[JsonObject] = []
        self._reviews: list[Review] = []
        self._settled: dict[str, frozenset[str]] = {}
        """Keys whose review items are settled, with the fields in which a person's value still stands: those stay open."""
        self.mappers: dict[str, tuple[str, str]] = {}
        """Draft key → (mapper, version) that made it."""
        self.origins: dict[str, list[tuple[str, int]]] = {}
        """Draft key → (reference, ``resource_version.id``) of the resources that it came from."""
        self.announced: frozenset[str] = frozenset()
        """Draft keys that the run announced to create."""
        self.counts: Counter[str] = Counter()

    async def flush(self, *, least: int = 1) -> None:
        """Record what is buffered, if it is at least so much. Raises LeaseLost or StoreUnavailable; the buffer is kept then."""
        if len(self._changes) < least:
            return
        async with self._audit.recording(self._store) as connection:
            await self._fence(connection)
            await ledger_queries.record(connection, self._patient_id, self._changes)
            await close_reviews(connection, self._patient_id, self._settled)
            await open_reviews(connection, self._patient_id, self._reviews)
        self._changes, self._reviews, self._settled = [], [], {}

    def written(
        self,
        draft: DraftRow,
        pop_id: str,
        body: JsonObject,
        *,
        complete: bool,
        adopted: bool = False,
        standing: frozenset[str] | None = frozenset(),
    ) -> None:
        """It is in POP. ``standing``: fields in which a person's value stands; None if POP was not looked at."""
        mapper, version = self.mappers.get(draft.key, (None, None))
        self._changes.append(
            {
                "key": draft.key,
                "state": "written",
                "kind": draft.kind,
                "pop_id": pop_id,
                "parent_key": parent_key(draft),
                # An entity that lacks a relation is compared again at every run, until it has them all.
                "digest": draft.digest if complete else None,
                "written": ledger_queries.pack(body),
                "origins": self.origins.get(draft.key),
                "mapper": mapper,
                "mapper_version": version,
                "error": None,
                "message": None,
                "attempts": 0,
                **({"adopted": True} if adopted else {}),
            }
        )
        if standing is not None:
            self._settled[draft.key] = standing

    def updating(self, draft: DraftRow) -> None:
        """It is about to be updated: if the result is not recorded, POP may hold something newer than ``written``, and that
        must not be taken for a person's edit."""
        self._changes.append({"key": draft.key, "state": "updating"})

    def conflict(self, draft: DraftRow, field: str) -> None:
        """A person and the source changed the same field."""
        text = f"{field} was changed in POP and differs from the source: POP's value is kept; decide which one counts"
        self._reviews.append(Review(draft.key, draft.kind, "conflict", field, text, severity="warning"))

    def lost(self, draft: DraftRow, field: str, version: str) -> None:
        """It is in POP, without a field that this release does not have."""
        text = f"POP {version} has no field {field}: written without it; it follows by itself when POP is upgraded"
        self._reviews.append(Review(draft.key, draft.kind, FIELD_LOST, field, text, severity="warning"))

    def poisoned(self, draft: DraftRow, error: PopPoisoned) -> None:
        """It is in POP, although POP fails on this case's writes."""
        self._reviews.append(Review(draft.key, draft.kind, error.code, None, str(error), severity="warning"))

    def unanswered(self, action: Action) -> None:
        """A write of it was not answered: it is looked at again at the next run."""
        attempts = (action.ledger.attempts if action.ledger is not None else 0) + 1
        self._changes.append({"key": action.key, "attempts": attempts})

    def parked(self, action: Action, error: PopError) -> None:
        """POP refuses this entity, or we must not send it."""
        self.counts["parked"] += 1
        self._changes.append(
            {
                "key": action.key,
                "state": "parked",
                # Poison is no fault of the draft's: it is tried again at the patient's next run.
                "digest": action.draft.digest
                if action.draft is not None and not isinstance(error, PopPoisoned)
                else None,
                "error": error.code,
                "message": str(error),
                "attempts": (action.ledger.attempts if action.ledger is not None else 0) + 1,
            }
        )
        code = error.code if error.code != "pop-ambiguous" else "pop-server-error"
        field = error.fields[0] if isinstance(error, PopRejected | PopContract) and error.fields else None
        self._reviews.append(Review(action.key, action.kind, code, field, str(error)))

    def blocked(self, draft: DraftRow) -> None:
        """What it must refer to is not in POP. If it was announced, it is not being created any more."""
        self.counts["blocked"] += 1
        if draft.key in self.announced:
            text = "something that it must refer to is not in POP: it follows by itself"
            self._changes.append({"key": draft.key, "state": "parked", "error": "blocked-reference", "message": text})

    def gone(self, draft: DraftRow) -> None:
        """Somebody deleted it in POP. Without its id: nothing may refer to it any more."""
        self._changes.append({"key": draft.key, "state": "kept", "error": "deleted-in-pop", "pop_id": None})
        text = "somebody deleted this entity in POP: it is not created again unless you replay it"
        self._reviews.append(Review(draft.key, draft.kind, "deleted-in-pop", None, text, severity="warning"))
        self.counts["kept"] += 1

    def kept(self, row: LedgerRow, pop_id: str) -> None:
        """Its source is gone, but it is not ours alone to delete."""
        self._changes.append({"key": row.key, "state": "kept", "error": DELETE_NEEDS_DECISION, "pop_id": pop_id})
        text = (
            "its source is gone; it is not deleted by itself, because it is a case, others have worked on it, or POP would "
            "delete what refers to it along with it"
        )
        self._reviews.append(Review(row.key, row.kind, DELETE_NEEDS_DECISION, None, text, severity="warning"))
        self.counts["kept"] += 1

    def deleted(self, row: LedgerRow, *, counted: bool = True) -> None:
        """It is not in POP any more (``counted`` False: it never was)."""
        self._changes.append({"key": row.key, "state": "deleted", "pop_id": None, "error": None, "message": None})
        self._settled[row.key] = frozenset()
        self.counts["deleted"] += counted
