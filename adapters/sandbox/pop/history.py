"""Histories: one event for every change of an entity's own columns, with a snapshot of them (shared notes *Reading*)."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from functools import cache
from typing import Any

from adapters.pop.kinds import KINDS, Kind
from adapters.sandbox.pop import units
from adapters.sandbox.pop.shapes import COMPACT
from adapters.sandbox.pop.store import Entities, now

JsonObject = dict[str, Any]

#: Concepts and users have ids in POP's tables that its API shows nowhere else: made of what they stand for.
_ROWS = uuid.UUID("6f0a3c52-93b1-4c55-8a5f-0d5a1c6ef1a7")
#: Collections of several kinds: the column that holds the id of the row they share; what is in that row has no history.
_SHARED = {
    "stagings": "staging_id",
    "genomic-signatures": "genomic_signature_id",
    "tumor-boards": "tumor_board_id",
}
#: Kinds whose snapshots read like their write shape: nothing that it requires is spelt otherwise in the table.
_SPELT_OUT = frozenset({"AdverseEventMitigation", "AdverseEventSuspectedCause"})
_SHARED_FIELDS = frozenset({"caseId", "date", "externalSource", "externalSourceId"})
#: Columns whose name is not the field's in another spelling (POP's own misspelling).
_NAMES = {"differentiation": "differentitation"}


@cache
def snake(name: str) -> str:
    """The column of a field."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", _NAMES.get(name, name)).lower()


@cache
def _fields(of: str) -> dict[str, tuple[str, str]]:
    """Of a kind: field → (its column, what it holds), for the fields that have a column in the table with a history."""
    kind = KINDS[of]
    shared = kind.collection in _SHARED
    found = {}
    for name, holds in kind.types.items():
        if (holds.endswith("[]") and holds != "string[]") or (shared and name in {*_SHARED_FIELDS, *kind.const}):
            continue
        column = snake(name)
        found[name] = (f"{column}_id" if holds == "CodedConcept" else column, holds)
    return found


def columns(kind: Kind, row: JsonObject) -> JsonObject:
    """The row as POP's table has it."""
    shared = _SHARED.get(kind.collection)
    found: JsonObject = {shared or "id": row["id"]}
    if kind.parent is not None:
        found[f"{snake(kind.parent)}_id"] = row["_parent"]
    for name, (column, holds) in _fields(kind.name).items():
        found[column] = _column(kind, name, holds, row.get(name))
    if kind.name == "PatientCase":
        found["pseudoidentifier"] = row["pseudoidentifier"]
    elif kind.name == "SystemicTherapy":
        found["is_adjunctive"] = row.get("adjunctiveRole") is not None
    elif kind.name == "AdverseEvent":
        found["is_resolved"] = str(row["outcome"]).startswith("resolved")
    elif kind.name == "GenomicVariant":
        relevance = row.get("clinicalRelevance")
        found["is_vus"] = None if relevance is None else relevance == "uncertain_significance"
        found["is_pathogenic"] = None if relevance is None else relevance in ("pathogenic", "likely_pathogenic")
    elif kind.name == "TherapyLine":
        found["label"] = f"{row['intent'][0].upper()}LoT{row['ordinal']}"
    return found


def _column(kind: Kind, name: str, holds: str, value: Any) -> Any:
    if value is None:
        return None
    if holds == "CodedConcept":
        return str(uuid.uuid5(_ROWS, f"{value['system']}|{value['code']}"))
    if holds == "Measure":
        stored = units.standard(kind.measures[name][0], value["value"], value["unit"])
        return int(stored) if stored.is_integer() else stored
    if holds == "Period":
        end = value.get("end")
        after = (dt.date.fromisoformat(end) + dt.timedelta(days=1)).isoformat() if end else ""
        return f"[{value.get('start') or ''},{after})"
    return value


def record(entities: Entities, kind: Kind, row: JsonObject, category: str, *, user: str, url: str) -> None:
    """Note a change in the row. An update that changes no column of its own is none."""
    events = row["_events"]
    snapshot = columns(kind, row)
    changed = None
    if category == "update" and events:
        before = events[-1]["snapshot"]
        changed = {name: [before.get(name), value] for name, value in snapshot.items() if before.get(name) != value}
        if not changed:
            return
    at = now()
    event = {
        "id": entities.new_event(), "category": category, "timestamp": at, "user": user, "url": url, "snapshot": snapshot,
        "differential": changed, "fields": {name: row.get(name) for name in _fields(kind.name)},
    }  # fmt: skip
    row["_events"] = [*events, event]
    if category == "create":
        row["createdAt"], row["createdBy"] = at, user
    elif category == "update":
        row["updatedAt"], row["updatedBy"] = at, sorted({*(row["updatedBy"] or []), user})
    entities.noted(row["id"] if kind.name == "PatientCase" else row.get("caseId"), event)


def shown(kind: Kind, row: JsonObject, event: JsonObject) -> JsonObject:
    """One event as the API shows it."""
    snapshot, differential = event["snapshot"], event["differential"]
    # Observed: where columns are told as fields, only those are that are spelt alike.
    names = {
        column: name for name, (column, holds) in _fields(kind.name).items() if holds not in ("CodedConcept", "uuid")
    }
    if kind.name in _SPELT_OUT:
        snapshot = {names[name]: value for name, value in snapshot.items() if name in names and value is not None}
        snapshot["id"] = row["id"]
    if differential is not None and kind.name not in COMPACT:
        differential = {names[name]: values for name, values in differential.items() if name in names}
    context = None
    if event["user"] is not None:
        context = {
            "url": event["url"], "user": str(uuid.uuid5(_ROWS, event["user"])), "username": event["user"],
            "ip_address": "127.0.0.1",
        }  # fmt: skip
    return {
        "id": event["id"], "resourceId": row["id"], "category": event["category"], "timestamp": event["timestamp"],
        "user": event["user"], "url": event["url"], "resource": kind.name, "snapshot": snapshot,
        "differential": differential, "context": context,
    }  # fmt: skip


def restored(row: JsonObject, event: JsonObject) -> JsonObject:
    """The row as it was at that event; its relations and lists of concepts stay as they are."""
    return {**row, **event["fields"]}
