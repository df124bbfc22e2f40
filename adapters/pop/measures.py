"""POP's units as the gateway uses them, with exact factors. Only units whose conversion in POP was observed to be right
(``measures-roundtrip``): pressure is mmHg only, because POP inverts the others; no ``ppm``; no ``month``.
"""

from __future__ import annotations

from decimal import Decimal

#: POP spelling → (dimension, factor to the dimension's base). SI prefixes and definitions only (BIPM SI Brochure, 9th ed.).
FACTORS: dict[str, tuple[str, Decimal]] = {
    "g__l": ("mass/volume", Decimal(1)),
    "mg__l": ("mass/volume", Decimal("1e-3")),
    "ug__l": ("mass/volume", Decimal("1e-6")),
    "ng__l": ("mass/volume", Decimal("1e-9")),
    "pg__l": ("mass/volume", Decimal("1e-12")),
    "g__ml": ("mass/volume", Decimal("1e3")),
    "mg__ml": ("mass/volume", Decimal(1)),
    "ug__ml": ("mass/volume", Decimal("1e-3")),
    "ng__ml": ("mass/volume", Decimal("1e-6")),
    "pg__ml": ("mass/volume", Decimal("1e-9")),
    "g__dl": ("mass/volume", Decimal("1e1")),
    "mg__dl": ("mass/volume", Decimal("1e-2")),
    "ug__dl": ("mass/volume", Decimal("1e-5")),
    "ng__dl": ("mass/volume", Decimal("1e-8")),
    "mol__l": ("substance/volume", Decimal(1)),
    "mmol__l": ("substance/volume", Decimal("1e-3")),
    "umol__l": ("substance/volume", Decimal("1e-6")),
    "nmol__l": ("substance/volume", Decimal("1e-9")),
    "pmol__l": ("substance/volume", Decimal("1e-12")),
    "kIU__l": ("arbitrary/volume", Decimal("1e3")),
    "IU__l": ("arbitrary/volume", Decimal(1)),
    "mIU__l": ("arbitrary/volume", Decimal("1e-3")),
    "IU__ml": ("arbitrary/volume", Decimal("1e3")),
    "mIU__ml": ("arbitrary/volume", Decimal(1)),
    "%": ("fraction", Decimal(1)),
    "multiple_of_median": ("multiple of median", Decimal(1)),
    "kg": ("mass", Decimal("1e3")),
    "g": ("mass", Decimal(1)),
    "mg": ("mass", Decimal("1e-3")),
    "ug": ("mass", Decimal("1e-6")),
    "l": ("volume", Decimal(1)),
    "ml": ("volume", Decimal("1e-3")),
    "g__square_meter": ("mass/area", Decimal(1)),
    "mg__square_meter": ("mass/area", Decimal("1e-3")),
    "ug__square_meter": ("mass/area", Decimal("1e-6")),
    "g__s": ("mass/time", Decimal(1)),
    "l__s": ("volume/time", Decimal(1)),
    "g__square_meter__s": ("mass/area/time", Decimal(1)),
    "g__l__s": ("mass/volume/time", Decimal(1)),
    "m": ("length", Decimal(1)),
    "cm": ("length", Decimal("1e-2")),
    "mm": ("length", Decimal("1e-3")),
    "mmHg": ("pressure", Decimal(1)),
    "celsius": ("temperature", Decimal(1)),
    "hour": ("time", Decimal(1)),
    "year": ("years", Decimal(1)),
    "Gy": ("radiation dose", Decimal(1)),
}


def in_base(value: float, unit: str) -> tuple[str, Decimal] | None:
    """(dimension, value in the dimension's base unit), or None for a unit that the gateway never writes."""
    if unit not in FACTORS:
        return None
    dimension, factor = FACTORS[unit]
    return dimension, Decimal(repr(float(value))) * factor


def same_dimension(unit: str, default: str) -> bool:
    """True if ``unit`` may be sent for a field whose default unit is ``default``."""
    return unit in FACTORS and default in FACTORS and FACTORS[unit][0] == FACTORS[default][0]
