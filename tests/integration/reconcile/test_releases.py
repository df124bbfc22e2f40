"""The whole gateway against other releases of POP, over HTTP: an older one, one that is not understood, one that is upgraded."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from pop_content import content
from pydantic import SecretStr

from adapters.pop.client import PopClient
from adapters.sandbox.pop.faults import Fault
from adapters.sandbox.pop.releases import RELEASES, Release
from adapters.sandbox.pop.server import SandboxPop, running
from gateway.config import PopSettings, Settings, SourceSettings, StoreSettings, WorkerSettings
from gateway.fixtures import patients_folder
from gateway.intake.files import import_paths
from gateway.reconcile import lane
from gateway.reconcile.rollout import mark_dirty
from gateway.service import Gateway
from gateway.store.tables import patient, review

JsonObject = dict[str, Any]

BREAST = patients_folder() / "breast-ac-t.json"
ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
MOTHER: JsonObject = {
    "resourceType": "FamilyMemberHistory", "id": "alba-mother", "status": "completed", "patient": {"reference": "Patient/alba"},
    "date": "2024-02-06", "relationship": {"coding": [{"system": ROLE, "code": "MTH"}]}, "deceasedBoolean": True,
    "condition": [{"code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "C50.9"}]}}],
}  # fmt: skip
#: A POP whose markers are described in a way that this gateway does not understand.
STRANGE = Release("9.0.0", retyped={"TumorMarker": {"analyte": "string"}})


@pytest.fixture
async def pop() -> AsyncIterator[tuple[SandboxPop, str]]:
    """A POP that knows mothers."""
    sandbox = SandboxPop(limit_logins=False)
    concept = {
        "code": "MTH",
        "system": ROLE,
        "display": "mother",
        "version": None,
        "synonyms": ["mother"],
        "properties": None,
    }
    sandbox.terms.lists["FamilyMemberType"] = {(ROLE, "MTH"): concept}
    async with running(sandbox) as address:
        yield sandbox, address


def settings(store: str, address: str) -> Settings:
    return Settings(
        store=StoreSettings(url=store, durable=False),
        pop=PopSettings(url=address, password=SecretStr("gateway"), timeout=5),
        sources={"default": SourceSettings()},
        worker=WorkerSettings(idle=0.05),
    )


def sqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'store.sqlite'}"


async def load(gateway: Gateway, *paths: Path) -> None:
    """Import and work until nothing is left."""
    await import_paths(gateway.intake, list(paths), source="default", limits=gateway.settings.limits)
    await gateway.worker.drain()


async def reviews(gateway: Gateway) -> set[tuple[str, str | None]]:
    """(code, field) of the open items that concern the release."""
    async with gateway.store.read() as connection:
        rows = await connection.execute(sa.select(review.c.code, review.c.field).where(review.c.state == "open"))
    return {(row.code, row.field) for row in rows if row.code in ("field-not-in-this-release", "kind-refused")}


async def replay(gateway: Gateway) -> None:
    async with gateway.store.write(lock="intake") as connection:
        await mark_dirty(gateway.store, connection, set(await connection.scalars(sa.select(patient.c.id))))


def requests(sandbox: SandboxPop) -> int:
    return sum(sandbox.counts.values())


def with_mother(folder: Path, **changed: Any) -> Path:
    path = folder / "mother.json"
    path.write_text(json.dumps(MOTHER | changed), encoding="utf-8")
    return path


async def test_an_older_pop_holds_the_same_record_and_reading_it_back_changes_nothing(
    pop: tuple[SandboxPop, str], tmp_path: Path
) -> None:
    sandbox, address = pop
    found: dict[str, list[str]] = {}
    for version in ("1.4.0", "1.0.0"):
        sandbox.entities.clear()
        sandbox.dialect.release = RELEASES[version]
        folder = tmp_path / version
        folder.mkdir()
        async with Gateway(settings(sqlite(folder), address)) as gateway:
            await load(gateway, BREAST)
            assert await reviews(gateway) == set()
        found[version] = content({name: sandbox.entities.all(name) for name in sandbox.entities.collections()})
        before = requests(sandbox)
        async with Gateway(settings(sqlite(folder), address)) as again:
            await replay(again)
            await again.worker.drain()
            assert (again.worker.totals["patients"], again.worker.totals["updated"]) == (1, 0)
        assert requests(sandbox) == before
    assert found["1.0.0"] == found["1.4.0"]
    (staging,) = sandbox.entities.all("stagings")
    assert staging["primaryTumor"]["display"] is not None
    client = PopClient(url=address, username="gateway", password=lambda: "gateway")
    raw = await client._wire.json("GET", f"/api/v1/stagings/{staging['id']}", query={"anonymized": "false"})
    await client.aclose()
    assert raw["primarytumor"]["code"] == staging["primaryTumor"]["code"]
    assert "primaryTumor" not in raw


async def test_a_category_that_changes_is_updated_in_an_older_pop(pop: tuple[SandboxPop, str], tmp_path: Path) -> None:
    sandbox, address = pop
    sandbox.dialect.release = RELEASES["1.0.0"]
    async with Gateway(settings(sqlite(tmp_path), address)) as gateway:
        await load(gateway, BREAST)
        (before,) = sandbox.entities.all("stagings")
        bundle = json.loads(BREAST.read_text(encoding="utf-8"))
        category = next(e["resource"] for e in bundle["entry"] if e["resource"]["id"] == "alba-cm")
        stage = next(e["resource"] for e in bundle["entry"] if e["resource"]["id"] == "alba-stage")
        stage["hasMember"] = [each for each in stage["hasMember"] if not each["reference"].endswith("alba-cm")]
        category["status"] = "entered-in-error"
        for each in (category, stage):
            each.setdefault("meta", {})["lastUpdated"] = "2026-01-01T00:00:00Z"
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(bundle), encoding="utf-8")
        await load(gateway, path)
    (after,) = sandbox.entities.all("stagings")
    assert (after["id"], after["distantMetastases"]) == (before["id"], None)
    assert (after["primaryTumor"], before["distantMetastases"] is None) == (before["primaryTumor"], False)


async def test_what_an_older_pop_lacks_is_told_and_follows_with_the_upgrade(
    store_url: str, pop: tuple[SandboxPop, str], tmp_path: Path
) -> None:
    sandbox, address = pop
    sandbox.dialect.release = RELEASES["1.0.0"]
    async with Gateway(settings(store_url, address)) as gateway:
        await load(gateway, BREAST, with_mother(tmp_path))
        (mother,) = sandbox.entities.all("family-histories")
        assert (mother["hadCancer"], mother["isDeceased"]) == (True, None)
        assert await reviews(gateway) == {("field-not-in-this-release", "isDeceased")}
        before = requests(sandbox)
        await replay(gateway)
        await gateway.worker.drain()
        assert requests(sandbox) == before, "what is missing there is not looked for again and again"
        async with gateway.store.read() as connection:
            patient_id = await connection.scalar(sa.select(patient.c.id))
        assert await gateway.worker.plan(patient_id) == ([], 14), "nor does it look like a change"
        sandbox.dialect.release = RELEASES["1.4.0"]
        await gateway.contract.ensure(max_age=0)
        await gateway.worker.drain()
        (mother,) = sandbox.entities.all("family-histories")
        assert mother["isDeceased"] is True
        assert await reviews(gateway) == set()


async def test_an_upgrade_during_an_outage_is_noticed_by_the_outage(
    pop: tuple[SandboxPop, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.reconcile.worker.DOUBT", 0.0)
    sandbox, address = pop
    sandbox.dialect.release = RELEASES["1.0.0"]
    async with Gateway(settings(sqlite(tmp_path), address)) as gateway:
        await load(gateway, BREAST, with_mother(tmp_path))
        assert gateway.client.release.version == "1.0.0"
        sandbox.faults.active = [Fault("status", status=503, path="family-histories")]
        await load(gateway, with_mother(tmp_path, date="2024-02-07", meta={"lastUpdated": "2026-01-01T00:00:00Z"}))
        assert (await lane.read(gateway.store)).reason is not None
        sandbox.dialect.release = RELEASES["1.4.0"]
        await lane.switch(gateway.store, paused=False)
        await gateway.worker.drain()
        (mother,) = sandbox.entities.all("family-histories")
        assert (mother["date"], mother["isDeceased"]) == ("2024-02-07", True)


async def test_a_kind_that_is_not_understood_waits_and_the_others_go_on(
    store_url: str, pop: tuple[SandboxPop, str]
) -> None:
    sandbox, address = pop
    sandbox.dialect.release = STRANGE
    async with Gateway(settings(store_url, address)) as gateway:
        await load(gateway, BREAST)
        assert sandbox.entities.all("tumor-markers") == []
        assert len(sandbox.entities.all("stagings")) == 1
        assert await reviews(gateway) == {("kind-refused", None)}
        assert gateway.worker.totals["blocked"] == 4
        sandbox.dialect.release = RELEASES["1.4.0"]
        await gateway.contract.ensure(max_age=0)
        await gateway.worker.drain()
        assert len(sandbox.entities.all("tumor-markers")) == 4
        assert await reviews(gateway) == set()


async def test_an_entity_of_a_kind_that_is_no_longer_understood_is_not_touched(
    pop: tuple[SandboxPop, str], tmp_path: Path
) -> None:
    sandbox, address = pop
    async with Gateway(settings(sqlite(tmp_path), address)) as gateway:
        await load(gateway, BREAST)
        markers = sandbox.entities.all("tumor-markers")
        sandbox.dialect.release = STRANGE
        await gateway.contract.ensure(max_age=0)
        bundle = json.loads(BREAST.read_text(encoding="utf-8"))
        receptor = next(e["resource"] for e in bundle["entry"] if e["resource"]["id"] == "alba-er")
        receptor["status"] = "entered-in-error"
        receptor.setdefault("meta", {})["lastUpdated"] = "2026-01-01T00:00:00Z"
        path = tmp_path / "withdrawn.json"
        path.write_text(json.dumps(bundle), encoding="utf-8")
        await load(gateway, path)
        assert sandbox.entities.all("tumor-markers") == markers
        assert await reviews(gateway) == {("kind-refused", None)}
        # The source takes it back: nothing waits any more.
        receptor["status"], receptor["meta"]["lastUpdated"] = "final", "2026-01-02T00:00:00Z"
        path.write_text(json.dumps(bundle), encoding="utf-8")
        await load(gateway, path)
        assert await reviews(gateway) == set()
        assert sandbox.entities.all("tumor-markers") == markers


async def test_what_people_enter_in_fields_of_a_newer_pop_is_not_erased(pop: tuple[SandboxPop, str]) -> None:
    sandbox, address = pop
    sandbox.dialect.release = Release("2.0.0", extra={"PerformanceStatus": {"assessor": "string"}})
    client = PopClient(url=address, username="gateway", password=lambda: "gateway")
    assert (await client.handshake()).of("PerformanceStatus").unknown == ("assessor",)
    case_id = await client.create(
        "PatientCase",
        {
            "clinicalCenter": "Test Hospital", "clinicalIdentifier": "R-1", "dateOfBirth": "1961-05-17", "vitalStatus": "alive",
            "gender": {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"},
        },
    )  # fmt: skip
    body = {"caseId": case_id, "date": "2024-02-01", "ecogScore": 1}
    status = await client.create("PerformanceStatus", body)
    async with httpx.AsyncClient(base_url=address) as curator:
        session = await curator.post("/api/v1/auth/session", json={"username": "curator", "password": "curator"})
        token = {"X-SESSION-TOKEN": session.json()["sessionToken"]}
        path = f"/api/v1/performance-status/{status}"
        assert (await curator.put(path, json=body | {"assessor": "night shift"}, headers=token)).status_code == 200
    assert await client.update("PerformanceStatus", status, body | {"ecogScore": 2})
    (stored,) = sandbox.entities.all("performance-status")
    assert (stored["ecogScore"], stored["assessor"]) == (2, "night shift")
    assert not await client.update("PerformanceStatus", case_id, body)
    await client.aclose()


async def test_a_pop_that_does_not_tell_its_contract_pauses_the_writing(
    pop: tuple[SandboxPop, str], tmp_path: Path
) -> None:
    sandbox, address = pop
    away = Fault("status", status=503, path="openapi.json", times=None)
    sandbox.faults.active = [away]
    async with Gateway(settings(sqlite(tmp_path), address)) as gateway:
        await load(gateway, BREAST)
        assert sandbox.entities.all("patient-cases") == []
        assert (await lane.read(gateway.store)).reason is not None
        # Once it is known, an outage of the document alone stops nothing.
        sandbox.faults.active = []
        await gateway.contract.ensure()
        sandbox.faults.active = [away]
        await gateway.contract.ensure(max_age=0)
        before = requests(sandbox)
        await gateway.contract.ensure(max_age=0)
        assert requests(sandbox) == before, "nor is it asked for at once again"
        await lane.switch(gateway.store, paused=False)
        await gateway.worker.drain()
        assert len(sandbox.entities.all("patient-cases")) == 1
