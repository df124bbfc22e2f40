"""What protects every page and answer: security headers, same-origin writes, whole numbers in queries, a quiet access log."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from gateway import metrics

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Nothing inline, nothing from elsewhere.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it a browser sends «Origin: null» with our own forms, and same_origin refuses them.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Asked every few seconds by machines: not worth a line each.
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

log = structlog.get_logger("gateway.http")


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse writes that another site's page makes a browser send. Machines send no ``Origin``; they pass."""
    if request.method not in _SAFE:
        origin = request.headers.get("Origin")
        if request.headers.get("Sec-Fetch-Site") == "cross-site" or (
            origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
        ):
            raise web.HTTPForbidden(text="a page of another site may not write here")
    return await handler(request)


@web.middleware
async def observed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and log every request by its route: neither ids nor query strings are told."""
    started = time.perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "unknown"
        seconds = time.perf_counter() - started
        metrics.HTTP_REQUESTS.labels(route, request.method, str(status)).inc()
        metrics.HTTP_SECONDS.labels(route).observe(seconds)
        if route not in _QUIET and request.headers.get("X-Live") != "1":
            log.info("request", method=request.method, route=route, status=status, ms=round(seconds * 1000, 1))


async def secure(_: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers (a signal, so that error answers have them too)."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


def integer(request: web.Request, name: str) -> int:
    """A non-negative whole number of the query, 0 where it is absent. Raises HTTPBadRequest for anything else."""
    value = request.query.get(name, "0")
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise web.HTTPBadRequest(text=f"{name} must be a whole number")
    return int(value)
