"""One patient whose drafts a test sets directly, a sandbox POP over HTTP, and a curator who works in it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
import zstandard

from adapters.pop.client import PopClient
from adapters.sandbox.pop.faults import Fault
from adapters.sandbox.pop.server import SandboxPop, running
from gateway.popcontract import ContractKeeper
from gateway.reconcile import ledger as ledger_queries
from gateway.reconcile.apply import Apply
from gateway.reconcile.audit import Audit
from gateway.reconcile.plan import plan
from gateway.reconcile.worker import Worker
from gateway.store.engine import Store
from gateway.store.tables import draft, ledger, map_group, patient, review
from mappers.registry import Registry
from mappers.terminology import Terminology

JsonObject = dict[str, Any]

CASE, STATUS, THERAPY, OTHER = "PatientCase:p", "PerformanceStatus:e", "SystemicTherapy:t", "SystemicTherapy:u"
DRUG = "SystemicTherapyMedication:d"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
PAYLOADS: dict[str, JsonObject] = {
    CASE: {
        "clinicalCenter": "Test Hospital",
        "clinicalIdentifier": "I-1",
        "gender": {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"},
        "dateOfBirth": "1961-05-01",
        "vitalStatus": "alive",
    },
    STATUS: {"date": "2024-03-01", "ecogScore": 1},
    THERAPY: {"period": {"start": "2024-04-01"}, "intent": "curative"},
    OTHER: {"period": {"start": "2024-06-01"}, "intent": "palliative"},
    DRUG: {"drug": {"code": "C1181", "system": NCIT}},
}


async def nobody_else(_: sa.ext.asyncio.AsyncConnection) -> None:
    """A fence for a patient whom no other worker wants."""


class Bench:
    """One patient with drafts, a POP, and a curator who works in it."""

    def __init__(self, store: Store, pop: SandboxPop, address: str) -> None:
        self.store = store
        self.pop = pop
        self.audit = Audit()
        self.client = PopClient(
            url=address, username="gateway", password=lambda: "gateway", observer=self.audit.observe, timeout=5
        )
        self.curator = PopClient(url=address, username="curator", password=lambda: "curator", timeout=5)
        self.patient_id = 0

    async def begin(self) -> None:
        """A dirty patient without drafts."""
        async with self.store.write() as connection:
            row = await connection.execute(
                sa.insert(patient).values(source="s", fhir_id="p", dirty_seq=1, dirty_at=time.time())
            )
            self.patient_id = row.inserted_primary_key[0]
            await connection.execute(
                sa.insert(map_group).values(patient_id=self.patient_id, mapper="m", key="g", mapper_version="1")
            )

    async def wants(self, *keys: str, parent: str = THERAPY, **changed: JsonObject) -> None:
        """Replace the patient's drafts. ``changed``: fields by kind. ``parent``: the therapy that the drug belongs to."""
        rows = []
        for key in keys:
            kind = key.partition(":")[0]
            references = {} if key == CASE else {"systemicTherapyId": parent} if key == DRUG else {"caseId": CASE}
            content = {"payload": PAYLOADS[key] | changed.get(kind, {}) | references, "references": references}
            packed = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
            rows.append(
                {
                    "patient_id": self.patient_id, "key": key, "kind": kind, "blocked": False,
                    "digest": hashlib.blake2b(packed, digest_size=16).digest(), "content": zstandard.compress(packed),
                }
            )  # fmt: skip
        async with self.store.write() as connection:
            group = await connection.scalar(sa.select(map_group.c.id))
            await connection.execute(sa.delete(draft))
            await connection.execute(sa.insert(draft), [row | {"group_id": group} for row in rows])

    async def apply(self) -> dict[str, int]:
        """Plan and apply; what was counted."""
        async with self.store.read() as connection:
            found = await ledger_queries.differences(connection, self.patient_id)
        run = Apply(
            store=self.store, client=self.client, audit=self.audit, patient_id=self.patient_id, external_source="EHR",
            fence=nobody_else, held=lambda: None, worker="w",
        )  # fmt: skip
        return dict(await run.run(plan(found.drafts, found.ledger)))

    async def forget(self, key: str, **values: Any) -> None:
        """Set the ledger row back to what a run that died had left."""
        async with self.store.write() as connection:
            await connection.execute(sa.update(ledger).where(ledger.c.key == key).values(**values))

    async def row(self, key: str) -> Any:
        """The ledger row."""
        async with self.store.read() as connection:
            return (await connection.execute(sa.select(ledger).where(ledger.c.key == key))).one()

    async def reviews(self) -> set[tuple[str, str]]:
        """(key, code) of open items."""
        async with self.store.read() as connection:
            rows = await connection.execute(sa.select(review).where(review.c.state == "open"))
        return {(item.draft_key, item.code) for item in rows}

    def all(self, collection: str) -> list[JsonObject]:
        """What POP holds."""
        return self.pop.entities.all(collection)

    def fault(self, **fault: Any) -> None:
        """The next requests meet this."""
        self.pop.faults.set([Fault(**fault)] if fault else [])


STATUSES = "performance-status"
DRUGS = "systemic-therapies/{systemicTherapyId}/medications"


@pytest.fixture
async def bench(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """An empty POP and a patient."""
    monkeypatch.setattr("gateway.reconcile.apply.SERVER_ERROR_WAITS", (0.0, 0.0))
    pop = SandboxPop()
    async with running(pop) as address:
        made = Bench(store, pop, address)
        await made.begin()
        yield made
        await made.client.aclose()
        await made.curator.aclose()


def worker_of(bench: Bench, *, lease: float = 60.0) -> Worker:
    """A worker without mappers: the drafts are there."""
    return Worker(
        store=bench.store, client=bench.client, contract=ContractKeeper(bench.store, bench.client, url=""),
        audit=bench.audit, mappers=Registry(()), terminology=Terminology(),
        options_for=lambda _: {}, external_source="EHR", lease=lease,
    )  # fmt: skip
