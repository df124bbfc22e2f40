"""People's edits in POP win: a field-wise three-way merge of what we last wrote, what POP has now, and what we would write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapters.pop.compare import SERVER_OWNED, changed_fields, writable_value
from adapters.pop.kinds import KINDS

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Merge:
    """The body to write, and which fields somebody else's values kept."""

    body: JsonObject
    kept: tuple[str, ...]
    """Changed by a person only: kept."""
    conflicts: tuple[str, ...]
    """Changed by a person and by the source: the person's value is kept, a review asks."""
    needed: bool
    """False if POP holds the merged body already."""


def merge(kind: str, *, base: JsonObject | None, current: JsonObject, desired: JsonObject) -> Merge:
    """Merge. ``base`` is what we last wrote; None for an entity that somebody else made: what stands there stands, what is
    empty is filled, and where both say something else it is a conflict."""
    properties = KINDS[kind].properties
    theirs = changed_fields(kind, base, current) if base is not None else _filled(kind, current)
    ours = changed_fields(kind, base, desired) if base is not None else _filled(kind, desired)
    differing = changed_fields(kind, current, desired)
    kept = tuple(sorted(name for name in theirs & differing if name not in ours))
    conflicts = tuple(sorted(name for name in theirs & differing if name in ours))
    body = dict(desired)
    for name in (*kept, *conflicts):
        value = writable_value(current.get(name))
        if value is None:
            body.pop(name, None)
        else:
            body[name] = value
    for name in SERVER_OWNED & properties:
        body.pop(name, None)
    return Merge(body, kept, conflicts, bool(changed_fields(kind, current, body)))


def _filled(kind: str, current: JsonObject) -> set[str]:
    return {name for name in KINDS[kind].properties if current.get(name) not in (None, [], "", "unknown")}
