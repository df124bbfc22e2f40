"""Comparing what was written with what POP reads back, so that reading back never looks like somebody's edit.

Known normalisations (observed; shared notes *Writing*): dates of birth, death and end of records move to day 1 of their
month; measures come back in another unit with float noise; coded values come back with display, version and synonyms;
an omitted field comes back as null, an omitted list as empty; relation lists have no order.
"""

from __future__ import annotations

import math
from typing import Any

from adapters.pop.kinds import KINDS, JsonObject
from adapters.pop.measures import in_base

#: Moved to the first of their month by the server.
MONTH_DATES = frozenset({"dateOfBirth", "dateOfDeath", "endOfRecords"})
#: Owned by POP: rewritten whenever any therapy of the case is written.
SERVER_OWNED = frozenset({"therapyLineId"})
#: Defaults that POP fills in where the body leaves a field out (OpenAPI ``default``).
DEFAULTS: dict[str, JsonObject] = {"PatientCase": {"consentStatus": "unknown", "vitalStatus": "unknown"}}
#: Relative tolerance of a measure that went through POP's unit conversion.
TOLERANCE = 1e-9


def _value(field: str, value: Any) -> Any:
    if isinstance(value, dict):
        if "code" in value and "system" in value:
            return (value["system"], value["code"])
        if "unit" in value and "value" in value:
            based = in_base(value["value"], value["unit"])
            return ("measure", *based) if based is not None else ("measure", value["unit"], value["value"])
        kept = {name: _value(name, child) for name, child in sorted(value.items()) if child is not None}
        return kept or None
    if isinstance(value, list):
        items = [_value(field, child) for child in value]
        return sorted(items, key=repr) or None
    if isinstance(value, str) and field in MONTH_DATES:
        return f"{value[:7]}-01"
    if value == "":
        return None
    return value


def normalise(kind: str, body: JsonObject) -> JsonObject:
    """A body, written or read, in comparable form: only the kind's own properties, nulls and empty lists left out."""
    properties = KINDS[kind].properties - SERVER_OWNED
    merged = {**DEFAULTS.get(kind, {}), **{name: child for name, child in body.items() if child is not None}}
    found = {name: _value(name, child) for name, child in merged.items() if name in properties}
    return {name: child for name, child in found.items() if child is not None}


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple) and left[:1] == right[:1] == ("measure",):
        return left[1] == right[1] and math.isclose(float(left[2]), float(right[2]), rel_tol=TOLERANCE)
    return bool(left == right)


def changed_fields(kind: str, left: JsonObject, right: JsonObject) -> set[str]:
    """Names of the fields in which two bodies of a kind differ after normalisation."""
    a, b = normalise(kind, left), normalise(kind, right)
    return {name for name in a.keys() | b.keys() if not _equal(a.get(name), b.get(name))}


def writable(kind: str, item: JsonObject) -> JsonObject:
    """A read entity in the shape in which it may be written: only the kind's own fields, concepts without the list's own
    additions, nothing that is null or empty."""
    properties = KINDS[kind].properties
    found = {name: writable_value(value) for name, value in item.items() if name in properties}
    return {name: value for name, value in found.items() if value is not None}


def writable_value(value: Any) -> Any:
    """One field's read value as it may be written; None for what is empty."""
    if isinstance(value, dict):
        if "code" in value and "system" in value:
            return {name: value[name] for name in ("code", "system", "display") if value.get(name) is not None}
        return {name: child for name, child in value.items() if child is not None} or None
    if isinstance(value, list):
        return [writable_value(child) for child in value] or None
    return value
