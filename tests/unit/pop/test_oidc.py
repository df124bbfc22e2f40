"""Signing in through the identity provider that POP is configured for (transcripts/auth.json: provider-session-…)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
import pytest

from adapters.pop.client import PopClient
from adapters.pop.credentials import Oidc
from adapters.pop.errors import PopContract, PopError, PopTransient, PopUnauthorised

TOKEN_ENDPOINT = "https://id.invalid/realms/hospital/protocol/openid-connect/token"


class World:
    """An identity provider and a POP."""

    def __init__(self) -> None:
        self.forms: list[dict[str, list[str]]] = []
        self.logins: list[Any] = []
        self.answer = httpx.Response(200, json={"access_token": "a", "id_token": "i", "expires_in": 60})
        self.valid = "s-1"

    def provider(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == TOKEN_ENDPOINT
        assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"pop:client-secret").decode()
        self.forms.append(parse_qs(request.content.decode()))
        return self.answer

    def pop(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/auth/provider/session":
            self.logins.append(orjson.loads(request.content))
            self.valid = f"s-{len(self.logins)}"
            return httpx.Response(200, json={"sessionToken": self.valid, "accessToken": None, "isAuthenticated": True})
        if request.headers.get("X-SESSION-TOKEN") != self.valid:
            return httpx.Response(401, json={"detail": "Unauthorized"})
        return httpx.Response(200, json={"count": 0, "items": []})

    def client(self, user: Callable[[], tuple[str, str]] | None = None) -> PopClient:
        credentials = Oidc(
            provider="keycloak", token_endpoint=TOKEN_ENDPOINT, client_id="pop", client_secret=lambda: "client-secret",
            user=user, transport=httpx.MockTransport(self.provider),
        )  # fmt: skip
        return PopClient(
            url="http://pop.invalid", username="gateway", password=lambda: "unused", credentials=credentials,
            transport=httpx.MockTransport(self.pop),
        )  # fmt: skip


@pytest.fixture
def world() -> World:
    return World()


async def test_an_id_token_is_exchanged_for_a_session_once(world: World) -> None:
    client = world.client()
    for _ in range(3):
        assert await client.list("PatientCase") == []
    assert world.forms == [{"grant_type": ["client_credentials"], "scope": ["openid"]}]
    assert world.logins == [
        {"provider": "keycloak", "process": "login", "token": {"client_id": "pop", "id_token": "i"}}
    ]


async def test_a_session_that_ended_is_renewed_with_a_new_token(world: World) -> None:
    client = world.client()
    await client.list("PatientCase")
    world.valid = "ended"
    await client.list("PatientCase")
    assert len(world.forms) == len(world.logins) == 2


async def test_a_service_user_signs_in_with_the_password_grant(world: World) -> None:
    await world.client(user=lambda: ("gateway", "word")).list("PatientCase")
    assert world.forms[0]["grant_type"] == ["password"]
    assert (world.forms[0]["username"], world.forms[0]["password"]) == (["gateway"], ["word"])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401, json={"error": "invalid_client"}), PopUnauthorised),
        (httpx.Response(400, json={"error": "unauthorized_client"}), PopUnauthorised),
        (httpx.Response(503, headers={"Retry-After": "7"}), PopTransient),
        (httpx.Response(200, json={"access_token": "a"}), PopContract),
        (httpx.Response(200, text="<html>"), PopContract),
        (httpx.Response(302, headers={"Location": "https://elsewhere.invalid/"}), PopContract),
    ],
    ids=["wrong-secret", "grant-not-allowed", "away", "no-id-token", "no-json", "redirect"],
)
async def test_what_the_provider_says_is_an_error_of_ours(
    world: World, answer: httpx.Response, error: type[PopError]
) -> None:
    world.answer = answer
    client = world.client()
    with pytest.raises(error) as raised:
        await client.list("PatientCase")
    assert "client-secret" not in str(raised.value)
    assert world.logins == []


async def test_a_refusal_backs_off_and_asks_nobody_again(world: World) -> None:
    world.answer = httpx.Response(401, json={"error": "invalid_client"})
    client = world.client()
    for _ in range(5):
        with pytest.raises(PopUnauthorised):
            await client.list("PatientCase")
    assert len(world.forms) == 1
