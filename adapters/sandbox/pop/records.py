"""Writing to the sandbox POP: create, replace, delete, with everything that a write drags along in the real one."""

from __future__ import annotations

import random
import string
from typing import Any

from adapters.pop.kinds import Kind
from adapters.sandbox.pop import lines, rules, shapes
from adapters.sandbox.pop.refusals import ServerError
from adapters.sandbox.pop.releases import Dialect
from adapters.sandbox.pop.store import Entities, now
from adapters.sandbox.pop.terms import Terms

JsonObject = dict[str, Any]


class Records:
    """All writes. Each raises Refused or ServerError as POP would answer; a ServerError may have stored the row."""

    def __init__(self, entities: Entities, terms: Terms, dialect: Dialect | None = None) -> None:
        self._entities = entities
        self._terms = terms
        self._dialect = dialect or Dialect()
        self._random = random.Random(7)  # noqa: S311 - pseudoidentifiers of invented people

    def create(self, collection: str, body: Any, *, user: str, parent: str | None = None) -> tuple[Kind, JsonObject]:
        """Store a new entity; returns its kind and row."""
        kind, fields = self._validated(collection, body)
        row = self._entities.new_row(fields, user=user, parent=parent)
        rules.check(self._entities, kind, row)
        if kind.name == "PatientCase":
            row["pseudoidentifier"] = self._pseudoidentifier()
        row["_events"] = [_event(row, "create", user, before=None, after=fields)]
        self._entities.put(collection, row)
        self._rewrite_lines(collection, row, user)
        return kind, row

    def update(self, collection: str, row: JsonObject, body: Any, *, user: str) -> tuple[Kind, JsonObject]:
        """Replace an entity: what the body leaves out is gone. An identical body makes no event."""
        kind, fields = self._validated(collection, body)
        if "therapyLineId" in kind.properties:
            fields["therapyLineId"] = row.get("therapyLineId")
        renewed = {**{name: row[name] for name in row if name not in kind.properties}, **fields}
        rules.check(self._entities, kind, renewed, replacing=row["id"])
        if any(renewed.get(name) != row.get(name) for name in fields):
            renewed["updatedAt"] = now()
            renewed["updatedBy"] = sorted({*(row["updatedBy"] or []), user})
            before = {name: row.get(name) for name in fields}
            renewed["_events"] = [*row["_events"], _event(row, "update", user, before=before, after=fields)]
        self._entities.put(collection, renewed)
        self._rewrite_lines(collection, renewed, user)
        return kind, renewed

    def _validated(self, collection: str, body: Any) -> tuple[Kind, JsonObject]:
        kind, fields = shapes.validated(collection, self._dialect.incoming(collection, body), self._terms)
        return kind, fields | self._dialect.own(kind.name, body)

    def delete(self, collection: str, row: JsonObject, *, user: str) -> None:
        """Delete with POP's cascades: a case takes everything, a parent its children, a tumour leaves the relation lists."""
        self._remove(collection, row)
        if collection in lines.THERAPIES and lines.derivable(self._entities, row["caseId"]):
            lines.rebuild(self._entities, row["caseId"], user=user)

    def _remove(self, collection: str, row: JsonObject) -> None:
        identity = row["id"]
        for other in list(self._entities.collections()):
            for owned in self._entities.owned(other, identity):
                self._remove(other, owned)
        if collection == "neoplastic-entities":
            for other in list(self._entities.collections()):
                for entity in self._entities.owned(other, row["caseId"]):
                    for name, value in entity.items():
                        if isinstance(value, list) and identity in value:
                            self._entities.put(other, {**entity, name: [item for item in value if item != identity]})
        self._entities.delete(collection, identity)

    def _rewrite_lines(self, collection: str, row: JsonObject, user: str) -> None:
        if collection not in lines.THERAPIES:
            return
        if not lines.derivable(self._entities, row["caseId"]):
            raise ServerError("therapy lines cannot be derived")
        lines.rebuild(self._entities, row["caseId"], user=user)

    def _pseudoidentifier(self) -> str:
        draw = self._random
        return f"{draw.choice(string.ascii_uppercase)}.{draw.randint(1000, 9999)}.{draw.randint(100, 999)}.{draw.randint(10, 99)}"


def _event(row: JsonObject, category: str, user: str, *, before: JsonObject | None, after: JsonObject) -> JsonObject:
    """One event of an entity's history. POP's snapshots are raw columns; the sandbox keeps the fields."""
    changed = (
        None if before is None else {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    )
    return {
        "id": len(row["_events"]) + 1, "resourceId": row["id"], "category": category, "timestamp": now(), "user": user,
        "snapshot": after, "differential": changed, "context": {"username": user},
    }  # fmt: skip
