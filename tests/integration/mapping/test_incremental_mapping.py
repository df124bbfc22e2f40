"""Incremental mapping against the store: only what changed is mapped, and the result is as if all had been."""

from __future__ import annotations

import random
from typing import Any

import pytest
from mapping_fakes import CaseMapper, NoTerminology, SampleMapper, StagingMapper, TumourMapper, fake_registry
from mapping_world import World

from mappers.coverage import cover, result_verdicts
from mappers.engine import NO_CASE, MemoryReader, map_patient
from mappers.protocol import JsonObject, Resource
from mappers.record import collect
from mappers.references import own_identifier_keys
from mappers.registry import Registry
from mappers.render import draft_json


def condition(name: str, value: int = 5, **more: Any) -> JsonObject:
    return {"resourceType": "Condition", "id": name, "status": "active", "value": value, **more}


def observation(name: str, value: int = 5, **more: Any) -> JsonObject:
    return {"resourceType": "Observation", "id": name, "value": value, **more}


def to(reference: str) -> JsonObject:
    return {"reference": reference}


async def test_a_first_run_maps_everything_and_a_second_nothing(world: World) -> None:
    await world.put(condition("c"), of="p")
    await world.put(observation("o", focus=to("Condition/c")), of="p")
    first = await world.map()
    assert first.changed_draft_keys == {"NeoplasticEntity:Condition/c", "TumorMarker:Observation/o"}
    assert (first.resources, first.groups, first.failed) == (2, 2, 0)
    drafts = await world.drafts()
    assert drafts["TumorMarker:Observation/o"]["references"] == {"relatedEntitiesIds": ["NeoplasticEntity:Condition/c"]}
    second = await world.map()
    assert (second.changed_draft_keys, second.resources, second.groups) == (frozenset(), 0, 0)


async def test_one_changed_observation_maps_one_group(world: World) -> None:
    await world.put(condition("c"), of="p")
    for number in range(20):
        await world.put(observation(f"o{number}", focus=to("Condition/c")), of="p")
    await world.map()
    await world.put(observation("o7", value=6, focus=to("Condition/c")), of="p")
    outcome = await world.map()
    assert (outcome.resources, outcome.groups) == (1, 1)
    assert outcome.changed_draft_keys == {"TumorMarker:Observation/o7"}


async def test_what_belongs_to_a_patient_comes_and_goes_with_the_case(world: World) -> None:
    world.registry = fake_registry(CaseMapper())
    await world.put({"resourceType": "Patient", "id": "p", "gender": "female"}, of="p")
    await world.put(observation("o"), of="p")
    await world.map()
    assert await world.drafts() == {}
    assert (await world.coverage())["Observation/o"][2] == NO_CASE
    await world.put(condition("c"), of="p")
    await world.map()
    assert "TumorMarker:Observation/o" in await world.drafts()
    # Another content of the case is no reason to map what belongs to it again.
    await world.put({"resourceType": "Patient", "id": "p", "gender": "male"}, of="p")
    assert (await world.map()).changed_draft_keys == {"PatientCase:Patient/p"}
    await world.put({"resourceType": "Patient", "id": "p", "gender": "other"}, of="p")
    await world.put(condition("c", value=0), of="p")
    await world.map()
    assert await world.drafts() == {}


async def test_a_changed_tumour_maps_its_dependents_again_and_only_if_they_can_see_it(world: World) -> None:
    await world.put(condition("c"), of="p")
    await world.put(observation("o", focus=to("Condition/c")), of="p")
    await world.map()
    await world.put(condition("c", note="not read by the mapper"), of="p")
    assert (await world.map()).changed_draft_keys == frozenset()
    await world.put(condition("c", value=6), of="p")
    outcome = await world.map()
    assert outcome.changed_draft_keys == {"NeoplasticEntity:Condition/c", "TumorMarker:Observation/o"}
    assert (await world.drafts())["TumorMarker:Observation/o"]["payload"]["tumour"] == {"value": 6}


async def test_a_referenced_resource_that_arrives_late_is_picked_up(world: World) -> None:
    await world.put(observation("o", focus={"type": "Condition", "identifier": {"system": "u", "value": "7"}}), of="p")
    await world.map()
    await world.put(condition("c", identifier=[{"system": "u", "value": "7"}]), of="p")
    outcome = await world.map()
    assert "TumorMarker:Observation/o" in outcome.changed_draft_keys


@pytest.mark.parametrize(
    "name",
    [to("Specimen/s"), {"type": "Specimen", "identifier": {"system": "u", "value": "7"}}],
    ids=["id", "identifier"],
)
async def test_what_refers_to_another_patients_resource_can_know_it(world: World, name: JsonObject) -> None:
    world.registry = fake_registry(SampleMapper())
    await world.add_patient("q")
    specimen = {"resourceType": "Specimen", "id": "s", "identifier": [{"system": "u", "value": "7"}]}
    await world.put({"resourceType": "DiagnosticReport", "id": "r", "specimen": name}, of="p")
    await world.put({"resourceType": "DiagnosticReport", "id": "r2"}, of="p")
    await world.map()
    assert set(await world.drafts()) == {
        "TumorMutationalBurden:DiagnosticReport/r",
        "TumorMutationalBurden:DiagnosticReport/r2",
    }
    await world.put(specimen, of="q")
    await world.put({"resourceType": "DiagnosticReport", "id": "r", "specimen": name, "note": "again"}, of="p")
    await world.map()
    assert set(await world.drafts()) == {"TumorMutationalBurden:DiagnosticReport/r2"}
    await world.put(specimen, of="p")
    await world.put({"resourceType": "DiagnosticReport", "id": "r", "specimen": name, "note": "moved"}, of="p")
    await world.map()
    assert "TumorMutationalBurden:DiagnosticReport/r" in await world.drafts()


async def test_what_depends_on_drafts_follows_them_without_seeing_their_resources(world: World) -> None:
    await world.put({"resourceType": "Procedure", "id": "x", "value": 1}, of="p")
    await world.put(observation("a", day="1"), of="p")
    await world.map()
    await world.put(observation("a", value=6, day="1"), of="p")
    assert (await world.map()).changed_draft_keys == {"TNMStaging:day 1", "Surgery:Procedure/x"}
    assert (await world.drafts())["Surgery:Procedure/x"]["payload"]["stagings"] == [[6]]


async def test_a_name_that_two_resources_share_says_something_when_one_gives_it_up(world: World) -> None:
    identifier = [{"system": "u", "value": "7"}]
    await world.put(condition("a", identifier=identifier), of="p")
    await world.put(condition("b", identifier=identifier), of="p")
    await world.put(observation("o", focus={"type": "Condition", "identifier": identifier[0]}), of="p")
    await world.map()
    assert (await world.drafts())["TumorMarker:Observation/o"]["references"] == {}
    await world.put(condition("a"), of="p")
    await world.map()
    references = (await world.drafts())["TumorMarker:Observation/o"]["references"]
    assert references == {"relatedEntitiesIds": ["NeoplasticEntity:Condition/b"]}


async def test_the_patient_resource_that_arrives_late_is_picked_up(world: World) -> None:
    await world.put(observation("o", value=2), of="p")
    await world.map()
    await world.put({"resourceType": "Patient", "id": "p", "gender": "female"}, of="p")
    assert (await world.map()).changed_draft_keys == {"TumorMarker:Observation/o"}
    assert (await world.drafts())["TumorMarker:Observation/o"]["payload"]["gender"] == "female"


async def test_a_deleted_resource_takes_its_draft_away(world: World) -> None:
    await world.put(condition("c"), of="p")
    await world.put(observation("a", day="1"), of="p")
    await world.put(observation("b", day="1"), of="p")
    await world.map()
    await world.delete(observation("a"), of="p")
    assert (await world.map()).changed_draft_keys == {"TNMStaging:day 1"}
    assert (await world.drafts())["TNMStaging:day 1"]["payload"]["values"] == [5]
    await world.delete(observation("b"), of="p")
    assert (await world.map()).changed_draft_keys == {"TNMStaging:day 1"}
    assert "TNMStaging:day 1" not in await world.drafts()
    assert ("staging", "day 1") not in await world.groups()


async def test_a_resource_that_moves_to_another_group_leaves_the_old_one(world: World) -> None:
    await world.put(observation("a", day="1"), of="p")
    await world.put(observation("b", day="1"), of="p")
    await world.map()
    await world.put(observation("b", day="2"), of="p")
    assert (await world.map()).changed_draft_keys == {"TNMStaging:day 1", "TNMStaging:day 2"}
    await world.put(observation("b"), of="p")
    await world.map()
    assert set(await world.drafts()) == {"TNMStaging:day 1", "TumorMarker:Observation/b"}


async def test_a_shared_resource_changes_what_refers_to_it(world: World) -> None:
    medication = {"resourceType": "Medication", "id": "m", "value": 1}
    await world.put(medication, of=None, state="shared")
    await world.put(observation("o", device=to("Medication/m")), of="p")
    await world.map()
    await world.put(medication | {"value": 2}, of=None, state="shared")
    assert (await world.groups())["marker", "Observation/o"][1] is True
    assert (await world.map()).changed_draft_keys == {"TumorMarker:Observation/o"}
    assert (await world.groups())["marker", "Observation/o"][1] is False


async def test_a_shared_resource_that_arrives_while_mapping_makes_the_group_stale(world: World) -> None:
    class Interrupted(TumourMapper):
        name = "interrupted"
        produces = ("Surgery",)
        reads = ("Procedure",)

    arrivals: list[int] = []
    original = world.store.write

    def interrupted(*, lock: str | None = None) -> Any:
        if not arrivals:
            arrivals.append(1)
            return _Between(world, original, lock)
        return original(lock=lock)

    await world.put(observation("o", device=to("Medication/m")), of="p")
    world.store.write = interrupted  # type: ignore[method-assign]
    try:
        await world.map()
    finally:
        world.store.write = original  # type: ignore[method-assign]
    assert (await world.groups())["marker", "Observation/o"][1] is True
    assert await world.dirty_seq() == 2
    await world.map()
    assert (await world.drafts())["TumorMarker:Observation/o"]["payload"]["device"] == 9


class _Between:
    """A shared resource is committed after the run has read and before it writes."""

    def __init__(self, world: World, original: Any, lock: str | None) -> None:
        self.world, self.original, self.lock = world, original, lock

    async def __aenter__(self) -> Any:
        await self.world.put({"resourceType": "Medication", "id": "m", "value": 9}, of=None, state="shared")
        self.inner = self.original(lock=self.lock)
        return await self.inner.__aenter__()

    async def __aexit__(self, *error: Any) -> Any:
        return await self.inner.__aexit__(*error)


async def test_a_failing_mapper_blocks_its_group_alone_and_keeps_its_draft(world: World) -> None:
    await world.put(condition("good"), of="p")
    await world.put(condition("bad"), of="p")
    await world.map()
    await world.put(condition("bad", value=13), of="p")
    outcome = await world.map()
    assert outcome.failed == 1
    drafts = await world.drafts()
    assert drafts["NeoplasticEntity:Condition/bad"]["payload"] == {"value": 5}
    assert drafts["NeoplasticEntity:Condition/bad"]["blocked"] is True
    assert drafts["NeoplasticEntity:Condition/good"]["blocked"] is False
    assert await world.reviews() == [("tumour/Condition/bad", "mapper-failed")]
    assert (await world.coverage())["Condition/bad"][0] == "blocked"
    await world.put(condition("bad", value=6), of="p")
    await world.map()
    assert (await world.drafts())["NeoplasticEntity:Condition/bad"]["blocked"] is False
    assert await world.reviews() == []
    assert await world.reviews("gone") == [("tumour/Condition/bad", "mapper-failed")]


async def test_an_issue_opens_a_review_and_its_end_closes_it(world: World) -> None:
    await world.put(condition("c", value=1), of="p")
    assert (await world.map()).issues == 1
    assert await world.reviews() == [("NeoplasticEntity:Condition/c", "missing-required")]
    assert (await world.coverage())["Condition/c"][0] == "blocked"
    await world.put(condition("c", value=4), of="p")
    await world.map()
    assert await world.reviews() == []
    await world.put(condition("c", value=1), of="p")
    await world.map()
    assert await world.reviews() == [("NeoplasticEntity:Condition/c", "missing-required")]


async def test_two_groups_with_one_key_the_first_has_it_and_the_other_waits_for_it(world: World) -> None:
    await world.put(condition("b", claims="Condition/x"), of="p")
    await world.map()
    await world.put(condition("a", value=7, claims="Condition/x"), of="p")
    await world.map()
    assert (await world.drafts())["NeoplasticEntity:Condition/x"]["payload"] == {"value": 7}
    assert (await world.groups())["tumour", "Condition/b"][0] == "duplicate-key"
    await world.delete(condition("a"), of="p")
    await world.map()
    assert (await world.drafts())["NeoplasticEntity:Condition/x"]["payload"] == {"value": 5}
    assert (await world.groups())["tumour", "Condition/b"][0] is None


async def test_groups_of_a_mapper_that_is_not_installed_stay(world: World) -> None:
    await world.put(condition("c"), of="p")
    await world.map()
    world.registry = Registry([StagingMapper.__new__(_Independent)])
    await world.put(condition("c", value=6), of="p")
    await world.map()
    assert (await world.drafts())["NeoplasticEntity:Condition/c"]["payload"] == {"value": 5}


class _Independent(StagingMapper):
    name = "independent"
    requires = ()


@pytest.mark.parametrize("seed", range(6))
async def test_random_histories_end_as_if_mapped_from_scratch(world: World, seed: int) -> None:
    chance = random.Random(seed)
    failures = seed % 3 == 0
    if not failures and seed % 2:
        world.registry = fake_registry(CaseMapper())
    current: dict[str, JsonObject] = {}
    shared: dict[str, JsonObject] = {}
    await world.add_patient("q")
    for _ in range(25):
        for _ in range(chance.choice((1, 1, 2, 6))):
            name = chance.choice("abcde")
            draw = chance.random()
            if draw < 0.15 and current:
                gone = current.pop(chance.choice(sorted(current)))
                await world.delete(gone, of="p")
                continue
            if draw < 0.25:
                json = {"resourceType": "Medication", "id": name, "value": chance.randrange(3)}
                shared[f"Medication/{name}"] = json
                await world.put(json, of=None, state="shared")
                continue
            if draw < 0.3:
                json = {"resourceType": "Patient", "id": "p", "gender": chance.choice(("female", "male"))}
            elif draw < 0.35:
                json = {"resourceType": "Procedure", "id": name, "value": 1}
            elif draw < 0.6:
                json = condition(name, chance.choice((0, 1, 5, 6, 7, 13 if failures else 8)))
                if chance.random() < 0.3:
                    json["claims"] = "Condition/" + chance.choice("abx")
                if chance.random() < 0.4:
                    json["identifier"] = [{"system": "u", "value": chance.choice("123")}]
                if chance.random() < 0.1:
                    json["status"] = "ignored"
            else:
                json = observation(name, chance.choice((2, 5, 6)))
                if chance.random() < 0.4:
                    json["day"] = chance.choice("12")
                if chance.random() < 0.6:
                    json["focus"] = chance.choice(
                        (to(f"Condition/{chance.choice('abcde')}"), {"identifier": {"system": "u", "value": "1"}})
                    )
                if chance.random() < 0.4:
                    json["device"] = to(f"Medication/{chance.choice('abcde')}")
                if chance.random() < 0.3:
                    json["note"] = "unread"
            current[f"{json['resourceType']}/{json['id']}"] = json
            await world.put(json, of="p")
        await world.map()
    await _assert_as_from_scratch(world, current, shared)


async def _assert_as_from_scratch(world: World, current: dict[str, JsonObject], shared: dict[str, JsonObject]) -> None:
    resources = {name: Resource(json["resourceType"], json["id"], json) for name, json in current.items()}
    others = [Resource(json["resourceType"], json["id"], json) for json in shared.values()]
    names: dict[str, Resource | None] = {}
    for resource in [*resources.values(), *others]:
        for key in own_identifier_keys(resource.json):
            names[key] = None if key in names and names[key] is not resource else resource
    reader = MemoryReader(list(resources.values()), patient=resources.get("Patient/p"), shared=others, names=names)
    registry = world.registry
    results = map_patient(
        list(resources.values()), reader, mappers=registry.mappers, terminology=NoTerminology(), options={}
    )
    failed = {member.reference for result in results if result.error == "mapper-failed" for member in result.members}
    expected = {draft.key: draft for result in results for draft in result.drafts}
    stored = await world.drafts()
    # A failed group keeps the draft it had, blocked; from scratch it has none.
    kept = {key for key in stored.keys() - expected.keys() if stored[key]["blocked"]}
    assert stored.keys() - kept == expected.keys()
    if not failed:
        assert not kept
        for key, draft in expected.items():
            assert {name: stored[key][name] for name in draft_json(draft)} == draft_json(draft)
        verdicts = collect(results)
        readers = registry.readers()
        covered = {
            name: cover(name, each.json, verdicts.get(name, ()), read=each.type in readers)
            for name, each in resources.items()
        }
        assert await world.coverage() == {
            name: (each.status.value, each.unconsumed, each.reason) for name, each in covered.items()
        }
        issues = sorted((draft.key, issue.code) for draft in expected.values() for issue in draft.issues)
        failures = [(f"{each.mapper}/{each.key}", each.error) for each in results if each.error]
        assert await world.reviews() == sorted(issues + failures)
        groups = {(each.mapper, each.key): (each.error, False, len(each.members)) for each in results}
        assert await world.groups() == groups
    assert all(result_verdicts(result) for result in results)
