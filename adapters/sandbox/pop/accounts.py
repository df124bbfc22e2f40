"""Users, sessions and rights of the sandbox POP, as observed on the real one (shared notes *Signing in*)."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace

#: A session's life, from login, in seconds; it does not slide.
SESSION_LIFE = 14 * 86_400
#: What POP calls the levels.
ROLES = ("External", "Member", "Project Manager", "Platform Manager", "System Administrator")


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
    def email(self) -> str:
        """An address that POP also takes as the name at sign-in."""
        return f"{self.username}@example.org"

    def as_json(self) -> dict[str, object]:
        """The user as POP's API shows it, without the personal part."""
        views = ("canViewCases", "canViewProjects", "canViewCohorts", "canViewUsers", "canViewDatasets")
        return {
            "username": self.username,
            "email": self.email,
            "isActive": True,
            "isServiceAccount": self.service,
            "accessLevel": self.level,
            "role": ROLES[self.level],
            **dict.fromkeys(views, self.can_view),
            "canManageCases": self.can_manage,
            "canExportData": self.level >= 2,
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
    """Who may do what. ``limited`` switches the login limits on: 30 per minute per address, 5 failures per name in 5 minutes.
    ``left_to`` tells the access level that is left to a user whose rights were withdrawn, None for the others."""

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
        self.logins = 0
        self._attempts: dict[str, deque[float]] = defaultdict(deque)
        self._failures: dict[str, deque[float]] = defaultdict(deque)

    @staticmethod
    def _recent(times: deque[float], window: float) -> int:
        now = time.monotonic()
        while times and now - times[0] > window:
            times.popleft()
        return len(times)

    def login(self, username: str, password: str, address: str) -> str | None:
        """A session token, or None: wrong, or over the limit (POP does not tell which). The name may be an e-mail address."""
        username = next((user.username for user in self.users.values() if user.email == username), username)
        self.logins += 1
        if self.limited:
            over = self._recent(self._attempts[address], 60) >= 30 or self._recent(self._failures[username], 300) >= 5
            self._attempts[address].append(time.monotonic())
            if over:
                return None
        user = self.users.get(username)
        if user is None or not secrets.compare_digest(user.password.encode(), password.encode()):
            self._failures[username].append(time.monotonic())
            return None
        token = secrets.token_hex(16)
        self.sessions[token] = (username, time.time())
        return token

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
