"""UCUM, and units as people type them, into the unit that POP stores a field in, exactly.

POP has unit spellings of its own (``ng__ml``) and converts some of them wrongly, so the gateway converts itself and sends
the field's own unit. Arithmetic is in fractions; the one rounding is the last, to the double that JSON carries.

``U`` and ``[IU]`` are distinct in UCUM (§45, arbitrary units do not convert); POP has one family, spelled IU, for both, and
its own FHIR export writes U/mL results as kIU/L. Nothing is multiplied between them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import Any

_PREFIXES = {
    "": Fraction(1), "k": Fraction(1000), "d": Fraction(1, 10), "c": Fraction(1, 100), "m": Fraction(1, 10**3),
    "u": Fraction(1, 10**6), "n": Fraction(1, 10**9), "p": Fraction(1, 10**12), "f": Fraction(1, 10**15),
    "M": Fraction(10**6),
}  # fmt: skip

#: Prefixable atoms → (dimension, size in the dimension's base).
_ATOMS = {
    "g": "mass", "mol": "substance", "U": "arbitrary", "kat": "arbitrary", "IU": "arbitrary", "L": "volume", "Gy": "absorbed-dose",
}  # fmt: skip
#: UCUM *katal*: mol/s; the enzyme unit U is µmol/min.
_SIZES = {"kat": Fraction(6 * 10**7)}
_PLAIN = {
    "m2": ("area", Fraction(1)), "square_meter": ("area", Fraction(1)), "s": ("time", Fraction(1)),
    "sec": ("time", Fraction(1)), "min": ("time", Fraction(60)), "h": ("time", Fraction(3600)),
    "hr": ("time", Fraction(3600)), "hour": ("time", Fraction(3600)), "d": ("time", Fraction(86400)),
    "day": ("time", Fraction(86400)),
}  # fmt: skip
_SPELLINGS = {
    "mcg": "ug",
    "mcL": "uL",
    "gram": "g",
    "liter": "L",
    "litre": "L",
    "ml": "mL",
    "cc": "mL",
    "units": "U",
    "gray": "Gy",
    "Gray": "Gy",
    "centigray": "cGy",
    "cgy": "cGy",
    "gy": "Gy",
    "unit": "U",
    "Units": "U",
    "Unit": "U",
    "[arb'U]": "U",
    "arb.U": "U",
    "arbU": "U",
    "E": "U",  # German "Einheit"
    "kE": "kU",
    "mE": "mU",
    "IE": "IU",  # "Internationale Einheit"
    "kIE": "kIU",
    "mIE": "mIU",
    "UI": "IU",
    "mUI": "mIU",
    "I.U.": "IU",
    "I.E.": "IU",
}
#: Units that people type beside or instead of UCUM. International inch, foot, pound and ounce (1959 agreement: 0.0254 m,
#: 0.45359237 kg); mmHg is its own base, 1 kPa = 1000/133.322387415 mmHg (conventional, ISO 80000-4); a year is 365.25 days in
#: UCUM (``a_j``), and counts as such in ages and durations only. No prefix is ever guessed for a bare number.
_TYPED: dict[str, tuple[str, Fraction]] = {
    **dict.fromkeys(("m", "meter", "metre", "Meter"), ("length", Fraction(1))),
    **dict.fromkeys(("cm", "centimeter", "centimetre", "Zentimeter"), ("length", Fraction(1, 100))),
    **dict.fromkeys(("mm", "millimeter", "millimetre", "Millimeter"), ("length", Fraction(1, 1000))),
    **dict.fromkeys(("[in_i]", "[in_us]", "in", "inch", "inches", '"'), ("length", Fraction(254, 10**4))),
    **dict.fromkeys(("[ft_i]", "[ft_us]", "ft", "foot", "feet"), ("length", Fraction(3048, 10**4))),
    **dict.fromkeys(("[lb_av]", "lb", "lbs", "pound", "pounds"), ("mass", Fraction(45359237, 10**5))),
    **dict.fromkeys(("[oz_av]", "oz", "ounce", "ounces"), ("mass", Fraction(28349523125, 10**9))),
    **dict.fromkeys(("kilogram", "kilograms", "kgs", "KG", "Kg"), ("mass", Fraction(1000))),
    **dict.fromkeys(("mm[Hg]", "mmHg", "mm Hg", "mmhg", "MMHG", "Torr"), ("pressure", Fraction(1))),
    "kPa": ("pressure", Fraction(10**12, 133322387415)),
    **dict.fromkeys(("a", "a_j", "yr", "yrs", "y", "year", "years", "Jahr", "Jahre"), ("time", Fraction(31557600))),
    **dict.fromkeys(("mo", "mo_j", "month", "months", "Monat", "Monate"), ("time", Fraction(31557600, 12))),
    **dict.fromkeys(("wk", "week", "weeks", "Woche", "Wochen"), ("time", Fraction(604800))),
    **dict.fromkeys(("hours", "hrs", "Stunde", "Stunden"), ("time", Fraction(3600))),
    **dict.fromkeys(("days", "Tag", "Tage"), ("time", Fraction(86400))),
    **dict.fromkeys(("minute", "minutes", "Minuten"), ("time", Fraction(60))),
}
#: Spelling → (size of a degree in °C, its zero in °C): BIPM SI Brochure §2.3.1; °F = °C · 9/5 + 32.
_DEGREES: dict[str, tuple[Fraction, Fraction]] = {
    **dict.fromkeys(
        ("Cel", "°C", "degC", "C", "celsius", "Celsius", "Grad Celsius", "deg C"), (Fraction(1), Fraction(0))
    ),
    **dict.fromkeys(
        ("[degF]", "°F", "degF", "F", "fahrenheit", "Fahrenheit", "deg F"), (Fraction(5, 9), Fraction(-160, 9))
    ),
    **dict.fromkeys(("K", "kelvin", "Kelvin"), (Fraction(1), Fraction(-27315, 100))),
}
_WHOLE = {
    "%": ("fraction", Fraction(1)), "percent": ("fraction", Fraction(1)), "[MoM]": ("multiple-of-median", Fraction(1)),
    "{MoM}": ("multiple-of-median", Fraction(1)), "MoM": ("multiple-of-median", Fraction(1)),
    **dict.fromkeys(("{M.o.M}", "{M.o.M.}", "M.o.M.", "MOM"), ("multiple-of-median", Fraction(1))),
    "multiple_of_median": ("multiple-of-median", Fraction(1)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its dimension (``mass/volume``), its size in base units (g, mol, U, L, m, m², s, mmHg, °C, %) and its zero there."""

    dimension: str
    size: Fraction
    zero: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Target:
    """A POP field's unit: POP's spelling and what it is."""

    spelling: str
    unit: Unit


def _target(spelling: str, dimension: str, size: Fraction = Fraction(1)) -> Target:
    return Target(spelling, Unit(dimension, size))


#: POP field → the unit the gateway sends. Mass concentrations of markers go as ng/mL, the unit POP reads them back in.
MARKER_FIELDS = {
    "massConcentration": _target("ng__ml", "mass/volume", Fraction(1, 10**6)),
    "arbitraryConcentration": _target("kIU__l", "arbitrary/volume", Fraction(1000)),
    "substanceConcentration": _target("mol__l", "substance/volume"),
    "fraction": _target("%", "fraction"),
    "multipleOfMedian": _target("multiple_of_median", "multiple-of-median"),
}
#: POP's defaults for vitals and lifestyle (OpenAPI ``x-default-unit``); a year of POP's is 365 days (observed).
VITAL_FIELDS = {
    "height": _target("m", "length"),
    "weight": _target("kg", "mass", Fraction(1000)),
    "bloodPressureSystolic": _target("mmHg", "pressure"),
    "bloodPressureDiastolic": _target("mmHg", "pressure"),
    "temperature": _target("celsius", "temperature"),
}
LIFESTYLE_FIELDS = {
    "nightSleep": _target("hour", "time", Fraction(3600)),
    "smokingQuited": _target("year", "time", Fraction(31557600)),
}
#: Breslow depth, and the dose of a course of radiotherapy (UCUM ``Gy`` = J/kg).
DEPTH_FIELDS = {"depth": _target("mm", "length", Fraction(1, 1000))}
RADIATION_FIELDS = {"dose": _target("Gy", "absorbed-dose")}
DOSE_FIELDS = {
    "dosageMass": _target("g", "mass"),
    "dosageVolume": _target("l", "volume"),
    "dosageMassSurface": _target("g__square_meter", "mass/area"),
    "dosageMassConcentration": _target("g__l", "mass/volume"),
    "dosageRateMass": _target("g__s", "mass/time"),
    "dosageRateVolume": _target("l__s", "volume/time"),
    "dosageRateMassSurface": _target("g__square_meter__s", "mass/area/time"),
    "dosageRateMassConcentration": _target("g__l__s", "mass/volume/time"),
}


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> Unit | None:
    """A unit from UCUM, POP's spelling or common typing; None if it is none of the dimensions POP has.

    Laboratories that print in capitals (``NG/ML``, ``MIU/ML``) mean the same letters in small: nobody measures in mega-units."""
    text = text.strip().replace("µ", "u").replace("μ", "u").replace("²", "2")
    found = _parse(text)
    capitals = "/" in text and text.isupper() and (found is None or "M" in text)
    return _parse(text.lower()) if capitals else found


def _parse(text: str) -> Unit | None:
    if text in _WHOLE:
        return Unit(*_WHOLE[text])
    if text in _DEGREES:
        return Unit("temperature", *_DEGREES[text])
    if text in _TYPED:
        return Unit(*_TYPED[text])
    # POP's spellings and its export's mixture of both: g/square_meter__s.
    parts = [part.strip() for part in re.split(r"__|/|\bper\b", text)]
    dimensions: list[str] = []
    size = Fraction(1)
    for position, part in enumerate(parts):
        atom = _atom(part)
        if atom is None:
            return None
        dimension, factor = atom
        dimensions.append(dimension)
        size = size * factor if position == 0 else size / factor
    return Unit("/".join([dimensions[0], *sorted(dimensions[1:], key=_order)]), size)


def _order(dimension: str) -> tuple[bool, str]:
    return dimension == "time", dimension


def _atom(text: str) -> tuple[str, Fraction] | None:
    text = re.sub(r"\{[^{}]*\}|\([^()]*\)", "", text).strip()
    text = re.sub(r"\[i?IU\]|\[iU\]", "IU", text)
    text = _SPELLINGS.get(text, text)
    if text in _PLAIN:
        return _PLAIN[text]
    match = re.fullmatch(r"(?:10\*?(\d)\.)?([kdcmunpfM]?)(g|mol|IU|iu|U|u|L|l|Gy|kat)", text)
    if match is None:
        return None
    power, prefix, name = match.groups()
    name = {"l": "L", "iu": "IU", "u": "U"}.get(name, name)
    return _ATOMS[name], _PREFIXES[prefix] * 10 ** int(power or 0) * _SIZES.get(name, 1)


def decimal_of(value: Any) -> Decimal | None:
    """A finite decimal from a JSON number (by its shortest repr, so 35.5 is 35.5) or numeric string; None otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(repr(value) if isinstance(value, float) else str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def convert(value: Decimal, unit: Unit, target: Target) -> JsonMeasure | None:
    """POP's ``Measure`` in the target's unit, or None for another dimension."""
    if unit.dimension != target.unit.dimension:
        return None
    try:
        number = float((Fraction(value) * unit.size + unit.zero - target.unit.zero) / target.unit.size)
    except OverflowError:
        return None
    return {"value": number, "unit": target.spelling}


JsonMeasure = dict[str, Any]


def to_field(value: Any, unit: str, fields: dict[str, Target]) -> tuple[str, JsonMeasure] | None:
    """(POP field, ``Measure``) for a value, chosen by the unit's dimension; None if no field takes it."""
    number, parsed = decimal_of(value), parse_unit(unit)
    if number is None or parsed is None:
        return None
    for field, target in fields.items():
        measure = convert(number, parsed, target)
        if measure is not None:
            return field, measure
    return None
