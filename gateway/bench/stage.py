"""The stage for benchmarks: a throw-away store, and a sandbox POP in a process of its own, so that it never costs the
gateway's core."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from gateway.config import PopSettings, Settings, SourceSettings, StoreSettings, WorkerSettings
from gateway.errors import PeerUnavailable
from gateway.service import Gateway


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[str]:
    """A server in a Python process of its own; gives the address that it prints. Raises PeerUnavailable without one."""
    started = await asyncio.create_subprocess_exec(sys.executable, *arguments, stderr=asyncio.subprocess.PIPE)
    try:
        assert started.stderr is not None
        line = (await asyncio.wait_for(started.stderr.readline(), 30)).decode()
        address = next((word for word in line.split() if word.startswith("http://")), None)
        if address is None:
            raise PeerUnavailable(f"{' '.join(arguments)} did not start")
        yield address
    finally:
        started.terminate()
        await started.wait()


@asynccontextmanager
async def sandbox_pop(*, latency: str = "none", data: Path | None = None) -> AsyncIterator[str]:
    """A sandbox POP as a process; gives its address. ``latency`` as ``sandbox pop --latency`` takes it."""
    arguments = ["-m", "gateway", "sandbox", "pop", "--port", "0", "--latency", latency]
    async with process(*arguments, *(["--data", str(data)] if data is not None else [])) as address:
        yield address


def settings(folder: Path, pop: str, *, database: str | None = None) -> Settings:
    """A configuration on embedded defaults. ``database``: another store than a SQLite file in ``folder``."""
    return Settings(
        store=StoreSettings(url=database or f"sqlite+aiosqlite:///{folder / 'bench.sqlite'}"),
        pop=PopSettings(url=pop, password=SecretStr("gateway")),
        sources={"default": SourceSettings()},
        worker=WorkerSettings(idle=0.2),
    )


@asynccontextmanager
async def gateway_for(pop: str, *, database: str | None = None) -> AsyncIterator[Gateway]:
    """A gateway on a throw-away store, against the POP at this address; not started."""
    with tempfile.TemporaryDirectory(prefix="pop-gateway-bench-") as name:
        async with Gateway(settings(Path(name), pop, database=database)) as gateway:
            yield gateway
