"""What PostgreSQL, or JSON, cannot hold: observed as a 500 of POP, or lost on the way to it."""

from __future__ import annotations

import math
from typing import Any

from adapters.pop.guard.violation import Violation

DEEPEST = 8
"""Levels of nesting; POP's payloads have four (a concept's ``properties`` are the deepest)."""


def unstorable(value: Any, path: tuple[str, ...] = ()) -> list[Violation]:
    """Numbers that are none (JSON would say null), and text with NUL or half of a surrogate pair (PostgreSQL refuses both)."""
    where = ".".join(path) or "body"
    if len(path) > DEEPEST:
        return [Violation(where, "is nested too deeply")]
    if isinstance(value, float) and not math.isfinite(value):
        return [Violation(where, "must be a finite number")]
    if isinstance(value, str):
        return _text(value, where)
    if isinstance(value, dict):
        found = [each for name in value if isinstance(name, str) for each in _text(name, where)]
        return found + [each for name, child in value.items() for each in unstorable(child, (*path, str(name)))]
    if isinstance(value, list | tuple):
        return [each for number, child in enumerate(value) for each in unstorable(child, (*path, str(number)))]
    return []


def _text(value: str, where: str) -> list[Violation]:
    if "\0" in value:
        return [Violation(where, "contains a NUL character, which POP's database cannot store")]
    if any("\ud800" <= character <= "\udfff" for character in value):
        return [Violation(where, "contains half of a surrogate pair, which is no text")]
    return []
