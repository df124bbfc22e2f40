"""Sign-in, accounts, value lists, health and the contract of the sandbox POP, over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
from aiohttp import web

from adapters.pop.kinds import KINDS
from adapters.sandbox.pop.accounts import Accounts, User
from adapters.sandbox.pop.http import Access, answer, body_of, not_found, page_of, refused_login
from adapters.sandbox.pop.refusals import ServerError, shape
from adapters.sandbox.pop.releases import Dialect
from adapters.sandbox.pop.terms import Terms, searched

JsonObject = dict[str, Any]

#: Names that POP knows; any other is a 500.
TERMINOLOGIES = frozenset(name for kind in KINDS.values() for name in kind.terminology.values()) | {"GeneExon"}
SESSION = "/api/allauth/app/v1/auth/session"


class AdministrationHandlers:
    """Everything but the clinical collections."""

    def __init__(self, *, accounts: Accounts, terms: Terms, access: Access, dialect: Dialect) -> None:
        self._accounts = accounts
        self._terms = terms
        self._access = access
        self._dialect = dialect

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.post("/api/v1/auth/session", self._login),
            web.get(SESSION, self._session, allow_head=False),
            web.delete(SESSION, self._logout),
            web.get("/api/v1/healthcheck{slash:/?}", self._health, allow_head=False),
            web.get("/api/v1/openapi.json", self._openapi, allow_head=False),
            web.post("/api/v1/auth/provider/session", self._provider),
            web.get("/api/v1/users", self._users, allow_head=False),
            web.get("/api/v1/terminologies/{name}/concepts", self._concepts, allow_head=False),
        ]

    async def _login(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        body = body if isinstance(body, dict) else {}
        missing = [name for name in ("username", "password") if name not in body]
        if missing:
            raise shape(
                *(
                    {"type": "missing", "loc": ["body", "credentials", name], "msg": "Field required"}
                    for name in missing
                )
            )
        if self._accounts.user(request.headers.get("X-SESSION-TOKEN")) is not None:
            raise ServerError("signing in while signed in")
        token = self._accounts.login(str(body["username"]), str(body["password"]), request.remote or "")
        if token is None:
            return refused_login()
        return answer({"sessionToken": token, "accessToken": None, "isAuthenticated": True})

    async def _session(self, request: web.Request) -> web.Response:
        user = self._access.user(request)
        shown = {
            "display": user.username, "has_usable_password": True, "id": user.identity, "username": user.username,
            "email": user.email,
        }  # fmt: skip
        methods = [{"method": "password", "at": self._accounts.latest.get(user.username), "username": user.username}]
        return _allauth(200, {"user": shown, "methods": methods}, signed_in=True)

    async def _provider(self, request: web.Request) -> web.Response:
        await body_of(request)
        # The sandbox knows no identity provider: it answers as POP does for one that is not configured.
        return refused_login()

    async def _logout(self, request: web.Request) -> web.Response:
        self._accounts.sessions.pop(request.headers.get("X-SESSION-TOKEN", ""), None)
        # Observed: a successful logout answers 401.
        providers = {"id": "provider_token", "providers": ["google", "microsoft"]}
        return _allauth(401, {"flows": [{"id": "login"}, {"id": "signup"}, providers]}, signed_in=False)

    async def _health(self, request: web.Request) -> web.Response:
        if request.path != self._dialect.release.health:
            return not_found()
        return answer({"server": "ok", "database": "ok", "database_connection_time_ms": 0.1, "migrations": "ok"})

    async def _users(self, request: web.Request) -> web.Response:
        self._access.user(request)
        limit, offset = page_of(request)
        wanted = request.query.get("username")
        found = [self._user(user) for user in self._accounts.all() if wanted in (None, user.username)]
        return answer({"count": len(found), "items": found[offset : offset + limit]})

    def _user(self, user: User) -> JsonObject:
        latest = self._accounts.latest.get(user.username)
        at = None if latest is None else dt.datetime.fromtimestamp(latest).isoformat(timespec="milliseconds")
        return {"lastLogin": at, **user.as_json()}

    async def _concepts(self, request: web.Request) -> web.Response:
        self._access.user(request)
        limit, offset = page_of(request)
        name = request.match_info["name"]
        if name not in self._terms.lists and name not in TERMINOLOGIES:
            raise ServerError("unknown terminology")
        # A list that is not packaged is an empty one: the sandbox then refuses every concept of that field.
        concepts = self._terms.concepts(name)
        if wanted := request.query.get("query", "").strip():
            concepts = searched(concepts, wanted)
        if codes := request.query.getall("codes", []):
            concepts = [each for each in concepts if each["code"] in codes]
        return answer({"count": len(concepts), "items": concepts[offset : offset + limit]})

    async def _openapi(self, _: web.Request) -> web.Response:
        # Observed: the document names no character set.
        return web.Response(body=orjson.dumps(self._dialect.document()), content_type="application/json")


def _allauth(status: int, data: JsonObject, *, signed_in: bool) -> web.Response:
    """An answer of POP's sign-in library, which names no character set."""
    body = {"status": status, "data": data, "meta": {"is_authenticated": signed_in}}
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
