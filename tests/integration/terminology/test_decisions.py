"""Decisions about codes, in the whole gateway: one lands every patient that waits, no other is touched, undoing takes it back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from adapters.sandbox.pop.server import SandboxPop, running
from gateway.config import PopSettings, Settings, SourceSettings, StoreSettings, WorkerSettings
from gateway.intake.files import import_paths
from gateway.service import Gateway
from gateway.store.tables import map_group, patient, review
from gateway.terminology import decisions, items
from gateway.terminology.decisions import DecidedMeanwhile, DecisionRefused, Proposal
from mappers.terminology import Outcome, Terminology

JsonObject = dict[str, Any]

LAB = "http://lab.example.org/codes"
HISTOLOGY = {
    "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior",
    "valueCodeableConcept": {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.43.1", "code": "8140/3"}]},
}
MR: JsonObject = {
    "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
    "system": "http://house.example.org/mrn",
}
CEA = ("http://loinc.org", "LP28643-2", "Carcinoembryonic Ag")


def record(number: int, code: JsonObject) -> list[JsonObject]:
    """A patient with a tumour and one laboratory value of the house's own code."""
    name = f"p{number}"
    return [
        {
            "resourceType": "Patient", "id": name, "identifier": [MR | {"value": name}], "gender": "female",
            "birthDate": "1960-05-01",
        },
        {
            "resourceType": "Condition", "id": f"{name}-c", "subject": {"reference": f"Patient/{name}"},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "C18.7"}]}, "extension": [HISTOLOGY],
            "onsetDateTime": "2024-01-10",
        },
        {
            "resourceType": "Observation", "id": f"{name}-o", "status": "final", "subject": {"reference": f"Patient/{name}"},
            "meta": {"profile": ["http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-tumor-marker-test"]},
            "code": code, "effectiveDateTime": "2024-02-01",
            "valueQuantity": {"value": 4.2, "unit": "ng/mL", "system": "http://unitsofmeasure.org", "code": "ng/mL"},
        },
    ]  # fmt: skip


def local(code: str) -> JsonObject:
    return {"coding": [{"system": LAB, "code": code, "display": f"House test {code}"}]}


@pytest.fixture
async def gateway(store_url: str, tmp_path: Path) -> AsyncIterator[tuple[Gateway, SandboxPop]]:
    """Three patients with code K1, one with K2, one whose test has a text alone; imported and worked."""
    pop = SandboxPop(limit_logins=False)
    codes = [local("K1"), local("K1"), local("K1"), local("K2"), {"text": "Hausmarker  X"}]
    lines = [json.dumps(each) for number, code in enumerate(codes) for each in record(number, code)]
    path = tmp_path / "records.ndjson"
    path.write_text("\n".join(lines), encoding="utf-8")
    async with running(pop) as address:
        settings = Settings(
            store=StoreSettings(url=store_url, durable=False),
            pop=PopSettings(url=address, password=SecretStr("gateway"), timeout=5),
            sources={"default": SourceSettings()}, worker=WorkerSettings(idle=0.05),
        )  # fmt: skip
        async with Gateway(settings) as made:
            await import_paths(made.intake, [path], source="default", limits=settings.limits)
            await made.worker.drain()
            yield made, pop


async def queue(gateway: Gateway) -> list[items.Item]:
    async with gateway.store.read() as connection:
        return await items.items(connection, code="unmapped-code")


async def named(gateway: Gateway, code: str) -> items.Item:
    (found,) = [each for each in await queue(gateway) if any(code in coding for coding in each.codings)]
    return found


def terminology(gateway: Gateway) -> Terminology:
    assert isinstance(gateway.worker.terminology, Terminology)
    return gateway.worker.terminology


def proposal(**more: Any) -> Proposal:
    return Proposal(**{"outcome": Outcome.MAP, "author": "terminologist", "target": CEA} | more)


async def decide(gateway: Gateway, item: items.Item, **more: Any) -> decisions.Made:
    made = await decisions.decide(gateway.store, item, proposal(**more), terminology=terminology(gateway))
    await gateway.worker.drain()
    return made


def markers(pop: SandboxPop) -> list[str]:
    return [entity["analyte"]["code"] for entity in pop.entities.all("tumor-markers")]


async def test_one_item_for_all_patients_with_a_code(gateway: tuple[Gateway, SandboxPop]) -> None:
    made, pop = gateway
    assert markers(pop) == []
    found = await queue(made)
    assert [(each.patients, each.path, each.terminology) for each in found] == [
        (3, "TumorMarker.analyte", "TumorMarkerAnalyte"),
        (1, "TumorMarker.analyte", "TumorMarkerAnalyte"),
        (1, "TumorMarker.analyte", "TumorMarkerAnalyte"),
    ]
    assert found[0].codings == ((LAB, "K1", "House test K1"),)
    assert found[0].sources == ("default",)
    assert sorted(found[0].examples) == [f"Observation/p{number}-o#code" for number in range(3)]


async def test_a_decision_lands_those_that_wait_for_it_and_touches_no_other(
    gateway: tuple[Gateway, SandboxPop],
) -> None:
    made, pop = gateway
    item = await named(made, "K1")
    async with made.store.read() as connection:
        preview = await decisions.preview(connection, item)
    assert (preview.patients, preview.lands, preview.changes, preview.still_waiting) == (3, 3, 0, 0)
    decision = await decisions.decide(made.store, item, proposal(), terminology=terminology(made))
    async with made.store.read() as connection:
        stale = await connection.scalar(sa.select(sa.func.count()).where(map_group.c.stale))
        dirty = await connection.scalar(sa.select(sa.func.count()).where(patient.c.dirty_seq > patient.c.clean_seq))
        assert await decisions.progress(connection, decision.id) == (3, 3)
    assert (stale, dirty) == (3, 3)
    await made.worker.drain()
    assert markers(pop) == [CEA[1]] * 3
    assert [each.patients for each in await queue(made)] == [1, 1]
    async with made.store.read() as connection:
        assert await decisions.progress(connection, decision.id) == (3, 0)


async def test_a_decision_holds_for_who_comes_later(gateway: tuple[Gateway, SandboxPop], tmp_path: Path) -> None:
    made, pop = gateway
    await decide(made, await named(made, "K2"))
    path = tmp_path / "later.ndjson"
    path.write_text("\n".join(json.dumps(each) for each in record(77, local("K2"))), encoding="utf-8")
    await import_paths(made.intake, [path], source="default", limits=made.settings.limits)
    await made.worker.drain()
    assert markers(pop) == [CEA[1]] * 2


async def test_a_text_without_a_code_is_decided_like_a_code(gateway: tuple[Gateway, SandboxPop]) -> None:
    made, pop = gateway
    await decide(made, await named(made, "Hausmarker X"))
    assert markers(pop) == [CEA[1]]


async def test_undoing_takes_back_what_landed(gateway: tuple[Gateway, SandboxPop]) -> None:
    made, pop = gateway
    decision = await decide(made, await named(made, "K1"))
    assert len(markers(pop)) == 3
    await decisions.undo(made.store, decision.id, author="colleague")
    await made.worker.drain()
    assert markers(pop) == []
    assert (await named(made, "K1")).patients == 3
    with pytest.raises(DecisionRefused, match="taken back"):
        await decisions.undo(made.store, decision.id, author="colleague")
    async with made.store.read() as connection:
        (found,) = await decisions.log(connection)
    assert (found.author, found.undone_by, found.target) == ("terminologist", "colleague", CEA)


@pytest.mark.parametrize("outcome", [Outcome.NOT_FOR_POP, Outcome.BLOCK, Outcome.LEAVE_EMPTY])
async def test_that_pop_has_no_concept_is_a_decision_too(gateway: tuple[Gateway, SandboxPop], outcome: Outcome) -> None:
    made, pop = gateway
    decision = await decide(made, await named(made, "K1"), outcome=outcome, target=None)
    assert markers(pop) == []
    assert [each.patients for each in await queue(made)] == [1, 1], "nobody is asked about it again"
    async with made.store.read() as connection:
        blocked = await connection.scalar(
            sa.select(sa.func.count()).where(review.c.code == "blocked-by-decision", review.c.state == "resolved")
        )
    # A marker without an analyte is none: leaving a required field empty leaves the entity waiting.
    assert blocked == (0 if outcome is Outcome.NOT_FOR_POP else 3)
    await decisions.undo(made.store, decision.id, author="colleague")
    await made.worker.drain()
    assert (await named(made, "K1")).patients == 3


async def test_once_is_for_those_that_wait_now(gateway: tuple[Gateway, SandboxPop], tmp_path: Path) -> None:
    made, pop = gateway
    await decide(made, await named(made, "K1"), once=True)
    path = tmp_path / "later.ndjson"
    path.write_text("\n".join(json.dumps(each) for each in record(78, local("K1"))), encoding="utf-8")
    await import_paths(made.intake, [path], source="default", limits=made.settings.limits)
    await made.worker.drain()
    assert len(markers(pop)) == 3
    assert (await named(made, "K1")).patients == 1


async def test_of_another_source_only(gateway: tuple[Gateway, SandboxPop]) -> None:
    made, pop = gateway
    decision = await decide(made, await named(made, "K1"), source="elsewhere")
    assert markers(pop) == []
    async with made.store.read() as connection:
        assert await decisions.progress(connection, decision.id) == (0, 0)


async def test_the_second_of_two_people_sees_what_the_first_decided(gateway: tuple[Gateway, SandboxPop]) -> None:
    made, _ = gateway
    item = await named(made, "K1")
    async with made.store.read() as connection:
        seen = await decisions.newest_about(connection, item)
    await decisions.decide(made.store, item, proposal(), terminology=terminology(made), seen=seen)
    with pytest.raises(DecidedMeanwhile):
        await decisions.decide(made.store, item, proposal(), terminology=terminology(made), seen=seen)


async def test_a_later_decision_replaces_an_earlier_one(gateway: tuple[Gateway, SandboxPop]) -> None:
    made, pop = gateway
    item = await named(made, "K1")
    other = next(
        concept
        for concept in terminology(made).concepts("TumorMarkerAnalyte")
        if concept.system == CEA[0] and concept.code != CEA[1] and "Ag" in concept.display
    )
    await decide(made, item)
    assert set(markers(pop)) == {CEA[1]}
    await decisions.decide(
        made.store, item, proposal(target=(other.system, other.code, other.display)), terminology=terminology(made)
    )
    await made.worker.drain()
    assert set(markers(pop)) == {other.code}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"target": ("http://loinc.org", "LP0-0", "None")}, "no such concept"),
        ({"target": None}, "names POP's concept"),
        ({"outcome": Outcome.BLOCK}, "names POP's concept"),
        ({"coding": 1}, "1 codings"),
    ],
    ids=["unknown-concept", "map-without-target", "block-with-target", "no-such-coding"],
)
async def test_what_cannot_be_decided(gateway: tuple[Gateway, SandboxPop], more: JsonObject, said: str) -> None:
    made, _ = gateway
    with pytest.raises(DecisionRefused, match=said):
        await decisions.decide(made.store, await named(made, "K1"), proposal(**more), terminology=terminology(made))


async def test_a_decision_made_while_a_patient_is_mapped_is_not_missed(gateway: tuple[Gateway, SandboxPop]) -> None:
    """The run has read the decisions, then one is made, then the run writes: its groups must be mapped once more."""
    made, pop = gateway
    item = await named(made, "K1")
    original, done = made.worker._decisions.follow, False

    async def follow(store: Any) -> bool:
        nonlocal done
        found = await original(store)
        if not done:
            done = True
            await decisions.decide(made.store, item, proposal(), terminology=terminology(made))
        return found

    made.worker._decisions.follow = follow  # type: ignore[method-assign]
    async with made.store.write(lock="intake") as connection:
        seq = await made.store.next_seq(connection)
        await connection.execute(sa.update(map_group).values(stale=True))
        await connection.execute(sa.update(patient).values(dirty_seq=seq))
    await made.worker.drain()
    assert markers(pop) == [CEA[1]] * 3
