"""Intake: validated and durably stored resources per second and core, beside parsing and validating the same lines bare."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import orjson

from gateway.bench.corpus import lines
from gateway.bench.report import Row, median, rate
from gateway.config import LimitSettings, StoreSettings
from gateway.intake.files import import_paths
from gateway.intake.validate import model
from gateway.intake.writer import Intake
from gateway.store.migrate import open_store

PATIENTS, LABORATORIES, REPEATS = 60, 40, 3


async def run() -> list[Row]:
    """CPU seconds of this process count, not the wall: disk and other tenants are not what is measured."""
    content = lines(PATIENTS, laboratories=LABORATORIES)
    for line in content[:100]:
        _bare(line)
    ours: list[float] = []
    bare: list[float] = []
    walls: list[float] = []
    for repeat in range(REPEATS):
        started = time.process_time()
        for line in content:
            _bare(line)
        bare.append(time.process_time() - started)
        with tempfile.TemporaryDirectory(prefix="pop-gateway-bench-") as name:
            path = Path(name) / "lines.ndjson"
            path.write_bytes(b"\n".join(content) + b"\n")
            store = await open_store(StoreSettings(url=f"sqlite+aiosqlite:///{name}/store-{repeat}.sqlite"))
            async with Intake(store) as intake:
                started, wall = time.process_time(), time.perf_counter()
                summary = await import_paths(intake, [path], source="default", limits=LimitSettings())
                ours.append(time.process_time() - started)
                walls.append(time.perf_counter() - wall)
            await store.close()
            assert summary.counts["stored"] == len(content), summary
    count = len(content)
    return [
        Row(
            f"intake, {count:,} resources (CPU)",
            rate(count, median(ours), "resources"),
            rate(count, median(bare), "resources") + " parse + validate only",
            f"{median([b / o for b, o in zip(bare, ours, strict=True)]):.2f}",
            "≥ 0.70, ≥ 1,000/s",
        ),
        Row(f"intake, {count:,} resources (wall)", rate(count, median(walls), "resources")),
    ]


def _bare(line: bytes) -> None:
    value = orjson.loads(line)
    found = model(value["resourceType"])
    assert found is not None
    found.model_validate(value)
