"""What POP's database refuses, and on what it fails (shared notes *Writing*, ``constraints.json``)."""

from __future__ import annotations

from typing import Any

from adapters.pop.guard import ONE_OF
from adapters.pop.kinds import KINDS, Kind
from adapters.sandbox.pop.history import snake
from adapters.sandbox.pop.refusals import ServerError, duplicate, violation
from adapters.sandbox.pop.store import Entities

JsonObject = dict[str, Any]

#: PostgreSQL's integer columns end here.
INTEGER_LIMIT, SMALL_LIMIT = 2**31, 2**15
#: Integers in small columns, which end at 2¹⁵ - 1.
SMALL = frozenset({"ecogScore", "karnofskyScore", "grade", "onsetAge", "copyNumber", "value"})
#: The one integer that may be negative.
SIGNED = frozenset({("AneuploidScore", "value")})


def check(entities: Entities, kind: Kind, row: JsonObject, *, replacing: str | None = None) -> None:
    """Raise Refused or ServerError if the row may not be stored. ``replacing``: the id of the row it replaces."""
    for field in kind.references:
        if field == "therapyLineId" and replacing is not None:
            # Lines come and go with every write of a therapy: an update keeps what it has.
            continue
        targets = row.get(field)
        for target in targets if isinstance(targets, list) else [targets]:
            if target is not None and not _exists(entities, kind, field, target):
                raise ServerError(f"unknown {field}")
    period = row.get("period")
    if isinstance(period, dict) and period.get("start") and period.get("end") and period["end"] < period["start"]:
        raise ServerError("period ends before it starts")
    for field in (name for name, holds in kind.types.items() if holds == "integer"):
        value = row.get(field)
        if value is None:
            continue
        limit = SMALL_LIMIT if field in SMALL else INTEGER_LIMIT
        if not -limit <= value < limit:
            raise ServerError("integer out of range")
        if value < 0 and (kind.name, field) not in SIGNED:
            raise violation(kind.name, f"oncology_{kind.name.lower()}_{snake(field)}_check")
    if kind.name == "PatientCase":
        _check_case(entities, row, replacing)
    elif kind.name == "NeoplasticEntity" and row["relationship"] == "primary" and row.get("relatedPrimaryId"):
        raise violation(kind.name, "primary_cannot_have_a_related_primary")
    elif kind.name == "TumorMarker" and all(row.get(name) is None for name in ONE_OF[kind.name]):
        raise violation(kind.name, "tumor marker must at least have one value")
    elif kind.name == "PerformanceStatus" and all(row.get(name) is None for name in ONE_OF[kind.name]):
        raise violation(kind.name, "at_least_one_score_must_be_set")


def _exists(entities: Entities, kind: Kind, field: str, identity: str) -> bool:
    collections = {KINDS[target].collection for target in kind.references[field]}
    return any(entities.get(collection, identity) is not None for collection in collections)


def _check_case(entities: Entities, row: JsonObject, replacing: str | None) -> None:
    status = row.get("vitalStatus") or "unknown"
    if status == "unknown" and row.get("endOfRecords") is None:
        raise violation("PatientCase", "unknown_vital_status_requires_end_of_records")
    if (status == "deceased") != (row.get("dateOfDeath") is not None):
        raise violation("PatientCase", "vital_status_date_of_death_combinations")
    if status != "deceased" and row.get("causeOfDeath") is not None:
        raise violation("PatientCase", "cause_of_death_only_for_deceased")
    twin = entities.case_by_identity(row["clinicalCenter"], row["clinicalIdentifier"])
    if twin is not None and twin["id"] != replacing:
        raise duplicate("unique_clinical_identifier_per_center")
