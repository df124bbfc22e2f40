"""The FHIR endpoint and the hooks over HTTP: what is accepted, every refusal with its status, and what is kept of each."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from gateway.config import LimitSettings, Settings, SourceSettings, StoreSettings
from gateway.intake.writer import Intake
from gateway.store.engine import Store
from gateway.store.migrate import open_store
from gateway.store.tables import delivery, resource
from gateway.web import fhir, hooks, keys

JsonObject = dict[str, Any]
Client = TestClient[web.Request, web.Application]
JSON = {"Content-Type": "application/fhir+json"}
OBSERVATION = {
    "resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/p"},
}  # fmt: skip


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(StoreSettings(url=f"sqlite+aiosqlite:///{tmp_path / 'store.sqlite'}", durable=False))
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def hints() -> list[str]:
    return []


@pytest.fixture
async def client(embedded: Store, hints: list[str]) -> AsyncIterator[Client]:
    app = web.Application()
    app[keys.SETTINGS] = Settings(
        limits=LimitSettings(body_bytes=20_000, resource_bytes=10_000, depth=20, gzip_ratio=20),
        sources={"default": SourceSettings(), "lab": SourceSettings(token=SecretStr("lab-token"))},
    )
    app[keys.ON_HINT] = hints.append
    app.add_routes([*fhir.routes(), *hooks.routes()])
    async with Intake(embedded) as intake:
        app[keys.INTAKE] = intake
        server = TestServer(app)
        # As the service does: aiohttp must not inflate bodies itself, it knows no limits and answers in plain text.
        await server.start_server(auto_decompress=False)
        async with TestClient(server) as running:
            yield running


def _bundle(kind: str, *resources: JsonObject) -> JsonObject:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": each} for each in resources]}


async def _post(client: Client, body: object, path: str = "/fhir", **headers: str) -> tuple[int, JsonObject]:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    async with client.post(path, data=data, headers={**JSON, **headers}) as response:
        return response.status, await response.json(content_type="application/fhir+json")


async def _kept(store: Store) -> list[tuple[str, str]]:
    async with store.read() as connection:
        rows = await connection.execute(sa.select(delivery.c.source, delivery.c.state).order_by(delivery.c.id))
        return [(row.source, row.state) for row in rows]


# -- what is accepted ----------------------------------------------------------------------------------------------


async def test_a_transaction_is_answered_per_entry(client: Client) -> None:
    status, body = await _post(client, _bundle("transaction", OBSERVATION))
    assert (status, body["type"]) == (200, "transaction-response")
    assert body["entry"][0]["response"]["status"] == "201 Created"
    assert body["entry"][0]["response"]["location"] == "Observation/o"


async def test_a_batch_is_answered_per_entry_also_where_one_is_bad(client: Client) -> None:
    status, body = await _post(client, _bundle("batch", OBSERVATION, {**OBSERVATION, "id": "b", "status": "bogus"}))
    assert (status, body["type"]) == (200, "batch-response")
    assert [entry["response"]["status"][:3] for entry in body["entry"]] == ["201", "422"]
    assert body["entry"][1]["response"]["outcome"]["issue"][0]["expression"] == ["Observation.status"]


async def test_a_transaction_with_a_bad_entry_is_answered_by_one_outcome(client: Client, embedded: Store) -> None:
    status, body = await _post(
        client, _bundle("transaction", OBSERVATION, {**OBSERVATION, "id": "b", "status": "bogus"})
    )
    assert (status, body["resourceType"]) == (422, "OperationOutcome")
    assert body["issue"][0]["expression"] == ["Bundle.entry[1]", "Observation.status"]
    assert await _kept(embedded) == [("default", "partly-invalid")]


@pytest.mark.parametrize("kind", ["collection", "history", "searchset"])
async def test_other_bundles_are_answered_by_a_summary(client: Client, kind: str) -> None:
    status, body = await _post(client, _bundle(kind, OBSERVATION))
    assert (status, body["resourceType"]) == (200, "OperationOutcome")


async def test_the_same_body_gets_the_same_answer(client: Client, embedded: Store) -> None:
    answers = [await _post(client, _bundle("batch", OBSERVATION)) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert await _kept(embedded) == [("default", "stored")]


async def test_resources_one_by_one(client: Client, embedded: Store) -> None:
    assert (await _post(client, OBSERVATION, "/fhir/Observation"))[0] == 201
    for expected in (201, 200):
        changed = (
            {**OBSERVATION, "code": {"text": "y"}}
            if expected == 201
            else OBSERVATION | {"code": {"text": "y"}, "language": "de"}
        )
        async with client.put("/fhir/Observation/o", data=orjson.dumps(changed), headers=JSON) as response:
            assert response.status in (200, 201)
            assert response.headers["Location"] == "/fhir/Observation/o"
    async with client.delete("/fhir/Observation/o") as response:
        assert response.status == 200
    async with embedded.read() as connection:
        assert await connection.scalar(sa.select(resource.c.state)) == "deleted"


async def test_gzip_bodies(client: Client) -> None:
    body = gzip.compress(orjson.dumps(OBSERVATION))
    assert (await _post(client, body, **{"Content-Encoding": "gzip"}))[0] == 201


async def test_metadata_is_a_capability_statement(client: Client) -> None:
    async with client.get("/fhir/metadata") as response:
        body = await response.json(content_type="application/fhir+json")
    assert (body["resourceType"], body["fhirVersion"]) == ("CapabilityStatement", "4.0.1")


# -- refusals ------------------------------------------------------------------------------------------------------

_DEEP = b'{"a":' * 25 + b"1" + b"}" * 25


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"<Patient/>", {"Content-Type": "application/fhir+xml"}, 415),
        (b"<Patient/>", {}, 415),
        (b"a=b", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Encoding": "br"}, 415),
        (b"{}", {"Content-Type": "application/fhir+json; fhirVersion=5.0"}, 400),
        (b"{}", {"Accept": "application/fhir+json; fhirVersion=3.0"}, 400),
        (b"{}", {"Accept": "application/fhir+xml"}, 406),
        (b"not json", {}, 400),
        (b"", {}, 400),
        (b"[]", {}, 400),
        (b'{"resourceType":"Patient","id":"a","id":"b"}', {}, 400),
        (b'{"resourceType":"Patient","id":"\xff"}', {}, 400),
        (_DEEP, {}, 400),
        (b'{"a":"' + b"x" * 20_000 + b'"}', {}, 413),
        (gzip.compress(b" " * 1_000_000, mtime=0), {"Content-Encoding": "gzip"}, 413),
        (gzip.compress(b"{}", mtime=0)[:-6], {"Content-Encoding": "gzip"}, 400),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400),
        (b'{"resourceType":"Bundle","type":"nonsense"}', {}, 400),
        (b'{"resourceType":"Patient","id":"a","birthDate":"soon"}', {}, 422),
        (b'{"resourceType":"Nobody"}', {}, 422),
    ],
)
async def test_refusals_are_outcomes_and_are_kept(
    client: Client, embedded: Store, body: bytes, headers: dict[str, str], status: int
) -> None:
    answered, outcome = await _post(client, body, **headers)
    assert (answered, outcome["resourceType"]) == (status, "OperationOutcome")
    assert outcome["issue"][0]["severity"] == "error"
    assert await _kept(embedded) == [("default", "invalid")]


async def test_two_refusals_before_the_body_are_two(client: Client) -> None:
    xml = await _post(client, b"<a/>", **{"Content-Type": "application/fhir+xml"})
    large = await _post(client, b"x" * 30_000)
    assert (xml[0], large[0]) == (415, 413)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/fhir/Patient/1", 405),
        ("PATCH", "/fhir/Patient/1", 405),
        ("PUT", "/fhir/Patient", 404),
        ("POST", "/fhir/$nothing", 404),
        ("DELETE", "/fhir/Patient", 404),
    ],
)
async def test_addresses_that_do_not_exist(client: Client, method: str, path: str, status: int) -> None:
    async with client.request(method, path, data=b"{}", headers=JSON) as response:
        body = await response.json(content_type="application/fhir+json")
    assert (response.status, body["resourceType"]) == (status, "OperationOutcome")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/fhir/Patient"), ("PUT", "/fhir/Observation/other"), ("PUT", "/fhir/Patient/o")]
)
async def test_body_and_address_must_fit(client: Client, method: str, path: str) -> None:
    async with client.request(method, path, data=orjson.dumps(OBSERVATION), headers=JSON) as response:
        assert response.status == 400


async def test_a_store_that_cannot_write_is_a_503_and_nothing_is_acknowledged(client: Client, embedded: Store) -> None:
    app = client.app
    assert app is not None

    async with embedded.write() as connection:
        await connection.execute(sa.text("ALTER TABLE delivery RENAME TO gone"))
    async with client.post("/fhir", data=orjson.dumps(OBSERVATION), headers=JSON) as response:
        body = await response.json(content_type="application/fhir+json")
        assert (response.status, "Retry-After" in response.headers, body["issue"][0]["code"]) == (
            503,
            True,
            "transient",
        )
    async with embedded.write() as connection:
        await connection.execute(sa.text("ALTER TABLE gone RENAME TO delivery"))
    assert (await _post(client, OBSERVATION))[0] == 201


# -- sources -------------------------------------------------------------------------------------------------------


async def test_a_token_names_its_source(client: Client, embedded: Store) -> None:
    await _post(client, OBSERVATION, Authorization="Bearer lab-token")
    await _post(client, OBSERVATION)
    assert await _kept(embedded) == [("lab", "stored"), ("default", "stored")]


async def test_a_source_with_a_token_must_send_it(client: Client, embedded: Store) -> None:
    client_settings = client.app
    assert client_settings is not None
    client_settings[keys.SETTINGS].sources["default"].token = SecretStr("other")
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic other"}):
        status, body = await _post(client, OBSERVATION, **headers)
        assert (status, body["issue"][0]["code"]) == (401, "login")
    assert await _kept(embedded) == []


# -- messages ------------------------------------------------------------------------------------------------------


def _message(focus: JsonObject, header: str = "h1", **more: Any) -> JsonObject:
    head = {
        "resourceType": "MessageHeader", "id": header, "eventUri": "urn:event", "source": {"endpoint": "urn:ehr"}, **more,
    }  # fmt: skip
    return _bundle("message", head, focus)


async def test_a_message_is_answered_by_a_message(client: Client) -> None:
    status, body = await _post(client, _message(OBSERVATION), "/fhir/$process-message")
    header = body["entry"][0]["resource"]
    assert (status, body["type"], header["resourceType"]) == (200, "message", "MessageHeader")
    assert header["response"] == {"identifier": "h1", "code": "ok"}


async def test_a_bad_message_is_a_fatal_error_with_details(client: Client) -> None:
    _, body = await _post(client, _message({**OBSERVATION, "status": "bogus"}), "/fhir/$process-message")
    header = body["entry"][0]["resource"]
    assert header["response"]["code"] == "fatal-error"
    assert header["contained"][0]["resourceType"] == "OperationOutcome"


async def test_a_message_is_processed_once_by_its_id(client: Client, embedded: Store) -> None:
    first = await _post(client, _message(OBSERVATION), "/fhir/$process-message")
    again = await _post(client, _message(OBSERVATION, reason={"text": "sent again"}), "/fhir/$process-message")
    other = await _post(client, _message(OBSERVATION, "h2"), "/fhir/$process-message")
    assert first == again
    assert other[1]["entry"][0]["resource"]["response"]["identifier"] == "h2"
    assert len(await _kept(embedded)) == 2


@pytest.mark.parametrize("body", [_bundle("batch", OBSERVATION), _bundle("message", OBSERVATION), OBSERVATION])
async def test_what_is_no_message_is_refused(client: Client, body: JsonObject) -> None:
    assert (await _post(client, body, "/fhir/$process-message"))[0] == 400


# -- hooks ---------------------------------------------------------------------------------------------------------


def _notification(kind: str, *resources: JsonObject) -> JsonObject:
    parameters = [
        {"name": "subscription", "valueReference": {"reference": "Subscription/1"}},
        {"name": "type", "valueCode": kind},
    ]
    return _bundle("history", {"resourceType": "Parameters", "parameter": parameters}, *resources)


async def test_an_empty_notification_is_a_hint(client: Client, embedded: Store, hints: list[str]) -> None:
    async with client.post("/hooks/default") as response:
        assert response.status == 200
    assert hints == ["default"]
    assert await _kept(embedded) == [("default", "ignored")]


async def test_a_handshake_is_answered_and_kept(client: Client, embedded: Store, hints: list[str]) -> None:
    async with client.post("/hooks/default", data=orjson.dumps(_notification("handshake")), headers=JSON) as response:
        assert response.status == 200
    assert hints == []
    assert await _kept(embedded) == [("default", "ignored")]


async def test_a_notification_with_its_resources_is_taken(client: Client, embedded: Store, hints: list[str]) -> None:
    body = orjson.dumps(_notification("event-notification", OBSERVATION))
    async with client.post("/hooks/default", data=body, headers=JSON) as response:
        assert response.status == 200
    assert hints == ["default"]
    async with embedded.read() as connection:
        assert list(await connection.scalars(sa.select(resource.c.type))) == ["Observation"]


async def test_a_rest_hook_with_payload_is_a_put(client: Client, embedded: Store) -> None:
    url = "/hooks/default/Observation/o"
    async with client.put(url, data=orjson.dumps(OBSERVATION), headers=JSON) as response:
        assert response.status == 201
    assert await _kept(embedded) == [("default", "stored")]


async def test_hooks_of_unknown_sources_and_without_the_token(client: Client) -> None:
    for path, status in (("/hooks/nobody", 404), ("/hooks/lab", 401)):
        async with client.post(path) as response:
            body = await response.json(content_type="application/fhir+json")
            assert (response.status, body["resourceType"]) == (status, "OperationOutcome")
    async with client.post("/hooks/lab", headers={"Authorization": "Bearer lab-token"}) as response:
        assert response.status == 200
