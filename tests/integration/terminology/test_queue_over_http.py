"""The queue by API and pages: item, candidates, preview, decision, progress, undo; spreadsheet out."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from test_decisions import CEA, gateway, markers  # noqa: F401 - a fixture

from adapters.sandbox.pop.server import SandboxPop
from gateway.service import Gateway
from gateway.web.server import serving

JsonObject = dict[str, Any]


@pytest.fixture
async def client(gateway: tuple[Gateway, SandboxPop]) -> AsyncIterator[httpx.AsyncClient]:  # noqa: F811
    async with (
        serving(gateway[0], host="127.0.0.1", port=0) as address,
        httpx.AsyncClient(base_url=address, follow_redirects=True) as made,
    ):
        yield made


async def first(client: httpx.AsyncClient) -> JsonObject:
    answer = (await client.get("/api/v1/reviews/items", params={"code": "unmapped-code"})).json()
    found: JsonObject = answer["items"][0]
    return found


async def test_the_whole_way_by_api(
    gateway: tuple[Gateway, SandboxPop],  # noqa: F811
    client: httpx.AsyncClient,
) -> None:
    made, pop = gateway
    item = (await client.get(f"/api/v1/reviews/items/{(await first(client))['id']}")).json()
    assert (item["patients"], item["preview"]["lands"], item["decisions"]) == (3, 3, [])
    path = f"/api/v1/reviews/items/{item['id']}/decide"
    assert (await client.post(path, json={"target": {"code": CEA[1]}})).status_code == 400, "nobody decides"
    wrong = {"target": {"code": "none"}, "author": "a"}
    assert "one concept" in (await client.post(path, json=wrong)).json()["detail"]
    body = {"target": {"system": CEA[0], "code": CEA[1]}, "author": "a", "note": "n", "seen": 0}
    answer = await client.post(path, json=body)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "map")
    again = await client.post(path, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "decided-meanwhile")
    await made.worker.drain()
    decision = (await client.get(f"/api/v1/decisions/{answer.json()['id']}")).json()
    assert (decision["patients"], decision["left"], decision["note"]) == (3, 0, "n")
    assert len(markers(pop)) == 3
    assert (await client.post(path, json=body)).status_code == 404, "it is not open any more"
    undone = await client.post(f"/api/v1/decisions/{decision['id']}/undo", json={"author": "b"})
    assert undone.json()["undone_by"] == "b"
    await made.worker.drain()
    assert markers(pop) == []
    log = (await client.get("/api/v1/decisions")).json()["items"]
    assert [(each["author"], each["undone_by"]) for each in log] == [("a", "b")]


async def test_the_whole_way_by_pages(
    gateway: tuple[Gateway, SandboxPop],  # noqa: F811
    client: httpx.AsyncClient,
) -> None:
    made, pop = gateway
    item = await first(client)
    assert "House test K1" in (await client.get("/reviews")).text
    page = await client.get(f"/reviews/{item['id']}", params={"q": "carcinoembryonic"})
    choice = f"map {CEA[0]} {CEA[1]}"
    assert f'value="{choice}"' in page.text
    form = {"choice": choice, "scope": "site", "author": "Dr. Who", "note": ""}
    nobody = await client.post(f"/reviews/{item['id']}/preview", data=form | {"author": " "})
    assert (nobody.status_code, "Say who decides" in nobody.text) == (400, True)
    nothing = await client.post(f"/reviews/{item['id']}/preview", data={"author": "Dr. Who"})
    assert (nothing.status_code, "Choose a concept" in nothing.text) == (400, True)
    preview = await client.post(f"/reviews/{item['id']}/preview", data=form)
    assert "Translate to" in preview.text
    assert 'name="seen" value="0"' in preview.text
    done = await client.post(f"/reviews/{item['id']}/decide", data=form | {"seen": "0"})
    assert done.url.path.startswith("/reviews/decisions/")
    assert "0 of 3 patients are worked" in done.text
    late = await client.post(f"/reviews/{item['id']}/decide", data=form | {"seen": "0"})
    assert (late.status_code, "decided about this code meanwhile" in late.text) == (409, True)
    await made.worker.drain()
    assert len(markers(pop)) == 3
    assert "all 3 patients" in (await client.get(done.url.path)).text
    assert "in force" in (await client.get("/reviews/decisions")).text
    assert (await client.get(f"/reviews/{item['id']}")).status_code == 404
    await client.post(f"{done.url.path}/undo", data={"author": "Dr. Who"})
    await made.worker.drain()
    assert markers(pop) == []
    assert "taken back" in (await client.get("/reviews/decisions")).text


async def test_the_queue_as_a_spreadsheet(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/reviews/export")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0]["source_code"] == "K1"
    assert sorted((row["source_code"], row["patients"], row["field"]) for row in rows) == [
        ("", "1", "TumorMarker.analyte"),
        ("K1", "3", "TumorMarker.analyte"),
        ("K2", "1", "TumorMarker.analyte"),
    ]


async def test_translating_and_searching(client: httpx.AsyncClient) -> None:
    body = {"terminology": "TumorMarkerAnalyte", "concept": {"system": CEA[0], "code": CEA[1]}}
    found = (await client.post("/api/v1/terminology/translate", json=body)).json()["translation"]
    assert (found["concept"]["code"], found["rule"], found["coding"]) == (CEA[1], "pop-concept", 0)
    nothing = body | {"concept": {"text": "no such thing"}}
    assert (await client.post("/api/v1/terminology/translate", json=nothing)).json() == {"translation": None}
    unknown = body | {"terminology": "Nothing"}
    assert (await client.post("/api/v1/terminology/translate", json=unknown)).status_code == 400
    listed = (await client.get("/api/v1/terminology/TumorMarkerAnalyte/concepts", params={"q": "carcino"})).json()
    assert CEA[1] in {each["code"] for each in listed["items"]}
    assert (await client.get("/api/v1/terminology/Nothing/concepts")).status_code == 404


async def test_maps_by_api(
    gateway: tuple[Gateway, SandboxPop],  # noqa: F811
    client: httpx.AsyncClient,
) -> None:
    made, pop = gateway
    head = "terminology,source_system,source_code,target_system,target_code,target_display\n"
    sheet = f"{head}TumorMarkerAnalyte,http://lab.example.org/codes,K1,{CEA[0]},{CEA[1]},{CEA[2]}\n"
    where = "/api/v1/concept-maps/lab"
    assert (await client.put(where, content=sheet, params={"format": "csv"})).status_code == 400, "nobody gives it"
    wrong = await client.put(where, content="a", params={"format": "csv", "author": "a"})
    assert "are missing" in wrong.json()["detail"]
    given = await client.put(where, content=sheet, params={"format": "csv", "author": "a"})
    assert (given.status_code, given.json()["version"], given.json()["patients"]) == (202, 1, 3)
    await made.worker.drain()
    assert len(markers(pop)) == 3
    assert [each["name"] for each in (await client.get("/api/v1/concept-maps")).json()["items"]] == ["lab"]
    assert (await client.get(where)).json()["items"][0]["content"] == sheet
    assert (await client.delete(where, params={"author": "a"})).json() == {"patients": 3}
    assert (await client.get("/api/v1/concept-maps/other")).status_code == 404
