"""Importing files: every kind, bad ones beside good ones, in bounded memory; and all published examples."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from gateway.config import LimitSettings, StoreSettings
from gateway.errors import BadInput
from gateway.intake.files import CHUNK_BYTES, find_files, import_paths
from gateway.intake.item import Delivery, Receipt
from gateway.intake.writer import Intake
from gateway.store.engine import Store
from gateway.store.migrate import open_store
from gateway.store.tables import delivery, resource, resource_version

JsonObject = dict[str, Any]
LIMITS = LimitSettings(resource_bytes=2000)


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(StoreSettings(url=f"sqlite+aiosqlite:///{tmp_path / 'store.sqlite'}", durable=False))
    try:
        yield opened
    finally:
        await opened.close()


def _specimen(name: str, **more: Any) -> bytes:
    return orjson.dumps({"resourceType": "Specimen", "id": name, "subject": {"reference": "Patient/p"}, **more})


async def _ids(store: Store) -> set[str]:
    async with store.read() as connection:
        return set(await connection.scalars(sa.select(resource.c.fhir_id)))


async def test_a_lenient_source_is_one_by_its_name(embedded: Store, tmp_path: Path) -> None:
    observation = b'{"resourceType":"Observation","id":"a","code":{"text":"x"},"focus":{"reference":"Condition/c"}}'
    bundle = b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":' + observation + b"}]}"
    for number, (name, content) in enumerate([("a.json", observation), ("b.json", bundle), ("c.ndjson", observation)]):
        (tmp_path / name).write_bytes(content.replace(b'"id":"a"', b'"id":"a%d"' % number))
    limits = LimitSettings(lenient_sources=("pop",))
    async with Intake(embedded) as intake:
        strict = await import_paths(intake, [tmp_path], source="s", limits=limits)
        lenient = await import_paths(intake, [tmp_path], source="pop", limits=limits)
    assert (dict(strict.counts), dict(lenient.counts)) == ({"invalid": 3}, {"stored": 3})


async def test_every_kind_of_file_in_a_folder(embedded: Store, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    bundle = b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":' + _specimen("a") + b"}]}"
    (folder / "bundle.json").write_bytes(bundle)
    (folder / "deeper" / "one.json").write_bytes(b"\xef\xbb\xbf" + _specimen("b") + b"\n")
    (folder / "lines.ndjson").write_bytes(_specimen("c") + b"\r\n\n" + _specimen("d"))
    (folder / "lines.ndjson.gz").write_bytes(gzip.compress(_specimen("e") + b"\n"))
    (folder / "one.json.gz").write_bytes(gzip.compress(_specimen("f")))
    (folder / "notes.txt").write_text("not for us")
    read: list[int] = []
    async with Intake(embedded) as intake:
        summary = await import_paths(intake, [folder], source="s", limits=LIMITS, progress=read.append)
    assert (summary.files, dict(summary.counts), summary.problems) == (5, {"stored": 6}, [])
    assert await _ids(embedded) == set("abcdef")
    assert sum(read) == sum(path.stat().st_size for path in find_files([folder]))


async def test_importing_again_changes_nothing(embedded: Store, tmp_path: Path) -> None:
    file = tmp_path / "lines.ndjson"
    file.write_bytes(b"\n".join(_specimen(str(number)) for number in range(1200)))
    async with Intake(embedded) as intake:
        for _ in range(2):
            summary = await import_paths(intake, [file], source="s", limits=LIMITS)
            assert summary.resources == 1200
    async with embedded.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(resource_version)) == 1200
        assert set(await connection.scalars(sa.select(delivery.c.times_received))) == {2}


async def test_bad_lines_and_files_stop_nothing_and_are_kept(embedded: Store, tmp_path: Path) -> None:
    long = _specimen("long", note=[{"text": "x" * 3000}])
    lines = [_specimen("a"), b"{broken", long, b"[]", b'{"resourceType":"Specimen","id":"z","id":"y"}', _specimen("b")]
    (tmp_path / "1.ndjson").write_bytes(b"\n".join(lines))
    (tmp_path / "2.json").write_bytes(b"<Patient/>")
    cut = gzip.compress(_specimen("c") + b"\n" + b"\n".join(_specimen(f"c{n}") for n in range(4000)), 1)
    (tmp_path / "3.ndjson.gz").write_bytes(cut[: len(cut) // 2])
    (tmp_path / "4.ndjson").write_bytes(_specimen("d"))
    files = [tmp_path / name for name in ("1.ndjson", "2.json", "3.ndjson.gz", "4.ndjson")]
    async with Intake(embedded) as intake:
        summary = await import_paths(intake, files, source="s", limits=LIMITS)
    assert {"a", "b", "c", "d"} <= await _ids(embedded)
    assert summary.counts["invalid"] == 6
    assert [problem.split(":")[0] for problem in summary.problems] == ["2.json", "3.ndjson.gz"]
    async with embedded.read() as connection:
        wrong = sa.select(sa.func.count()).where(resource_version.c.state == "invalid")
        assert await connection.scalar(wrong) == 4
        refused = await connection.scalars(sa.select(delivery.c.state).where(delivery.c.reason.is_not(None)))
        assert list(refused) == ["invalid", "invalid"]


async def test_deliveries_are_bounded_by_bytes_and_few_are_on_their_way(tmp_path: Path) -> None:
    class Slow(Intake):
        """Counts what is handed over at the same time; stores nothing."""

        flying = most = largest = 0

        async def submit(self, delivery: Delivery) -> Receipt:
            self.flying += 1
            self.most = max(self.most, self.flying)
            self.largest = max(self.largest, sum(len(item.raw) for item in delivery.items))
            await _turns(3)
            self.flying -= 1
            return Receipt(1, "stored", {"stored": len(delivery.items)}, {})

    file = tmp_path / "big.ndjson"
    line = _specimen("a", note=[{"text": "x" * 100_000}])
    file.write_bytes(b"\n".join([line] * 150))
    store = await open_store(StoreSettings(url=f"sqlite+aiosqlite:///{tmp_path / 's.sqlite'}"))
    intake = Slow(store)
    summary = await import_paths(intake, [file], source="s", limits=LimitSettings())
    await store.close()
    assert summary.resources == 150
    assert intake.most <= 3
    assert intake.largest <= CHUNK_BYTES + len(line)


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("make", [lambda path: path / "nothing", lambda path: path])
async def test_paths_with_nothing_to_import(make: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        find_files([make(tmp_path)])


@pytest.mark.slow
async def test_every_published_example_ends_in_a_visible_state(embedded: Store, shared: Path) -> None:
    examples = shared / "fhir" / "examples"
    async with Intake(embedded) as intake:
        summary = await import_paths(intake, [examples], source="s", limits=LimitSettings())
    assert summary.files > 1000
    # Response Bundles carry no data of ours: refused as a whole, and kept as refusals.
    assert {problem.partition(": ")[2].partition(":")[0] for problem in summary.problems} <= {
        "this type of Bundle is not accepted"
    }
    async with embedded.read() as connection:
        states = await connection.execute(
            sa.select(resource_version.c.state, sa.func.count()).group_by(resource_version.c.state)
        )
        kept = {row[0]: row[1] for row in states.all()}
        columns = (delivery.c.counts, delivery.c.times_received)
        received = [(row[0], row[1]) for row in (await connection.execute(sa.select(*columns))).all()]
        waiting = sa.select(sa.func.count()).where(resource.c.state == "waiting", resource.c.waits_for.is_(None))
        assert await connection.scalar(waiting) == 0
        refused = sa.select(sa.func.count()).where(delivery.c.state == "invalid", delivery.c.reason.is_not(None))
        assert await connection.scalar(refused) == len(summary.problems)
    # Every resource of every file is accounted for; files with the same content are one delivery, received twice.
    assert sum(times * sum(counts.values()) for counts, times in received) + len(summary.problems) == summary.resources
    assert sum(sum(counts.values()) - counts.get("duplicate", 0) for counts, _ in received) == sum(kept.values())
    assert set(kept) <= {"current", "superseded", "stale", "invalid", "deleted"}
    assert kept["invalid"] / summary.resources < 0.02
