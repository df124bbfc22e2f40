"""A store restored from a backup that is older than what stands in POP: nothing is created twice, nothing taken for an edit."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from apply_bench import CASE, DRUG, DRUGS, OTHER, STATUS, STATUSES, THERAPY, Bench, bench, worker_of

from gateway.reconcile.worker import Worker
from gateway.store.tables import ledger, patient, review

__all__ = ["bench"]


async def work(bench: Bench) -> Worker:
    """A process that starts now: it has not seen the ledger agree with POP yet."""
    async with bench.store.write() as connection:
        await connection.execute(sa.update(patient).values(dirty_seq=patient.c.dirty_seq + 1))
    worker = worker_of(bench)
    await worker.drain()
    return worker


async def lose(bench: Bench, *keys: str) -> None:
    """The backup does not have these rows yet."""
    async with bench.store.write() as connection:
        await connection.execute(sa.delete(ledger).where(ledger.c.key.in_(keys)))


@pytest.mark.parametrize(
    "lost",
    [(STATUS,), (DRUG,), (THERAPY, DRUG), (STATUS, THERAPY, OTHER, DRUG), (CASE, STATUS, THERAPY, OTHER, DRUG)],
    ids=["one", "child", "parent-and-child", "all-but-the-case", "all"],
)
async def test_what_the_ledger_lost_is_found_in_pop_by_its_external_id(bench: Bench, lost: tuple[str, ...]) -> None:
    await bench.wants(CASE, STATUS, THERAPY, OTHER, DRUG)
    await work(bench)
    before = {row["id"] for name in (STATUSES, "systemic-therapies", DRUGS) for row in bench.all(name)}
    await lose(bench, *lost)
    worker = await work(bench)
    assert worker.totals["parked"] == worker.totals["failed"] == 0
    after = [row["id"] for name in (STATUSES, "systemic-therapies", DRUGS) for row in bench.all(name)]
    assert sorted(after) == sorted(before)
    assert {(await bench.row(key)).state for key in (CASE, STATUS, THERAPY, OTHER, DRUG)} == {"written"}
    assert await bench.reviews() == set()


async def test_a_row_that_the_backup_has_in_an_older_state_is_no_persons_edit(bench: Bench) -> None:
    await bench.wants(CASE, STATUS)
    await work(bench)
    old = await bench.row(STATUS)
    await bench.wants(CASE, STATUS, PerformanceStatus={"ecogScore": 2, "date": "2024-03-05"})
    await work(bench)
    await bench.forget(STATUS, digest=old.digest, written=old.written)
    await bench.wants(CASE, STATUS, PerformanceStatus={"ecogScore": 3})
    await work(bench)
    (stored,) = bench.all(STATUSES)
    assert (stored["ecogScore"], stored["date"]) == (3, "2024-03-01")
    assert await bench.reviews() == set()


async def test_a_process_looks_once_and_then_trusts_its_ledger(bench: Bench) -> None:
    await bench.wants(CASE)
    worker = await work(bench)
    await bench.wants(CASE, STATUS)
    async with bench.store.write() as connection:
        await connection.execute(sa.update(patient).values(dirty_seq=patient.c.dirty_seq + 1))
    before = bench.pop.counts["GET"]
    await worker.drain()
    assert bench.pop.counts["GET"] == before, "the ledger that this process has written itself is complete"
    await bench.wants(CASE, STATUS, THERAPY)
    await work(bench)
    assert bench.pop.counts["GET"] > before


# -- who has worked on it ----------------------------------------------------------------------------------------------


async def curators_therapy(bench: Bench) -> dict[str, Any]:
    """A curator adds a therapy of their own: POP rewrites the therapy lines, and the curator stands in ``updatedBy`` of ours."""
    (case,) = bench.all("patient-cases")
    body = {"caseId": case["id"], "period": {"start": "2024-09-01"}, "intent": "palliative"}
    made = await bench.curator.create("SystemicTherapy", body)
    ours = next(row for row in bench.all("systemic-therapies") if row["id"] != made)
    read = await bench.client.get("SystemicTherapy", ours["id"])
    assert read is not None
    return read


async def test_a_therapy_whose_lines_only_were_rewritten_goes_with_its_source(bench: Bench) -> None:
    await bench.wants(CASE, THERAPY)
    await bench.apply()
    read = await curators_therapy(bench)
    assert "curator" in read["updatedBy"], "as on the real server"
    await bench.wants(CASE)
    assert await bench.apply() == {"deleted": 1}
    assert read["id"] not in {row["id"] for row in bench.all("systemic-therapies")}
    assert await bench.reviews() == set()


async def test_a_therapy_that_was_edited_and_set_back_is_asked_about(bench: Bench) -> None:
    await bench.wants(CASE, THERAPY)
    await bench.apply()
    read = await curators_therapy(bench)
    body = {
        "caseId": read["caseId"], "period": {"start": "2024-04-01"}, "externalSource": "EHR", "externalSourceId": THERAPY,
    }  # fmt: skip
    for intent in ("palliative", "curative"):
        await bench.curator.update("SystemicTherapy", read["id"], {**body, "intent": intent})
    await bench.wants(CASE)
    assert await bench.apply() == {"kept": 1}
    assert await bench.reviews() == {(THERAPY, "delete-needs-decision")}


# -- reviews -----------------------------------------------------------------------------------------------------------


async def test_a_refusal_that_a_person_resolved_opens_again_when_pop_refuses_anew(bench: Bench) -> None:
    await bench.wants(CASE, STATUS)
    bench.fault(action="status", status=422, method="POST", path=STATUSES, times=None)
    await bench.apply()
    assert await bench.reviews() == {(STATUS, "pop-rejected")}
    async with bench.store.write() as connection:
        await connection.execute(sa.update(review).values(state="resolved", note="done"))
    assert await bench.apply() == {"parked": 1}, "nothing was tried: the decision stands"
    assert await bench.reviews() == set()
    await bench.wants(CASE, STATUS, PerformanceStatus={"ecogScore": 2})
    await bench.apply()
    assert await bench.reviews() == {(STATUS, "pop-rejected")}
