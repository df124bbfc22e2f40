"""A new mapper version, a new mapper, other options: the patients concerned are mapped again, and only they."""

from __future__ import annotations

from mapping_fakes import MarkerMapper, StagingMapper, SurgeryMapper, TumourMapper
from mapping_world import World

from gateway.reconcile.rollout import digest_of, roll_out
from mappers.protocol import JsonObject, Resource
from mappers.registry import Registry

SITE = {"options": digest_of({}), "terminology": digest_of([])}


class MarkerMapper2(MarkerMapper):
    """The second version takes the Observations that have a day, too."""

    version = "2"

    def select(self, resource: Resource) -> str | None:
        return resource.reference


async def _start(world: World) -> None:
    world.registry = Registry([MarkerMapper(), StagingMapper(), TumourMapper()])
    await roll_out(world.store, world.registry, site=SITE)
    observation: JsonObject = {"resourceType": "Observation", "id": "o", "value": 5, "day": "1"}
    await world.put(observation, of="p")
    await world.add_patient("q")
    await world.put({"resourceType": "Procedure", "id": "x", "value": 1}, of="q")
    await world.map("p")
    await world.map("q")


async def test_the_same_again_marks_nobody(world: World) -> None:
    await _start(world)
    before = await world.dirty_seq("p")
    assert await roll_out(world.store, world.registry, site=SITE) == 0
    assert await world.dirty_seq("p") == before


async def test_a_new_version_selects_again(world: World) -> None:
    await _start(world)
    before = await world.dirty_seq("p")
    world.registry = Registry([MarkerMapper2(), StagingMapper(), TumourMapper()])
    assert await roll_out(world.store, world.registry, site=SITE) == 1
    assert await world.dirty_seq("p") > before
    assert (await world.map("p")).changed_draft_keys == {"TumorMarker:Observation/o"}
    assert (await world.map("q")).groups == 0


async def test_a_mapper_installed_later_finds_what_is_there(world: World) -> None:
    await _start(world)
    world.registry = Registry([MarkerMapper(), StagingMapper(), TumourMapper(), SurgeryMapper()])
    assert await roll_out(world.store, world.registry, site=SITE) == 1
    await world.map("q")
    assert set(await world.drafts("q")) == {"Surgery:Procedure/x"}
    assert (await world.coverage("q"))["Procedure/x"] == ("mapped", (), None)


async def test_other_options_map_every_group_again_and_change_no_draft(world: World) -> None:
    await _start(world)
    assert await roll_out(world.store, world.registry, site=SITE | {"options": digest_of({"a": 1})}) == 1
    outcome = await world.map("p")
    assert (outcome.groups, outcome.changed_draft_keys) == (1, frozenset())
