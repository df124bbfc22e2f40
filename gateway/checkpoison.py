"""The part of ``pop-gateway check`` that tells which cases somebody has made unreadable in POP."""

from __future__ import annotations

import sqlalchemy as sa

from adapters.pop.client import PopClient
from adapters.pop.culprit import diagnose
from adapters.pop.errors import PopError
from gateway.findings import Finding, ok, warning
from gateway.store.engine import Store
from gateway.store.tables import ledger, review

SUBJECT = "POP records"
#: Cases that are looked at: each costs nineteen requests.
LOOKED_AT = 5


async def poisoned(store: Store, client: PopClient) -> Finding:
    """Of the cases that the gateway found unreadable, those that still are. POP's ids are no patient data."""
    concerned = sa.select(review.c.patient_id).where(review.c.code == "pop-poisoned", review.c.state == "open")
    query = sa.select(ledger.c.pop_id).where(
        ledger.c.kind == "PatientCase", ledger.c.pop_id.is_not(None), ledger.c.patient_id.in_(concerned)
    )
    async with store.read() as connection:
        cases = list((await connection.execute(query.order_by(ledger.c.pop_id))).scalars())
    if not cases:
        return ok(SUBJECT, "no case is known that POP cannot show")
    try:
        found = [each for case in cases[:LOOKED_AT] if (each := await diagnose(client, case)) is not None]
    except PopError as error:
        return warning(SUBJECT, f"not looked at: {error}", "try again; if it stays so, see POP's own log")
    if not found:
        return warning(
            SUBJECT,
            f"{len(cases)} cases could not be shown, and can be again",
            "replay what waits: --error pop-poisoned",
        )
    more = f"; {len(cases) - LOOKED_AT} more were not looked at" if len(cases) > LOOKED_AT else ""
    return warning(
        SUBJECT,
        "; ".join(map(str, found)) + more,
        "correct or delete it in POP, then replay what waits: --error pop-poisoned",
        cases=[each.case_id for each in found],
    )
