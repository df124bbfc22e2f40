"""One clinical identifier, two people: never one case."""

from __future__ import annotations

import sqlalchemy as sa
from victim import finish, settings

from adapters.sandbox.pop.server import SandboxPop, running
from gateway.bench.corpus import bundle, patient_record
from gateway.intake.receive import bundle_delivery
from gateway.service import Gateway
from gateway.store.tables import ledger, review


async def test_a_case_of_another_person_is_not_adopted(store_url: str) -> None:
    first, second, same = (
        list(patient_record(name, laboratories=0, markers=1)) for name in ("first", "second", "same")
    )
    for record in (second, same):
        record[0]["identifier"] = first[0]["identifier"]
    second[0]["birthDate"] = "1990-02-03"
    pop = SandboxPop()
    async with running(pop) as address, Gateway(settings(store_url, address)) as gateway:
        for record in (first, second, same):
            limits = gateway.settings.limits
            await gateway.intake.submit(
                bundle_delivery(bundle(record), source="default", channel="http", limits=limits)
            )
            await finish(gateway)
        async with gateway.store.read() as connection:
            cases = {
                row.key: row.error
                for row in (await connection.execute(sa.select(ledger).where(ledger.c.kind == "PatientCase"))).all()
            }
            open_codes = (
                (await connection.execute(sa.select(review.c.code).where(review.c.state == "open"))).scalars().all()
            )
    assert cases["PatientCase:Patient/second"] == "identity-conflict"
    assert cases["PatientCase:Patient/first"] is None
    assert cases["PatientCase:Patient/same"] is None, "the same person under another FHIR id is the same case"
    assert list(open_codes) == ["identity-conflict"]
    assert len(pop.entities.all("patient-cases")) == 1
    sources = {row["externalSourceId"] for row in pop.entities.all("neoplastic-entities")}
    assert sources == {"NeoplasticEntity:Condition/first-tumour", "NeoplasticEntity:Condition/same-tumour"}
