"""The client against the sandbox POP over real HTTP: sign-in, entities, and each class of error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.pop.client import Exchange, PopClient
from adapters.pop.errors import (
    PopAmbiguous,
    PopForbidden,
    PopRejected,
    PopServerError,
    PopTransient,
    PopUnauthorised,
)
from adapters.pop.session import MemoryTokenStore
from adapters.sandbox.pop.faults import Fault
from adapters.sandbox.pop.server import SandboxPop, running

JsonObject = dict[str, Any]

FEMALE = {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"}


def case(identifier: str = "A-1") -> JsonObject:
    """An invented case."""
    return {
        "clinicalCenter": "Test Hospital", "clinicalIdentifier": identifier, "gender": FEMALE, "dateOfBirth": "1961-05-17",
        "vitalStatus": "alive",
    }  # fmt: skip


@dataclass
class Setting:
    pop: SandboxPop
    url: str
    client: PopClient
    exchanges: list[Exchange]


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    pop = SandboxPop()
    exchanges: list[Exchange] = []
    async with running(pop) as url:
        client = PopClient(
            url=url, username="gateway", password=lambda: "gateway", observer=exchanges.append, timeout=5
        )
        yield Setting(pop, url, client, exchanges)
        await client.aclose()


async def test_fifty_calls_at_once_sign_in_once(setting: Setting) -> None:
    await asyncio.gather(*(setting.client.list("PatientCase") for _ in range(50)))
    assert setting.pop.accounts.logins == 1


async def test_two_clients_share_a_session_through_the_token_store(setting: Setting) -> None:
    tokens = MemoryTokenStore()
    clients = [
        PopClient(url=setting.url, username="gateway", password=lambda: "gateway", tokens=tokens) for _ in range(2)
    ]
    await asyncio.gather(*(client.list("PatientCase") for client in clients))
    for client in clients:
        await client.aclose()
    assert setting.pop.accounts.logins == 1


async def test_an_ended_session_is_renewed_once(setting: Setting) -> None:
    await setting.client.create("PatientCase", case())
    setting.pop.accounts.sessions.clear()
    await asyncio.gather(*(setting.client.list("PatientCase") for _ in range(10)))
    assert setting.pop.accounts.logins == 2


async def test_a_wrong_password_is_not_tried_again_at_once(setting: Setting) -> None:
    client = PopClient(url=setting.url, username="gateway", password=lambda: "wrong")
    for _ in range(5):
        with pytest.raises(PopUnauthorised):
            await client.list("PatientCase")
    await client.aclose()
    assert setting.pop.accounts.logins == 1


async def test_life_of_an_entity(setting: Setting) -> None:
    client = setting.client
    case_id = await client.create("PatientCase", case())
    body = {"caseId": case_id, "date": "2024-02-01", "ecogScore": 1, "externalSource": "EHR", "externalSourceId": "k"}
    pop_id = await client.create("PerformanceStatus", body)
    assert await client.update("PerformanceStatus", pop_id, {**body, "ecogScore": 2})
    read = await client.get("PerformanceStatus", pop_id)
    assert read is not None
    assert (read["ecogScore"], read["anonymized"], read["updatedBy"]) == (2, False, ["gateway"])
    assert [item["id"] for item in await client.list("PerformanceStatus", case_id=case_id, external_source="EHR")] == [
        pop_id
    ]
    assert await client.delete("PerformanceStatus", pop_id)
    assert not await client.delete("PerformanceStatus", pop_id)
    assert await client.get("PerformanceStatus", pop_id) is None
    assert not await client.update("PerformanceStatus", pop_id, body)


async def test_lists_are_read_to_their_end_and_checked_item_by_item(setting: Setting) -> None:
    client = setting.client
    one, two = [await client.create("PatientCase", case(name)) for name in ("A", "B")]
    for index in range(60):
        await client.create(
            "PerformanceStatus", {"caseId": one, "date": f"2024-02-{index % 28 + 1:02}", "ecogScore": 1}
        )
    await client.create("PerformanceStatus", {"caseId": two, "date": "2024-02-01", "ecogScore": 1})
    assert len(await client.list("PerformanceStatus", case_id=one)) == 60
    assert len(await client.list("PerformanceStatus", case_id=two)) == 1


async def test_a_case_is_found_by_its_hospital_identity_and_the_identity_is_told_nobody(setting: Setting) -> None:
    case_id = await setting.client.create("PatientCase", case("ü/1 ?#"))
    found = await setting.client.find_case("Test Hospital", "ü/1 ?#")
    assert found is not None
    assert found["id"] == case_id
    assert await setting.client.find_case("Test Hospital", "other") is None
    assert {item.path for item in setting.exchanges if "patient-cases/" in item.path} == {
        "/api/v1/patient-cases/{clinicalIdentifier}"
    }


async def test_rejections_name_codes_fields_and_rules_but_no_values(setting: Setting) -> None:
    client = setting.client
    await client.create("PatientCase", case("SECRET-7"))
    with pytest.raises(PopRejected, match="unique_clinical_identifier_per_center") as again:
        await client.create("PatientCase", case("SECRET-7"))
    assert "SECRET" not in str(again.value)
    with pytest.raises(PopRejected, match="has no concept nonsense of http://x"):
        await client.create("PatientCase", {**case("B"), "gender": {"code": "nonsense", "system": "http://x"}})


async def test_an_unknown_case_is_a_server_error(setting: Setting) -> None:
    with pytest.raises(PopServerError):
        await setting.client.create(
            "PerformanceStatus",
            {"caseId": "00000000-0000-4000-8000-000000000000", "date": "2024-02-01", "ecogScore": 1},
        )


async def test_unavailability_says_when_to_come_back(setting: Setting) -> None:
    setting.pop.faults.active = [Fault("status", status=503, retry_after=7, path="patient-cases")]
    with pytest.raises(PopTransient) as error:
        await setting.client.create("PatientCase", case())
    assert error.value.retry_after == 7


@pytest.mark.parametrize("action", ["cut-before", "cut-after"])
async def test_a_create_without_an_answer_is_ambiguous(setting: Setting, action: str) -> None:
    setting.pop.faults.active = [Fault(action, method="POST", path="patient-cases")]
    with pytest.raises(PopAmbiguous):
        await setting.client.create("PatientCase", case())
    assert len(setting.pop.entities.all("patient-cases")) == (action == "cut-after")


async def test_a_server_that_is_not_there_is_transient() -> None:
    client = PopClient(url="http://127.0.0.1:9", username="gateway", password=lambda: "gateway")
    with pytest.raises(PopTransient):
        await client.list("PatientCase")
    await client.aclose()


async def test_a_viewer_is_forbidden_to_write(setting: Setting) -> None:
    client = PopClient(url=setting.url, username="viewer", password=lambda: "viewer")
    with pytest.raises(PopForbidden):
        await client.create("PatientCase", case())
    await client.aclose()


async def test_the_account_tells_its_rights(setting: Setting) -> None:
    account = await setting.client.account()
    assert (account.level, account.service_account, account.can_manage_cases) == (1, True, True)
