"""The sandbox EHR's data: every version of every resource, in memory."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]


def bundle_resources(path: Path) -> Iterator[JsonObject]:
    """The resources of a Bundle file, or the one resource of another. References by the ``urn:uuid:`` of an entry become
    ``Type/id``, as a server does when it takes in a Bundle (R4 §3.1.0.11.2)."""
    value = json.loads(path.read_text(encoding="utf-8"))
    if value.get("resourceType") != "Bundle":
        yield value
        return
    resources, names = [], {}
    for entry in value.get("entry", []):
        if isinstance(entry.get("resource"), dict):
            resource = dict(entry["resource"])
            name = str(entry.get("fullUrl", ""))
            if name.startswith("urn:uuid:"):
                resource.setdefault("id", name.removeprefix("urn:uuid:"))
                names[name] = f"{resource.get('resourceType')}/{resource['id']}"
            resources.append(resource)
    for resource in resources:
        yield _renamed(resource, names)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """A copy with each ``reference`` that is one of the names replaced."""
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: names.get(each, each) if key == "reference" and isinstance(each, str) else _renamed(each, names)
        for key, each in value.items()
    }


class Versions:
    """Resources with their versions. ``now`` gives the server's clock (UTC)."""

    def __init__(self, now: Callable[[], dt.datetime] | None = None) -> None:
        self.now = now or (lambda: dt.datetime.now(dt.UTC))
        self._versions: dict[tuple[str, str], list[JsonObject | None]] = {}
        self._last = dt.datetime.min.replace(tzinfo=dt.UTC)

    def put(self, resource: JsonObject) -> JsonObject:
        """Store a new version and return it, with ``meta.versionId`` and ``meta.lastUpdated``."""
        key = (resource["resourceType"], resource["id"])
        versions = self._versions.setdefault(key, [])
        # Two changes never share an instant, so that an order by _lastUpdated is the order of the changes.
        self._last = max(self.now(), self._last + dt.timedelta(milliseconds=1))
        stamp = self._last.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        meta = {**resource.get("meta", {}), "versionId": str(len(versions) + 1), "lastUpdated": stamp}
        stored = {**resource, "meta": meta}
        versions.append(stored)
        return stored

    def delete(self, resource_type: str, resource_id: str) -> bool:
        """Delete; False if there is nothing to delete."""
        versions = self._versions.get((resource_type, resource_id))
        if not versions or versions[-1] is None:
            return False
        versions.append(None)
        return True

    def get(self, resource_type: str, resource_id: str) -> JsonObject | None:
        """The newest version; None if it does not exist or was deleted."""
        versions = self._versions.get((resource_type, resource_id))
        return versions[-1] if versions else None

    def known(self, resource_type: str, resource_id: str) -> bool:
        """True if it exists or once did."""
        return (resource_type, resource_id) in self._versions

    def versions(self, resource_type: str, resource_id: str) -> list[JsonObject | None]:
        """Every version, oldest first; None for a deletion."""
        return list(self._versions.get((resource_type, resource_id), []))

    def version(self, resource_type: str, resource_id: str, number: str) -> JsonObject | None:
        """One version."""
        versions = self._versions.get((resource_type, resource_id), [])
        return versions[int(number) - 1] if number.isdecimal() and 0 < int(number) <= len(versions) else None

    def of_type(self, resource_type: str) -> list[JsonObject]:
        """Newest versions of a type, by ``meta.lastUpdated``."""
        found = [v[-1] for (kind, _), v in self._versions.items() if kind == resource_type and v[-1] is not None]
        return sorted((r for r in found if r is not None), key=lambda r: r["meta"]["lastUpdated"])

    def all(self) -> list[JsonObject]:
        """Newest versions of everything."""
        return [versions[-1] for versions in self._versions.values() if versions[-1] is not None]
