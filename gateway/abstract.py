"""A POP entity in one line, as a clinician would note it. Works on POP payloads of any kind, from drafts or from the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

JsonObject = dict[str, Any]

#: SNOMED CT's semantic tag, which a reader does not need.
_SEMANTIC_TAG = re.compile(
    r" \((disorder|finding|qualifier value|observable entity|morphologic abnormality|body structure|procedure|substance|"
    r"product|tumor staging)\)$"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+")
#: Identify the person; an abstract never shows them.
_PERSONAL = frozenset({"clinicalIdentifier", "clinicalCenter", "dateOfBirth"})
#: Say little at a glance.
_MINOR = frozenset({"race", "sexAtBirth", "genderIdentity", "consentStatus", "stagingDomain", "methodology"})
#: Read first where present: what a clinician looks for.
_LEADING = (
    "relationship", "morphology", "topography", "stage", "pathological", "primaryTumor", "regionalNodes",
    "distantMetastases", "analyte", "drug", "ecogScore", "karnofskyScore", "gender",
    "vitalStatus",
)  # fmt: skip
_DATES = ("date", "assertionDate", "period")
_PREFIX = {"ecogScore": "ECOG", "karnofskyScore": "Karnofsky", "gender": "", "vitalStatus": "", "relationship": ""}


def abstract(payload: JsonObject, references: JsonObject | None = None) -> str:
    """``2024-03-05: C50.4 …, G2``: date first, then the telling fields, then the others, in the payload's order."""
    hidden = _PERSONAL | _MINOR | frozenset(references or ()) | frozenset(_DATES)
    when = next((text(payload[name]) for name in _DATES if payload.get(name)), "")
    names = [name for name in _LEADING if name in payload]
    names += [name for name in payload if name not in _LEADING]
    parts = [_labelled(name, payload[name]) for name in names if name not in hidden and not _empty(payload[name])]
    line = ", ".join(parts)
    return f"{when}: {line}" if when and line else when or line


def _labelled(name: str, value: Any) -> str:
    if name == "pathological":
        return "pathological" if value else "clinical"
    if name in _PREFIX:
        return f"{_PREFIX[name]} {text(value)}".strip()
    return f"{label(name)} {text(value)}" if isinstance(value, str | int | float) else text(value)


def _empty(value: Any) -> bool:
    return value is None or value == [] or value == {}


def label(name: str) -> str:
    """``primaryTumor`` → ``primary tumor``, ``TNMStaging`` → ``TNM staging``."""
    return " ".join(word if len(word) > 1 and word.isupper() else word.lower() for word in _WORDS.findall(name))


def unit(name: str) -> str:
    """POP's spelling of a unit for people: ``ng__ml`` → ``ng/ml``."""
    return name.replace("__", "/").replace("_", " ")


def text(value: Any) -> str:
    """A payload value for people: a concept by its display, a measure with its unit, a period by its ends."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(text(each) for each in value)
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    if "code" in value and "system" in value:
        return _SEMANTIC_TAG.sub("", str(value.get("display") or value["code"]))
    if "value" in value and "unit" in value:
        return f"{value['value']:g} {unit(str(value['unit']))}" if _number(value["value"]) else str(value["value"])
    if "start" in value or "end" in value:
        return f"{value.get('start') or '?'} – {value.get('end') or 'ongoing'}"
    return ", ".join(_pairs(value))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pairs(value: JsonObject) -> Iterator[str]:
    for name, each in value.items():
        if not _empty(each):
            yield f"{label(name)} {text(each)}"
