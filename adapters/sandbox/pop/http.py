"""What the sandbox POP's handlers share: answers, bodies, query parameters, and who is asking."""

from __future__ import annotations

import re
from typing import Any

import orjson
from aiohttp import web

from adapters.sandbox.pop import refusals
from adapters.sandbox.pop.accounts import Accounts, User
from adapters.sandbox.pop.refusals import Refused, ServerError

UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
LARGEST_PAGE = 50
_NO_RIGHT = "You do not have permission to perform this action."


def answer(body: Any, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json", charset="utf-8")


def nothing() -> web.Response:
    """204 as POP says it: with a content type for no content."""
    return web.Response(status=204, content_type="application/json", charset="utf-8")


def not_found() -> web.Response:
    """404 as POP's API says it."""
    return answer({"detail": "Not Found"}, 404)


def refused_login() -> web.Response:
    """A sign-in that is refused, for whatever reason: 400 with an empty body."""
    return web.Response(status=400, content_type="application/json", charset="utf-8")


async def body_of(request: web.Request) -> Any:
    """The JSON body. Raises Refused with 400 if it is none."""
    content = await request.read()
    if b"\\u0000" in content:
        raise ServerError("PostgreSQL stores no NUL")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        raise Refused(400, {"detail": "Cannot parse request body"}) from None


def page_of(request: web.Request) -> tuple[int, int]:
    """(limit, offset) of a list. Raises Refused with 422 out of their ranges."""
    return _number(request, "limit", 10, low=1, high=LARGEST_PAGE), _number(request, "offset", 0, low=0)


def _number(request: web.Request, name: str, default: int, *, low: int, high: int | None = None) -> int:
    try:
        value = int(request.query.get(name, default))
    except ValueError:
        text = "Input should be a valid integer, unable to parse string as an integer"
        raise refusals.query(name, "int_parsing", text) from None
    if value < low:
        raise refusals.query(name, "greater_than_equal", f"Input should be greater than or equal to {low}", ge=low)
    if high is not None and value > high:
        raise refusals.query(name, "less_than_equal", f"Input should be less than or equal to {high}", le=high)
    return value


def anonymised(request: web.Request) -> bool:
    """Whether the answer is to be anonymised: by default it is, for everybody."""
    value = request.query.get("anonymized", "true").lower()
    if value not in ("true", "1", "false", "0"):
        text = "Input should be a valid boolean, unable to interpret input"
        raise refusals.query("anonymized", "bool_parsing", text)
    return value in ("true", "1")


def malformed_id(value: str) -> bool:
    """True for what is no UUID: POP answers 500 to it, in a path as in a query."""
    return UUID.fullmatch(value) is None


def not_there() -> web.Response:
    """404 of the handlers that answer with nothing."""
    return web.Response(status=404, content_type="application/json", charset="utf-8")


class Access:
    """Who is asking, and what they may do. Raises Refused with 401 or 403."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def user(self, request: web.Request) -> User:
        """Anybody who is signed in."""
        user = self._accounts.user(request.headers.get("X-SESSION-TOKEN"))
        if user is None:
            raise Refused(401, {"detail": "Unauthorized"})
        return user

    def manager(self, request: web.Request) -> User:
        """Somebody who may write."""
        user = self.user(request)
        if not user.can_manage:
            raise Refused(403, {"detail": _NO_RIGHT})
        return user

    def viewer(self, request: web.Request) -> User:
        """Somebody who may read."""
        user = self.user(request)
        if not user.can_view:
            raise Refused(403, {"detail": _NO_RIGHT})
        return user

    def exporter(self, request: web.Request) -> User:
        """Somebody who may take data out."""
        user = self.user(request)
        if not user.can_export:
            raise Refused(403, {"detail": _NO_RIGHT})
        return user

    def reader(self, request: web.Request) -> bool:
        """Somebody who may read what they ask for; returns whether it is to be anonymised."""
        user = self.viewer(request)
        hidden = anonymised(request)
        # Observed: medications and the other children are read without this check.
        if not hidden and not user.can_manage and "parent" not in request.match_info:
            raise Refused(403, {"detail": "Permission denied to access pseudonymized data"})
        return hidden
