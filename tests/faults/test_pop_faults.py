"""POP away, slow, failing, cutting connections after it has committed: nothing lost, nothing doubled, every end visible."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from pop_content import content, read_content
from victim import finish, settings

from adapters.sandbox.pop.server import SandboxPop, running
from gateway import service
from gateway.intake.files import import_paths
from gateway.reconcile import lane
from gateway.reconcile.claims import backlog
from gateway.service import Gateway
from gateway.store.tables import ledger, patient
from gateway.valuelists import needed_terminologies
from mappers.terminology import Terminology


async def set_faults(pop: str, faults: list[dict[str, Any]]) -> None:
    """Put faults in force."""
    async with httpx.AsyncClient(base_url=pop) as client:
        (await client.post("/__sandbox/faults", json=faults)).raise_for_status()


async def load(gateway: Gateway, folder: Path) -> None:
    """Import the folder."""
    await import_paths(gateway.intake, [folder], source="default", limits=gateway.settings.limits)


LISTS_FAIL: dict[str, dict[str, Any]] = {
    "first-request": {"action": "status", "status": 503, "path": "terminologies"},
    "half-way": {"action": "cut-before", "path": "terminologies/ICD10Condition"},
    "one-list": {"action": "status", "status": 500, "times": 2, "path": "terminologies/ICD10Condition"},
    "for-long": {"action": "status", "status": 502, "times": 10, "path": "terminologies"},
}


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "cut-after", "times": None, "probability": 0.15, "method": "POST"},
        {"action": "cut-before", "times": None, "probability": 0.15},
        {
            "action": "status-after",
            "status": 500,
            "times": None,
            "probability": 0.1,
            "method": "POST",
            "path": "tumor-markers",
        },
        {"action": "delay", "seconds": 0.05, "times": None, "probability": 0.3},
        {"action": "expire", "times": None, "probability": 0.02},
    ],
    ids=["cut-after-commit", "cut-before", "500-though-stored", "slow", "sessions-end"],
)
async def test_pop_misbehaves_now_and_then(
    store_url: str,
    pop: str,
    clean_content: list[str],
    patients: Path,
    fault: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane, "FIRST", 0.05)
    async with Gateway(settings(store_url, pop)) as gateway:
        await load(gateway, patients)
        await set_faults(pop, [fault])
        await finish(gateway)
        await set_faults(pop, [])
    assert await read_content(pop) == clean_content


@pytest.mark.parametrize("fault", LISTS_FAIL.values(), ids=LISTS_FAIL.keys())
async def test_pop_fails_while_its_lists_are_read(
    store_url: str,
    pop: str,
    clean_content: list[str],
    patients: Path,
    fault: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What POP's lists would have translated must not be left out because POP hiccuped when they were read."""
    monkeypatch.setattr(lane, "FIRST", 0.05)
    monkeypatch.setattr(service, "UNREAD", 0.0)
    await set_faults(pop, [fault])
    async with Gateway(settings(store_url, pop)) as gateway:
        await load(gateway, patients)
        await finish(gateway)
        known = gateway.worker.terminology
        assert isinstance(known, Terminology)
        made = {kind for mapper in gateway.registry.mappers for kind in mapper.produces}
        assert [name for name in needed_terminologies(made) if not known.knows(name)] == []
    assert await read_content(pop) == clean_content


@pytest.mark.parametrize("status", [429, 502, 503])
async def test_pop_is_away_for_a_while(
    store_url: str, pop: str, clean_content: list[str], patients: Path, status: int
) -> None:
    async with Gateway(settings(store_url, pop)) as gateway:
        await load(gateway, patients)
        fault = {"action": "status", "status": status, "times": None, "retry_after": 1, "path": "patient-cases"}
        await set_faults(pop, [fault])
        await gateway.worker.drain()
        state = await lane.read(gateway.store)
        left, _ = await backlog(gateway.store)
        assert state.reason is not None
        assert state.reason.startswith("pop-unavailable")
        assert left > 0
        await set_faults(pop, [])
        await finish(gateway)
        assert (await lane.read(gateway.store)).reason is None
    assert await read_content(pop) == clean_content


async def test_pop_is_not_there_when_the_gateway_starts(
    store_url: str, patients: Path, clean_content: list[str], monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(lane, "FIRST", 0.05)
    address = f"http://127.0.0.1:{unused_tcp_port}"
    stop = asyncio.Event()
    async with Gateway(settings(store_url, address)) as gateway:
        await load(gateway, patients)
        working = asyncio.create_task(gateway.worker.run(stop))
        await asyncio.sleep(0.5)
        # All but the patient who has nothing for POP, if it has been looked at by now.
        assert (await backlog(gateway.store))[0] >= 11
        sandbox = SandboxPop()
        async with running(sandbox, port=unused_tcp_port), asyncio.timeout(60):
            while (await backlog(gateway.store))[0]:  # noqa: ASYNC110 - another task's progress is watched
                await asyncio.sleep(0.05)
            stored = {name: sandbox.entities.all(name) for name in sandbox.entities.collections()}
        stop.set()
        await working
    assert content(stored) == clean_content


async def test_a_payload_that_pop_always_fails_on_is_parked_and_the_rest_goes_on(
    store_url: str, pop: str, clean_content: list[str], patients: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.reconcile.apply.SERVER_ERROR_WAITS", (0.0, 0.0))
    async with Gateway(settings(store_url, pop)) as gateway:
        await load(gateway, patients)
        await set_faults(
            pop, [{"action": "status", "status": 500, "times": None, "method": "POST", "path": "performance-status"}]
        )
        await finish(gateway)
        async with gateway.store.read() as connection:
            parked = (
                await connection.execute(sa.select(ledger.c.kind, ledger.c.error).where(ledger.c.state == "parked"))
            ).all()
        assert {(row.kind, row.error) for row in parked} == {("PerformanceStatus", "pop-server-error")}
        got = await read_content(pop)
        assert got == [line for line in clean_content if not line.startswith("performance-status")]
        # When the cause is gone, a replay brings the parked ones in.
        from gateway.replay import replay

        await set_faults(pop, [])
        await replay(gateway.store, error="pop-server-error")
        await finish(gateway)
    assert await read_content(pop) == clean_content


@pytest.mark.parametrize(("status", "code"), [(401, "pop-unauthorised"), (403, "pop-forbidden")])
async def test_a_refused_account_pauses_the_lane_and_loses_nothing(
    store_url: str, pop: str, clean_content: list[str], patients: Path, status: int, code: str
) -> None:
    async with Gateway(settings(store_url, pop)) as gateway:
        await load(gateway, patients)
        await set_faults(
            pop, [{"action": "status", "status": status, "times": None, "method": "POST", "path": "patient-cases"}]
        )
        await gateway.worker.drain()
        state = await lane.read(gateway.store)
        assert not state.open
        assert state.reason is not None
        assert state.reason.startswith(code)
        async with gateway.store.read() as connection:
            claimed = await connection.scalar(sa.select(sa.func.count()).where(patient.c.claimed_by.is_not(None)))
        assert claimed == 0
        await set_faults(pop, [])
        await lane.switch(gateway.store, paused=False)
        await finish(gateway)
    assert await read_content(pop) == clean_content
