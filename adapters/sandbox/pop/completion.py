"""Which categories of a case's data somebody has declared complete. It gates nothing."""

from __future__ import annotations

from typing import Any

from adapters.sandbox.pop.history import context
from adapters.sandbox.pop.refusals import duplicate, shape
from adapters.sandbox.pop.store import Entities, now

JsonObject = dict[str, Any]

COLLECTION = "data-completion"
CATEGORIES = (
    "comorbidities-assessments", "family-histories", "genomic-signatures", "genomic-variants", "lifestyles", "comorbidities",
    "neoplastic-entities", "performance-status", "radiotherapies", "risk-assessments", "stagings", "surgeries",
    "systemic-therapies", "tumor-markers", "vitals", "tumor-board-reviews", "adverse-events", "therapy-responses",
)  # fmt: skip


class Completion:
    """The declarations of all cases."""

    def __init__(self, entities: Entities) -> None:
        self._entities = entities

    def _row(self, case_id: str, category: str) -> JsonObject | None:
        rows = self._entities.owned(COLLECTION, case_id)
        return next((row for row in rows if row["category"] == category), None)

    def status(self, case_id: str, category: str) -> JsonObject:
        """Whether, by whom and when. Raises Refused for a category that POP does not have."""
        _known(category)
        row = self._row(case_id, category)
        return {
            "status": row is not None,
            "username": None if row is None else row["createdBy"],
            "timestamp": None if row is None else row["createdAt"],
        }

    def declare(self, case: JsonObject, category: str, *, user: str | None, url: str | None = None) -> JsonObject:
        """Declare it complete; returns the answer. Raises Refused if it is already."""
        _known(category)
        if self._row(case["id"], category) is not None:
            raise duplicate("unique_data_categories")
        row = self._entities.new_row({"caseId": case["id"], "category": category})
        row |= {"createdBy": user, "createdAt": now()}
        event = {
            "id": self._entities.new_event(), "category": "create", "timestamp": row["createdAt"], "user": user, "url": url,
            "resource": "PatientCaseDataCompletion", "resourceId": row["id"], "differential": None,
            "snapshot": {
                "id": row["id"], "case_id": case["id"], "category": category, "external_source": None,
                "external_source_id": None,
            },
        }  # fmt: skip
        row["_events"] = [{**event, "context": context(event)}]
        self._entities.noted(case["id"], event)
        self._entities.put(COLLECTION, row)
        text = f'Category "{category}" for case {case["pseudoidentifier"]} marked as completed by {user}'
        return {"id": row["id"], "description": f"{text} on {row['createdAt'].replace('T', ' ')}000"}

    def withdraw(self, case_id: str, category: str) -> bool:
        """Take it back; False if it was not declared."""
        _known(category)
        row = self._row(case_id, category)
        if row is not None:
            self._entities.delete(COLLECTION, row["id"])
        return row is not None


def _known(category: str) -> None:
    if category not in CATEGORIES:
        expected = ", ".join(f"'{name}'" for name in CATEGORIES[:-1]) + f" or '{CATEGORIES[-1]}'"
        detail = {"type": "enum", "loc": ["path", "category"], "msg": f"Input should be {expected}"}
        raise shape({**detail, "ctx": {"expected": expected}})
