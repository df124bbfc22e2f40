"""A new mapper version, a new mapper, other options: the patients concerned are mapped again, and only they."""

from __future__ import annotations

from mapping_fakes import MarkerMapper, StagingMapper, TumourMapper
from mapping_world import World

from gateway.reconcile.rollout import digest_of, roll_out
from mappers.protocol import Context, Draft, Group, JsonObject, MapOutput, Resource, Source
from mappers.registry import Registry

SITE = {"options": digest_of({}), "terminology": digest_of([])}


class MarkerMapper2(MarkerMapper):
    """The second version takes the Observations that have a day, too."""

    version = "2"

    def select(self, resource: Resource) -> str | None:
        return resource.reference


class ProcedureMapper:
    """A mapper that is installed later."""

    name = "procedure"
    version = "1"
    produces: tuple[str, ...] = ("Surgery",)
    reads: tuple[str, ...] = ("Procedure",)
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        return resource.reference

    def map(self, group: Group, context: Context) -> MapOutput:
        for member in group.members:
            sources = {"value": (Source(member.reference, "value"),)}
            yield Draft("Surgery", f"Surgery:{member.reference}", {"value": 1}, sources=sources)


async def _patients(world: World) -> None:
    observation: JsonObject = {"resourceType": "Observation", "id": "o", "value": 5, "day": "1"}
    await world.put(observation, of="p")
    await world.add_patient("q")
    await world.put({"resourceType": "Procedure", "id": "x", "value": 1}, of="q")
    await world.map("p")
    await world.map("q")


async def test_the_same_again_marks_nobody(world: World) -> None:
    await roll_out(world.store, world.registry, site=SITE)
    await _patients(world)
    before = await world.dirty_seq("p")
    assert await roll_out(world.store, world.registry, site=SITE) == 0
    assert await world.dirty_seq("p") == before


async def test_a_new_version_selects_again(world: World) -> None:
    await roll_out(world.store, world.registry, site=SITE)
    await _patients(world)
    before = await world.dirty_seq("p")
    world.registry = Registry([MarkerMapper2(), StagingMapper(), TumourMapper()])
    assert await roll_out(world.store, world.registry, site=SITE) == 1
    assert await world.dirty_seq("p") > before
    assert (await world.map("p")).changed_draft_keys == {"TumorMarker:Observation/o"}
    assert (await world.map("q")).groups == 0


async def test_a_mapper_installed_later_finds_what_is_there(world: World) -> None:
    await roll_out(world.store, world.registry, site=SITE)
    await _patients(world)
    world.registry = Registry([MarkerMapper(), StagingMapper(), TumourMapper(), ProcedureMapper()])
    assert await roll_out(world.store, world.registry, site=SITE) == 1
    await world.map("q")
    assert set(await world.drafts("q")) == {"Surgery:Procedure/x"}
    assert (await world.coverage("q"))["Procedure/x"] == ("mapped", (), None)


async def test_other_options_map_every_group_again_and_change_no_draft(world: World) -> None:
    await roll_out(world.store, world.registry, site=SITE)
    await _patients(world)
    assert await roll_out(world.store, world.registry, site=SITE | {"options": digest_of({"a": 1})}) == 1
    outcome = await world.map("p")
    assert (outcome.groups, outcome.changed_draft_keys) == (1, frozenset())
