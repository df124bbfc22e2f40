"""The benchmarks run and measure what they say. Sizes are tiny here, and no time is asserted on; `pop-gateway bench` measures."""

from __future__ import annotations

import importlib.util

import orjson
import pytest

from gateway.bench import (
    change,
    deciding,
    hospital,
    intake,
    latency,
    limit,
    load,
    mapping,
    memory,
    sandbox,
    terminology,
    volume,
)
from gateway.bench.corpus import patient_record
from gateway.bench.report import Row
from gateway.intake.validate import validate
from mappers.registry import load as load_mappers


def ratio_of(rows: list[Row], name: str) -> str:
    return next(row.ratio for row in rows if row.name.startswith(name))


async def test_intake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "PATIENTS", 2)
    monkeypatch.setattr(intake, "REPEATS", 1)
    rows = await intake.run()
    assert float(ratio_of(rows, "intake")) > 0


def test_the_hospital_is_valid_fhir() -> None:
    assert [issues for resource in hospital.patients(3, visits=2) if (issues := validate(resource)[1])] == []


async def test_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "PATIENTS", 4)
    monkeypatch.setattr(mapping, "REPEATS", 1)
    monkeypatch.setattr(mapping, "SMALL", 10)
    monkeypatch.setattr(mapping, "LARGE", 40)
    rows = await mapping.run()
    assert 0 < float(ratio_of(rows, "mapping")) < 1
    assert {row.name.partition(":")[0] for row in rows if row.goal == "≤ 3 µs"} == set(load_mappers().by_name)


async def test_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [
        [orjson.dumps(resource) for resource in patient_record(f"p{number}", laboratories=number)]
        for number in range(8)
    ]
    rows = volume.measure(iter(records))
    assert (rows[0].ratio, rows[0].baseline.partition(",")[0]) == ("0 groups failed", "8 cases")
    assert float(ratio_of(rows, "volume: a resource")) > 0
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "not installed" in (await volume.run())[0].figure


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("clinosim") is None, reason="clinosim is not installed")
async def test_a_generated_hospital(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume, "POPULATION", 60)
    rows = await volume.run()
    assert rows[0].ratio == "0 groups failed"


async def test_first_load_and_unchanged_reimport(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "PATIENTS", 3)
    monkeypatch.setattr(load, "LATENCY", "1ms")
    rows = await load.run()
    assert ratio_of(rows, "re-import") == "0 POP requests"
    posted = rows[0].baseline.split(", ")[-1]
    assert rows[0].name.endswith(posted), "the loader posts as many entities as the gateway wrote"


async def test_change_on_records_of_two_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change, "LARGE", 300)
    monkeypatch.setattr(change, "CHANGES", 2)
    assert [row.goal for row in await change.run()] == ["≤ 2", "≤ 2"]


async def test_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "POSTS", 2)
    assert "p99" in (await latency.run())[0].figure


async def test_memory_of_a_small_file() -> None:
    (row,) = await memory.run(2_000_000)
    assert "(exit 0)" in row.name


async def test_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "WRITES", 60)
    monkeypatch.setattr(sandbox, "ROUNDS", 1)
    rows = await sandbox.run()
    assert len(rows) == 2
    assert all(float(row.ratio) > 0 for row in rows)


async def test_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit, "FIXED", (1, 4))
    monkeypatch.setattr(limit, "SECONDS", 0.3)
    monkeypatch.setattr(limit, "SETTLE", 0.2)
    rows = await limit.run()
    assert float(rows[0].ratio) > 0
    assert "1: " in rows[0].baseline


async def test_terminology(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POP_GATEWAY_SHARED", raising=False)
    small = {"ROWS": 200, "CONCEPTS": 300, "ASKED": 20, "REPEATS": 1, "USED": 20, "ONCE": 100, "GENERATED": (100, 200)}
    for name, value in small.items():
        monkeypatch.setattr(terminology, name, value)
    monkeypatch.setattr(deciding, "WAITING", 20)
    monkeypatch.setattr(deciding, "OTHERS", 10)
    rows = await terminology.run()
    assert float(ratio_of(rows, "translations, asked before")) > 0
    assert any(row.name == "a code that 20 patients wait for is decided" for row in rows)
