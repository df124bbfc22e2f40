"""Kinds are what POP's own document says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.pop import models
from adapters.pop.generate import contract
from adapters.pop.kinds import KINDS, packaged_contract


def test_all_clinical_kinds_are_there_with_their_payload_models() -> None:
    assert len(KINDS) == 44
    for name, kind in KINDS.items():
        assert set(getattr(models, f"{name}Create").model_fields) == kind.properties


@pytest.mark.parametrize("name", sorted(KINDS))
def test_an_entity_is_written_after_everything_it_refers_to(name: str) -> None:
    kind = KINDS[name]
    for targets in kind.references.values():
        for target in set(targets) - {name}:
            assert KINDS[target].rank < kind.rank
    if kind.parent is not None:
        assert KINDS[kind.parent].rank < kind.rank


def test_paths() -> None:
    assert KINDS["TumorMarker"].path() == "/api/v1/tumor-markers"
    child = KINDS["SystemicTherapyMedication"]
    assert child.path("7") == "/api/v1/systemic-therapies/7/medications"
    with pytest.raises(ValueError, match="SystemicTherapy"):
        child.path()


def test_the_packaged_contract_is_the_document_of_its_release(shared: Path) -> None:
    document = json.loads((shared / "pop" / f"openapi-{packaged_contract()['release']}.json").read_text())
    assert contract(document) == packaged_contract()
