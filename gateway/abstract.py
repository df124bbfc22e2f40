"""A POP entity in one line, as a clinician would note it. Works on POP payloads of any kind, from drafts or from the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

JsonObject = dict[str, Any]

#: SNOMED CT's semantic tag, which a reader does not need.
_SEMANTIC_TAG = re.compile(
    r" \((disorder|finding|qualifier value|observable entity|morphologic abnormality|body structure|procedure|substance|"
    r"product|tumor staging)\)$"
)
#: POP's spelling of a value out of few: ``local_recurrence``.
_SLUG = re.compile(r"[a-z]+(?:_[a-z]+)+")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+")
#: Identify the person; an abstract never shows them.
_PERSONAL = frozenset({"clinicalIdentifier", "clinicalCenter", "dateOfBirth"})
#: Say little at a glance.
_MINOR = frozenset(
    {"race", "sexAtBirth", "genderIdentity", "consentStatus", "stagingDomain", "methodology", "recistInterpreted"}
)
#: Read first where present: what a clinician looks for.
_LEADING = (
    "relationship", "panel", "morphology", "topography", "stage", "pathological", "primaryTumor", "regionalNodes",
    "distantMetastases", "analyte", "drug", "ecogScore", "karnofskyScore", "gender",
    "vitalStatus",
)  # fmt: skip
_DATES = ("date", "assertionDate", "period")
#: Fields that are told by other words than their names, or by their values alone.
_PREFIX = {
    "ecogScore": "ECOG", "karnofskyScore": "Karnofsky", "gender": "", "vitalStatus": "", "relationship": "", "panel": "",
    "presence": "", "intent": "", "absentConditions": "without", "outcome": "", "causality": "", "category": "", "assessment": "",
    "interpretation": "", "clinicalRelevance": "", "dnaHgvs": "", "rnaHgvs": "", "proteinHgvs": "", "clinvar": "ClinVar",
    "assessmentDate": "assessed", "dateResolved": "over on", "smokingQuited": "smoke-free for", "nightSleep": "sleeps",
}  # fmt: skip
#: Numbers that are read before their names.
_COUNTED = {"smokingPackyears": "pack-years", "cycles": "cycles", "fractions": "fractions", "sessions": "sessions"}
#: Units that do not tell what was measured.
_OF_TIME = frozenset({"hour", "day", "week", "month", "year"})


def abstract(payload: JsonObject, references: JsonObject | None = None) -> str:
    """``2024-03-05: C50.4 …, G2``: date first, then what it says."""
    day = next((text(payload[name]) for name in _DATES if payload.get(name)), "")
    line = what(payload, references)
    return f"{day}: {line}" if day and line else day or line


def when(payload: JsonObject) -> str:
    """The day of an entity, or its first one; empty if it has none."""
    for name in _DATES:
        value = payload.get(name)
        day = value.get("start") or value.get("end") if isinstance(value, dict) else value
        if isinstance(day, str) and day:
            return day
    return ""


def until(payload: JsonObject) -> str:
    """How long a course lasted: empty for what has a day only, or ended on the day it began."""
    period = payload.get("period")
    if not isinstance(period, dict) or not (period.get("start") or period.get("end")):
        return ""
    end = period.get("end")
    return "ongoing" if not end else "" if end == period.get("start") else f"until {text(end)}"


def what(payload: JsonObject, references: Iterable[str] | None = None) -> str:
    """The telling fields, then the others, in the payload's order, without the date."""
    hidden = _PERSONAL | _MINOR | frozenset(references or ()) | frozenset(_DATES)
    names = [name for name in _LEADING if name in payload]
    names += [name for name in payload if name not in _LEADING]
    shown = {name: payload[name] for name in names if name not in hidden and not _empty(payload[name])}
    return ", ".join(part for part in (_part(name, value, shown) for name, value in shown.items()) if part)


def _part(name: str, value: Any, shown: JsonObject) -> str:
    systolic, diastolic = shown.get("bloodPressureSystolic"), shown.get("bloodPressureDiastolic")
    if name.startswith("bloodPressure") and _measure(systolic) and _measure(diastolic):
        # The two are one value to everybody who reads them.
        unit_ = unit(str(systolic["unit"]))
        return f"{systolic['value']:g}/{diastolic['value']:g} {unit_}" if name == "bloodPressureSystolic" else ""
    return _labelled(name, value)


def _labelled(name: str, value: Any) -> str:
    if name == "pathological":
        return "pathological" if value else "clinical"
    if isinstance(value, bool):
        words = label(name).split() or [""]
        told = " ".join(words[1:] if words[0] in ("is", "has", "had") and len(words) > 1 else words)
        return told if value else f"{'no' if words[0] in ('has', 'had') else 'not'} {told}"
    if name in _COUNTED:
        return f"{text(value)} {_COUNTED[name]}"
    if name in _PREFIX:
        told = text(value)
        return f"{_PREFIX[name]} {told.replace('_', ' ') if _SLUG.fullmatch(told) else told}".strip()
    plain = isinstance(value, str | int | float) or (_measure(value) and value["unit"] in _OF_TIME)
    return f"{label(name)} {text(value)}" if plain else text(value)


def _measure(value: Any) -> TypeGuard[JsonObject]:
    return isinstance(value, dict) and _number(value.get("value")) and "unit" in value


def _empty(value: Any) -> bool:
    return value is None or value == [] or value == {}


def label(name: str) -> str:
    """``primaryTumor`` → ``primary tumor``, ``TNMStaging`` → ``TNM staging``."""
    return " ".join(word if len(word) > 1 and word.isupper() else word.lower() for word in _WORDS.findall(name))


def unit(name: str) -> str:
    """POP's spelling of a unit for people: ``ng__ml`` → ``ng/ml``, ``g__square_meter`` → ``g/m²``."""
    told = name.replace("__", "/").replace("square_meter", "m²").replace("_", " ")
    return "°C" if told == "celsius" else told


def text(value: Any) -> str:
    """A payload value for people: a concept by its display, a measure with its unit, a period by its ends."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "; ".join(text(each) for each in value)
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    if "code" in value and "system" in value:
        return _SEMANTIC_TAG.sub("", str(value.get("display") or value["code"]))
    if "value" in value and "unit" in value:
        return _quantity(value["value"], unit(str(value["unit"])))
    if "start" in value or "end" in value:
        return f"{value.get('start') or '?'} – {value.get('end') or 'ongoing'}"
    return ", ".join(_pairs(value))


def _quantity(value: Any, of: str) -> str:
    if not _number(value):
        return str(value)
    if of.split("/")[0] == "g" and 0 < value < 1:
        # POP keeps doses in grams; people write them in milligrams.
        value, of = value * 1000, "m" + of
    return f"{value:g} {of}"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pairs(value: JsonObject) -> Iterator[str]:
    for name, each in value.items():
        if not _empty(each):
            yield f"{label(name)} {text(each)}"
