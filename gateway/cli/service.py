"""``serve`` and ``worker``: the service, and a replica that only works the backlog."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import run, settings_of, stop_on_signals

if TYPE_CHECKING:
    from gateway.config import Settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)
    app.command("worker")(worker)


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; [http] host by default.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="[http] port by default.")] = None,
) -> None:
    """Run the service: intake, polling, reconciliation, console."""
    settings = settings_of(context)
    http = settings.http
    run(_serve(settings, host=host or http.host, port=http.port if port is None else port))


async def _serve(settings: Settings, *, host: str, port: int) -> None:
    import structlog

    from gateway import log, telemetry
    from gateway.service import Gateway
    from gateway.web.server import serving

    log.configure(settings.log)
    telemetry.configure()
    stop = asyncio.Event()
    with stop_on_signals(stop):
        # The listener before the work: a port that is taken must be told before anything has begun.
        async with Gateway(settings) as gateway, serving(gateway, host=host, port=port) as address:
            await gateway.start()
            structlog.get_logger("gateway").info("serving", address=address)
            await stop.wait()
            structlog.get_logger("gateway").info("stopping")


def worker(context: typer.Context) -> None:
    """Work the backlog only: a further replica beside `serve`, on the same PostgreSQL."""
    run(_worker(settings_of(context)))


async def _worker(settings: Settings) -> None:
    import structlog

    from gateway import log, telemetry
    from gateway.service import Gateway

    log.configure(settings.log)
    telemetry.configure()
    stop = asyncio.Event()
    with stop_on_signals(stop):
        async with Gateway(settings) as gateway:
            structlog.get_logger("gateway").info("working", worker=gateway.worker.name)
            await gateway.worker.run(stop)
