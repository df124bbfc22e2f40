"""Mapping: resources per second on one core for a hospital's mixed records, beside parsing the same lines and nothing else; what
each mapper's ``select`` and ``map`` cost, so that a slow one is seen; and the cost per resource in records of two sizes."""

from __future__ import annotations

import time
from collections.abc import Iterable

import orjson

from gateway.bench.corpus import patient_record
from gateway.bench.hospital import patients
from gateway.bench.report import Row, median, rate
from mappers.engine import selected_group
from mappers.patients import to_resource, unpack
from mappers.protocol import Context, Group, MapOutput, Mapper, Resource
from mappers.record import map_resources
from mappers.registry import Registry, load
from mappers.terminology import Terminology

PATIENTS, REPEATS = 120, 3
SMALL, LARGE = 200, 5_000
OPTIONS = {"patient.clinical-center": "Bench"}


class Timed:
    """A mapper that adds up the CPU time of its ``map``."""

    def __init__(self, mapper: Mapper) -> None:
        self.name, self.version = mapper.name, mapper.version
        self.produces, self.reads, self.requires = mapper.produces, mapper.reads, mapper.requires
        self.select = mapper.select
        self.seconds = 0.0
        self._mapper = mapper

    def map(self, group: Group, context: Context) -> MapOutput:
        """As the mapper's."""
        started = time.process_time()
        outputs = list(self._mapper.map(group, context))
        self.seconds += time.process_time() - started
        return outputs


async def run() -> list[Row]:
    """CPU time of this process, as for intake."""
    lines = [orjson.dumps(resource) for resource in patients(PATIENTS)]
    registry, terminology = load(), Terminology()
    _map(_parsed(lines), registry, terminology)
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(REPEATS):
        started = time.process_time()
        documents = _parsed(lines)
        bare.append(time.process_time() - started)
        _map(documents, registry, terminology)
        ours.append(time.process_time() - started)
    count = len(lines)
    rows = [
        Row(
            f"mapping, {count:,} resources of {PATIENTS} patients (CPU)",
            rate(count, median(ours), "resources"),
            rate(count, median(bare), "resources") + " parse only",
            f"{median([b / o for b, o in zip(bare, ours, strict=True)]):.3f}",
            "≥ 1,500/s",
        )
    ]
    rows += _sizes(registry, terminology)
    return rows + _mappers([orjson.loads(line) for line in lines], registry, terminology, median(ours))


def _parsed(lines: Iterable[bytes]) -> list[object]:
    return [orjson.loads(line) for line in lines]


def _map(documents: Iterable[object], registry: Registry, terminology: Terminology) -> None:
    for result in map_resources(documents, mappers=registry, terminology=terminology, options=OPTIONS):
        assert not result.failures, result.failures


def _sizes(registry: Registry, terminology: Terminology) -> list[Row]:
    each: dict[int, list[float]] = {SMALL: [], LARGE: []}
    records = {size: list(patient_record("one", markers=size // 10, laboratories=size)) for size in each}
    for _ in range(REPEATS):
        for size, taken in each.items():
            started = time.process_time()
            _map(records[size], registry, terminology)
            taken.append((time.process_time() - started) / len(records[size]))
    small, large = median(each[SMALL]), median(each[LARGE])
    return [
        Row(
            f"one resource in a record of {len(records[LARGE]):,}",
            f"{large * 1e6:.0f} µs",
            f"{small * 1e6:.0f} µs in one of {len(records[SMALL])}",
            f"{large / small:.2f}",
            "≤ 1.5",
        )
    ]


def _mappers(documents: list[object], registry: Registry, terminology: Terminology, whole: float) -> list[Row]:
    resources = [to_resource(entry) for entry in unpack(documents)[0]]
    timed = [Timed(mapper) for mapper in registry.mappers]
    _map(documents, Registry(timed), terminology)
    return [
        Row(
            f"{mapper.name}: select of what it declines",
            f"{_select(mapper, resources):.1f} µs",
            f"its map {mapper.seconds * 1e6 / len(resources):.1f} µs of {whole * 1e6 / len(resources):.1f} µs a resource",
            goal="≤ 3 µs",
        )
        for mapper in timed
    ]


def _select(mapper: Mapper, resources: list[Resource]) -> float:
    """Microseconds for a resource of a type that it reads and does not take."""
    declined = [each for each in resources if each.type in mapper.reads and selected_group(mapper, each) is None]
    taken: list[float] = []
    for _ in range(REPEATS):
        started = time.process_time()
        for resource in declined:
            selected_group(mapper, resource)
        taken.append(time.process_time() - started)
    return min(taken) * 1e6 / max(len(declined), 1)
