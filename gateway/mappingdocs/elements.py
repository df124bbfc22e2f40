"""A place in one FHIR resource, told so that it holds for all: without positions, by code and extension."""

from __future__ import annotations

import re
from typing import Any

from mappers.codes import (
    ATC,
    ICD_10,
    ICD_10_CM,
    ICD_10_GM,
    ICD_O_MORPHOLOGY,
    ICD_O_TOPOGRAPHY,
    LOINC,
    NCIT,
    RXNORM,
    SNOMED,
    system_of,
)  # fmt: skip
from mappers.fhir import code_of, codings
from mappers.protocol import JsonObject

_STEP = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")
_SYSTEMS = {
    SNOMED: "SNOMED CT", LOINC: "LOINC", NCIT: "NCIt", RXNORM: "RxNorm", ATC: "ATC", ICD_10: "ICD-10", ICD_10_CM: "ICD-10-CM",
    ICD_10_GM: "ICD-10-GM", ICD_O_TOPOGRAPHY: "ICD-O-3", ICD_O_MORPHOLOGY: "ICD-O-3",
}  # fmt: skip
#: Elements that mean what the resource's code says.
_CODED = ("value", "component", "interpretation")


def path_of(resource_type: str, resource: JsonObject, element: str) -> str:
    """``Observation.component.valueQuantity``; an extension is named by the end of its URL, whatever its position."""
    parts = [resource_type]
    at: Any = resource
    for name, position in _STEP.findall(element):
        at = at.get(name) if isinstance(at, dict) else None
        if isinstance(at, list):
            index = int(position) if position else 0
            at = at[index] if index < len(at) else None
        url = at.get("url") if name in ("extension", "modifierExtension") and isinstance(at, dict) else None
        parts.append(f"{name}({url.rstrip('/').rpartition('/')[2]})" if isinstance(url, str) else name)
    return ".".join(parts)


def code_at(resource: JsonObject, element: str) -> str | None:
    """What gives a value its meaning: the code of its component, else of its Observation; None where none does."""
    head = _STEP.match(element)
    if head is None or not head[1].startswith(_CODED):
        return None
    parts = resource.get(head[1])
    if head[1] == "component" and head[2] and isinstance(parts, list) and int(head[2]) < len(parts):
        part = parts[int(head[2])]
        return told(part.get("code")) if isinstance(part, dict) else None
    return told(resource.get("code"))


def told(concept: Any) -> str | None:
    """``LOINC 21908-9`` of the first coding; *text* where there is none."""
    for coding in codings(concept):
        if code := code_of(coding):
            system = system_of(coding.get("system"))
            return f"{_SYSTEMS.get(system) or system.rstrip('/').rpartition('/')[2] or 'local'} {code}"
    return "text" if isinstance(concept, dict) and concept.get("text") else None
