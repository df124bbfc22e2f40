"""Registration: what cannot work is refused at start, with a sentence that says what to do."""

from __future__ import annotations

import pytest
from mapping_fakes import MarkerMapper, TumourMapper, fake_registry

from mappers.errors import MappingError
from mappers.registry import Registry


def test_mappers_are_described_in_mapping_order() -> None:
    described = fake_registry().describe()
    assert [each["name"] for each in described] == ["tumour", "marker", "staging", "surgery"]
    assert described[1] | {"documentation": ""} == {
        "name": "marker", "version": "1", "produces": ["TumorMarker"], "reads": ["Observation"],
        "requires": ["NeoplasticEntity"], "documentation": "",
        "description": "Observations one by one, with a tumour by reference, a shared medication, and the patient.",
    }  # fmt: skip


def test_two_mappers_of_one_name_are_refused() -> None:
    with pytest.raises(MappingError, match="two mappers are named tumour"):
        Registry([TumourMapper(), TumourMapper()])


def test_two_mappers_for_one_kind_are_refused() -> None:
    class Other(MarkerMapper):
        name = "other"

    with pytest.raises(MappingError, match="both produce TumorMarker: disable one"):
        Registry([TumourMapper(), MarkerMapper(), Other()])


def test_what_is_no_mapper_is_refused() -> None:
    with pytest.raises(MappingError, match="does not implement"):
        Registry([object()])  # type: ignore[list-item]


def test_a_mapper_for_another_protocol_is_refused() -> None:
    class Future(TumourMapper):
        protocol_version = 99

    with pytest.raises(MappingError, match="another mapping protocol"):
        Registry([Future()])


def test_readers_name_the_mappers_of_a_type() -> None:
    assert fake_registry().readers() == {
        "Condition": ["tumour"],
        "Observation": ["marker", "staging"],
        "Procedure": ["surgery"],
    }
