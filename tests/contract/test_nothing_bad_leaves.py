"""Fuzzing the guard: whatever leaves the gateway is stored, reads back equal, and breaks nobody's reading.

Bodies are those of every kind, and of every mapper's drafts, spoiled in up to three places. The guard refuses most of them; what it
lets through must be a 201, and afterwards its lists and its case can be read.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import math
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from contract.payloads import bodies, minimal
from contract.target import CASES, Target
from contract.world import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mapper_records import OPTIONS, open_terminology, registry

from adapters.pop.client import Exchange, PopClient
from adapters.pop.compare import changed_fields
from adapters.pop.errors import PopContract
from adapters.pop.kinds import KINDS, JsonObject, Kind
from mappers.record import map_resources

EXAMPLES = int(os.environ.get("POP_EXAMPLES", "6"))
#: The kinds share a case in so many tests.
PARTS = 4
#: What people, programs and other releases put where something else belongs; with what poisoned the real POP.
JUNK: tuple[Any, ...] = (
    None, "", " ", "x", "2024-02-30", "2024-02", "9999-12-31", "0001-01-01", "1850-01-01", "2024-05-06T10:00:00", 0, -1, 1, 1.5,
    75, 101, 32768, 2**31, 2**63, -0.0, 1e-320, 1e308, math.nan, math.inf, True, False, [], [None], ["x"], {},
    {"end": "2024-01-01"}, {"start": None}, {"start": "2024-06-01", "end": "2024-03-01"}, {"value": 0, "unit": "m"},
    {"value": -70, "unit": "kg"}, {"value": 16, "unit": "kPa"}, {"value": 1, "unit": "ng/mL"}, {"value": None, "unit": "g"},
    {"code": "x", "system": "y"}, {"code": "x"}, "alive", "deceased", "unknown", "a\0b", "\ud800", "x" * 600,
    "00000000-0000-4000-8000-000000000000",
)  # fmt: skip


def spoiled(body: JsonObject, kind: Kind, draw: Callable[[st.SearchStrategy[Any]], Any]) -> JsonObject:
    """The body with up to three things wrong; references stay those of the case (the applier's business)."""
    body = copy.deepcopy(body)
    fields = sorted(kind.properties - kind.references.keys())
    for _ in range(draw(st.integers(0, 3))):
        field = draw(st.sampled_from([*fields, "surprise"]))
        match draw(st.integers(0, 3)):
            case 0:
                body.pop(field, None)
            case 1 if isinstance(body.get(field), dict) and body[field]:
                inner = draw(st.sampled_from([*sorted(body[field]), "surprise"]))
                body[field][inner] = draw(st.sampled_from(JUNK))
            case 2 if isinstance(body.get(field), list) and body[field]:
                body[field].append(draw(st.sampled_from([body[field][0], *JUNK])))
            case _:
                body[field] = draw(st.sampled_from([*JUNK, body.get(draw(st.sampled_from(fields)))]))
    return body


async def leaves(world: World, kind: Kind, body: JsonObject, sent: list[Exchange]) -> bool:
    """Send it. False if the guard refused it, then nothing was sent; else all that must hold of it does."""
    client, parent = world.client, world.parent(kind)
    sent.clear()
    try:
        identity = await client.create(kind.name, body, parent_id=parent)
    except PopContract:
        assert not [each for each in sent if each.method == "POST"], "it was sent all the same"
        return False
    read = await client.get(kind.name, identity, parent_id=parent)
    assert read is not None
    assert changed_fields(kind.name, body, read) == set()
    case_id = identity if kind.name == "PatientCase" else world.ids["PatientCase"][0]
    if kind.name == "PatientCase":
        world.target.made(identity)
        await client.case(identity)
        assert await _reads(world, CASES)
    else:
        await client.list(kind.name, case_id=None if parent else case_id, parent_id=parent)
        assert await _reads(world, kind.path(parent))
    assert await client.delete(kind.name, identity, parent_id=parent)
    return True


async def _reads(world: World, path: str) -> bool:
    """Everybody's list, as everybody reads it: anonymised. A real POP also fails on it in passing, while somebody deletes what it
    is about to show (observed for stagings, whose lists it builds whole); poison stays."""
    for _ in range(3):
        answer = await world.target.send(world.http, "GET", path, params={"limit": 50})
        if answer.status_code == 200:
            return True
    return False


@contextmanager
def opened_world(target: Target) -> Iterator[tuple[Callable[[Coroutine[Any, Any, Any]], Any], World, list[Exchange]]]:
    """(runs a coroutine, a case to work in, the requests that were sent)."""
    sent: list[Exchange] = []
    with asyncio.Runner() as runner:
        http = target.http()
        tokens = runner.run(target.session(http))
        username = target.accounts["gateway"].username
        client = PopClient(url=target.url, username=username, password=str, tokens=tokens, observer=sent.append)
        if target.sandbox is not None:
            terms = target.sandbox.terms
            client.know(lambda terminology, system, code: terms.find(terminology, system, code) is not None)
        try:
            yield runner.run, World(target, http, client), sent
        finally:
            runner.run(client.aclose())
            runner.run(http.aclose())


@pytest.mark.parametrize("part", range(PARTS))
def test_what_passes_the_guard_harms_nobody(part: int, target: Target) -> None:
    if target.real and os.environ.get("POP_POISON") != "1":
        pytest.skip("a hole in the guard would poison lists for everybody: only with POP_POISON=1")
    with opened_world(target) as (run, world, sent):
        for name in sorted(KINDS)[part::PARTS]:
            kind = KINDS[name]
            run(world.prepare(kind))
            assert run(leaves(world, kind, fresh(kind, minimal_of(world, name)), sent))
            some = bodies(kind, world.concepts, world.ids)
            _fuzz(kind, some, lambda kind, body: run(leaves(world, kind, body, sent)))


def drafts() -> dict[str, list[JsonObject]]:
    """Kind → payloads of the drafts that the mappers make of the project's own patients."""
    found: dict[str, list[JsonObject]] = {}
    for path in sorted((Path(__file__).parents[2] / "fixtures" / "patients").glob("*.json")):
        mapped = map_resources(
            [orjson.loads(path.read_bytes())], mappers=registry(), terminology=open_terminology(), options=OPTIONS
        )
        for draft in (draft for result in mapped for draft in result.drafts):
            found.setdefault(draft.kind, []).append(draft.payload)
    return found


def test_what_mappers_make_harms_nobody_however_it_is_spoiled(target: Target) -> None:
    if target.real and os.environ.get("POP_POISON") != "1":
        pytest.skip("a hole in the guard would poison lists for everybody: only with POP_POISON=1")
    made = drafts()
    left = 0
    with opened_world(target) as (run, world, sent):
        for name, payloads in sorted(made.items()):
            run(world.prepare(KINDS[name]))
            least = minimal_of(world, name)
            references = {field: least[field] for field in KINDS[name].references if field in least}
            left += _fuzz(
                KINDS[name],
                st.sampled_from(payloads).map(functools.partial(dict, **references)),
                lambda kind, body: run(leaves(world, kind, body, sent)),
            )
    assert left > 0


def minimal_of(world: World, name: str) -> JsonObject:
    """The plainest body that is right."""
    return minimal(KINDS[name], world.concepts, world.ids)


def _fuzz(kind: Kind, some: st.SearchStrategy[JsonObject], leave: Callable[[Kind, JsonObject], bool]) -> int:
    """How many of the bodies left."""
    left: list[bool] = []

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(some, st.data())
    def example(body: JsonObject, data: st.DataObject) -> None:
        left.append(leave(kind, spoiled(fresh(kind, body), kind, data.draw)))

    example()
    return sum(left)


def fresh(kind: Kind, body: JsonObject) -> JsonObject:
    """A case with an identifier of its own."""
    return World.complete(kind, body) if kind.name == "PatientCase" else body
