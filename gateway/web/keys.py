"""What the handlers find in the application, by typed key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.intake.writer import Intake
    from gateway.store.engine import Store

STORE: web.AppKey[Store] = web.AppKey("store")
SETTINGS: web.AppKey[Settings] = web.AppKey("settings")
INTAKE: web.AppKey[Intake] = web.AppKey("intake")
ON_HINT: web.AppKey[Callable[[str], None]] = web.AppKey("on_hint")
"""Called with a source's name when it announces that it has news (an empty rest-hook)."""
ON_WORK: web.AppKey[Callable[[], None]] = web.AppKey("on_work")
"""Called after patients were marked dirty, or the lane was resumed: the worker looks at once."""
WORKER_ALIVE: web.AppKey[Callable[[], bool]] = web.AppKey("worker_alive")
SWITCH_LANE: web.AppKey[Callable[[bool], Awaitable[None]]] = web.AppKey("switch_lane")
"""Pauses (True) or resumes (False) the lane to POP, for all replicas."""
