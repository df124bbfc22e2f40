"""Writes per second of the sandbox POP over HTTP, in memory and to its file, beside a bare server that stores nothing.

It must never be what a benchmark of the gateway measures; the real POP takes 50 to 62 writes per second.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from gateway.bench.report import Row, median, rate
from gateway.bench.stage import process, sandbox_pop

JsonObject = dict[str, Any]

WRITES, ROUNDS, CONCURRENCY, CASES = 1500, 3, 8, 20


async def run() -> list[Row]:
    """Rounds in turn, so that all three see the same machine."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pop-gateway-bench-")))
        echo = await stack.enter_async_context(process("-m", "gateway.bench.echo"))
        memory = await stack.enter_async_context(sandbox_pop())
        file = await stack.enter_async_context(sandbox_pop(data=folder / "pop.sqlite"))
        bodies = {address: await _prepare(address) for address in (memory, file)}
        bodies[echo] = bodies[memory]
        taken: dict[str, list[float]] = {address: [] for address in bodies}
        for _ in range(ROUNDS):
            for address, times in taken.items():
                times.append(await _write(address, *bodies[address]))
    bare = median(taken[echo])
    return [
        Row(
            f"sandbox POP {where}, {WRITES:,} writes, {CONCURRENCY} at a time", rate(WRITES, median(taken[address]), "writes"),
            rate(WRITES, bare, "requests") + " bare server that stores nothing", f"{bare / median(taken[address]):.2f}",
            "≥ 600/s on 2 cores",
        )
        for where, address in (("in memory", memory), ("with a file", file))
    ]  # fmt: skip


async def _prepare(address: str) -> tuple[dict[str, str], list[JsonObject]]:
    """(headers of a session, bodies to write: tumour markers of some cases)."""
    async with aiohttp.ClientSession(address) as client:
        credentials = {"username": "gateway", "password": "gateway"}
        login = await _answer(client.post("/api/v1/auth/session", json=credentials), 200)
        headers = {"X-SESSION-TOKEN": str(login["sessionToken"])}
        lists = {}
        for name in ("AdministrativeGender", "TumorMarkerAnalyte"):
            found = await _answer(client.get(f"/api/v1/terminologies/{name}/concepts", headers=headers), 200)
            lists[name] = {key: found["items"][0][key] for key in ("code", "system")}
        cases = []
        for number in range(CASES):
            case = {
                "clinicalCenter": "Benchmark", "clinicalIdentifier": f"B-{number}", "dateOfBirth": "1961-05-01",
                "vitalStatus": "alive", "gender": lists["AdministrativeGender"],
            }  # fmt: skip
            made = await _answer(client.post("/api/v1/patient-cases", json=case, headers=headers), 201)
            cases.append(made["id"])
    bodies = [
        {
            "caseId": cases[number % CASES], "date": "2024-01-02", "analyte": lists["TumorMarkerAnalyte"],
            "massConcentration": {"value": 1.5 + number, "unit": "ng__ml"}, "externalSource": "EHR",
            "externalSourceId": f"Observation/{number}",
        }
        for number in range(WRITES)
    ]  # fmt: skip
    return headers, bodies


async def _answer(request: Any, status: int) -> JsonObject:
    async with request as answer:
        assert answer.status == status, answer.status
        found: JsonObject = await answer.json()
        return found


async def _write(address: str, headers: dict[str, str], bodies: list[JsonObject]) -> float:
    """Seconds to post all of them."""
    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    async with aiohttp.ClientSession(address, connector=connector, headers=headers) as client:
        pending = iter(bodies)

        async def one() -> None:
            for body in pending:
                await _answer(client.post("/api/v1/tumor-markers", json=body), 201)

        started = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(CONCURRENCY)))
        return time.perf_counter() - started
