"""Faults that the sandbox POP plays on request: what a real server, its proxy, its network and its administrator do on bad days.

They are set as objects (fields of :class:`Fault`) or in the small syntax of :mod:`adapters.sandbox.pop.faultsyntax`.
"""

from __future__ import annotations

import math
import random
import time
from dataclasses import asdict, dataclass, field
from typing import Any

#: Faults of single requests: used up by ``times``, drawn with ``probability``.
PASSING = frozenset({"status", "status-after", "cut-before", "cut-after", "delay", "expire", "login-limit"})
#: Faults that last until they are removed (maintenance: until its time is over).
LASTING = frozenset({"maintenance", "missing", "withdraw"})
ACTIONS = PASSING | LASTING
LOGIN = "/api/v1/auth/session"


@dataclass
class Fault:
    """One fault. A passing one applies to the next ``times`` matching requests (None: until removed), each with
    ``probability``. Raises ValueError for an unknown action and for a value out of its range."""

    action: str
    """``status`` (answer with ``status``), ``cut-before`` and ``cut-after`` (close the connection before or after the
    request was carried out), ``status-after`` (carry out, then answer with ``status``), ``delay`` (seconds), ``expire``
    (forget all sessions), ``login-limit`` (refuse a sign-in as over the limit), ``maintenance`` (for ``seconds``, 503 to
    everybody), ``missing`` (a value list or concept is gone), ``withdraw`` (an account loses rights)."""
    status: int = 503
    seconds: float = 0.0
    sigma: float = 0.0
    """Spread of a delay: lognormal with ``seconds`` as its median; 0 is exactly ``seconds``."""
    retry_after: float | None = None
    method: str | None = None
    path: str | None = None
    """Only requests whose path contains this."""
    times: int | None = 1
    probability: float = 1.0
    name: str | None = None
    """Of ``missing``: ``Terminology`` or ``Terminology/code``. Of ``withdraw``: the user."""
    level: int = 0
    """Of ``withdraw``: the access level that is left; the account is no service account any more."""

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"no such fault: {self.action}; there are {', '.join(sorted(ACTIONS))}")
        if self.action in ("missing", "withdraw") and not self.name:
            raise ValueError(f"{self.action} needs a name: which {'list' if self.action == 'missing' else 'user'}?")
        if not 400 <= self.status <= 599:
            raise ValueError("status must be an error: 400 to 599")
        if not 0 <= self.probability <= 1:
            raise ValueError("probability must be between 0 and 1")
        if not 0 <= self.level <= 4:
            raise ValueError("level must be between 0 and 4")
        self._until = time.monotonic() + self.seconds

    def concerns(self, method: str, path: str) -> bool:
        """Whether it is for this request."""
        if self.action == "login-limit" and (method, path) != ("POST", LOGIN):
            return False
        return self.method in (None, method) and (self.path is None or self.path in path)

    @property
    def left(self) -> float:
        """Seconds of maintenance to come."""
        return max(0.0, self._until - time.monotonic())


@dataclass
class Faults:
    """The faults in force."""

    active: list[Fault] = field(default_factory=list)
    seed: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - reproducible faults, not secrets

    def set(self, faults: list[Fault]) -> None:
        """Replace all faults."""
        self.active = list(faults)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, if any, used up by one."""
        if (maintenance := self.maintenance()) is not None:
            return maintenance
        for fault in self.active:
            if fault.action in LASTING or not fault.concerns(method, path):
                continue
            if self._random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.active.remove(fault)
            return fault
        return None

    def maintenance(self) -> Fault | None:
        """The maintenance that goes on."""
        return next((each for each in self.active if each.action == "maintenance" and each.left > 0), None)

    def seconds(self, fault: Fault) -> float:
        """How long this delay is."""
        return fault.seconds * math.exp(self._random.gauss(0, fault.sigma)) if fault.sigma else fault.seconds

    def hides(self, terminology: str, code: str) -> bool:
        """Whether a concept is missing at the moment."""
        return any(
            each.action == "missing" and each.name in (terminology, f"{terminology}/{code}") for each in self.active
        )

    def left_to(self, username: str) -> int | None:
        """The access level that a user is left with; None: nothing was withdrawn."""
        found = (each.level for each in self.active if each.action == "withdraw" and each.name == username)
        return next(found, None)

    def as_json(self) -> list[dict[str, Any]]:
        """What is in force."""
        return [asdict(fault) for fault in self.active]
