"""Numbers as people type them into a result: ``4,2 ng/ml``, ``< 0.01``, ``5.4 (H)``, ``1.234,5 U/ml``, ``90-100 %``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from mappers.units import decimal_of

_COMPARATORS = {
    "<": "<", "≤": "<=", "<=": "<=", "=<": "<=", ">": ">", "≥": ">=", ">=": ">=", "=>": ">=",
    "less than": "<", "below": "<", "unter": "<", "kleiner": "<", "kleiner als": "<", "weniger als": "<",
    "more than": ">", "greater than": ">", "above": ">", "over": ">", "über": ">", "größer": ">", "größer als": ">",
    "mehr als": ">",     "at least": ">=", "mindestens": ">=", "up to": "<=", "bis": "<=", "höchstens": "<=",
}  # fmt: skip
_ABOUT = r"(?:ca\.?|circa|about|approximately|approx\.?|etwa|~|≈)"
_WORDS = "|".join(sorted((re.escape(each) for each in _COMPARATORS), key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
#: High and low flags of a laboratory, before or after the number.
_FLAGS = re.compile(r"^(?:HH?|LL?)\s+|\s*(?:\((?:HH?|LL?|N|\+|-|!)\)|\s(?:HH?|LL?)|[*↑↓!]+)$")
_TYPED = re.compile(
    rf"(?:(?P<about>{_ABOUT})\s*)?(?P<comparator>{_WORDS})?\s*(?P<low>{_NUMBER})"
    rf"(?:\s*(?P<unit1>%)?\s*(?:-|–|bis|to)\s*(?P<high>{_NUMBER}))?\s*(?P<unit>[^\d\s(][^()]*(?:\([^()]*\))?)?",
    re.I,
)
_GROUPED = re.compile(r"\d{1,3}(?:(?P<mark>[.,' ])\d{3})(?:(?P=mark)\d{3})*(?P<rest>[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Typed:
    """A number as typed: ``high`` if it is a range; ``low`` None if the digits can be read in two ways (``1,234``)."""

    low: Decimal | None
    high: Decimal | None = None
    comparator: str | None = None
    unit: str = ""
    about: bool = False


def read_number(text: str) -> Typed | None:
    """The text as a number with its unit; None if it is none."""
    match = _TYPED.fullmatch(_FLAGS.sub("", " ".join(text.split())))
    if match is None:
        return None
    comparator = match["comparator"]
    return Typed(
        decimal_typed(match["low"]),
        decimal_typed(match["high"]) if match["high"] else None,
        comparator_of(comparator or ""),
        (match["unit"] or match["unit1"] or "").strip(),
        match["about"] is not None,
    )


def decimal_typed(digits: str) -> Decimal | None:
    """The value of digits with separators; None if a comma may be one of thousands or of decimals (``1,234``).

    A point before three digits is a decimal point unless another separator follows it, as in ``1.234,5``.
    """
    grouped = _GROUPED.fullmatch(digits)
    if grouped is not None:
        mark, rest = grouped["mark"], grouped["rest"] or ""
        several = digits.count(mark) > (1 if not rest else 0)
        if mark in "' " or (rest and rest[0] != mark) or several:
            whole = digits[: len(digits) - len(rest)].replace(mark, "")
            return decimal_of(whole + rest.replace(",", "."))
        if mark == "," and not digits.startswith("0,"):
            return None
    return decimal_of(digits.replace(",", "."))


def comparator_of(text: str) -> str | None:
    """A comparator's FHIR spelling; None if it is none."""
    return _COMPARATORS.get(text.strip().lower())
