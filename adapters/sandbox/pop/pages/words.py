"""POP's names and values in the words of a person who reads a case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+")
#: Names that do not say it themselves (POP's own spelling errors among them).
_LABELS = {
    "TNMStaging": "TNM", "FIGOStaging": "FIGO", "BinetStaging": "Binet", "RaiStaging": "Rai", "ClarkStaging": "Clark level",
    "ISSStaging": "ISS", "RISSStaging": "R-ISS", "GleasonGrade": "Gleason", "INSSStage": "INSS", "INRGSSStage": "INRGSS",
    "WilmsStage": "Wilms", "RhabdomyosarcomaClinicalGroup": "Rhabdomyosarcoma group", "LymphomaStaging": "Lymphoma",
    "MolecularTumorBoard": "Molecular tumor board", "UnspecifiedTumorBoard": "Tumor board",
    "differentitation": "Grade", "ecogScore": "ECOG", "karnofskyScore": "Karnofsky",
    "dnaHgvs": "DNA", "rnaHgvs": "RNA", "proteinHgvs": "Protein", "bodysite": "Body site", "bodysiteLaterality": "Side",
    "bodysiteQualifier": "Body site detail", "bloodPressureSystolic": "Systolic", "bloodPressureDiastolic": "Diastolic",
    "recist": "Response", "smokingQuited": "Stopped smoking", "withinSoc": "Standard of care", "usedOfflabel": "Off-label",
    "recistInterpreted": "Interpreted", "smokingPackyears": "Pack-years", "isUlcered": "Ulcerated",
}  # fmt: skip
_UNITS = {
    "square_meter": "m²", "celsius": "°C", "hour": "h", "year": "years", "multiple_of_median": "MoM", "l": "L", "ml": "mL",
    "kIU": "kU",
}  # fmt: skip
#: Units that POP reads back in, too large for what is measured in them: the next smaller ones, each a thousandth.
_SMALLER = {"g": ("g", "mg", "µg", "ng", "pg"), "mol": ("mol", "mmol", "µmol", "nmol", "pmol"), "l": ("l", "ml")}
_TAG = re.compile(
    r" \((disorder|finding|qualifier value|observable entity|morphologic abnormality|body structure|procedure|substance|"
    r"product|tumor staging|person)\)$"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def label(name: str) -> str:
    """A field's or kind's name: ``relatedEntitiesIds`` → ``Related entities``, ``TNMStaging`` → ``TNM``."""
    if name in _LABELS:
        return _LABELS[name]
    words = [word if len(word) > 1 and word.isupper() else word.lower() for word in _WORDS.findall(name)]
    if len(words) > 1 and words[-1] in ("id", "ids"):
        words.pop()
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def text(value: Any, names: Mapping[str, str] | None = None) -> str:
    """A value of any field. ``names``: what stands for an id."""
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(text(each, names) for each in value)
    if isinstance(value, dict):
        return _object(value)
    if isinstance(value, int | float):
        return number(value)
    found = (names or {}).get(str(value))
    return found if found is not None else str(value)


def _object(value: Mapping[str, Any]) -> str:
    if "code" in value:
        return concept(value)
    if "unit" in value:
        return measure(value)
    if "start" in value or "end" in value:
        return period(value)
    return ", ".join(f"{label(name)} {text(each)}" for name, each in value.items() if each is not None)


def word(value: str) -> str:
    """A value of a closed list: ``near-complete`` → ``near complete``."""
    return value.replace("_", " ").replace("-", " ") if value.islower() else value


def concept(value: Mapping[str, Any]) -> str:
    """What a coded value is called."""
    return plain(str(value.get("display") or value["code"]))


def plain(name: str) -> str:
    """A name without SNOMED CT's semantic tag."""
    return _TAG.sub("", name)


def unit(spelling: str) -> str:
    """``g__square_meter`` → ``g/m²``."""
    return "/".join(_UNITS.get(part, part) for part in spelling.split("__"))


def number(value: float) -> str:
    """Without the float noise of POP's conversions."""
    return f"{value:.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def scaled(value: float, spelling: str) -> tuple[float, str]:
    """In the unit that makes a number of it: 0.075 ``g__square_meter`` → (75, ``mg__square_meter``)."""
    first, per, rest = spelling.partition("__")
    smaller = _SMALLER.get(first, (first,)) if value else (first,)
    steps = next((step for step in range(len(smaller)) if abs(value) * 1000**step >= 0.5), len(smaller) - 1)
    return value * 1000**steps, smaller[steps] + per + rest


def measure(value: Mapping[str, Any]) -> str:
    """A quantity with its unit."""
    shown, spelling = scaled(float(value["value"]), str(value["unit"]))
    return f"{number(shown)} {unit(spelling)}"


def period(value: Mapping[str, Any]) -> str:
    """From when to when; open at its end while it goes on."""
    start, end = value.get("start"), value.get("end")
    if not start:
        return f"until {day(end)}" if end else ""
    return f"since {day(start)}" if not end else day(start) if start == end else f"{day(start)} – {day(end)}"


def day(value: Any) -> str:
    """``2022-01-24`` → ``24 Jan 2022``; what is no date stays."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", str(value or ""))
    return f"{int(found[3])} {_MONTHS[int(found[2]) - 1]} {found[1]}" if found else str(value or "")


def instant(value: Any) -> str:
    """``2026-11-24T11:08:54.065`` → ``24 Nov 2026, 11:08``."""
    date, _, time = str(value or "").partition("T")
    return f"{day(date)}, {time[:5]}" if time else day(date)
