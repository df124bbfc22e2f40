"""The sandbox EHR as a client sees it: what R4 says of reading, searching, paging and changing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from adapters.sandbox.ehr import server
from adapters.sandbox.ehr.server import SandboxEhr, running


@pytest.fixture
def ehr() -> SandboxEhr:
    made = SandboxEhr()
    for name in ("a", "b", "c"):
        made.data.put({"resourceType": "Patient", "id": name})
    made.data.put({"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/a"}})
    return made


@pytest.fixture
async def http(ehr: SandboxEhr) -> AsyncIterator[httpx.AsyncClient]:
    async with running(ehr) as base, httpx.AsyncClient(base_url=base) as made:
        yield made


async def found(http: httpx.AsyncClient, query: str) -> list[str]:
    response = await http.get(query)
    assert response.status_code == 200
    return [entry["resource"]["id"] for entry in response.json()["entry"]]


async def test_the_capability_statement_names_what_is_there(http: httpx.AsyncClient) -> None:
    response = await http.get("/metadata")
    body = response.json()
    assert response.headers["Content-Type"] == "application/fhir+json"
    assert "Date" in response.headers
    assert body["fhirVersion"] == "4.0.1"
    assert [each["type"] for each in body["rest"][0]["resource"]] == ["Observation", "Patient"]


async def test_a_resource_and_its_versions(http: httpx.AsyncClient) -> None:
    first = (await http.get("/Patient/a")).json()
    changed = await http.put("/Patient/a", json={"resourceType": "Patient", "gender": "other"})
    assert (changed.status_code, changed.json()["meta"]["versionId"]) == (200, "2")
    newest = await http.get("/Patient/a")
    assert newest.headers["ETag"] == 'W/"2"'
    assert newest.json()["gender"] == "other"
    assert newest.json()["meta"]["lastUpdated"] > first["meta"]["lastUpdated"]
    assert (await http.get("/Patient/a/_history/1")).json() == first
    assert (await http.get("/Patient/a/_history/3")).status_code == 404
    history = (await http.get("/Patient/a/_history")).json()
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["2", "1"]


async def test_what_is_deleted_is_gone_and_found_no_more(http: httpx.AsyncClient) -> None:
    assert (await http.delete("/Patient/b")).status_code == 204
    assert (await http.get("/Patient/b")).status_code == 410
    assert (await http.get("/Patient/never")).status_code == 404
    assert (await http.get("/Patient/never/_history")).status_code == 404
    assert await found(http, "/Patient") == ["a", "c"]
    newest, _ = (await http.get("/Patient/b/_history")).json()["entry"]
    assert newest["request"]["method"] == "DELETE"
    assert "resource" not in newest
    # It may come back, as its next version.
    again = await http.put("/Patient/b", json={"resourceType": "Patient"})
    assert (again.status_code, again.json()["meta"]["versionId"]) == (201, "3")


async def test_a_new_resource_gets_its_id(http: httpx.AsyncClient) -> None:
    response = await http.post("/Patient", json={"resourceType": "Patient", "id": "mine"})
    assert response.status_code == 201
    assert response.json()["id"] != "mine"
    assert (await http.get(f"/Patient/{response.json()['id']}")).status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"resourceType": "Observation"}'])
async def test_what_is_no_such_resource_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    for response in (await http.put("/Patient/a", content=body), await http.post("/Patient", content=body)):
        assert response.status_code == 400
        assert response.json()["resourceType"] == "OperationOutcome"
    assert (await http.get("/Patient/a")).json()["meta"]["versionId"] == "1"


async def test_last_updated_with_every_comparator(http: httpx.AsyncClient) -> None:
    instant = (await http.get("/Patient/b")).json()["meta"]["lastUpdated"]
    results = {
        prefix: await found(http, f"/Patient?_lastUpdated={prefix}{instant}")
        for prefix in ("ge", "gt", "le", "lt", "eq", "")
    }
    assert results == {
        "ge": ["b", "c"], "gt": ["c"], "le": ["a", "b"], "lt": ["a"], "eq": ["b"], "": ["b"],
    }  # fmt: skip
    # Both bounds at once, and a zone whose + is encoded.
    offset = instant.replace("Z", "%2B00:00")
    assert await found(http, f"/Patient?_lastUpdated=ge{offset}&_lastUpdated=le{offset}") == ["b"]


async def test_the_other_parameters(http: httpx.AsyncClient) -> None:
    assert await found(http, "/Patient?_sort=-_lastUpdated") == ["c", "b", "a"]
    assert await found(http, "/Patient?_id=a,c") == ["a", "c"]
    assert await found(http, "/Observation?patient=a") == ["o"]
    assert await found(http, "/Observation?subject=Patient/a") == ["o"]
    assert await found(http, "/Observation?patient=b") == []


@pytest.mark.parametrize("query", ["_lastUpdated=geyesterday", "_count=many", "_count=-1", "_sort=birthdate"])
async def test_a_value_that_is_none_is_refused(http: httpx.AsyncClient, query: str) -> None:
    assert (await http.get(f"/Patient?{query}")).status_code == 400


async def test_pages_show_the_search_as_it_was(ehr: SandboxEhr, http: httpx.AsyncClient) -> None:
    page: dict[str, Any] = (await http.get("/Patient?_sort=_lastUpdated&_count=2")).json()
    ehr.data.put({"resourceType": "Patient", "id": "a"})
    ehr.data.delete("Patient", "c")
    assert (page["total"], [entry["resource"]["id"] for entry in page["entry"]]) == (3, ["a", "b"])
    [following] = [link["url"] for link in page["link"] if link["relation"] == "next"]
    page = (await http.get(following)).json()
    assert [entry["resource"]["id"] for entry in page["entry"]] == ["c"]
    assert [link["relation"] for link in page["link"]] == ["self"]


async def test_a_count_of_zero_tells_the_total_alone(http: httpx.AsyncClient) -> None:
    page = (await http.get("/Patient?_count=0")).json()
    assert (page["total"], page["entry"]) == (3, [])
    assert [link["relation"] for link in page["link"]] == ["self"]


async def test_old_searches_expire(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SNAPSHOTS", 1)
    first, second = [(await http.get("/Patient?_count=2")).json()["link"][-1]["url"] for _ in range(2)]
    assert (await http.get(first)).status_code == 410
    assert (await http.get(second)).status_code == 200


async def test_a_token_is_wanted_where_there_is_one(ehr: SandboxEhr, http: httpx.AsyncClient) -> None:
    ehr.token = "right"
    assert (await http.get("/metadata")).status_code == 401
    assert (await http.get("/metadata", headers={"Authorization": "Bearer right"})).status_code == 200


async def test_faults_pass(ehr: SandboxEhr, http: httpx.AsyncClient) -> None:
    following = (await http.get("/Patient?_count=1")).json()["link"][-1]["url"]
    ehr.faults.unavailable = ehr.faults.failing_pages = ehr.faults.expired_pages = 1
    assert [(await http.get(following)).status_code for _ in range(4)] == [503, 500, 410, 200]
