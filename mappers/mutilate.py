"""Damaged copies of a resource: each element dropped, or of another JSON type. For the conformance kit.

Validation keeps most of that out of the store, but not all: extensions are open, vendors send what R4 forbids, and a
warning does not reject. A mapper has to turn all of it into an issue.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mappers.protocol import JsonObject

Path = tuple[str | int, ...]

#: Without these the resource would be another one, or none.
_IDENTITY = frozenset({"resourceType", "id"})


def damaged(json: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """(what was done, copy) for every element at every depth. The original is not changed."""
    for path in _paths(json):
        value = _get(json, path)
        yield f"without {spelled(path)}", _replaced(json, path, drop=True)
        yield f"with another type in {spelled(path)}", _replaced(json, path, value=_other_type(value))
        if isinstance(value, str) and value:
            yield f"with an empty {spelled(path)}", _replaced(json, path, value="")


def spelled(path: Path) -> str:
    """``component[0].code``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for name, child in value.items():
            if path or name not in _IDENTITY:
                yield (*path, name)
                yield from _paths(child, (*path, name))
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield (*path, position)
            yield from _paths(child, (*path, position))


def _get(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _other_type(value: Any) -> Any:
    if isinstance(value, str):
        return 7
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list):
        return value[0] if value else {}
    return {"value": "x"}


def _replaced(json: Any, path: Path, *, value: Any = None, drop: bool = False) -> Any:
    head, rest = path[0], path[1:]
    copy: Any = dict(json) if isinstance(json, dict) else list(json)
    if rest:
        copy[head] = _replaced(copy[head], rest, value=value, drop=drop)
    elif drop:
        del copy[head]
    else:
        copy[head] = value
    return copy
