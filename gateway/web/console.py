"""The console: what an integration engineer looks at. Patients are named by source and id, never by name."""

from __future__ import annotations

import itertools
import time
from typing import Any

import orjson
from aiohttp import web

from gateway.audittrail import trail
from gateway.reconcile import lane
from gateway.replay import replay
from gateway.web import keys
from gateway.web.guard import integer
from gateway.web.pages import render
from gateway.web.queries import deliveries, overview, patients
from gateway.web.queries.common import PATIENT_STATES

routes = web.RouteTableDef()

#: The last requests to POP that a patient's page shows; `pop-gateway audit` shows all.
REQUESTS = 30


@routes.get("/")
async def patients_page(request: web.Request) -> web.Response:
    """Patients with their state and entities, the one changed last first."""
    state = request.query.get("state")
    state = state if state in PATIENT_STATES else None
    now = time.time()
    async with request.app[keys.STORE].read() as connection:
        page = await patients.patients(connection, now=now, state=state, offset=integer(request, "offset"))
        counts = await overview.patient_counts(connection, now=now)
        reviews = await overview.review_codes(connection)
        lanes = await overview.lanes(connection, now=now)
    return render(
        request, "patients.html", page=page, counts=counts, state=state, open_reviews=sum(reviews.values()),
        paused=[lane for lane in lanes if lane["paused"]],
    )  # fmt: skip


@routes.post("/patients/find")
async def find_patient(request: web.Request) -> web.Response:
    """Look a patient up by FHIR id. By POST: an id may be a record number, and URLs are logged everywhere."""
    form = await request.post()
    async with request.app[keys.STORE].read() as connection:
        found = await patients.find_patient(
            connection, source=str(form.get("source", "")).strip() or None, fhir_id=str(form.get("id", "")).strip()
        )
    if found is None:
        return render(request, "missing.html", status=404, what="No patient with this id has arrived.")
    raise web.HTTPSeeOther(f"/patients/{found}")


@routes.get(r"/cases/{id}")
async def patient_of_case(request: web.Request) -> web.Response:
    """The patient behind a case, for links from POP: by the case's id in POP, which names nobody."""
    async with request.app[keys.STORE].read() as connection:
        found = await patients.find_case(connection, request.match_info["id"])
    if found is None:
        return render(request, "missing.html", status=404, what="No patient here has this case in POP.")
    raise web.HTTPSeeOther(f"/patients/{found}")


@routes.get(r"/patients/{id:\d+}")
async def patient_page(request: web.Request) -> web.Response:
    """One patient: POP entities beside the FHIR they came from."""
    patient_id, now = int(request.match_info["id"]), time.time()
    status = request.query.get("status")
    async with request.app[keys.STORE].read() as connection:
        patient = await patients.patient_by_id(connection, patient_id, now=now)
        if patient is None:
            return render(request, "missing.html", status=404, what="There is no such patient.")
        entities, more = await patients.entities(connection, patient_id, offset=integer(request, "offset"))
        resources, more_resources = await patients.resources(
            connection, patient_id, status=status, offset=integer(request, "resources")
        )
        counts = await patients.resource_counts(connection, patient_id)
        open_reviews = await overview.reviews(connection, patient_id=patient_id, limit=100)
        requests = (await trail(connection, patients=[patient_id], newest=REQUESTS))[::-1]
        links = await patients.resource_ids(connection, patient["source"], _references(entities))
    case_page = request.app[keys.SETTINGS].pop.case_page
    return render(
        request, "patient.html", patient=patient, kinds=_by_kind(entities), more=more, resources=resources,
        more_resources=more_resources, counts=counts, mapped=status, reviews=open_reviews.items, requests=requests, links=links,
        in_pop=case_page.replace("{id}", patient["case_id"]) if case_page and patient["case_id"] else None,
    )  # fmt: skip


def _by_kind(entities: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Entities in the order in which they are read: the case, its tumours, what refers to them; by date within a kind."""
    ordered = sorted(entities, key=lambda row: (patients.reading_order(row["kind"]), _date(row), row["key"]))
    return [(kind, list(rows)) for kind, rows in itertools.groupby(ordered, key=lambda row: str(row["kind"]))]


def _date(row: dict[str, Any]) -> str:
    payload = row["draft"]["payload"] if row["draft"] is not None else (row["ledger"]["written"] or {})
    period = payload.get("period") or {}
    return str(payload.get("date") or payload.get("assertionDate") or period.get("start") or "")


def _references(entities: list[dict[str, Any]]) -> list[str]:
    drafts = [entity["draft"] for entity in entities if entity["draft"] is not None]
    return sorted({each["resource"] for draft in drafts for sources in draft["sources"].values() for each in sources})


@routes.post(r"/patients/{id:\d+}/replay")
async def replay_patient(request: web.Request) -> web.Response:
    """Map and plan the patient again, and try again what was parked."""
    patient_id = int(request.match_info["id"])
    await replay(request.app[keys.STORE], patient_ids=[patient_id], operator="console")
    request.app[keys.ON_WORK]()
    raise web.HTTPSeeOther(f"/patients/{patient_id}")


@routes.get(r"/resources/{id:\d+}")
async def resource_page(request: web.Request) -> web.Response:
    """One FHIR resource: its versions, what became of it, and the newest version as received."""
    async with request.app[keys.STORE].read() as connection:
        found = await deliveries.resource_by_id(connection, int(request.match_info["id"]))
    if found is None:
        return render(request, "missing.html", status=404, what="There is no such resource.")
    return render(request, "resource.html", resource=found, raw=_pretty(found["raw"]))


def _pretty(raw: bytes) -> str:
    """Indented for reading; numbers may lose trailing zeros here, the stored bytes do not."""
    if not raw:
        return ""
    try:
        return orjson.dumps(orjson.loads(raw), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return raw.decode(errors="replace")


@routes.get("/deliveries")
async def deliveries_page(request: web.Request) -> web.Response:
    """What arrived, newest first."""
    state = request.query.get("state")
    async with request.app[keys.STORE].read() as connection:
        page = await deliveries.deliveries(connection, before=integer(request, "before") or None, state=state)
    return render(request, "deliveries.html", page=page, state=state)


@routes.get(r"/deliveries/{id:\d+}")
async def delivery_page(request: web.Request) -> web.Response:
    """One delivery: its entries with their states and outcomes, and what the sender was told."""
    async with request.app[keys.STORE].read() as connection:
        found = await deliveries.delivery_by_id(
            connection, int(request.match_info["id"]), offset=integer(request, "offset")
        )
    if found is None:
        return render(request, "missing.html", status=404, what="There is no such delivery.")
    answer = found["answer"]
    shown = "" if answer is None else orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode()
    return render(request, "delivery.html", delivery=found, answer=shown)


@routes.post("/status/pop/{action:pause|resume}")
async def switch_pop(request: web.Request) -> web.Response:
    """Pause or resume requests to POP, for all replicas."""
    paused = request.match_info["action"] == "pause"
    reason = str((await request.post()).get("reason", "")).strip()[: lane.LONGEST_REASON]
    await lane.switch(request.app[keys.STORE], paused=paused, reason=reason or None)
    if not paused:
        request.app[keys.ON_WORK]()
    raise web.HTTPSeeOther("/status")


@routes.get("/status")
async def status_page(request: web.Request) -> web.Response:
    """Backlog, lanes, sources, replicas, value lists."""
    now = time.time()
    async with request.app[keys.STORE].read() as connection:
        values: dict[str, Any] = {
            "patients": await overview.patient_counts(connection, now=now),
            "counts": await overview.counts(connection),
            "age": await overview.backlog_age(connection, now=now),
            "lanes": await overview.lanes(connection, now=now),
            "sources": await overview.sources(connection),
            "leases": await overview.leases(connection, now=now),
            "terminologies": await overview.terminologies(connection),
        }
    return render(
        request, "status.html", alive=request.app[keys.WORKER_ALIVE](), limiter=request.app[keys.LIMITER], **values
    )
