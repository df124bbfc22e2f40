"""POP's units as the gateway uses them, with exact factors. Only units whose conversion in POP was observed to be right
(``measures-roundtrip``): pressure is mmHg only, because POP inverts the others; no ``ppm``; no ``month``.

A POP spelling is a base unit, or a quotient of base units with ``__`` for «per»: ``ng__ml``, ``g__square_meter__s``.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from adapters.pop.kinds import KINDS

_PREFIXES = {
    "k": "1e3",
    "": "1",
    "d": "1e-1",
    "c": "1e-2",
    "m": "1e-3",
    "u": "1e-6",
    "n": "1e-9",
    "p": "1e-12",
    "f": "1e-15",
}

#: Base unit → (dimension, factor to the dimension's own unit). SI prefixes and definitions (BIPM SI Brochure, 9th edition).
BASE: dict[str, tuple[str, Decimal]] = {
    **{f"{prefix}g": ("mass", Decimal(factor)) for prefix, factor in _PREFIXES.items()},
    **{f"{prefix}l": ("volume", Decimal(factor)) for prefix, factor in _PREFIXES.items()},
    **{f"{prefix}mol": ("substance", Decimal(factor)) for prefix, factor in _PREFIXES.items()},
    **{f"{prefix}IU": ("arbitrary", Decimal(factor)) for prefix, factor in _PREFIXES.items()},
    **{f"{prefix}m": ("length", Decimal(factor)) for prefix, factor in _PREFIXES.items() if prefix},
    "m": ("length", Decimal(1)),
    "square_meter": ("area", Decimal(1)),
    "s": ("time", Decimal(1)),
    "min": ("time", Decimal(60)),
    "hour": ("time", Decimal(3600)),
    "day": ("time", Decimal(86400)),
    # A year is no fixed number of seconds: it is compared with years only.
    "year": ("years", Decimal(1)),
    "%": ("fraction", Decimal(1)),
    "multiple_of_median": ("multiple of median", Decimal(1)),
    "mmHg": ("pressure", Decimal(1)),
    "celsius": ("temperature", Decimal(1)),
    "Gy": ("radiation dose", Decimal(1)),
    "cGy": ("radiation dose", Decimal("1e-2")),
}


@cache
def factor(unit: str) -> tuple[str, Decimal] | None:
    """(dimension, factor to its own unit) of a POP spelling; None for a unit that the gateway never writes."""
    dimensions: list[str] = []
    total = Decimal(1)
    for number, part in enumerate(unit.split("__")):
        if part not in BASE:
            return None
        dimension, single = BASE[part]
        dimensions.append(dimension)
        total = total * single if number == 0 else total / single
    return "/".join(dimensions), total


def in_base(value: float, unit: str) -> tuple[str, Decimal] | None:
    """(dimension, value in the dimension's own unit), or None for a unit that the gateway never writes."""
    found = factor(unit)
    return None if found is None else (found[0], Decimal(repr(float(value))) * found[1])


#: Fields that read back in another unit than the default that POP's document states for them (observed).
_READ_IN = {("TumorMarker", "massConcentration"): "ng__ml"}


def sent_unit(kind: str, field: str) -> str:
    """The unit in which a field is sent: the one that POP reads it back in, so that it converts nothing on the way out."""
    return _READ_IN.get((kind, field)) or KINDS[kind].measures[field][1]
