"""Polling the sandbox EHR over HTTP into a real store: nothing is lost, and what failed can be seen."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
import stamina

from adapters.sandbox.ehr import server
from adapters.sandbox.ehr.server import SandboxEhr, running
from gateway.config import LimitSettings, SourceSettings
from gateway.errors import PeerUnavailable, StoreUnavailable
from gateway.intake.writer import Intake
from gateway.schedule import poll as polling
from gateway.schedule import record
from gateway.schedule.poll import PollSummary
from gateway.store.engine import Store
from gateway.store.tables import poll_cursor, poll_run, resource, resource_version

SOURCE = "clinic"


@pytest.fixture(autouse=True)
def _tries_at_once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


def patient(identity: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": identity, "gender": "female", **more}


@dataclass
class Clinic:
    """An EHR whose clock can be put back, and the store that it is polled into."""

    ehr: SandboxEhr
    store: Store
    intake: Intake
    url: str = ""
    age: float = 600.0
    """Seconds by which changes are older than now."""
    settings: dict[str, Any] = field(default_factory=dict)

    def put(self, *ids: str, age: float | None = None, **more: Any) -> None:
        self.age = self.age if age is None else age
        for each in ids:
            self.ehr.data.put(patient(each, **more))

    async def poll(self, **more: Any) -> PollSummary:
        options = {"url": self.url, "types": ("Patient",), "page_size": 2, "overlap": 120.0, **self.settings, **more}
        return await polling.poll(
            self.store, self.intake, name=SOURCE, settings=SourceSettings(**options), limits=LimitSettings()
        )

    async def rows(self, statement: sa.Select[Any]) -> list[Any]:
        async with self.store.read() as connection:
            return list((await connection.execute(statement)).all())

    async def stored(self) -> list[str]:
        return [row.fhir_id for row in await self.rows(sa.select(resource.c.fhir_id).order_by(resource.c.fhir_id))]

    async def versions(self) -> int:
        return len(await self.rows(sa.select(resource_version.c.id)))

    async def watermarks(self) -> dict[str, str]:
        return {row.type: row.watermark for row in await self.rows(sa.select(poll_cursor))}

    async def runs(self) -> list[Any]:
        return await self.rows(sa.select(poll_run).order_by(poll_run.c.id))


@pytest.fixture
async def clinic(store: Store) -> AsyncIterator[Clinic]:
    ehr = SandboxEhr(now=lambda: dt.datetime.now(dt.UTC) - dt.timedelta(seconds=made.age))
    async with Intake(store) as intake, running(ehr) as url:
        made = Clinic(ehr, store, intake, url)
        yield made


async def test_everything_is_read_and_the_run_is_on_record(clinic: Clinic) -> None:
    clinic.put("a", "b", "c", "d", "e")
    summary = await clinic.poll()
    assert (summary.received, summary.announced, summary.problems) == (5, 5, [])
    assert summary.counts == {"stored": 5}
    assert await clinic.stored() == ["a", "b", "c", "d", "e"]
    [run] = await clinic.runs()
    assert (run.state, run.received, run.announced, run.error) == ("done", 5, 5, None)
    assert run.requests == 4  # the clock and three pages
    assert run.finished_at >= run.started_at


async def test_an_empty_window_moves_the_watermark(clinic: Clinic) -> None:
    summary = await clinic.poll()
    assert (summary.received, summary.problems) == (0, [])
    assert set(await clinic.watermarks()) == {"Patient"}


async def test_a_failing_page_leaves_the_watermark_and_nothing_is_lost(clinic: Clinic) -> None:
    clinic.put("a", "b")
    await clinic.poll()
    before = await clinic.watermarks()
    clinic.put("c", "d", "e", age=30)
    clinic.ehr.faults.failing_pages = 4
    with pytest.raises(PeerUnavailable):
        await clinic.poll()
    assert await clinic.watermarks() == before
    assert await clinic.stored() == ["a", "b", "c", "d"]  # the page that came is kept
    failed = (await clinic.runs())[-1]
    assert failed.state == "failed"
    assert "Patient" in failed.error
    # The EHR's clock goes on, and what was missed is still asked for.
    await clinic.poll()
    assert await clinic.stored() == ["a", "b", "c", "d", "e"]
    assert await clinic.versions() == 5
    assert (await clinic.watermarks())["Patient"] >= before["Patient"]


async def test_a_page_that_fails_for_a_moment_is_no_failure(clinic: Clinic) -> None:
    clinic.put("a", "b", "c")
    clinic.ehr.faults.failing_pages = 2
    clinic.ehr.faults.unavailable = 1
    assert (await clinic.poll()).problems == []
    assert await clinic.stored() == ["a", "b", "c"]


async def test_a_store_that_refuses_a_page_leaves_the_watermark(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.put("a", "b", "c")
    submit, calls = clinic.intake.submit, 0

    async def full(delivery: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise StoreUnavailable("the disk is full")
        return await submit(delivery)

    monkeypatch.setattr(clinic.intake, "submit", full)
    with pytest.raises(StoreUnavailable):
        await clinic.poll()
    assert await clinic.watermarks() == {}
    [run] = await clinic.runs()
    assert (run.state, run.error) == ("failed", "the disk is full")
    await clinic.poll()
    assert await clinic.stored() == ["a", "b", "c"]


async def test_one_type_fails_and_the_others_are_read(clinic: Clinic) -> None:
    clinic.put("a", "b", "c")
    clinic.ehr.data.put({"resourceType": "Medication", "id": "m"})
    clinic.ehr.faults.failing_pages = 4
    summary = await clinic.poll(types=("Patient", "Medication"))
    assert len(summary.problems) == 1
    assert set(await clinic.watermarks()) == {"Medication"}
    assert (await clinic.runs())[-1].state == "failed"


async def test_an_expired_search_starts_the_window_again(clinic: Clinic) -> None:
    clinic.put("a", "b", "c")
    clinic.ehr.faults.expired_pages = polling.RESTARTS
    summary = await clinic.poll()
    assert summary.problems == []
    assert (summary.received, await clinic.stored()) == (3, ["a", "b", "c"])
    assert await clinic.versions() == 3


async def test_a_search_that_always_expires_fails(clinic: Clinic) -> None:
    clinic.put("a", "b", "c")
    clinic.ehr.faults.expired_pages = polling.RESTARTS + 1
    with pytest.raises(PeerUnavailable, match="expired"):
        await clinic.poll()
    assert await clinic.watermarks() == {}


async def test_what_comes_twice_changes_nothing(clinic: Clinic) -> None:
    clinic.put("a", "b", "c", age=60)
    await clinic.poll()
    seqs = await clinic.rows(sa.select(resource.c.id, resource.c.seq).order_by(resource.c.id))
    again = await clinic.poll()
    assert again.received == 3
    assert again.counts == {"duplicate": 3}
    assert await clinic.versions() == 3
    assert await clinic.rows(sa.select(resource.c.id, resource.c.seq).order_by(resource.c.id)) == seqs


async def test_outside_the_overlap_nothing_is_asked_twice(clinic: Clinic) -> None:
    clinic.put("a", age=600)
    await clinic.poll()
    assert (await clinic.poll()).received == 0


async def test_what_becomes_visible_late_is_found_through_the_overlap(clinic: Clinic) -> None:
    await clinic.poll()
    clinic.put("late", age=60)
    await clinic.poll()
    assert await clinic.stored() == ["late"]


async def test_what_changes_now_is_left_for_the_next_run(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic.put("a", age=-300)
    await clinic.poll()
    assert await clinic.stored() == []
    monkeypatch.setattr(polling, "MARGIN", -600.0)
    await clinic.poll()
    assert await clinic.stored() == ["a"]


async def test_a_changed_resource_is_a_new_version(clinic: Clinic) -> None:
    clinic.put("a")
    await clinic.poll()
    clinic.put("a", age=30, birthDate="1960-01-01")
    assert (await clinic.poll()).counts == {"stored": 1}
    states = await clinic.rows(sa.select(resource_version.c.version_id, resource_version.c.state))
    assert sorted(map(tuple, states)) == [("1", "superseded"), ("2", "current")]


async def test_what_is_missing_is_visible_and_read_again(clinic: Clinic) -> None:
    clinic.put("a", "b", "c")
    clinic.ehr.faults.total_offset = 1
    with pytest.raises(PeerUnavailable):
        await clinic.poll()
    [run] = await clinic.runs()
    assert (run.state, run.received, run.announced) == ("failed", 3, 4)
    assert "announced" in run.error
    assert await clinic.stored() == ["a", "b", "c"]
    assert await clinic.watermarks() == {}
    clinic.ehr.faults.total_offset = 0
    assert (await clinic.poll()).received == 3
    assert set(await clinic.watermarks()) == {"Patient"}


async def test_more_than_announced_is_visible_and_no_hole(clinic: Clinic) -> None:
    """Some servers tell the total of a page: to wait for a total that fits would be to wait for ever."""
    clinic.put("a", "b", "c")
    clinic.ehr.faults.total_offset = -2
    assert (await clinic.poll()).problems == []
    [run] = await clinic.runs()
    assert (run.state, run.received, run.announced) == ("done", 3, 1)
    assert set(await clinic.watermarks()) == {"Patient"}


async def test_a_server_without_snapshots_that_skips_one_is_read_again(clinic: Clinic) -> None:
    """Its later pages tell the smaller total, with which the skipped one would never be missed."""
    clinic.put("a", "b", "c", "d", "e")
    clinic.ehr.faults.shifted_pages = 1
    with pytest.raises(PeerUnavailable, match="announced 5 resources and sent 4"):
        await clinic.poll()
    assert await clinic.stored() == ["a", "b", "d", "e"]
    assert await clinic.watermarks() == {}
    assert (await clinic.poll()).received == 5
    assert await clinic.stored() == ["a", "b", "c", "d", "e"]


async def test_one_that_comes_twice_does_not_hide_one_that_is_missing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.put("a", "b", "c")
    find = server.matching
    # A server whose sort is not stable shows one on two pages and another on none.
    monkeypatch.setattr(server, "matching", lambda *given: [found[i] for found in [find(*given)] for i in (0, 1, 1)])
    with pytest.raises(PeerUnavailable, match="announced 3 resources and sent 2"):
        await clinic.poll()
    monkeypatch.undo()
    await clinic.poll()
    assert await clinic.stored() == ["a", "b", "c"]


async def test_a_wrong_token_is_a_failed_run(clinic: Clinic) -> None:
    clinic.ehr.token = "right"
    with pytest.raises(PeerUnavailable, match="401"):
        await clinic.poll(token="wrong")
    assert (await clinic.runs())[-1].state == "failed"
    assert (await clinic.poll(token="right")).problems == []


async def test_a_stopped_run_is_on_record_as_interrupted(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic.put("a", "b", "c")
    reached = asyncio.Event()

    async def never(_: Any) -> Any:
        reached.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(clinic.intake, "submit", never)
        run = asyncio.create_task(clinic.poll())
        await reached.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
    [row] = await clinic.runs()
    assert (row.state, row.error) == ("failed", record.INTERRUPTED)
    assert await clinic.watermarks() == {}


async def test_a_run_that_a_crash_left_behind_is_over(clinic: Clinic) -> None:
    async with clinic.store.write() as connection:
        await connection.execute(sa.insert(poll_run).values(source=SOURCE, started_at=1.0, state="running"))
        await connection.execute(sa.insert(poll_run).values(source="other", started_at=1.0, state="running"))
    await clinic.poll()
    assert [(run.source, run.state, run.error) for run in await clinic.runs()] == [
        (SOURCE, "failed", record.INTERRUPTED),
        ("other", "running", None),
        (SOURCE, "done", None),
    ]


async def test_types_that_the_ehr_does_not_offer_are_not_asked_for(clinic: Clinic) -> None:
    clinic.put("a")
    summary = await clinic.poll(types=("Patient", "Task"))
    assert (summary.received, summary.problems, summary.not_offered) == (1, [], ["Task"])
    assert set(await clinic.watermarks()) == {"Patient"}
