"""The review queue and the decisions about codes, for programs: ``/api/v1/reviews/items``, ``/api/v1/decisions``,
``/api/v1/terminology``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from aiohttp import web

from gateway.terminology import decisions, items, maps, spreadsheet
from gateway.terminology.decisions import DecidedMeanwhile, Proposal
from gateway.web import keys
from gateway.web.guard import integer
from gateway.web.problems import problem
from mappers.decided import UNMAPPED
from mappers.terminology import Outcome
from mappers.terminology.candidates import Candidate

routes = web.RouteTableDef()

PAGE = 50
#: Items in one spreadsheet.
SHEET = 10_000


def _json(value: Any, *, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(value), status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )


def candidate_json(each: Candidate) -> dict[str, Any]:
    """A candidate as the API shows it."""
    return {**each.concept.json(), "score": each.score, "why": each.why}


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object of a request. Raises HTTPBadRequest."""
    try:
        found = orjson.loads(await request.read() or b"{}")
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise web.HTTPBadRequest(text="the body is a JSON object")
    return found


@routes.get("/api/v1/reviews/items")
async def list_items(request: web.Request) -> web.Response:
    """Open items, those first for which most patients wait."""
    offset = integer(request, "offset")
    async with request.app[keys.STORE].read() as connection:
        found = await items.items(connection, code=request.query.get("code"), limit=PAGE + 1, offset=offset)
    shown = [asdict(each) for each in found[:PAGE]]
    return _json({"items": shown, "next": offset + PAGE if len(found) > PAGE else None})


@routes.get("/api/v1/reviews/items/{id}")
async def get_item(request: web.Request) -> web.Response:
    """An item: candidates, what was decided about its codes before, what a decision would bring about."""
    async with request.app[keys.STORE].read() as connection:
        found = await items.item(connection, request.match_info["id"])
        if found is None:
            return problem(404, "No such item is open", "it was decided, or its cause went away")
        before = await decisions.about(connection, found) if found.code == UNMAPPED else []
        preview = await decisions.preview(connection, found, source=request.query.get("source"))
    proposed = request.app[keys.DESK]().candidates(found) if found.code == UNMAPPED else []
    return _json(
        {
            **asdict(found), "preview": asdict(preview), "decisions": [asdict(each) for each in before],
            "candidates": [candidate_json(each) for each in proposed],
        }
    )  # fmt: skip


@routes.post("/api/v1/reviews/items/{id}/decide")
async def decide(request: web.Request) -> web.Response:
    """Decide about an item: ``{"outcome", "target": {"system", "code"}, "author", "note", "source", "once", "coding", "seen"}``.
    Answers 202 with the decision; the patients concerned are worked from now on."""
    body = await body_of(request)
    store, desk = request.app[keys.STORE], request.app[keys.DESK]()
    async with store.read() as connection:
        found = await items.item(connection, request.match_info["id"])
    if found is None:
        return problem(404, "No such item is open", "it was decided, or its cause went away")
    try:
        outcome = Outcome(body.get("outcome", Outcome.MAP))
    except ValueError:
        return problem(400, "Unknown outcome", f"outcome is one of {', '.join(Outcome)}")
    author, seen, coding = body.get("author"), body.get("seen"), body.get("coding", 0)
    if not isinstance(author, str) or not author.strip():
        return problem(400, "Nobody decides", "author is the name under which the audit keeps the decision")
    if not isinstance(coding, int) or not isinstance(seen, int | None):
        return problem(400, "No number", "coding and seen are whole numbers")
    target = None
    if outcome is Outcome.MAP:
        wanted = body.get("target") or {}
        concept = desk.concept(found.terminology, str(wanted.get("code") or ""), wanted.get("system"))
        if concept is None:
            return problem(400, "No such concept", f"target names one concept of POP's list «{found.terminology}»")
        target = (concept.system, concept.code, concept.display)
    proposal = Proposal(
        outcome, author.strip(), target=target, source=body.get("source"), once=bool(body.get("once")),
        note=body.get("note"), coding=coding,
    )  # fmt: skip
    try:
        made = await decisions.decide(store, found, proposal, terminology=desk.terminology, seen=seen)
    except DecidedMeanwhile as error:
        return problem(409, "Decided meanwhile", str(error), code=error.code)
    request.app[keys.ON_WORK]()
    return _json(asdict(made), status=202)


@routes.get("/api/v1/decisions")
async def list_decisions(request: web.Request) -> web.Response:
    """Decisions, the newest first; those taken back too."""
    async with request.app[keys.STORE].read() as connection:
        found = await decisions.log(connection, limit=PAGE, before=integer(request, "before") or None)
    return _json({"items": [asdict(each) for each in found], "next": found[-1].id if len(found) == PAGE else None})


@routes.get(r"/api/v1/decisions/{id:\d+}")
async def get_decision(request: web.Request) -> web.Response:
    """How far a decision has come: patients concerned, and those still to be worked."""
    number = int(request.match_info["id"])
    async with request.app[keys.STORE].read() as connection:
        made = await decisions.by_number(connection, number)
        if made is None:
            return problem(404, "No such decision")
        patients, left = await decisions.progress(connection, number)
    return _json({**asdict(made), "patients": patients, "left": left})


@routes.post(r"/api/v1/decisions/{id:\d+}/undo")
async def undo(request: web.Request) -> web.Response:
    """Take a decision back: ``{"author": "…"}``. What rests on it alone leaves POP again."""
    author = (await body_of(request)).get("author")
    if not isinstance(author, str) or not author.strip():
        return problem(400, "Nobody takes it back", "author is the name under which the audit keeps it")
    made = await decisions.undo(request.app[keys.STORE], int(request.match_info["id"]), author=author.strip())
    request.app[keys.ON_WORK]()
    return _json(asdict(made), status=202)


@routes.get("/api/v1/reviews/export")
async def export(request: web.Request) -> web.Response:
    """The unmapped codes as a spreadsheet (CSV)."""
    async with request.app[keys.STORE].read() as connection:
        found = await items.items(connection, code=UNMAPPED, limit=SHEET)
    desk = request.app[keys.DESK]()
    text = spreadsheet.write((each, desk.candidates(each, limit=3)) for each in found)
    headers = {"Content-Disposition": 'attachment; filename="reviews.csv"', "Cache-Control": "no-store"}
    return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)


def _map_json(each: maps.StoredMap) -> dict[str, Any]:
    found = asdict(each)
    del found["content"]
    return found


@routes.get("/api/v1/concept-maps")
async def list_maps(request: web.Request) -> web.Response:
    """The maps that were given and are in force."""
    async with request.app[keys.STORE].read() as connection:
        found = await maps.current(connection)
    return _json({"items": [_map_json(each) for each in found], "next": None})


@routes.get("/api/v1/concept-maps/{name}")
async def get_map(request: web.Request) -> web.Response:
    """All versions of a map, the newest first, with their documents."""
    async with request.app[keys.STORE].read() as connection:
        found = await maps.history(connection, request.match_info["name"])
    if not found:
        return problem(404, "No such map", "no map was given under this name")
    versions = [{**_map_json(each), "content": each.content.decode("utf-8", "replace")} for each in found]
    return _json({"items": versions, "next": None})


@routes.put("/api/v1/concept-maps/{name}")
async def give_map(request: web.Request) -> web.Response:
    """Put a map, or its next version, in force: the body is the document (FHIR ConceptMap JSON, CSV or SSSOM by ``format``)."""
    author = request.query.get("author", "").strip()
    if not author:
        return problem(400, "Nobody gives it", "author is the name under which the audit keeps the version")
    made, patients = await maps.give(
        request.app[keys.STORE], name=request.match_info["name"], content=await request.read(),
        form=request.query.get("format", "json"), layer=request.query.get("layer", "site"),
        note=request.query.get("note"), author=author,
    )  # fmt: skip
    request.app[keys.ON_WORK]()
    return _json({**_map_json(made), "patients": patients}, status=202)


@routes.delete("/api/v1/concept-maps/{name}")
async def end_map(request: web.Request) -> web.Response:
    """Take a map out of force."""
    author = request.query.get("author", "").strip()
    if not author:
        return problem(400, "Nobody ends it", "author is the name under which the audit keeps it")
    patients = await maps.end(request.app[keys.STORE], request.match_info["name"], author=author)
    request.app[keys.ON_WORK]()
    return _json({"patients": patients}, status=202)


@routes.post("/api/v1/terminology/translate")
async def translate(request: web.Request) -> web.Response:
    """Translate a source concept: ``{"terminology", "concept": CodeableConcept or Coding, "text": true}``."""
    body = await body_of(request)
    desk, name, concept = request.app[keys.DESK](), body.get("terminology"), body.get("concept")
    if not isinstance(name, str) or not desk.terminology.knows(name):
        return problem(400, "No such list", "terminology is the name of one of POP's lists that the gateway has read")
    if not isinstance(concept, dict):
        return problem(400, "No concept", "concept is a FHIR CodeableConcept or Coding")
    found = desk.terminology.translate(name, concept, text=bool(body.get("text", True)))
    if found is None:
        return _json({"translation": None})
    return _json({"translation": {"concept": found.concept, "rule": found.rule, "coding": found.position}})


@routes.get("/api/v1/terminology/{name}/concepts")
async def search(request: web.Request) -> web.Response:
    """Concepts of one of POP's lists that are like some words (``q``)."""
    name, desk = request.match_info["name"], request.app[keys.DESK]()
    if not desk.terminology.knows(name):
        return problem(404, "No such list", "the gateway has read no list of POP's with this name")
    found = desk.search(name, request.query.get("q", ""), limit=20)
    return _json({"items": [candidate_json(each) for each in found], "next": None})
