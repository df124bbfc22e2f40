"""The sandbox EHR: a small FHIR R4 server that serves fixtures, can be changed, and posts its changes to a webhook."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
from aiohttp import web

from adapters.sandbox.ehr.capability import statement
from adapters.sandbox.ehr.search import matching, page_size
from adapters.sandbox.ehr.store import Versions, bundle_resources
from adapters.sandbox.serving import serving

JsonObject = dict[str, Any]

#: Searches that can be paged through; an older one has expired.
SNAPSHOTS = 100


@dataclass
class EhrFaults:
    """What goes wrong: each number says how many of the next requests it concerns."""

    failing_pages: int = 0
    """Answer a page after the first with 500."""
    expired_pages: int = 0
    """Answer a page after the first with 410: the snapshot of the search is gone."""
    shifted_pages: int = 0
    """Before a page after the first, the search loses its first match, as where a resource changes while a server without
    snapshots is read: it leaves the window, and every later one moves up a place."""
    unavailable: int = 0
    """Answer anything with 503 and Retry-After 0."""
    total_offset: int = 0
    """Tell a Bundle.total that is off by so much."""


@dataclass
class Hook:
    """Where changes are posted to: the gateway's FHIR endpoint or hook."""

    url: str
    token: str | None = None


def _fhir(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/fhir+json", headers=headers)


def _problem(text: str, status: int, code: str = "processing") -> web.Response:
    return _fhir(
        {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code, "diagnostics": text}]},
        status,
    )


@dataclass
class SandboxEhr:
    """An EHR. ``fixtures``: a folder of Bundles, or resources; nothing of it is ever changed on disk."""

    fixtures: Path | None = None
    hooks: list[Hook] = field(default_factory=list)
    page_size: int = 50
    token: str | None = None
    now: Callable[[], dt.datetime] | None = None

    def __post_init__(self) -> None:
        self.data = Versions(self.now)
        self.faults = EhrFaults()
        self.requests = 0
        self._snapshots: dict[str, list[JsonObject]] = {}
        self._numbers = itertools.count(1)
        self._client: httpx.AsyncClient | None = None
        if self.fixtures is not None:
            self.load(sorted(self.fixtures.glob("*.json")))

    def load(self, paths: Iterable[Path]) -> None:
        """Take in the resources of files. What is not even a resource with an id cannot be served and is left out."""
        for path in paths:
            for resource in bundle_resources(path):
                if isinstance(resource.get("resourceType"), str) and isinstance(resource.get("id"), str):
                    self.data.put(resource)

    def app(self) -> web.Application:
        """The aiohttp application."""
        application = web.Application(middlewares=[self._middleware])
        add = application.router.add_route
        add("GET", "/fhir/metadata", self._metadata)
        add("GET", "/fhir", self._page)
        add("GET", "/fhir/{type}", self._search)
        add("GET", "/fhir/{type}/{id}", self._read)
        add("GET", "/fhir/{type}/{id}/_history", self._history)
        add("GET", "/fhir/{type}/{id}/_history/{version}", self._vread)
        add("POST", "/fhir/{type}", self._post)
        add("PUT", "/fhir/{type}/{id}", self._put)
        add("DELETE", "/fhir/{type}/{id}", self._delete)
        application.cleanup_ctx.append(self._hooks_client)
        return application

    async def _hooks_client(self, _: web.Application) -> AsyncIterator[None]:
        self._client = httpx.AsyncClient(timeout=30.0)
        yield
        await self._client.aclose()
        self._client = None

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.requests += 1
        if self.token is not None and request.headers.get("Authorization") != f"Bearer {self.token}":
            return _problem("a bearer token is needed", 401, "login")
        if self.faults.unavailable > 0:
            self.faults.unavailable -= 1
            return web.Response(status=503, headers={"Retry-After": "0"})
        return await handler(request)

    # -- changing ------------------------------------------------------------------------------------------------

    async def change(self, resource: JsonObject, *, post: bool = True) -> JsonObject:
        """Store a new version and, with ``post``, tell it to the hooks. Raises httpx.HTTPError if a hook does not take it:
        the data stay changed, and polling will bring them."""
        stored = self.data.put(resource)
        if post:
            await self._tell("PUT", stored)
        return stored

    async def remove(self, resource_type: str, resource_id: str, *, post: bool = True) -> None:
        """Delete a resource and tell it."""
        if self.data.delete(resource_type, resource_id) and post:
            await self._tell("DELETE", {"resourceType": resource_type, "id": resource_id})

    async def _tell(self, method: str, resource: JsonObject) -> None:
        if self._client is None:
            return
        for hook in self.hooks:
            headers = {"Content-Type": "application/fhir+json"}
            if hook.token is not None:
                headers["Authorization"] = f"Bearer {hook.token}"
            answer = await self._client.request(
                method,
                f"{hook.url}/{resource['resourceType']}/{resource['id']}",
                content=orjson.dumps(resource) if method == "PUT" else None,
                headers=headers,
            )
            # 422 is an answer to the resource, which is kept as invalid; anything else means that it was not taken.
            if answer.status_code != 422:
                answer.raise_for_status()

    # -- reading -------------------------------------------------------------------------------------------------

    async def _metadata(self, _: web.Request) -> web.Response:
        return _fhir(statement({resource["resourceType"] for resource in self.data.all()}))

    async def _read(self, request: web.Request) -> web.Response:
        resource_type, resource_id = request.match_info["type"], request.match_info["id"]
        found = self.data.get(resource_type, resource_id)
        if found is None:
            gone = self.data.known(resource_type, resource_id)
            return _problem(
                "deleted" if gone else "not found", 410 if gone else 404, "deleted" if gone else "not-found"
            )
        return _fhir(found, headers={"ETag": f'W/"{found["meta"]["versionId"]}"'})

    async def _vread(self, request: web.Request) -> web.Response:
        info = request.match_info
        found = self.data.version(info["type"], info["id"], info["version"])
        return _problem("not found", 404, "not-found") if found is None else _fhir(found)

    async def _history(self, request: web.Request) -> web.Response:
        info = request.match_info
        versions = self.data.versions(info["type"], info["id"])
        if not versions:
            return _problem("not found", 404, "not-found")
        address = f"{info['type']}/{info['id']}"
        # Newest first; a deletion is an entry without a resource (R4 §3.1.0.12).
        entries = [
            {"request": {"method": "DELETE", "url": address}}
            if each is None
            else {"resource": each, "request": {"method": "PUT", "url": address}}
            for each in reversed(versions)
        ]
        return _fhir({"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries})

    async def _search(self, request: web.Request) -> web.Response:
        try:
            found = matching(self.data.of_type(request.match_info["type"]), request.query.items())
            count = page_size(request.query.get("_count"), self.page_size)
        except ValueError as error:
            return _problem(str(error), 400, "invalid")
        number = str(next(self._numbers))
        self._snapshots[number] = found
        if len(self._snapshots) > SNAPSHOTS:
            del self._snapshots[next(iter(self._snapshots))]
        return self._bundle(request, number, 0, count)

    async def _page(self, request: web.Request) -> web.Response:
        number, offset = request.query.get("_snapshot", ""), int(request.query.get("_offset", "0"))
        if self.faults.failing_pages > 0:
            self.faults.failing_pages -= 1
            return _problem("the page could not be made", 500)
        if self.faults.expired_pages > 0 or number not in self._snapshots:
            self.faults.expired_pages = max(0, self.faults.expired_pages - 1)
            return _problem("the search results have expired", 410, "deleted")
        if self.faults.shifted_pages > 0 and self._snapshots[number]:
            self.faults.shifted_pages -= 1
            del self._snapshots[number][0]
        return self._bundle(request, number, offset, int(request.query.get("_count", self.page_size)))

    def _bundle(self, request: web.Request, number: str, offset: int, count: int) -> web.Response:
        resources = self._snapshots[number]
        base = f"{request.scheme}://{request.host}/fhir"
        links = [{"relation": "self", "url": str(request.url)}]
        if 0 < count < len(resources) - offset:
            query = urlencode({"_snapshot": number, "_offset": offset + count, "_count": count})
            links.append({"relation": "next", "url": f"{base}?{query}"})
        return _fhir(
            {
                "resourceType": "Bundle",
                "type": "searchset",
                "total": len(resources) + self.faults.total_offset,
                "link": links,
                "entry": [
                    {"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": "match"}}
                    for r in resources[offset : offset + count]
                ],
            }
        )

    async def _post(self, request: web.Request) -> web.Response:
        return await self._write(request, f"new-{next(self._numbers)}")

    async def _put(self, request: web.Request) -> web.Response:
        return await self._write(request, request.match_info["id"])

    async def _write(self, request: web.Request, resource_id: str) -> web.Response:
        try:
            resource = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            return _problem("not JSON", 400, "structure")
        if not isinstance(resource, dict) or resource.get("resourceType") != request.match_info["type"]:
            return _problem("not a resource of the type that the address names", 400, "invalid")
        new = self.data.get(resource["resourceType"], resource_id) is None
        stored = await self.change({**resource, "id": resource_id})
        return _fhir(stored, 201 if new else 200)

    async def _delete(self, request: web.Request) -> web.Response:
        await self.remove(request.match_info["type"], request.match_info["id"])
        return web.Response(status=204)


@asynccontextmanager
async def running(ehr: SandboxEhr, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve it; gives the FHIR base address."""
    async with serving(ehr.app(), host=host, port=port) as base:
        yield f"{base}/fhir"
