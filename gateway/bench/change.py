"""One changed Observation on a large record against one on a small record: from its delivery to a clean patient."""

from __future__ import annotations

import time

from gateway.bench.corpus import bundle, laboratory, marker, patient_record
from gateway.bench.report import Row, median
from gateway.bench.stage import gateway_for, sandbox_pop
from gateway.intake.receive import bundle_delivery
from gateway.service import Gateway

SMALL, LARGE, CHANGES = 100, 10_000, 15


async def run() -> list[Row]:
    """Alternating between the two records, so that both see the same machine."""
    async with sandbox_pop() as address, gateway_for(address) as gateway:
        for name, size in (("small", SMALL), ("large", LARGE)):
            resources = list(patient_record(name, laboratories=size - 14))
            for start in range(0, len(resources), 500):
                await _submit(gateway, bundle(resources[start : start + 500]))
            await gateway.worker.drain()
        rows = []
        for title, change in (("a laboratory value", _laboratory), ("a tumour marker", _marker)):
            taken: dict[str, list[float]] = {"small": [], "large": []}
            for number in range(CHANGES):
                for name, times in taken.items():
                    body = bundle([change(name, number)])
                    started = time.perf_counter()
                    await _submit(gateway, body)
                    await gateway.worker.drain()
                    times.append(time.perf_counter() - started)
            small, large = median(taken["small"]), median(taken["large"])
            rows.append(
                Row(
                    f"{title} changed, record of {LARGE:,}", f"{large * 1000:.1f} ms",
                    f"{small * 1000:.1f} ms with {SMALL} resources", f"{large / small:.2f}", "≤ 2",
                )
            )  # fmt: skip
        return rows


def _laboratory(patient: str, number: int) -> dict[str, object]:
    resource = laboratory(patient, 3, day="2024-03-03", value=100 + number)
    resource["meta"] = {"versionId": str(number + 2)}
    return resource


def _marker(patient: str, number: int) -> dict[str, object]:
    resource = marker(patient, 1, day="2024-02-07", value=20.0 + number)
    resource["meta"] = {"versionId": str(number + 2)}
    return resource


async def _submit(gateway: Gateway, body: bytes) -> None:
    await gateway.intake.submit(
        bundle_delivery(body, source="default", channel="import", limits=gateway.settings.limits)
    )
