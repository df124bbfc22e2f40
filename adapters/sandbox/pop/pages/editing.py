"""Editing by hand: the form of an entity, saving it and deleting it, under the rules and rights of POP's API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

from adapters.sandbox.pop.accounts import User
from adapters.sandbox.pop.pages.case import Case, Cases, Entry
from adapters.sandbox.pop.pages.form import Form, Mistaken, version
from adapters.sandbox.pop.pages.handlers import Pages
from adapters.sandbox.pop.records import Records
from adapters.sandbox.pop.refusals import Refused, ServerError
from adapters.sandbox.pop.terms import Terms

Entered = Mapping[str, Sequence[str]]

CHANGED = "Somebody else has changed this since you opened it. Here is what it is now: please make your change again."


class EditHandlers:
    """Optimistic: nothing is locked, but a form that was made of an older version is not saved."""

    def __init__(self, pages: Pages, cases: Cases, records: Records, terms: Terms) -> None:
        self._pages = pages
        self._cases = cases
        self._records = records
        self._terms = terms

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get("/cases/{id}/edit/{entity}", self._ask),
            web.post("/cases/{id}/edit/{entity}", self._save),
            web.post("/cases/{id}/delete/{entity}", self._delete),
        ]

    def _user(self, request: web.Request) -> User:
        """Who may edit. Sends everybody else to sign in, or away."""
        user = self._pages.signin.user(request)
        if user is None:
            raise web.HTTPSeeOther(f"/sign-in?next={request.path}")
        if not user.can_manage:
            raise web.HTTPForbidden(text="this account may not edit cases: POP answers 403")
        return user

    def _find(self, request: web.Request) -> tuple[Case, Entry]:
        case = self._cases.find(request.match_info["id"])
        entry = None if case is None else case.entity(request.match_info["entity"])
        if case is None or entry is None:
            raise web.HTTPSeeOther("/" if case is None else f"/cases/{case.entry.id}")
        return case, entry

    def _form(self, case: Case, entry: Entry) -> Form:
        targets = [(each.kind.name, each.id, case.names[each.id]) for each in case.all() if each.id != entry.id]
        return Form(entry.kind, entry.row, self._terms, targets)

    async def _ask(self, request: web.Request) -> web.Response:
        self._user(request)
        case, entry = self._find(request)
        return self._shown(request, case, entry)

    async def _save(self, request: web.Request) -> web.Response:
        user = self._user(request)
        form = await request.post()
        entered = {name: [str(each) for each in form.getall(name)] for name in form}
        self._pages.signin.check(request, form.get("token"))
        case, entry = self._find(request)
        if form.get("version") != version(entry.kind, entry.row):
            return self._shown(request, case, entry, alerts=[CHANGED], status=409)
        try:
            body = self._form(case, entry).body(entered)
            self._records.update(entry.kind.collection, entry.row, body, user=user.username, url=request.path)
        except (Mistaken, Refused, ServerError) as error:
            return self._shown(request, case, entry, alerts=_reasons(error), entered=entered, status=422)
        return _back(case, entry)

    async def _delete(self, request: web.Request) -> web.Response:
        user = self._user(request)
        form = await request.post()
        self._pages.signin.check(request, form.get("token"))
        case, entry = self._find(request)
        if form.get("version") != version(entry.kind, entry.row):
            return self._shown(request, case, entry, alerts=[CHANGED], status=409)
        self._records.delete(entry.kind.collection, entry.row, user=user.username, url=request.path)
        return (
            _back(case, case.entry)
            if entry.id != case.entry.id
            else web.Response(status=303, headers={"Location": "/"})
        )

    def _shown(
        self, request: web.Request, case: Case, entry: Entry, *, alerts: Sequence[str] = (), entered: Entered | None = None,
        status: int = 200,
    ) -> web.Response:  # fmt: skip
        return self._pages.render(
            request, "edit.html", status=status, case=case, entry=entry, alerts=alerts,
            inputs=self._form(case, entry).inputs(entered), version=version(entry.kind, entry.row),
        )  # fmt: skip


def _back(case: Case, entry: Entry) -> web.Response:
    return web.Response(status=303, headers={"Location": f"/cases/{case.entry.id}#e-{entry.id}"})


def _reasons(error: Mistaken | Refused | ServerError) -> list[str]:
    """Why it was not saved, in POP's own words where it has some."""
    if isinstance(error, Mistaken):
        return [str(error)]
    if isinstance(error, ServerError):
        return ["POP answers 500 to this and does not say why: look at dates, units and what it refers to."]
    details = error.body.get("detail")
    if isinstance(details, list):
        return [f"{each['loc'][-1]}: {each['msg']}" for each in details]
    return [str(error.body.get("message") or details)]
