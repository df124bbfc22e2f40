"""Deleting, with everything that goes along: what a case or a parent owns, and what refers to the entity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapters.pop.kinds import KINDS
from adapters.sandbox.pop import history
from adapters.sandbox.pop.shapes import kind_of_row, kinds_of
from adapters.sandbox.pop.store import Entities

JsonObject = dict[str, Any]

#: Single references that are emptied when their target goes; with any other, what refers goes too (POP 1.4.0).
_EMPTIED = frozenset({"therapyLineId", "molecularComparisonMatchId"})


class Removal:
    """One deletion, by a user at an address of the API."""

    def __init__(self, entities: Entities, *, user: str, url: str) -> None:
        self._entities = entities
        self._by = {"user": user, "url": url}

    def run(self, collection: str, row: JsonObject) -> None:
        """Delete the row; other rows may be gone or changed afterwards."""
        identity = row["id"]
        if self._entities.get(collection, identity) is None:
            return
        if collection in history.TRACKED:
            history.note(self._entities, kind_of_row(collection, row), row, "delete", **self._by)
            self._entities.outlived(row["caseId"], history.in_bundle(collection, row))
        case_id = self._case_of(collection, row)
        self._entities.delete(collection, identity)
        for other in list(self._entities.collections()):
            for owned in self._entities.owned(other, identity):
                self.run(other, owned)
        # A case's own go with it, so what they refer to need not be asked; marks of completion are referred to by nothing.
        if collection != "patient-cases" and case_id is not None and kinds_of(collection):
            self._let_go(kind_of_row(collection, row).name, identity, case_id)

    def _let_go(self, kind: str, identity: str, case_id: str) -> None:
        for name, field in _referring(kind):
            collection = KINDS[name].collection
            for row in list(self._rows(name, case_id)):
                value = row.get(field)
                if isinstance(value, list) and identity in value:
                    self._entities.put(collection, {**row, field: [each for each in value if each != identity]})
                elif value == identity and field in _EMPTIED:
                    self._entities.put(collection, {**row, field: None})
                elif value == identity:
                    self.run(collection, row)

    def _rows(self, kind: str, case_id: str) -> Iterator[JsonObject]:
        """Entities of a kind's collection in one case."""
        parent = KINDS[kind].parent
        if parent is None:
            yield from self._entities.owned(KINDS[kind].collection, case_id)
            return
        for owner in self._entities.owned(KINDS[parent].collection, case_id):
            yield from self._entities.owned(KINDS[kind].collection, owner["id"])

    def _case_of(self, collection: str, row: JsonObject) -> str | None:
        if "caseId" in row or row["_parent"] is None:
            return row.get("caseId")
        parent = kind_of_row(collection, row).parent
        owner = None if parent is None else self._entities.get(KINDS[parent].collection, row["_parent"])
        # The parent may be gone already: then what refers to its children goes with it, too.
        return None if owner is None else owner["caseId"]


def _referring(kind: str) -> list[tuple[str, str]]:
    """(kind, field) of everything that may refer to a kind, its case apart."""
    return [
        (name, field)
        for name, facts in KINDS.items()
        for field, targets in facts.references.items()
        if kind in targets and field != "caseId"
    ]
