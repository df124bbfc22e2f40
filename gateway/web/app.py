"""The HTTP application: every route, and what stands around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from aiohttp import web

from adapters.pop.limiter import Limiter
from gateway.config import Settings
from gateway.intake.writer import Intake
from gateway.store.engine import Store
from gateway.terminology.desk import Desk
from gateway.web import api, console, fhir, guard, health, hooks, keys, pages, reviewapi, reviewpages
from gateway.web.problems import problems


@dataclass(frozen=True, slots=True)
class Services:
    """What the handlers need of the running gateway."""

    store: Store
    settings: Settings
    intake: Intake
    on_hint: Callable[[str], None]
    on_work: Callable[[], None]
    worker_alive: Callable[[], bool]
    limiter: Limiter
    desk: Callable[[], Desk]


def application(services: Services) -> web.Application:
    """The application; give it to ``web.AppRunner`` with ``access_log=None`` (``guard.observed`` logs without ids)."""
    app = web.Application(
        middlewares=[guard.observed, problems, guard.same_origin],
        client_max_size=services.settings.limits.body_bytes + 1,
    )
    app[keys.STORE] = services.store
    app[keys.SETTINGS] = services.settings
    app[keys.INTAKE] = services.intake
    app[keys.ON_HINT] = services.on_hint
    app[keys.ON_WORK] = services.on_work
    app[keys.WORKER_ALIVE] = services.worker_alive
    app[keys.LIMITER] = services.limiter
    app[keys.DESK] = services.desk
    app.on_response_prepare.append(guard.secure)
    pages.setup(app)
    for routes in (
        health.routes,
        reviewapi.routes,
        api.routes,
        reviewpages.routes,
        console.routes,
        fhir.routes(),
        hooks.routes(),
    ):
        app.add_routes(routes)
    app.router.add_static("/static/", Path(str(files("gateway.web").joinpath("static"))), name="static")
    return app
