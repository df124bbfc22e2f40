"""States in which a resource tells of no therapy (R4 value sets of the status and intent of each type)."""

from __future__ import annotations

from mappers.protocol import JsonObject

_NOT_GIVEN = {
    "entered-in-error": "entered in error",
    "not-done": "not done",
    "draft": "a draft",
    "cancelled": "cancelled",
    "not-taken": "not taken",
    "intended": "only intended",
    "preparation": "only in preparation",
    "declined": "declined",
}
#: A dose or a dispense that waits was not given; an order on hold was one, and a course that is paused goes on.
_PAUSED = frozenset({"MedicationAdministration", "MedicationDispense"})
#: R4 MedicationRequest intent, CarePlan intent: no authorisation to treat.
_NO_ORDER = frozenset({"proposal", "option"})


def refused(json: JsonObject) -> str | None:
    """Why nothing was given or is to be given; None if something was."""
    status, intent, kind = json.get("status"), json.get("intent"), json.get("resourceType")
    if isinstance(status, str) and status in _NOT_GIVEN:
        return f"the {'therapy' if kind in ('Procedure', 'CarePlan') else 'medication'} is {_NOT_GIVEN[status]}"
    if status == "on-hold" and kind in _PAUSED:
        return "the medication is on hold"
    if isinstance(intent, str) and (intent in _NO_ORDER or (intent == "plan" and kind == "MedicationRequest")):
        return f"a {intent}, no order"
    return "an order not to give the drug" if json.get("doNotPerform") is True else None
