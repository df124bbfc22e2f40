"""Payload models and contract facts from POP's OpenAPI document: ``make models POP_OPENAPI=FILE-or-URL``.

Writes ``models.py`` (pydantic models of every clinical ``…Create`` schema, by datamodel-code-generator) and
``contract.json`` (kind → collection, parent, references, terminologies, measures: what ``kinds.py`` stands on).
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]

HERE = Path(__file__).parent
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


def read(location: str) -> JsonObject:
    """The OpenAPI document at a path or address; of a server's bare address its own document."""
    if location.startswith(("http://", "https://")):
        if not location.endswith(".json"):
            location = location.rstrip("/") + "/api/v1/openapi.json"
        with urllib.request.urlopen(location, timeout=60) as answer:  # noqa: S310 - the scheme was checked
            document: JsonObject = json.load(answer)
    else:
        document = json.loads(Path(location).read_text(encoding="utf-8"))
    return document


def create_schemas(document: JsonObject) -> list[str]:
    """Names of the clinical create schemas."""
    return [
        name
        for name in document["components"]["schemas"]
        if name.endswith("Create") and name.removesuffix("Create") not in NOT_CLINICAL
    ]


def _references(value: Any) -> set[str]:
    found: set[str] = set()
    if isinstance(value, dict):
        for key, child in value.items():
            if key == "$ref":
                found.add(child.rsplit("/", 1)[1])
            else:
                found |= _references(child)
    elif isinstance(value, list):
        for child in value:
            found |= _references(child)
    return found


def reduced(document: JsonObject) -> JsonObject:
    """The document with nothing but the create schemas and what they refer to, without prose (its licence is POP's)."""
    schemas = document["components"]["schemas"]
    wanted = set(create_schemas(document))
    pending = set(wanted)
    while pending:
        pending = _references([schemas[name] for name in pending]) - wanted
        wanted |= pending
    return {
        "openapi": document["openapi"],
        "info": {"title": "POP payloads", "version": document["info"]["version"]},
        "paths": {},
        "components": {"schemas": {name: _bare(schemas[name]) for name in schemas if name in wanted}},
    }


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _bare(child)
            for key, child in value.items()
            if not (key in ("description", "title", "examples") and isinstance(child, str | list))
        }
    if isinstance(value, list):
        return [_bare(child) for child in value]
    return value


def unit_spelling(unit: str) -> str:
    """POP's wire spelling of a default unit of its document: ``g/l`` → ``g__l``, ``g/square_meter/s`` → ``g__square_meter__s``."""
    return unit.replace("/", "__")


def contract(document: JsonObject) -> JsonObject:
    """Kind → facts, from paths and ``x-`` annotations."""
    schemas = document["components"]["schemas"]
    collections: dict[str, str] = {}
    unions: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        body = operations.get("post", {}).get("requestBody")
        if body and "/interoperability/" not in path:
            members = body["content"].get("application/json", {}).get("schema", {}).get("anyOf", [])
            if members:
                names = [item["$ref"].rsplit("/", 1)[1] for item in members]
                unions[path.removeprefix("/api/v1/")] = [name.removesuffix("Create") for name in names]
            for name in _references(body):
                collections[name] = path.removeprefix("/api/v1/")
                for member in _references(schemas[name]):
                    collections.setdefault(member, path.removeprefix("/api/v1/"))
    kinds: JsonObject = {}
    for name in create_schemas(document):
        collection = collections[name]
        kinds[name.removesuffix("Create")] = {
            "collection": collection,
            "parentField": (re.findall(r"{(\w+)}", collection) or [None])[0],
            "required": schemas[name].get("required", []),
            "properties": sorted(schemas[name]["properties"]),
            **_facts(schemas, schemas[name]["properties"]),
        }
    return {"release": document["info"]["version"], "kinds": kinds, "unions": unions}


def _facts(schemas: JsonObject, properties: JsonObject) -> JsonObject:
    """What the fields of one schema are. Raises ValueError for an id field that TARGETS does not know."""
    facts: JsonObject = {
        "references": {}, "many": [], "terminology": {}, "measures": {}, "enums": {}, "dates": [], "const": {}
    }  # fmt: skip
    for field, prop in properties.items():
        items = prop.get("items", {})
        if field.endswith(("Id", "Ids")) and "uuid" in (prop.get("format"), items.get("format")):
            if field not in TARGETS:
                raise ValueError(f"{field} is new in this document: say in TARGETS what it points to")
            facts["references"][field] = TARGETS[field]
            if prop.get("type") == "array":
                facts["many"].append(field)
        if "x-terminology" in prop or "x-terminology" in items:
            facts["terminology"][field] = prop.get("x-terminology") or items["x-terminology"]
        if "x-measure" in prop:
            facts["measures"][field] = [prop["x-measure"], unit_spelling(prop["x-default-unit"])]
        for target in _references(prop):
            if "enum" in schemas[target]:
                facts["enums"][field] = schemas[target]["enum"]
        if prop.get("format") == "date":
            facts["dates"].append(field)
        if "const" in prop:
            facts["const"][field] = prop["const"]
    return facts


def main(location: str) -> None:
    """Write both files."""
    from datamodel_code_generator import InputFileType, generate
    from datamodel_code_generator.enums import DataModelType
    from datamodel_code_generator.format import Formatter, PythonVersion

    document = read(location)
    (HERE / "contract.json").write_text(
        json.dumps(contract(document), indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    generate(
        json.dumps(reduced(document)),
        input_file_type=InputFileType.OpenAPI,
        output=HERE / "models.py",
        output_model_type=DataModelType.PydanticV2BaseModel,
        target_python_version=PythonVersion.PY_311,
        use_standard_collections=True,
        use_union_operator=True,
        disable_timestamp=True,
        enum_field_as_literal=None,
        extra_fields="forbid",
        formatters=[Formatter.BLACK, Formatter.ISORT],
        custom_file_header=(
            f"# Generated from POP's OpenAPI document, release {document['info']['version']}, by `make models`: do not edit."
        ),
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m adapters.pop.generate OPENAPI_JSON_OR_ADDRESS")
    main(sys.argv[1])
