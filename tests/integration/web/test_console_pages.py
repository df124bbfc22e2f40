"""The console and the API over what a real delivery leaves in the store."""

from __future__ import annotations

import time
from typing import Any

import orjson
import sqlalchemy as sa
import zstandard

from gateway.reconcile.lane import read as read_lane
from gateway.store.tables import draft, lane, ledger, map_group, patient, pop_request, review

BUNDLE = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "resource": {
                "resourceType": "Patient",
                "id": "p-1",
                "name": [{"family": "Secretname"}],
                "identifier": [{"system": "urn:x", "value": "MRN-778899"}],
            },
            "request": {"method": "PUT", "url": "Patient/p-1"},
        },
        {
            "resource": {
                "resourceType": "Observation",
                "id": "cea-1",
                "status": "final",
                "subject": {"reference": "Patient/p-1"},
                "code": {"coding": [{"system": "http://loinc.org", "code": "2039-6"}]},
                "valueQuantity": {"value": 3.50, "unit": "ng/mL"},
            },
            "request": {"method": "PUT", "url": "Observation/cea-1"},
        },
        {
            "resource": {"resourceType": "Observation", "id": "bad", "status": 7},
            "request": {"method": "PUT", "url": "Observation/bad"},
        },
    ],
}


def packed(value: Any) -> bytes:
    return zstandard.compress(orjson.dumps(value))


async def deliver(world: Any) -> int:
    """Deliver the bundle, and write by hand what mapping and apply would: a case in POP, a marker that POP refused."""
    response = await world.client.post("/fhir", json=BUNDLE)
    assert response.status in (200, 400, 422), await response.text()
    async with world.store.write() as connection:
        patient_id = await connection.scalar(sa.select(patient.c.id).where(patient.c.fhir_id == "p-1"))
        group = await connection.scalar(
            sa.insert(map_group)
            .values(patient_id=patient_id, mapper="m", key="k", mapper_version="1", stale=False)
            .returning(map_group.c.id)
        )
        for kind, key, payload, references, blocked in (
            (
                "PatientCase",
                "PatientCase:Patient/p-1",
                {"clinicalIdentifier": "MRN-778899", "gender": {"code": "female", "system": "s", "display": "Female"}},
                {},
                False,
            ),
            (
                "TumorMarker",
                "TumorMarker:Observation/cea-1",
                {"date": "2024-05-06", "massConcentration": {"value": 3.5, "unit": "ng__ml"}},
                {"caseId": "PatientCase:Patient/p-1"},
                False,
            ),
        ):
            content = {
                "kind": kind,
                "key": key,
                "externalSourceId": key,
                "payload": {**payload, **references},
                "references": references,
                "sources": {"massConcentration": [{"resource": "Observation/cea-1", "element": "valueQuantity"}]},
                "issues": [],
                "assumptions": [
                    {"field": "date", "code": "partial-date-completed", "text": "the day was completed", "source": None}
                ],
            }
            await connection.execute(
                sa.insert(draft).values(
                    patient_id=patient_id,
                    group_id=group,
                    key=key,
                    kind=kind,
                    digest=key.encode()[:16],
                    blocked=blocked,
                    content=packed(content),
                )
            )
        await connection.execute(
            sa.insert(ledger).values(
                patient_id=patient_id,
                key="PatientCase:Patient/p-1",
                kind="PatientCase",
                state="written",
                digest=b"PatientCase:Pati",
                pop_id="0b1c2d3e-0000-4000-8000-000000000001",
                written=packed({"gender": {}}),
                written_at=time.time(),
            )
        )
        await connection.execute(
            sa.insert(ledger).values(
                patient_id=patient_id,
                key="TumorMarker:Observation/cea-1",
                kind="TumorMarker",
                state="parked",
                error="pop-rejected",
                message="the analyte is not in POP's list",
                digest=b"x",
                attempts=3,
            )
        )
        await connection.execute(
            sa.insert(review).values(
                digest=b"r",
                patient_id=patient_id,
                draft_key="TumorMarker:Observation/cea-1",
                kind="TumorMarker",
                code="unmapped-code",
                field="analyte",
                severity="blocking",
                text="No POP concept for this code",
                state="open",
                first_seen=1.0,
                last_seen=2.0,
                codings=[["http://loinc.org", "2039-6", "CEA"]],
                item=b"i" * 16,
                terminology="TumorMarkerAnalyte",
            )
        )
        await connection.execute(
            sa.insert(pop_request).values(
                at=time.time(),
                patient_id=patient_id,
                method="POST",
                path="/api/v1/tumor-markers",
                status=422,
                duration=0.05,
                error="pop-rejected",
            )
        )
    return int(patient_id)


async def text(world: Any, path: str, *, status: int = 200, live: bool = False) -> str:
    response = await world.client.get(path, headers={"X-Live": "1"} if live else {})
    body = await response.text()
    assert response.status == status, body[-1500:]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    return body


async def test_patients_are_listed_with_state_entities_and_reviews_but_without_names(world: Any) -> None:
    await deliver(world)
    page = await text(world, "/")
    assert ">p-1<" in page or " p-1</a>" in page
    assert "patient case" in page
    assert "1 not written" in page
    assert "dirty" in page
    assert "Secretname" not in page
    assert "MRN-778899" not in page
    assert "No patient is failed" in await text(world, "/?state=failed")


async def test_the_live_part_is_the_page_without_its_frame(world: Any) -> None:
    await deliver(world)
    part = await text(world, "/", live=True)
    assert part.strip().startswith("<main")
    assert "<html" not in part
    assert "p-1" in part


async def test_a_patient_shows_entities_beside_their_fhir(world: Any) -> None:
    patient_id = await deliver(world)
    page = await text(world, f"/patients/{patient_id}")
    assert "3.5 ng/ml" in page
    assert "valueQuantity" in page
    assert "the day was completed" in page
    assert "the analyte is not in POP&#39;s list" in page
    assert "unmapped-code" in page
    assert 'href="#PatientCase:Patient/p-1"' in page
    assert "MRN-778899" not in page
    assert "hidden here" in page
    assert "POST /api/v1/tumor-markers" in page
    assert "422" in page


async def test_a_resource_shows_its_versions_and_what_was_received(world: Any) -> None:
    patient_id = await deliver(world)
    listed = await world.client.get(f"/api/v1/patients/{patient_id}")
    row = next(each for each in (await listed.json())["resources"] if each["type"] == "Observation")
    page = await text(world, f"/resources/{row['id']}")
    assert "Observation/cea-1" in page
    assert "current" in page
    assert "ng/mL" in page


async def test_a_delivery_shows_every_entry_with_its_state_and_remedy(world: Any) -> None:
    await deliver(world)
    listed = (await (await world.client.get("/api/v1/deliveries")).json())["items"]
    assert listed[0]["state"] == "partly-invalid"
    assert f"/deliveries/{listed[0]['id']}" in await text(world, "/deliveries")
    page = await text(world, f"/deliveries/{listed[0]['id']}")
    assert page.count("Observation/") >= 2
    assert "invalid" in page
    assert "What the sender was told" in page


async def test_reviews_are_filtered_by_code(world: Any) -> None:
    await deliver(world)
    listed = await text(world, "/reviews?code=unmapped-code")
    assert "2039-6" in listed
    assert "TumorMarker.analyte" in listed
    assert "No POP concept for this code" in await text(world, f"/reviews/{(b'i' * 16).hex()}")
    assert "Nothing is open" in await text(world, "/reviews?code=other")
    found = await (await world.client.get("/api/v1/reviews")).json()
    assert [item["code"] for item in found["items"]] == ["unmapped-code"]
    assert found["next"] is None
    one = await world.client.get(f"/api/v1/reviews/{found['items'][0]['id']}")
    assert (await one.json())["terminology"] == "TumorMarkerAnalyte"


async def test_status_tells_backlog_and_paused_lanes(world: Any) -> None:
    await deliver(world)
    async with world.store.write() as connection:
        await connection.execute(
            sa.insert(lane).values(name="pop", paused_until=time.time() + 60, reason="POP answers 503", updated_at=1.0)
        )
    assert "POP answers 503" in await text(world, "/status")
    assert "Requests to pop are paused" in await text(world, "/")
    status = await (await world.client.get("/api/v1/status")).json()
    assert status["backlog"]["patients"] == 1
    assert status["lanes"][0]["paused"] is True
    assert status["entities"] == {"parked": 1, "written": 1}
    assert status["reviews"] == {"unmapped-code": 1}


async def test_replay_marks_the_patient_and_takes_back_what_was_parked(world: Any) -> None:
    patient_id = await deliver(world)
    async with world.store.write() as connection:
        await connection.execute(
            sa.update(patient).values(clean_seq=patient.c.dirty_seq, last_error="x", not_before=9e9)
        )
    assert "clean" in await text(world, f"/patients/{patient_id}")
    response = await world.client.post(f"/api/v1/patients/{patient_id}/replay")
    assert response.status == 202
    assert await response.json() == {"marked": 1}
    assert world.work == ["work"]
    async with world.store.read() as connection:
        row = (await connection.execute(sa.select(patient))).one()
        refused = await connection.scalar(sa.select(ledger.c.digest).where(ledger.c.state == "parked"))
        stale = await connection.scalar(sa.select(map_group.c.stale))
    assert row.dirty_seq > row.clean_seq
    assert row.not_before == 0
    assert row.last_error is None
    assert refused is None
    assert stale


async def test_the_form_on_the_page_replays_without_a_script(world: Any) -> None:
    patient_id = await deliver(world)
    response = await world.client.post(f"/patients/{patient_id}/replay", allow_redirects=False)
    assert response.status == 303
    assert response.headers["Location"] == f"/patients/{patient_id}"


async def test_a_page_of_another_site_cannot_write(world: Any) -> None:
    patient_id = await deliver(world)
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        response = await world.client.post(f"/api/v1/patients/{patient_id}/replay", headers=headers)
        assert response.status == 403
        assert response.content_type == "application/problem+json"
        response = await world.client.post("/fhir", json=BUNDLE, headers=headers)
        assert response.status == 403
        assert (await response.json(content_type=None))["resourceType"] == "OperationOutcome"
    assert world.work == []


async def test_patients_are_found_by_id_without_the_id_in_the_address(world: Any) -> None:
    patient_id = await deliver(world)
    response = await world.client.post("/patients/find", data={"id": "p-1"}, allow_redirects=False)
    assert response.headers["Location"] == f"/patients/{patient_id}"
    assert (await world.client.post("/patients/find", data={"id": "nobody"})).status == 404


async def test_the_lane_is_switched_by_the_api(world: Any) -> None:
    assert (await world.client.post("/api/v1/lanes/pop/pause")).status == 200
    assert (await read_lane(world.store)).by_operator
    assert (await world.client.post("/api/v1/lanes/pop/resume")).status == 200
    assert (await read_lane(world.store)).open
    assert world.work == ["work"]
    assert (await world.client.post("/api/v1/lanes/other/pause")).status == 404


async def test_api_errors_are_problem_details(world: Any) -> None:
    for path, status in (
        ("/api/v1/patients/999", 404),
        ("/api/v1/patients?state=odd", 400),
        ("/api/v1/patients?offset=-1", 400),
        ("/api/v1/nothing", 404),
        ("/api/v1/reviews?state=odd", 400),
    ):
        response = await world.client.get(path)
        body = await response.json(content_type=None)
        assert (response.status, response.content_type, body["status"]) == (
            status,
            "application/problem+json",
            status,
        ), path
    for path in ("/patients/999", "/resources/999", "/deliveries/999"):
        assert "Not found" in await text(world, path, status=404)


async def test_the_api_describes_every_route_that_it_has(world: Any) -> None:
    described = await (await world.client.get("/api/v1/openapi.json")).json()
    routed = {
        resource.canonical.replace("/lanes/{name}", "/lanes/pop")
        for resource in world.client.app.router.resources()
        if resource.canonical.startswith("/api/v1/") and "openapi" not in resource.canonical
    }
    actions = {
        path
        for each in routed
        for path in ([each.replace("{action}", a) for a in ("pause", "resume")] if "{action}" in each else [each])
    }
    assert actions == set(described["paths"])


async def test_the_pause_switch_of_the_console_shows_everywhere(world: Any) -> None:
    page = await text(world, "/status")
    assert "Pause requests to POP" in page
    answer = await world.client.post("/status/pop/pause", data={"reason": "POP is upgraded"}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/status")
    page = await text(world, "/status")
    assert "POP is upgraded" in page
    assert "Resume requests to POP" in page
    ready = await world.client.get("/readyz")
    assert (ready.status, (await ready.json())["details"]) == (200, {"pop": "paused: POP is upgraded"})
    assert 'popgw_lane_paused{lane="pop"} 1.0' in await (await world.client.get("/metrics")).text()
    assert "popgw_pop_limit 2.0" in await (await world.client.get("/metrics")).text()
    await world.client.post("/status/pop/resume")
    assert "Pause requests to POP" in await text(world, "/status")
    assert world.work[-1] == "work"


async def test_health_readiness_and_metrics(world: Any) -> None:
    await deliver(world)
    assert (await world.client.get("/healthz")).status == 200
    ready = await world.client.get("/readyz")
    assert ready.status == 200
    assert (await ready.json())["checks"] == {"store": True, "migrations": True, "worker": True}
    world.alive = False
    assert (await world.client.get("/readyz")).status == 503
    metrics = await (await world.client.get("/metrics")).text()
    assert 'popgw_patients{state="dirty"} 1.0' in metrics
    assert 'popgw_reviews_open{code="unmapped-code"} 1.0' in metrics
    assert "p-1" not in metrics
    assert "cea-1" not in metrics


async def test_long_lists_are_paged(world: Any) -> None:
    async with world.store.write() as connection:
        await connection.execute(
            sa.insert(patient),
            [{"source": "default", "fhir_id": f"n{n}", "dirty_seq": n, "dirty_at": 1.0} for n in range(120)],
        )
    seen: list[str] = []
    offset = 0
    while offset is not None:
        page = await (await world.client.get(f"/api/v1/patients?offset={offset}")).json()
        seen += [item["fhir_id"] for item in page["items"]]
        offset = page["next"]
    assert seen == [f"n{n}" for n in reversed(range(120))]
    assert "More patients" in await text(world, "/")
