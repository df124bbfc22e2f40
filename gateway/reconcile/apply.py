"""Carrying out one patient's plan in POP: in order, one request at a time (POP rewrites a case's therapy lines whenever a
therapy is written, so writes of one case never run in parallel), with every result recorded.

An entity that POP refuses is parked; the others go on. A fault that concerns every write (POP away, account refused)
ends the run with :class:`LaneFault`; what was done until then is recorded, the rest is planned again later.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.pop.client import PopClient
from adapters.pop.compare import changed_fields
from adapters.pop.errors import (
    PopAmbiguous,
    PopContract,
    PopError,
    PopForbidden,
    PopIdentity,
    PopRejected,
    PopServerError,
    PopTransient,
    PopUnauthorised,
)
from adapters.pop.kinds import KINDS
from gateway.reconcile import ledger as ledger_queries
from gateway.reconcile.audit import CAUSE, Audit, Cause
from gateway.reconcile.merge import merge
from gateway.reconcile.plan import (
    DELETE_NEEDS_DECISION,
    MOVED,
    Action,
    DraftRow,
    LedgerRow,
    Verb,
    parent_key,
    required_targets,
)
from gateway.reconcile.reviews import Review, close_reviews, open_reviews
from gateway.store.engine import Store

JsonObject = dict[str, Any]

#: Results that one transaction records: a crash makes the gateway look for at most so many entities again.
RECORD_EVERY = 16
#: Seconds between the tries of a request that POP answered with 500: it may be a passing fault.
SERVER_ERROR_WAITS = (0.2, 1.0)
UNIQUE_CASE = "unique_clinical_identifier_per_center"
#: What must agree before a case with the same clinical identifier is taken for the same person's.
PERSON = frozenset({"gender", "dateOfBirth"})
LANE_FAULTS = (PopTransient, PopUnauthorised, PopForbidden)


class LaneFault(Exception):
    """A fault that concerns every write to POP; ``cause`` tells which."""

    def __init__(self, cause: PopError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class LeaseLost(Exception):
    """Another replica works this patient now: nothing more may be sent or recorded."""


@dataclass
class Applied:
    """What a run did."""

    counts: Counter[str] = field(default_factory=Counter)
    """created, updated, deleted, unchanged, blocked, parked, kept, adopted."""


Fence = Callable[[AsyncConnection], Awaitable[None]]


class Apply:
    """One run for one patient."""

    def __init__(
        self,
        *,
        store: Store,
        client: PopClient,
        audit: Audit,
        patient_id: int,
        external_source: str,
        fence: Fence,
        worker: str,
        origins: dict[str, list[Any]] | None = None,
    ) -> None:
        self._store = store
        self._client = client
        self._audit = audit
        self._patient_id = patient_id
        self._external_source = external_source
        self._fence = fence
        self._worker = worker
        self._origins = origins or {}
        self._ids: dict[str, str] = {}
        self._changes: list[JsonObject] = []
        self._reviews: list[Review] = []
        self._healed: dict[str, frozenset[str]] = {}
        """Keys whose items are settled, with the fields in which a person's value still stands: those stay open."""
        self._listed: dict[tuple[str, str], dict[str, JsonObject]] = {}
        self._adopted_case = False
        self._moving: set[str] = set()
        """Children that go from one parent to another: deleted and created under the same key."""
        self._mappers: dict[str, tuple[str, str]] = {}
        self.applied = Applied()
        self.unknown_concept = False
        """POP refused a concept that we took for one of its own: its lists have changed."""

    async def run(self, actions: list[Action]) -> Applied:
        """Do it. Raises LaneFault or LeaseLost; what was done by then is recorded (LeaseLost: as far as it may)."""
        await self._prepare(actions)
        try:
            for action in actions:
                await self._one(action)
                if len(self._changes) >= RECORD_EVERY:
                    await self._record()
        finally:
            await self._record()
        return self.applied

    async def _prepare(self, actions: list[Action]) -> None:
        drafts = [action.draft for action in actions if action.draft is not None]
        wanted = {target for draft in drafts for to in draft.references.values() for target in _each(to)}
        wanted |= {row.parent_key for a in actions if (row := a.ledger) is not None and row.parent_key is not None}
        creates = [action.draft for action in actions if action.verb is Verb.CREATE and action.draft is not None]
        self._moving = {action.key for action in actions if action.verb is Verb.DELETE and action.reason == MOVED}
        async with self._store.write() as connection:
            await self._fence(connection)
            self._ids = await ledger_queries.pop_ids(connection, self._patient_id, wanted)
            keys = [draft.key for draft in drafts]
            self._mappers = await ledger_queries.mappers_of(connection, self._patient_id, keys)
            will_be = {draft.key for draft in creates}
            ready = [
                draft
                for draft in creates
                if draft.key not in self._moving
                and all(to in self._ids or to in will_be for to in required_targets(draft))
            ]
            await self._announce(connection, ready)

    async def _announce(self, connection: AsyncConnection, drafts: list[DraftRow]) -> None:
        parents = {draft.key: parent_key(draft) for draft in drafts}
        await ledger_queries.announce(connection, self._patient_id, drafts, parents)

    async def _record(self) -> None:
        if not (self._changes or self._reviews or self._healed):
            return
        changes, self._changes = self._changes, []
        reviews, self._reviews = self._reviews, []
        healed, self._healed = self._healed, {}
        async with self._store.write() as connection:
            await self._fence(connection)
            await ledger_queries.record(connection, self._patient_id, changes)
            await close_reviews(connection, self._patient_id, healed)
            await open_reviews(connection, self._patient_id, reviews)
            await self._audit.write(connection)

    async def _one(self, action: Action) -> None:
        mapper, version = self._mappers.get(action.key, (None, None))
        CAUSE.set(Cause(self._patient_id, action.key, mapper, version, self._worker))
        try:
            if action.verb is Verb.CREATE and action.draft is not None:
                await self._create(action.draft, action.ledger)
            elif action.verb is Verb.UPDATE and action.draft is not None and action.ledger is not None:
                await self._update(action.draft, action.ledger)
            elif action.verb is Verb.DELETE and action.ledger is not None:
                await self._delete(action.ledger)
            else:
                self.applied.counts[action.verb.value] += 1
        except LANE_FAULTS as error:
            raise LaneFault(error) from error
        except (PopRejected, PopContract, PopIdentity, PopServerError, PopAmbiguous) as error:
            self._park(action, error)
        finally:
            CAUSE.set(Cause())

    # -- bodies --------------------------------------------------------------------------------------------------

    def _resolved(self, draft: DraftRow) -> tuple[JsonObject, str | None, bool]:
        """(body, POP id of the parent, complete). Incomplete: a list leaves out what is not in POP (yet)."""
        facts = KINDS[draft.kind]
        body = {name: value for name, value in draft.content["payload"].items() if name not in draft.references}
        complete = True
        for name, target in draft.references.items():
            if name == facts.parent_field:
                continue
            if isinstance(target, str):
                body[name] = self._ids[target]
            else:
                found = sorted(self._ids[key] for key in target if key in self._ids)
                complete = complete and len(found) == len(target)
                body[name] = found
        body["externalSource"] = self._external_source
        body["externalSourceId"] = draft.key
        parent = parent_key(draft)
        return body, self._ids[parent] if parent is not None else None, complete

    def _waits(self, draft: DraftRow) -> bool:
        missing = [target for target in required_targets(draft) if target not in self._ids]
        if missing:
            self.applied.counts["blocked"] += 1
        return bool(missing)

    def _written(
        self, draft: DraftRow, pop_id: str, body: JsonObject, *, complete: bool, adopted: bool = False
    ) -> None:
        self._ids[draft.key] = pop_id
        mapper, version = self._mappers.get(draft.key, (None, None))
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
                "origins": self._origins.get(draft.key) or draft.content.get("resources"),
                "mapper": mapper,
                "mapper_version": version,
                "error": None,
                "message": None,
                "attempts": 0,
                **({"adopted": True} if adopted else {}),
            }
        )
        self._healed[draft.key] = frozenset()

    def _park(self, action: Action, error: PopError) -> None:
        draft = action.draft
        self.applied.counts["parked"] += 1
        self.unknown_concept = self.unknown_concept or "has no concept" in str(error)
        code = error.code if error.code != "pop-ambiguous" else "pop-server-error"
        self._changes.append(
            {
                "key": action.key,
                "state": "parked",
                "digest": draft.digest if draft is not None else None,
                "error": error.code,
                "message": str(error),
                "attempts": (action.ledger.attempts if action.ledger is not None else 0) + 1,
            }
        )
        field_name = error.fields[0] if isinstance(error, PopRejected) and error.fields else None
        self._reviews.append(Review(action.key, action.kind, code, field_name, str(error)))

    # -- create --------------------------------------------------------------------------------------------------

    async def _create(self, draft: DraftRow, row: LedgerRow | None) -> None:
        if self._waits(draft):
            return
        if draft.key in self._moving:
            # Until now the ledger knew where the old one is; from now on, that a new one is coming.
            await self._record()
            async with self._store.write() as connection:
                await self._fence(connection)
                await self._announce(connection, [draft])
        body, parent_id, complete = self._resolved(draft)
        interrupted = row is not None and row.state == "creating"
        if interrupted or (self._adopted_case and draft.kind != "PatientCase"):
            found = await self._look(draft, body, parent_id, fresh=False)
            if found is not None:
                await self._take_over(draft, found, body, parent_id, complete=complete)
                return
        waits = list(SERVER_ERROR_WAITS)
        while True:
            try:
                pop_id = await self._client.create(draft.kind, body, parent_id=parent_id)
                break
            except PopRejected as error:
                if draft.kind == "PatientCase" and UNIQUE_CASE in str(error):
                    await self._adopt_case(draft, body)
                    return
                raise
            except (PopServerError, PopAmbiguous):
                # It may have been stored all the same (README, Poison): look before doing it again.
                found = await self._look(draft, body, parent_id, fresh=True)
                if found is not None:
                    await self._take_over(draft, found, body, parent_id, complete=complete)
                    return
                if not waits:
                    raise
                await asyncio.sleep(waits.pop(0))
        self._written(draft, pop_id, body, complete=complete)
        self.applied.counts["created"] += 1

    async def _look(
        self, draft: DraftRow, body: JsonObject, parent_id: str | None, *, fresh: bool
    ) -> JsonObject | None:
        """What POP holds under this draft's identity. A list is fetched once a run, and anew after a doubtful create."""
        if draft.kind == "PatientCase":
            return await self._client.find_case(body["clinicalCenter"], body["clinicalIdentifier"])
        owner = parent_id if parent_id is not None else str(body["caseId"])
        if fresh or (draft.kind, owner) not in self._listed:
            if parent_id is not None:
                items = await self._client.list(draft.kind, parent_id=parent_id)
            else:
                items = await self._client.list(draft.kind, case_id=owner, external_source=self._external_source)
            self._listed[draft.kind, owner] = {
                str(item.get("externalSourceId")): item
                for item in items
                if item.get("externalSource") == self._external_source
            }
        return self._listed[draft.kind, owner].get(draft.key)

    async def _take_over(
        self, draft: DraftRow, found: JsonObject, body: JsonObject, parent_id: str | None, *, complete: bool
    ) -> None:
        """An entity of ours that POP has although our ledger does not know it: bring it up to date."""
        if draft.kind == "PatientCase" and not self._is_ours(draft, found):
            await self._adopt_case(draft, body)
            return
        merged = merge(draft.kind, base=body, current=found, desired=body)
        # Where it differs from what we would write now, that is an older state of ours, or a person's edit. We made it, so ours
        # counts only where nobody else has touched it since.
        untouched = set(found.get("updatedBy") or []) <= {self._client.username}
        if merged.kept and untouched:
            await self._client.update(draft.kind, found["id"], body, parent_id=parent_id)
        self._written(draft, found["id"], body, complete=complete)
        for name in () if untouched else merged.kept:
            self._conflict(draft, name)
        self.applied.counts["created"] += 1

    def _is_ours(self, draft: DraftRow, found: JsonObject) -> bool:
        return found.get("externalSource") == self._external_source and found.get("externalSourceId") == draft.key

    async def _adopt_case(self, draft: DraftRow, body: JsonObject) -> None:
        """A case with this hospital identity exists: it is the same patient. What stands there stands; gaps are filled."""
        found = await self._client.find_case(body["clinicalCenter"], body["clinicalIdentifier"])
        if found is None:
            raise PopContract("POP says the case exists, but does not find it by its identity")
        self._adopted_case = True
        if self._is_ours(draft, found):
            await self._take_over(draft, found, body, None, complete=True)
            return
        if differing := changed_fields(draft.kind, found, body) & PERSON:
            raise PopIdentity(
                f"POP has a case with this clinical identifier, but its {' and '.join(sorted(differing))} differ: it is another "
                "person's, or one of the two is wrong; correct the identifier at its source, or the case in POP"
            )
        # externalSource tells who owns the case: it stays with whoever made it, and without one we do not claim it.
        for name in ("externalSource", "externalSourceId"):
            body.pop(name, None)
            if found.get(name) is not None:
                body[name] = found[name]
        merged = merge(draft.kind, base=None, current=found, desired=body)
        if merged.needed:
            await self._client.update(draft.kind, found["id"], merged.body)
        # The source's values are the base of later merges, not what stands in POP: else what the curator entered would look
        # like ours at the next change, and be overwritten.
        self._written(draft, found["id"], body, complete=True, adopted=True)
        for name in merged.conflicts:
            self._conflict(draft, name)
        self.applied.counts["adopted"] += 1

    def _conflict(self, draft: DraftRow, name: str) -> None:
        text = f"{name} was changed in POP and differs from the source: POP's value is kept; decide which one counts"
        self._reviews.append(Review(draft.key, draft.kind, "conflict", name, text, severity="warning"))

    # -- update, delete ------------------------------------------------------------------------------------------

    async def _update(self, draft: DraftRow, row: LedgerRow) -> None:
        if self._waits(draft) or row.pop_id is None:
            return
        desired, parent_id, complete = self._resolved(draft)
        if row.adopted and row.written is not None:
            for name in ("externalSource", "externalSourceId"):
                desired.pop(name, None)
                if row.written.get(name) is not None:
                    desired[name] = row.written[name]
        if row.state == "written" and row.written == desired:
            if row.digest != draft.digest and complete:
                self._written(draft, row.pop_id, desired, complete=True)
                # Nothing was looked at in POP: what is open stays open.
                del self._healed[draft.key]
            self.applied.counts["unchanged"] += 1
            return
        current = await self._client.get(draft.kind, row.pop_id, parent_id=parent_id)
        if current is None:
            self._gone(draft)
            return
        merged = merge(draft.kind, base=row.written, current=current, desired=desired)
        if merged.needed and not await self._put(draft, row.pop_id, merged.body, parent_id):
            self._gone(draft)
            return
        self._written(draft, row.pop_id, desired, complete=complete)
        self._healed[draft.key] = frozenset(merged.kept)
        for name in merged.conflicts:
            self._conflict(draft, name)
        self.applied.counts["updated"] += 1

    async def _put(self, draft: DraftRow, pop_id: str, body: JsonObject, parent_id: str | None) -> bool:
        for wait in (*SERVER_ERROR_WAITS, None):
            try:
                return await self._client.update(draft.kind, pop_id, body, parent_id=parent_id)
            except PopServerError:
                if wait is None:
                    raise
                await asyncio.sleep(wait)
        return False

    def _gone(self, draft: DraftRow) -> None:
        self._changes.append({"key": draft.key, "state": "kept", "error": "deleted-in-pop"})
        text = "somebody deleted this entity in POP: it is not created again unless you replay it"
        self._reviews.append(Review(draft.key, draft.kind, "deleted-in-pop", None, text, severity="warning"))
        self.applied.counts["kept"] += 1

    async def _delete(self, row: LedgerRow) -> None:
        if row.pop_id is None:
            # Announced but never known to be in POP: look for it, so that nothing of ours stays behind unseen.
            self._changes.append({"key": row.key, "state": "deleted", "pop_id": None})
            self._healed[row.key] = frozenset()
            await self._delete_unrecorded(row)
            return
        parent_id = self._ids.get(row.parent_key) if row.parent_key is not None else None
        if KINDS[row.kind].parent_field is not None and parent_id is None:
            # Its parent went, and took it along (POP cascades).
            self._deleted(row)
            return
        current = await self._client.get(row.kind, row.pop_id, parent_id=parent_id)
        if current is None:
            self._deleted(row)
            return
        others = {current.get("createdBy"), *(current.get("updatedBy") or [])} - {self._client.username}
        if row.adopted or others or row.kind == "PatientCase":
            self._changes.append({"key": row.key, "state": "kept", "error": DELETE_NEEDS_DECISION})
            text = "its source is gone; it is not deleted by itself, because it is a case or others have worked on it"
            self._reviews.append(Review(row.key, row.kind, "delete-needs-decision", None, text, severity="warning"))
            self.applied.counts["kept"] += 1
            return
        await self._client.delete(row.kind, row.pop_id, parent_id=parent_id)
        self._deleted(row)

    async def _delete_unrecorded(self, row: LedgerRow) -> None:
        if row.state != "creating" or row.kind == "PatientCase":
            return
        parent_id = self._ids.get(row.parent_key) if row.parent_key is not None else None
        async with self._store.read() as connection:
            cases = await ledger_queries.case_ids(connection, self._patient_id)
        owner = {"parent_id": parent_id} if parent_id is not None else {"case_id": cases[0] if cases else None}
        if None in owner.values():
            return
        for item in await self._client.list(row.kind, **owner):
            if item.get("externalSource") == self._external_source and item.get("externalSourceId") == row.key:
                await self._client.delete(row.kind, item["id"], parent_id=parent_id)
                self.applied.counts["deleted"] += 1

    def _deleted(self, row: LedgerRow) -> None:
        self._changes.append({"key": row.key, "state": "deleted", "pop_id": None, "error": None, "message": None})
        self._healed[row.key] = frozenset()
        self._ids.pop(row.key, None)
        self.applied.counts["deleted"] += 1


def _each(target: str | tuple[str, ...]) -> tuple[str, ...]:
    return (target,) if isinstance(target, str) else target
