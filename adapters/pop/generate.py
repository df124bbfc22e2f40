"""Payload models and contract facts from POP's OpenAPI document: ``make models POP_OPENAPI=FILE-or-URL``.

Writes ``models.py`` (pydantic models of every clinical ``…Create`` schema, by datamodel-code-generator) and
``contract.json`` (kind → collection, parent, references, terminologies, measures: what ``kinds.py`` stands on).
"""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

from adapters.pop.contract import contract, create_schemas, refs

JsonObject = dict[str, Any]

HERE = Path(__file__).parent


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


def reduced(document: JsonObject) -> JsonObject:
    """The document with nothing but the create schemas and what they refer to, without prose (its licence is POP's)."""
    schemas = document["components"]["schemas"]
    wanted = set(create_schemas(document))
    pending = set(wanted)
    while pending:
        pending = refs([schemas[name] for name in pending]) - wanted
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


def main(location: str) -> None:
    """Write both files. Raises ValueError for an id field that TARGETS does not know."""
    from datamodel_code_generator import InputFileType, generate
    from datamodel_code_generator.enums import DataModelType
    from datamodel_code_generator.format import Formatter, PythonVersion

    document = read(location)
    facts = contract(document)
    for kind, found in facts["kinds"].items():
        if unknown := sorted(field for field, targets in found["references"].items() if not targets):
            raise ValueError(f"{kind}: {', '.join(unknown)} is new in this document: say in TARGETS what it points to")
    (HERE / "contract.json").write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
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
