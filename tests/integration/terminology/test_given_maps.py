"""Maps given to the running gateway: in force at once, versioned, marking exactly what they change."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from test_decisions import CEA, LAB, gateway, markers, named  # noqa: F401 - a fixture

from adapters.sandbox.pop.server import SandboxPop
from gateway.service import Gateway
from gateway.store.tables import patient
from gateway.terminology import decisions, maps
from gateway.terminology.decisions import DecisionRefused
from mappers.terminology import Outcome, Terminology

HEAD = "terminology;source_system;source_code;target_system;target_code;target_display\n"


def sheet(*codes: str) -> bytes:
    return (HEAD + "".join(f"TumorMarkerAnalyte;{LAB};{code};{CEA[0]};{CEA[1]};{CEA[2]}\n" for code in codes)).encode()


async def dirty(made: Gateway) -> int:
    async with made.store.read() as connection:
        query = sa.select(sa.func.count()).where(patient.c.dirty_seq > patient.c.clean_seq)
        return int(await connection.scalar(query) or 0)


async def test_versions_of_a_map(gateway: tuple[Gateway, SandboxPop]) -> None:  # noqa: F811
    made, pop = gateway
    first, marked = await maps.give(made.store, name="lab", content=sheet("K1"), form="csv", author="a")
    assert (first.version, marked, await dirty(made)) == (1, 3, 3)
    await made.worker.drain()
    assert markers(pop) == [CEA[1]] * 3
    second, marked = await maps.give(made.store, name="lab", content=sheet("K1", "K2"), form="csv", author="b")
    assert (second.version, marked) == (2, 1), "only whom the difference concerns"
    await made.worker.drain()
    assert len(markers(pop)) == 4
    async with made.store.read() as connection:
        assert [each.version for each in await maps.current(connection)] == [2]
        history = await maps.history(connection, "lab")
    assert [(each.version, each.author, each.ended_by) for each in history] == [(2, "b", None), (1, "a", "b")]
    assert await maps.end(made.store, "lab", author="c") == 4
    await made.worker.drain()
    assert markers(pop) == [], "what rested on the map alone has left POP"
    async with made.store.read() as connection:
        assert await maps.current(connection) == []
    with pytest.raises(DecisionRefused, match="in force"):
        await maps.end(made.store, "lab", author="c")


async def test_a_decision_comes_before_a_map_and_a_site_before_its_organisation(
    gateway: tuple[Gateway, SandboxPop],  # noqa: F811
) -> None:
    made, pop = gateway
    no_map = (HEAD + f"TumorMarkerAnalyte;{LAB};K1;;;\n").encode()
    await maps.give(made.store, name="shared", content=sheet("K1"), form="csv", author="a", layer="organisation")
    await maps.give(made.store, name="own", content=no_map, form="csv", author="a")
    await made.worker.drain()
    assert markers(pop) == []
    known = made.worker.terminology
    assert isinstance(known, Terminology)
    proposal = decisions.Proposal(Outcome.MAP, "a", target=CEA)
    await decisions.decide(made.store, await named(made, "K1"), proposal, terminology=known)
    await made.worker.drain()
    assert len(markers(pop)) == 3


async def test_a_map_that_cannot_be_used_changes_nothing(gateway: tuple[Gateway, SandboxPop]) -> None:  # noqa: F811
    made, _ = gateway
    for content, form, said in (
        (b"{", "json", "no JSON"), (b"[]", "json", "no JSON object"), (b"a;b\n", "csv", "missing"), (b"\xff", "csv", "UTF-8"),
        (b"", "odd", "format one of"),
    ):  # fmt: skip
        with pytest.raises(DecisionRefused, match=said):
            await maps.give(made.store, name="bad", content=content, form=form, author="a")
    assert await dirty(made) == 0
    async with made.store.read() as connection:
        assert await maps.history(connection, "bad") == []
