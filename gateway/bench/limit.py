"""The limit that finds itself, beside fixed ones, on a POP as slow as the real one; and what it does when that gets slow.

Every run writes the same kind of entity through the gateway's own client, with as many tasks as may be in flight at most.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import time
from collections.abc import Iterator
from typing import Any

import httpx

from adapters.pop.client import PopClient
from adapters.pop.limiter import Limiter
from gateway.bench.report import Row, rate
from gateway.bench.stage import sandbox_pop

JsonObject = dict[str, Any]

FIXED, CEILING, SECONDS = (1, 2, 4, 8, 16), 16, 12.0
#: Seconds that the first answers may take to find the limit, and that a change of POP may take to be felt.
SETTLE = 6.0
SLOWER = 0.7
"""Seconds that every answer takes longer when POP gets slow: twenty times what it takes unloaded."""


class FixedLimiter(Limiter):
    """A limit that is given, for comparison."""

    @property
    def limit(self) -> int:
        """What was given."""
        return self._ceiling()


async def run() -> list[Row]:
    """Fixed limits first, then the one that finds itself, on one POP; then with POP slow."""
    async with sandbox_pop(latency="real") as address:
        rates = {limit: await _writes(address, FixedLimiter(lambda limit=limit: limit), limit) for limit in FIXED}  # type: ignore[misc]
        best = max(rates, key=rates.__getitem__)
        limiter = Limiter(lambda: CEILING)
        await _writes(address, limiter, CEILING, seconds=SETTLE)
        found = await _writes(address, limiter, CEILING)
        before = limiter.limit
        await _slow(address, [{"action": "delay", "seconds": SLOWER, "times": None}])
        limits = await _lowest(address, limiter)
        await _slow(address, [])
        await _writes(address, limiter, CEILING, seconds=2 * SETTLE)
    shown = ", ".join(f"{limit}: {each:.0f}" for limit, each in rates.items())
    return [
        Row(
            "writes with a limit that finds itself", f"{rate(found, 1, 'writes')}, at {before} in flight",
            f"{rate(rates[best], 1, 'writes')}, the best fixed ({shown})", f"{found / rates[best]:.2f}", "≥ 0.95",
        ),
        Row(
            "in flight when POP gets twenty times slower", f"{limits} at least", f"{before} before",
            f"{limiter.limit} when it is fast again", "backs off",
        ),
    ]  # fmt: skip


async def _writes(address: str, limiter: Limiter, tasks: int, *, seconds: float = SECONDS) -> float:
    """Writes per second."""
    client = PopClient(url=address, username="gateway", password=lambda: "gateway", limiter=limiter)
    try:
        bodies = await _bodies(client)
        started, done = time.perf_counter(), 0

        async def one() -> None:
            nonlocal done
            while time.perf_counter() - started < seconds:
                await client.create("PerformanceStatus", next(bodies))
                done += 1

        await asyncio.gather(*(one() for _ in range(tasks)))
        return done / (time.perf_counter() - started)
    finally:
        await client.aclose()


async def _lowest(address: str, limiter: Limiter) -> int:
    """The least that the limit comes down to while POP is slow."""
    writing = asyncio.create_task(_writes(address, limiter, CEILING, seconds=2 * SETTLE))
    lowest = limiter.limit
    while not writing.done():
        lowest = min(lowest, limiter.limit)
        await asyncio.sleep(0.02)
    await writing
    return lowest


async def _bodies(client: PopClient) -> Iterator[JsonObject]:
    gender = (await client.concepts("AdministrativeGender"))[0]
    case = {
        "clinicalCenter": "Benchmark", "clinicalIdentifier": f"L-{time.time_ns()}", "dateOfBirth": "1961-05-01",
        "vitalStatus": "alive", "gender": {key: gender[key] for key in ("code", "system")},
    }  # fmt: skip
    case_id = await client.create("PatientCase", case)
    first = dt.date(2000, 1, 1)
    return (
        {"caseId": case_id, "date": (first + dt.timedelta(days=number % 9000)).isoformat(), "ecogScore": number % 5}
        for number in itertools.count()
    )


async def _slow(address: str, faults: list[JsonObject]) -> None:
    async with httpx.AsyncClient(base_url=address) as client:
        (await client.post("/__sandbox/faults", json=faults)).raise_for_status()
