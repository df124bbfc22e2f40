"""The running gateway: every part made once and given to those that need it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from adapters.pop.errors import PopError
from gateway import popside, valuelists
from gateway.config import Settings
from gateway.errors import StoreUnavailable
from gateway.intake.writer import Intake
from gateway.popcontract import ContractKeeper
from gateway.reconcile.audit import Audit, expire
from gateway.reconcile.rollout import digest_of, roll_out
from gateway.reconcile.worker import Worker
from gateway.schedule.poll import PollSummary, poll
from gateway.schedule.ticker import Ticker
from gateway.sealing import Seal
from gateway.siteoptions import options_for
from gateway.store.migrate import open_store
from gateway.terminologies import build
from gateway.terminology.desk import Desk
from mappers.registry import load
from mappers.terminology import Terminology

log = structlog.get_logger("gateway")

#: Seconds after which a concept that POP refused is a reason to read POP's lists again.
ASK_AGAIN = 3600.0
#: Seconds until a list that POP failed on is asked for again.
UNREAD = 60.0
#: Seconds between two looks at whether another replica has read value lists anew, and at requests not yet in the audit.
FOLLOW = 30.0


class Gateway:
    """The gateway for one configuration: ``async with`` opens the store and the intake; ``start`` begins to work.

    Raises ConfigurationError or StoreUnavailable on entering. POP need not answer: what it does not tell is checked later.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.registry = load(settings.mapping.disabled)
        key_file = settings.audit.payload_key_file
        self._audit = Audit(Seal(key_file).close if key_file is not None else None)
        self._asked: dict[str, float] = {}
        self._lists_of = 0.0
        self._unread: set[str] = set()
        self._unread_again = 0.0
        self._reading = asyncio.Lock()
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[Any]] = []
        self._refreshing: asyncio.Task[None] | None = None
        self._ticker: Ticker | None = None
        self._desk: Desk | None = None

    async def __aenter__(self) -> Gateway:
        settings = self.settings
        self.store = await open_store(settings.store)
        self.client = popside.pop_client(settings.pop, self.store, self._audit)
        self.contract = ContractKeeper(self.store, self.client, url=settings.pop.url, on_change=self._wake)
        await self.contract.recall()
        lists = await valuelists.lists(self.store, self.client, self._terminology_names())
        self._lists_of = await valuelists.newest(self.store)
        self.worker = Worker(
            store=self.store,
            client=self.client,
            contract=self.contract,
            audit=self._audit,
            mappers=self.registry,
            terminology=build(settings.mapping, lists),
            options_for=lambda source: options_for(settings, source),
            external_source=settings.pop.external_source,
            concurrency=settings.pop.highest_ceiling,
            lease=settings.worker.lease,
            idle=settings.worker.idle,
            before_mapping=self._complete_lists,
            on_rejected_concept=self._look_at_lists,
        )
        self._unread = set(self._terminology_names()) - lists.keys()
        self.client.know(self._pop_has)
        await self._roll_out(lists)
        self.intake = Intake(self.store, on_commit=self.worker.wake)
        await self.intake.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._ticker is not None:
            await self._ticker.stop()
        await self.intake.stop()
        self._stop.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._refreshing is not None:
            self._refreshing.cancel()
            with suppress(asyncio.CancelledError):
                await self._refreshing
        await self.client.aclose()
        with suppress(StoreUnavailable):
            await self._audit.flush(self.store)
        await self.store.close()

    async def start(self) -> None:
        """Work the backlog and poll the sources from now on."""
        self._tasks.append(asyncio.create_task(self.worker.run(self._stop), name="worker"))
        self._tasks.append(asyncio.create_task(self.contract.watch(self._stop), name="contract"))
        self._tasks.append(asyncio.create_task(self._follow(), name="follow"))
        day, refresh = 86_400.0, self.settings.pop.terminology_refresh
        self._ticker = Ticker(
            self.store,
            self.settings,
            self.poll,
            chores={"terminologies": (refresh, self.refresh_lists), "audit": (day, self._expire_audit)},
        )
        self._ticker.start()

    async def poll(self, name: str) -> PollSummary:
        """Poll one source now."""
        settings = self.settings
        return await poll(self.store, self.intake, name=name, settings=settings.source(name), limits=settings.limits)

    def hint(self, name: str) -> None:
        """A source says that it has news."""
        if self._ticker is not None:
            self._ticker.hint(name)

    def on_entity(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call ``tell`` whenever POP has created an entity; gives back what ends that."""
        return self._audit.on_create(tell)

    def desk(self) -> Desk:
        """Over POP's lists as they are now."""
        known = self.worker.terminology
        if self._desk is None or self._desk.terminology is not known:
            self._desk = Desk(known if isinstance(known, Terminology) else Terminology())
        return self._desk

    def _wake(self) -> None:
        self.worker.wake()

    # -- value lists -----------------------------------------------------------------------------------------------

    def _terminology_names(self) -> list[str]:
        return valuelists.needed_terminologies(kind for mapper in self.registry.mappers for kind in mapper.produces)

    async def _roll_out(self, lists: valuelists.Lists) -> None:
        """What was mapped under other mappers, options or value lists is mapped again."""
        options = {name: options_for(self.settings, name) for name in sorted(self.settings.sources)}
        mapping = self.settings.mapping
        maps = [path.read_text(encoding="utf-8-sig") for path in (*mapping.concept_maps, *mapping.organisation_maps)]
        site = {"options": digest_of(options), "terminology": digest_of([lists, maps])}
        marked = await roll_out(self.store, self.registry, site=site)
        if marked:
            log.info("mapping-rolled-out", patients=marked)

    def _pop_has(self, terminology: str, system: str, code: str) -> bool | None:
        known = self.worker.terminology
        return known.has(terminology, system, code) if isinstance(known, Terminology) else None

    async def _complete_lists(self) -> None:
        """Nothing is mapped for POP before POP's lists are known: without them a code of another system, which only the list
        could vouch for, would be left out as if it were none of POP's. Raises PopError while POP cannot be asked; a single
        list that POP fails on holds nobody up, and is asked for again once in :data:`UNREAD`."""
        if not self._unread:
            return
        async with self._reading:
            if not self._unread or time.monotonic() < self._unread_again:
                return
            await valuelists.fetch_lists(self.store, self.client, sorted(self._unread))
            self._unread -= (await valuelists.cached_lists(self.store)).keys()
            self._unread_again = time.monotonic() + UNREAD
            await self._take_lists()

    def _look_at_lists(self, refusals: set[str]) -> None:
        """POP refused concepts that its list had: the lists have changed, read them again; once an hour for each concept."""
        now = time.time()
        self._asked = {refusal: at for refusal, at in self._asked.items() if now - at < ASK_AGAIN}
        news = refusals - self._asked.keys()
        self._asked |= dict.fromkeys(news, now)
        if news and (self._refreshing is None or self._refreshing.done()):
            self._refreshing = asyncio.create_task(self._read_lists(), name="terminologies")

    async def _read_lists(self) -> None:
        try:
            await valuelists.fetch_lists(self.store, self.client, self._terminology_names())
            await self._take_lists()
        except (PopError, StoreUnavailable) as error:
            log.warning("terminologies-not-read", code=error.code, reason=str(error))

    async def refresh_lists(self) -> None:
        """Look whether POP's value lists have changed, and read those that have."""
        try:
            await valuelists.refresh_lists(self.store, self.client, self._terminology_names())
        except PopError as error:
            log.warning("terminologies-not-read", code=error.code, reason=str(error))
        await self._take_lists()

    async def _take_lists(self) -> None:
        """Use the store's lists if they are newer than those in memory; what POP had refused for want of a concept goes on."""
        newest = await valuelists.newest(self.store)
        if newest <= self._lists_of:
            return
        lists = await valuelists.cached_lists(self.store)
        self.worker.terminology = build(self.settings.mapping, lists)
        self._lists_of = newest
        await self._roll_out(lists)
        await valuelists.retry_refused_concepts(self.store)
        self.worker.wake()

    async def _follow(self) -> None:
        """Take over what another replica has read, and write what the audit still holds, until the gateway stops."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), FOLLOW)
                return
            try:
                await self._take_lists()
                await self._audit.flush(self.store)
            except StoreUnavailable as error:
                log.warning("store-unavailable", reason=str(error))

    async def _expire_audit(self) -> None:
        day, kept = 86_400.0, self.settings.audit
        await expire(self.store, keep=kept.keep_days * day, keep_payloads=kept.payload_days * day)
