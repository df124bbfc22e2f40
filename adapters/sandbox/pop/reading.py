"""How the sandbox POP shows what it holds: the read shapes, anonymisation, and the answers that cannot be built (poison)."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from adapters.pop.kinds import KINDS, Kind
from adapters.sandbox.pop import lines
from adapters.sandbox.pop.refusals import ServerError
from adapters.sandbox.pop.releases import Dialect
from adapters.sandbox.pop.shapes import kind_of_row, kinds_of
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms

JsonObject = dict[str, Any]

#: LOINC answers of the ECOG (LL529-9) and Karnofsky (LL4986-7) scales, by score.
ECOG_ANSWERS = {0: "LA9622-7", 1: "LA9623-5", 2: "LA9624-3", 3: "LA9625-0", 4: "LA9626-8", 5: "LA9627-6"}
KARNOFSKY_ANSWERS = {
    100: "LA29175-9", 90: "LA29176-7", 80: "LA29177-5", 70: "LA29178-3", 60: "LA29179-1", 50: "LA29180-9", 40: "LA29181-7",
    30: "LA29182-5", 20: "LA29183-3", 10: "LA29184-1", 0: "LA9627-6",
}  # fmt: skip
#: Days by which anonymised dates are moved; POP draws them for each case.
SHIFT = dt.timedelta(days=157)
MASK = "*************"


def readable(collection: str, row: JsonObject) -> bool:
    """False for poison: building the answer fails, for this row and for every list that contains it."""
    if collection == "patient-cases":
        return row.get("vitalStatus") == "unknown" or row.get("endOfRecords") is None
    if collection in ("systemic-therapies", "radiotherapies"):
        return lines.started(row)
    return collection != "vitals" or _height(row) != 0


def _height(row: JsonObject) -> float | None:
    return None if row.get("height") is None else float(row["height"]["value"])


@cache
def _children(kind: str) -> dict[str, str]:
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
        self._terms = terms
        self._dialect = dialect or Dialect()

    def read(self, collection: str, row: JsonObject, *, anonymised: bool) -> JsonObject:
        """The read shape. Raises ServerError on poison."""
        if not readable(collection, row):
            raise ServerError("unreadable")
        kind = kind_of_row(collection, row)
        shown: JsonObject = {"anonymized": anonymised, "id": row["id"], "description": description(kind.name, row)}
        shown.update({name: row.get(name) for name in ("createdAt", "updatedAt", "createdBy", "updatedBy")})
        shown.update({name: row.get(name) for name in sorted(kind.properties)})
        shown.update(self._derived(kind, row, anonymised=anonymised))
        if kind.parent is not None:
            del shown["anonymized"]
        if anonymised:
            _anonymise(kind, shown)
        shown = self._dialect.outgoing(kind.name, row, shown)
        # Observed: collections of several kinds leave out what is null, the others show it.
        return _without_nulls(shown) if len(kinds_of(collection)) > 1 else shown

    def _derived(self, kind: Kind, row: JsonObject, *, anonymised: bool) -> JsonObject:
        found: JsonObject = {
            name: [
                self.read(children, child, anonymised=anonymised) for child in self._entities.owned(children, row["id"])
            ]
            for name, children in _children(kind.name).items()
        }
        if kind.name == "PatientCase":
            found["pseudoidentifier"] = row["pseudoidentifier"]
        elif kind.name == "SystemicTherapy":
            found["isAdjunctive"] = row.get("adjunctiveRole") is not None
        elif kind.name == "PerformanceStatus":
            for scale, answers in (("ecog", ECOG_ANSWERS), ("karnofsky", KARNOFSKY_ANSWERS)):
                found[f"{scale}Interpretation"] = self._interpretation(scale, answers, row.get(f"{scale}Score"))
        elif kind.name == "TherapyLine":
            found.update(lines.derived(self._entities, row))
        elif kind.name == "Vitals":
            height, weight = _height(row), row.get("weight")
            index = None if height is None or weight is None else weight["value"] / height**2
            found["bodyMassIndex"] = None if index is None else {"value": index, "unit": "kg__square_meter"}
        return found

    def _interpretation(self, scale: str, answers: dict[int, str], score: Any) -> JsonObject | None:
        code = answers.get(score) if isinstance(score, int) else None
        name = f"{'ECOG' if scale == 'ecog' else 'Karnofsky'}PerformanceStatusInterpretation"
        return None if code is None else self._terms.find(name, "http://loinc.org", code)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(child) for name, child in value.items() if child is not None}
    return value


def _anonymise(kind: Kind, shown: JsonObject) -> None:
    def moved(day: str | None) -> str | None:
        return None if day is None else (dt.date.fromisoformat(day) + SHIFT).isoformat()

    for name in kind.dates:
        shown[name] = moved(shown.get(name))
    if isinstance(shown.get("period"), dict):
        shown["period"] = {edge: moved(day) for edge, day in shown["period"].items()}
    if kind.name == "PatientCase":
        shown.update(clinicalCenter=MASK, clinicalIdentifier=MASK, dateOfBirth=MASK)


def description(kind: str, row: JsonObject) -> str:
    """A short text as POP gives one; the wording is the sandbox's own where POP's depends on its synonym tables."""
    if kind == "PatientCase":
        return f"Onconova Patient Case {row['pseudoidentifier']}"
    if kind == "NeoplasticEntity":
        relationship = str(row["relationship"]).replace("_", " ").capitalize()
        return f"{relationship} {row['morphology']['display']} of {row['topography']['display']}"
    if kind == "TumorMarker":
        return _marker(row)
    if kind == "PerformanceStatus":
        return (
            f"ECOG: {row['ecogScore']}" if row.get("ecogScore") is not None else f"Karnofsky: {row['karnofskyScore']}"
        )
    if kind == "SystemicTherapy":
        return f"{str(row['intent']).capitalize()} systemic therapy"
    if kind == "Vitals" and _height(row) == 0:
        raise ServerError("no body mass index without a height")
    for field in ("stage", "drug"):
        if isinstance(row.get(field), dict):
            return str(row[field]["display"])
    return kind


def _marker(row: JsonObject) -> str:
    acronym = (row["analyte"].get("properties") or {}).get("acronym") or row["analyte"]["display"]
    for name, value in row.items():
        if isinstance(value, dict) and "unit" in value:
            return f"{acronym}: {value['value']} {value['unit'].replace('__', '/')}"
        if name in ("presence", "tumorProportionScore", "immuneCellScore", "immunohistochemicalScore") and value:
            return f"{acronym}: {value}"
    return str(acronym)
