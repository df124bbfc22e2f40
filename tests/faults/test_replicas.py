"""Two gateway processes on one PostgreSQL share the work; one of them may die."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from pop_content import read_content
from stage_faults import PROCESSES, run_gateway
from victim import import_and_apply, settings, work

from gateway.intake.files import import_paths
from gateway.service import Gateway


async def test_two_processes_import_the_same_at_the_same_time(
    postgres_url: str, pop: str, clean_content: list[str], patients: Path
) -> None:
    processes = [PROCESSES.Process(target=import_and_apply, args=(postgres_url, pop, str(patients))) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join, 90)
    assert [process.exitcode for process in processes] == [0, 0]
    assert await read_content(pop) == clean_content


async def test_a_replica_dies_and_the_other_takes_over(
    postgres_url: str, pop: str, clean_content: list[str], patients: Path
) -> None:
    async with Gateway(settings(postgres_url, pop)) as gateway:
        await import_paths(gateway.intake, [patients], source="default", limits=gateway.settings.limits)
    replicas = [PROCESSES.Process(target=work, args=(postgres_url, pop, 60.0)) for _ in range(2)]
    for replica in replicas:
        replica.start()
    await asyncio.sleep(0.6)
    if replicas[0].pid is not None and replicas[0].is_alive():
        os.kill(replicas[0].pid, signal.SIGKILL)
    for replica in replicas:
        await asyncio.to_thread(replica.join, 90)
    assert replicas[1].exitcode == 0
    await run_gateway(postgres_url, pop)
    assert await read_content(pop) == clean_content
