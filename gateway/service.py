"""The running gateway: every part made once and given to those that need it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from adapters.pop.errors import PopError
from gateway import popside
from gateway.config import Settings
from gateway.intake.writer import Intake
from gateway.popcontract import ContractKeeper
from gateway.reconcile.audit import Audit
from gateway.reconcile.rollout import digest_of, roll_out
from gateway.reconcile.worker import Worker
from gateway.schedule.poll import PollSummary, poll
from gateway.schedule.ticker import Ticker
from gateway.siteoptions import options_for
from gateway.store.migrate import open_store
from gateway.terminologies import build
from mappers.registry import load
from mappers.terminology import Terminology

log = structlog.get_logger("gateway")

#: Seconds between two looks at POP's value lists after POP refused a concept: a burst of refusals is one reason to look.
REFRESH_INTERVAL = 60.0


class Gateway:
    """The gateway for one configuration: ``async with`` opens the store and the intake; ``start`` begins to work.

    Raises ConfigurationError or StoreUnavailable on entering. POP need not answer: what it does not tell is checked later.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.registry = load(settings.mapping.disabled)
        self._audit = Audit()
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[Any]] = []
        self._refreshing: asyncio.Task[None] | None = None
        self._ticker: Ticker | None = None

    async def __aenter__(self) -> Gateway:
        settings = self.settings
        self.store = await open_store(settings.store)
        self.client = popside.pop_client(settings.pop, self.store, self._audit)
        self.contract = ContractKeeper(self.store, self.client, url=settings.pop.url, on_change=self._wake)
        await self.contract.recall()
        lists = await popside.lists(self.store, self.client, self._terminology_names())
        self.worker = Worker(
            store=self.store,
            client=self.client,
            contract=self.contract,
            audit=self._audit,
            mappers=self.registry,
            terminology=build(settings.mapping, lists),
            options_for=lambda source: options_for(settings, source),
            external_source=settings.pop.external_source,
            concurrency=settings.pop.concurrency,
            lease=settings.worker.lease,
            idle=settings.worker.idle,
            on_rejected_concept=self._look_at_lists,
        )
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
        await self.store.close()

    async def start(self) -> None:
        """Work the backlog and poll the sources from now on."""
        self._tasks.append(asyncio.create_task(self.worker.run(self._stop), name="worker"))
        self._tasks.append(asyncio.create_task(self.contract.watch(self._stop), name="contract"))
        self._ticker = Ticker(self.store, self.settings, self.poll)
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

    def _wake(self) -> None:
        self.worker.wake()

    # -- value lists -----------------------------------------------------------------------------------------------

    def _terminology_names(self) -> list[str]:
        return popside.needed_terminologies(kind for mapper in self.registry.mappers for kind in mapper.produces)

    async def _roll_out(self, lists: popside.Lists) -> None:
        """What was mapped under other mappers, options or value lists is mapped again."""
        options = {name: options_for(self.settings, name) for name in sorted(self.settings.sources)}
        maps = [path.read_text(encoding="utf-8") for path in self.settings.mapping.concept_maps]
        site = {"options": digest_of(options), "terminology": digest_of([lists, maps])}
        marked = await roll_out(self.store, self.registry, site=site)
        if marked:
            log.info("mapping-rolled-out", patients=marked)

    def _pop_has(self, terminology: str, system: str, code: str) -> bool | None:
        known = self.worker.terminology
        return known.has(terminology, system, code) if isinstance(known, Terminology) else None

    def _look_at_lists(self) -> None:
        """POP refused a concept that its list had: the list has changed, read it again."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh_lists(), name="terminologies")

    async def _refresh_lists(self) -> None:
        try:
            lists = await popside.fetch_lists(self.store, self.client, self._terminology_names())
        except PopError as error:
            log.warning("terminologies-not-read", code=error.code, reason=str(error))
            return
        self.worker.terminology = build(self.settings.mapping, lists)
        await self._roll_out(lists)
        self.worker.wake()
        await asyncio.sleep(REFRESH_INTERVAL)
