"""One patient's way into POP, on both engines and over HTTP: what is sent, what is not, and who wins."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa
from pop_content import content
from victim import finish, settings

from adapters.sandbox.pop.faults import Fault
from adapters.sandbox.pop.server import SandboxPop, running
from gateway.intake.receive import bundle_delivery, delete_delivery
from gateway.replay import replay
from gateway.service import Gateway
from gateway.store.tables import ledger, patient, review

JsonObject = dict[str, Any]
Resources = dict[str, JsonObject]

FIXTURES = Path(__file__).parents[3] / "fixtures" / "patients"
CASES, TUMOURS, MARKERS = "patient-cases", "neoplastic-entities", "tumor-markers"
STATUS, THERAPIES, STAGINGS = "performance-status", "systemic-therapies", "stagings"
MEDICATIONS = "systemic-therapies/{systemicTherapyId}/medications"
CASE_KEY = "PatientCase:Patient/bruno"
CEA_KEY = "TumorMarker:Observation/bruno-cea"
ECOG_KEY = "PerformanceStatus:Observation/bruno-ecog"


def bruno() -> Resources:
    """The invented patient with lung cancer, resources by id: eight entities in POP."""
    bundle = json.loads((FIXTURES / "lung-brain-metastasis.json").read_text(encoding="utf-8"))
    return {entry["resource"]["id"]: entry["resource"] for entry in bundle["entry"]}


class Stage:
    """A gateway, a POP, and a curator at POP's own front door."""

    def __init__(self, pop: SandboxPop, address: str, gateway: Gateway, curator: httpx.AsyncClient) -> None:
        self.pop = pop
        self.address = address
        self.gateway = gateway
        self.curator = curator

    async def send(self, resources: Resources) -> None:
        """Deliver the resources and work until nothing is left."""
        entries = [{"resource": resource} for resource in resources.values()]
        body = orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
        limits = self.gateway.settings.limits
        await self.gateway.intake.submit(bundle_delivery(body, source="default", channel="http", limits=limits))
        await finish(self.gateway)

    async def withdraw(self, type_: str, id_: str) -> None:
        """The source deletes a resource."""
        await self.gateway.intake.submit(
            delete_delivery(source="default", channel="http", interaction="DELETE", type_=type_, id_=id_)
        )
        await finish(self.gateway)

    def only(self, collection: str) -> JsonObject:
        """The one entity of a collection."""
        (row,) = self.pop.entities.all(collection)
        return row

    def all(self) -> dict[str, list[JsonObject]]:
        """Everything that POP holds."""
        return {name: self.pop.entities.all(name) for name in self.pop.entities.collections()}

    def writes(self) -> int:
        """Requests so far that change something (and logins)."""
        return sum(self.pop.counts[method] for method in ("POST", "PUT", "DELETE"))

    async def edit(self, collection: str, **values: Any) -> None:
        """The curator changes the one entity of a collection."""
        row = self.only(collection)
        response = await self.curator.put(f"/api/v1/{collection}/{row['id']}", json={**row, **values})
        response.raise_for_status()

    async def remove(self, collection: str) -> None:
        """The curator deletes the one entity of a collection."""
        (await self.curator.delete(f"/api/v1/{collection}/{self.only(collection)['id']}")).raise_for_status()

    async def reviews(self, *codes: str) -> set[tuple[str, str, str | None]]:
        """(key, code, field) of the open items with these codes."""
        async with self.gateway.store.read() as connection:
            rows = await connection.execute(
                sa.select(review).where(review.c.state == "open", review.c.code.in_(codes) if codes else sa.true())
            )
        return {(row.draft_key, row.code, row.field) for row in rows}

    async def ledger(self) -> dict[str, tuple[str, str | None]]:
        """(state, error) by key."""
        async with self.gateway.store.read() as connection:
            rows = await connection.execute(sa.select(ledger.c.key, ledger.c.state, ledger.c.error))
        return {row.key: (row.state, row.error) for row in rows}


@asynccontextmanager
async def signed_in(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A curator's session in POP."""
    async with httpx.AsyncClient(base_url=address) as client:
        answer = await client.post("/api/v1/auth/session", json={"username": "curator", "password": "curator"})
        client.headers["X-SESSION-TOKEN"] = answer.json()["sessionToken"]
        yield client


@pytest.fixture
async def stage(store_url: str) -> AsyncIterator[Stage]:
    """Everything empty and running."""
    pop = SandboxPop()
    async with (
        running(pop) as address,
        signed_in(address) as curator,
        Gateway(settings(store_url, address)) as gateway,
    ):
        yield Stage(pop, address, gateway, curator)


# -- create, update, delete, nothing ---------------------------------------------------------------------------------


async def test_a_patient_is_created_once_and_sending_it_again_sends_nothing(stage: Stage) -> None:
    await stage.send(bruno())
    stored = content(stage.all())
    assert len(stored) == 8
    assert {state for state, _ in (await stage.ledger()).values()} == {"written"}
    before = dict(stage.pop.counts)
    await stage.send(bruno())
    changed = bruno()
    changed["bruno-cea"]["meta"] = {"versionId": "2", "lastUpdated": "2025-03-01T08:00:00Z"}
    await stage.send(changed)
    assert dict(stage.pop.counts) == before
    assert content(stage.all()) == stored


async def test_a_metastasis_points_to_its_primary_and_a_medication_hangs_on_its_therapy(stage: Stage) -> None:
    await stage.send(bruno())
    tumours = {row["relationship"]: row for row in stage.pop.entities.all(TUMOURS)}
    assert tumours["metastatic"]["relatedPrimaryId"] == tumours["primary"]["id"]
    assert stage.only(MEDICATIONS)["_parent"] == stage.only(THERAPIES)["id"]
    assert stage.only(STAGINGS)["stagedEntitiesIds"] == [tumours["primary"]["id"]]


async def test_a_changed_resource_is_one_update(stage: Stage) -> None:
    resources = bruno()
    await stage.send(resources)
    before, identity = stage.writes(), stage.only(STATUS)["id"]
    resources["bruno-ecog"]["valueCodeableConcept"]["coding"][0]["code"] = "LA9624-3"
    await stage.send(resources)
    assert stage.only(STATUS)["ecogScore"] == 2
    assert stage.only(STATUS)["id"] == identity
    assert stage.writes() == before + 1


async def test_a_deleted_resource_deletes_its_entity_and_no_other(stage: Stage) -> None:
    await stage.send(bruno())
    await stage.withdraw("Observation", "bruno-cea")
    assert stage.pop.entities.all(MARKERS) == []
    assert len(content(stage.all())) == 7
    assert (await stage.ledger())[CEA_KEY] == ("deleted", None)


async def test_a_therapy_goes_with_its_medications(stage: Stage) -> None:
    await stage.send(bruno())
    await stage.withdraw("MedicationRequest", "bruno-osimertinib")
    assert stage.pop.entities.all(THERAPIES) == stage.pop.entities.all(MEDICATIONS) == []
    assert len(content(stage.all())) == 6


async def test_entered_in_error_removes_and_a_correction_brings_back(stage: Stage) -> None:
    resources = bruno()
    await stage.send(resources)
    wrong = copy.deepcopy(resources["bruno-cea"])
    wrong["status"] = "entered-in-error"
    await stage.send({"bruno-cea": wrong})
    assert stage.pop.entities.all(MARKERS) == []
    resources["bruno-cea"]["status"] = "corrected"
    await stage.send({"bruno-cea": resources["bruno-cea"]})
    assert stage.only(MARKERS)["externalSourceId"] == CEA_KEY
    assert len(content(stage.all())) == 8


# -- people's work in POP ----------------------------------------------------------------------------------------------


async def test_a_curator_s_edit_stands_while_the_source_says_nothing_of_that_field(stage: Stage) -> None:
    resources = bruno()
    await stage.send(resources)
    await stage.edit(STATUS, date="2025-02-19")
    resources["bruno-ecog"]["valueCodeableConcept"]["coding"][0]["code"] = "LA9624-3"
    await stage.send(resources)
    assert stage.only(STATUS)["date"] == "2025-02-19"
    assert stage.only(STATUS)["ecogScore"] == 2
    assert await stage.reviews("conflict") == set()


async def test_a_field_that_both_changed_keeps_the_curator_s_value_and_asks_until_it_is_decided(stage: Stage) -> None:
    resources = bruno()
    await stage.send(resources)
    await stage.edit(STATUS, date="2025-02-19")
    resources["bruno-ecog"]["effectiveDateTime"] = "2025-02-20"
    await stage.send(resources)
    asked = {(ECOG_KEY, "conflict", "date")}
    assert stage.only(STATUS)["date"] == "2025-02-19"
    assert await stage.reviews("conflict") == asked
    # A change of another field neither settles it nor overwrites the curator.
    resources["bruno-ecog"]["valueCodeableConcept"]["coding"][0]["code"] = "LA9624-3"
    await stage.send(resources)
    assert (stage.only(STATUS)["date"], stage.only(STATUS)["ecogScore"]) == ("2025-02-19", 2)
    assert await stage.reviews("conflict") == asked
    # The curator takes the source's value: the next look closes it.
    await stage.edit(STATUS, date="2025-02-20")
    resources["bruno-ecog"]["valueCodeableConcept"]["coding"][0]["code"] = "LA9625-0"
    await stage.send(resources)
    assert (stage.only(STATUS)["date"], stage.only(STATUS)["ecogScore"]) == ("2025-02-20", 3)
    assert await stage.reviews("conflict") == set()


async def test_what_a_curator_deleted_is_not_created_again(stage: Stage) -> None:
    resources = bruno()
    await stage.send(resources)
    await stage.remove(STATUS)
    for code in ("LA9624-3", "LA9625-0"):
        resources["bruno-ecog"]["valueCodeableConcept"]["coding"][0]["code"] = code
        await stage.send(resources)
        assert stage.pop.entities.all(STATUS) == []
        assert await stage.reviews("deleted-in-pop") == {(ECOG_KEY, "deleted-in-pop", None)}
    assert (await stage.ledger())[ECOG_KEY] == ("kept", "deleted-in-pop")


async def test_what_a_curator_touched_is_not_deleted_with_its_source(stage: Stage) -> None:
    await stage.send(bruno())
    await stage.edit(MARKERS, date="2025-02-06")
    await stage.withdraw("Observation", "bruno-cea")
    assert stage.only(MARKERS)["date"] == "2025-02-06"
    assert await stage.reviews("delete-needs-decision") == {(CEA_KEY, "delete-needs-decision", None)}
    assert (await stage.ledger())[CEA_KEY] == ("kept", "delete-needs-decision")


async def test_a_replay_creates_what_was_deleted_in_pop(stage: Stage) -> None:
    resources = bruno()
    await stage.send(resources)
    await stage.remove(STATUS)
    resources["bruno-ecog"]["valueCodeableConcept"]["coding"][0]["code"] = "LA9624-3"
    await stage.send(resources)
    await replay(stage.gateway.store, source="default")
    await finish(stage.gateway)
    assert stage.only(STATUS)["ecogScore"] == 2
    assert await stage.reviews("deleted-in-pop") == set()


async def test_a_source_that_comes_back_needs_no_decision_any_more(stage: Stage) -> None:
    resources = bruno()
    await stage.send(resources)
    await stage.edit(MARKERS, date="2025-02-06")
    resources["bruno-cea"]["status"] = "entered-in-error"
    await stage.send(resources)
    assert await stage.reviews("delete-needs-decision") == {(CEA_KEY, "delete-needs-decision", None)}
    resources["bruno-cea"]["status"] = "corrected"
    await stage.send(resources)
    assert await stage.reviews("delete-needs-decision") == set()
    assert stage.only(MARKERS)["date"] == "2025-02-06"
    assert (await stage.ledger())[CEA_KEY] == ("written", None)


# -- adoption, recovery ------------------------------------------------------------------------------------------------

FEMALE = {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"}


async def by_hand(stage: Stage, **values: Any) -> None:
    """The curator enters the patient's case."""
    body = {
        "clinicalCenter": "Demo Hospital",
        "clinicalIdentifier": "MRN-1002",
        "gender": {"code": "male", "system": "http://hl7.org/fhir/administrative-gender"},
        "dateOfBirth": "1958-11-02",
        "vitalStatus": "alive",
        "consentStatus": "valid",
        **values,
    }
    (await stage.curator.post("/api/v1/patient-cases", json=body)).raise_for_status()


async def test_a_case_made_by_hand_is_adopted_its_values_stand_and_its_gaps_are_filled(stage: Stage) -> None:
    await by_hand(stage, sexAtBirth=FEMALE)
    identity = stage.only(CASES)["id"]
    await stage.send(bruno())
    case = stage.only(CASES)
    assert (case["id"], case["createdBy"], case["externalSource"]) == (identity, "curator", None)
    assert case["sexAtBirth"]["code"] == "female", "what stands there stands"
    assert case["consentStatus"] == "valid", "the source says nothing of it"
    assert case["race"]["code"] == "2106-3", "a gap is filled"
    assert await stage.reviews("conflict") == {(CASE_KEY, "conflict", "sexAtBirth")}
    assert {row["caseId"] for row in stage.pop.entities.all(TUMOURS)} == {identity}
    assert len(content(stage.all())) == 8


async def test_what_a_curator_entered_survives_every_later_change_of_the_source(stage: Stage) -> None:
    await by_hand(stage, sexAtBirth=FEMALE)
    resources = bruno()
    await stage.send(resources)
    del resources["bruno"]["deceasedBoolean"]
    resources["bruno"]["deceasedDateTime"] = "2025-09-03"
    await stage.send(resources)
    case = stage.only(CASES)
    assert (case["vitalStatus"], case["dateOfDeath"]) == ("deceased", "2025-09-01")
    assert case["sexAtBirth"]["code"] == "female"
    assert case["consentStatus"] == "valid"
    assert await stage.reviews("conflict") == {(CASE_KEY, "conflict", "sexAtBirth")}


async def test_an_adopted_case_is_left_alone_when_its_patient_is_deleted(stage: Stage) -> None:
    await by_hand(stage)
    resources = bruno()
    await stage.send(resources)
    for resource in reversed(resources.values()):
        await stage.withdraw(resource["resourceType"], resource["id"])
    assert stage.only(CASES)["createdBy"] == "curator"
    assert len(content(stage.all())) == 1
    assert await stage.reviews("delete-needs-decision") == {(CASE_KEY, "delete-needs-decision", None)}


async def test_a_lost_ledger_duplicates_nothing_and_keeps_what_people_did(stage: Stage) -> None:
    resources = bruno()
    await stage.send(resources)
    await stage.edit(STATUS, date="2025-02-19")
    stored = content(stage.all())
    async with stage.gateway.store.write() as connection:
        await connection.execute(sa.delete(ledger))
    resources["bruno"]["deceasedDateTime"] = "2025-09-03"
    del resources["bruno"]["deceasedBoolean"]
    await stage.send(resources)
    assert [line for line in content(stage.all()) if not line.startswith(CASES)] == [
        line for line in stored if not line.startswith(CASES)
    ]
    assert stage.only(CASES)["vitalStatus"] == "deceased", "an older state of ours is brought up to date"
    assert await stage.reviews("conflict") == {(ECOG_KEY, "conflict", "date")}
    assert {state for state, _ in (await stage.ledger()).values()} == {"written"}


async def test_an_announced_create_that_was_carried_out_is_found_again(stage: Stage) -> None:
    resources = bruno()
    await stage.send(resources)
    stored = content(stage.all())
    async with stage.gateway.store.write() as connection:
        await connection.execute(
            sa.update(ledger)
            .where(ledger.c.kind != "PatientCase")
            .values(state="creating", pop_id=None, digest=None, written=None)
        )
        await connection.execute(sa.update(patient).values(clean_seq=0))
    await finish(stage.gateway)
    assert content(stage.all()) == stored
    assert {state for state, _ in (await stage.ledger()).values()} == {"written"}


# -- faults of one entity, of one lease --------------------------------------------------------------------------------


async def test_an_entity_that_pop_refuses_is_parked_with_a_review_and_the_rest_goes_on(stage: Stage) -> None:
    # POP's list loses a concept after the gateway has read it.
    concepts = stage.pop.terms.lists["TumorMarkerAnalyte"]
    del concepts["http://loinc.org", "LP28643-2"]
    await stage.send(bruno())
    assert (await stage.ledger())[CEA_KEY] == ("parked", "pop-rejected")
    assert len(content(stage.all())) == 7
    assert {key for key, _, _ in await stage.reviews()} == {CEA_KEY}


async def test_a_worker_that_lost_its_lease_records_nothing(stage: Stage) -> None:
    stage.pop.faults.set([Fault("delay", seconds=0.3, method="POST", path=MARKERS)])
    entries = [{"resource": resource} for resource in bruno().values()]
    body = orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    gateway = stage.gateway
    await gateway.intake.submit(bundle_delivery(body, source="default", channel="http", limits=gateway.settings.limits))
    working = asyncio.create_task(gateway.worker.drain())
    async with asyncio.timeout(20):
        while stage.pop.faults.active:  # noqa: ASYNC110 - the other task's progress is watched
            await asyncio.sleep(0.01)
    async with gateway.store.write() as connection:
        await connection.execute(sa.update(patient).values(claimed_by="another", claimed_until=1e12))
    await working
    assert len(content(stage.all())) == 8, "the requests were sent"
    assert {state for state, _ in (await stage.ledger()).values()} == {"creating"}, "but nothing was recorded"
    async with gateway.store.write() as connection:
        row = (await connection.execute(sa.select(patient))).one()
        assert (row.claimed_by, row.clean_seq < row.dirty_seq) == ("another", True)
        await connection.execute(sa.update(patient).values(claimed_by=None, claimed_until=None))
    await finish(gateway)
    assert len(content(stage.all())) == 8
    assert {state for state, _ in (await stage.ledger()).values()} == {"written"}


async def test_two_gateways_share_one_login(store_url: str) -> None:
    pop = SandboxPop()
    async with running(pop) as address, Gateway(settings(store_url, address)) as first:
        async with Gateway(settings(store_url, address)) as second:
            stages = [Stage(pop, address, each, httpx.AsyncClient()) for each in (first, second)]
            try:
                await stages[0].send(bruno())
                await stages[1].send({"bruno-ecog": {**bruno()["bruno-ecog"], "effectiveDateTime": "2025-02-19"}})
            finally:
                for each in stages:
                    await each.curator.aclose()
        assert pop.accounts.logins == 1
        assert stages[0].only(STATUS)["date"] == "2025-02-19"
        # POP ends all sessions: the next request signs in again, once.
        pop.accounts.sessions.clear()
        await stages[0].send({"bruno-ecog": {**bruno()["bruno-ecog"], "effectiveDateTime": "2025-02-20"}})
        assert pop.accounts.logins == 2
    assert stages[0].only(STATUS)["date"] == "2025-02-20"


async def test_a_primary_is_not_deleted_while_a_metastasis_stands_on_it(stage: Stage) -> None:
    await stage.send(bruno())
    assert len(stage.all()[TUMOURS]) == 2
    await stage.withdraw("Condition", "bruno-lung")
    # POP would delete the metastasis along with its primary: a person decides.
    assert len(stage.all()[TUMOURS]) == 2
    assert (await stage.ledger())["NeoplasticEntity:Condition/bruno-lung"] == ("kept", "delete-needs-decision")
    await stage.withdraw("Condition", "bruno-brain")
    assert {row["relationship"] for row in stage.all()[TUMOURS]} == {"primary"}


async def test_a_patient_may_be_claimed_again_before_its_last_run_has_ended(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, limits = stage.gateway, stage.gateway.settings.limits
    released, flush = asyncio.Event(), gateway._audit.flush

    async def slow_flush(store: Any) -> None:
        await released.wait()
        await flush(store)

    async def deliver(resources: Resources) -> None:
        body = orjson.dumps(
            {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": each} for each in resources.values()],
            }
        )
        await gateway.intake.submit(bundle_delivery(body, source="default", channel="http", limits=limits))

    async def free() -> bool:
        async with gateway.store.read() as connection:
            return (await connection.execute(sa.select(patient.c.claimed_by))).scalar_one() is None

    await deliver(bruno())
    monkeypatch.setattr(gateway._audit, "flush", slow_flush)
    monkeypatch.setattr(gateway.worker, "_lease", 600.0)  # no heartbeat runs here
    assert await gateway.worker._claim() == 1
    first = next(iter(gateway.worker._active.values()))
    async with asyncio.timeout(20):
        while not await free():  # noqa: ASYNC110 - the other task's progress is watched
            await asyncio.sleep(0.01)
    again = bruno()
    again["bruno-ecog"]["valueCodeableConcept"]["coding"][0]["code"] = "LA9624-3"
    await deliver({"bruno-ecog": again["bruno-ecog"]})
    assert await gateway.worker._claim() == 1
    released.set()
    await first
    await finish(gateway)
    assert gateway.worker.totals["failed"] == 0
    assert stage.only(STATUS)["ecogScore"] == 2
