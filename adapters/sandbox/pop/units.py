"""POP's units and its conversions, the wrong ones included (``measures.json`` and ``measures-roundtrip.json`` of the shared notes).

A measure is stored in its standard unit and read back in its field's own. A unit's spelling is a base unit, or base units with
``__`` for «per». Pressures are numbers of units per pascal taken for pascals per unit, ``ppm`` and its kin likewise; that is why
they come out inverted.
"""

from __future__ import annotations

from functools import cache

from adapters.pop.kinds import KINDS

#: SI prefixes in POP's order.
_PREFIXES = {
    "y": 1e-24, "z": 1e-21, "a": 1e-18, "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "c": 1e-2, "d": 1e-1,
    "da": 1e1, "h": 1e2, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Z": 1e21, "Y": 1e24,
}  # fmt: skip
#: Measure → unit → what it is in the measure's standard unit, as POP reckons; in the order in which POP lists them.
OWN: dict[str, dict[str, float]] = {
    "Area": {
        "square_millimeter": 1e6, "square_centimeter": 1e4, "square_decimeter": 100, "square_meter": 1,
        "square_foot": 10.76391, "square_inch": 1550.003, "square_yard": 1.19599,
    },
    "Distance": {
        "chain": 20.1168, "chain_benoit": 20.116782, "chain_sears": 20.1167645, "british_chain_benoit": 20.1167824944,
        "british_chain_sears": 20.1167651216, "british_chain_sears_truncated": 20.116756, "british_ft": 0.304799471539,
        "british_yd": 0.914398414616, "clarke_ft": 0.3047972654, "clarke_link": 0.201166195164, "fathom": 1.8288,
        "ft": 0.3048, "german_m": 1.0000135965, "gold_coast_ft": 0.304799710181508, "indian_yd": 0.914398530744,
        "inch": 0.0254, "link": 0.201168, "link_benoit": 0.20116782, "link_sears": 0.20116765, "m": 1, "mi": 1609.344,
        "nm_uk": 1853.184, "rod": 5.0292, "sears_yd": 0.91439841, "survey_ft": 0.304800609601, "yd": 0.9144,
    },
    "Fraction": {"%": 1, "pph": 1, "ppm": 1e4, "ppb": 1e7, "ppt": 1e10},
    "Mass": {
        "g": 1, "tonne": 1e6, "oz": 28.3495, "lb": 453.592, "stone": 6350.29, "short_ton": 907185, "long_ton": 1016000,
    },
    "MultipleOfMedian": {"multiple_of_median": 1},
    "Pressure": {
        "Pa": 1, "atm": 9.869250513319517e-06, "mmHg": 0.00750062, "psi": 0.000145038, "bar": 1.0000018082621e-05,
        "Torr": 0.007500630391307241,
    },
    "RadiationDose": {"Gy": 1},
    "Substance": {"mol": 1},
    # A month is ten times too long, a year has 365 days.
    "Time": {"s": 1, "min": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 26282880, "year": 31536000},
    "Unit": {"IU": 1},
    "Volume": {
        "us_g": 3.78541, "us_qt": 0.946353, "us_pint": 0.473176, "us_cup": 0.236588, "us_oz": 0.029574,
        "us_tbsp": 0.014787, "us_tsp": 0.0049289, "cubic_millimeter": 1e-6, "cubic_centimeter": 0.001,
        "cubic_decimeter": 0.001, "cubic_meter": 1000, "l": 1, "cubic_foot": 28.3168, "cubic_inch": 0.016387,
        "imperial_g": 4.54609, "imperial_qt": 1.13652, "imperial_pint": 0.568261, "imperial_oz": 0.028413,
        "imperial_tbsp": 0.0017758, "imperial_tsp": 0.0059194,
    },
}  # fmt: skip
_SI = {
    "Distance": "m", "Mass": "g", "Pressure": "Pa", "RadiationDose": "Gy", "Substance": "mol", "Time": "s", "Unit": "IU",
    "Volume": "l",
}  # fmt: skip
#: Measure → (numerator, denominator).
QUOTIENTS = {
    "ArbitraryConcentration": ("Unit", "Volume"),
    "MassConcentration": ("Mass", "Volume"),
    "MassConcentrationPerTime": ("MassConcentration", "Time"),
    "MassPerArea": ("Mass", "Area"),
    "MassPerAreaPerTime": ("MassPerArea", "Time"),
    "MassPerTime": ("Mass", "Time"),
    "SubstanceConcentration": ("Substance", "Volume"),
    "VolumePerTime": ("Volume", "Time"),
}
_KELVIN = 273.15
#: Observed: what POP's symbolic arithmetic leaves of 0 °C.
_FREEZING = 6.05092486695206e-123
TEMPERATURES = ("celsius", "fahrenheit", "kelvin")
#: Fields that read back in another unit than the default that POP's document states for them (``measures-roundtrip``).
_READ_IN = {("TumorMarker", "massConcentration"): "ng__ml"}
#: How POP writes a unit in a description, where not as it is spelt.
_WRITTEN = {
    "square_millimeter": "mm²", "square_centimeter": "cm²", "square_decimeter": "dm²", "square_meter": "m²",
    "square_foot": "ft²", "square_inch": "in²", "square_yard": "yd²", "hour": "hours", "day": "days", "week": "weeks",
    "month": "months", "year": "years",
}  # fmt: skip


@cache
def units(measure: str) -> dict[str, float]:
    """Unit → its size in the measure's standard unit, in POP's order. Raises KeyError for a measure that POP does not have."""
    if measure == "Temperature":
        return dict.fromkeys(TEMPERATURES, 1.0)
    if measure in QUOTIENTS:
        above, below = QUOTIENTS[measure]
        return {f"{one}__{other}": a / b for one, a in units(above).items() for other, b in units(below).items()}
    found = {name: float(size) for name, size in OWN[measure].items()}
    if (base := _SI.get(measure)) is not None:
        found |= {prefix + base: size for prefix, size in _PREFIXES.items()}
    return found


@cache
def standard_unit(measure: str) -> str:
    """The unit that the measure is stored in."""
    if measure == "Temperature":
        return "kelvin"
    if measure in QUOTIENTS:
        above, below = QUOTIENTS[measure]
        return f"{standard_unit(above)}__{standard_unit(below)}"
    return {"Area": "square_meter", "Fraction": "%"}.get(measure) or _SI.get(measure) or next(iter(OWN[measure]))


def standard(measure: str, value: float, unit: str) -> float:
    """The number that POP stores. Raises KeyError for a unit that the measure does not have."""
    if measure == "Temperature":
        return {
            "celsius": value + _KELVIN, "kelvin": value, "fahrenheit": (value - 32) * 5 / 9 + _KELVIN
        }[unit]  # fmt: skip
    return value * units(measure)[unit]


def shown(measure: str, stored: float, unit: str) -> float:
    """The number that POP shows of what it stores. Raises KeyError for a unit that the measure does not have."""
    if measure == "Temperature":
        return {
            "celsius": stored - _KELVIN or _FREEZING, "kelvin": stored, "fahrenheit": (stored - _KELVIN) * 9 / 5 + 32
        }[unit]  # fmt: skip
    return stored / units(measure)[unit]


def read_unit(kind: str, field: str) -> str:
    """The unit that a field reads back in."""
    return _READ_IN.get((kind, field)) or KINDS[kind].measures[field][1].replace("/", "__")


def written(measure: str, value: float, unit: str) -> str:
    """As POP's descriptions write it: two decimals (lengths and masses as they are), quotients with the unit below as people
    write it."""
    above, _, below = unit.rpartition("__")
    if measure in QUOTIENTS and above:
        return f"{round(value, 2)} {_WRITTEN.get(above, above)}/{_WRITTEN.get(below, below)}"
    if measure in ("Distance", "Mass"):
        return f"{float(value)} {unit}"
    return f"{round(value, 2)} {unit}"
