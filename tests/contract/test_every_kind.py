"""Every kind of entity: create → read → equal → PUT → equal → list → PUT that erases → delete → gone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from contract.payloads import bodies, minimal, optional
from contract.table import Findings
from contract.target import POP_URL, Target, sandbox
from contract.world import World
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.pop.client import PopClient
from adapters.pop.compare import changed_fields
from adapters.pop.errors import PopError
from adapters.pop.kinds import KINDS, JsonObject, Kind
from adapters.sandbox.pop.releases import RELEASES

#: Examples per kind; each is two bodies and some ten requests.
EXAMPLES = int(os.environ.get("POP_EXAMPLES", "3"))
CHOSEN = settings(
    deadline=None,
    database=None,
    # CI tries the same bodies every time; whoever asks for more examples wants other ones.
    derandomize="POP_EXAMPLES" not in os.environ,
    # A difference is shown as it was found: making it smaller would cost a real server hundreds of requests.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


async def life(
    world: World, kind: Kind, parent: str | None, first: JsonObject, second: JsonObject, to: Findings
) -> None:
    """One entity from its creation to its end; what POP does otherwise goes ``to`` the findings."""
    client, name = world.client, kind.name

    async def reads(step: str, body: JsonObject) -> None:
        found = await client.get(name, identity, parent_id=parent)
        if found is None:
            to.different(step, "an entity", "404")
            return
        changed = sorted(changed_fields(name, body, found))
        to.compare(step, *([{field: side.get(field) for field in changed} for side in (body, found)]))

    first, second = (client.release.reduced(name, body)[0] for body in (world.complete(kind, first), second))
    identity = await client.create(name, first, parent_id=parent)
    if name == "PatientCase":
        world.target.made(identity)
        second = {**second, **{field: first[field] for field in ("clinicalCenter", "clinicalIdentifier")}}
    await reads("create, read", first)
    to.compare("PUT", True, await client.update(name, identity, second, parent_id=parent))
    await reads("PUT, read", second)
    events = await world.events(kind, identity, parent)
    await client.update(name, identity, second, parent_id=parent)
    to.compare("an identical PUT makes no event", events, await world.events(kind, identity, parent))
    case_id = second.get("caseId")
    if name != "PatientCase":
        listed = await client.list(name, case_id=case_id, parent_id=parent)
        to.compare("list", 1, [item["id"] for item in listed].count(identity))
    least = {
        **minimal(kind, world.concepts, world.ids),
        **{n: second[n] for n in ("clinicalCenter", "clinicalIdentifier") if n in second},
    }
    least = client.release.reduced(name, least)[0]
    await client.update(name, identity, least, parent_id=parent)
    await reads("a PUT erases what it leaves out", least)
    to.compare("delete", True, await client.delete(name, identity, parent_id=parent))
    to.compare("deleted: 404", None, await client.get(name, identity, parent_id=parent))
    to.compare("delete again: 404", False, await client.delete(name, identity, parent_id=parent))


@pytest.fixture(scope="module")
def first_release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A sandbox that plays 1.0.0: the kinds that are different there."""
    if POP_URL:
        pytest.skip("this POP plays its own release")
    with sandbox(tmp_path_factory.mktemp("terminologies"), RELEASES["1.0.0"]) as target:
        yield target


def lives(kind: Kind, target: Target, to: Findings, number: int) -> None:
    """As many generated lives, and one more for each field that none of them had."""
    reached: set[str] = set()
    with asyncio.Runner() as runner:
        run: Callable[[Coroutine[Any, Any, Any]], Any] = runner.run
        http = target.http()
        client: PopClient = run(target.adapter(http))
        world = World(target, http, client)
        try:
            parent = run(world.prepare(kind))
            some = bodies(kind, world.concepts, world.ids)
            whole = bodies(kind, world.concepts, world.ids, all_fields=True)

            def examples(first: st.SearchStrategy[JsonObject], most: int) -> None:
                @settings(CHOSEN, max_examples=most)
                @given(first, some)
                def example(first: JsonObject, second: JsonObject) -> None:
                    reached.update(first, second)
                    try:
                        run(life(world, kind, parent, first, second, to))
                    except PopError as error:
                        to.different(f"{error.code} for {sorted(first)} or {sorted(second)}", "accepted", error)

                example()

            examples(whole, number)
            while missing := [field for field in optional(kind) if field not in reached]:
                examples(bodies(kind, world.concepts, world.ids, all_fields=True, having=missing[0]), 1)
        finally:
            run(client.aclose())
            run(http.aclose())
    to.conclude()


@pytest.mark.parametrize("name", sorted(KINDS))
def test_life(name: str, target: Target, findings: Callable[[str, str], Findings]) -> None:
    lives(KINDS[name], target, findings("kinds", name), EXAMPLES)


@pytest.mark.parametrize("name", ["FamilyHistory", "GenomicVariant", "MolecularTumorBoard", "TNMStaging"])
def test_life_in_the_first_release(name: str, first_release: Target, findings: Callable[[str, str], Findings]) -> None:
    lives(KINDS[name], first_release, findings("kinds", f"{name} (1.0.0)"), 1)
