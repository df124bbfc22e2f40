"""The sandbox POP: an HTTP server that behaves as the real one was observed to, for the demo and the tests.

What only a sandbox has (faults, a dump of what is stored) is in :mod:`adapters.sandbox.pop.control`.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from adapters.sandbox.pop import api
from adapters.sandbox.pop.accounts import DEFAULT_USERS, Accounts, User
from adapters.sandbox.pop.control import PREFIX, ControlHandlers
from adapters.sandbox.pop.faults import Fault, Faults
from adapters.sandbox.pop.http import answer, refused_login
from adapters.sandbox.pop.pace import Pace
from adapters.sandbox.pop.pages.case import Cases
from adapters.sandbox.pop.pages.editing import EditHandlers
from adapters.sandbox.pop.pages.handlers import PageHandlers, Pages
from adapters.sandbox.pop.pages.signin import SignIn
from adapters.sandbox.pop.reading import Reader
from adapters.sandbox.pop.records import Records
from adapters.sandbox.pop.refusals import HTML_404, HTML_500, Refused, ServerError
from adapters.sandbox.pop.releases import Dialect, Release
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms

#: What a proxy in front of POP says while POP is away.
MAINTENANCE = (
    "<!doctype html>\n<title>Maintenance</title>\n<h1>This service is being maintained. Please come back later.</h1>\n"
)
#: Paths whose requests cost the real server little, or are too rare to matter.
UNPACED = ("/api/v1/auth/", "/api/v1/healthcheck", "/api/v1/openapi.json")
LARGEST_BODY = 50 * 2**20


class SandboxPop:
    """A POP in one process. ``data`` keeps it in a file; ``terminologies`` loads full value lists from a folder; ``pace`` is
    how long requests take (None: as long as they do); ``console`` is the address of the gateway's, for links on the pages."""

    def __init__(
        self,
        data: Path | None = None,
        *,
        terminologies: Path | None = None,
        pace: Pace | None = None,
        users: tuple[User, ...] = DEFAULT_USERS,
        limit_logins: bool = True,
        faults: Faults | None = None,
        console: str | None = None,
        release: Release | None = None,
    ) -> None:
        self.console = console
        self.entities = Entities(data)
        self.faults = faults or Faults()
        self.terms = Terms(terminologies, hides=self.faults.hides)
        self.accounts = Accounts(users, limited=limit_logins, left_to=self.faults.left_to)
        self.pace = pace
        self.dialect = Dialect(release)
        self.counts: Counter[str] = Counter()

    def app(self) -> web.Application:
        """The aiohttp application."""
        application = web.Application(middlewares=[self._middleware], client_max_size=LARGEST_BODY)
        # The pages are made for the packaged release, whichever one the API plays.
        records, reader = Records(self.entities, self.terms), Reader(self.entities, self.terms)
        pages, cases = (
            Pages(SignIn(self.accounts), console=lambda: self.console),
            Cases(self.entities, reader, self.accounts),
        )
        application.add_routes(
            [
                *api.routes(self.entities, self.terms, self.accounts, self.dialect),
                *PageHandlers(pages, cases).routes(),
                *EditHandlers(pages, cases, records, self.terms).routes(),
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
        if request.headers.get("X-Forwarded-Proto") == "http":
            location = {"Location": str(request.url.with_scheme("https"))}
            return web.Response(status=301, content_type="text/html", charset="utf-8", headers=location)
        if request.path.startswith("/api/"):
            self.counts[request.method] += 1
            fault = self.faults.take(request.method, request.path)
        else:
            fault = self.faults.maintenance()
        if fault is not None and (early := await self._before(fault, request)) is not None:
            return early
        if self.pace is not None and request.path.startswith("/api/v1/") and not request.path.startswith(UNPACED):
            await self.pace.wait()
        try:
            response = await handler(request)
        except Refused as refused:
            response = answer(refused.body, refused.status)
        except ServerError:
            response = _html(500)
        except web.HTTPMethodNotAllowed as refused:
            allowed = {"Allow": ", ".join(sorted(refused.allowed_methods))}
            response = web.Response(text="Method not allowed", status=405, content_type="text/html", headers=allowed)
        except web.HTTPNotFound:
            response = web.Response(text=HTML_404, status=404, content_type="text/html")
        finally:
            self.entities.commit()
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
                response.headers["Retry-After"] = f"{fault.retry_after:g}"
            return response
        if fault.action == "maintenance":
            response = web.Response(text=MAINTENANCE, status=503, content_type="text/html")
            response.headers["Retry-After"] = str(math.ceil(fault.left))
            return response
        if fault.action == "login-limit":
            self.accounts.logins += 1
            return refused_login()
        if fault.action == "delay":
            await asyncio.sleep(self.faults.seconds(fault))
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
