"""The sandbox POP: an HTTP server that behaves as the real one was observed to, for the demo and the tests.

What only a sandbox has (faults, a dump of what is stored) is in :mod:`adapters.sandbox.pop.control`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from adapters.sandbox.pop.accounts import DEFAULT_USERS, Accounts, User
from adapters.sandbox.pop.administration import AdministrationHandlers
from adapters.sandbox.pop.control import PREFIX, ControlHandlers
from adapters.sandbox.pop.entities import EntityHandlers
from adapters.sandbox.pop.faults import Fault, Faults, Pace
from adapters.sandbox.pop.http import Access, answer, not_found
from adapters.sandbox.pop.reading import Reader
from adapters.sandbox.pop.records import Records
from adapters.sandbox.pop.refusals import HTML_500, Refused, ServerError
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms

LARGEST_BODY = 50 * 2**20


class SandboxPop:
    """A POP in one process. ``data`` keeps it in a file; ``terminologies`` loads full value lists from a folder; ``latency``
    is the seconds that a write takes alone, ``ceiling`` the writes per second at any concurrency (the real one: 0.033, 50)."""

    def __init__(
        self,
        data: Path | None = None,
        *,
        terminologies: Path | None = None,
        latency: float | None = None,
        ceiling: float | None = None,
        users: tuple[User, ...] = DEFAULT_USERS,
        limit_logins: bool = True,
        faults: Faults | None = None,
    ) -> None:
        self.entities = Entities(data)
        self.terms = Terms(terminologies)
        self.accounts = Accounts(users, limited=limit_logins)
        self.faults = faults or Faults()
        self.pace = Pace(latency, ceiling)
        self.counts: Counter[str] = Counter()

    def app(self) -> web.Application:
        """The aiohttp application."""
        application = web.Application(middlewares=[self._middleware], client_max_size=LARGEST_BODY)
        access = Access(self.accounts)
        application.add_routes(
            [
                *AdministrationHandlers(accounts=self.accounts, terms=self.terms, access=access).routes(),
                *EntityHandlers(
                    entities=self.entities,
                    records=Records(self.entities, self.terms),
                    reader=Reader(self.entities, self.terms),
                    access=access,
                ).routes(),
                *ControlHandlers(
                    entities=self.entities, accounts=self.accounts, faults=self.faults, counts=self.counts
                ).routes(),
            ]
        )
        application.on_cleanup.append(self._cleanup)
        return application

    async def _cleanup(self, _: web.Application) -> None:
        self.entities.close()

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith(PREFIX):
            return await handler(request)
        self.counts[request.method] += 1
        fault = self.faults.take(request.method, request.path)
        if fault is not None and (early := await self._before(fault, request)) is not None:
            return early
        if request.method in ("POST", "PUT", "DELETE") and "/auth/" not in request.path:
            await self.pace.wait()
        try:
            response = await handler(request)
        except Refused as refused:
            response = answer(refused.body, refused.status)
        except ServerError:
            response = _html(500)
        except web.HTTPMethodNotAllowed:
            response = web.Response(text="Method not allowed", status=405)
        except web.HTTPNotFound:
            response = not_found()
        if fault is not None and fault.action == "cut-after":
            return _cut(request)
        return _html(fault.status) if fault is not None and fault.action == "status-after" else response

    async def _before(self, fault: Fault, request: web.Request) -> web.StreamResponse | None:
        """Play what comes before the request is carried out; an answer ends it."""
        if fault.action == "cut-before":
            return _cut(request)
        if fault.action == "status":
            response = _html(fault.status)
            if fault.retry_after is not None:
                response.headers["Retry-After"] = str(fault.retry_after)
            return response
        if fault.action == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault.action == "expire":
            self.accounts.sessions.clear()
        return None


def _html(status: int) -> web.Response:
    return web.Response(text=HTML_500, status=status, content_type="text/html")


def _cut(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


@asynccontextmanager
async def running(pop: SandboxPop, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve it; gives the base address."""
    runner = web.AppRunner(pop.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    try:
        bound = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr] # aiohttp tells it nowhere else
        yield f"http://{host}:{bound}"
    finally:
        await runner.cleanup()
