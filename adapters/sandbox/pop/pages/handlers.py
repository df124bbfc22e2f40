"""The sandbox POP's pages: a list of cases, a case as a clinician reads it, and a plain form to edit by hand.

They need no script and no network. Anybody on this machine may read (the people are invented); who edits signs in.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from adapters.sandbox.pop.accounts import User
from adapters.sandbox.pop.pages import words
from adapters.sandbox.pop.pages.case import PAGE, SECTIONS, Cases
from adapters.sandbox.pop.pages.course import course
from adapters.sandbox.pop.pages.series import HEIGHT, WIDTH, series
from adapters.sandbox.pop.pages.signin import SignIn

STATIC = Path(__file__).parent / "static"
#: Nothing inline, nothing from elsewhere, no script at all.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it a browser sends «Origin: null» with our own forms.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def templates() -> jinja2.Environment:
    """The pages' templates with the words that they use."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "label": words.label, "text": words.text, "word": words.word, "concept": words.concept, "day": words.day,
        "instant": words.instant,
    }  # fmt: skip
    return environment


class Pages:
    """Rendering, for all handlers of pages. ``console`` gives the address of the gateway's console, for the way back."""

    def __init__(self, signin: SignIn, *, console: Callable[[], str | None]) -> None:
        self.signin = signin
        self._console = console
        self._templates = templates()

    def render(self, request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """One page, with who is signed in."""
        user: User | None = self.signin.user(request)
        html = self._templates.get_template(template).render(
            user=user, token=self.signin.token(request), console=self._console(), here=request.path_qs, **values
        )
        return web.Response(text=html, status=status, content_type="text/html", headers=_HEADERS)

    def missing(self, request: web.Request) -> web.Response:
        """404."""
        return self.render(
            request, "message.html", status=404, title="Not here", text="There is nothing at this address."
        )


class PageHandlers:
    """The list, the case, signing in and out."""

    def __init__(self, pages: Pages, cases: Cases) -> None:
        self._pages = pages
        self._cases = cases

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get("/", self._list),
            web.get("/cases/{id}", self._case),
            web.get("/sign-in", self._ask),
            web.post("/sign-in", self._sign_in),
            web.post("/sign-out", self._sign_out),
            web.get(r"/static/{name:pages\.css|icon\.svg}", self._static),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        wanted, given = request.query.get("pseudonym", "").strip(), request.query.get("offset", "0")
        offset = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
        cases, count = self._cases.some(wanted=wanted, offset=offset)
        return self._pages.render(
            request, "cases.html", cases=cases, count=count, wanted=wanted, offset=offset, page=PAGE
        )

    async def _case(self, request: web.Request) -> web.Response:
        case = self._cases.find(request.match_info["id"])
        if case is None:
            return self._pages.missing(request)
        return self._pages.render(
            request, "case.html", case=case, course=course(case), sections=[*SECTIONS, "Further"],
            series=series([each.row for each in case.of("TumorMarker")]), spark=(WIDTH, HEIGHT),
        )  # fmt: skip

    async def _ask(self, request: web.Request) -> web.Response:
        return self._pages.render(request, "signin.html", next=_local(request.query.get("next")), failed=False)

    async def _sign_in(self, request: web.Request) -> web.Response:
        form = await request.post()
        self._pages.signin.check(request, form.get("token"))
        target = _local(str(form.get("next") or ""))
        response = web.Response(status=303, headers={"Location": target})
        name, password = str(form.get("username") or ""), str(form.get("password") or "")
        if self._pages.signin.start(request, response, username=name, password=password):
            return response
        return self._pages.render(request, "signin.html", status=400, next=target, failed=True)

    async def _sign_out(self, request: web.Request) -> web.Response:
        form = await request.post()
        self._pages.signin.check(request, form.get("token"))
        response = web.Response(status=303, headers={"Location": _local(str(form.get("next") or ""))})
        self._pages.signin.end(request, response)
        return response

    async def _static(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / request.match_info["name"], headers={"Cache-Control": "max-age=300"})


def _local(target: str | None) -> str:
    """An address of these pages; nothing that leads elsewhere."""
    return target if target and target.startswith("/") and not target.startswith(("//", "/\\")) else "/"
