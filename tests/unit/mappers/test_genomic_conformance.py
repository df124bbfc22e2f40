from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from mapper_records import OPTIONS, open_terminology, registry

from mappers.conformance import assert_conforms
from mappers.genomics.signatures import GenomicSignatureMapper
from mappers.genomics.variants import GenomicVariantMapper
from mappers.protocol import Mapper, Resource

PATIENTS = Path(__file__).parents[2] / "adjudicated" / "patients"


@pytest.mark.parametrize("mapper", [GenomicVariantMapper(), GenomicSignatureMapper()], ids=lambda each: each.name)
@pytest.mark.parametrize("name", ["pop-genome", "us-vendor-contained-report", "us-signatures"])
def test_the_mappers_keep_the_protocol(mapper: Mapper, name: str) -> None:
    bundle = orjson.loads((PATIENTS / f"{name}.json").read_bytes())["bundle"]
    found = [each["resource"] for each in bundle["entry"]]
    resources = [Resource(each["resourceType"], each["id"], each) for each in found]
    assert_conforms(mapper, resources, registry=registry(), terminology=open_terminology(), options=OPTIONS)
