"""The client when POP, its proxy or the network misbehave: each fault is one class of error, and nothing else escapes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from adapters.pop.client import PopClient
from adapters.pop.errors import (
    PopAmbiguous,
    PopContract,
    PopError,
    PopRejected,
    PopServerError,
    PopTransient,
    PopUnauthorised,
)
from adapters.sandbox.pop.faults import Fault
from adapters.sandbox.pop.server import SandboxPop, running

JsonObject = dict[str, Any]
CASE = {
    "clinicalCenter": "Test Hospital", "clinicalIdentifier": "A-1", "dateOfBirth": "1961-05-17", "vitalStatus": "alive",
    "gender": {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"},
}  # fmt: skip


@pytest.fixture
async def pop() -> SandboxPop:
    return SandboxPop()


@pytest.fixture
async def client(pop: SandboxPop) -> AsyncIterator[PopClient]:
    async with running(pop) as url:
        client = PopClient(url=url, username="gateway", password=lambda: "gateway", timeout=0.5)
        yield client
        await client.aclose()


def answering(handler: Callable[[httpx.Request], httpx.Response]) -> PopClient:
    """A client of a server that answers what no POP should."""
    return PopClient(
        url="http://pop.invalid", username="gateway", password=lambda: "x", transport=httpx.MockTransport(handler)
    )


@pytest.mark.parametrize(
    ("status", "error"),
    [(429, PopTransient), (502, PopAmbiguous), (503, PopTransient), (504, PopAmbiguous)],
)
async def test_an_unavailable_server_is_transient_but_a_proxy_may_have_let_a_create_through(
    pop: SandboxPop, client: PopClient, status: int, error: type[PopError]
) -> None:
    pop.faults.active = [Fault("status", status=status, retry_after=3, path="patient-cases")]
    with pytest.raises(error) as raised:
        await client.create("PatientCase", CASE)
    assert raised.value.status == status
    pop.faults.active = [Fault("status", status=status, retry_after=3, path="patient-cases")]
    with pytest.raises(PopTransient) as read:
        await client.list("PatientCase")
    assert (read.value.status, read.value.retry_after) == (status, 3)


async def test_a_500_after_the_commit_is_a_server_error_with_the_row_stored(pop: SandboxPop, client: PopClient) -> None:
    pop.faults.active = [Fault("status-after", status=500, path="patient-cases")]
    with pytest.raises(PopServerError):
        await client.create("PatientCase", CASE)
    assert await client.find_case("Test Hospital", "A-1") is not None


async def test_a_write_that_times_out_is_ambiguous_a_read_is_not(pop: SandboxPop, client: PopClient) -> None:
    case_id = await client.create("PatientCase", CASE)
    requests: list[tuple[str, Callable[[], Any], type[PopError]]] = [
        ("POST", lambda: client.create("PatientCase", {**CASE, "clinicalIdentifier": "B"}), PopAmbiguous),
        ("GET", lambda: client.get("PatientCase", case_id), PopTransient),
        ("PUT", lambda: client.update("PatientCase", case_id, CASE), PopAmbiguous),
        ("DELETE", lambda: client.delete("PatientCase", case_id), PopAmbiguous),
    ]
    for method, request, error in requests:
        pop.faults.active = [Fault("delay", seconds=1.0, method=method, path="patient-cases")]
        with pytest.raises(PopError) as raised:
            await request()
        assert type(raised.value) is error


async def test_a_session_that_ends_during_a_create_is_renewed_and_creates_once(
    pop: SandboxPop, client: PopClient
) -> None:
    await client.list("PatientCase")
    pop.faults.active = [Fault("expire", method="POST", path="patient-cases")]
    await client.create("PatientCase", CASE)
    assert (pop.accounts.logins, len(pop.entities.all("patient-cases"))) == (2, 1)


async def test_over_pops_login_limit_the_client_backs_off(pop: SandboxPop, client: PopClient) -> None:
    for _ in range(30):
        pop.accounts.login("viewer", "viewer", "127.0.0.1")
    before = pop.accounts.logins
    for _ in range(10):
        with pytest.raises(PopUnauthorised):
            await client.list("PatientCase")
    assert pop.accounts.logins == before + 1


async def test_an_outage_during_the_login_is_transient_and_leaves_no_back_off(
    pop: SandboxPop, client: PopClient
) -> None:
    pop.faults.active = [Fault("status", status=503, path="auth/session"), Fault("cut-before", path="auth/session")]
    for _ in range(2):
        with pytest.raises(PopTransient):
            await client.list("PatientCase")
    assert await client.list("PatientCase") == []


async def test_guard_refuses_before_anything_is_sent(pop: SandboxPop, client: PopClient) -> None:
    with pytest.raises(PopContract, match="endOfRecords"):
        await client.create("PatientCase", {**CASE, "endOfRecords": "2024-01-01"})
    assert sum(pop.counts.values()) == 0


async def test_a_case_poisoned_by_another_client_is_a_server_error(pop: SandboxPop, client: PopClient) -> None:
    case_id = await client.create("PatientCase", CASE)
    pop.entities.put("patient-cases", {**pop.entities.all("patient-cases")[0], "endOfRecords": "2024-01-01"})
    for request in (client.get("PatientCase", case_id), client.list("PatientCase")):
        with pytest.raises(PopServerError):
            await request
    assert await client.update("PatientCase", case_id, CASE)
    assert await client.get("PatientCase", case_id) is not None


async def test_an_identifier_with_a_slash_is_found_all_the_same(client: PopClient) -> None:
    for identifier in ("2024/17", "2024/171", ".."):
        await client.create("PatientCase", {**CASE, "clinicalIdentifier": identifier})
    for identifier in ("2024/17", "2024/171", ".."):
        found = await client.find_case("Test Hospital", identifier)
        assert found is not None
        assert found["clinicalIdentifier"] == identifier
    assert await client.find_case("Test Hospital", "2024/1") is None
    assert await client.find_case("Other Hospital", "2024/17") is None


async def test_a_list_that_changes_while_it_is_read_is_complete(pop: SandboxPop, client: PopClient) -> None:
    case_id = await client.create("PatientCase", CASE)
    status = {"caseId": case_id, "ecogScore": 1}
    days = [f"2023-{month:02}-{day:02}" for month in range(1, 5) for day in range(1, 29)]
    for day in days:
        await client.create("PerformanceStatus", {**status, "date": day})
    observed = pop.counts["GET"]

    async def writer() -> None:
        # A newer entity moves every item one place on while the pages are read.
        while pop.counts["GET"] <= observed:  # noqa: ASYNC110 - the other task's progress is watched
            await asyncio.sleep(0)
        await client.create("PerformanceStatus", {**status, "date": "2024-01-01"})

    found, _ = await asyncio.gather(client.list("PerformanceStatus", case_id=case_id), writer())
    identities = [item["id"] for item in found]
    assert len(set(identities)) == len(identities)
    assert {item["date"] for item in found} >= set(days)


@pytest.mark.parametrize(
    "content", [b"<html>", b"[]", b"3", b"{}", b'{"items": 3, "count": 1}', b'{"sessionToken": 3}', b"\xff"]
)
async def test_an_answer_that_is_not_pops_is_a_broken_contract(content: bytes) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/session") and b"sessionToken" not in content:
            return httpx.Response(200, json={"sessionToken": "t"})
        return httpx.Response(200, content=content, headers={"Date": "not a date"})

    client = answering(handler)
    for request in (client.create("PatientCase", CASE), client.list("PatientCase"), client.account()):
        with pytest.raises((PopContract, PopTransient)):
            await request
    await client.aclose()


async def test_another_case_than_the_one_asked_for_is_not_taken() -> None:
    other = {"clinicalCenter": "Test Hospital", "clinicalIdentifier": "A-2"}

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"sessionToken": "t"} if request.method == "POST" else other)

    client = answering(handler)
    with pytest.raises(PopContract, match="another case"):
        await client.find_case("Test Hospital", "A-1")
    await client.aclose()


async def test_a_compressed_answer_that_is_broken_is_an_error_of_ours() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/auth/session"):
            return httpx.Response(200, json={"sessionToken": "t"})
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))

    client = answering(handler)
    with pytest.raises(PopAmbiguous):
        await client.create("PatientCase", CASE)
    await client.aclose()


async def test_a_child_of_a_parent_that_is_gone_is_rejected(client: PopClient) -> None:
    drug = {"code": "C1282", "system": "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"}
    with pytest.raises(PopRejected):
        await client.create(
            "SystemicTherapyMedication", {"drug": drug}, parent_id="00000000-0000-4000-8000-000000000000"
        )
