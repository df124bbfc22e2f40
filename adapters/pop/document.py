"""The OpenAPI document of a contract: the inverse of :func:`adapters.pop.contract.contract`, for a server that plays POP."""

from __future__ import annotations

from typing import Any

from adapters.pop.contract import PREFIX

JsonObject = dict[str, Any]

#: Formats of strings, which a contract gives in place of their type.
_FORMATS = frozenset({"date", "date-time", "uuid"})


def document(contract: JsonObject, *, title: str = "Onconova API") -> JsonObject:
    """Paths to create, create schemas with their annotations, and the objects that they use; nothing to be read by people."""
    kinds: JsonObject = contract["kinds"]
    members: dict[str, list[str]] = {}
    for name, facts in kinds.items():
        members.setdefault(facts["collection"], []).append(name)
    members |= contract["unions"]
    schemas = {f"{name}Create": _create(facts) for name, facts in kinds.items()}
    schemas |= {name: _object(shape) for name, shape in contract["shapes"].items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": contract["release"]},
        "paths": {f"{PREFIX}{collection}": {"post": _post(names)} for collection, names in members.items()},
        "components": {"schemas": schemas},
    }


def _post(names: list[str]) -> JsonObject:
    schemas = [{"$ref": f"#/components/schemas/{name}Create"} for name in names]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _create(facts: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "required": facts["required"],
        "properties": {field: _property(facts, field) for field in facts["types"]},
    }


def _property(facts: JsonObject, field: str) -> JsonObject:
    enum = facts["enums"].get(field)
    shown = _schema(facts["types"][field], enum=enum)
    if field in facts["terminology"]:
        shown["x-terminology"] = facts["terminology"][field]
    if field in facts["measures"]:
        measure, unit = facts["measures"][field]
        shown |= {"x-measure": measure, "x-default-unit": unit.replace("__", "/")}
    if field in facts["const"]:
        shown |= {"const": facts["const"][field], "default": facts["const"][field]}
    if field in facts["defaults"]:
        shown["default"] = facts["defaults"][field]
    if field in facts["lengths"]:
        shown["maxLength"] = facts["lengths"][field]
    return shown


def _schema(kind: str, *, enum: list[str] | None = None) -> JsonObject:
    if kind.endswith("[]"):
        return {"type": "array", "items": _schema(kind.removesuffix("[]"), enum=enum)}
    if kind == "enum":
        return {"type": "string", "enum": enum}
    if kind in _FORMATS:
        return {"type": "string", "format": kind}
    if kind[0].isupper():
        # A sibling of ``$ref`` (an annotation) is allowed since OpenAPI 3.1.
        return {"$ref": f"#/components/schemas/{kind}"}
    return {"type": kind}


def _object(shape: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "required": [field.removesuffix("*") for field in shape if field.endswith("*")],
        "properties": {field.removesuffix("*"): _schema(kind) for field, kind in shape.items()},
    }
