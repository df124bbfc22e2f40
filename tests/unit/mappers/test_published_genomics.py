"""Every published example of a variant or a signature, as approved: one readable line per draft."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from mapper_records import OPTIONS, open_terminology, registry
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension
from test_published_stagings import line

from mappers.genomics.signature_codes import SIGNATURES
from mappers.record import map_resources


@pytest.mark.parametrize("name", ["genomics-reporting-stu2", "mcode-stu3", "mcode-stu4"])
def test_published_genomics(name: str, shared: Path, snapshot: SnapshotAssertion) -> None:
    documents = [
        orjson.loads(path.read_bytes()) for path in sorted((shared / "fhir" / "examples" / name).glob("*.json"))
    ]
    # The people of Genomics Reporting's examples have no diagnosis: as if the site wrote everybody.
    options = OPTIONS | {"patient.import": "all"}
    results = map_resources(documents, mappers=registry(), terminology=open_terminology(), options=options)
    found = {
        f"{result.patient}: {draft.key}": line(draft)
        for result in results
        for draft in result.drafts
        if draft.kind in ("GenomicVariant", *SIGNATURES)
    }
    assert found == snapshot.use_extension(JSONSnapshotExtension)
