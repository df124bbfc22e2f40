"""Processes of the gateway that can be killed, and the POP that they write to."""

from __future__ import annotations

import asyncio
import multiprocessing
from pathlib import Path

import httpx
from victim import import_and_apply

FIXTURES = Path(__file__).parents[2] / "fixtures" / "patients"

#: Forked from a process that has imported everything: a gateway process starts in milliseconds. The packages are named, not
#: ``victim``: the fork server of Python 3.11 does not know the tests' folders, and a child that imported them itself would
#: take ``tests/unit/mappers``, where that is on its path, for the package ``mappers``.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["gateway.service", "gateway.intake.files", "gateway.reconcile.claims"])


async def reset(pop: str) -> None:
    """Empty the POP."""
    async with httpx.AsyncClient(base_url=pop) as client:
        (await client.post("/__sandbox/reset")).raise_for_status()


async def run_gateway(store: str, pop: str, folder: Path = FIXTURES) -> None:
    """One gateway process that imports the folder, writes everything and ends."""
    process = PROCESSES.Process(target=import_and_apply, args=(store, pop, str(folder)))
    process.start()
    await asyncio.to_thread(process.join, 120)
    assert process.exitcode == 0
