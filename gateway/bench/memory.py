"""Peak memory while a large NDJSON file is imported, in a process of its own."""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

import orjson

from gateway.bench.corpus import laboratory, patient_record
from gateway.bench.report import Row, rate

#: Bytes of the file; 1 GB is the goal's size.
SIZE = 10**9
#: Bytes of narrative in each laboratory result: realistic lines are mostly narrative.
PADDING = 12_000


async def run(size: int = SIZE) -> list[Row]:
    """Writes the file, imports it with ``pop-gateway import --no-apply``, reads the peak from the operating system."""
    with tempfile.TemporaryDirectory(prefix="pop-gateway-bench-") as name:
        path = Path(name) / "large.ndjson"
        count = _write(path, size)
        arguments = [sys.executable, "-m", "gateway", "import", "--no-apply", str(path)]
        started = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *arguments,
            env={
                "PATH": "", "POP_GATEWAY_STORE__URL": f"sqlite+aiosqlite:///{name}/store.sqlite",
                "POP_GATEWAY_POP__PASSWORD": "gateway", "POP_GATEWAY_POP__URL": "http://127.0.0.1:9",
            },
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        code = await process.wait()
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        Row(
            f"import of {size / 1e9:.1f} GB NDJSON, {count:,} resources (exit {code})",
            f"peak {peak:,.0f} MB, {rate(count, seconds, 'resources')}, {size / 1e6 / seconds:.0f} MB/s",
            goal="< 250 MB",
        )
    ]


def _write(path: Path, size: int) -> int:
    count = written = patient = 0
    with path.open("wb") as file:
        while written < size:
            name = f"m{patient}"
            records = list(patient_record(name, laboratories=0))
            records += [laboratory(name, number, day="2024-05-05", padding=PADDING) for number in range(200)]
            for record in records:
                written += file.write(orjson.dumps(record) + b"\n")
                count += 1
            patient += 1
    return count
