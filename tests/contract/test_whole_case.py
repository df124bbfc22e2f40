"""A case with something of every kind, read back as a whole."""

from __future__ import annotations

import httpx
from contract.payloads import minimal
from contract.target import Target
from contract.world import World

from adapters.pop.case import collections
from adapters.pop.client import Exchange, PopClient
from adapters.pop.compare import changed_fields
from adapters.pop.kinds import KINDS


async def test_a_case_comes_back_whole_in_nineteen_requests(target: Target, http: httpx.AsyncClient) -> None:
    requests: list[Exchange] = []
    client = PopClient(
        url=target.url,
        username=target.accounts["gateway"].username,
        password=str,
        tokens=await target.session(http),
        observer=requests.append,
    )
    world = World(target, http, client)
    made: dict[str, str] = {}
    for kind in sorted(KINDS.values(), key=lambda item: (item.rank, item.name)):
        # POP makes the therapy lines itself, and what the others refer to is there already.
        if kind.name not in ("PatientCase", "TherapyLine"):
            await world.prepare(kind)
            made[kind.name] = world.ids[kind.name][0] if kind.name in world.ids else await world.make(kind)
    made["PatientCase"] = world.ids["PatientCase"][0]
    requests.clear()
    case = await client.case(made["PatientCase"])
    assert case is not None
    assert len(requests) == 1 + len(collections()) == 19
    assert not case.unreadable
    found = {(each.kind, each.id): each for each in (case.case, *case.entities)}
    for name, identity in made.items():
        entity = found[name, identity]
        sent = world.complete(KINDS[name], minimal(KINDS[name], world.concepts, world.ids))
        if name == "PatientCase":
            sent |= {field: entity.body[field] for field in ("clinicalCenter", "clinicalIdentifier")}
        references = {field: list(to) if isinstance(to, tuple) else to for field, to in entity.references.items()}
        back = {**entity.body, **references, **({"caseId": made["PatientCase"]} if "caseId" in sent else {})}
        assert changed_fields(name, sent, back) == set(), name
        assert entity.parent_id == world.parent(KINDS[name])
    assert {kind for kind, _ in found} == KINDS.keys() - {"TherapyLine"} | {
        each.kind for each in case.of("TherapyLine")
    }
    assert await client.case("00000000-0000-4000-8000-000000000000") is None
    await client.aclose()
