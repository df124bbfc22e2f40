"""Numbers and days that lie outside what their scale, or a human life, allows. POP's own document states no bound, and its
database hardly any (shared notes *Writing*: ECOG 6, a weight of −70 kg and an allele frequency of 31 are stored).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

from adapters.pop.guard.violation import Violation
from adapters.pop.kinds import JsonObject, Kind


class Range(NamedTuple):
    """From ``low`` (excluded if ``above``) to ``high``, both of the field's unit."""

    low: float
    high: float
    above: bool = False


#: Columns of POP's database: a larger integer is a 500 (observed for both sizes).
SMALL, INTEGER = 2**15 - 1, 2**31 - 1
#: Beyond any quantity in medicine; POP stores a number that its own conversion makes infinite, and then answers what is no JSON.
LARGEST = 1e15
#: The longest life that is documented is 122 years. Poison: a case whose age is negative or beyond 150 makes every anonymised
#: list with it a 500, and so does a day in the year 1, or a period that ends at the end of the year 9999.
LONGEST_LIFE = 130
#: A day may be ahead of UTC's by the time zones east of it.
ZONES = dt.timedelta(days=1)

#: Where the scale is a published one: ECOG-ACRIN 0–5; Karnofsky 0–100 in tens (``TENS``); CTCAE v5 grades 1–5 (0 is no event);
#: chromosome arms 0–39. Vitals: wider than any that was survived or measured.
RANGES: dict[tuple[str, str], Range] = {
    ("PerformanceStatus", "ecogScore"): Range(0, 5),
    ("PerformanceStatus", "karnofskyScore"): Range(0, 100),
    ("AdverseEvent", "grade"): Range(1, 5),
    ("SystemicTherapy", "cycles"): Range(1, 10_000),
    ("Radiotherapy", "sessions"): Range(1, 10_000),
    ("RadiotherapyDosage", "fractions"): Range(1, 10_000),
    ("RadiotherapyDosage", "dose"): Range(0, 1_000),
    ("TherapyLine", "ordinal"): Range(1, 50),
    ("GenomicVariant", "alleleFrequency"): Range(0, 1),
    ("GenomicVariant", "alleleDepth"): Range(0, INTEGER),
    ("GenomicVariant", "copyNumber"): Range(0, SMALL),
    ("FamilyHistory", "onsetAge"): Range(0, LONGEST_LIFE),
    ("LossOfHeterozygosity", "value"): Range(0, 100),
    ("TumorMutationalBurden", "value"): Range(0, LARGEST),
    ("TumorNeoantigenBurden", "value"): Range(0, LARGEST),
    ("HomologousRecombinationDeficiency", "value"): Range(0, LARGEST),
    ("AneuploidScore", "value"): Range(0, 39),
    ("Lifestyle", "smokingPackyears"): Range(0, 1_000),
    ("Lifestyle", "nightSleep"): Range(0, 24),
    ("Lifestyle", "smokingQuited"): Range(0, LONGEST_LIFE),
    # Poison: with a height of 0 the body mass index cannot be computed, and every list with these vitals fails.
    ("Vitals", "height"): Range(0.1, 3),
    ("Vitals", "weight"): Range(0, 700, above=True),
    ("Vitals", "bloodPressureSystolic"): Range(0, 500, above=True),
    ("Vitals", "bloodPressureDiastolic"): Range(0, 500),
    ("Vitals", "temperature"): Range(10, 50),
    ("BreslowDepth", "depth"): Range(0, 1_000),
    ("TumorMarker", "fraction"): Range(0, 100),
    ("TumorMarker", "combinedPositiveScore"): Range(0, 100),
}
TENS = frozenset({("PerformanceStatus", "karnofskyScore")})


def out_of_range(kind: Kind, body: JsonObject, today: dt.date) -> list[Violation]:
    """Violations of the ranges, for a body of the right shape."""
    return [*_numbers(kind, body), *_days(kind, body, today)]


def _numbers(kind: Kind, body: JsonObject) -> Iterator[Violation]:
    for field, value in body.items():
        measured = field in kind.measures and value is not None
        number = value["value"] if measured else value
        if isinstance(number, bool) or not isinstance(number, int | float):
            continue
        largest = LARGEST if measured or isinstance(number, float) else INTEGER
        bounds = RANGES.get((kind.name, field), Range(0 if measured else -largest, largest))
        path = f"{field}.value" if measured else field
        if not bounds.low <= number <= bounds.high or (bounds.above and number == bounds.low):
            yield Violation(path, f"must be {'above' if bounds.above else 'from'} {bounds.low:g} to {bounds.high:g}")
        elif (kind.name, field) in TENS and number % 10:
            yield Violation(path, "goes in steps of ten")


def _days(kind: Kind, body: JsonObject, today: dt.date) -> Iterator[Violation]:
    earliest = today.replace(year=today.year - LONGEST_LIFE, day=1)
    found: dict[str, Any] = {field: body.get(field) for field in kind.dates}
    if (period := body.get("period")) is not None:
        found |= {"period.start": period.get("start"), "period.end": period.get("end")}
    for field, text in found.items():
        if text is None:
            continue
        day = dt.date.fromisoformat(text)
        if day > today + ZONES:
            yield Violation(field, "must not lie in the future")
        elif day < earliest:
            yield Violation(field, f"must not lie more than {LONGEST_LIFE} years back")
