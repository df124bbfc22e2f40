"""The worker: claims dirty patients, maps, plans and applies them; many patients at once, one patient never twice.

Mapping is CPU work in this thread and takes little; POP's answers take long. So more patients are in work than are being
written: while some wait for POP, the next are mapped.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.pop.client import PopClient
from adapters.pop.errors import PopError, PopTransient
from gateway import metrics
from gateway.errors import StoreUnavailable
from gateway.popcontract import DOUBT, INTERVAL, ContractKeeper
from gateway.reconcile import claims, lane, ledger
from gateway.reconcile.apply import Apply, LaneFault, LanePaused, LeaseLost
from gateway.reconcile.audit import Audit
from gateway.reconcile.claims import Claim
from gateway.reconcile.mapping import map_patient
from gateway.reconcile.plan import WRITES, Action, hold, plan
from gateway.reconcile.refusals import sync_refusals
from gateway.reconcile.results import Fence
from gateway.store.engine import Store
from gateway.telemetry import span
from gateway.terminology.book import DecisionBook
from mappers.context import TerminologyService
from mappers.registry import Registry

log = structlog.get_logger("gateway.worker")

#: Patients that are mapped ahead of those being written.
AHEAD = 4
#: Seconds until a store that failed is tried again.
STORE_RETRY = 1.0
#: Seconds within which a patient in work notices that an operator, or another replica, has paused the lane.
LANE_WATCH = 1.0

OptionsFor = Callable[[str], Mapping[str, Any]]


class Worker:
    """Works the backlog of one store against one POP."""

    def __init__(
        self,
        *,
        store: Store,
        client: PopClient,
        contract: ContractKeeper,
        audit: Audit,
        mappers: Registry,
        terminology: TerminologyService,
        options_for: OptionsFor,
        external_source: str,
        concurrency: int = 8,
        lease: float = 60.0,
        idle: float = 1.0,
        before_mapping: Callable[[], Awaitable[None]] | None = None,
        on_rejected_concept: Callable[[set[str]], None] | None = None,
    ) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self.terminology = terminology
        self._store = store
        self._client = client
        self._contract = contract
        self._audit = audit
        self._mappers = mappers
        self._options_for = options_for
        self._external_source = external_source
        self._concurrency = concurrency
        self._lease = lease
        self._idle = idle
        self._writing = asyncio.Semaphore(concurrency)
        self._lane = lane.Lane()
        # Patients whose ledger this process has seen to agree with POP. A backup can only be restored while nothing runs.
        self._trusted: set[int] = set()
        self._wake = asyncio.Event()
        self._active: dict[int, asyncio.Task[None]] = {}
        self._until: dict[int, float] = {}
        # A pause may be another run's of this gateway: the first success ends its count of failures.
        self._lane_failed = True
        self._pop_was_away = False
        """POP did not answer for a while: it may have been upgraded."""
        self._decisions = DecisionBook()
        self._before_mapping = before_mapping
        self._on_rejected_concept = on_rejected_concept
        self.totals: Counter[str] = Counter()
        """What has been done since the start: created, updated, deleted, unchanged, blocked, parked, kept, patients, failed."""
        self.running = False

    @property
    def busy(self) -> bool:
        """True while patients are in work."""
        return bool(self._active)

    def wake(self) -> None:
        """There is news: look at the backlog now."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; then finish what is in work."""
        self.running = True
        stopper = asyncio.create_task(stop.wait())
        beats = [asyncio.create_task(self._heartbeat()), asyncio.create_task(self._watch_lane())]
        try:
            while not stop.is_set():
                try:
                    pause = await self._round()
                except StoreUnavailable as error:
                    log.warning("store-unavailable", reason=str(error))
                    pause = STORE_RETRY
                await self._sleep(pause, stopper)
            await asyncio.gather(*self._active.values(), return_exceptions=True)
        finally:
            self.running = False
            for task in (stopper, *beats, *self._active.values()):
                task.cancel()
            await asyncio.gather(stopper, *beats, *self._active.values(), return_exceptions=True)

    async def drain(self, only: Collection[int] | None = None, *, wait_for_lane: bool = False) -> None:
        """Work until nothing is left that can be worked now: the rest is backed off, or the lane is paused."""
        beats = [asyncio.create_task(self._heartbeat()), asyncio.create_task(self._watch_lane())]
        try:
            while True:
                state = self._lane = await lane.read(self._store)
                if not state.open:
                    await asyncio.gather(*self._active.values())
                    if not wait_for_lane or state.by_operator:
                        return
                    await asyncio.sleep(min(state.wait, 1.0))
                    continue
                started = await self._claim(only)
                if self._active:
                    await asyncio.wait(self._active.values(), return_when=asyncio.FIRST_COMPLETED)
                elif not started:
                    return
        finally:
            for beat in beats:
                beat.cancel()
            await asyncio.gather(*beats, return_exceptions=True)

    async def _round(self) -> float | None:
        """Claim what there is room for. Returns the longest time to wait for the next look; None: until something ends."""
        self._wake.clear()
        state = self._lane = await lane.read(self._store)
        if not state.open:
            return min(state.wait, self._idle)
        started = await self._claim()
        if started:
            return 0.0 if len(self._active) < self._room() else None
        return self._idle

    def _room(self) -> int:
        return self._concurrency + AHEAD

    async def _sleep(self, pause: float | None, stopper: asyncio.Task[Any]) -> None:
        if pause == 0.0:
            await asyncio.sleep(0)
            return
        waker = asyncio.create_task(self._wake.wait())
        try:
            waiting: set[asyncio.Task[Any]] = {waker, stopper, *self._active.values()}
            await asyncio.wait(waiting, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waker.cancel()

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            if self._active:
                until = time.time() + self._lease
                try:
                    still = await claims.renew(
                        self._store, worker=self.name, patients=list(self._active), lease=self._lease
                    )
                    self._until.update(dict.fromkeys(still & self._active.keys(), until))
                except StoreUnavailable as error:
                    # The lease may run out; this worker then sends and records nothing more for its patients.
                    log.warning("heartbeat-failed", reason=str(error))

    async def _watch_lane(self) -> None:
        while True:
            await asyncio.sleep(LANE_WATCH)
            if self._active:
                try:
                    self._lane = await lane.read(self._store)
                except StoreUnavailable as error:
                    log.warning("lane-not-read", reason=str(error))

    async def _claim(self, only: Collection[int] | None = None) -> int:
        free = self._room() - len(self._active)
        if free <= 0:
            return 0
        until = time.time() + self._lease
        taken = await claims.claim(self._store, worker=self.name, count=free, lease=self._lease, only=only)
        for each in taken:
            self._until[each.patient_id] = until
            task = asyncio.create_task(self._patient(each), name=f"patient-{each.patient_id}")
            self._active[each.patient_id] = task
            task.add_done_callback(lambda done, key=each.patient_id: self._ended(key, done))  # type: ignore[misc]
        return len(taken)

    def _ended(self, patient_id: int, task: asyncio.Task[None]) -> None:
        # A patient that got dirty again may have been claimed anew before the run that released it came to its end.
        if self._active.get(patient_id) is task:
            del self._active[patient_id], self._until[patient_id]

    async def _patient(self, each: Claim) -> None:
        """One run for one patient; ends in a recorded state whatever happens."""
        try:
            try:
                await self._attempt(each)
            finally:
                # The requests of a run that recorded nothing else.
                await self._audit.flush(self._store)
        except StoreUnavailable as error:
            # Nothing can be recorded now; the lease runs out and somebody tries again.
            log.warning("store-unavailable", patient=each.patient_id, reason=str(error))

    async def _attempt(self, each: Claim) -> None:
        try:
            await self._reconcile(each)
            async with self._store.write() as connection:
                await ledger.settle(connection, each.patient_id, seen=each.seen)
                await claims.release(connection, worker=self.name, done=each, clean=True)
            self.totals["patients"] += 1
        except LaneFault as fault:
            self._lane_failed = True
            self._pop_was_away = self._pop_was_away or isinstance(fault.cause, PopTransient)
            state = self._lane = await lane.pause(self._store, fault.cause)
            log.warning("lane-paused", code=fault.cause.code, reason=str(fault.cause), seconds=round(state.wait, 1))
            async with self._store.write() as connection:
                await claims.release(connection, worker=self.name, done=each, clean=False)
        except LanePaused:
            async with self._store.write() as connection:
                await claims.release(connection, worker=self.name, done=each, clean=False)
        except LeaseLost:
            log.warning("lease-lost", patient=each.patient_id)
        except StoreUnavailable:
            raise
        except Exception as error:
            code = f"failed:{type(error).__name__}"
            log.error("patient-failed", patient=each.patient_id, code=code, where=_where(error))
            self.totals["failed"] += 1
            async with self._store.write() as connection:
                await claims.failed(connection, worker=self.name, done=each, code=code)

    async def _reconcile(self, each: Claim) -> None:
        if self._before_mapping is not None:
            try:
                await self._before_mapping()
            except PopError as error:
                raise LaneFault(error) from error
        await self._decisions.follow(self._store)
        started = time.perf_counter()
        with span("map", source=each.source):
            await map_patient(
                self._store,
                patient_id=each.patient_id,
                mappers=self._mappers,
                terminology=self.terminology,
                decisions=self._decisions,
                options_for=self._options_for,
                fence=self._fence(each),
            )
        metrics.MAPPING_SECONDS.observe(time.perf_counter() - started)
        actions, unchanged = await self._understood(each)
        self.totals["unchanged"] += unchanged
        if not any(action.verb in WRITES for action in actions):
            self.totals.update(action.verb.value for action in actions)
            return
        async with self._writing:
            with span("apply", source=each.source, actions=len(actions)):
                applied = await self._apply(each, actions)
        self.totals.update(applied)
        if self._lane_failed:
            self._lane_failed = False
            await lane.reopened(self._store)

    async def plan(self, patient_id: int) -> tuple[list[Action], int]:
        """(actions, number of entities that need nothing) for a patient whose drafts are up to date."""
        async with self._store.read() as connection:
            found = await ledger.differences(connection, patient_id)
        return hold(plan(found.drafts, found.ledger), self._client.release.refused), found.unchanged

    async def _understood(self, each: Claim) -> tuple[list[Action], int]:
        """The plan under the contract of the POP that is there now. Raises LaneFault if it is not known. Without anything to
        write, POP is not asked."""
        actions, unchanged = await self.plan(each.patient_id)
        held = any(action.kind in self._client.release.refused for action in actions)
        if held or any(action.verb in WRITES for action in actions):
            before = self._client.release
            try:
                # The service renews it in good time; a worker by itself waits for it only when that has not happened.
                await self._contract.ensure(max_age=DOUBT if held or self._pop_was_away else 2 * INTERVAL)
                self._pop_was_away = False
            except PopError as error:
                raise LaneFault(error) from error
            if self._client.release.digest != before.digest:
                actions, unchanged = await self.plan(each.patient_id)
        if self._client.release.refused:
            async with self._store.write() as connection:
                await claims.fence(connection, worker=self.name, patient_id=each.patient_id)
                await sync_refusals(connection, each.patient_id, actions, self._client.release.refused)
        return actions, unchanged

    def _fence(self, each: Claim) -> Fence:
        """Raises LeaseLost in a transaction that would write for a patient that is no longer ours."""

        async def fence(connection: AsyncConnection) -> None:
            await claims.fence(connection, worker=self.name, patient_id=each.patient_id)

        return fence

    def _held(self, each: Claim) -> None:
        """Raises LeaseLost once the lease has run out: a worker that was stopped for a while (a paused machine, a store that
        takes no heartbeat) must not send what another replica may be sending by now. Raises LanePaused while nothing may be
        sent to POP: a Retry-After that one patient's request met counts for all of them."""
        if not self._lane.open:
            raise LanePaused
        if time.time() >= self._until[each.patient_id]:
            raise LeaseLost("the lease ran out")

    async def _apply(self, each: Claim, actions: list[Action]) -> Counter[str]:
        run = Apply(
            store=self._store,
            client=self._client,
            audit=self._audit,
            patient_id=each.patient_id,
            external_source=self._external_source,
            fence=self._fence(each),
            held=lambda: self._held(each),
            worker=self.name,
            operator=each.operator,
            trusted=each.patient_id in self._trusted,
        )
        applied = await run.run(actions)
        self._trusted.add(each.patient_id)
        if run.contract_doubt:
            await self._contract.ensure(max_age=DOUBT)
        if run.unknown_concepts and self._on_rejected_concept is not None:
            self._on_rejected_concept(run.unknown_concepts)
        return applied


def _where(error: BaseException) -> str:
    """Module and line where an exception was raised: its text could quote patient data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
