"""What makes polling happen: one of several replicas, once for many hints, once for what was missed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from gateway.config import Settings, SourceSettings
from gateway.errors import PeerUnavailable
from gateway.schedule import ticker as ticking
from gateway.schedule.ticker import Ticker
from gateway.store.engine import Store
from gateway.store.tables import lease, poll_run

SETTINGS = Settings.model_construct(
    sources={
        "clinic": SourceSettings(url="http://127.0.0.1:9/fhir", interval=3600.0),
        "pushes": SourceSettings(),
    }
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticking, "TICK", 0.05)
    monkeypatch.setattr(ticking, "HINT_DELAY", 0.05)


class Polls:
    """Counts the runs and writes them down as a polling run does."""

    def __init__(self, store: Store, during: Callable[[], Awaitable[object]] | None = None) -> None:
        self.store, self.during = store, during
        self.names: list[str] = []
        self.cancelled = 0

    async def __call__(self, name: str) -> None:
        self.names.append(name)
        async with self.store.write() as connection:
            await connection.execute(
                sa.insert(poll_run).values(source=name, started_at=time.time(), state="done", finished_at=time.time())
            )
        if self.during is not None:
            try:
                await self.during()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise


@asynccontextmanager
async def started(store: Store, polls: Polls) -> AsyncIterator[Ticker]:
    made = Ticker(store, SETTINGS, polls.__call__)
    made.start()
    try:
        yield made
    finally:
        await made.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the conditions are of the store and of lists, which tell nobody
            await asyncio.sleep(0.01)


async def ticks(store: Store, count: int = 3) -> None:
    """Wait until the leader has renewed its lease so many times: it has looked whether anything is due."""
    seen: set[float] = set()
    async with asyncio.timeout(30):
        while len(seen) <= count:
            async with store.read() as connection:
                value = await connection.scalar(sa.select(lease.c.until).where(lease.c.name == ticking.NAME))
            seen |= set() if value is None else {value}
            await asyncio.sleep(0.01)


async def test_a_source_that_was_never_polled_is_polled_once(store: Store) -> None:
    polls = Polls(store)
    async with started(store, polls):
        await until(lambda: bool(polls.names))
        await ticks(store)
    assert polls.names == ["clinic"]


@pytest.mark.parametrize(("ago", "expected"), [(3 * 3600.0, ["clinic"]), (60.0, [])])
async def test_runs_that_were_missed_happen_once(store: Store, ago: float, expected: list[str]) -> None:
    async with store.write() as connection:
        await connection.execute(
            sa.insert(poll_run).values(source="clinic", started_at=time.time() - ago, state="done")
        )
    polls = Polls(store)
    async with started(store, polls):
        await ticks(store)
    assert polls.names == expected


async def test_of_two_replicas_one_polls_and_the_other_takes_over(store: Store) -> None:
    first, second = Polls(store), Polls(store)
    leader = Ticker(store, SETTINGS, first.__call__)
    leader.start()
    await until(lambda: bool(first.names))
    async with started(store, second):
        await _make_due(store)
        await until(lambda: len(first.names) == 2)
        await ticks(store)
        assert second.names == []
        await leader.stop()
        await _make_due(store)
        await until(lambda: second.names == ["clinic"])
        assert len(first.names) == 2


async def test_the_lease_of_a_replica_that_died_runs_out(store: Store) -> None:
    polls = Polls(store)
    async with store.write() as connection:
        await connection.execute(sa.insert(lease).values(name=ticking.NAME, holder="dead", until=time.time() + 3600))
    ticker = Ticker(store, SETTINGS, polls.__call__)
    assert await ticker._leads() is False
    async with store.write() as connection:
        await connection.execute(sa.update(lease).values(until=time.time() - 1))
    async with started(store, polls):
        await until(lambda: polls.names == ["clinic"])
        assert await _holder(store) != "dead"


async def _make_due(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(sa.update(poll_run).values(started_at=0.0))


async def _holder(store: Store) -> str | None:
    async with store.read() as connection:
        value: str | None = await connection.scalar(sa.select(lease.c.holder))
    return value


async def test_a_stopped_ticker_gives_up_the_lease(store: Store) -> None:
    polls = Polls(store)
    async with started(store, polls):
        await until(lambda: bool(polls.names))
        assert await _holder(store) is not None
    assert await _holder(store) is None


async def test_many_hints_are_one_run(store: Store) -> None:
    polls = Polls(store)
    async with started(store, polls) as ticker:
        await until(lambda: bool(polls.names))
        for _ in range(50):
            ticker.hint("clinic")
        await until(lambda: len(polls.names) == 2)
        await ticks(store)
        assert polls.names == ["clinic", "clinic"]
        ticker.hint("clinic")
        await until(lambda: len(polls.names) == 3)


async def test_a_hint_during_a_run_is_heard_after_it(store: Store) -> None:
    go = asyncio.Event()
    polls = Polls(store, go.wait)
    async with started(store, polls) as ticker:
        await until(lambda: bool(polls.names))
        ticker.hint("clinic")
        await ticks(store)
        assert polls.names == ["clinic"]
        go.set()
        await until(lambda: len(polls.names) == 2)


async def test_hints_of_sources_without_an_address_or_a_name_are_nothing(store: Store) -> None:
    polls = Polls(store)
    async with started(store, polls) as ticker:
        await until(lambda: bool(polls.names))
        ticker.hint("pushes")
        ticker.hint("nobody")
        await ticks(store)
    assert polls.names == ["clinic"]


async def test_the_lease_is_kept_during_a_long_run_and_a_stop_interrupts_it(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    polls = Polls(store, asyncio.Event().wait)
    with caplog.at_level(logging.WARNING):
        async with started(store, polls):
            await until(lambda: bool(polls.names))
            await ticks(store)
    assert polls.cancelled == 1
    assert [record.getMessage() for record in caplog.records if record.name.startswith("apscheduler")] == []
    assert await _holder(store) is None


async def test_a_failed_run_does_not_end_the_ticking(store: Store) -> None:
    async def fails() -> None:
        raise PeerUnavailable("the EHR does not answer")

    polls = Polls(store, fails)
    async with started(store, polls) as ticker:
        await until(lambda: bool(polls.names))
        ticker.hint("clinic")
        await until(lambda: len(polls.names) == 2)
