"""The canary: planted identifiers and clinical values reach POP and nothing else that the gateway emits."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import orjson

from gateway.bench.corpus import bundle, marker, patient_record
from gateway.bench.stage import sandbox_pop

JsonObject = dict[str, Any]

NAME, MRN, BORN, VALUE, PHONE = "Kanarienvogel", "MRN-CANARY-4711", "1961-05-17", 77.123, "0999-123-4567"
CANARIES = (NAME, MRN, BORN, str(VALUE), PHONE)
FHIR = {"Content-Type": "application/fhir+json"}


def canary_record() -> list[JsonObject]:
    """An invented patient full of planted values."""
    record = list(patient_record("pat-canary", laboratories=2, markers=1))
    record[0]["name"] = [{"family": NAME, "given": ["Testperson"]}]
    record[0]["telecom"] = [{"system": "phone", "value": PHONE}]
    record[0]["identifier"][0]["value"] = MRN
    record[0]["birthDate"] = BORN
    record.append(marker("pat-canary", 9, day="2024-05-06", value=VALUE))
    return record


def bad_bodies() -> list[bytes]:
    """Bodies that fail in every place that writes a message."""
    wrong_status = {**marker("pat-canary", 10, day="2024-05-06", value=VALUE), "status": f"bogus {NAME}"}
    wrong_type = {**marker("pat-canary", 11, day="2024-05-06", value=VALUE), "code": NAME, "effectiveDateTime": PHONE}
    wrong_key = {**marker("pat-canary", 12, day="2024-05-06", value=VALUE), f"{NAME} {MRN}": PHONE}
    return [
        bundle([wrong_status, wrong_type, wrong_key]),
        b'{"resourceType": "Patient", "name": "' + NAME.encode() + b'", "name": 1}',
        b'{"resourceType": "Patient", "birthDate": "' + BORN.encode() + b'"',
        orjson.dumps({"resourceType": NAME, "id": MRN}),
    ]


async def test_no_canary_in_logs_metrics_and_errors(tmp_path: Path) -> None:
    async with sandbox_pop() as pop:
        log = tmp_path / "gateway.log"
        with log.open("wb") as output:
            environment = {
                **os.environ,
                "POP_GATEWAY_STORE__URL": f"sqlite+aiosqlite:///{tmp_path / 'store.sqlite'}",
                "POP_GATEWAY_POP__URL": pop,
                "POP_GATEWAY_POP__PASSWORD": "gateway",
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway", "serve", "--port", "0", stdout=output, stderr=output, env=environment
            )
            try:
                await _exercise(await _address(log), pop)
            finally:
                process.terminate()
                await process.wait()
        text = log.read_text(encoding="utf-8")
    assert "serving" in text
    assert [canary for canary in CANARIES if canary in text] == []


async def _address(log: Path) -> str:
    async with asyncio.timeout(30):
        while True:
            for word in log.read_text(encoding="utf-8").replace('"', " ").split():  # noqa: ASYNC240 - a small file
                if word.startswith("http://127.0.0.1:"):
                    return word.rstrip(",}")
            await asyncio.sleep(0.1)


async def _exercise(address: str, pop: str) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        faults = [{"action": "status", "status": 500, "times": 4, "method": "POST", "path": "tumor-markers"}]
        await client.post(f"{pop}/__sandbox/faults", json=faults)
        assert (await client.post("/fhir", content=bundle(canary_record()), headers=FHIR)).status_code == 200
        for body in bad_bodies():
            answer = await client.post("/fhir", content=body, headers=FHIR)
            assert [canary for canary in CANARIES if canary in answer.text] == [], answer.text
        async with asyncio.timeout(30):
            while True:
                stored = (await client.get(f"{pop}/__sandbox/dump")).text
                if MRN in stored and str(VALUE) in stored:
                    break
                await asyncio.sleep(0.2)
        for path in ("/metrics", "/", "/deliveries", "/reviews", "/status", "/api/v1/openapi.json"):
            page = (await client.get(path)).text
            assert [canary for canary in CANARIES if canary in page] == [], path
