"""What ``pop-gateway check`` finds, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FAILED, PEER_UNAVAILABLE, CONFIGURATION = 1, 69, 78


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the screen."""

    subject: str
    state: Literal["ok", "warning", "failed"]
    text: str
    advice: str | None = None
    """What to do about it: in the words of whoever has to do it."""
    exit_code: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    """The same for machines, where the text leaves something out."""


def ok(subject: str, text: str, **data: Any) -> Finding:
    """All is well."""
    return Finding(subject, "ok", text, data=data)


def warning(subject: str, text: str, advice: str, **data: Any) -> Finding:
    """It works, but."""
    return Finding(subject, "warning", text, advice, data=data)


def failed(subject: str, text: str, advice: str, exit_code: int, **data: Any) -> Finding:
    """It cannot work."""
    return Finding(subject, "failed", text, advice, exit_code, data)


def ago(seconds: float) -> str:
    """A span of time as one says it: ``40 s``, ``12 min``, ``1 h``, ``3 days``."""
    seconds = abs(seconds)
    for size, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (size == 3_600 and seconds >= 0.95 * size):
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"
