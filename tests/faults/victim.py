"""The gateway process that the fault tests kill: what ``pop-gateway import`` does, started by a fork server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import SecretStr

# Imported here, before the fork, because importing takes longer than the work does.
from gateway.config import PopSettings, Settings, SourceSettings, StoreSettings, WorkerSettings
from gateway.intake.files import import_paths
from gateway.reconcile.claims import backlog
from gateway.service import Gateway


def settings(store: str, pop: str, *, lease: float = 1.0, concurrency: int = 4) -> Settings:
    """A configuration with short leases: what a killed process had claimed is free again soon."""
    return Settings(
        store=StoreSettings(url=store, durable=False),
        pop=PopSettings(url=pop, password=SecretStr("gateway"), timeout=5, concurrency=concurrency),
        sources={"default": SourceSettings()},
        worker=WorkerSettings(idle=0.05, lease=lease),
    )


def import_and_apply(store: str, pop: str, folder: str) -> None:
    """Import a folder and write until nothing is left."""
    asyncio.run(_import_and_apply(store, pop, Path(folder)))


async def _import_and_apply(store: str, pop: str, folder: Path) -> None:
    async with Gateway(settings(store, pop)) as gateway:
        await import_paths(gateway.intake, [folder], source="default", limits=gateway.settings.limits)
        await finish(gateway)


async def finish(gateway: Gateway, *, seconds: float = 60.0) -> None:
    """Work until the backlog is empty, waiting out leases, back-offs and pauses."""
    async with asyncio.timeout(seconds):
        while True:
            await gateway.worker.drain(wait_for_lane=True)
            left, _ = await backlog(gateway.store)
            if left == 0:
                return
            await asyncio.sleep(0.1)


def work(store: str, pop: str, seconds: float) -> None:
    """A replica that works the backlog until it is empty."""

    async def run() -> None:
        async with Gateway(settings(store, pop)) as gateway:
            await finish(gateway, seconds=seconds)

    asyncio.run(run())


__all__ = ["finish", "import_and_apply", "settings", "work"]
