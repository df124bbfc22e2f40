"""Whether a body has the shape of POP's schema: derived from its OpenAPI document (``models.py``), stricter where POP loses
or bends what it is given.

POP itself is lax: it takes ``"2"`` for 2, an object it expected and got otherwise for an empty one, and ignores what it does
not know. Here a body must be exactly what will be stored: strict types, no further properties, days as ``YYYY-MM-DD``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from adapters.pop.guard.violation import Violation
from adapters.pop.kinds import JsonObject, Kind
from adapters.pop.measures import sent_unit

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
#: Lengths that the document does not state: those of POP's database columns, and for the external ids (stored at any length,
#: doubtful) the 500 that the document states for the same fields of users.
LENGTHS = dict.fromkeys(
    ("externalSource", "externalSourceId", "dnaHgvs", "rnaHgvs", "proteinHgvs", "reviewedReports"), 500
)
_WHY = {
    "missing": "required",
    "extra_forbidden": "POP has no such field; it would be lost silently",
    "string_pattern_mismatch": "is not written as HGVS nomenclature that POP reads",
    "list_type": "must be a list",
    "string_type": "must be text",
    "model_type": "must be an object",
    "dict_type": "must be an object",
}
#: By the start of pydantic's error type. Its own messages quote the value.
_WHY_BY_PREFIX = {
    "uuid": "must be the id of an entity in POP",
    "date": "must be a day, written YYYY-MM-DD",
    "int": "must be a whole number",
    "float": "must be a number",
    "finite": "must be a finite number",
    "bool": "must be true or false",
}


def misshapen(kind: Kind, body: JsonObject, content: bytes) -> list[Violation]:
    """Violations of the kind's schema. ``content`` is the body as JSON."""
    try:
        kind.model.model_validate_json(content, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return [Violation(".".join(map(str, item["loc"])) or "body", _why(item)) for item in found]
    return [
        *_names(kind, body),
        *_days(kind, body),
        *_measures(kind, body),
        *_concepts(kind, body),
        *_lists(kind, body),
    ]


def _why(item: Any) -> str:
    name, context = item["type"], item.get("ctx", {})
    if name in ("enum", "literal_error"):
        return f"must be {context['expected']}"
    if name == "string_too_long":
        return f"must have at most {context['max_length']} characters"
    prefix = name.split("_")[0]
    return _WHY.get(name) or _WHY_BY_PREFIX.get(prefix) or f"has not the shape that POP wants ({name})"


def _names(kind: Kind, body: JsonObject) -> Iterator[Violation]:
    for field, value in kind.const.items():
        if body.get(field) != value:
            # Kinds that share a collection are told apart by it: POP tries the others' schemas without it.
            yield Violation(field, f"must be {value}")
    for field, default in kind.defaults.items():
        if default is not None and field in body and body[field] is None:
            yield Violation(field, "must not be null: leave it out for POP's default")
    for field, longest in LENGTHS.items():
        for text in _each(body.get(field)):
            if isinstance(text, str) and len(text) > longest:
                yield Violation(field, f"must have at most {longest} characters")
    for field in ("clinicalCenter", "clinicalIdentifier"):
        if field in body and not body[field].strip():
            yield Violation(field, "must not be blank")


def _days(kind: Kind, body: JsonObject) -> Iterator[Violation]:
    """POP also takes a datetime at midnight and seconds since 1970; what is stored then is a matter of time zones."""
    days = {field: body.get(field) for field in kind.dates}
    if isinstance(period := body.get("period"), dict):
        days |= {"period.start": period.get("start"), "period.end": period.get("end")}
    for field, value in days.items():
        if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
            yield Violation(field, _WHY_BY_PREFIX["date"])


def _measures(kind: Kind, body: JsonObject) -> Iterator[Violation]:
    for field in kind.measures:
        measure, unit = body.get(field), sent_unit(kind.name, field)
        if measure is not None and measure["unit"] != unit:
            yield Violation(
                f"{field}.unit", f"must be {unit}: some of POP's own conversions are wrong, unknown units are a 500"
            )


def _concepts(kind: Kind, body: JsonObject) -> Iterator[Violation]:
    for field in kind.terminology:
        value = body.get(field)
        for number, concept in enumerate(_each(value)):
            path = f"{field}.{number}" if isinstance(value, list) else field
            for part in ("code", "system"):
                if not concept[part].strip():
                    yield Violation(f"{path}.{part}", "must not be blank")


def _lists(kind: Kind, body: JsonObject) -> Iterator[Violation]:
    """Observed: POP stores a relation or a concept that is named twice once."""
    for field in (*kind.many, *kind.terminology):
        value = body.get(field)
        if isinstance(value, list):
            named = [(item["system"], item["code"]) if isinstance(item, dict) else str(item).lower() for item in value]
            if len(set(named)) < len(named):
                yield Violation(field, "names the same twice")


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
