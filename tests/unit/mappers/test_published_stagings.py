"""Every published mCODE example of a staging, as approved: one readable line per draft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from mapper_records import OPTIONS, open_terminology, registry
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from mappers.protocol import Draft
from mappers.record import map_resources


def _shown(value: Any) -> Any:
    if isinstance(value, dict) and "code" in value:
        return f"{value['code']} {value['display']}"
    return [_shown(each) for each in value] if isinstance(value, list | tuple) else value


def line(draft: Draft) -> dict[str, Any]:
    fields = {name: _shown(value) for name, value in sorted(draft.payload.items()) if name != "stagingDomain"}
    fields |= {name: _shown(keys) for name, keys in draft.references.items() if name != "caseId"}
    noted = [f"{each.code}: {each.field}" for each in (*draft.assumptions, *draft.issues)]
    return fields | ({"notes": sorted(noted)} if noted else {}) | ({"blocked": True} if draft.blocked else {})


@pytest.mark.parametrize("name", ["mcode-stu3", "mcode-stu4"])
def test_published_stagings(name: str, shared: Path, snapshot: SnapshotAssertion) -> None:
    documents = [
        orjson.loads(path.read_bytes()) for path in sorted((shared / "fhir" / "examples" / name).glob("*.json"))
    ]
    results = map_resources(documents, mappers=registry(), terminology=open_terminology(), options=OPTIONS)
    found = {
        f"{result.patient}: {draft.key}": line(draft)
        for result in results for draft in result.drafts if "stagingDomain" in draft.payload
    }  # fmt: skip
    assert found == snapshot.use_extension(JSONSnapshotExtension)
