"""What the handlers find in the application, by typed key."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from adapters.pop.limiter import Limiter
    from gateway.config import Settings
    from gateway.intake.writer import Intake
    from gateway.store.engine import Store
    from gateway.terminology.desk import Desk

STORE: web.AppKey[Store] = web.AppKey("store")
SETTINGS: web.AppKey[Settings] = web.AppKey("settings")
INTAKE: web.AppKey[Intake] = web.AppKey("intake")
ON_HINT: web.AppKey[Callable[[str], None]] = web.AppKey("on_hint")
"""Called with a source's name when it announces that it has news (an empty rest-hook)."""
ON_WORK: web.AppKey[Callable[[], None]] = web.AppKey("on_work")
"""Called after patients were marked dirty, or the lane was resumed: the worker looks at once."""
WORKER_ALIVE: web.AppKey[Callable[[], bool]] = web.AppKey("worker_alive")
DESK: web.AppKey[Callable[[], Desk]] = web.AppKey("desk")
"""The desk over POP's lists as they are now."""
LIMITER: web.AppKey[Limiter] = web.AppKey("limiter")
"""How many requests to POP this process may have in flight."""
