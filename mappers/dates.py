"""FHIR dates (R4 §2.24.0.1 date, dateTime, instant) as days of the institution, with their precision kept.

A date without a time is never shifted. An instant is the day in the source's zone: 00:20 UTC on the 25th is the 25th in
Berlin and the 24th in Boston. Where the zone is not configured, it is the day as written: a sender who writes an offset of its own
(``23:40-05:00``) writes its own wall clock.

POP takes full days only (422 otherwise), so a partial date is completed to its middle: the 15th of a known month, the 1st of July
of a known year (the convention of cancer registries, ENCR *Recommendations for coding incidence date*); the mapper records that as
an assumption.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Precision = Literal["day", "month", "year"]

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z|z|[+-]\d\d:?\d\d)?)?)?)?"
)


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """A day, and how much of it the source stated."""

    date: dt.date
    """The day itself, or the middle of the month or year."""
    precision: Precision = "day"

    @property
    def iso(self) -> str:
        """``YYYY-MM-DD``, POP's only spelling."""
        return self.date.isoformat()

    @property
    def exact(self) -> bool:
        """True if the source stated the day."""
        return self.precision == "day"

    @property
    def earliest(self) -> dt.date:
        """The first day that the source's statement allows."""
        if self.precision == "year":
            return self.date.replace(month=1, day=1)
        return self.date.replace(day=1) if self.precision == "month" else self.date

    @property
    def latest(self) -> dt.date:
        """The last day that the source's statement allows."""
        if self.precision == "year":
            return self.date.replace(month=12, day=31)
        if self.precision == "month":
            return self.date.replace(day=calendar.monthrange(self.date.year, self.date.month)[1])
        return self.date


def parse_day(value: Any, zone: str = "") -> Day | None:
    """The day of a FHIR date, dateTime or instant in an IANA zone (empty: as written); None for anything else. Raises nothing."""
    return _parse_day(value.strip(), zone) if isinstance(value, str) else None


@lru_cache(maxsize=65_536)
def _parse_day(text: str, zone: str) -> Day | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, offset = match.groups()
    try:
        if month is None:
            return Day(dt.date(int(year), 7, 1), "year")
        if day is None:
            return Day(dt.date(int(year), int(month), 15), "month")
        date = dt.date(int(year), int(month), int(day))
        if hour is None or offset is None:
            # Without an offset (against R4, but sent) the wall clock is the institution's own.
            return Day(date) if hour is None or (int(hour) <= 24 and int(minute) < 60) else None
        # Leap seconds are legal in an instant and unknown to datetime; 24:00 is not legal (R4 §2.24.0.1).
        moment = dt.datetime(
            date.year, date.month, date.day, int(hour), int(minute), min(int(second or 0), 59), tzinfo=_offset(offset)
        )
        return Day(moment.astimezone(zone_of(zone)).date() if zone else date)
    except (ValueError, OverflowError):
        return None


def _offset(text: str) -> dt.timezone:
    if text in "Zz":
        return dt.timezone.utc  # noqa: UP017 (a timezone, not a tzinfo)
    digits = text[1:].replace(":", "")
    delta = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-delta if text[0] == "-" else delta)


@lru_cache(maxsize=64)
def zone_of(name: str) -> dt.tzinfo:
    """An IANA zone; UTC if the name is unknown (the configuration refuses such names at start)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return dt.UTC


def within(start: Day, end: Day) -> tuple[Day, Day] | None:
    """A period whose partial bounds are completed so that it does not end before it starts; None if it must."""
    if start.date <= end.date:
        return start, end
    if start.earliest > end.latest:
        return None
    return Day(start.earliest, start.precision), Day(max(end.date, start.earliest), end.precision)
