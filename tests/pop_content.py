"""What a POP holds, in a form that two runs can be compared in: ids replaced by whose they are, nothing else left out."""

from __future__ import annotations

from typing import Any

import httpx

JsonObject = dict[str, Any]

#: Made by the server: times, its own ids, the therapy lines that POP derives by itself.
_OWN = frozenset(
    {"id", "createdAt", "updatedAt", "createdBy", "updatedBy", "pseudoidentifier", "therapyLineId", "_order", "_events"}
)


async def read_content(address: str) -> list[str]:
    """One line per entity, sorted; an entity that stands there twice gives two lines."""
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        stored: dict[str, list[JsonObject]] = (await client.get("/__sandbox/dump")).json()
    return content(stored)


def content(stored: dict[str, list[JsonObject]]) -> list[str]:
    """See :func:`read_content`."""
    names = {
        row["id"]: str(row.get("externalSourceId") or row.get("clinicalIdentifier"))
        for rows in stored.values()
        for row in rows
    }

    def named(value: Any) -> Any:
        if isinstance(value, str):
            return names.get(value, value)
        if isinstance(value, list):
            return sorted((named(child) for child in value), key=repr)
        if isinstance(value, dict):
            return {name: named(child) for name, child in sorted(value.items())}
        return value

    lines = []
    for collection, rows in stored.items():
        if collection == "therapy-lines":
            continue
        for row in rows:
            shown = {name: named(value) for name, value in sorted(row.items()) if name not in _OWN}
            lines.append(f"{collection} {shown}")
    return sorted(lines)
