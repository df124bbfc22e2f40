"""Carrying out one patient's plan in POP: in order, one request at a time (POP rewrites a case's therapy lines whenever a
therapy is written, so writes of one case never run in parallel), with every result recorded.

An entity that POP refuses is parked; the others go on. A fault that concerns every write (POP away, account refused)
ends the run with :class:`LaneFault`; what was done until then is recorded, the rest is planned again later.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from adapters.pop.client import PopClient
from adapters.pop.compare import changed_fields
from adapters.pop.errors import (
    PopAmbiguous,
    PopContract,
    PopError,
    PopForbidden,
    PopIdentity,
    PopPoisoned,
    PopRejected,
    PopServerError,
    PopTransient,
    PopUnauthorised,
)
from adapters.pop.kinds import KINDS
from gateway.reconcile import ledger as ledger_queries
from gateway.reconcile.audit import CAUSE, Audit, Cause
from gateway.reconcile.bodies import resolved
from gateway.reconcile.cascade import stood_on
from gateway.reconcile.lookup import Lookup
from gateway.reconcile.merge import merge
from gateway.reconcile.plan import Action, DraftRow, LedgerRow, Verb, required_targets
from gateway.reconcile.poison import Poison
from gateway.reconcile.results import RECORD_EVERY, Fence, Results
from gateway.reconcile.timeline import CASE, TUMOUR, Timeline
from gateway.store.engine import Store

JsonObject = dict[str, Any]

#: Seconds between the tries of a request that POP answered with 500: it may be a passing fault.
SERVER_ERROR_WAITS = (0.2, 1.0)
UNIQUE_CASE = "unique_clinical_identifier_per_center"
#: What must agree before a case with the same clinical identifier is taken for the same person's.
PERSON = frozenset({"gender", "dateOfBirth"})
LANE_FAULTS = (PopTransient, PopUnauthorised, PopForbidden)
#: A write that is never answered may be POP's trouble or the payload's: after so many runs that ended so it is parked.
UNANSWERED_RUNS = 5


class LaneFault(Exception):
    """A fault that concerns every write to POP; ``cause`` tells which."""

    def __init__(self, cause: PopError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class LanePaused(Exception):
    """Requests to POP have been paused, by an operator or after another patient's fault: nothing more may be sent."""


class LeaseLost(Exception):
    """Another replica works this patient now: nothing more may be sent or recorded."""


class Apply:
    """One run for one patient. When the patient is no longer ours, ``fence`` raises LeaseLost in a transaction that would
    record something, and ``held`` before anything more is sent (LanePaused if nothing may be sent at all).

    ``trusted``: the ledger is known to be complete for this patient. If it is not, it may be a restored backup that is older
    than what stands in POP: then what is to be created in a case that exists is looked for first."""

    def __init__(
        self,
        *,
        store: Store,
        client: PopClient,
        audit: Audit,
        patient_id: int,
        external_source: str,
        fence: Fence,
        held: Callable[[], None],
        worker: str,
        operator: str | None = None,
        trusted: bool = True,
    ) -> None:
        self._store = store
        self._client = client
        self._patient_id = patient_id
        self._external_source = external_source
        self._fence = fence
        self._held = held
        self._worker = worker
        self._operator = operator
        self._ids: dict[str, str] = {}
        self._results = Results(store=store, audit=audit, patient_id=patient_id, fence=fence)
        self._lookup = Lookup(client, external_source)
        self._poison = Poison(client, store, patient_id)
        self._trusted = trusted
        self._timeline = Timeline()
        self._moved: set[str] = set()
        self._lost: dict[str, tuple[str, ...]] = {}
        self.contract_doubt = False
        """POP did not take a shape, or answered in one, that its contract does not have: it may have changed."""
        self.unknown_concepts: set[str] = set()
        """What POP said of concepts that we took for its own (list, code, system): its lists have changed."""

    async def run(self, actions: list[Action]) -> Counter[str]:
        """Do it; returns how many were created, updated, deleted, adopted, kept, parked, are blocked or unchanged. Raises
        LaneFault, LanePaused or LeaseLost; what was done by then is recorded (LeaseLost: as far as it may)."""
        await self._prepare(actions)
        try:
            for action in actions:
                self._held()
                await self._one(action)
                await self._results.flush(least=RECORD_EVERY)
        finally:
            await self._results.flush()
        return self._results.counts

    async def _prepare(self, actions: list[Action]) -> None:
        """Read what the run needs, and announce what it is about to create (ADR 2), in one transaction."""
        drafts = [action.draft for action in actions if action.draft is not None]
        wanted = {target for draft in drafts for to in draft.references.values() for target in _each(to)}
        wanted |= {row.parent_key for a in actions if (row := a.ledger) is not None and row.parent_key is not None}
        creates = [action.draft for action in actions if action.verb is Verb.CREATE and action.draft is not None]
        # What moves to another parent is announced when its old entity has gone: until then the ledger must know that one.
        gone = {action.key for action in actions if action.verb is Verb.DELETE}
        self._moved = gone & {draft.key for draft in creates}
        async with self._store.write() as connection:
            await self._fence(connection)
            self._ids = await ledger_queries.pop_ids(connection, self._patient_id, wanted)
            bodies = await ledger_queries.written_of(connection, self._patient_id, (CASE, TUMOUR))
            self._timeline = Timeline.of(bodies)
            keys = [draft.key for draft in drafts]
            self._results.mappers = await ledger_queries.mappers_of(connection, self._patient_id, keys)
            self._results.origins = await ledger_queries.origins_of(connection, self._patient_id, drafts)
            will_be = {draft.key for draft in creates}
            ready = [
                draft
                for draft in creates
                if draft.key not in self._moved
                and all(to in self._ids or to in will_be for to in required_targets(draft))
            ]
            await ledger_queries.announce(connection, self._patient_id, ready)
            self._results.announced = frozenset(draft.key for draft in ready)

    async def _one(self, action: Action) -> None:
        mapper, version = self._results.mappers.get(action.key, (None, None))
        versions = tuple(version_id for _, version_id in self._results.origins.get(action.key, ()))
        CAUSE.set(Cause(self._patient_id, action.key, mapper, version, self._worker, self._operator, versions))
        try:
            self._poison.check(action)
            if action.verb is Verb.CREATE and action.draft is not None:
                await self._create(action.draft, action.ledger)
            elif action.verb is Verb.UPDATE and action.draft is not None and action.ledger is not None:
                await self._update(action.draft, action.ledger)
            elif action.verb is Verb.DELETE and action.ledger is not None:
                await self._delete(action.ledger)
            else:
                self._results.counts[action.verb.value] += 1
        except LANE_FAULTS as error:
            raise LaneFault(error) from error
        except PopAmbiguous as error:
            if (action.ledger.attempts if action.ledger is not None else 0) + 1 < UNANSWERED_RUNS:
                self._results.unanswered(action)
                raise LaneFault(error) from error
            self._results.parked(action, error)
        except (PopRejected, PopContract, PopIdentity, PopServerError) as error:
            shape = isinstance(error, PopContract) or (isinstance(error, PopRejected) and bool(error.fields))
            self.contract_doubt = self.contract_doubt or (shape and error.status is not None)
            if "has no concept" in str(error):
                self.unknown_concepts.add(str(error))
            self._results.parked(action, await self._poison.explained(error, self._ids))
        finally:
            CAUSE.set(Cause())

    async def _tell_poison(self, draft: DraftRow, error: PopError) -> None:
        """POP failed on a write, and has stored it: if the case is poisoned, that is why, and somebody has to know."""
        explained = await self._poison.explained(error, self._ids)
        if isinstance(explained, PopPoisoned):
            self._results.poisoned(draft, explained)

    def _resolved(self, draft: DraftRow) -> tuple[JsonObject, str | None, bool]:
        """(body, POP id of the parent, complete): see ``bodies``."""
        ids, source = self._ids, self._external_source
        found = resolved(draft, ids=ids, external_source=source, release=self._client.release)
        self._lost[draft.key] = found.lost
        return found.body, found.parent_id, found.complete

    def _waits(self, draft: DraftRow) -> bool:
        waits = any(target not in self._ids for target in required_targets(draft))
        if waits:
            self._results.blocked(draft)
        return waits

    def _written(
        self,
        draft: DraftRow,
        pop_id: str,
        body: JsonObject,
        *,
        complete: bool,
        adopted: bool = False,
        standing: frozenset[str] | None = frozenset(),
    ) -> None:
        self._ids[draft.key] = pop_id
        self._timeline.stands(draft.key, draft.kind, body)
        self._results.written(draft, pop_id, body, complete=complete, adopted=adopted, standing=standing)
        for name in self._lost.get(draft.key, ()):
            self._results.lost(draft, name, self._client.release.version)

    # -- create --------------------------------------------------------------------------------------------------

    async def _create(self, draft: DraftRow, row: LedgerRow | None) -> None:
        if self._waits(draft):
            return
        if draft.key in self._moved and not await self._old_one_went(draft):
            return
        body, parent_id, complete = self._resolved(draft)
        self._timeline.check(draft.kind, body)
        # Interrupted, or refused in a way that may have stored it all the same: look before doing it again. So too where the
        # ledger may have lost what POP has (in a case that this run has made, looking costs no request).
        doubtful = row is not None and row.state in ("creating", "parked")
        if doubtful or (not self._trusted and draft.kind != "PatientCase"):
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
                    await self._adopt_case(draft, body, complete=complete)
                    return
                raise
            except (PopServerError, PopAmbiguous) as error:
                # It may have been stored all the same (README, Poison): look before doing it again.
                found = await self._look(draft, body, parent_id, fresh=True)
                if found is not None:
                    await self._take_over(draft, found, body, parent_id, complete=complete)
                    await self._tell_poison(draft, error)
                    return
                if not waits:
                    raise
                await asyncio.sleep(waits.pop(0))
        self._lookup.made(pop_id)
        self._written(draft, pop_id, body, complete=complete)
        self._results.counts["created"] += 1

    async def _old_one_went(self, draft: DraftRow) -> bool:
        """Announce the new entity of what moved; False if the old one had to stay in POP."""
        await self._results.flush()
        async with self._store.write() as connection:
            await self._fence(connection)
            if await ledger_queries.pop_ids(connection, self._patient_id, [draft.key]):
                return False
            await ledger_queries.announce(connection, self._patient_id, [draft])
        return True

    async def _look(
        self, draft: DraftRow, body: JsonObject, parent_id: str | None, *, fresh: bool
    ) -> JsonObject | None:
        """What POP holds under this draft's identity."""
        if draft.kind == "PatientCase":
            return await self._lookup.case(body)
        return await self._lookup.entity(
            draft.kind, draft.key, case_id=body.get("caseId"), parent_id=parent_id, fresh=fresh
        )

    async def _take_over(
        self, draft: DraftRow, found: JsonObject, body: JsonObject, parent_id: str | None, *, complete: bool
    ) -> None:
        """An entity of ours that POP has although our ledger does not know it: bring it up to date."""
        if draft.kind == "PatientCase" and not self._is_ours(draft, found):
            await self._adopt_case(draft, body, complete=complete)
            return
        merged = merge(draft.kind, base=body, current=found, desired=body)
        # Where it differs from what we would write now, that is an older state of ours, or a person's edit. We made it, so ours
        # counts only where nobody else has touched it since.
        others = set(found.get("updatedBy") or []) - {self._client.username}
        untouched = not others or not others & await self._client.edited_by(
            draft.kind, found["id"], parent_id=parent_id
        )
        if merged.kept and untouched:
            await self._client.update(draft.kind, found["id"], body, parent_id=parent_id)
        self._written(draft, found["id"], body, complete=complete)
        for name in () if untouched else merged.kept:
            self._results.conflict(draft, name)
        self._results.counts["created"] += 1

    def _is_ours(self, draft: DraftRow, found: JsonObject) -> bool:
        return found.get("externalSource") == self._external_source and found.get("externalSourceId") == draft.key

    async def _adopt_case(self, draft: DraftRow, body: JsonObject, *, complete: bool) -> None:
        """A case with this hospital identity exists: it is the same patient. What stands there stands; gaps are filled."""
        found = await self._lookup.case(body)
        if found is None:
            raise PopContract("POP says the case exists, but does not find it by its identity")
        self._trusted = False
        if self._is_ours(draft, found):
            await self._take_over(draft, found, body, None, complete=complete)
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
        self._written(draft, found["id"], body, complete=complete, adopted=True)
        for name in merged.conflicts:
            self._results.conflict(draft, name)
        self._results.counts["adopted"] += 1

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
                self._written(draft, row.pop_id, desired, complete=True, standing=None)
            self._results.counts["unchanged"] += 1
            return
        current = await self._standing(draft.kind, row.pop_id, parent_id)
        if current is None:
            self._gone(draft)
            return
        # An interrupted run, or one that a restored backup knows nothing of, may have written something newer than the ledger
        # has; it is ours, if nobody else has been there.
        base = row.written if row.adopted or self._others(current) else current
        merged = merge(draft.kind, base=base, current=current, desired=desired)
        if merged.needed:
            self._timeline.check(draft.kind, merged.body)
            self._results.updating(draft)
            await self._results.flush()
        if merged.needed and not await self._put(draft, row.pop_id, merged.body, parent_id):
            self._gone(draft)
            return
        self._written(draft, row.pop_id, desired, complete=complete, standing=frozenset(merged.kept))
        for name in merged.conflicts:
            self._results.conflict(draft, name)
        self._results.counts["updated"] += 1

    async def _put(self, draft: DraftRow, pop_id: str, body: JsonObject, parent_id: str | None) -> bool:
        for wait in (*SERVER_ERROR_WAITS, None):
            try:
                return await self._client.update(draft.kind, pop_id, body, parent_id=parent_id)
            except (PopServerError, PopAmbiguous) as error:
                if wait is None:
                    current = await self._standing(draft.kind, pop_id, parent_id)
                    if current is None or changed_fields(draft.kind, current, body):
                        raise
                    await self._tell_poison(draft, error)
                    return True  # stored all the same
                await asyncio.sleep(wait)
        return False

    async def _standing(self, kind: str, pop_id: str, parent_id: str | None) -> JsonObject | None:
        """What POP has, None if it is gone; asked again if POP fails on it, which may pass."""
        for wait in SERVER_ERROR_WAITS:
            try:
                return await self._client.get(kind, pop_id, parent_id=parent_id)
            except PopServerError:
                await asyncio.sleep(wait)
        return await self._client.get(kind, pop_id, parent_id=parent_id)

    def _others(self, current: JsonObject) -> set[Any]:
        """Accounts other than ours that made it, or changed it or (POP adds the writer of any therapy of a case to all of them)
        something else of its case."""
        return {current.get("createdBy"), *(current.get("updatedBy") or [])} - {self._client.username}

    async def _edited(self, kind: str, current: JsonObject, parent_id: str | None, *, since: JsonObject | None) -> bool:
        """True if a person made it or worked on it. Where POP names others but it is as we wrote it (``since``), its history
        tells whether they changed it or only the therapy lines of its case."""
        others = self._others(current)
        if not others:
            return False
        if current.get("createdBy") in others or since is None or changed_fields(kind, current, since):
            return True
        editors = await self._client.edited_by(kind, current["id"], parent_id=parent_id)
        return bool(editors - {self._client.username})

    def _gone(self, draft: DraftRow) -> None:
        self._results.gone(draft)
        self._ids.pop(draft.key, None)
        self._timeline.gone(draft.key)

    async def _delete(self, row: LedgerRow) -> None:
        parent_id = self._ids.get(row.parent_key) if row.parent_key is not None else None
        if row.pop_id is None:
            await self._delete_unrecorded(row, parent_id)
            return
        if KINDS[row.kind].parent_field is not None and parent_id is None:
            # Its parent went, and took it along (POP cascades).
            self._deleted(row)
            return
        current = await self._standing(row.kind, row.pop_id, parent_id)
        if current is None:
            self._deleted(row)
            return
        keep = row.adopted or row.kind == "PatientCase"
        if keep or await self._edited(row.kind, current, parent_id, since=row.written):
            self._results.kept(row, row.pop_id)
            return
        case_id = self._case_of(current)
        if case_id is not None and await stood_on(self._client, row.kind, row.pop_id, case_id):
            self._results.kept(row, row.pop_id)
            return
        await self._remove(row.kind, row.pop_id, parent_id)
        self._deleted(row)

    def _case_of(self, entity: JsonObject) -> str | None:
        """The case's POP id; a child does not name it, its parent's case is this patient's."""
        if isinstance(entity.get("caseId"), str):
            return str(entity["caseId"])
        return next((pop_id for key, pop_id in self._ids.items() if key.startswith("PatientCase:")), None)

    async def _remove(self, kind: str, pop_id: str, parent_id: str | None) -> None:
        """Delete, again if POP failed or did not answer: what is gone is gone."""
        for wait in (*SERVER_ERROR_WAITS, None):
            try:
                await self._client.delete(kind, pop_id, parent_id=parent_id)
                return
            except (PopServerError, PopAmbiguous):
                if wait is None:
                    raise
                await asyncio.sleep(wait)

    async def _delete_unrecorded(self, row: LedgerRow, parent_id: str | None) -> None:
        """Announced or refused, never known to be in POP: look for it, so that nothing of ours stays behind unseen."""
        async with self._store.read() as connection:
            case_id = await ledger_queries.case_id(connection, self._patient_id)
        findable = parent_id is not None if row.parent_key is not None else case_id is not None
        found = None
        if findable and row.kind != "PatientCase":
            found = await self._lookup.entity(row.kind, row.key, case_id=case_id, parent_id=parent_id, fresh=True)
        if found is not None and await self._edited(row.kind, found, parent_id, since=row.written):
            self._results.kept(row, found["id"])
            return
        if found is not None:
            await self._remove(row.kind, found["id"], parent_id)
        self._deleted(row, counted=found is not None)

    def _deleted(self, row: LedgerRow, *, counted: bool = True) -> None:
        self._results.deleted(row, counted=counted)
        self._ids.pop(row.key, None)
        self._timeline.gone(row.key)


def _each(target: str | tuple[str, ...]) -> tuple[str, ...]:
    return (target,) if isinstance(target, str) else target
