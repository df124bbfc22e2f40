"""Filters and order of POP's lists. What POP does not know it ignores silently, and the whole list comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.pop.http import malformed_id
from adapters.sandbox.pop.refusals import Refused, ServerError, shape
from adapters.sandbox.pop.shapes import kinds_of
from adapters.sandbox.pop.store import Entities

JsonObject = dict[str, Any]

#: Filters by equality that POP was seen to know.
EXACT = ("externalSource", "pseudoidentifier", "consentStatus", "vitalStatus")
AUDIT = frozenset({"id", "createdAt", "updatedAt"})
#: Lists of several kinds: POP builds them whole, and cuts them afterwards.
WHOLE = frozenset({"stagings", "genomic-signatures", "tumor-boards"})


def listed(entities: Entities, collection: str, query: Mapping[str, str], *, manages: bool) -> list[JsonObject]:
    """The rows that a list answers with, before paging. ``manages``: whether whoever asks may look for clinical identifiers.
    Raises ServerError for a malformed id or an unknown ordering."""
    case_id = query.get("caseId")
    if case_id is not None and malformed_id(case_id):
        raise ServerError("malformed caseId")
    rows = entities.all(collection) if case_id is None else entities.owned(collection, case_id)
    for name in EXACT:
        if name in query:
            rows = [row for row in rows if row.get(name) == query[name]]
    if collection == "patient-cases" and "idSearch" in query:
        wanted = query["idSearch"].lower()
        names = ("id", "pseudoidentifier", *(("clinicalIdentifier",) if manages else ()))
        rows = [row for row in rows if any(wanted in row[name].lower() for name in names)]
    if (day := query.get("date.on")) is not None:
        rows = [row for row in rows if row.get("date") == day]
    if (day := query.get("date.before")) is not None:
        rows = [row for row in rows if str(row.get("date")) < day]
    if (day := query.get("date.after")) is not None:
        rows = [row for row in rows if str(row.get("date")) > day]
    if "date.between" in query:
        raise _between(query["date.between"])
    return _ordered(collection, rows, query.get("ordering"))


def paged(
    collection: str, rows: list[JsonObject], ordering: str | None, *, limit: int, offset: int
) -> list[JsonObject]:
    """One page of a list. The database sorts anew for each page, and rows that sort alike come as it likes (observed: 130 vitals of
    two dates, by fifties, had one twice and one never): here the last of a page gives way to its equal behind it."""
    page, behind = rows[offset : offset + limit], rows[offset + limit : offset + limit + 1]
    if page and behind and collection not in WHOLE and _place(page[-1], ordering) == _place(behind[0], ordering):
        return [*page[:-1], *behind]
    return page


def _place(row: JsonObject, ordering: str | None) -> str:
    return _date(row) if ordering is None else str(row.get(ordering.removeprefix("-")) or "")


def _ordered(collection: str, rows: list[JsonObject], ordering: str | None) -> list[JsonObject]:
    if ordering is None:
        # Observed: the newest date first; entities without a date in no order that was told.
        return sorted(rows, key=_date, reverse=True)
    field = ordering.removeprefix("-")
    if field not in AUDIT and not any(field in kind.properties for kind in kinds_of(collection)):
        if collection in WHOLE:
            # Observed: these are put together outside of the database, and ignore what they do not have.
            return rows
        raise ServerError("unknown ordering")
    return sorted(rows, key=lambda row: _place(row, ordering), reverse=ordering.startswith("-"))


def _between(value: str) -> Refused:
    """POP takes two dates here only as a repeated parameter, which no client of ours sends."""
    name = ["query", "query", "date.between"]
    why = "invalid datetime separator, expected `T`, `t`, `_` or space"
    first = {
        "type": "date_from_datetime_parsing",
        "loc": [*name, 0],
        "msg": f"Input should be a valid date or datetime, {why}",
    }
    found = [{**first, "ctx": {"error": why}}] if len(value) > 10 else []
    return shape(*found, {"type": "missing", "loc": [*name, 1], "msg": "Field required"})


def _date(row: JsonObject) -> str:
    return str(row.get("date") or row.get("assertionDate") or (row.get("period") or {}).get("start") or "")
