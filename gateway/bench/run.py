"""Running benchmarks by name and printing their table."""

from __future__ import annotations

import asyncio
import os
import platform

from rich.console import Console
from rich.table import Table

from gateway import log
from gateway.bench import change, intake, latency, limit, load, mapping, memory, sandbox, terminology, volume
from gateway.errors import UsageError

BENCHMARKS = {
    "intake": intake.run, "map": mapping.run, "load": load.run, "change": change.run, "latency": latency.run, "memory": memory.run,
    "sandbox": sandbox.run, "limit": limit.run, "terminology": terminology.run, "volume": volume.run,
}  # fmt: skip
#: Takes its time: only when it is named.
LONG = frozenset({"volume"})


def run(names: list[str]) -> None:
    """Run benchmarks (``all``: every one but the long) and print one table. Raises UsageError for an unknown name."""
    wanted = [name for name in BENCHMARKS if name not in LONG] if "all" in names else names
    if unknown := [name for name in wanted if name not in BENCHMARKS]:
        raise UsageError(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}, all")
    table = Table(title=f"pop-gateway bench · Python {platform.python_version()} · {os.cpu_count()} cores")
    for column in ("benchmark", "gateway", "baseline, same run", "ratio", "goal"):
        table.add_column(column)
    log.configure("console", level="warning")
    err = Console(stderr=True)
    for name in wanted:
        err.print(f"{name} …")
        for row in asyncio.run(BENCHMARKS[name]()):
            table.add_row(row.name, row.figure, row.baseline, row.ratio, row.goal)
    Console(width=None if os.environ.get("COLUMNS") else 150).print(table)
