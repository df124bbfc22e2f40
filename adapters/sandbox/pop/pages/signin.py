"""Signing in to the pages: a session of the sandbox's own accounts in a cookie that only they read, and tokens in their forms."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from aiohttp import web

from adapters.sandbox.pop.accounts import Accounts, User

COOKIE = "sandbox_pop_session"


class SignIn:
    """Who looks at a page. The API never takes the cookie, the pages never take the API's header."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._secret = secrets.token_bytes(32)

    def user(self, request: web.Request) -> User | None:
        """Who is signed in."""
        return self._accounts.user(request.cookies.get(COOKIE))

    def start(self, request: web.Request, response: web.Response, *, username: str, password: str) -> bool:
        """Sign in; False if POP refuses (wrong, or over its limit)."""
        token = self._accounts.login(username, password, request.remote or "")
        if token is not None:
            response.set_cookie(COOKIE, token, httponly=True, samesite="Strict", path="/")
        return token is not None

    def end(self, request: web.Request, response: web.Response) -> None:
        """Sign out."""
        self._accounts.sessions.pop(request.cookies.get(COOKIE, ""), None)
        response.del_cookie(COOKIE, path="/")

    def token(self, request: web.Request) -> str:
        """What every form of this session carries; another site cannot know it."""
        session = request.cookies.get(COOKIE, "")
        return hmac.new(self._secret, session.encode(), hashlib.sha256).hexdigest()

    def check(self, request: web.Request, given: object) -> None:
        """Raise HTTPForbidden for a write that no form of ours has sent."""
        origin = request.headers.get("Origin")
        foreign = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") or (
            origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
        )
        if foreign or not hmac.compare_digest(str(given or "").encode(), self.token(request).encode()):
            raise web.HTTPForbidden(text="this form is not of this page: load the page again")
