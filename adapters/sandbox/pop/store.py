"""The sandbox POP's data: entities in memory, written through to a SQLite file when it is to keep them."""

from __future__ import annotations

import datetime as dt
import itertools
import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

JsonObject = dict[str, Any]


@dataclass(slots=True)
class Activity:
    """What was written of a case: by whom, and when something was last changed. What is deleted is not forgotten."""

    users: set[str] = field(default_factory=set)
    updated: str | None = None
    gone: list[JsonObject] = field(default_factory=list)
    """Events of entities that were deleted, as a bundle shows them."""


class Entities:
    """Entities by collection and id. A child's collection is its template (``systemic-therapies/{…}/medications``)."""

    def __init__(self, path: Path | None = None) -> None:
        self._rows: dict[str, dict[str, JsonObject]] = {}
        self._by_case: dict[tuple[str, str], set[str]] = {}
        self._identities: dict[tuple[str, str], str] = {}
        self._activity: dict[str, Activity] = {}
        self._database = None if path is None else sqlite3.connect(path, isolation_level=None)
        if self._database is not None:
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=OFF")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS entity (collection TEXT, id TEXT, body TEXT, PRIMARY KEY (collection, id))"
            )
            for collection, identity, body in self._database.execute("SELECT collection, id, body FROM entity"):
                row = orjson.loads(body)
                self._keep(collection, identity, row)
                for event in row["_events"]:
                    self.noted(identity if collection == "patient-cases" else row.get("caseId"), event)
        orders = (row["_order"] for rows in self._rows.values() for row in rows.values())
        self._order = itertools.count(1 + max(orders, default=0))
        events = [each["id"] for rows in self._rows.values() for row in rows.values() for each in row["_events"]]
        self._events = itertools.count(1 + max(events, default=0))

    def new_row(self, fields: JsonObject, *, parent: str | None = None, identity: str | None = None) -> JsonObject:
        """A row with an id and what POP notes of every entity; not stored yet, and without history."""
        return {
            "id": identity or str(uuid.uuid4()), "_order": next(self._order), "_parent": parent, "_events": [],
            "createdAt": None, "createdBy": None, "updatedAt": None, "updatedBy": None, **fields,
        }  # fmt: skip

    def new_event(self) -> int:
        """The id of the next event."""
        return next(self._events)

    def noted(self, case_id: str | None, event: JsonObject) -> None:
        """An event of a case, or of an entity that names its case."""
        if case_id is not None:
            activity = self._activity.setdefault(case_id, Activity())
            if event["user"] is not None:
                activity.users.add(event["user"])
            if event["category"] == "update":
                activity.updated = max(activity.updated or "", event["timestamp"])

    def outlived(self, case_id: str, events: list[JsonObject]) -> None:
        """Events of an entity that is deleted: they stay."""
        self._activity.setdefault(case_id, Activity()).gone += events

    def activity(self, case_id: str) -> Activity:
        """What was written of a case since the sandbox was started, or is still there."""
        return self._activity.get(case_id) or Activity()

    def _keep(self, collection: str, identity: str, row: JsonObject) -> None:
        self._rows.setdefault(collection, {})[identity] = row
        owner = row.get("_parent") or row.get("caseId")
        if owner is not None:
            self._by_case.setdefault((collection, owner), set()).add(identity)
        if collection == "patient-cases":
            self._identities[row["clinicalCenter"], row["clinicalIdentifier"]] = identity

    def put(self, collection: str, row: JsonObject) -> None:
        """Insert or replace a row."""
        if (old := self.get(collection, row["id"])) is not None:
            self._forget(collection, old)
        self._keep(collection, row["id"], row)
        if self._database is not None:
            self._begin()
            self._database.execute(
                "INSERT OR REPLACE INTO entity VALUES (?, ?, ?)", (collection, row["id"], orjson.dumps(row))
            )

    def _forget(self, collection: str, row: JsonObject) -> None:
        owner = row.get("_parent") or row.get("caseId")
        if owner is not None:
            self._by_case.get((collection, owner), set()).discard(row["id"])
        if collection == "patient-cases":
            self._identities.pop((row["clinicalCenter"], row["clinicalIdentifier"]), None)

    def get(self, collection: str, identity: str) -> JsonObject | None:
        """A row, or None."""
        return self._rows.get(collection, {}).get(identity)

    def owned(self, collection: str, owner: str) -> list[JsonObject]:
        """Rows of a case, or children of a parent, oldest first."""
        rows = self._rows.get(collection, {})
        return sorted((rows[i] for i in self._by_case.get((collection, owner), ())), key=lambda row: row["_order"])

    def all(self, collection: str) -> list[JsonObject]:
        """All rows of a collection, oldest first."""
        return sorted(self._rows.get(collection, {}).values(), key=lambda row: row["_order"])

    def collections(self) -> Iterator[str]:
        """Names of the collections that hold anything."""
        return iter([name for name, rows in self._rows.items() if rows])

    def case_by_identity(self, center: str, identifier: str) -> JsonObject | None:
        """The case with this (clinicalCenter, clinicalIdentifier)."""
        identity = self._identities.get((center, identifier))
        return None if identity is None else self.get("patient-cases", identity)

    def delete(self, collection: str, identity: str) -> None:
        """Remove a row."""
        row = self._rows.get(collection, {}).pop(identity, None)
        if row is not None:
            self._forget(collection, row)
            if self._database is not None:
                self._begin()
                self._database.execute("DELETE FROM entity WHERE collection = ? AND id = ?", (collection, identity))

    def clear(self) -> None:
        """Forget everything."""
        for rows in (self._rows, self._by_case, self._identities, self._activity):
            rows.clear()
        if self._database is not None:
            self._database.execute("DELETE FROM entity")
            self.commit()

    def _begin(self) -> None:
        if self._database is not None and not self._database.in_transaction:
            self._database.execute("BEGIN")

    def commit(self) -> None:
        """Everything so far is in the file. Before a request is answered: what it wrote is there as a whole or not at all."""
        if self._database is not None and self._database.in_transaction:
            self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self.commit()
        if self._database is not None:
            self._database.close()


def now() -> str:
    """The server's local time as POP writes it: milliseconds, no offset."""
    return dt.datetime.now().isoformat(timespec="milliseconds")
