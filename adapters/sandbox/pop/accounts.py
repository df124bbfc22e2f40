"""Users, sessions and rights of the sandbox POP, as observed on the real one (shared notes *Signing in*)."""

from __future__ import annotations

import secrets
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from adapters.sandbox.pop.refusals import ServerError

#: A session's life, from login, in seconds; it does not slide.
SESSION_LIFE = 14 * 86_400
#: What POP calls the levels.
ROLES = ("External", "Member", "Project Manager", "Platform Manager", "System Administrator")


class Limit(NamedTuple):
    """So many in so many seconds."""

    name: str
    amount: int
    seconds: float


#: POP's limits of signing in (shared notes *Signing in*): of attempts and of failures from an address, of failures of a name.
ATTEMPTS = Limit("attempts from an address", 30, 60)
FAILURES_FROM = Limit("failures from an address", 10, 60)
FAILURES_OF = Limit("failures of a name", 5, 300)


@dataclass(frozen=True, slots=True)
class User:
    """A POP account. Level 0 nothing, 1 view, 2 manage cases, 3 users and deletions, 4 everything; a service account
    manages cases at any level."""

    username: str
    password: str
    level: int = 1
    service: bool = False

    @property
    def can_view(self) -> bool:
        """May read (anonymised)."""
        return self.level >= 1

    @property
    def can_manage(self) -> bool:
        """May write, and read without anonymisation."""
        return self.level >= 2 or self.service

    @property
    def can_export(self) -> bool:
        """May export whole cases."""
        return self.level >= 2

    @property
    def names(self) -> tuple[str, str]:
        """First and last name of the invented person."""
        return self.username.capitalize(), "Sandbox"

    @property
    def identity(self) -> str:
        """The id that POP shows of the user."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, self.email))

    def exported(self) -> dict[str, object]:
        """The user as a bundle names a contributor."""
        first, last = self.names
        return {
            "anonymized": False, "id": self.identity, "externalSource": None, "externalSourceId": None,
            "username": self.username, "firstName": first, "lastName": last, "organization": None, "email": self.email,
        }  # fmt: skip

    @property
    def email(self) -> str:
        """An address that POP also takes as the name at sign-in."""
        return f"{self.username}@example.org"

    def as_json(self) -> dict[str, object]:
        """The user as POP's API shows it, without the personal part."""
        views = ("canViewCases", "canViewProjects", "canViewCohorts", "canViewUsers", "canViewDatasets")
        return {
            "id": self.identity,
            "username": self.username,
            "firstName": self.names[0],
            "lastName": self.names[1],
            "fullName": " ".join(self.names),
            "email": self.email,
            "isActive": True,
            "isServiceAccount": self.service,
            "accessLevel": self.level,
            "role": ROLES[self.level],
            **dict.fromkeys(views, self.can_view),
            "canManageCases": self.can_manage,
            "canExportData": self.can_export,
            "canManageProjects": self.level >= 2,
            "canManageUsers": self.level >= 3,
            "isSystemAdmin": self.level >= 4,
            "isProvided": False,
            **dict.fromkeys(
                ("externalSource", "externalSourceId", "title", "organization", "department", "shareable", "provider")
            ),
        }


DEFAULT_USERS = (
    User("gateway", "gateway", level=1, service=True),
    User("curator", "curator", level=2),
    User("viewer", "viewer", level=1),
)


class Accounts:
    """Who may do what. ``limited`` switches the limits of signing in on. ``left_to`` tells the access level that is left to a
    user whose rights were withdrawn, None for the others."""

    def __init__(
        self,
        users: tuple[User, ...] = DEFAULT_USERS,
        *,
        limited: bool = True,
        left_to: Callable[[str], int | None] = lambda _: None,
    ) -> None:
        self._left_to = left_to
        self.users = {user.username: user for user in users}
        self.limited = limited
        self.sessions: dict[str, tuple[str, float]] = {}
        self.latest: dict[str, float] = {}
        self.logins = 0
        self._past: dict[tuple[Limit, str], deque[float]] = defaultdict(deque)

    def login(self, username: str, password: str, address: str) -> str | None:
        """A session token, or None: wrong, or over a limit of failures (POP does not tell which). The name may be an e-mail
        address. Raises ServerError over the limit of attempts, to which POP answers with a 500."""
        self.logins += 1
        if self.limited:
            if not self._allowed(ATTEMPTS, address):
                raise ServerError("too many sign-ins from one address")
            # Every attempt uses both of them up, and a success gives both back.
            within = [self._allowed(FAILURES_FROM, address), self._allowed(FAILURES_OF, username.lower())]
            if not all(within):
                return None
        user = next((each for each in self.users.values() if username in (each.username, each.email)), None)
        if user is None or not secrets.compare_digest(user.password.encode(), password.encode()):
            return None
        self._past.pop((FAILURES_FROM, address), None)
        self._past.pop((FAILURES_OF, username.lower()), None)
        token = secrets.token_hex(16)
        self.sessions[token] = (user.username, time.time())
        self.latest[user.username] = time.time()
        return token

    def _allowed(self, limit: Limit, who: str) -> bool:
        """Whether one more is within the limit; it is counted then."""
        past, now = self._past[limit, who], time.monotonic()
        while past and now - past[0] > limit.seconds:
            past.popleft()
        if len(past) >= limit.amount:
            return False
        past.append(now)
        return True

    def user(self, token: str | None) -> User | None:
        """Who the token belongs to; None if it is unknown or has ended."""
        if token is None or token not in self.sessions:
            return None
        username, issued = self.sessions[token]
        if time.time() - issued > SESSION_LIFE:
            del self.sessions[token]
            return None
        user = self.users.get(username)
        return None if user is None else self._now(user)

    def all(self) -> list[User]:
        """Every account with the rights that it has now."""
        return [self._now(user) for user in self.users.values()]

    def _now(self, user: User) -> User:
        level = self._left_to(user.username)
        return user if level is None else replace(user, level=level, service=False)
