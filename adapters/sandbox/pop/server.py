"""The sandbox POP: an HTTP server that behaves as the real one was observed to, for the demo and the tests.

Private to the sandbox are ``GET /__sandbox/dump`` (everything stored), ``GET /__sandbox/counts`` (requests by method) and
``POST /__sandbox/reset``, ``POST /__sandbox/faults`` (see :mod:`adapters.sandbox.pop.faults`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from adapters.pop.kinds import KINDS, packaged_contract
from adapters.sandbox.pop.accounts import DEFAULT_USERS, Accounts, User
from adapters.sandbox.pop.faults import Fault, Faults, Pace
from adapters.sandbox.pop.records import Records, Refused, ServerError, kinds_of
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms
from adapters.sandbox.serving import serving

JsonObject = dict[str, Any]

HTML_500 = (
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Server Error (500)</title>\n</head>\n<body>\n'
    "  <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n"
)
UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_SCHEMA = "#/components/schemas/{}Create"
TERMINOLOGIES = frozenset(name for kind in KINDS.values() for name in kind.terminology.values())
#: Filters that POP knows; all others are ignored silently.
FILTERS = ("caseId", "externalSource", "pseudoidentifier")


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json", charset="utf-8")


def _query_error(name: str, kind: str, message: str, context: JsonObject | None = None) -> Refused:
    detail: JsonObject = {"type": kind, "loc": ["query", name], "msg": message}
    return Refused(422, {"detail": [detail if context is None else {**detail, "ctx": context}]})


def _not_found() -> web.Response:
    return _json({"detail": "Not Found"}, 404)


class SandboxPop:
    """A POP in one process. ``data`` keeps it in a file; ``terminologies`` loads full value lists from a folder."""

    def __init__(
        self,
        data: Path | None = None,
        *,
        terminologies: Path | None = None,
        latency: float | None = None,
        ceiling: float | None = None,
        users: tuple[User, ...] = DEFAULT_USERS,
        limit_logins: bool = True,
    ) -> None:
        self.entities = Entities(data)
        self.terms = Terms(terminologies)
        self.records = Records(self.entities, self.terms)
        self.accounts = Accounts(users, limited=limit_logins)
        self.faults = Faults()
        self.pace = Pace(latency, ceiling)
        self.counts: Counter[str] = Counter()

    def app(self) -> web.Application:
        """The aiohttp application."""
        application = web.Application(middlewares=[self._middleware], client_max_size=50 * 2**20)
        add = application.router.add_route
        add("POST", "/api/v1/auth/session", self._login)
        add("DELETE", "/api/allauth/app/v1/auth/session", self._logout)
        add("GET", "/api/v1/healthcheck", self._health)
        add("GET", "/api/v1/openapi.json", self._openapi)
        add("GET", "/api/v1/users", self._users)
        add("GET", "/api/v1/terminologies/{name}/concepts", self._concepts)
        add("GET", "/__sandbox/dump", self._dump)
        add("GET", "/__sandbox/counts", self._counts)
        add("POST", "/__sandbox/faults", self._set_faults)
        add("POST", "/__sandbox/reset", self._reset)
        for collection in sorted({kind.collection for kind in KINDS.values()}):
            path = "/api/v1/" + re.sub(r"{\w+}", "{parent}", collection)
            add("GET", path, self._bound(self._list, collection))
            add("POST", path, self._bound(self._create, collection))
            add("GET", path + "/{id}", self._bound(self._get, collection))
            add("PUT", path + "/{id}", self._bound(self._put, collection))
            add("DELETE", path + "/{id}", self._bound(self._delete, collection))
            add("GET", path + "/{id}/history/events", self._bound(self._history, collection))
        application.on_cleanup.append(self._cleanup)
        return application

    @staticmethod
    def _bound(
        handler: Callable[[web.Request, str], Awaitable[web.Response]], collection: str
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            return await handler(request, collection)

        return handle

    async def _cleanup(self, _: web.Application) -> None:
        self.entities.close()

    # -- around every request --------------------------------------------------------------------------------------

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith("/__sandbox/"):
            return await handler(request)
        self.counts[request.method] += 1
        fault = self.faults.take(request.method, request.path)
        if fault is not None and (early := await self._play(fault, request)) is not None:
            return early
        if request.method in ("POST", "PUT", "DELETE") and "/auth/" not in request.path:
            await self.pace.wait()
        try:
            response: web.StreamResponse = await handler(request)
        except Refused as refused:
            response = _json(refused.body, refused.status)
        except ServerError:
            response = web.Response(text=HTML_500, status=500, content_type="text/html")
        except web.HTTPMethodNotAllowed:
            response = web.Response(text="Method not allowed", status=405)
        except web.HTTPNotFound:
            response = _not_found()
        if fault is not None and fault.action == "cut-after":
            return self._cut(request)
        if fault is not None and fault.action == "status-after":
            return web.Response(text=HTML_500, status=fault.status, content_type="text/html")
        return response

    async def _play(self, fault: Fault, request: web.Request) -> web.StreamResponse | None:
        if fault.action == "cut-before":
            return self._cut(request)
        if fault.action == "status":
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return web.Response(text=HTML_500, status=fault.status, content_type="text/html", headers=headers)
        if fault.action == "delay":
            self.pace.latency, before = fault.seconds, self.pace.latency
            await self.pace.wait()
            self.pace.latency = before
        if fault.action == "expire":
            self.accounts.sessions.clear()
        return None

    @staticmethod
    def _cut(request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=499)

    def _user(self, request: web.Request) -> User:
        user = self.accounts.user(request.headers.get("X-SESSION-TOKEN"))
        if user is None:
            raise Refused(401, {"detail": "Unauthorized"})
        return user

    def _manager(self, request: web.Request) -> User:
        user = self._user(request)
        if not user.can_manage:
            raise Refused(403, {"detail": "You do not have permission to perform this action."})
        return user

    def _reader(self, request: web.Request) -> bool:
        """Whether the answer is anonymised. Raises Refused for what the user may not see."""
        user = self._user(request)
        if not user.can_view:
            raise Refused(403, {"detail": "You do not have permission to perform this action."})
        anonymised = request.query.get("anonymized", "true").lower() not in ("false", "0")
        # Observed: medications and the other children are read without this check.
        if not anonymised and not user.can_manage and "parent" not in request.match_info:
            raise Refused(403, {"detail": "Permission denied to access pseudonymized data"})
        return anonymised

    @staticmethod
    async def _body(request: web.Request) -> Any:
        try:
            return orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            raise Refused(400, {"detail": "Cannot parse request body"}) from None

    # -- entities ------------------------------------------------------------------------------------------------

    def _row(self, request: web.Request, collection: str) -> JsonObject | None:
        identity = request.match_info["id"]
        if UUID.fullmatch(identity) is None:
            raise ServerError("malformed id")
        row = self.entities.get(collection, identity)
        if row is not None and row["_parent"] not in (None, request.match_info.get("parent")):
            return None
        return row

    async def _create(self, request: web.Request, collection: str) -> web.Response:
        user = self._manager(request)
        body = await self._body(request)
        parent = request.match_info.get("parent")
        if parent is not None and not any(
            self.entities.get(KINDS[str(kind.parent)].collection, parent) for kind in kinds_of(collection)
        ):
            return _not_found()
        row = self.records.create(collection, body, user=user.username, parent=parent)
        shown = self.records.read(collection, row, anonymised=False) if collection != "patient-cases" else None
        text = shown["description"] if shown is not None else f"Onconova Patient Case {row['pseudoidentifier']}"
        return _json({"id": row["id"], "description": text}, 201)

    async def _get(self, request: web.Request, collection: str) -> web.Response:
        anonymised = self._reader(request)
        if collection == "patient-cases" and "type" in request.query:
            row = self._case_by(request)
        else:
            row = self._row(request, collection)
        return _not_found() if row is None else _json(self.records.read(collection, row, anonymised=anonymised))

    def _case_by(self, request: web.Request) -> JsonObject | None:
        how, value = request.query["type"], request.match_info["id"]
        if how == "clinicalIdentifier":
            if "clinicalCenter" not in request.query:
                raise ServerError("clinicalCenter missing")
            return self.entities.case_by_identity(request.query["clinicalCenter"], value)
        if how == "pseudoidentifier":
            return next((row for row in self.entities.all("patient-cases") if row["pseudoidentifier"] == value), None)
        if how == "id":
            return self._row(request, "patient-cases")
        expected = "'id', 'pseudoidentifier' or 'clinicalIdentifier'"
        raise Refused(
            422,
            {
                "detail": [
                    {
                        "type": "enum",
                        "loc": ["query", "type"],
                        "msg": f"Input should be {expected}",
                        "ctx": {"expected": expected},
                    }
                ]
            },
        )

    async def _put(self, request: web.Request, collection: str) -> web.Response:
        user = self._manager(request)
        body = await self._body(request)
        row = self._row(request, collection)
        if row is None:
            return _not_found()
        renewed = self.records.update(collection, row, body, user=user.username)
        return _json(
            {"id": row["id"], "description": self.records.read(collection, renewed, anonymised=False)["description"]}
        )

    async def _delete(self, request: web.Request, collection: str) -> web.Response:
        self._manager(request)
        row = self._row(request, collection)
        if row is None:
            return _not_found()
        self.records.delete(collection, row)
        return web.Response(status=204)

    async def _list(self, request: web.Request, collection: str) -> web.Response:
        anonymised = self._reader(request)
        parent = request.match_info.get("parent")
        if parent is not None:
            rows = self.entities.owned(collection, parent)
            return _json([self.records.read(collection, row, anonymised=anonymised) for row in rows])
        limit, offset = self._number(request, "limit", 10), self._number(request, "offset", 0)
        if limit > 50:
            raise _query_error("limit", "less_than_equal", "Input should be less than or equal to 50", {"le": 50})
        case_id = request.query.get("caseId")
        if case_id is not None and UUID.fullmatch(case_id) is None:
            raise ServerError("malformed caseId")
        rows = self.entities.all(collection) if case_id is None else self.entities.owned(collection, case_id)
        for name in FILTERS[1:]:
            if (value := request.query.get(name)) is not None:
                rows = [row for row in rows if row.get(name) == value]
        items = [self.records.read(collection, row, anonymised=anonymised) for row in rows[offset : offset + limit]]
        return _json({"count": len(rows), "items": items})

    @staticmethod
    def _number(request: web.Request, name: str, default: int) -> int:
        try:
            return int(request.query.get(name, default))
        except ValueError:
            raise _query_error(name, "int_parsing", "Input should be a valid integer") from None

    async def _history(self, request: web.Request, collection: str) -> web.Response:
        self._reader(request)
        row = self._row(request, collection)
        if row is None:
            return _not_found()
        return _json({"count": len(row["_events"]), "items": row["_events"]})

    # -- everything else -------------------------------------------------------------------------------------------

    async def _login(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        body = body if isinstance(body, dict) else {}
        missing = [name for name in ("username", "password") if name not in body]
        if missing:
            detail = [
                {"type": "missing", "loc": ["body", "credentials", name], "msg": "Field required"} for name in missing
            ]
            return _json({"detail": detail}, 422)
        token = self.accounts.login(str(body["username"]), str(body["password"]), request.remote or "")
        if token is None:
            return web.Response(status=400, content_type="text/html")
        return _json({"sessionToken": token, "accessToken": None, "isAuthenticated": True})

    async def _logout(self, request: web.Request) -> web.Response:
        self.accounts.sessions.pop(request.headers.get("X-SESSION-TOKEN", ""), None)
        # Observed: a successful logout answers 401.
        return _json({"status": 401, "data": {"flows": [{"id": "login"}]}, "meta": {"is_authenticated": False}}, 401)

    async def _health(self, _: web.Request) -> web.Response:
        return _json({"server": "ok", "database": "ok", "database_connection_time_ms": 0.1, "migrations": "ok"})

    async def _openapi(self, _: web.Request) -> web.Response:
        contract = packaged_contract()
        schemas = {
            f"{name}Create": {
                "type": "object",
                "required": list(kind.required),
                "properties": {field: _property(name, field) for field in sorted(kind.properties)},
            }
            for name, kind in KINDS.items()
        }
        paths = {
            f"/api/v1/{kind.collection}": {
                "post": {
                    "requestBody": {
                        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}Create"}}}
                    }
                }
            }
            for name, kind in KINDS.items()
        }
        return _json(
            {
                "openapi": "3.1.0",
                "info": {"title": "Onconova API (sandbox)", "version": contract["release"]},
                "paths": paths,
                "components": {"schemas": schemas},
            }
        )

    async def _users(self, request: web.Request) -> web.Response:
        self._user(request)
        wanted = request.query.get("username")
        found = [user.as_json() for user in self.accounts.users.values() if wanted in (None, user.username)]
        return _json({"count": len(found), "items": found})

    async def _concepts(self, request: web.Request) -> web.Response:
        self._user(request)
        name = request.match_info["name"]
        if name not in self.terms.lists and name not in TERMINOLOGIES:
            raise ServerError("unknown terminology")
        # A list that is not packaged is an empty one: the sandbox then refuses every concept of that field.
        concepts = self.terms.lists.get(name, {})
        limit, offset = min(self._number(request, "limit", 10), 50), self._number(request, "offset", 0)
        return _json({"count": len(concepts), "items": list(concepts.values())[offset : offset + limit]})

    async def _dump(self, _: web.Request) -> web.Response:
        rows = {
            name: [
                {field: value for field, value in row.items() if field != "_events"} for row in self.entities.all(name)
            ]
            for name in sorted(self.entities.collections())
        }
        return _json(rows)

    async def _counts(self, _: web.Request) -> web.Response:
        return _json({**self.counts, "logins": self.accounts.logins})

    async def _reset(self, _: web.Request) -> web.Response:
        """Forget all entities; sessions and value lists stay."""
        for collection in list(self.entities.collections()):
            for row in self.entities.all(collection):
                self.entities.delete(collection, row["id"])
        self.counts.clear()
        return _json({})

    async def _set_faults(self, request: web.Request) -> web.Response:
        self.faults.set(await self._body(request))
        return _json(self.faults.as_json())


def _property(kind: str, field: str) -> JsonObject:
    facts = KINDS[kind]
    shown: JsonObject = {}
    if field in facts.terminology:
        shown["x-terminology"] = facts.terminology[field]
    if field in facts.measures:
        shown["x-measure"], shown["x-default-unit"] = facts.measures[field]
    if field in facts.const:
        shown["const"] = facts.const[field]
    return shown


@asynccontextmanager
async def running(pop: SandboxPop, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve it; gives the base address."""
    async with serving(pop.app(), host=host, port=port) as base:
        yield base
