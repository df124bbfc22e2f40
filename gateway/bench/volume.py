"""A whole generated hospital: all resources of thousands of patients, mapped patient by patient.

The hospital comes from ``clinosim`` (PyPI, MIT; the extra ``volume``), a simulator that shares no code with this project. Making it
takes minutes, so this benchmark runs only when it is named. Told: that nothing failed, how fast it went, how many patients have a
tumour, and what a resource costs in large records beside small ones.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson

from gateway.bench.report import Row, median, rate
from mappers.compartment import patient_reference
from mappers.record import map_resources
from mappers.registry import Registry, load
from mappers.terminology import Terminology

#: People in the simulator's town; somewhat more than half of them become patients.
POPULATION = 4_200
OPTIONS = {"patient.clinical-center": "Bench"}


async def run() -> list[Row]:
    """Generate and map. Without the simulator: a row that says so."""
    if importlib.util.find_spec("clinosim") is None:
        return [Row("volume", "skipped: clinosim is not installed (pip install 'pop-gateway[volume]')")]
    with tempfile.TemporaryDirectory(prefix="pop-gateway-bench-") as name:
        folder = Path(name)
        _simulate(folder, POPULATION)
        return measure(_records(folder / "fhir_r4"))


def _simulate(folder: Path, population: int) -> None:
    arguments = ("--country", "US", "--population", str(population), "--seed", "7", "--format", "fhir-r4")
    command = [str(Path(sys.executable).with_name("clinosim")), "simulate", *arguments, "--output", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603


def _records(folder: Path) -> Iterator[list[bytes]]:
    """The lines of each patient. What belongs to nobody (places, people at work) is no record."""
    patients: dict[str, list[bytes]] = {}
    for path in sorted(folder.glob("*.ndjson")):
        with path.open("rb") as lines:
            for line in lines:
                resource = orjson.loads(line)
                named = patient_reference(resource)
                own = f"Patient/{resource.get('id')}" if resource.get("resourceType") == "Patient" else ""
                reference = own or (str(named[1].get("reference")) if named is not None else "")
                if reference:
                    patients.setdefault(reference, []).append(line)
    yield from patients.values()


def measure(records: Iterator[list[bytes]]) -> list[Row]:
    """Map each record by itself, as a worker does."""
    registry, terminology = load(), Terminology()
    sizes: list[tuple[int, float]] = []
    kinds: Counter[str] = Counter()
    failed = cases = 0
    for lines in records:
        started = time.process_time()
        found, wrong = _map(lines, registry, terminology)
        sizes.append((len(lines), time.process_time() - started))
        failed += wrong
        kinds.update(found)
        cases += "PatientCase" in found
    total = sum(size for size, _ in sizes)
    sizes.sort()
    quarter = max(1, len(sizes) // 4)
    small, large = (median([taken / size for size, taken in part]) for part in (sizes[:quarter], sizes[-quarter:]))
    spread = f"{sizes[0][0]}–{sizes[quarter - 1][0]}", f"{sizes[-quarter][0]}–{sizes[-1][0]}"
    return [
        Row(
            f"volume: {total:,} resources of {len(sizes):,} patients",
            rate(total, sum(taken for _, taken in sizes), "resources"),
            f"{cases} cases, {sum(kinds.values()):,} entities",
            f"{failed} groups failed",
            "0 failed, ≥ 1,500/s",
        ),
        Row(
            f"volume: a resource in a record of {spread[1]}",
            f"{large * 1e6:.0f} µs",
            f"{small * 1e6:.0f} µs in one of {spread[0]}",
            f"{large / small:.2f}",
            "≤ 1.5",
        ),
    ]


def _map(lines: list[bytes], registry: Registry, terminology: Terminology) -> tuple[list[str], int]:
    documents = [orjson.loads(line) for line in lines]
    results = map_resources(documents, mappers=registry, terminology=terminology, options=OPTIONS)
    drafts = [draft.kind for result in results for draft in result.drafts]
    return drafts, sum(len(result.failures) for result in results)
