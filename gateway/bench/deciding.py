"""Deciding about a code that thousands of patients wait for: until they are marked, and until all is taken back."""

from __future__ import annotations

import time
from collections.abc import Awaitable

import sqlalchemy as sa

from gateway.bench.report import Row, median
from gateway.config import StoreSettings
from gateway.store.engine import Store
from gateway.store.migrate import open_store
from gateway.store.tables import dependency, map_group, patient, review
from gateway.terminology import decisions, items
from gateway.terminology.decisions import Proposal
from gateway.terminology.items import Item, item_digest
from mappers.context import of_code
from mappers.decided import UNMAPPED
from mappers.terminology import Outcome, Terminology

WAITING, OTHERS, REPEATS = 5_000, 5_000, 3
_LIST, _HOUSE = "TumorMarkerAnalyte", "http://house.example.org/lab"
_TARGET = ("http://loinc.org", "LP28643-2", "Carcinoembryonic Ag")


async def deciding(url: str) -> list[Row]:
    """On a store of twice as many patients, half of whom wait. The baseline marks the same patients and does nothing else."""
    store = await open_store(StoreSettings(url=url))
    try:
        await _fill(store)
        terminology = Terminology({_LIST: [_TARGET]})
        async with store.read() as connection:
            (item, _) = await items.items(connection)
        assert item.patients == WAITING
        decided, undone, bare = [], [], []
        for _ in range(REPEATS):
            bare.append(await _seconds(_only_mark(store)))
            number, seconds = await _decide(store, item, terminology)
            decided.append(seconds)
            undone.append(await _seconds(decisions.undo(store, number, author="bench")))
        async with store.read() as connection:
            looking = await _seconds(decisions.preview(connection, item))
        base = f"{median(bare):.2f} s to mark them only"
        title = f"a code that {WAITING:,} patients wait for"
        return [
            Row(
                f"{title} is decided",
                f"{median(decided):.2f} s",
                base,
                f"{median(decided) / median(bare):.1f}",
                "< 2 s",
            ),
            Row(f"{title}: taken back", f"{median(undone):.2f} s", base, f"{median(undone) / median(bare):.1f}"),
            Row(f"{title}: preview", f"{looking:.2f} s"),
        ]
    finally:
        await store.close()


async def _decide(store: Store, item: Item, terminology: Terminology) -> tuple[int, float]:
    started = time.perf_counter()
    proposal = Proposal(Outcome.MAP, "bench", target=_TARGET)
    made = await decisions.decide(store, item, proposal, terminology=terminology)
    return made.id, time.perf_counter() - started


async def _seconds(work: Awaitable[object]) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


async def _only_mark(store: Store) -> None:
    async with store.write(lock="intake") as connection:
        seq = await store.next_seq(connection)
        await connection.execute(sa.update(patient).where(patient.c.id <= WAITING).values(dirty_seq=seq))


async def _fill(store: Store) -> None:
    numbers = range(1, WAITING + OTHERS + 1)
    now = time.time()
    codings = {True: [[_HOUSE, "K1", "House marker"]], False: [[_HOUSE, "K2", "Another marker"]]}
    found = {"code": UNMAPPED, "kind": "TumorMarker", "field": "analyte", "terminology": _LIST, "text": ""}
    digest = {waits: item_digest(found | {"codings": codings[waits]}) for waits in codings}
    target = {waits: of_code(_LIST, (_HOUSE, codings[waits][0][1])) for waits in codings}
    async with store.write(lock="intake") as connection:
        await connection.execute(
            sa.insert(patient),
            [{"id": at, "source": "default", "fhir_id": f"p{at}", "dirty_seq": 0, "dirty_at": now} for at in numbers],
        )
        await connection.execute(
            sa.insert(map_group),
            [
                {
                    "id": at,
                    "patient_id": at,
                    "mapper": "tumor-marker",
                    "key": f"o{at}",
                    "mapper_version": "1",
                    "stale": False,
                }
                for at in numbers
            ],
        )
        await connection.execute(
            sa.insert(dependency), [{"group_id": at, "target": target[at <= WAITING]} for at in numbers]
        )
        await connection.execute(
            sa.insert(review),
            [
                found
                | {
                    "digest": at.to_bytes(16, "big"), "patient_id": at, "draft_key": f"o{at}", "severity": "blocking",
                    "codings": codings[at <= WAITING], "item": digest[at <= WAITING], "state": "open",
                    "first_seen": now, "last_seen": now,
                }
                for at in numbers
            ],
        )  # fmt: skip
