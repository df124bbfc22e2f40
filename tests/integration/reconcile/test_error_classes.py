"""Every class of error, at every kind of request, through the whole gateway: nothing lost, nothing doubled, every end visible.

While a fault is in force the source changes one entity, adds one and withdraws one. Afterwards POP must hold exactly what it
holds without any fault, whatever was answered on the way.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import orjson
import pytest
from pop_content import content
from test_apply import CEA_KEY, ECOG_KEY, Resources, Stage, bruno, signed_in
from victim import finish, settings

from adapters.pop.errors import PopTransient
from adapters.sandbox.pop.faults import Fault
from adapters.sandbox.pop.server import SandboxPop, running
from gateway.intake.receive import bundle_delivery, delete_delivery
from gateway.reconcile import lane
from gateway.reconcile.claims import backlog
from gateway.replay import replay
from gateway.service import Gateway

TIMEOUT = 1.0
LOGIN = "auth/session"
#: Faults of single requests that pass: the gateway gets over them by itself.
PASSING = {
    "429": partial(Fault, "status", status=429, retry_after=0.05),
    "500": partial(Fault, "status", status=500),
    "500-though-done": partial(Fault, "status-after", status=500),
    "502": partial(Fault, "status", status=502),
    "503": partial(Fault, "status", status=503, retry_after=0.05),
    "504-though-done": partial(Fault, "status-after", status=504),
    "403-once": partial(Fault, "status", status=403),
    "401-twice": partial(Fault, "status", status=401, times=2),
    "cut-before": partial(Fault, "cut-before"),
    "cut-after": partial(Fault, "cut-after"),
    "session-ends": partial(Fault, "expire"),
    "slow-until-the-deadline": partial(Fault, "delay", seconds=1.5 * TIMEOUT),
}


#: A store that has read POP's value lists, and nothing else yet: reading them is most of a gateway's first start.
_WITH_LISTS: list[bytes] = []


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A gateway whose waits are short."""
    monkeypatch.setattr(lane, "FIRST", 0.02)
    monkeypatch.setattr(lane, "REFUSED_FIRST", 0.02)
    monkeypatch.setattr("adapters.pop.session.FIRST_BACKOFF", 0.05)
    monkeypatch.setattr("gateway.reconcile.apply.SERVER_ERROR_WAITS", (0.0, 0.0))
    pop = SandboxPop(limit_logins=False)
    async with running(pop) as address, signed_in(address) as curator:
        store = tmp_path / "store.sqlite"
        made = settings(f"sqlite+aiosqlite:///{store}", address, lease=60.0)
        if not _WITH_LISTS:
            async with Gateway(made):
                pass
            _WITH_LISTS.append(store.read_bytes())
        store.write_bytes(_WITH_LISTS[0])
        made.pop.timeout = TIMEOUT
        async with Gateway(made) as gateway:
            yield Stage(pop, address, gateway, curator)


def before() -> Resources:
    """What stands in POP when the fault begins."""
    resources = bruno()
    del resources["bruno-cea"]
    return resources


async def change(stage: Stage) -> None:
    """One entity changes (read, replaced), one comes (created), a therapy with its drug goes (read, deleted)."""
    resources = copy.deepcopy(bruno())
    resources["bruno-ecog"]["valueCodeableConcept"]["coding"][0]["code"] = "LA9624-3"
    del resources["bruno-osimertinib"]
    entries = [{"resource": resource} for resource in resources.values()]
    body = orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    intake, limits = stage.gateway.intake, stage.gateway.settings.limits
    await intake.submit(bundle_delivery(body, source="default", channel="http", limits=limits))
    await intake.submit(
        delete_delivery(
            source="default", channel="http", interaction="DELETE", type_="MedicationRequest", id_="bruno-osimertinib"
        )
    )


_UNDISTURBED: list[list[str]] = []


async def undisturbed(tmp_path: Path) -> list[str]:
    """What POP holds after the same without a fault."""
    if not _UNDISTURBED:
        pop = SandboxPop(limit_logins=False)
        store = f"sqlite+aiosqlite:///{tmp_path / 'clean.sqlite'}"
        async with (
            running(pop) as address,
            signed_in(address) as curator,
            Gateway(settings(store, address)) as gateway,
        ):
            stage = Stage(pop, address, gateway, curator)
            await stage.send(before())
            await change(stage)
            await finish(gateway)
            _UNDISTURBED.append(content(stage.all()))
    return _UNDISTURBED[0]


async def settled(stage: Stage, tmp_path: Path) -> None:
    """Nothing lost, nothing doubled, nothing left open."""
    assert content(stage.all()) == await undisturbed(tmp_path)
    assert await backlog(stage.gateway.store) == (0, None)
    assert {state for state, _ in (await stage.ledger()).values()} == {"written", "deleted"}
    assert await stage.reviews() == set()
    assert (await lane.read(stage.gateway.store)).open


#: A create is where most can go wrong; the others meet what differs for them.
AS_WELL = {
    "PUT": ("500", "500-though-done", "502", "503", "504-though-done", "cut-after", "slow-until-the-deadline"),
    "DELETE": ("500", "504-though-done", "cut-after", "session-ends"),
    "GET": ("500", "502", "503", "cut-after"),
}
STRIKES = [("POST", fault) for fault in sorted(PASSING)] + [
    (method, fault) for method, faults in AS_WELL.items() for fault in faults
]


@pytest.mark.parametrize(("method", "fault"), STRIKES)
async def test_a_fault_that_passes_leaves_no_trace(stage: Stage, tmp_path: Path, method: str, fault: str) -> None:
    await stage.send(before())
    stage.pop.faults.set([PASSING[fault](method=method, path="/api/v1/")])
    await change(stage)
    await finish(stage.gateway)
    assert not stage.pop.faults.active, "it has struck"
    await settled(stage, tmp_path)


@pytest.mark.parametrize("fault", ["500", "503", "504-though-done", "cut-after", "login-limit"])
async def test_a_login_that_fails_loses_nothing(stage: Stage, tmp_path: Path, fault: str) -> None:
    await stage.send(before())
    made = Fault("login-limit") if fault == "login-limit" else PASSING[fault](method="POST", path=LOGIN)
    stage.pop.faults.set([made, Fault("expire", method="GET")])
    await change(stage)
    await finish(stage.gateway)
    assert not stage.pop.faults.active
    await settled(stage, tmp_path)


@pytest.mark.parametrize(
    ("method", "status", "code", "key"),
    [
        ("POST", 422, "pop-rejected", CEA_KEY),
        ("PUT", 422, "pop-rejected", ECOG_KEY),
        ("DELETE", 422, "pop-rejected", "SystemicTherapy"),
        ("POST", 500, "pop-server-error", CEA_KEY),
        ("PUT", 500, "pop-server-error", ECOG_KEY),
        ("POST", 418, "pop-contract", CEA_KEY),
        ("PUT", 418, "pop-contract", ECOG_KEY),
        ("POST", 504, "pop-server-error", CEA_KEY),
    ],
)
async def test_what_pop_keeps_refusing_is_visible_and_the_rest_goes_on(
    stage: Stage, tmp_path: Path, method: str, status: int, code: str, key: str
) -> None:
    await stage.send(before())
    stage.pop.faults.set([Fault("status", status=status, method=method, times=None)])
    await change(stage)
    for _ in range(2):
        await finish(stage.gateway)
    open_ = {(row[0].partition(":")[0] if ":" not in key else row[0], row[1]) for row in await stage.reviews()}
    assert open_ == {(key, code)} or (method == "DELETE" and (key, code) in open_)
    assert (await backlog(stage.gateway.store))[0] == 0
    stage.pop.faults.set([])
    await replay(stage.gateway.store)
    await finish(stage.gateway)
    await settled(stage, tmp_path)


async def test_a_right_that_is_withdrawn_in_the_middle_stops_everything_until_it_is_back(
    stage: Stage, tmp_path: Path
) -> None:
    await stage.send(before())
    stage.pop.faults.set([Fault("withdraw", name="gateway", level=1)])
    await change(stage)
    await stage.gateway.worker.drain()
    paused = await lane.read(stage.gateway.store)
    assert paused.reason is not None
    assert paused.reason.startswith("pop-forbidden")
    assert (await backlog(stage.gateway.store))[0] == 1
    stage.pop.faults.set([])
    await finish(stage.gateway)
    await settled(stage, tmp_path)


async def test_a_maintenance_page_is_waited_out(stage: Stage, tmp_path: Path) -> None:
    await stage.send(before())
    stage.pop.faults.set([Fault("maintenance", seconds=0.5)])
    await change(stage)
    await finish(stage.gateway)
    await settled(stage, tmp_path)


async def test_a_concept_that_pop_has_lost_is_visible_and_goes_on_when_it_is_back(stage: Stage, tmp_path: Path) -> None:
    await stage.send(before())
    stage.pop.faults.set([Fault("missing", name="TumorMarkerAnalyte")])
    await change(stage)
    await finish(stage.gateway)
    async with asyncio.timeout(20):
        # POP's refusal makes the gateway read the lists again; then it knows itself that the concept is not there.
        while "unmapped-code" not in {code for _, code, _ in await stage.reviews()}:
            await finish(stage.gateway)
            await asyncio.sleep(0.05)
    stage.pop.faults.set([])
    await stage.gateway.refresh_lists()
    await finish(stage.gateway)
    await settled(stage, tmp_path)


async def test_a_pause_by_an_operator_takes_effect_within_a_patient(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.reconcile.worker.LANE_WATCH", 0.02)
    await stage.send(before())
    stage.pop.faults.set([Fault("delay", seconds=0.3, method="PUT")])
    await change(stage)
    working = asyncio.create_task(stage.gateway.worker.drain())
    while stage.pop.faults.active:  # noqa: ASYNC110 - the sandbox is watched
        await asyncio.sleep(0.005)
    await lane.switch(stage.gateway.store, paused=True, reason="upgrade")
    await working
    assert (await backlog(stage.gateway.store))[0] == 1, "the patient is not done"
    sent = stage.writes()
    await stage.gateway.worker.drain()
    assert stage.writes() == sent
    await lane.switch(stage.gateway.store, paused=False)
    await finish(stage.gateway)
    await settled(stage, tmp_path)


async def test_the_longest_retry_after_counts_for_all_replicas(stage: Stage) -> None:
    store = stage.gateway.store
    await lane.pause(store, PopTransient("away", status=503, retry_after=5.0))
    longer = await lane.pause(store, PopTransient("away", status=503, retry_after=60.0))
    assert longer.wait > 50
    assert (await lane.pause(store, PopTransient("away", status=503, retry_after=1.0))).wait > 50
    assert longer.attempts == 1, "replicas that fail at the same moment are one failure"
    await lane.switch(store, paused=True, reason="upgrade")
    assert (await lane.pause(store, PopTransient("away"))).reason == "upgrade"
    await lane.reopened(store)
    assert (await lane.read(store)).by_operator
