"""The sandbox EHR's capability statement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

#: Search parameters that are served, with their types.
PARAMETERS = {"_id": "token", "_lastUpdated": "date", "patient": "reference", "subject": "reference"}
INTERACTIONS = ("read", "vread", "update", "delete", "history-instance", "create", "search-type")


def statement(types: Iterable[str]) -> dict[str, Any]:
    """A CapabilityStatement (R4) for these resource types."""
    parameters = [{"name": name, "type": kind} for name, kind in PARAMETERS.items()]
    interactions = [{"code": code} for code in INTERACTIONS]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-24",
        "kind": "instance",
        "software": {"name": "sandbox EHR"},
        "implementation": {"description": "invented patients"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {"type": name, "interaction": interactions, "searchParam": parameters} for name in sorted(types)
                ],
            }
        ],
    }
