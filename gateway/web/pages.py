"""Jinja2 set-up of the console, and the words and formats its templates use."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from gateway.abstract import abstract, label, text

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))

#: State → how urgent it looks. The word itself is always shown: colour alone tells nothing.
TONES = {
    "clean": "good", "written": "good", "stored": "good", "mapped": "good", "done": "good", "current": "good", "assigned": "good",
    "dirty": "busy", "working": "busy", "pending": "busy", "changed": "busy", "creating": "busy", "running": "busy",
    "leaving": "busy", "waiting": "wait", "partly-mapped": "wait", "partly-invalid": "wait", "warning": "wait", "stale": "wait",
    "open": "wait", "conflict": "bad", "failed": "bad", "blocked": "bad", "blocking": "bad", "parked": "bad", "invalid": "bad",
    "paused": "bad",
}  # fmt: skip


def ago(then: float | None) -> str:
    """Seconds since the epoch as an age: ``12 s ago``, ``3 h ago``; ``never`` for None."""
    if then is None:
        return "never"
    seconds = time.time() - then
    if seconds < 0:
        return "in " + _span(-seconds)
    return _span(seconds) + " ago" if seconds >= 1 else "just now"


def _span(seconds: float) -> str:
    size, name = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    return f"{int(seconds // size)} {name}"


def when(then: float | None) -> str:
    """Seconds since the epoch as an instant in UTC."""
    return "" if then is None else datetime.fromtimestamp(then, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def tone(state: str | None) -> str:
    """CSS class of a state."""
    return TONES.get(state or "", "calm")


def setup(app: web.Application) -> None:
    """Give the application its templates."""
    environment = aiohttp_jinja2.setup(
        app, loader=jinja2.PackageLoader("gateway.web"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"ago": ago, "when": when, "tone": tone, "label": label, "text": text, "abstract": abstract}


def render(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """A page; or, for the script that keeps it up to date, its live part alone."""
    live = request.headers.get("X-Live") == "1"
    context = {"live": live, "here": request.path, "now": time.time(), **values}
    response = aiohttp_jinja2.render_template(template, request, context, status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "X-Live"
    return response
