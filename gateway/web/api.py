"""The gateway's own API under ``/api/v1``: what the console shows, for programs. Described by ``/api/v1/openapi.json``."""

from __future__ import annotations

import time
from typing import Any

import orjson
from aiohttp import web

from gateway.reconcile import lane
from gateway.replay import replay
from gateway.web import keys
from gateway.web.guard import integer
from gateway.web.openapi import document
from gateway.web.problems import problem
from gateway.web.queries import deliveries, overview, patients
from gateway.web.queries.common import PATIENT_STATES, JsonObject, Page

routes = web.RouteTableDef()


def _json(value: Any, *, status: int = 200) -> web.Response:
    body = orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    return web.Response(
        body=body, status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return dict(value)


def _page(page: Page) -> web.Response:
    return _json({"items": page.items, "next": page.next})


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])


@routes.get("/api/v1/openapi.json")
async def openapi(_: web.Request) -> web.Response:
    """This API's description."""
    return _json(document())


@routes.get("/api/v1/patients")
async def list_patients(request: web.Request) -> web.Response:
    """Patients, the one changed last first."""
    state = request.query.get("state")
    if state is not None and state not in PATIENT_STATES:
        return problem(400, "Unknown state", f"state is one of {', '.join(PATIENT_STATES)}")
    async with request.app[keys.STORE].read() as connection:
        return _page(
            await patients.patients(
                connection,
                now=time.time(),
                state=state,
                source=request.query.get("source"),
                offset=integer(request, "offset"),
            )
        )


@routes.get(r"/api/v1/patients/{id:\d+}")
async def get_patient(request: web.Request) -> web.Response:
    """One patient with entities and resources."""
    async with request.app[keys.STORE].read() as connection:
        found = await patients.patient_by_id(connection, _id(request), now=time.time())
        if found is None:
            return problem(404, "No such patient")
        entities, more = await patients.entities(connection, found["id"], offset=integer(request, "offset"))
        resources, more_resources = await patients.resources(
            connection, found["id"], offset=integer(request, "resources")
        )
    return _json(
        {
            **found, "entities_detail": entities, "next": more, "resources": resources, "next_resources": more_resources,
        }
    )  # fmt: skip


@routes.post(r"/api/v1/patients/{id:\d+}/replay")
async def replay_patient(request: web.Request) -> web.Response:
    """Map, plan and apply the patient again."""
    marked = await replay(request.app[keys.STORE], patient_ids=[_id(request)], operator="api")
    if not marked:
        return problem(404, "No such patient")
    request.app[keys.ON_WORK]()
    return _json({"marked": marked}, status=202)


@routes.get("/api/v1/deliveries")
async def list_deliveries(request: web.Request) -> web.Response:
    """Deliveries, newest first."""
    async with request.app[keys.STORE].read() as connection:
        return _page(
            await deliveries.deliveries(
                connection, before=integer(request, "before") or None, state=request.query.get("state"),
                source=request.query.get("source"),
            )
        )  # fmt: skip


@routes.get(r"/api/v1/deliveries/{id:\d+}")
async def get_delivery(request: web.Request) -> web.Response:
    """One delivery with its entries."""
    async with request.app[keys.STORE].read() as connection:
        found = await deliveries.delivery_by_id(connection, _id(request), offset=integer(request, "offset"))
    return problem(404, "No such delivery") if found is None else _json(found)


@routes.get("/api/v1/reviews")
async def list_reviews(request: web.Request) -> web.Response:
    """Review items, newest first; open ones unless another state is asked for."""
    state = request.query.get("state", "open")
    if state not in ("open", "resolved", "gone"):
        return problem(400, "Unknown state", "state is one of open, resolved, gone")
    async with request.app[keys.STORE].read() as connection:
        return _page(
            await overview.reviews(
                connection, state=state, code=request.query.get("code"), patient_id=integer(request, "patient") or None,
                before=integer(request, "before") or None,
            )
        )  # fmt: skip


@routes.get(r"/api/v1/reviews/{id:\d+}")
async def get_review(request: web.Request) -> web.Response:
    """One review item."""
    async with request.app[keys.STORE].read() as connection:
        found = await overview.review_by_id(connection, _id(request))
    return problem(404, "No such review") if found is None else _json(found)


@routes.get("/api/v1/status")
async def get_status(request: web.Request) -> web.Response:
    """Backlog, lanes, sources, counts."""
    now = time.time()
    async with request.app[keys.STORE].read() as connection:
        by_state = await overview.patient_counts(connection, now=now)
        answer: JsonObject = {
            "backlog": {
                "patients": sum(by_state.values()) - by_state["clean"],
                "oldest_seconds": await overview.backlog_age(connection, now=now),
            },
            "patients": by_state,
            **await overview.counts(connection),
            "reviews": await overview.review_codes(connection),
            "lanes": await overview.lanes(connection, now=now),
            "sources": await overview.sources(connection),
            "leases": await overview.leases(connection, now=now),
            "worker_alive": request.app[keys.WORKER_ALIVE](),
        }
    return _json(answer)


@routes.post(r"/api/v1/lanes/{name}/{action:pause|resume}")
async def switch_lane(request: web.Request) -> web.Response:
    """Pause or resume requests to a peer, for all replicas. A pause may say why: ``{"reason": "…"}``."""
    name, paused = request.match_info["name"], request.match_info["action"] == "pause"
    if name != "pop":
        return problem(404, "No such lane", "the lane to POP is named pop")
    try:
        body = orjson.loads(await request.read() or b"{}")
    except orjson.JSONDecodeError:
        return problem(400, "No JSON", "the body is a JSON object, or empty")
    reason = body.get("reason") if isinstance(body, dict) else None
    if not isinstance(reason, str | None) or len(reason or "") > lane.LONGEST_REASON:
        return problem(400, "No reason", f"reason is a text of at most {lane.LONGEST_REASON} characters")
    await lane.switch(request.app[keys.STORE], paused=paused, reason=reason)
    if not paused:
        request.app[keys.ON_WORK]()
    return _json({"lane": name, "paused": paused})
