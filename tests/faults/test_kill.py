"""``kill -9`` at random moments of an import: afterwards POP holds exactly what one clean run gives."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from pathlib import Path

import pytest
from pop_content import read_content
from stage_faults import FIXTURES, PROCESSES, reset, run_gateway
from victim import import_and_apply

#: Kills per engine (200 over both), and after how many of them a run is left in peace and compared.
KILLS = int(os.environ.get("POP_GATEWAY_TEST_KILLS", "40"))
PER_ROUND = 10


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_killed_at_random_moments(store_url: str, pop: str, clean_content: list[str], tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    started = time.monotonic()
    await run_gateway(f"sqlite+aiosqlite:///{tmp_path / 'timing.sqlite'}", pop)
    whole = time.monotonic() - started
    await reset(pop)
    killed = rounds = 0
    while killed < KILLS:
        store = await _fresh(store_url, tmp_path, rounds)
        for _ in range(PER_ROUND):
            process = PROCESSES.Process(target=import_and_apply, args=(store, pop, str(FIXTURES)))
            process.start()
            await asyncio.sleep(chance.uniform(0, whole))
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
            await asyncio.to_thread(process.join)
        await run_gateway(store, pop)
        assert await read_content(pop) == clean_content, f"seed {seed}, round {rounds}"
        rounds += 1
        await reset(pop)
    print(f"{killed} kills in {rounds} rounds, a clean run takes {whole:.2f} s")


async def _fresh(store_url: str, folder: Path, number: int) -> str:
    """An empty store of the same engine: another file, or the same database emptied."""
    if store_url.startswith("sqlite"):
        return f"sqlite+aiosqlite:///{folder / f'round-{number}.sqlite'}"
    import sqlalchemy as sa
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(store_url)
    async with engine.begin() as connection:
        await connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        await connection.execute(sa.text("CREATE SCHEMA public"))
    await engine.dispose()
    return store_url
