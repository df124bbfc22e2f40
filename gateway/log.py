"""Logging: structlog over the standard library, JSON lines or a console, with values that may identify a person removed.

Our own events carry only codes, counts and reference-free texts; the redaction is the second line, for what libraries log.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, WrappedLogger

#: Field names whose values never reach a log, whoever logs them.
_SECRET = frozenset(
    {"password", "token", "authorization", "body", "payload", "resource", "raw", "sessiontoken", "cookie"}
)
#: Query strings carry identifiers (`?identifier=sys|123`), whatever the host.
_QUERY = re.compile(r"\?[^\s\"']+")
#: `Patient/123`, `Observation/abc`: an id may be a record number.
_REFERENCE = re.compile(r"\b([A-Z][A-Za-z]{3,40})/([A-Za-z0-9\-.]{1,64})")


def redact(text: str) -> str:
    """The text without query strings and resource ids."""
    return _REFERENCE.sub(r"\1/…", _QUERY.sub("?…", text))


def _redacted(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if name.lower().replace("_", "") in _SECRET:
            event[name] = "…"
        elif isinstance(value, str) and name not in ("timestamp", "level", "logger"):
            event[name] = redact(value)
    return event


def _without_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Of an exception the type and the place: its text may quote a resource."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info if isinstance(info, BaseException) else None
    if info is True:
        error = sys.exc_info()[1]
    if error is not None:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
        event["error_type"] = type(error).__name__ + place
    return event


def configure(style: Literal["json", "console"], *, level: str = "info") -> None:
    """Set up logging to stderr. ``level`` is a name of the standard library's levels."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_trace,
        _redacted,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # httpx logs every URL, query string included; aiohttp's access log is ours (gateway.web.access).
    for name in ("httpx", "httpcore", "aiohttp.access", "apscheduler", "asyncio", "sqlalchemy", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
