"""Faults of the sandbox POP over HTTP, set as on the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.sandbox.pop.server import SandboxPop, running

CREDENTIALS = {"username": "gateway", "password": "gateway"}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with running(SandboxPop()) as url, httpx.AsyncClient(base_url=url) as client:
        login = await client.post("/api/v1/auth/session", json=CREDENTIALS)
        client.headers["X-SESSION-TOKEN"] = login.json()["sessionToken"]
        yield client


async def play(http: httpx.AsyncClient, *faults: str) -> None:
    (await http.post("/__sandbox/faults", json=faults)).raise_for_status()


async def account(http: httpx.AsyncClient) -> tuple[int, bool]:
    (user,) = (await http.get("/api/v1/users", params={"username": "gateway"})).json()["items"]
    return user["accessLevel"], user["canManageCases"]


async def test_maintenance_is_for_everybody_until_its_time_is_over(http: httpx.AsyncClient) -> None:
    await play(http, "maintenance=30s")
    for path in ("/api/v1/healthcheck", "/api/v1/users", "/"):
        answer = await http.get(path)
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (503, "text/html")
        assert 1 <= int(answer.headers["Retry-After"]) <= 30
    await play(http, "maintenance=0s")
    assert (await http.get("/api/v1/healthcheck")).status_code == 200


async def test_a_login_over_the_limit_is_refused_with_the_right_password(http: httpx.AsyncClient) -> None:
    await play(http, "login-limit,times=2")
    del http.headers["X-SESSION-TOKEN"]
    answers = [await http.post("/api/v1/auth/session", json=CREDENTIALS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 200]
    assert answers[0].content == b""


async def test_a_right_withdrawn_comes_back_with_the_end_of_the_fault(http: httpx.AsyncClient) -> None:
    assert await account(http) == (1, True)
    await play(http, "withdraw=gateway,level=1")
    assert await account(http) == (1, False)
    assert (await http.post("/api/v1/patient-cases", json={})).status_code == 403
    await play(http)
    assert (await http.post("/api/v1/patient-cases", json={})).status_code == 422


async def test_a_list_or_a_concept_that_is_missing_is_unknown_to_reads_and_writes(http: httpx.AsyncClient) -> None:
    async def codes() -> list[str]:
        answer = await http.get("/api/v1/terminologies/AdministrativeGender/concepts")
        return [each["code"] for each in answer.json()["items"]]

    async def create(number: int) -> int:
        gender = {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"}
        body = {
            "clinicalCenter": "Test",
            "clinicalIdentifier": f"M-{number}",
            "dateOfBirth": "1961-05-17",
            "gender": gender,
        }
        return (await http.post("/api/v1/patient-cases", json={**body, "vitalStatus": "alive"})).status_code

    before = await codes()
    assert (await create(1), "female" in before) == (201, True)
    await play(http, "missing=AdministrativeGender/female")
    assert (await create(2), await codes()) == (422, [code for code in before if code != "female"])
    await play(http, "missing=AdministrativeGender")
    assert await codes() == []
    await play(http)
    assert (await create(3), await codes()) == (201, before)


async def test_a_wrong_fault_is_refused_and_changes_nothing(http: httpx.AsyncClient) -> None:
    await play(http, "missing=Gene")
    answer = await http.post("/__sandbox/faults", json=["status=503", "status"])
    assert answer.status_code == 422
    assert "status=503" in answer.json()["detail"]
    assert [each["action"] for each in (await http.get("/__sandbox/faults")).json()] == ["missing"]


async def test_the_limits_of_signing_in(http: httpx.AsyncClient) -> None:
    del http.headers["X-SESSION-TOKEN"]

    async def sign_in(name: str, password: str, times: int = 1) -> list[int]:
        body = {"username": name, "password": password}
        return [(await http.post("/api/v1/auth/session", json=body)).status_code for _ in range(times)]

    assert await sign_in("viewer", "wrong", 4) == [400] * 4
    assert await sign_in("viewer", "viewer") == [200], "a success gives the failures back"
    assert await sign_in("viewer", "wrong", 5) == [400] * 5
    assert await sign_in("viewer", "viewer") == [400], "five failures of a name within five minutes"
    assert await sign_in("curator", "curator") == [200], "another name is not concerned"
    for name in ("a", "b", "c"):
        assert await sign_in(name, "wrong", 3) == [400] * 3
    assert await sign_in("d", "wrong") == [400]
    assert await sign_in("curator", "curator") == [400], "ten failures from an address within a minute"
    spent = 1 + 4 + 1 + 5 + 1 + 1 + 9 + 1 + 1
    assert await sign_in("curator", "curator", 30 - spent) == [400] * (30 - spent)
    assert await sign_in("curator", "curator") == [500], "thirty attempts from an address within a minute"
