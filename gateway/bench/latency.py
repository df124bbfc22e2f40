"""From ``POST /fhir`` on an idle gateway to the first entity in POP."""

from __future__ import annotations

import asyncio
import time

import httpx

from gateway.bench.corpus import bundle, patient_record
from gateway.bench.report import Row, percentile
from gateway.bench.stage import gateway_for, sandbox_pop
from gateway.web.server import serving

POSTS, LATENCY = 60, 0.033


async def run() -> list[Row]:
    """Over real HTTP on both sides; POP takes the real one's 33 ms for its write. The baseline is that write alone."""
    async with sandbox_pop(latency=f"{LATENCY * 1000:g}ms") as address, gateway_for(address) as gateway:
        await gateway.client.account()
        await gateway.contract.ensure()
        await gateway.start()
        first = asyncio.Event()
        observe = gateway.on_entity(first.set)
        times: list[float] = []
        acknowledged: list[float] = []
        async with serving(gateway, host="127.0.0.1", port=0) as base, httpx.AsyncClient(base_url=base) as client:
            for number in range(POSTS):
                body = bundle(patient_record(f"idle{number}", laboratories=0, markers=1))
                first.clear()
                started = time.perf_counter()
                answer = await client.post("/fhir", content=body, headers={"Content-Type": "application/fhir+json"})
                answer.raise_for_status()
                acknowledged.append(time.perf_counter() - started)
                await asyncio.wait_for(first.wait(), 30)
                times.append(time.perf_counter() - started)
                while gateway.worker.busy:  # noqa: ASYNC110 - idle is what is waited for
                    await asyncio.sleep(0.005)
        observe()
    return [
        Row(
            "POST /fhir to first entity in POP, idle",
            f"p50 {percentile(times, 0.5) * 1000:.0f} ms, p99 {percentile(times, 0.99) * 1000:.0f} ms",
            f"{LATENCY * 1000:.0f} ms, POP's own write",
        ),
        Row(
            "POST /fhir to its answer",
            f"p50 {percentile(acknowledged, 0.5) * 1000:.0f} ms, p99 {percentile(acknowledged, 0.99) * 1000:.0f} ms",
        ),
    ]
