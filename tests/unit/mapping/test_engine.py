"""The pure engine: phases, contexts, failures, duplicates, digests."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_fakes import CaseMapper, MarkerMapper, NoTerminology, StagingMapper, TumourMapper, fake_registry

from mappers.context import GroupContext
from mappers.engine import (
    DUPLICATE_KEY,
    MAPPER_FAILED,
    NO_CASE,
    GroupResult,
    MemoryReader,
    draft_digest,
    map_patient,
    phase_order,
)
from mappers.errors import MappingError
from mappers.protocol import Draft, JsonObject, Resource, Source
from mappers.registry import Registry
from mappers.render import draft_json, read_draft, stored_json


def resource(kind: str, identity: str, **json: Any) -> Resource:
    return Resource(kind, identity, {"resourceType": kind, "id": identity, **json})


def run(*resources: Resource, registry: Registry | None = None) -> list[GroupResult]:
    patient = next((each for each in resources if each.type == "Patient"), None)
    return map_patient(
        resources, MemoryReader(resources, patient=patient), mappers=(registry or fake_registry()).mappers,
        terminology=NoTerminology(), options={},
    )  # fmt: skip


def context(*resources: Resource, **more: Any) -> GroupContext:
    return GroupContext(MemoryReader(resources, **more), terminology=NoTerminology(), options={}, requires=())


def test_mappers_stand_after_those_they_require() -> None:
    assert [mapper.name for mapper in phase_order([MarkerMapper(), StagingMapper(), TumourMapper()])] == [
        "tumour", "marker", "staging",
    ]  # fmt: skip


def test_what_anybody_may_have_stands_behind_the_case() -> None:
    registry = fake_registry(CaseMapper())
    assert registry.behind_case == {"marker"}
    names = [mapper.name for mapper in registry.mappers]
    assert names.index("tumour") < names.index("case") < names.index("marker")
    assert fake_registry().behind_case == frozenset()


def test_what_speaks_of_a_tumour_waits_for_it() -> None:
    found = [resource("Observation", "o", day="1", value=1), resource("Patient", "p")]
    results = run(*found, registry=fake_registry(CaseMapper()))
    assert next(each for each in results if each.mapper == "staging").drafts


@pytest.mark.parametrize("known", [True, False])
def test_nothing_is_made_of_a_patient_who_is_no_case(known: bool) -> None:
    found = [resource("Observation", "o", value=1), *([resource("Patient", "p")] if known else [])]
    results = run(*found, registry=fake_registry(CaseMapper()))
    marker = next(each for each in results if each.mapper == "marker")
    assert [each.reason for each in marker.not_for_pop] == ([NO_CASE] if known else [])
    assert bool(marker.drafts) is not known


def test_a_circle_is_refused() -> None:
    class Circular(TumourMapper):
        requires = ("TumorMarker",)

    with pytest.raises(MappingError, match="circle: marker, tumour"):
        phase_order([MarkerMapper(), Circular()])


def test_a_mapper_that_requires_its_own_kind_is_refused() -> None:
    class Own(TumourMapper):
        requires = ("NeoplasticEntity",)

    with pytest.raises(MappingError, match="circle: tumour"):
        phase_order([Own()])


def test_asking_for_a_kind_that_is_not_required_fails_the_group() -> None:
    class Undeclared(MarkerMapper):
        requires = ()

    results = run(resource("Observation", "o"), registry=Registry([Undeclared()]))
    assert [result.error for result in results] == [MAPPER_FAILED]


def test_a_failure_names_type_and_place_and_no_text() -> None:
    failed = next(each for each in run(resource("Condition", "c", value=13)) if each.error)
    assert failed.error == MAPPER_FAILED
    assert failed.detail is not None
    assert failed.detail.startswith("tumour 1 raised ValueError at mapping_fakes.py:")
    assert "Mustermann" not in failed.detail


def test_a_select_that_raises_is_visible_and_loses_no_neighbour() -> None:
    class Picky(TumourMapper):
        def select(self, resource: Resource) -> str | None:
            return str(resource.json["group"])

    results = run(
        resource("Condition", "good", group="g", value=5), resource("Condition", "bad"), registry=Registry([Picky()])
    )
    assert {result.key: result.error for result in results} == {"g": None, "select-failed:Condition/bad": MAPPER_FAILED}


def test_a_payload_that_is_no_json_fails_the_group() -> None:
    class Strange(TumourMapper):
        def map(self, group: Any, context: Any) -> Any:
            yield Draft("NeoplasticEntity", "NeoplasticEntity:x", {"value": {1, 2}})

    assert run(resource("Condition", "c"), registry=Registry([Strange()]))[0].error == MAPPER_FAILED


def test_of_two_groups_with_one_key_the_first_has_it() -> None:
    results = run(resource("Condition", "b", value=1, claims="x"), resource("Condition", "a", value=2, claims="x"))
    assert [(each.key, [draft.payload for draft in each.drafts], each.error) for each in results] == [
        ("Condition/a", [{"value": 2}], None), ("Condition/b", [], DUPLICATE_KEY),
    ]  # fmt: skip
    assert "draft:NeoplasticEntity:x" in results[1].dependencies


def test_dependencies_are_what_was_asked_for() -> None:
    results = run(
        resource("Condition", "c", value=5),
        resource("Observation", "o", focus={"reference": "Condition/c"}, device={"reference": "Device/gone"}),
    )
    marker = next(each for each in results if each.mapper == "marker")
    assert marker.dependencies == {"entities:NeoplasticEntity", "Condition/c", "Device/gone", "patient"}


def test_resolving_every_form() -> None:
    specimen = {"resourceType": "Specimen", "id": "s"}
    own = resource("Observation", "o", contained=[specimen])
    target = resource("Condition", "c")
    at = context(own, target, names={"urn:uuid:aa": target})
    assert at.resolve({"reference": "Condition/c"}, within=own) is target
    assert at.resolve("Condition/c/_history/3", within=own) is target
    assert at.resolve({"reference": "urn:uuid:AA"}, within=own) is target
    contained = at.resolve({"reference": "#s"}, within=own)
    assert contained is not None
    assert (contained.type, contained.id, contained.reference) == ("Specimen", "o#s", "Observation/o#s")
    assert at.resolve({"reference": "#"}, within=contained) is own
    assert at.resolve({"reference": "#s"}, within=contained) == contained
    assert at.resolve({"reference": "#none"}, within=own) is None
    assert at.resolve(None, within=own) is None
    assert at.resolve({"display": "text only"}, within=own) is None


def test_an_ambiguous_entity_is_none_and_its_own_name_decides() -> None:
    class Both(TumourMapper):
        """The metastasis reads its primary, too."""

        def map(self, group: Any, context: Any) -> Any:
            references = [member.reference for member in group.members]
            for member in group.members:
                sources = {"value": tuple(Source(reference, "value") for reference in references)}
                yield Draft(
                    "NeoplasticEntity", f"NeoplasticEntity:{self.prefix}{member.reference}", {}, sources=sources
                )

        prefix = ""

        def select(self, resource: Resource) -> str | None:
            return "all"

    class Unnamed(Both):
        prefix = "other/"

    resources = (
        resource("Condition", "a"), resource("Condition", "b"),
        resource("Observation", "o", focus={"reference": "Condition/b"}),
    )  # fmt: skip
    for mapper, expected in ((Both(), ("NeoplasticEntity:Condition/b",)), (Unnamed(), None)):
        results = run(*resources, registry=Registry([mapper, MarkerMapper()]))
        marker = next(each for each in results if each.mapper == "marker")
        assert marker.drafts[0].references.get("relatedEntitiesIds") == expected


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_resources_changes_nothing(order: list[str]) -> None:
    made = {
        "a": resource("Condition", "a", value=5),
        "b": resource("Observation", "b", value=1, day="1"),
        "c": resource("Observation", "c", value=2, day="1"),
        "d": resource("Observation", "d", value=3, focus={"reference": "Condition/a"}),
    }
    drafts = [draft_json(draft) for each in run(*(made[name] for name in order)) for draft in each.drafts]
    assert drafts == [draft_json(draft) for each in run(*made.values()) for draft in each.drafts]


def test_a_digest_covers_what_is_written_and_nothing_else() -> None:
    draft = Draft("TumorMarker", "TumorMarker:x", {"a": 1, "b": 2}, references={"caseId": "PatientCase:p"})
    read = (Source("x", "y"),)
    same = Draft("TumorMarker", "TumorMarker:y", {"b": 2, "a": 1}, references=draft.references, consumed=read)
    assert draft_digest(draft) == draft_digest(same)
    others = [
        Draft("TumorMarker", "TumorMarker:x", {"a": 1.5, "b": 2}, references={"caseId": "PatientCase:p"}),
        Draft("TumorMarker", "TumorMarker:x", {"a": 1, "b": 2}, references={"caseId": "PatientCase:q"}),
        Draft("Surgery", "TumorMarker:x", {"a": 1, "b": 2}, references={"caseId": "PatientCase:p"}),
    ]
    assert len({draft_digest(each) for each in (draft, *others)}) == 4


def test_a_stored_draft_reads_back_the_same() -> None:
    results = run(
        resource("Condition", "c", value=1), resource("Observation", "o", focus={"reference": "Condition/c"}, value=2)
    )
    for result in results:
        for draft, view in zip(result.drafts, result.views(), strict=True):
            stored: JsonObject = stored_json(draft, view)
            assert read_draft(stored) == draft
            assert draft_digest(read_draft(stored)) == draft_digest(draft)
