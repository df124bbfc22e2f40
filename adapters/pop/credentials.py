"""How the technical account proves who it is: with its password, or with the identity provider's word for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
import orjson

from adapters.pop.answers import unavailable
from adapters.pop.connection import Connection
from adapters.pop.errors import PopContract, PopTransient

JsonObject = dict[str, Any]

#: Statuses with which a token endpoint refuses the client (RFC 6749 §5.2).
_REFUSED = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True)
class Login:
    """The request that opens a session at POP."""

    path: str
    body: JsonObject


class Credentials(Protocol):
    """Makes a login; asked anew each time."""

    async def login(self) -> Login | None:
        """The request to send, None if the identity provider refuses. Raises PopTransient or PopContract if that cannot be
        told."""
        ...


@dataclass(frozen=True, slots=True)
class Password:
    """An account of POP's own."""

    username: str
    secret: Callable[[], str]

    async def login(self) -> Login:
        """``POST /api/v1/auth/session``."""
        return Login("/api/v1/auth/session", {"username": self.username, "password": self.secret()})


@dataclass(frozen=True, slots=True)
class Oidc:
    """An account at an OpenID Connect provider that POP is configured for.

    POP takes an ID token whose audience is the client that POP itself is registered as (observed: it verifies signature,
    issuer and audience with the provider's published keys; an access token alone is refused). A service gets one by the
    client-credentials grant with the scope ``openid`` where the provider gives ID tokens for it (Keycloak does), else by the
    password grant of a service user (RFC 6749 §4.3, §4.4). The token is used once, at once: its own life does not matter, the
    session that POP gives for it lives as long as any other.
    """

    provider: str
    """The provider's id in POP's configuration."""
    token_endpoint: str
    client_id: str
    client_secret: Callable[[], str]
    scope: str = "openid"
    user: Callable[[], tuple[str, str]] | None = None
    """Name and password for the password grant; None: client credentials."""
    connection: Connection = field(default_factory=Connection)
    timeout: float = 30.0
    transport: httpx.AsyncBaseTransport | None = None

    async def login(self) -> Login | None:
        """Ask the provider for an ID token; the request is ``POST /api/v1/auth/provider/session``."""
        token = await self._id_token()
        if token is None:
            return None
        credentials = {"client_id": self.client_id, "id_token": token}
        return Login(
            "/api/v1/auth/provider/session", {"provider": self.provider, "process": "login", "token": credentials}
        )

    async def _id_token(self) -> str | None:
        form = {"grant_type": "client_credentials", "scope": self.scope}
        if self.user is not None:
            username, password = self.user()
            form |= {"grant_type": "password", "username": username, "password": password}
        basic = httpx.BasicAuth(self.client_id, self.client_secret())
        timeout = httpx.Timeout(self.timeout)
        try:
            async with self.connection.http(timeout=timeout, transport=self.transport) as http:
                answer = await http.post(self.token_endpoint, data=form, auth=basic)
        except httpx.RequestError as error:
            # The library's text would quote the address: it is not chained.
            raise PopTransient(f"the identity provider does not answer ({type(error).__name__})") from None
        if answer.status_code in _REFUSED:
            return None
        if answer.status_code == 429 or answer.status_code >= 500:
            raise unavailable(answer, "the identity provider")
        try:
            token = orjson.loads(answer.content)["id_token"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            token = None
        if answer.status_code != 200 or not isinstance(token, str):
            raise PopContract(
                "the identity provider gives no ID token: [pop.oidc] scope must contain openid, and the provider must give ID "
                "tokens for this grant",
                status=answer.status_code,
            )
        return token
