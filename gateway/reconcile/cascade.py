"""What POP would delete along with an entity. Observed on POP 1.4.0: deleting a tumour silently deletes the metastases and
recurrences that name it as their primary, and the comorbidities assessments whose index it is; deleting a treatment, or one of
its medications, deletes the suspected causes of adverse events that name it.
"""

from __future__ import annotations

from typing import Any

from adapters.pop.client import PopClient

JsonObject = dict[str, Any]

#: Kind → (kind that goes along, its field that refers to it).
_ALONG: dict[str, tuple[tuple[str, str], ...]] = {
    "NeoplasticEntity": (("NeoplasticEntity", "relatedPrimaryId"), ("ComorbiditiesAssessment", "indexConditionId")),
}
_CAUSES = frozenset({"SystemicTherapy", "SystemicTherapyMedication", "Radiotherapy", "Surgery"})


async def stood_on(client: PopClient, kind: str, pop_id: str, case_id: str) -> bool:
    """True if POP would delete something else with this entity of the case. Raises PopError."""
    for other, field in _ALONG.get(kind, ()):
        if any(item.get(field) == pop_id for item in await client.list(other, case_id=case_id)):
            return True
    if kind not in _CAUSES:
        return False
    events = await client.list("AdverseEvent", case_id=case_id)
    causes: list[JsonObject] = [cause for event in events for cause in event.get("suspectedCauses") or ()]
    return any(pop_id in cause.values() for cause in causes)
