"""What the sandbox POP has beyond the recordings: it keeps its data, plays faults and tells what it holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.pop.client import PopClient
from adapters.pop.contract import contract
from adapters.pop.kinds import packaged_contract
from adapters.sandbox.pop.server import SandboxPop, running

JsonObject = dict[str, Any]
CASE = {
    "clinicalCenter": "Test Hospital", "clinicalIdentifier": "A-1", "dateOfBirth": "1961-05-17", "vitalStatus": "alive",
    "gender": {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"},
}  # fmt: skip


@asynccontextmanager
async def signed_in(url: str, name: str) -> AsyncIterator[PopClient]:
    client = PopClient(url=url, username=name, password=lambda: name)
    yield client
    await client.aclose()


@pytest.fixture
async def sandbox() -> AsyncIterator[tuple[SandboxPop, str]]:
    pop = SandboxPop()
    async with running(pop) as url:
        yield pop, url


def therapy(case_id: str, intent: str = "palliative") -> JsonObject:
    return {"caseId": case_id, "period": {"start": "2024-01-01"}, "intent": intent}


def tumour(case_id: str, pop: SandboxPop) -> JsonObject:
    """A tumour in the packaged value lists."""
    (topography, *_), (morphology, *_) = (list(pop.terms.lists[name].values()) for name in TUMOUR_LISTS)
    return {
        "caseId": case_id, "relationship": "primary", "assertionDate": "2024-01-15", "topography": topography,
        "morphology": morphology,
    }  # fmt: skip


TUMOUR_LISTS = ("CancerTopography", "CancerMorphology")


async def test_data_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "pop.sqlite"
    async with running(SandboxPop(path)) as url, signed_in(url, "gateway") as client:
        case_id = await client.create("PatientCase", CASE)
        gone = await client.create("SystemicTherapy", therapy(case_id))
        await client.delete("SystemicTherapy", gone)
        kept = await client.create("SystemicTherapy", therapy(case_id))
    again = SandboxPop(path)
    async with running(again) as url, signed_in(url, "gateway") as client:
        assert [item["id"] for item in await client.list("SystemicTherapy", case_id=case_id)] == [kept]
        found = await client.find_case("Test Hospital", "A-1")
        assert found is not None
        assert found["id"] == case_id
        later = await client.create("SystemicTherapy", therapy(case_id))
        assert [row["id"] for row in again.entities.all("systemic-therapies")] == [kept, later]


async def test_deleting_a_case_takes_everything_along(sandbox: tuple[SandboxPop, str]) -> None:
    pop, url = sandbox
    async with signed_in(url, "gateway") as client:
        case_id = await client.create("PatientCase", CASE)
        course = await client.create("SystemicTherapy", therapy(case_id))
        (drug, *_) = pop.terms.lists["AntineoplasticAgent"].values()
        await client.create("SystemicTherapyMedication", {"drug": drug}, parent_id=course)
        assert await client.delete("PatientCase", case_id)
    assert list(pop.entities.collections()) == []


async def test_deleting_a_tumour_takes_it_out_of_the_markers(sandbox: tuple[SandboxPop, str]) -> None:
    pop, url = sandbox
    async with signed_in(url, "gateway") as client:
        case_id = await client.create("PatientCase", CASE)
        first, second = [await client.create("NeoplasticEntity", tumour(case_id, pop)) for _ in range(2)]
        (analyte, *_) = pop.terms.lists["TumorMarkerAnalyte"].values()
        marker = await client.create(
            "TumorMarker",
            {
                "caseId": case_id, "date": "2024-02-01", "analyte": analyte, "presence": "positive",
                "relatedEntitiesIds": [first, second],
            },
        )  # fmt: skip
        await client.delete("NeoplasticEntity", first)
        read = await client.get("TumorMarker", marker)
        assert read is not None
        assert read["relatedEntitiesIds"] == [second]


async def test_another_users_therapy_rewrites_the_lines_and_signs_ours(sandbox: tuple[SandboxPop, str]) -> None:
    _, url = sandbox
    async with signed_in(url, "gateway") as client, signed_in(url, "curator") as curator:
        case_id = await client.create("PatientCase", CASE)
        ours = await client.create("SystemicTherapy", therapy(case_id))
        before = await client.get("SystemicTherapy", ours)
        await curator.create("SystemicTherapy", therapy(case_id, "curative"))
        after = await client.get("SystemicTherapy", ours)
        assert before is not None
        assert after is not None
        assert before["therapyLineId"] != after["therapyLineId"]
        assert after["updatedBy"] == ["curator", "gateway"]
        assert {line["label"] for line in await client.list("TherapyLine", case_id=case_id)} == {"PLoT1", "CLoT1"}


async def test_faults_dump_counts_and_reset_over_http(sandbox: tuple[SandboxPop, str]) -> None:
    _, url = sandbox
    async with httpx.AsyncClient(base_url=url) as http, signed_in(url, "gateway") as client:
        case_id = await client.create("PatientCase", CASE)
        assert [row["id"] for row in (await http.get("/__sandbox/dump")).json()["patient-cases"]] == [case_id]
        answer = await http.post("/__sandbox/faults", json=[{"action": "status", "status": 503, "times": 1}])
        assert answer.json()[0]["status"] == 503
        assert (await http.get("/api/v1/healthcheck")).status_code == 503
        assert (await http.get("/api/v1/healthcheck")).status_code == 200
        assert (await http.post("/__sandbox/faults", json=[{"action": "nonsense"}])).status_code == 422
        assert (await http.get("/__sandbox/counts")).json() == {"POST": 2, "GET": 2, "logins": 1}
        await http.post("/__sandbox/reset")
        assert (await http.get("/__sandbox/dump")).json() == {}
        assert await client.find_case("Test Hospital", "A-1") is None


async def test_its_openapi_document_gives_the_kinds_back(sandbox: tuple[SandboxPop, str]) -> None:
    _, url = sandbox
    async with signed_in(url, "gateway") as client:
        assert contract(await client.openapi()) == packaged_contract()


async def test_packaged_value_lists_are_read_to_their_end(sandbox: tuple[SandboxPop, str]) -> None:
    pop, url = sandbox
    async with signed_in(url, "viewer") as client:
        for name, concepts in pop.terms.lists.items():
            assert len(await client.concepts(name)) == len(concepts) > 0
