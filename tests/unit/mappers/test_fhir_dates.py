from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappers.dates import Day, parse_day, within


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2024-03-31", "America/Los_Angeles", "2024-03-31"),
        ("2024-01-25T00:20:00Z", "UTC", "2024-01-25"),
        ("2024-01-25T00:20:00Z", "Europe/Berlin", "2024-01-25"),
        ("2024-01-25T00:20:00Z", "America/New_York", "2024-01-24"),
        ("2024-01-24T23:20:00Z", "Europe/Berlin", "2024-01-25"),
        ("2024-01-24T23:20:00.123+01:00", "UTC", "2024-01-24"),
        ("2016-12-31T23:59:60Z", "UTC", "2016-12-31"),
        ("2024-01-24T23:20:00", "Asia/Tokyo", "2024-01-24"),
        ("2024-01-24T23:20:00-05:00", "", "2024-01-24"),
        ("2024-01-25T00:10:00+02:00", "", "2024-01-25"),
        ("2024-01-25T00:20:00Z", "", "2024-01-25"),
        (" 2024-01-24 ", "UTC", "2024-01-24"),
        ("2024-05", "UTC", "2024-05-15"),
        ("2024", "UTC", "2024-07-01"),
    ],
)
def test_day_of_a_fhir_date(text: str, zone: str, day: str) -> None:
    found = parse_day(text, zone)
    assert found is not None
    assert found.iso == day


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "24.01.2024",
        "2024-02-30",
        "2024-13",
        "0000-01-01",
        "2024-1-1",
        "2024-01-01T25:00:00Z",
        None,
        2024,
        ["2024"],
    ],
)
def test_what_is_no_date(value: object) -> None:
    assert parse_day(value) is None


@given(st.dates(min_value=dt.date(1, 1, 1)), st.sampled_from(["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"]))
def test_a_date_is_never_shifted(date: dt.date, zone: str) -> None:
    assert parse_day(date.isoformat(), zone) == Day(date)


@given(st.datetimes(min_value=dt.datetime(1900, 1, 1), max_value=dt.datetime(2100, 1, 1)), st.integers(-14 * 4, 14 * 4))
def test_an_instant_is_one_day_whatever_its_offset(moment: dt.datetime, quarters: int) -> None:
    offset = dt.timezone(dt.timedelta(minutes=15 * quarters))
    utc = moment.replace(tzinfo=dt.UTC)
    found = parse_day(utc.astimezone(offset).isoformat(timespec="seconds"), "UTC")
    assert found == Day(moment.date())


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    found = parse_day(text, "Europe/Berlin")
    assert found is None or found.earliest <= found.date <= found.latest


@given(st.dates(), st.dates(), st.sampled_from(["day", "month", "year"]), st.sampled_from(["day", "month", "year"]))
def test_a_completed_period_never_ends_before_it_starts(first: dt.date, second: dt.date, one: str, two: str) -> None:
    length = {"day": 10, "month": 7, "year": 4}
    start, end = parse_day(first.isoformat()[: length[one]]), parse_day(second.isoformat()[: length[two]])
    if start is None or end is None:  # Years before 1 do not exist.
        return
    bounds = within(start, end)
    if bounds is None:
        assert start.earliest > end.latest
    else:
        assert bounds[0].date <= bounds[1].date
        assert start.earliest <= bounds[0].date <= start.latest
        assert end.earliest <= bounds[1].date <= end.latest


def test_what_a_partial_date_allows() -> None:
    def bounds(text: str) -> tuple[str, str]:
        day = parse_day(text)
        assert day is not None
        return day.earliest.isoformat(), day.latest.isoformat()

    assert bounds("2024-02") == ("2024-02-01", "2024-02-29")
    assert bounds("2024") == ("2024-01-01", "2024-12-31")
    assert bounds("2024-02-07") == ("2024-02-07", "2024-02-07")


def test_a_period_within_one_partial_date_keeps_its_middle() -> None:
    month = Day(dt.date(2024, 5, 15), "month")
    assert within(month, month) == (month, month)
