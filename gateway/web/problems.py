"""RFC 9457 problem details: the errors of ``/api/v1``. Below ``/fhir`` and ``/hooks`` they are OperationOutcomes."""

from __future__ import annotations

from typing import Any

import orjson
import structlog
from aiohttp import web

from gateway.errors import GatewayError, StoreUnavailable
from gateway.web import fhir
from gateway.web.guard import Handler

_FHIR = ("/fhir", "/hooks")
log = structlog.get_logger("gateway.http")

CONTENT_TYPE = "application/problem+json"


def problem(status: int, title: str, detail: str | None = None, **more: Any) -> web.Response:
    """A problem answer. ``detail`` tells what to do; neither ever quotes patient data."""
    body = {"type": "about:blank", "title": title, "status": status}
    if detail is not None:
        body["detail"] = detail
    headers = {"Retry-After": "5"} if status == 503 else None
    return web.Response(body=orjson.dumps(body | more), status=status, content_type=CONTENT_TYPE, headers=headers)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors in the form of their part of the server; a store that does not answer is 503 everywhere."""
    try:
        return await handler(request)
    except StoreUnavailable as error:
        return _answer(request, 503, "The store does not answer", str(error), code=error.code)
    except GatewayError as error:
        return _answer(request, 400, "The request cannot be done", str(error), code=error.code)
    except web.HTTPException as error:
        if error.status < 400 or not request.path.startswith(("/api/", *_FHIR)):
            raise
        detail = error.text if error.text != f"{error.status}: {error.reason}" else None
        return _answer(request, error.status, error.reason, detail)
    except Exception as error:
        log.error("request failed", exc_info=error)
        return _answer(request, 500, "The gateway has a defect here", f"{type(error).__name__}; the log tells where")


def _answer(request: web.Request, status: int, title: str, detail: str | None, **more: Any) -> web.Response:
    if request.path.startswith(_FHIR):
        code = {403: "forbidden", 404: "not-found", 500: "exception", 503: "transient"}.get(status, "processing")
        return fhir.problem(detail or title, status=status, code=code)
    return problem(status, title, detail, **more)
