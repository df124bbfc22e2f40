"""What the sandbox POP has acknowledged is in its file, whatever ends it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

COURSE = {"period": {"start": "2024-01-01"}, "intent": "palliative"}


@asynccontextmanager
async def sandbox(data: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """It as a process of its own, and somebody signed in to it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway",
        "sandbox",
        "pop",
        "--port",
        "0",
        "--data",
        str(data),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    address = next(word for word in (await process.stderr.readline()).decode().split() if word.startswith("http://"))
    async with httpx.AsyncClient(base_url=address) as client:
        login = await client.post("/api/v1/auth/session", json={"username": "curator", "password": "curator"})
        client.headers["X-SESSION-TOKEN"] = login.json()["sessionToken"]
        yield process, client
    if process.returncode is None:
        process.terminate()
    await process.wait()


async def test_a_killed_sandbox_has_kept_what_it_acknowledged(tmp_path: Path) -> None:
    data = tmp_path / "pop.sqlite"
    written: dict[str, int] = {}
    gone: set[str] = set()

    async def write(client: httpx.AsyncClient, case_id: str) -> None:
        """Create, change and delete until the server is away, noting what it has answered to."""
        try:
            for number in range(10_000):
                made = await client.post(
                    "/api/v1/systemic-therapies", json={**COURSE, "caseId": case_id, "cycles": number}
                )
                written[made.json()["id"]] = number
                if number % 3 == 0:
                    body = {**COURSE, "caseId": case_id, "cycles": number + 1000}
                    (await client.put(f"/api/v1/systemic-therapies/{made.json()['id']}", json=body)).raise_for_status()
                    written[made.json()["id"]] = number + 1000
                if number % 3 == 1:
                    doubtful = made.json()["id"]
                    del written[doubtful]
                    (await client.delete(f"/api/v1/systemic-therapies/{doubtful}")).raise_for_status()
                    gone.add(doubtful)
        except httpx.TransportError:
            return

    async with sandbox(data) as (process, client):
        gender = {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"}
        cases = []
        for number in range(4):
            body = {
                "clinicalCenter": "T",
                "clinicalIdentifier": str(number),
                "dateOfBirth": "1961-05-17",
                "gender": gender,
            }
            made = await client.post("/api/v1/patient-cases", json={**body, "vitalStatus": "alive"})
            cases.append(made.json()["id"])
        writers = [asyncio.create_task(write(client, case_id)) for case_id in cases]
        while len(written) < 60:  # noqa: ASYNC110 - the writers are what is waited for
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        await asyncio.gather(*writers)
    async with sandbox(data) as (_, client):
        dump = (await client.get("/__sandbox/dump", timeout=30)).json()
        assert [case["id"] for case in dump["patient-cases"]] == cases
        stored = {row["id"]: row["cycles"] for row in dump["systemic-therapies"]}
        # One write of each may have been under way: a change may have been stored without having been acknowledged.
        changed = {each for each, cycles in written.items() if stored.get(each) != cycles}
        assert all(stored[each] == written[each] + 1000 for each in changed)
        assert len(changed) <= len(cases)
        assert not gone & stored.keys()
        lines = {row["id"]: row["caseId"] for row in dump["therapy-lines"]}
        of = {row["therapyLineId"]: row["caseId"] for row in dump["systemic-therapies"]}
        assert of == lines, "a therapy and the lines that follow from it are written together"
