"""What a POP's OpenAPI document says of its clinical kinds, as plain facts: for ``contract.json`` (the release that the gateway
was built against) and for the handshake with a running server, read by the same code.

A contract is ``{"release", "kinds": {kind: facts}, "unions": {collection: [kind, …]}, "shapes": {object: fields}}``. The facts of
a kind: ``collection`` and ``parentField``, ``required``, ``types`` (every field), ``references`` (field → kinds),
``terminology``, ``measures`` (field → measure, default unit), ``enums``, ``const``, ``defaults``, ``lengths``.
"""

from __future__ import annotations

import re
from typing import Any

JsonObject = dict[str, Any]

PREFIX = "/api/v1/"
#: Administration and analysis, which the gateway has no business with.
NOT_CLINICAL = frozenset({"User", "Project", "ProjectDataManagerGrant", "Cohort", "Dataset"})
#: Which kinds an id field points to: the document does not say.
TARGETS = {
    "caseId": ["PatientCase"],
    "relatedPrimaryId": ["NeoplasticEntity"],
    "indexConditionId": ["NeoplasticEntity"],
    "molecularComparisonMatchId": ["NeoplasticEntity"],
    "stagedEntitiesIds": ["NeoplasticEntity"],
    "relatedEntitiesIds": ["NeoplasticEntity"],
    "targetedEntitiesIds": ["NeoplasticEntity"],
    "assessedEntitiesIds": ["NeoplasticEntity"],
    "therapyLineId": ["TherapyLine"],
    "systemicTherapyId": ["SystemicTherapy"],
    "medicationId": ["SystemicTherapyMedication"],
    "radiotherapyId": ["Radiotherapy"],
    "surgeryId": ["Surgery"],
    "supportingGenomicVariantsIds": ["GenomicVariant"],
    "supportingTumorMarkersIds": ["TumorMarker"],
    "supportingGenomicSignaturesIds": [
        "TumorMutationalBurden", "MicrosatelliteInstability", "LossOfHeterozygosity",
        "HomologousRecombinationDeficiency", "TumorNeoantigenBurden", "AneuploidScore",
    ],
}  # fmt: skip


class Unreadable(ValueError):
    """This document, or this part of it, is not written as the documents of known releases are."""


def create_schemas(document: JsonObject) -> list[str]:
    """Names of the clinical create schemas."""
    return [
        name
        for name in document["components"]["schemas"]
        if name.endswith("Create") and name.removesuffix("Create") not in NOT_CLINICAL
    ]


def refs(value: Any) -> set[str]:
    """Names of the schemas that a part of the document refers to."""
    found: set[str] = set()
    if isinstance(value, dict):
        for key, child in value.items():
            if key == "$ref":
                found.add(child.rsplit("/", 1)[1])
            else:
                found |= refs(child)
    elif isinstance(value, list):
        for child in value:
            found |= refs(child)
    return found


def unit_spelling(unit: str) -> str:
    """POP's wire spelling of a default unit of its document: ``g/l`` → ``g__l``, ``g/square_meter/s`` → ``g__square_meter__s``."""
    return unit.replace("/", "__")


def contract(document: JsonObject, *, unreadable: set[str] | None = None) -> JsonObject:
    """The facts of all clinical kinds. A kind that cannot be read is added to ``unreadable`` and left out; without that set, and
    where the document as a whole cannot be read, Unreadable is raised."""
    try:
        names = create_schemas(document)
        schemas = document["components"]["schemas"]
        release = str(document["info"]["version"])
        collections, unions = _collections(document)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Unreadable(f"the OpenAPI document is not built as expected ({type(error).__name__})") from error
    kinds: JsonObject = {}
    objects: set[str] = set()
    for name in names:
        kind = name.removesuffix("Create")
        try:
            kinds[kind] = _facts(schemas, schemas[name], collections[name])
            objects |= _objects(kinds[kind])
        except (KeyError, TypeError, AttributeError, Unreadable) as error:
            if unreadable is None:
                raise Unreadable(f"{kind} cannot be read ({error})") from error
            unreadable.add(kind)
    shapes = {name: _shape(schemas, name) for name in sorted(objects)}
    return {"release": release, "kinds": kinds, "unions": unions, "shapes": shapes}


def _collections(document: JsonObject) -> tuple[dict[str, str], dict[str, list[str]]]:
    """(create schema → collection that it is posted to, collection → kinds that share it, in POP's order)."""
    collections: dict[str, str] = {}
    unions: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        body = operations.get("post", {}).get("requestBody")
        if not body or "/interoperability/" in path:
            continue
        collection = path.removeprefix(PREFIX)
        schema = body["content"].get("application/json", {}).get("schema", {})
        if "anyOf" in schema:
            names = [item["$ref"].rsplit("/", 1)[1] for item in schema["anyOf"]]
            unions[collection] = [name.removesuffix("Create") for name in names]
        for name in refs(schema):
            collections[name] = collection
    return collections, unions


def _facts(schemas: JsonObject, schema: JsonObject, collection: str) -> JsonObject:
    facts: JsonObject = {
        "collection": collection,
        "parentField": (re.findall(r"{(\w+)}", collection) or [None])[0],
        "required": schema.get("required", []),
        **{name: {} for name in ("types", "references", "terminology", "measures", "enums", "const", "defaults", "lengths")},
    }  # fmt: skip
    for field, prop in schema["properties"].items():
        single = _resolved(schemas, _resolved(schemas, prop).get("items", prop))
        facts["types"][field] = kind = _type(schemas, prop)
        if kind.startswith("uuid"):
            facts["references"][field] = TARGETS.get(field, [])
        for annotated in (prop, prop.get("items", {})):
            if "x-terminology" in annotated:
                facts["terminology"][field] = annotated["x-terminology"]
        if "x-measure" in prop:
            facts["measures"][field] = [prop["x-measure"], unit_spelling(prop["x-default-unit"])]
        if "enum" in single:
            facts["enums"][field] = single["enum"]
        if "const" in prop:
            facts["const"][field] = prop["const"]
        elif "default" in prop:
            facts["defaults"][field] = prop["default"]
        if "maxLength" in single and "enum" not in single:
            facts["lengths"][field] = single["maxLength"]
    return facts


def _resolved(schemas: JsonObject, prop: JsonObject) -> JsonObject:
    """The schema that a property stands for: through references, one-membered ``allOf`` and «or null»."""
    for key in ("allOf", "anyOf", "oneOf"):
        members = [member for member in prop.get(key, []) if member.get("type") != "null"]
        if len(members) == 1:
            return _resolved(schemas, members[0])
        if members:
            raise Unreadable(f"a property may be one of {len(members)} things")
    if "$ref" in prop:
        name = prop["$ref"].rsplit("/", 1)[1]
        return {"name": name, **schemas[name]}
    return prop


def _type(schemas: JsonObject, prop: JsonObject) -> str:
    """``string``, ``integer``, ``number``, ``boolean``, ``object``, ``enum``, a format (``date``, ``uuid``), or the name of an
    object (``CodedConcept``); of a list its items' with ``[]``."""
    resolved = _resolved(schemas, prop)
    if "enum" in resolved:
        return "enum"
    if resolved.get("type") == "array":
        return _type(schemas, resolved["items"]) + "[]"
    if resolved.get("type") == "object":
        return str(resolved.get("name", "object"))
    return str(resolved.get("format") or resolved["type"])


def _objects(facts: JsonObject) -> set[str]:
    return {name for kind in facts["types"].values() if (name := kind.removesuffix("[]"))[0].isupper()}


def _shape(schemas: JsonObject, name: str) -> JsonObject:
    """Fields of an object that several kinds use (CodedConcept, Measure, Period), by type; ``*`` marks the required ones."""
    required = schemas[name].get("required", [])
    return {
        f"{field}*" if field in required else field: _type(schemas, prop)
        for field, prop in schemas[name]["properties"].items()
    }
