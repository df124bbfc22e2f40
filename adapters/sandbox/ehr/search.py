"""What the sandbox EHR finds: the few search parameters that it serves. Others are ignored, as R4 §3.1.1.2 lets a server do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

JsonObject = dict[str, Any]

#: Comparators of a date search (R4 §3.1.1.4.6) that are served for ``_lastUpdated``.
_COMPARE: dict[str, Callable[[dt.datetime, dt.datetime], bool]] = {
    "ge": lambda a, b: a >= b, "gt": lambda a, b: a > b, "le": lambda a, b: a <= b, "lt": lambda a, b: a < b,
    "eq": lambda a, b: a == b,
}  # fmt: skip

#: Most resources of a page.
MOST = 1000


def matching(resources: Iterable[JsonObject], query: Iterable[tuple[str, str]]) -> list[JsonObject]:
    """Those that a search finds, in its order. Raises ValueError, naming the parameter, for a value that is none."""
    found = list(resources)
    for name, value in query:
        if name == "_lastUpdated":
            prefix = value[:2] if value[:2] in _COMPARE else "eq"
            moment, compare = _instant(value.removeprefix(prefix)), _COMPARE[prefix]
            found = [each for each in found if compare(_instant(each["meta"]["lastUpdated"]), moment)]
        elif name == "_id":
            wanted = set(value.split(","))
            found = [each for each in found if each["id"] in wanted]
        elif name in ("patient", "subject"):
            reference = value if "/" in value else f"Patient/{value}"
            found = [each for each in found if reference in (_subject(each), f"{each['resourceType']}/{each['id']}")]
        elif name == "_sort":
            if value.removeprefix("-") != "_lastUpdated":
                raise ValueError("_sort: only _lastUpdated is served")
            found.sort(key=lambda each: str(each["meta"]["lastUpdated"]), reverse=value.startswith("-"))
    return found


def page_size(value: str | None, default: int) -> int:
    """``_count``. Zero asks for the total alone (R4 §3.1.1.5.4). Raises ValueError for what is no number."""
    if value is None:
        return default
    if not value.isdecimal():
        raise ValueError("_count: not a number")
    return min(int(value), MOST)


def _instant(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ValueError("_lastUpdated: not an instant") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _subject(resource: JsonObject) -> str | None:
    subject = resource.get("subject") or resource.get("patient") or {}
    return subject.get("reference") if isinstance(subject, dict) else None
