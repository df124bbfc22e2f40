"""Working the backlog in the foreground, with a progress bar."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from gateway.cli.common import progress
from gateway.errors import PeerUnavailable

if TYPE_CHECKING:
    from gateway.service import Gateway


async def work(gateway: Gateway, *, only: Collection[int] | None = None) -> None:
    """Work until nothing is left that can be done now. Raises PeerUnavailable if POP cannot be written: nothing is lost,
    the backlog waits in the store."""
    from gateway.reconcile import lane
    from gateway.reconcile.claims import backlog

    left, _ = await backlog(gateway.store)
    with progress("writing to POP", total=left, unit="patients") as (bar, task):
        drain = asyncio.create_task(gateway.worker.drain(only))
        while not drain.done():
            await asyncio.wait({drain}, timeout=0.25)
            bar.update(
                task, completed=gateway.worker.totals["patients"], total=max(left, gateway.worker.totals["patients"])
            )
        await drain
    state = await lane.read(gateway.store)
    left, _ = await backlog(gateway.store)
    if not state.open and left:
        who = "an operator paused requests to POP" if state.by_operator else f"POP cannot be written ({state.reason})"
        raise PeerUnavailable(
            f"{who}; {left} patients wait in the store, nothing is lost: `serve`, `worker` or `apply` goes on when POP answers"
        )
