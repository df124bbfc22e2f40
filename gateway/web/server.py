"""Serving the application of a running gateway."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from gateway.errors import ConfigurationError
from gateway.web.app import Services, application

if TYPE_CHECKING:
    from gateway.service import Gateway


@asynccontextmanager
async def serving(gateway: Gateway, *, host: str, port: int) -> AsyncIterator[str]:
    """Listen, and give the base address. Raises ConfigurationError if the address cannot be had."""

    services = Services(
        store=gateway.store,
        settings=gateway.settings,
        intake=gateway.intake,
        on_hint=gateway.hint,
        on_work=gateway.worker.wake,
        worker_alive=lambda: gateway.worker.running,
        limiter=gateway.client.limiter,
        desk=gateway.desk,
    )
    # Bodies are inflated by the intake, within its limits and with its errors.
    runner = web.AppRunner(application(services), access_log=None, shutdown_timeout=5, auto_decompress=False)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}): choose another one, [http] or --port"
            ) from error
        bound = runner.addresses[0][1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{bound}"
    finally:
        await runner.cleanup()
