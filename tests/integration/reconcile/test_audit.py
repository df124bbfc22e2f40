"""Every request to POP and its answer is recorded with its cause: what for, made by which mapper, asked for by whom."""

from __future__ import annotations

import time
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa
from apply_bench import CASE, STATUS, STATUSES, Bench, bench, worker_of
from cryptography.fernet import Fernet

from gateway.audittrail import Entry, patients_of_case, trail
from gateway.errors import ConfigurationError, UsageError
from gateway.reconcile.apply import LaneFault
from gateway.reconcile.audit import Audit, expire
from gateway.replay import replay
from gateway.sealing import Seal
from gateway.store.tables import delivery, draft, pop_request, resource, resource_version
from mappers.render import JsonObject

__all__ = ["bench"]


async def entries(bench: Bench) -> list[Entry]:
    """The trail of the patient, without the login, after what the client still holds is written."""
    await bench.audit.flush(bench.store)
    async with bench.store.read() as connection:
        found = await trail(connection, patients=[bench.patient_id])
    return [entry for entry in found if entry.outcome != "signed in"]


def told(entry: Entry) -> tuple[str, str | None, int | None]:
    return entry.method, entry.key, entry.status


async def test_creates_updates_and_deletes_stand_in_order_with_their_drafts(bench: Bench) -> None:
    await bench.wants(CASE, STATUS)
    await bench.apply()
    await bench.wants(CASE, STATUS, PerformanceStatus={"ecogScore": 2})
    await bench.apply()
    await bench.wants(CASE)
    await bench.apply()
    found = await entries(bench)
    assert [told(entry) for entry in found] == [
        ("POST", CASE, 201), ("POST", STATUS, 201), ("GET", STATUS, 200), ("PUT", STATUS, 200), ("GET", STATUS, 200),
        ("DELETE", STATUS, 204),
    ]  # fmt: skip
    assert [entry.outcome for entry in found] == ["created", "created", "read", "replaced", "read", "deleted"]
    (case,) = bench.all("patient-cases")
    assert found[0].entity_id == case["id"]
    assert (found[1].mapper, found[1].mapper_version, found[1].worker) == ("m", "1", "w")
    assert all((entry.payload_digest is None) == (entry.method in ("GET", "DELETE")) for entry in found)
    assert found[1].payload_digest != found[3].payload_digest


async def test_a_case_is_known_even_after_it_was_deleted_in_pop(bench: Bench) -> None:
    await bench.wants(CASE)
    await bench.apply()
    (case,) = bench.all("patient-cases")
    await bench.forget(CASE, pop_id=None, state="deleted")
    await bench.audit.flush(bench.store)
    async with bench.store.read() as connection:
        assert await patients_of_case(connection, case["id"]) == [bench.patient_id]
        with pytest.raises(UsageError):
            await patients_of_case(connection, "00000000-0000-0000-0000-000000000000")


async def test_refusals_and_lost_answers_are_told_without_values(bench: Bench) -> None:
    await bench.wants(CASE, STATUS)
    bench.fault(action="cut-after", method="POST", path=STATUSES)
    await bench.apply()
    bench.fault(action="status", status=422, method="PUT", path=STATUSES)
    await bench.wants(CASE, STATUS, PerformanceStatus={"ecogScore": 3})
    await bench.apply()
    outcomes = [entry.outcome for entry in await entries(bench)]
    assert "no answer (pop-ambiguous)" in outcomes
    assert any(outcome.startswith("POP refuses it (422)") for outcome in outcomes)


async def test_the_versions_and_the_delivery_that_a_request_was_sent_for_are_named(bench: Bench) -> None:
    async with bench.store.write() as connection:
        await connection.execute(
            sa.insert(delivery).values(
                id=7, source="s", channel="http", received_at=0.0, digest=b"d", interaction="POST /fhir", state="stored",
                counts={},
            )
        )  # fmt: skip
        await connection.execute(
            sa.insert(resource).values(
                id=3, source="s", type="Observation", fhir_id="e", patient_id=bench.patient_id, state="assigned",
                digest=b"d", seq=1, current_id=11,
            )
        )  # fmt: skip
        await connection.execute(
            sa.insert(resource_version).values(
                id=11, resource_id=3, delivery_id=7, position=0, state="current", seq=1, version_id="5", received_at=0.0,
                digest=b"d",
            )
        )  # fmt: skip
    await bench.wants(CASE, STATUS)
    await _from(bench, STATUS, ["Observation/e"])
    await bench.apply()
    (entry,) = [entry for entry in await entries(bench) if entry.key == STATUS]
    assert [(each.reference, each.version, each.delivery) for each in entry.origins] == [("Observation/e", "5", 7)]
    assert (await bench.row(STATUS)).origins == [["Observation/e", 11]]


async def _from(bench: Bench, key: str, references: list[str]) -> None:
    """Let a draft say which resources it came from."""
    import zstandard

    async with bench.store.write() as connection:
        content = await connection.scalar(sa.select(draft.c.content).where(draft.c.key == key))
        said: JsonObject = orjson.loads(zstandard.decompress(content)) | {"resources": references}
        packed = zstandard.compress(orjson.dumps(said))
        await connection.execute(sa.update(draft).where(draft.c.key == key).values(content=packed))


async def test_a_replay_names_who_asked_for_it_until_it_is_done(bench: Bench) -> None:
    await bench.wants(CASE)
    await replay(bench.store, patient_ids=[bench.patient_id], operator="ada")
    worker = worker_of(bench)
    await worker.drain()
    await bench.wants(CASE, STATUS)
    await replay(bench.store, patient_ids=[bench.patient_id])
    await worker.drain()
    assert [(entry.key, entry.operator) for entry in await entries(bench) if entry.method == "POST"] == [
        (CASE, "ada"), (STATUS, None),
    ]  # fmt: skip


async def test_a_run_that_records_nothing_else_records_its_requests(bench: Bench) -> None:
    await bench.wants(CASE)
    bench.fault(action="status", status=503, times=None, path="patient-cases")
    await worker_of(bench).drain()
    async with bench.store.read() as connection:
        found = await trail(connection, patients=[bench.patient_id])
    assert [entry.outcome for entry in found] == ["signed in", "refused (503)"]
    assert [entry.payload_digest is None for entry in found] == [True, False], "a password is not even kept as a digest"


async def test_what_cannot_be_written_waits_for_the_next_transaction(bench: Bench) -> None:
    await bench.wants(CASE)

    async def fails() -> None:
        async with bench.audit.recording(bench.store):
            raise ZeroDivisionError

    bench.fault(action="status", status=503, path="patient-cases")
    with pytest.raises(LaneFault):
        await bench.apply()
    with pytest.raises(ZeroDivisionError):
        await fails()
    assert [told(entry) for entry in await entries(bench)] == [("POST", CASE, 503)]


async def test_old_requests_and_older_payloads_expire(bench: Bench) -> None:
    now = time.time()
    row = {
        "method": "POST",
        "path": "/x",
        "status": 201,
        "duration": 0.0,
        "payload": b"sealed",
        "patient_id": bench.patient_id,
    }
    async with bench.store.write() as connection:
        await connection.execute(sa.insert(pop_request), [row | {"at": now - age} for age in (1, 100, 1000)])
    assert await expire(bench.store, keep=500, keep_payloads=50) == 1
    async with bench.store.read() as connection:
        kept = [entry.payload for entry in await trail(connection, patients=[bench.patient_id])]
    assert kept == [None, b"sealed"]


# -- payloads ----------------------------------------------------------------------------------------------------------


def test_payloads_are_sealed_and_open_with_any_key_of_the_file(tmp_path: Path) -> None:
    keys, content = tmp_path / "keys", b'{"clinicalIdentifier": "A-1"}'
    first = Fernet.generate_key()
    keys.write_bytes(first + b"\n")
    sealed = Seal(keys).close(content)
    assert b"A-1" not in sealed
    keys.write_bytes(Fernet.generate_key() + b"\n" + first + b"\n")
    assert Seal(keys).open(sealed) == content
    keys.write_bytes(Fernet.generate_key())
    assert Seal(keys).open(sealed) is None
    for wrong in (b"short", b""):
        keys.write_bytes(wrong)
        with pytest.raises(ConfigurationError):
            Seal(keys)
    with pytest.raises(ConfigurationError):
        Seal(tmp_path / "missing")


async def test_only_a_gateway_with_a_key_keeps_payloads(bench: Bench, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_bytes(Fernet.generate_key())
    seal = Seal(keys)
    await bench.wants(CASE)
    await bench.apply()
    assert [entry.payload for entry in await entries(bench)] == [None]
    sealing = Audit(seal.close)
    bench.client._wire._observer = sealing.observe
    bench.audit = sealing
    await bench.wants(CASE, STATUS)
    await bench.apply()
    kept = (await entries(bench))[-1].payload
    assert kept is not None
    assert orjson.loads(seal.open(kept) or b"")["ecogScore"] == 1
