"""``/healthz`` (the process answers), ``/readyz`` (it can do its work), ``/metrics`` (Prometheus)."""

from __future__ import annotations

import time

import sqlalchemy as sa
from aiohttp import web

from gateway import metrics
from gateway.errors import StoreUnavailable
from gateway.store.tables import counter
from gateway.web import keys
from gateway.web.queries import overview

routes = web.RouteTableDef()


@routes.get("/healthz")
async def healthz(_: web.Request) -> web.Response:
    """The event loop turns."""
    return web.json_response({"status": "ok"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """200 if the store can be written, is migrated, and the worker runs; else 503 and which of these is not so. An outage
    of POP does not make the gateway unready: it goes on accepting, and the backlog waits. ``details`` says so."""
    checks = {"store": False, "migrations": False, "worker": request.app[keys.WORKER_ALIVE]()}
    details: dict[str, str] = {}
    try:
        async with request.app[keys.STORE].write() as connection:
            # Writing is what fails first on a full disk or a read-only standby. The value stays as it is.
            touched = await connection.execute(
                sa.update(counter).where(counter.c.name == "seq").values(value=counter.c.value)
            )
            checks["store"], checks["migrations"] = True, touched.rowcount == 1
            for lane in await overview.lanes(connection, now=time.time()):
                if lane["paused"]:
                    details[lane["name"]] = f"paused: {lane['reason']}"
    except StoreUnavailable:
        checks["store"] = False
    ready = all(checks.values())
    return web.json_response(
        {"status": "ready" if ready else "not ready", "checks": checks, "details": details},
        status=200 if ready else 503,
    )


@routes.get("/metrics")
async def prometheus(request: web.Request) -> web.Response:
    """Counts of the store and of this process."""
    now = time.time()
    async with request.app[keys.STORE].read() as connection:
        counts = await overview.counts(connection)
        body = metrics.exposition(
            deliveries=counts["deliveries"],
            patients=await overview.patient_counts(connection, now=now),
            resources=counts["resources"], mapped=counts["mapped"], entities=counts["entities"],
            reviews=await overview.review_codes(connection),
            lanes={lane["name"]: lane["paused"] for lane in await overview.lanes(connection, now=now)},
            backlog_age=await overview.backlog_age(connection, now=now),
            worker_alive=request.app[keys.WORKER_ALIVE](),
            pop_limit=request.app[keys.LIMITER].limit, pop_in_flight=request.app[keys.LIMITER].in_flight,
        )  # fmt: skip
    return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
