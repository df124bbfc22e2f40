"""First load against a POP as slow as the real one, beside a bare asynchronous loader that posts the same payloads; then the
same data again, which must cost POP nothing."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx

from adapters.pop.kinds import KINDS
from gateway.bench.corpus import bundle, patient_record
from gateway.bench.report import Row, rate
from gateway.bench.stage import gateway_for, sandbox_pop
from gateway.intake.receive import bundle_delivery

JsonObject = dict[str, Any]

PATIENTS, LATENCY = 100, "real"


async def run() -> list[Row]:
    """One first load of each, on a fresh POP each."""
    async with sandbox_pop(latency=LATENCY) as address, gateway_for(address) as gateway:
        limits = gateway.settings.limits
        bodies = [bundle(patient_record(f"load{index}", laboratories=10)) for index in range(PATIENTS)]
        # Once in a process's life, not of this load.
        await gateway.client.account()
        await gateway.contract.ensure()
        before = await counts(address)
        started = time.perf_counter()
        stop = asyncio.Event()
        working = asyncio.create_task(gateway.worker.run(stop))
        for body in bodies:
            await gateway.intake.submit(bundle_delivery(body, source="default", channel="import", limits=limits))
        stop.set()
        await working
        await gateway.worker.drain()
        ours = time.perf_counter() - started
        after = await counts(address)
        requests = sum(after.values()) - sum(before.values())
        stored = await dump(address)

        # The same content under another interaction: a redelivery that the intake cannot recognise as one.
        started = time.perf_counter()
        resources = 0
        for body in bodies:
            again = bundle_delivery(body, source="default", channel="import", limits=limits, interaction="again")
            resources += sum((await gateway.intake.submit(again)).counts.values())
        await gateway.worker.drain()
        repeat = time.perf_counter() - started
        repeated = sum((await counts(address)).values()) - sum(after.values())
    async with sandbox_pop(latency=LATENCY) as address:
        bare, posted = await bare_loader(address, stored)
    return [
        Row(
            f"first load, {PATIENTS} patients, {requests} requests",
            rate(requests, ours, "requests"),
            rate(posted, bare, "requests") + f" bare loader, {posted} requests",
            f"{(requests / ours) / (posted / bare):.2f}",
            "≥ 0.95",
        ),
        Row(
            f"re-import of {resources:,} unchanged resources", rate(resources, repeat, "resources"), "–",
            f"{repeated} POP requests", "0 POP requests",
        ),
    ]  # fmt: skip


async def counts(address: str) -> dict[str, int]:
    """Requests that the sandbox has answered, by method."""
    async with httpx.AsyncClient(base_url=address) as client:
        answer: dict[str, int] = (await client.get("/__sandbox/counts")).json()
    return {name: value for name, value in answer.items() if name != "logins"}


async def dump(address: str) -> dict[str, list[JsonObject]]:
    """All that the sandbox stores."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        rows: dict[str, list[JsonObject]] = (await client.get("/__sandbox/dump")).json()
    return rows


async def bare_loader(address: str, stored: dict[str, list[JsonObject]]) -> tuple[float, int]:
    """(seconds, requests) of posting the same payloads, patient by patient, eight patients at a time, with no more than ids
    put in: what any loader must do."""
    by_case = _by_case(stored)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=httpx.Limits(max_connections=50)) as client:
        login = await client.post("/api/v1/auth/session", json={"username": "gateway", "password": "gateway"})
        headers = {"X-SESSION-TOKEN": login.json()["sessionToken"]}
        queue = list(by_case)
        posted = 0

        async def one() -> None:
            nonlocal posted
            while queue:
                ids: dict[str, str] = {}
                for kind, old_id, parent, body in by_case[queue.pop()]:
                    path = KINDS[kind].path(ids.get(parent) if parent is not None else None)
                    answer = await client.post(path, json=_with_ids(body, ids), headers=headers)
                    answer.raise_for_status()
                    ids[old_id] = answer.json()["id"]
                    posted += 1

        started = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(8)))
        return time.perf_counter() - started, posted


def _by_case(stored: dict[str, list[JsonObject]]) -> dict[str, list[tuple[str, str, str | None, JsonObject]]]:
    """Case id → (kind, id, parent id, body) in the order of writing."""
    case_of: dict[str, str] = {}
    found: dict[str, list[tuple[str, str, str | None, JsonObject]]] = {}
    for kind in sorted(KINDS.values(), key=lambda kind: kind.rank):
        for row in stored.get(kind.collection, []) if kind.name != "TherapyLine" else []:
            if any(row.get(field) != value for field, value in kind.const.items()):
                continue
            parent = row["_parent"]
            case = row["id"] if kind.name == "PatientCase" else case_of[parent] if parent else str(row["caseId"])
            case_of[row["id"]] = case
            body = {
                name: value
                for name, value in row.items()
                if name in kind.properties and value is not None and name != "therapyLineId"
            }
            found.setdefault(case, []).append((kind.name, row["id"], parent, body))
    return found


def _with_ids(body: JsonObject, ids: dict[str, str]) -> JsonObject:
    def replaced(value: Any) -> Any:
        if isinstance(value, str):
            return ids.get(value, value)
        return [replaced(child) for child in value] if isinstance(value, list) else value

    return {name: replaced(value) for name, value in body.items()}
