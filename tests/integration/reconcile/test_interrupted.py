"""Runs that ended between a request to POP and its record, and what an operator or the source does afterwards.

Drafts are put into the store directly, so that each case is exactly the one meant; POP is the sandbox, over HTTP.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from apply_bench import CASE, DRUG, DRUGS, NCIT, OTHER, STATUS, STATUSES, THERAPY, Bench, bench, worker_of

from adapters.pop.errors import PopTransient
from adapters.sandbox.pop.faults import Fault
from gateway.errors import StoreUnavailable
from gateway.popcontract import ContractKeeper
from gateway.reconcile import claims, lane
from gateway.reconcile.apply import LaneFault
from gateway.reconcile.claims import Claim, backlog
from gateway.replay import replay
from gateway.store.tables import draft

__all__ = ["bench"]


# -- updates -----------------------------------------------------------------------------------------------------------


async def test_an_update_that_was_sent_but_not_recorded_is_no_persons_edit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.wants(CASE, STATUS)
    await bench.apply()
    await bench.wants(CASE, STATUS, PerformanceStatus={"ecogScore": 2, "date": "2024-03-02"})
    before = await bench.row(STATUS)
    update = bench.client.update

    async def unheard(*given: Any, **named: Any) -> bool:
        await update(*given, **named)
        raise PopTransient("the session ended, and the next one was refused")

    with monkeypatch.context() as patched:
        patched.setattr(bench.client, "update", unheard)
        with pytest.raises(LaneFault):
            await bench.apply()
    assert bench.all(STATUSES)[0]["ecogScore"] == 2, "POP has it"
    assert ((await bench.row(STATUS)).state, (await bench.row(STATUS)).written) == ("updating", before.written)
    # The source goes on: one field changes once more, the other goes back.
    await bench.wants(CASE, STATUS, PerformanceStatus={"ecogScore": 3})
    assert (await bench.apply())["updated"] == 1
    (stored,) = bench.all(STATUSES)
    assert (stored["ecogScore"], stored["date"]) == (3, "2024-03-01")
    assert await bench.reviews() == set()
    assert (await bench.row(STATUS)).state == "written"
    assert await bench.apply() == {}


async def test_a_persons_edit_during_an_interrupted_update_is_kept(bench: Bench) -> None:
    await bench.wants(CASE, STATUS)
    await bench.apply()
    await bench.wants(CASE, STATUS, PerformanceStatus={"ecogScore": 2})
    bench.fault(action="cut-before", method="PUT", times=3)
    with pytest.raises(LaneFault):
        await bench.apply()
    (stored,) = bench.all(STATUSES)
    body = {"caseId": stored["caseId"], "date": "2024-03-09", "ecogScore": 1, "externalSource": "EHR"}
    await bench.curator.update("PerformanceStatus", stored["id"], {**body, "externalSourceId": STATUS})
    await bench.apply()
    (stored,) = bench.all(STATUSES)
    assert (stored["ecogScore"], stored["date"]) == (2, "2024-03-09")


async def test_an_update_answered_with_500_although_it_was_stored_is_done(bench: Bench) -> None:
    await bench.wants(CASE, STATUS)
    await bench.apply()
    await bench.wants(CASE, STATUS, PerformanceStatus={"ecogScore": 2})
    bench.fault(action="status-after", status=500, method="PUT", times=3)
    assert await bench.apply() == {"updated": 1}
    assert bench.all(STATUSES)[0]["ecogScore"] == 2
    assert await bench.reviews() == set()


# -- creates -----------------------------------------------------------------------------------------------------------


async def test_what_was_parked_after_a_doubtful_create_is_looked_for_before_it_is_created_again(bench: Bench) -> None:
    await bench.wants(CASE, STATUS)
    # Stored, answered with 500, and then the list that would show it fails too.
    bench.pop.faults.set(
        [
            Fault("status-after", status=500, method="POST", path=STATUSES),
            Fault("status", status=500, method="GET", path=STATUSES),
        ]
    )
    assert (await bench.apply())["parked"] == 1
    assert "one of them is unreadable" in (await bench.row(STATUS)).message
    assert await bench.reviews() == {(STATUS, "pop-server-error")}
    await bench.wants(CASE, STATUS, PerformanceStatus={"ecogScore": 2})
    await bench.apply()
    (stored,) = bench.all(STATUSES)
    assert stored["ecogScore"] == 2
    assert await bench.reviews() == set()


async def test_a_drug_that_moves_to_another_therapy_leaves_nothing_behind_when_the_run_is_cut(bench: Bench) -> None:
    await bench.wants(CASE, THERAPY, OTHER, DRUG)
    await bench.apply()
    old = bench.all(DRUGS)[0]["id"]
    await bench.wants(CASE, THERAPY, OTHER, DRUG, parent=OTHER)
    bench.fault(action="status", status=503, method="DELETE")
    with pytest.raises(LaneFault):
        await bench.apply()
    assert (await bench.row(DRUG)).pop_id == old, "the ledger still knows the old one"
    bench.fault(action="cut-after", method="POST", path="medications", times=1)
    await bench.apply()
    (stored,) = bench.all(DRUGS)
    assert stored["_parent"] == next(
        row["id"] for row in bench.all("systemic-therapies") if row["intent"] == "palliative"
    )
    assert await bench.apply() == {}


async def test_a_moved_drug_that_a_curator_touched_stays_and_is_asked_about(bench: Bench) -> None:
    await bench.wants(CASE, THERAPY, OTHER, DRUG)
    await bench.apply()
    (stored,) = bench.all(DRUGS)
    other_drug = {"drug": {"code": "C1282", "system": NCIT}}
    await bench.curator.update("SystemicTherapyMedication", stored["id"], other_drug, parent_id=stored["_parent"])
    await bench.wants(CASE, THERAPY, OTHER, DRUG, parent=OTHER)
    await bench.apply()
    assert [row["id"] for row in bench.all(DRUGS)] == [stored["id"]]
    assert await bench.reviews() == {(DRUG, "delete-needs-decision")}


async def test_an_announced_create_whose_source_went_is_deleted_or_asked_about(bench: Bench) -> None:
    await bench.wants(CASE, STATUS)
    await bench.apply()
    await bench.forget(STATUS, state="creating", pop_id=None, digest=None, written=None)
    await bench.wants(CASE)
    bench.fault(action="status", status=503, method="DELETE")
    with pytest.raises(LaneFault):
        await bench.apply()
    assert (await bench.row(STATUS)).state == "creating", "not deleted yet, so not recorded as deleted"
    await bench.apply()
    assert bench.all(STATUSES) == []
    assert (await bench.row(STATUS)).state == "deleted"


# -- what people decided -----------------------------------------------------------------------------------------------


async def test_what_was_deleted_in_pop_comes_back_by_a_replay_only(bench: Bench) -> None:
    await bench.wants(CASE, STATUS)
    await bench.apply()
    await bench.curator.delete("PerformanceStatus", bench.all(STATUSES)[0]["id"])
    await bench.wants(CASE, STATUS, PerformanceStatus={"ecogScore": 2})
    await bench.apply()
    assert await bench.apply() == {"kept": 1}
    assert bench.all(STATUSES) == []
    assert await replay(bench.store, patient_ids=[bench.patient_id]) == 1
    assert await bench.apply() == {"created": 1}
    assert bench.all(STATUSES)[0]["ecogScore"] == 2
    assert await bench.reviews() == set()


async def test_nothing_is_sent_for_a_case_that_was_deleted_in_pop(bench: Bench) -> None:
    await bench.wants(CASE)
    await bench.apply()
    await bench.curator.delete("PatientCase", bench.all("patient-cases")[0]["id"])
    await bench.wants(CASE, STATUS, PatientCase={"dateOfBirth": "1961-06-01"})
    assert await bench.apply() == {"kept": 1, "blocked": 1}
    posts = bench.pop.counts["POST"]
    assert await bench.apply() == {"kept": 1, "blocked": 1}
    assert bench.pop.counts["POST"] == posts
    assert await bench.reviews() == {(CASE, "deleted-in-pop")}


async def test_a_source_that_comes_back_is_followed_again(bench: Bench) -> None:
    await bench.wants(CASE)
    await bench.apply()
    async with bench.store.write() as connection:
        await connection.execute(sa.delete(draft))
    assert await bench.apply() == {"kept": 1}
    assert await bench.reviews() == {(CASE, "delete-needs-decision")}
    await bench.wants(CASE, PatientCase={"dateOfBirth": "1961-06-01"})
    assert await bench.apply() == {"updated": 1}
    assert bench.all("patient-cases")[0]["dateOfBirth"] == "1961-06-01"
    assert await bench.reviews() == set()


# -- the worker --------------------------------------------------------------------------------------------------------


async def test_a_pause_of_an_earlier_process_does_not_lengthen_the_next_one(bench: Bench) -> None:
    await lane.pause(bench.store, PopTransient("away", retry_after=0.001))
    await bench.wants(CASE)
    worker = worker_of(bench)
    await worker.drain()
    assert worker.totals["created"] == 1
    assert await lane.read(bench.store) == lane.Lane()


async def test_a_store_that_fails_while_a_failure_is_noted_does_not_end_the_worker(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.wants(CASE)
    worker = worker_of(bench, lease=0.2)
    bench.fault(action="status", status=503, times=None)

    async def full(*_: Any) -> lane.Lane:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(lane, "pause", full)
        await worker.drain()
    bench.fault()
    async with asyncio.timeout(20):
        while (await backlog(bench.store))[0]:
            await worker.drain()
            await asyncio.sleep(0.05)
    assert len(bench.all("patient-cases")) == 1


async def test_a_worker_whose_lease_ran_out_sends_nothing_more(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.wants(CASE, STATUS, THERAPY)

    async def full(*_: Any, **__: Any) -> set[int]:
        raise StoreUnavailable("the disk is full")

    claim, claimed = claims.claim, []

    async def once(*given: Any, **named: Any) -> list[Claim]:
        if not claimed:
            claimed.extend(await claim(*given, **named))
            return claimed
        return []

    monkeypatch.setattr(claims, "renew", full)
    monkeypatch.setattr(claims, "claim", once)
    bench.fault(action="delay", seconds=0.8, method="POST", path="patient-cases")
    await ContractKeeper(bench.store, bench.client, url="").ensure()
    worker = worker_of(bench, lease=0.6)
    await worker.drain()
    assert len(bench.all("patient-cases")) == 1, "the request that was on its way"
    assert bench.all(STATUSES) == bench.all("systemic-therapies") == []
