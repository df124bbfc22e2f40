"""Slots for requests to POP: no more are in flight than POP takes at its best, and never more than is allowed."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.pop.vegas import Vegas


@dataclass(slots=True)
class Slot:
    """One request; say how it ended."""

    answered: bool = False
    """POP did what was asked: its time counts as a measurement."""
    overloaded: bool = False
    """POP, or the proxy before it, said or showed that it is too much."""


class Limiter:
    """One per POP and process: every client that writes to this POP shares it. ``ceiling`` is asked again and again: it may
    depend on the time of day."""

    def __init__(self, ceiling: Callable[[], int], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ceiling = ceiling
        self._clock = clock
        self._vegas = Vegas(now=clock())
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return max(1, min(self._vegas.limit, self._ceiling()))

    @property
    def in_flight(self) -> int:
        """Requests that are."""
        return self._in_flight

    @asynccontextmanager
    async def slot(self, kind: str) -> AsyncIterator[Slot]:
        """Wait for a turn (first come, first served) and hold it. ``kind`` names requests that take POP about as long as each
        other, e.g. ``POST tumor-markers``."""
        await self._acquire()
        epoch, started, slot = self._vegas.epoch, self._clock(), Slot()
        try:
            yield slot
        finally:
            now, in_flight = self._clock(), self._in_flight
            if slot.overloaded:
                self._vegas.overloaded(epoch=epoch)
            elif slot.answered:
                self._vegas.answered(
                    kind, now - started, epoch=epoch, in_flight=in_flight, ceiling=self._ceiling(), now=now
                )
            self._release()

    async def _acquire(self) -> None:
        if self._in_flight < self.limit and not self._waiting:
            self._in_flight += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release()
            raise

    def _release(self) -> None:
        self._in_flight -= 1
        while self._waiting and self._in_flight < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._in_flight += 1
                turn.set_result(None)
