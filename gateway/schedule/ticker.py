"""What makes polling happen: APScheduler ticks, the database decides.

APScheduler's own job stores must never be shared by schedulers (3.x), so its jobs live in memory and only ask, every few
seconds, «is it time, and is it my turn?». When the last run was stands in ``poll_run``, whose turn it is in ``lease``: so
a run that was missed while everything was down happens once, and of several replicas one polls.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import sqlalchemy as sa
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from gateway.config import Settings
from gateway.errors import GatewayError
from gateway.store.engine import Store
from gateway.store.tables import lease, poll_run, setting

log = structlog.get_logger("gateway.schedule")

NAME = "scheduler"
#: Seconds between two looks, and how long the leader's lease lasts without being renewed.
TICK, LEASE = 5.0, 20.0
#: Seconds between two looks at whether a chore is due.
CHORE_TICK = 60.0
#: Seconds that hints of one source are gathered before it is polled early: notifications come in bursts, and must not
#: turn us into an attack on the EHR (field notes §1 Push).
HINT_DELAY = 2.0


class Ticker:
    """Ticks the configured sources: ``poll`` polls one source by name. ``chores``: what else one of the replicas does now and
    then, as name → (seconds between two runs, coroutine function)."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        poll: Callable[[str], Coroutine[Any, Any, object]],
        *,
        chores: Mapping[str, tuple[float, Callable[[], Coroutine[Any, Any, object]]]] | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._poll = poll
        self._chores = dict(chores or {})
        self._holder = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._hinted: dict[str, float] = {}
        self._busy: set[str] = set()
        self._ticks: set[asyncio.Task[object]] = set()
        self._polls: set[asyncio.Task[object]] = set()
        self._stopped = False

    def start(self) -> None:
        """Start ticking, at once. Sources without an address push only.

        A tick that comes while its source is polled ends at once: it needs an instance of its own, or APScheduler would warn
        of each one that it leaves out.
        """
        for name, source in self._settings.sources.items():
            if source.url is not None:
                self._scheduler.add_job(
                    self._tick, "interval", args=[name], seconds=min(TICK, source.interval), coalesce=True, max_instances=2,
                    id=name, next_run_time=_now(),
                )  # fmt: skip
        for name, (interval, _) in self._chores.items():
            self._scheduler.add_job(
                self._chore, "interval", args=[name], seconds=min(CHORE_TICK, interval), coalesce=True, max_instances=2,
                id=f"chore {name}", next_run_time=_now(),
            )  # fmt: skip
        self._scheduler.start()

    async def stop(self) -> None:
        """Stop, and let another replica take over at once. A run that is going on is interrupted: its windows are read again."""
        self._stopped = True
        self._scheduler.pause()
        for polling in self._polls:
            polling.cancel()
        # APScheduler would cancel its own tasks, and log that as an error.
        await asyncio.gather(*self._ticks, return_exceptions=True)
        self._scheduler.shutdown(wait=False)
        # The shutdown is carried out in the loop's next turn.
        await asyncio.sleep(0)
        async with self._store.write(lock=NAME) as connection:
            await connection.execute(sa.delete(lease).where(lease.c.name == NAME, lease.c.holder == self._holder))

    def hint(self, name: str) -> None:
        """The source says that it has news: poll it soon, once for many hints."""
        if name in self._settings.sources and self._settings.sources[name].url is not None and name not in self._hinted:
            self._hinted[name] = time.time() + HINT_DELAY
            self._scheduler.add_job(self._tick, "date", args=[name], run_date=_now(HINT_DELAY), misfire_grace_time=None)

    async def _tick(self, name: str) -> None:
        if name in self._busy:
            return
        tick = asyncio.current_task()
        assert tick is not None
        self._busy.add(name)
        self._ticks.add(tick)
        try:
            if not await self._leads():
                return
            hinted = self._hinted.get(name, float("inf")) <= time.time()
            if (hinted or await self._due(name)) and not self._stopped:
                self._hinted.pop(name, None)
                await self._run(name, self._poll(name))
        except GatewayError as error:
            # The run is recorded as failed; the next tick tries again when the interval has passed.
            log.warning("poll-failed", source=name, code=error.code, reason=str(error))
        finally:
            self._busy.discard(name)
            self._ticks.discard(tick)

    async def _chore(self, name: str) -> None:
        """Do a chore if it is due, and another replica has not done it."""
        interval, work = self._chores[name]
        row = f"chore.{name}"
        if row in self._busy:
            return
        tick = asyncio.current_task()
        assert tick is not None
        self._busy.add(row)
        self._ticks.add(tick)
        try:
            if self._stopped or not await self._leads():
                return
            async with self._store.read() as connection:
                last = await connection.scalar(sa.select(setting.c.updated_at).where(setting.c.name == row))
            if last is not None and time.time() - last < interval:
                return
            async with self._store.write(lock=row) as connection:
                await connection.execute(sa.delete(setting).where(setting.c.name == row))
                await connection.execute(sa.insert(setting).values(name=row, value={}, updated_at=time.time()))
            # The first run of all is the start itself: it has just read what there is.
            if last is not None:
                await self._run(name, work())
        except GatewayError as error:
            log.warning("chore-failed", chore=name, code=error.code, reason=str(error))
        finally:
            self._busy.discard(row)
            self._ticks.discard(tick)

    async def _run(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        """Work, and keep the lease meanwhile: a first import takes longer than the lease lasts."""
        polling: asyncio.Task[object] = asyncio.create_task(work, name=f"tick {name}")
        self._polls.add(polling)
        try:
            while not (await asyncio.wait({polling}, timeout=TICK))[0]:
                await self._leads()
        finally:
            self._polls.discard(polling)
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
        if not polling.cancelled():
            polling.result()

    async def _due(self, name: str) -> bool:
        async with self._store.read() as connection:
            last = await connection.scalar(
                sa.select(sa.func.max(poll_run.c.started_at)).where(poll_run.c.source == name)
            )
        return last is None or time.time() - last >= self._settings.sources[name].interval

    async def _leads(self) -> bool:
        """Take or renew the leader's lease; False if another replica has it."""
        now = time.time()
        async with self._store.write(lock=NAME) as connection:
            row = (await connection.execute(sa.select(lease).where(lease.c.name == NAME))).one_or_none()
            if row is not None and row.holder != self._holder and row.until > now:
                return False
            await connection.execute(sa.delete(lease).where(lease.c.name == NAME))
            await connection.execute(sa.insert(lease).values(name=NAME, holder=self._holder, until=now + LEASE))
        return True


def _now(later: float = 0.0) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=later)
