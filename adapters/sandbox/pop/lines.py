"""POP's therapy lines: deleted and made anew, with other ids, whenever a therapy of their case is written."""

from __future__ import annotations

import datetime as dt
from typing import Any

from adapters.sandbox.pop.store import Entities, now

JsonObject = dict[str, Any]

LINES, SYSTEMIC = "therapy-lines", "systemic-therapies"
#: Writing any of these rewrites the lines of the case.
THERAPIES = frozenset({SYSTEMIC, "surgeries", "radiotherapies", "treatment-responses"})


def started(row: JsonObject) -> bool:
    """True unless the therapy lacks the start that POP needs and does not ask for."""
    return bool((row.get("period") or {}).get("start"))


def derivable(entities: Entities, case_id: str) -> bool:
    """False while the case has a systemic therapy without a start: POP fails on every write that rewrites its lines."""
    return all(started(item) for item in entities.owned(SYSTEMIC, case_id))


def rebuild(entities: Entities, case_id: str, *, user: str) -> None:
    """Make the lines of a case anew: one per intent, in the order of their starts (a simplification of POP's algorithm).
    ``user`` wrote the therapy that this follows from."""
    therapies = entities.owned(SYSTEMIC, case_id)
    for line in entities.owned(LINES, case_id):
        entities.delete(LINES, line["id"])
    lines: dict[str, JsonObject] = {}
    for therapy in sorted(therapies, key=lambda item: (item["period"]["start"], item["_order"])):
        intent = therapy["intent"]
        if intent not in lines:
            lines[intent] = entities.new_row(
                {
                    "caseId": case_id, "ordinal": 1, "intent": intent, "progressionDate": None, "externalSource": None,
                    "externalSourceId": None,
                },
                user=user,
            )  # fmt: skip
            entities.put(LINES, lines[intent])
        if therapy.get("therapyLineId") != lines[intent]["id"]:
            # Observed: the therapy's new line counts as an update by whoever wrote.
            touched = {"updatedAt": now(), "updatedBy": sorted({*(therapy["updatedBy"] or []), user})}
            entities.put(SYSTEMIC, {**therapy, **touched, "therapyLineId": lines[intent]["id"]})


def derived(entities: Entities, line: JsonObject) -> JsonObject:
    """What POP computes of a line when it is read."""
    members = [item for item in entities.owned(SYSTEMIC, line["caseId"]) if item.get("therapyLineId") == line["id"]]
    starts = [item["period"]["start"] for item in members if started(item)]
    ends = [item["period"]["end"] for item in members if started(item) and item["period"].get("end")]
    # Observed: the end is the day after the last therapy's (an exclusive bound shows through).
    end = (dt.date.fromisoformat(max(ends)) + dt.timedelta(days=1)).isoformat() if ends else None
    return {
        "label": f"{line['intent'][0].upper()}LoT{line['ordinal']}",
        "period": {"start": min(starts, default=None), "end": end},
    }
