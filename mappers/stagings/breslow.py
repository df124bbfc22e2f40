"""Breslow depth: a length in millimetres, and whether the melanoma is ulcerated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mappers.codes import LOINC, SNOMED
from mappers.drafting import Drafting
from mappers.fhir import extension_value, objects, pairs, text_of, words
from mappers.protocol import JsonObject, Resource, Source
from mappers.stagings.statements import Statement
from mappers.stagings.systems import is_ulceration
from mappers.units import DEPTH_FIELDS, JsonMeasure, to_field

#: POP's export spells the extension with https, its guide with http.
_DEPTH = tuple(
    f"{scheme}://onconova.github.io/fhir/StructureDefinition/onconova-ext-cancer-stage-breslow-depth"
    for scheme in ("http", "https")
)
_TYPED = re.compile(r"(?:breslow\D*)?(\d+(?:[.,]\d+)?)\s*(mm|cm)\b", re.I)

#: LOINC answers (LL4443-9: present, absent) and SNOMED CT qualifiers.
_PRESENT = frozenset({(LOINC, "LA9633-4"), (SNOMED, "52101004"), (SNOMED, "10828004")})
_ABSENT = frozenset({(LOINC, "LA9634-2"), (SNOMED, "2667000"), (SNOMED, "260385009")})


def put_depth(drafting: Drafting, statement: Statement) -> None:
    """``depth`` and ``isUlcered``. A class of depth (``0.76 to 1.75 mm``, mCODE's value set) is no depth: the draft waits."""
    json, reference = statement.resource.json, statement.resource.reference
    found = _depth(json)
    if found is None:
        text = "POP wants the depth in millimetres; the source states none, or only its class."
        drafting.missing("depth", text, Source(reference, statement.element))
    else:
        measure, element = found
        source = Source(reference, element)
        if 0 < measure["value"] < 100:
            drafting.put("depth", measure, source)
        else:
            text = "A Breslow depth lies between 0 and 100 mm: correct the value or its unit at the source."
            drafting.issue("implausible-value", "depth", text, source=source, blocking=True)
    for component, source in _components(json, reference):
        if is_ulceration(component.get("code")):
            _ulceration(drafting, component, source)
    for part in statement.parts:
        name = next((each for each in part.json if each.startswith("value")), "valueCodeableConcept")
        _ulceration(drafting, part.json, Source(part.reference, name))


def _depth(json: JsonObject) -> tuple[JsonMeasure, str] | None:
    coded = json.get("valueCodeableConcept")
    if isinstance(coded, dict) and (extension := extension_value(coded, _DEPTH)) is not None:
        measure = _measure(extension[1])
        if measure is not None:
            return measure, "valueCodeableConcept"
    measure = _measure(json.get("valueQuantity"))
    if measure is not None:
        return measure, "valueQuantity"
    for component, source in _components(json, ""):
        measure = _measure(component.get("valueQuantity"))
        if measure is not None:
            return measure, source.element
    typed = _TYPED.search(text_of(json.get("valueString")))
    if (
        typed is not None
        and (field := to_field(typed[1].replace(",", "."), typed[2].lower(), DEPTH_FIELDS)) is not None
    ):
        return field[1], "valueString"
    return None


def _measure(quantity: Any) -> JsonMeasure | None:
    if not isinstance(quantity, dict) or quantity.get("comparator") is not None:
        return None
    unit = quantity.get("code") or quantity.get("unit")
    found = to_field(quantity.get("value"), unit, DEPTH_FIELDS) if isinstance(unit, str) else None
    return found[1] if found is not None else None


def _components(json: JsonObject, reference: str) -> Iterable[tuple[JsonObject, Source]]:
    for position, component in enumerate(objects(json.get("component"))):
        yield component, Source(reference, f"component[{position}]")


def _ulceration(drafting: Drafting, element: JsonObject, source: Source) -> None:
    value = element.get("valueCodeableConcept")
    found = set(pairs(value))
    text = words(value).casefold() or text_of(element.get("valueString")).casefold()
    stated = element.get("valueBoolean")
    if isinstance(stated, bool):
        drafting.put("isUlcered", stated, source)
    elif found & _PRESENT or text in ("present", "yes", "ja", "vorhanden", "ulcerated", "identified"):
        drafting.put("isUlcered", True, source)
    elif found & _ABSENT or text in (
        "absent",
        "not present",
        "no",
        "nein",
        "nicht vorhanden",
        "not ulcerated",
        "not identified",
        "none",
    ):
        drafting.put("isUlcered", False, source)
    else:
        drafting.issue(
            "unmapped-code", "isUlcered", "The ulceration is stated neither as present nor as absent.", source=source
        )


def is_part(resource: Resource) -> bool:
    """True if an Observation states the ulceration alone."""
    return is_ulceration(resource.json.get("code"))
