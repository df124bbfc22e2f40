"""How the sandbox POP shows what it holds: the read shapes, anonymisation, and the answers that cannot be built (poison)."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from adapters.pop.kinds import KINDS, Kind
from adapters.sandbox.pop import lines
from adapters.sandbox.pop.deriving import Derivations
from adapters.sandbox.pop.describing import Describer
from adapters.sandbox.pop.refusals import ServerError
from adapters.sandbox.pop.releases import Dialect
from adapters.sandbox.pop.shapes import COMPACT, kind_of_row
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms

JsonObject = dict[str, Any]

#: Days by which anonymised dates are moved: observed to be the same for all cases of one server.
SHIFT = dt.timedelta(days=-157)
MASK = "*************"
#: Dates that anonymised reads move; any other is told as it is.
MOVED = ("date", "assertionDate", "assessmentDate")
#: Bins of anonymised ages begin here, the first one at birth.
OLDEST_BIN = 90
#: An age that POP has no bin for: its anonymised reads fail.
OLDEST = 150


def readable(collection: str, row: JsonObject) -> bool:
    """False for poison: building the answer fails, for this row and for every list that contains it."""
    if collection == "patient-cases":
        return row.get("vitalStatus") == "unknown" or row.get("endOfRecords") is None
    if collection in ("systemic-therapies", "radiotherapies"):
        return lines.started(row) and row["period"].get("end") != lines.LAST
    return collection != "vitals" or row.get("height") is None or row["height"]["value"] != 0


@cache
def children_of(kind: str) -> dict[str, str]:
    """Field of the read shape → collection of the children that it shows."""
    found = {}
    for child in KINDS.values():
        if child.parent == kind:
            first, *others = child.collection.rsplit("/", 1)[1].split("-")
            found[first + "".join(word.capitalize() for word in others)] = child.collection
    return found


class Reader:
    """Rows in their read shape."""

    def __init__(self, entities: Entities, terms: Terms, dialect: Dialect | None = None) -> None:
        self._entities = entities
        self._dialect = dialect or Dialect()
        self._derivations = Derivations(entities, terms)
        self._describer = Describer(entities, terms)

    def read(self, collection: str, row: JsonObject, *, anonymised: bool, compact: bool = True) -> JsonObject:
        """The read shape; ``compact``: without nulls, for the kinds that POP shows so. Raises ServerError on poison."""
        if not readable(collection, row):
            raise ServerError("unreadable")
        kind = kind_of_row(collection, row)
        shown: JsonObject = {"anonymized": anonymised, "id": row["id"]}
        shown.update({name: row.get(name) for name in ("createdAt", "updatedAt", "createdBy", "updatedBy")})
        shown.update({name: row.get(name) for name in sorted(kind.properties)})
        shown.update(self._derivations.of(kind, row))
        shown["description"] = self._describer.describe(kind.name, row)
        for name, children in children_of(kind.name).items():
            owned = self._entities.owned(children, row["id"])
            shown[name] = [self.read(children, child, anonymised=anonymised, compact=compact) for child in owned]
        if kind.parent is not None:
            del shown["anonymized"]
        if anonymised:
            _anonymise(kind, shown)
        shown = self._dialect.outgoing(kind.name, row, shown)
        return without_nulls(shown) if compact and kind.name in COMPACT else shown


def without_nulls(value: Any) -> Any:
    """The same without the fields that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(child) for name, child in value.items() if child is not None}
    if isinstance(value, list):
        return [without_nulls(child) for child in value]
    return value


def _moved(day: str | None) -> str | None:
    try:
        return None if day is None else (dt.date.fromisoformat(day) + SHIFT).isoformat()
    except OverflowError:
        raise ServerError("observed: there is no day before the first year") from None


def _anonymise(kind: Kind, shown: JsonObject) -> None:
    for name in MOVED:
        if shown.get(name) is not None:
            shown[name] = _moved(shown[name])
    if isinstance(shown.get("period"), dict):
        shown["period"] = {edge: _moved(day) for edge, day in shown["period"].items()}
    if kind.name == "PatientCase":
        shown.update(clinicalCenter=MASK, clinicalIdentifier=MASK, dateOfBirth=MASK)
        if shown.get("dateOfDeath") is not None:
            shown["dateOfDeath"] = f"{shown['dateOfDeath'][:4]}-01-01"
        for name in ("age", "ageAtDiagnosis"):
            # Observed: an age of zero is told as it is.
            if shown[name]:
                shown[name] = _bin(shown[name])


def _bin(age: int) -> str:
    if not 0 <= age <= OLDEST:
        raise ServerError("an age without a bin")
    if age < 20:
        return "<20"
    if age >= OLDEST_BIN:
        return f"{OLDEST_BIN}+"
    first = age // 5 * 5
    # POP's own label of that bin.
    return "50-56" if first == 50 else f"{first}-{first + 4}"
