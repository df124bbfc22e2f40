"""Writing to the sandbox POP: create, replace, delete, with everything that a write drags along in the real one."""

from __future__ import annotations

import random
import string
from typing import Any

from adapters.pop.kinds import Kind
from adapters.sandbox.pop import history, lines, rules, shapes
from adapters.sandbox.pop.describing import Describer
from adapters.sandbox.pop.refusals import ServerError
from adapters.sandbox.pop.releases import Dialect
from adapters.sandbox.pop.removing import Removal
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms

JsonObject = dict[str, Any]


#: Columns that POP's database computes: an update's answer still describes what they came from before.
_STALE = {"GenomicVariant": ("clinicalRelevance",), "TherapyLine": ("intent", "ordinal")}


class Records:
    """All writes. Each raises Refused or ServerError as POP would answer; a ServerError may have stored the row."""

    def __init__(self, entities: Entities, terms: Terms, dialect: Dialect | None = None) -> None:
        self._entities = entities
        self._terms = terms
        self._dialect = dialect or Dialect()
        self._describer = Describer(entities, terms)
        self._random = random.Random(7)  # noqa: S311 - pseudoidentifiers of invented people

    def create(
        self, collection: str, body: Any, *, user: str, parent: str | None = None, url: str = ""
    ) -> tuple[Kind, JsonObject]:
        """Store a new entity; returns its kind and the row that the answer is made of (measures as they were sent).
        ``url``: where it was asked for, for the history."""
        kind, fields, sent = self._validated(collection, body)
        row = self._entities.new_row(fields, parent=parent)
        rules.check(self._entities, kind, row)
        if kind.name == "PatientCase":
            row["pseudoidentifier"] = self.pseudoidentifier()
        history.record(self._entities, kind, row, "create", user=user, url=url)
        self._entities.put(collection, row)
        self.rewrite_lines(collection, row.get("caseId", ""), user=user, url=url)
        return kind, {**self._current(collection, row), **sent}

    def update(
        self, collection: str, row: JsonObject, body: Any, *, user: str, url: str = ""
    ) -> tuple[Kind, JsonObject]:
        """Replace an entity: what the body leaves out is gone. An identical body makes no event."""
        kind, fields, sent = self._validated(collection, body)
        for name in kind.terminology:
            if isinstance(fields[name], list):
                # Observed: concepts that were there already come before the new ones.
                before = row[name]
                fields[name].sort(key=lambda each, before=before: before.index(each) if each in before else len(before))
        renewed = {**{name: row[name] for name in row if name not in kind.properties}, **fields}
        rules.check(self._entities, kind, renewed, replacing=row["id"])
        stale = {name: row.get(name) for name in _STALE.get(kind.name, ())}
        return kind, {**self.replace(collection, kind, renewed, user=user, url=url), **sent, **stale}

    def _validated(self, collection: str, body: Any) -> tuple[Kind, JsonObject, JsonObject]:
        kind, fields, sent = shapes.validated(collection, self._dialect.incoming(collection, body), self._terms)
        return kind, fields | self._dialect.own(kind.name, body), sent

    def _current(self, collection: str, row: JsonObject) -> JsonObject:
        """The row with what rewriting the lines has changed in it."""
        return self._entities.get(collection, row["id"]) or row

    def revert(
        self, collection: str, kind: Kind, row: JsonObject, event: JsonObject, *, user: str, url: str
    ) -> JsonObject:
        """Bring an entity back to what it was at an event of its history, which is an event itself."""
        renewed = history.restored(row, event)
        history.record(self._entities, kind, renewed, "update", user=user, url=url)
        self._entities.put(collection, renewed)
        return renewed

    def replace(self, collection: str, kind: Kind, row: JsonObject, *, user: str, url: str) -> JsonObject:
        """Store a row that stands already, with its event."""
        history.record(self._entities, kind, row, "update", user=user, url=url)
        self._entities.put(collection, row)
        self.rewrite_lines(collection, row.get("caseId", ""), user=user, url=url)
        return self._current(collection, row)

    def describe(self, kind: Kind, row: JsonObject) -> str:
        """Its description, which POP makes for its answer: too late to undo the write if it fails."""
        return self._describer.describe(kind.name, row)

    def delete(self, collection: str, row: JsonObject, *, user: str, url: str = "") -> None:
        """Delete with POP's cascades. Deleting a therapy rewrites the lines of its case."""
        Removal(self._entities, user=user, url=url).run(collection, row)
        if collection in lines.THERAPIES and lines.derivable(self._entities, row["caseId"]):
            lines.rebuild(self._entities, row["caseId"], user=user, url=url)

    def rewrite_lines(self, collection: str, case_id: str, *, user: str, url: str) -> None:
        """Make the lines of a case anew after a write of a therapy. Raises ServerError while they cannot be."""
        if collection not in lines.THERAPIES:
            return
        if not lines.derivable(self._entities, case_id):
            raise ServerError("therapy lines cannot be derived")
        lines.rebuild(self._entities, case_id, user=user, url=url)

    def pseudoidentifier(self) -> str:
        """A new one: a letter and groups of digits without a zero."""

        def digits(count: int) -> str:
            return "".join(self._random.choices("123456789", k=count))

        return f"{self._random.choice(string.ascii_uppercase)}.{digits(4)}.{digits(3)}.{digits(2)}"
