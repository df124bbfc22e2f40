"""Histories: one event for every change of an entity's own columns, with a snapshot of them (shared notes *Reading*)."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from functools import cache
from typing import Any

from adapters.pop.kinds import KINDS, Kind
from adapters.sandbox.pop import units
from adapters.sandbox.pop.shapes import COMPACT, kind_of_row
from adapters.sandbox.pop.store import Entities, now

JsonObject = dict[str, Any]

#: Concepts and users have ids in POP's tables that its API shows nowhere else: made of what they stand for.
_ROWS = uuid.UUID("6f0a3c52-93b1-4c55-8a5f-0d5a1c6ef1a7")
#: Collections of several kinds: the column that holds the id of the row they share; what is in that row has no history.
SHARED = {
    "stagings": "staging_id",
    "genomic-signatures": "genomic_signature_id",
    "tumor-boards": "tumor_board_id",
}
#: Collections whose entities name their case, the case itself apart.
TRACKED = frozenset(kind.collection for kind in KINDS.values() if "caseId" in kind.types)
#: Kinds whose snapshots read like their write shape: nothing that it requires is spelt otherwise in the table.
_SPELT_OUT = frozenset({"AdverseEventMitigation", "AdverseEventSuspectedCause"})
_SHARED_FIELDS = frozenset({"caseId", "date", "externalSource", "externalSourceId"})


@cache
def snake(name: str) -> str:
    """The column of a field."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@cache
def _fields(of: str) -> dict[str, tuple[str, str]]:
    """Of a kind: field → (its column, what it holds), for the fields that have a column in the table with a history."""
    kind = KINDS[of]
    shared = kind.collection in SHARED
    found = {}
    for name, holds in kind.types.items():
        if (holds.endswith("[]") and holds != "string[]") or (shared and name in {*_SHARED_FIELDS, *kind.const}):
            continue
        column = snake(name)
        found[name] = (f"{column}_id" if holds == "CodedConcept" else column, holds)
    return found


def columns(kind: Kind, row: JsonObject) -> JsonObject:
    """The row as POP's table has it."""
    shared = SHARED.get(kind.collection)
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
        return f"[{value.get('start') or ''},{_after(end) if end else ''})"
    return value


def _after(day: str) -> str:
    try:
        return (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat()
    except OverflowError:
        # PostgreSQL's calendar goes on.
        return "10000-01-01"


def record(entities: Entities, kind: Kind, row: JsonObject, category: str, *, user: str, url: str) -> None:
    """Note a change in the row. An update that changes no column of its own is none."""
    snapshot = columns(kind, row)
    if category == "update" and _changes(row, snapshot) is None:
        return
    event = _append(entities, kind, row, category, snapshot, user=user, url=url)
    if category == "create":
        row["createdAt"], row["createdBy"] = event["timestamp"], user
    elif category == "update":
        row["updatedAt"], row["updatedBy"] = event["timestamp"], sorted({*(row["updatedBy"] or []), user})


def note(
    entities: Entities, kind: Kind, row: JsonObject, category: str, *, user: str | None = None, url: str | None = None
) -> None:
    """Note what happened to the row without changing it: an export (which names nobody), an import."""
    _append(entities, kind, row, category, columns(kind, row), user=user, url=url)


def remember(entities: Entities, kind: Kind, row: JsonObject, told: JsonObject, snapshot: JsonObject) -> None:
    """An event of a bundle: what was before POP had the row. Who wrote and when is told, what was written is not."""
    user, at = told["user"], told["timestamp"]
    event = _append(entities, kind, row, told["category"], snapshot, user=user, url=None)
    event |= {"timestamp": at, "fields": {}, "imported": True}
    if told["category"] == "create":
        row["createdAt"], row["createdBy"] = at, user
    elif told["category"] == "update":
        row["updatedAt"] = max(row["updatedAt"] or "", at)
        row["updatedBy"] = sorted({*(row["updatedBy"] or []), *([user] if user else [])})


def _changes(row: JsonObject, snapshot: JsonObject) -> JsonObject | None:
    """Columns that differ from the event before: [before, after]; None if there is none, or no difference."""
    if not row["_events"]:
        return None
    before = row["_events"][-1]["snapshot"]
    return {name: [before.get(name), value] for name, value in snapshot.items() if before.get(name) != value} or None


def _append(
    entities: Entities, kind: Kind, row: JsonObject, category: str, snapshot: JsonObject, *, user: str | None, url: str | None
) -> JsonObject:  # fmt: skip
    event = {
        "id": entities.new_event(), "category": category, "timestamp": now(), "user": user, "url": url,
        "snapshot": snapshot, "differential": _changes(row, snapshot),
        "fields": {name: row.get(name) for name in _fields(kind.name)},
    }  # fmt: skip
    row["_events"] = [*row["_events"], event]
    entities.noted(row["id"] if kind.name == "PatientCase" else row.get("caseId"), event)
    return event


def shown(kind: Kind, row: JsonObject, event: JsonObject, *, raw: bool = False) -> JsonObject:
    """One event as the API shows it; ``raw``: as a bundle does."""
    snapshot, differential = event["snapshot"], event["differential"]
    # Observed: where columns are told as fields, only those are that are spelt alike.
    names = {
        column: name for name, (column, holds) in _fields(kind.name).items() if holds not in ("CodedConcept", "uuid")
    }
    if kind.name in _SPELT_OUT and not raw:
        snapshot = {names[name]: value for name, value in snapshot.items() if name in names and value is not None}
        snapshot["id"] = row["id"]
    if differential is not None and kind.name not in COMPACT and not raw:
        differential = {names[name]: values for name, values in differential.items() if name in names}
    return {
        "id": event["id"], "resourceId": row["id"], "category": event["category"], "timestamp": event["timestamp"],
        "user": event["user"], "url": event["url"], "resource": kind.name, "snapshot": snapshot,
        "differential": differential, "context": context(event),
    }  # fmt: skip


def in_bundle(collection: str, row: JsonObject) -> list[JsonObject]:
    """The events of an entity that names its case, as a bundle tells them: of an entity that POP splits over two tables, those of
    the table that its collection shares."""
    kind = kind_of_row(collection, row)
    events = [shown(kind, row, event, raw=True) for event in row["_events"]]
    if collection in SHARED:
        table = SHARED[collection].removesuffix("_id").title().replace("_", "")
        snapshot = {
            "id": row["id"], "date": row["date"], "case_id": row["caseId"], "external_source": row["externalSource"],
            "external_source_id": row["externalSourceId"],
        }  # fmt: skip
        events = [{**event, "resource": table, "snapshot": snapshot, "differential": None} for event in events]
    return events


def context(event: JsonObject) -> JsonObject | None:
    """Who did it and how; None for what POP does by itself."""
    user = event["user"]
    if event.get("imported"):
        return {"username": user}
    if user is None:
        return None
    identity = str(uuid.uuid5(_ROWS, user))
    return {"url": event["url"], "user": identity, "username": user, "ip_address": "127.0.0.1"}


def restored(row: JsonObject, event: JsonObject) -> JsonObject:
    """The row as it was at that event; its relations and lists of concepts stay as they are."""
    return {**row, **event["fields"]}
