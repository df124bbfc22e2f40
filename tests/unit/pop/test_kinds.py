"""Kinds are what POP's own document says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.pop import contract as reading
from adapters.pop.contract import Unreadable, contract
from adapters.pop.document import document
from adapters.pop.kinds import KINDS, packaged_contract


def test_all_clinical_kinds_are_there_with_their_payload_models() -> None:
    assert len(KINDS) == 44
    for kind in KINDS.values():
        assert set(kind.model.model_fields) == kind.properties


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


def test_every_kind_of_a_shared_collection_can_be_told_by_its_constant() -> None:
    for members in packaged_contract()["unions"].values():
        told = [tuple(KINDS[name].const.items()) for name in members]
        assert len(told) == len(set(told))
        assert all(len(one) == 1 for one in told)


def test_every_id_points_somewhere() -> None:
    for kind in KINDS.values():
        assert {field for field, what in kind.types.items() if what.startswith("uuid")} == kind.references.keys()
        assert all(kind.references.values())


def test_the_packaged_contract_is_the_document_of_its_release(shared: Path) -> None:
    recorded = json.loads((shared / "pop" / f"openapi-{packaged_contract()['release']}.json").read_text())
    assert contract(recorded) == packaged_contract()
    left_out = {name.removesuffix("Create") for name in recorded["components"]["schemas"] if name.endswith("Create")}
    assert left_out - KINDS.keys() == reading.NOT_CLINICAL


@pytest.mark.parametrize("release", ["1.0.0", "1.4.0"])
def test_a_contract_makes_the_document_that_it_is_read_from(shared: Path, release: str) -> None:
    found = contract(json.loads((shared / "pop" / f"openapi-{release}.json").read_text()))
    assert contract(document(found)) == found


def test_default_units_are_those_that_values_read_back_in(shared: Path) -> None:
    folder = shared / "pop"
    units = {name: set(item["units"]) for name, item in json.loads((folder / "measures.json").read_text()).items()}
    read: dict[str, set[str]] = {}
    for trip in json.loads((folder / "measures-roundtrip.json").read_text())["roundtrips"]:
        if trip.get("read"):
            read.setdefault(trip["field"], set()).add(trip["read"]["unit"])
    for kind in KINDS.values():
        for field, (measure, unit) in kind.measures.items():
            assert unit in units[measure], (kind.name, field)
            # The one field that reads back in another unit than its document says.
            assert read[field] == ({"ng__ml"} if field == "massConcentration" else {unit}), (kind.name, field)


def test_a_document_of_another_make_is_refused() -> None:
    with pytest.raises(Unreadable, match="not built as expected"):
        contract({"openapi": "3.1.0", "paths": [], "components": {"schemas": {}}})


def test_one_kind_that_cannot_be_read_leaves_the_others() -> None:
    served = document(packaged_contract())
    served["components"]["schemas"]["VitalsCreate"]["properties"]["height"] = {
        "anyOf": [{"type": "string"}, {"type": "number"}]
    }
    unreadable: set[str] = set()
    assert len(contract(served, unreadable=unreadable)["kinds"]) == 43
    assert unreadable == {"Vitals"}
    with pytest.raises(Unreadable, match="Vitals"):
        contract(served)


def test_or_null_is_no_other_type() -> None:
    served = document(packaged_contract())
    height = served["components"]["schemas"]["VitalsCreate"]["properties"]["height"]
    reference = {"$ref": height.pop("$ref")}
    height["anyOf"] = [reference, {"type": "null"}]
    assert contract(served) == packaged_contract()
