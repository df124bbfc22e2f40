"""What a lenient source may leave out or shape otherwise, because what it says is clear all the same (ADR 11).

A required element that is missing makes R4's models stop before they have looked at the rest: so a copy is mended and looked at
again, until nothing is wrong or something is that cannot be mended. The copy is thrown away; what is kept is what was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

JsonObject = dict[str, Any]

#: Required elements without which a resource can still be understood, and what stands in for them while the rest is looked at.
#: A ``code`` is one only of a component: an Observation without a code says nothing.
_STAND_IN: dict[str, Any] = {"status": "unknown", "actuality": "actual", "code": {"text": "absent"}}
#: Rounds of mending: errors in contained resources show only once their container is well.
_ROUNDS = 8


def mend(
    resource: JsonObject,
    wrong: list[Any],
    *,
    errors: Callable[[JsonObject], list[Any]],
    harmless: Callable[[JsonObject, Any], bool],
) -> tuple[list[Any], list[Any]]:
    """(errors that were mended, errors that stay). ``errors`` gives the errors of a resource; what is ``harmless`` anyway shows
    only now, where something else stood before it."""
    copy: JsonObject = orjson.loads(orjson.dumps(resource))
    mended: list[Any] = []
    for _ in range(_ROUNDS):
        for item in wrong:
            *path, last = item["loc"] or ("",)
            parent = _at(copy, path)
            if not isinstance(parent, dict):
                return mended, wrong
            if harmless(copy, item):
                del parent[last]
            elif (instead := _instead(parent, path, last, item["type"])) is not None:
                parent[last] = instead
            else:
                return mended, wrong
        mended += wrong
        if not (wrong := errors(copy)):
            break
    return mended, wrong


def told(item: Any) -> str:
    """What was mended, in words."""
    return "a required element is missing" if "missing" in item["type"] else "a lone object stands where R4 has a list"


def _at(copy: JsonObject, path: list[Any]) -> Any:
    value: Any = copy
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _instead(parent: JsonObject, path: list[Any], last: Any, error: str) -> Any:
    """What could stand there; None if nothing could."""
    if "missing" in error:
        known = last in _STAND_IN and last not in parent and (last != "code" or "component" in path)
        return _STAND_IN[last] if known else None
    return [parent[last]] if error == "list_type" and isinstance(parent.get(last), dict) else None
