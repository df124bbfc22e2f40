"""Faults that the sandbox POP plays on request: what a real server, its proxy and its network do on bad days."""

from __future__ import annotations

import asyncio
import random
from dataclasses import asdict, dataclass, field
from typing import Any

ACTIONS = frozenset({"status", "status-after", "cut-before", "cut-after", "delay", "expire"})


@dataclass
class Fault:
    """One fault. Applies to the next ``times`` matching requests (None: until removed), each with ``probability``."""

    action: str
    """``status`` (answer with ``status``), ``cut-before`` and ``cut-after`` (close the connection before or after the
    request was carried out), ``status-after`` (carry out, then answer with ``status``), ``delay`` (seconds), ``expire``
    (forget all sessions)."""
    status: int = 503
    seconds: float = 0.0
    retry_after: float | None = None
    method: str | None = None
    path: str | None = None
    """Only requests whose path contains this."""
    times: int | None = 1
    probability: float = 1.0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"no such fault: {self.action}")


@dataclass
class Faults:
    """The faults in force."""

    active: list[Fault] = field(default_factory=list)
    seed: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - reproducible faults, not secrets

    def set(self, faults: list[dict[str, Any]]) -> None:
        """Replace all faults."""
        self.active = [Fault(**fault) for fault in faults]

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, if any, used up by one."""
        for fault in self.active:
            if fault.method not in (None, method) or (fault.path is not None and fault.path not in path):
                continue
            if self._random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.active.remove(fault)
            return fault
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """What is in force."""
        return [asdict(fault) for fault in self.active]


class Pace:
    """Latency of writes as measured on the real server: alone ``latency`` seconds, together at most ``ceiling`` per second."""

    def __init__(self, latency: float | None, ceiling: float | None) -> None:
        self.latency = latency
        self.ceiling = ceiling
        self._next = 0.0

    async def wait(self) -> None:
        """Wait as long as the real server would have taken."""
        if self.latency is None:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        done = now + self.latency
        if self.ceiling is not None:
            self._next = max(self._next, now) + 1 / self.ceiling
            done = max(done, self._next)
        await asyncio.sleep(done - now)
