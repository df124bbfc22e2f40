"""A recorded answer against that of this run: equal but for what the transcripts name as volatile."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from contract.binding import PSEUDONYM, SYMBOL, UUID, Bindings

#: ``volatile`` of the transcripts, by name: only the JSON type is compared. Progression-free survival is counted to this moment.
VOLATILE = frozenset({
    "createdAt", "updatedAt", "timestamp", "pseudoidentifier", "age", "ageAtDiagnosis", "overallSurvival", "contributors",
    "importedAt", "sessionToken", "progressionFreeSurvival",
})  # fmt: skip
#: Further names that stand for the moment, the machine or a person's particulars.
PARTICULAR = frozenset({
    "exportedAt", "checksum", "database_connection_time_ms", "lastLogin", "at", "ip_address", "email", "firstName", "lastName",
    "fullName", "organization", "department", "title",
})  # fmt: skip
#: What else a value list tells of a concept: each instance has its own lists.
LISTED = frozenset({"version", "synonyms", "properties"})
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(\+\d{2}:\d{2})?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: The recording shortened the pattern of HGVS errors, which is about 9 kB long.
PATTERN = re.compile(r"(?<=should match pattern ').{500,}(?=')", re.DOTALL)
SHORTENED = "<regular expression>"
#: Float noise of an equal computation in another order.
TOLERANCE = 1e-12

Difference = tuple[str, Any, Any]
"""(place, expected, got)"""


def differences(
    recorded: Any, answered: Any, bindings: Bindings, *, place: str = "$", shifted: bool = False
) -> Iterator[Difference]:
    """Where two answers differ. ``shifted``: inside an anonymised entity, whose dates POP moves by days of its own choice."""
    name = place.rpartition(".")[2]
    if isinstance(recorded, dict) and isinstance(answered, dict):
        if "omitted" in recorded:
            return
        shifted = shifted or recorded.get("anonymized") is True
        free = _free(recorded, answered)
        for key in sorted(recorded.keys() | answered.keys()):
            if key not in answered or key not in recorded:
                yield f"{place}.{key}", recorded.get(key, "(no such field)"), answered.get(key, "(no such field)")
            elif key not in free:
                yield from differences(recorded[key], answered[key], bindings, place=f"{place}.{key}", shifted=shifted)
    elif name in VOLATILE | PARTICULAR:
        if isinstance(recorded, str) and isinstance(answered, str):
            bindings.learn(recorded, answered)
        if _type(recorded) != _type(answered):
            yield place, recorded, answered
    elif isinstance(recorded, list) and isinstance(answered, list):
        if len(recorded) != len(answered):
            yield f"{place}.length", len(recorded), len(answered)
            return
        if place in ("$", "$.items"):
            yield from _order(recorded, answered, place)
        recorded, answered = _aligned(recorded, answered, bindings, name)
        for number, (one, other) in enumerate(zip(recorded, answered, strict=True)):
            yield from differences(one, other, bindings, place=f"{place}[{number}]", shifted=shifted)
    elif isinstance(recorded, str) and isinstance(answered, str):
        bindings.learn(recorded, answered)
        if name == "pattern" and recorded == SHORTENED:
            return
        expected, got = _text(bindings.bound(recorded), shifted), _text(answered, shifted)
        if not SYMBOL.search(recorded):
            expected, got = UUID.sub("<uuid>", expected), UUID.sub("<uuid>", got)
        # A description lists concepts in the order of their table, and not always with a blank behind the last.
        if expected != got and not (name == "description" and sorted(expected) == sorted(got)):
            yield place, expected, got
    elif _number(recorded) and _number(answered):
        if name == "id" and isinstance(recorded, int):
            bindings.events.setdefault(recorded, answered)
        elif not math.isclose(recorded, answered, rel_tol=TOLERANCE):
            yield place, recorded, answered
    elif _type(recorded) != _type(answered) or recorded != answered:
        yield place, recorded, answered


def _free(recorded: dict[str, Any], answered: dict[str, Any]) -> frozenset[str]:
    """Fields of an object that need only be there: what a value list says of a concept beyond its name, and how long a therapy
    has lasted that goes on."""
    if {"code", "system"} <= recorded.keys() & answered.keys():
        return LISTED
    going_on = "duration" in recorded and (recorded.get("period") or {}).get("end") is None
    return frozenset({"duration"}) if going_on else frozenset()


def _aligned(recorded: list[Any], answered: list[Any], bindings: Bindings, name: str) -> tuple[list[Any], list[Any]]:
    """Two lists in an order in which they can be compared, where POP's own has no rule: relations, concepts of one field, and
    entities of one day come in the order of its tables."""
    if name.endswith("Ids"):
        return sorted(bindings.bound(recorded)), sorted(answered)
    both = [*recorded, *answered]
    if all(isinstance(item, dict) for item in both):
        if name == "history":
            # The events of a bundle, from the tables of all its entities.
            return sorted(recorded, key=lambda item: _told(bindings.bound(item))), sorted(answered, key=_told)
        if all({"code", "system"} <= item.keys() for item in both):
            return sorted(recorded, key=_concept), sorted(answered, key=_concept)
        places = {str(bindings.bound(item["id"])): number for number, item in enumerate(recorded) if "id" in item}
        if places and places.keys() == {str(item.get("id")) for item in answered}:
            return recorded, sorted(answered, key=lambda item: places[str(item["id"])])
    return recorded, answered


def _told(value: Any) -> str:
    """What an event says, without ids and moments, as text."""
    if isinstance(value, dict):
        kept = {
            name: _told(child) for name, child in value.items() if name not in VOLATILE and not isinstance(child, int)
        }
        return json.dumps(kept, sort_keys=True)
    return UUID.sub("<uuid>", PSEUDONYM.sub("<pseudonym>", str(value)))


def _concept(item: Any) -> tuple[str, str]:
    return str(item["system"]), str(item["code"])


def _order(recorded: list[Any], answered: list[Any], place: str) -> Iterator[Difference]:
    """Lists of entities are ordered by their day: that much of the order must agree."""
    for field in ("date", "assertionDate"):
        one, other = ([item.get(field) for item in items if isinstance(item, dict)] for items in (recorded, answered))
        shifted = any(isinstance(item, dict) and item.get("anonymized") for item in recorded)
        if one != other and not shifted and all(isinstance(day, str) for day in (*one, *other)):
            yield f"{place} order by {field}", one, other


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _type(value: Any) -> str:
    return "number" if _number(value) else type(value).__name__


def _text(value: str, shifted: bool) -> str:
    value = MOMENT.sub("<moment>", PATTERN.sub(SHORTENED, value))
    return DAY.sub("<date>", value) if shifted else value


def one_line(status: int, body: Any) -> str:
    """An error's body as ``constraints.json`` writes it."""
    if isinstance(body, str):
        found = re.search(r"<title>(.*?)</title>", body)
        return f'HTML page "{found[1]}"' if found else body.strip()
    if isinstance(body, dict):
        detail = body.get("detail", body.get("message", body))
        if isinstance(detail, list):
            return "; ".join(
                f"{'.'.join(map(str, item['loc']))}: {PATTERN.sub(SHORTENED, item['msg'])}" for item in detail
            )
        return str(detail)
    return str(body)
