"""The last check before the wire: what POP would swallow and choke on, or silently lose, never leaves the gateway.

Every rule names the observed fact it stands for: *poison* (stored, then unreadable for everybody), *doubtful* (stored
although clinically impossible), *lost* (extra properties are ignored silently), *500* (an HTML page instead of a 4xx).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

from adapters.pop.errors import PopContract
from adapters.pop.kinds import KINDS, JsonObject, Kind
from adapters.pop.measures import same_dimension

#: Fields of numbers with the range that their scale defines: ECOG-ACRIN 0 to 5 (5 = dead), Karnofsky 0 to 100.
RANGES: dict[tuple[str, str], tuple[float, float]] = {
    ("PerformanceStatus", "ecogScore"): (0, 5),
    ("PerformanceStatus", "karnofskyScore"): (0, 100),
    ("SystemicTherapy", "cycles"): (1, 10_000),
    ("GenomicVariant", "alleleFrequency"): (0, 1),
    ("AdverseEvent", "grade"): (1, 5),
}
#: Kinds of which at least one of the fields must be given (422, database constraint).
ONE_OF: dict[str, frozenset[str]] = {
    "TumorMarker": frozenset(
        {
            "massConcentration", "arbitraryConcentration", "substanceConcentration", "fraction", "multipleOfMedian",
            "tumorProportionScore", "immuneCellScore", "combinedPositiveScore", "immunohistochemicalScore", "presence",
            "nuclearExpressionStatus",
        }
    ),
    "PerformanceStatus": frozenset({"ecogScore", "karnofskyScore"}),
}  # fmt: skip


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MEASURE = frozenset({"value", "unit"})
PERIOD = frozenset({"start", "end"})
#: A concept's other parts are read-only: POP answers with those of its own list.
CONCEPT = frozenset({"code", "system", "display", "version", "synonyms", "properties"})


def check(kind: str, body: JsonObject) -> None:
    """Raise PopContract, naming the field, if this body must not be sent as a ``kind``."""
    if kind not in KINDS:
        raise PopContract(f"POP has no kind {kind}")
    if not isinstance(body, dict):
        raise PopContract(f"{kind}: a body must be an object (POP takes a list for an empty one)")
    facts = KINDS[kind]
    if extra := sorted(body.keys() - facts.properties):
        raise PopContract(f"{kind}: POP has no field {', '.join(extra)}; it would be lost silently")
    for field in facts.required:
        if body.get(field) is None:
            raise PopContract(f"{kind}.{field}: required")
    for field, value in body.items():
        if value is not None:
            _check_field(facts, field, value)
    if kind in ONE_OF and not any(body.get(field) is not None for field in ONE_OF[kind]):
        raise PopContract(f"{kind}: at least one value is required")
    _check_period(facts, body)
    if kind == "PatientCase":
        _check_case(body)
    if kind == "Vitals" and isinstance(height := body.get("height"), dict) and not _positive(height.get("value")):
        raise PopContract("Vitals.height: must be above 0 (poison: every list with it fails)")


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and value > 0


def _check_field(kind: Kind, field: str, value: Any) -> None:
    where = f"{kind.name}.{field}"
    if field in kind.dates:
        _date(where, value)
    if field in kind.terminology:
        for concept in value if isinstance(value, list) else [value]:
            if not (isinstance(concept, dict) and concept.get("code") and concept.get("system")):
                raise PopContract(f"{where}: a concept needs code and system")
            if concept.keys() - CONCEPT:
                raise PopContract(f"{where}: a concept has parts that POP would lose silently")
    if field in kind.measures:
        expected = kind.measures[field][1]
        if (
            not isinstance(value, dict)
            or value.keys() != MEASURE
            or isinstance(value["value"], bool)
            or not isinstance(value["value"], int | float)
            or not math.isfinite(value["value"])
        ):
            raise PopContract(f"{where}: a measure is a number and a unit, and nothing else")
        if not same_dimension(str(value.get("unit")), expected):
            raise PopContract(
                f"{where}: send it in {expected} (some of POP's own conversions are wrong, others end in a 500)"
            )
        if value["value"] < 0 and expected != "celsius":
            raise PopContract(f"{where}: must not be negative")
    if field in kind.enums and value not in kind.enums[field]:
        raise PopContract(f"{where}: must be one of {', '.join(kind.enums[field])}")
    if field in kind.many and not isinstance(value, list | tuple):
        raise PopContract(f"{where}: must be a list")
    if field in kind.const and value != kind.const[field]:
        raise PopContract(f"{where}: must be {kind.const[field]}")
    if (kind.name, field) in RANGES:
        low, high = RANGES[kind.name, field]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise PopContract(f"{where}: must be from {low:g} to {high:g}")


def _date(where: str, value: Any) -> dt.date:
    try:
        # The pattern first: Python also reads week dates (2024-W05-1), which POP does not.
        if not isinstance(value, str) or _DAY.fullmatch(value) is None:
            raise ValueError
        return dt.date.fromisoformat(value)
    except ValueError:
        raise PopContract(f"{where}: must be a day, written YYYY-MM-DD") from None


def _check_period(kind: Kind, body: JsonObject) -> None:
    if "period" not in kind.properties or body.get("period") is None:
        return
    period = body["period"]
    where = f"{kind.name}.period"
    if not isinstance(period, dict) or period.get("start") is None:
        # Poison: a systemic therapy without it is stored, then the case's therapies cannot be read or written any more.
        raise PopContract(f"{where}.start: required")
    start = _date(f"{where}.start", period["start"])
    if period.keys() - PERIOD:
        raise PopContract(f"{where}: has only start and end; anything else would be lost silently")
    if period.get("end") is not None and _date(f"{where}.end", period["end"]) < start:
        raise PopContract(f"{where}: ends before it starts (POP answers 500)")


def _check_case(body: JsonObject) -> None:
    status = body.get("vitalStatus", "unknown")
    if status != "unknown" and body.get("endOfRecords") is not None:
        raise PopContract("PatientCase.endOfRecords: only with vitalStatus unknown (poison: every list with it fails)")
    if status == "unknown" and body.get("endOfRecords") is None:
        raise PopContract("PatientCase.endOfRecords: required while vitalStatus is unknown")
    if status != "deceased" and (body.get("dateOfDeath") is not None or body.get("causeOfDeath") is not None):
        raise PopContract("PatientCase.dateOfDeath: date and cause of death only with vitalStatus deceased")
    if status == "deceased" and body.get("dateOfDeath") is None:
        raise PopContract("PatientCase.dateOfDeath: required with vitalStatus deceased")
    for field in ("dateOfDeath", "endOfRecords"):
        # POP keeps months only, so that both may fall on one; ISO dates compare as text.
        if body.get(field) is not None and str(body[field])[:7] < str(body["dateOfBirth"])[:7]:
            raise PopContract(f"PatientCase.{field}: before the birth")
