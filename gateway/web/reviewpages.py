"""The pages of the review queue: list → item → preview → done. They work without a script."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from gateway.terminology import decisions, items
from gateway.terminology.decisions import DecisionRefused, Proposal
from gateway.terminology.items import Item
from gateway.web import keys
from gateway.web.guard import integer
from gateway.web.pages import render
from mappers.decided import UNMAPPED
from mappers.terminology import Outcome

routes = web.RouteTableDef()

PAGE = 50
_GONE = "This item is not open: somebody decided it, or its cause went away."
#: Where the browser keeps who decides, so that the name is typed once.
_AUTHOR = "reviewer"
_YEAR = 365 * 86_400


@routes.get("/reviews")
async def queue_page(request: web.Request) -> web.Response:
    """Open items, those first for which most patients wait."""
    code, offset = request.query.get("code"), integer(request, "offset")
    async with request.app[keys.STORE].read() as connection:
        found = await items.items(connection, code=code, limit=PAGE + 1, offset=offset)
        codes = await items.codes(connection)
    more = offset + PAGE if len(found) > PAGE else None
    return render(request, "reviews.html", items=found[:PAGE], codes=codes, code=code, more=more, unmapped=UNMAPPED)


@routes.get("/reviews/decisions")
async def decisions_page(request: web.Request) -> web.Response:
    """What was decided, the newest first."""
    async with request.app[keys.STORE].read() as connection:
        found = await decisions.log(connection, limit=PAGE + 1, before=integer(request, "before") or None)
    return render(
        request, "decisions.html", decisions=found[:PAGE], more=found[PAGE - 1].id if len(found) > PAGE else None
    )


@routes.get(r"/reviews/decisions/{id:\d+}")
async def decision_page(request: web.Request) -> web.Response:
    """One decision, and how far it has come."""
    number = int(request.match_info["id"])
    async with request.app[keys.STORE].read() as connection:
        made = await decisions.by_number(connection, number)
        if made is None:
            return render(request, "missing.html", status=404, what="There is no such decision.")
        patients, left = await decisions.progress(connection, number)
    author = request.cookies.get(_AUTHOR, "")
    return render(request, "decision.html", made=made, patients=patients, left=left, author=author, unmapped=UNMAPPED)


@routes.post(r"/reviews/decisions/{id:\d+}/undo")
async def undo(request: web.Request) -> web.Response:
    """Take a decision back."""
    form = await request.post()
    author = str(form.get("author", "")).strip()
    if author:
        await decisions.undo(request.app[keys.STORE], int(request.match_info["id"]), author=author)
        request.app[keys.ON_WORK]()
    raise web.HTTPSeeOther(f"/reviews/decisions/{request.match_info['id']}")


@routes.get("/reviews/{id:[0-9a-f]{32}}")
async def item_page(request: web.Request) -> web.Response:
    """An item with its candidates."""
    return await _item_page(request, request.match_info["id"])


@routes.post("/reviews/{id:[0-9a-f]{32}}/preview")
async def preview_page(request: web.Request) -> web.Response:
    """What the decision would bring about, to be confirmed."""
    form = dict(await request.post())
    async with request.app[keys.STORE].read() as connection:
        item = await items.item(connection, request.match_info["id"])
        if item is None:
            return render(request, "missing.html", status=404, what=_GONE)
        try:
            proposal = _proposal(request, item, form)
        except DecisionRefused as error:
            return await _item_page(request, item.id, problem=str(error), status=400)
        preview = await decisions.preview(connection, item, source=proposal.source)
        seen = await decisions.newest_about(connection, item)
    return render(
        request, "preview.html", item=item, proposal=proposal, preview=preview, seen=seen,
        kept={name: str(value) for name, value in form.items()},
    )  # fmt: skip


@routes.post("/reviews/{id:[0-9a-f]{32}}/decide")
async def decide(request: web.Request) -> web.Response:
    """Make the decision that was previewed."""
    form = dict(await request.post())
    store = request.app[keys.STORE]
    async with store.read() as connection:
        item = await items.item(connection, request.match_info["id"])
    if item is None:
        return render(request, "missing.html", status=404, what=_GONE)
    try:
        proposal = _proposal(request, item, form)
        seen = int(str(form.get("seen") or 0))
        terminology = request.app[keys.DESK]().terminology
        made = await decisions.decide(store, item, proposal, terminology=terminology, seen=seen)
    except (DecisionRefused, ValueError) as error:
        return await _item_page(request, item.id, problem=str(error), status=409)
    request.app[keys.ON_WORK]()
    done = web.HTTPSeeOther(f"/reviews/decisions/{made.id}")
    done.set_cookie(_AUTHOR, proposal.author, max_age=_YEAR, httponly=True, samesite="Strict")
    raise done


async def _item_page(
    request: web.Request, identity: str, *, problem: str | None = None, status: int = 200
) -> web.Response:
    async with request.app[keys.STORE].read() as connection:
        item = await items.item(connection, identity)
        if item is None:
            return render(request, "missing.html", status=404, what=_GONE)
        about = await decisions.about(connection, item) if item.code == UNMAPPED else []
        waiting = await items.reviews_of(connection, item)
    desk, words = request.app[keys.DESK](), request.query.get("q", "").strip()
    found = desk.search(item.terminology, words) if words else desk.candidates(item)
    return render(
        request, "review.html", status=status, item=item, candidates=found if item.code == UNMAPPED else [], words=words,
        decisions=about, waiting=waiting, problem=problem, unmapped=UNMAPPED, author=request.cookies.get(_AUTHOR, ""),
    )  # fmt: skip


def _proposal(request: web.Request, item: Item, form: dict[str, Any]) -> Proposal:
    """What the form says. Raises DecisionRefused in words for the person who filled it in."""
    choice, author = str(form.get("choice", "")), str(form.get("author", "")).strip()
    if not author:
        raise DecisionRefused("Say who decides: the audit keeps the name.")
    if not choice:
        raise DecisionRefused("Choose a concept, or that there is none.")
    scope = str(form.get("scope", "site"))
    target = None
    kind, _, rest = choice.partition(" ")
    if kind == "map":
        system, _, code = rest.rpartition(" ")
        concept = request.app[keys.DESK]().concept(item.terminology, code, system)
        if concept is None:
            raise DecisionRefused("POP's list has no such concept any more: choose again.")
        target = (concept.system, concept.code, concept.display)
    try:
        outcome = Outcome(kind)
    except ValueError:
        raise DecisionRefused("Choose a concept, or that there is none.") from None
    coding = str(form.get("coding", "0"))
    return Proposal(
        outcome, author, target=target, source=scope.removeprefix("source ") if scope.startswith("source ") else None,
        once=scope == "once", note=str(form.get("note", "")).strip() or None, coding=int(coding) if coding.isdigit() else 0,
    )  # fmt: skip
