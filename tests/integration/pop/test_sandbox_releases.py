"""The sandbox POP plays a release: its document says what the recorded one says, and it behaves so."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.pop.contract import contract
from adapters.pop.handshake import handshake
from adapters.sandbox.pop.releases import RELEASES
from adapters.sandbox.pop.server import SandboxPop, running

JsonObject = dict[str, Any]


@asynccontextmanager
async def playing(release: str) -> AsyncIterator[tuple[SandboxPop, httpx.AsyncClient]]:
    pop = SandboxPop(release=RELEASES[release])
    async with running(pop) as url, httpx.AsyncClient(base_url=url) as client:
        login = await client.post("/api/v1/auth/session", json={"username": "gateway", "password": "gateway"})
        client.headers["X-SESSION-TOKEN"] = login.json()["sessionToken"]
        yield pop, client


@pytest.mark.parametrize("release", sorted(RELEASES))
async def test_its_document_says_what_the_recorded_one_says(shared: Path, release: str) -> None:
    recorded = json.loads((shared / f"pop/openapi-{release}.json").read_text(encoding="utf-8"))
    async with playing(release) as (_, client):
        served = (await client.get("/api/v1/openapi.json")).json()
    said, expected = contract(served), contract(recorded)
    assert said["release"] == expected["release"] == release
    assert said["kinds"].keys() == expected["kinds"].keys()
    for kind, facts in expected["kinds"].items():
        for name, fact in facts.items():
            found = said["kinds"][kind][name]
            assert (sorted(found), sorted(fact)) == (sorted(fact), sorted(found)) if name == "required" else found == fact, (
                kind, name,
            )  # fmt: skip
    assert said["unions"] == expected["unions"]
    assert said["shapes"] == expected["shapes"]
    assert handshake(served) == handshake(recorded)


async def case_of(pop: SandboxPop, client: httpx.AsyncClient) -> str:
    """A case to write to."""
    gender = next(iter(pop.terms.lists["AdministrativeGender"].values()))
    body = {"clinicalCenter": "T", "clinicalIdentifier": "1", "dateOfBirth": "1961-05-17", "vitalStatus": "alive"}
    made = await client.post("/api/v1/patient-cases", json={**body, "gender": gender})
    return str(made.json()["id"])


async def test_the_first_release_spells_and_lacks_as_it_does() -> None:
    async with playing("1.0.0") as (pop, client):
        case_id = await case_of(pop, client)
        stage, category = (
            next(iter(pop.terms.lists[name].values())) for name in ("TNMStage", "TNMPrimaryTumorCategory")
        )

        async def staging(**fields: JsonObject) -> JsonObject:
            body = {"caseId": case_id, "stagingDomain": "tnm", "date": "2024-01-02", "stage": stage, **fields}
            made = await client.post("/api/v1/stagings", json=body)
            assert made.status_code == 201
            read = await client.get(f"/api/v1/stagings/{made.json()['id']}", params={"anonymized": "false"})
            found: JsonObject = read.json()
            return found

        assert (await staging(primarytumor=category))["primarytumor"]["code"] == category["code"]
        unknown = await staging(primaryTumor=category)
        assert not {"primaryTumor", "primarytumor"} & unknown.keys(), "a field it does not know is ignored silently"
        board = {"caseId": case_id, "category": "molecular", "date": "2024-01-02"}
        refused = await client.post("/api/v1/tumor-boards", json=board)
        assert refused.status_code == 422
        assert "reviewedReports" in refused.text
        assert (await client.post("/api/v1/tumor-boards", json={**board, "reviewedReports": []})).status_code == 201
        variant = await client.post("/api/v1/genomic-variants", json={"caseId": case_id, "date": "2024-01-02"})
        assert variant.status_code == 201, "genes may be left out"
        read = await client.get(f"/api/v1/genomic-variants/{variant.json()['id']}", params={"anonymized": "false"})
        assert not {"source", "cytogeneticLocation"} & read.json().keys()
        assert (await client.get("/api/v1/healthcheck/")).status_code == 200
        assert (await client.get("/api/v1/healthcheck")).status_code == 404


async def test_the_present_release_spells_otherwise() -> None:
    async with playing("1.4.0") as (pop, client):
        board = {"caseId": await case_of(pop, client), "category": "molecular", "date": "2024-01-02"}
        assert (await client.post("/api/v1/tumor-boards", json=board)).status_code == 201
        assert (await client.get("/api/v1/healthcheck")).status_code == 200
        assert (await client.get("/api/v1/healthcheck/")).status_code == 404
