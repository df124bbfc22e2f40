"""Somebody else stores what POP chokes on: the gateway says which case it is, and goes on with everything else."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from test_apply import Resources, Stage, bruno, signed_in
from victim import finish, settings

from adapters.pop.client import PopClient
from adapters.sandbox.pop.server import SandboxPop, running
from gateway.checkpoison import poisoned
from gateway.replay import replay
from gateway.service import Gateway
from gateway.store.tables import review

JsonObject = dict[str, Any]
FIXTURES = Path(__file__).parents[3] / "fixtures" / "patients"
#: What makes POP fail → (collection, the body that a careless client sends for a case).
POISONS: dict[str, tuple[str, JsonObject]] = {
    "therapy": ("systemic-therapies", {"period": {"end": "2024-03-01"}, "intent": "palliative"}),
    "radiotherapy": ("radiotherapies", {"period": {}, "sessions": 3, "intent": "curative"}),
    "vitals": ("vitals", {"date": "2024-01-02", "height": {"value": 0, "unit": "m"}}),
    "case": ("patient-cases", {"vitalStatus": "alive", "endOfRecords": "2024-01-01"}),
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Everything empty and running."""
    pop = SandboxPop()
    async with (
        running(pop) as address,
        signed_in(address) as curator,
        Gateway(settings(f"sqlite+aiosqlite:///{tmp_path / 'store.sqlite'}", address)) as gateway,
    ):
        yield Stage(pop, address, gateway, curator)


def alba() -> Resources:
    """Another invented patient."""
    bundle = json.loads((FIXTURES / "breast-ac-t.json").read_text(encoding="utf-8"))
    entries = bundle["entry"] if isinstance(bundle, dict) else [entry for each in bundle for entry in each["entry"]]
    return {entry["resource"]["id"]: entry["resource"] for entry in entries}


def is_therapy(resource: JsonObject) -> bool:
    return str(resource["resourceType"]).startswith("Medication")


async def poison(stage: Stage, name: str, case: JsonObject) -> None:
    """Plant it by hand, over HTTP, as a second user."""
    collection, body = POISONS[name]
    if name == "case":
        await stage.curator.put(f"/api/v1/patient-cases/{case['id']}", json={**case, **body})
    else:
        await stage.curator.post(f"/api/v1/{collection}", json={**body, "caseId": case["id"]})


async def texts(stage: Stage) -> dict[str, str]:
    """Key → text of the open items about poison."""
    async with stage.gateway.store.read() as connection:
        query = sa.select(review.c.draft_key, review.c.text)
        query = query.where(review.c.state == "open", review.c.code == "pop-poisoned")
        return {row.draft_key: row.text for row in await connection.execute(query)}


async def checked(stage: Stage) -> str:
    """What ``check`` says of it."""
    return (await poisoned(stage.gateway.store, stage.gateway.client)).text


@pytest.mark.parametrize("name", sorted(POISONS))
async def test_only_the_poisoned_case_waits_and_it_is_named(stage: Stage, name: str) -> None:
    first = {key: resource for key, resource in bruno().items() if not is_therapy(resource)}
    await stage.send(first)
    (case,) = stage.pop.entities.all("patient-cases")
    await poison(stage, name, case)

    later = copy.deepcopy(bruno())
    later["bruno"]["birthDate"] = "1958-02-02"
    await stage.send({**later, **alba()})

    states = await stage.ledger()
    parked = {key for key, (state, _) in states.items() if state != "written"}
    # A therapy is stored although POP fails on it; a case that cannot be read is not written over.
    assert parked == ({"PatientCase:Patient/bruno"} if name == "case" else set())
    told = await texts(stage)
    expected = {"case": parked, "therapy": {"SystemicTherapy:Condition/bruno-lung"}}
    assert told.keys() == expected.get(name, set())
    collection = "the case itself" if name == "case" else POISONS[name][0]
    assert all(case["id"] in text and collection in text for text in told.values())
    assert len(stage.pop.entities.all("patient-cases")) == 2

    client = PopClient(url=stage.address, username="gateway", password=lambda: "gateway")
    if name != "case":
        whole = await client.case(case["id"])
        assert whole is not None
        assert whole.unreadable == (POISONS[name][0],)
    await client.aclose()


async def test_once_it_is_corrected_a_replay_goes_on(stage: Stage) -> None:
    await stage.send({key: resource for key, resource in bruno().items() if not is_therapy(resource)})
    (case,) = stage.pop.entities.all("patient-cases")
    # As ours: POP's filter by source does not leave it out of the list that tells what is there.
    collection, body = POISONS["therapy"]
    source = stage.gateway.settings.pop.external_source
    await stage.curator.post(f"/api/v1/{collection}", json={**body, "caseId": case["id"], "externalSource": source})
    await stage.send(bruno())
    (text,) = set((await texts(stage)).values())
    assert any(f"{collection} (entity {place} of 2" in text for place in (1, 2))
    assert {state for state, _ in (await stage.ledger()).values()} == {"written", "parked"}
    assert case["id"] in await checked(stage)
    for row in stage.pop.entities.all("systemic-therapies"):
        stage.pop.entities.delete("systemic-therapies", row["id"])
    told = await checked(stage)
    assert "can be again" in told
    await replay(stage.gateway.store, error="pop-poisoned")
    await finish(stage.gateway)
    assert not await texts(stage)
    assert await checked(stage) == "no case is known that POP cannot show"
    assert {state for state, _ in (await stage.ledger()).values()} == {"written"}
    assert len(stage.pop.entities.all("systemic-therapies")) == 1


async def test_a_poisoned_case_does_not_hide_another_whose_identifier_has_a_slash(stage: Stage) -> None:
    client = PopClient(url=stage.address, username="gateway", password=lambda: "gateway")
    gender = {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"}
    body = {"clinicalCenter": "H", "gender": gender, "dateOfBirth": "1961-05-17", "vitalStatus": "alive"}
    wanted = await client.create("PatientCase", {**body, "clinicalIdentifier": "A/1"})
    await client.create("PatientCase", {**body, "clinicalIdentifier": "A/12"})
    for row in stage.pop.entities.all("patient-cases"):
        if row["clinicalIdentifier"] == "A/12":
            await poison(stage, "case", row)
    found = await client.find_case("H", "A/1")
    assert found is not None
    assert found["id"] == wanted
    await client.aclose()
