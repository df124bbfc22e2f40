"""OperationOutcomes: what was wrong, where, and what to do. Never the value itself: it may be patient data."""

from __future__ import annotations

from typing import Any

JsonObject = dict[str, Any]


def issue(text: str, *, code: str = "invalid", severity: str = "error", expression: str | None = None) -> JsonObject:
    """One issue; ``code`` is of http://hl7.org/fhir/issue-type, ``expression`` a FHIRPath of the element."""
    found: JsonObject = {"severity": severity, "code": code, "diagnostics": text}
    if expression:
        found["expression"] = [expression]
    return found


def outcome(*issues: JsonObject) -> JsonObject:
    """An OperationOutcome resource."""
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def informational(text: str) -> JsonObject:
    """An OperationOutcome that reports success."""
    return outcome(issue(text, code="informational", severity="information"))
