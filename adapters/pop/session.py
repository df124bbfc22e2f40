"""Signing in to POP: once, for everybody.

POP's sessions live 14 days from login and do not slide; its login is rate-limited per address and per name, and over the
limit even the right password is refused (shared notes *Signing in*). So: one login at a time over all replicas (the
:class:`TokenStore` holds the lock), the token shared through the store, failures backed off exponentially.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from adapters.pop.errors import PopUnauthorised

#: Seconds after which a session is renewed: a day before POP ends it.
SESSION_LIFE = 13 * 86_400.0
#: Seconds to wait after the first refused login, doubled up to the maximum. POP allows 5 failures per name in 5 minutes.
FIRST_BACKOFF, LONGEST_BACKOFF = 60.0, 3600.0
#: After so many new sessions in a row of which POP has not accepted one, the fault is not the session's: signing in again and
#: again would only use up the login limit (30 per minute).
UNUSED_RENEWALS = 3


@dataclass(frozen=True, slots=True)
class Session:
    """What is shared between replicas: the token, when it was issued, and the state of the back-off."""

    token: str | None = None
    issued_at: float = 0.0
    failures: int = 0
    not_before: float = 0.0


class TokenStore(Protocol):
    """Where the session lives. The gateway keeps it in its store, so that replicas share one login."""

    async def read(self) -> Session:
        """The stored session (empty if there is none)."""
        ...

    async def write(self, session: Session) -> None:
        """Store it."""
        ...

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Held during a login: nobody else, on any replica, signs in meanwhile."""
        ...


class MemoryTokenStore:
    """A token store for one process."""

    def __init__(self) -> None:
        self._session = Session()
        self._lock = asyncio.Lock()

    async def read(self) -> Session:
        """The session."""
        return self._session

    async def write(self, session: Session) -> None:
        """Keep it."""
        self._session = session

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """An asyncio lock."""
        async with self._lock:
            yield


class SessionManager:
    """Gives out the token. ``login`` sends the request and returns a token, or None if POP refuses the credentials."""

    def __init__(
        self, store: TokenStore, login: Callable[[], Awaitable[str | None]], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._login = login
        self._clock = clock
        self._single = asyncio.Lock()
        self._cached: Session | None = None
        self._accepted: str | None = None

    def accepted(self, token: str) -> None:
        """POP took this token."""
        self._accepted = token

    async def token(self, *, instead_of: str | None = None) -> str:
        """A valid token. ``instead_of``: one that POP just refused with a 401; it is not given out again.

        Raises PopUnauthorised while the credentials are refused (with the back-off running), PopTransient if POP is away.
        """
        cached = self._cached
        if cached is not None and self._good(cached, instead_of):
            return str(cached.token)
        async with self._single:
            self._cached = None
            session = await self._store.read()
            if not self._good(session, instead_of):
                async with self._store.lock():
                    session = await self._store.read()
                    if not self._good(session, instead_of):
                        session = await self._sign_in(session, instead_of)
            self._cached = session
            return str(session.token)

    def _good(self, session: Session, instead_of: str | None) -> bool:
        fresh = self._clock() - session.issued_at < SESSION_LIFE
        return session.token is not None and session.token != instead_of and fresh

    async def _sign_in(self, session: Session, instead_of: str | None) -> Session:
        now = self._clock()
        if now < session.not_before:
            wait = int(session.not_before - now) + 1
            raise PopUnauthorised(f"POP refuses the technical account; the next attempt is in {wait} s", status=400)
        unused = session.token is not None and session.token == instead_of != self._accepted
        renewals = session.failures + 1 if unused else 0
        if renewals > UNUSED_RENEWALS:
            await self._store.write(Session(not_before=now + FIRST_BACKOFF))
            raise PopUnauthorised(
                "POP refuses sessions that it has only just given: is its cache in order?", status=401
            )
        token = await self._login()
        if token is None:
            failures = session.failures + 1
            backoff = min(FIRST_BACKOFF * 2 ** (failures - 1), LONGEST_BACKOFF)
            await self._store.write(Session(failures=failures, not_before=now + backoff))
            raise PopUnauthorised("POP refuses the technical account: check [pop] username and password", status=400)
        renewed = Session(token=token, issued_at=now, failures=renewals)
        await self._store.write(renewed)
        return renewed
