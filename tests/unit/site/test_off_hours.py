"""How much the gateway may ask of POP at which time of the institution's day."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from gateway.config import OffHoursSettings, PopSettings

BERLIN = ZoneInfo("Europe/Berlin")


def pop(**off: object) -> PopSettings:
    return PopSettings.model_validate(
        {"concurrency": 4, "off_hours": {"concurrency": 16, "timezone": "Europe/Berlin"} | off}
    )


@pytest.mark.parametrize(
    ("day", "hour", "ceiling"),
    [(24, 12, 4), (24, 19, 4), (24, 20, 16), (24, 23, 16), (24, 5, 16), (24, 6, 4), (28, 12, 16), (29, 12, 16)],
)
def test_at_night_and_at_weekends_by_the_clock_of_the_institution(day: int, hour: int, ceiling: int) -> None:
    instant = dt.datetime(2026, 11, day, hour, tzinfo=BERLIN)
    assert pop().ceiling(instant) == pop().ceiling(instant.astimezone(dt.UTC)) == ceiling


def test_a_window_within_a_day_and_working_weekends() -> None:
    lunch = pop(begin="12:00", end="13:00", weekends=False)
    assert lunch.ceiling(dt.datetime(2026, 11, 28, 12, 59, tzinfo=BERLIN)) == 16
    assert lunch.ceiling(dt.datetime(2026, 11, 28, 13, 0, tzinfo=BERLIN)) == 4


def test_without_off_hours_the_ceiling_is_one_and_the_highest_is_known() -> None:
    plain = PopSettings(concurrency=4)
    assert plain.ceiling(dt.datetime(2026, 11, 28, 3, tzinfo=dt.UTC)) == plain.highest_ceiling == 4
    assert pop().highest_ceiling == 16


def test_an_unknown_zone_and_a_key_without_its_certificate_are_refused() -> None:
    with pytest.raises(ValidationError, match="IANA"):
        OffHoursSettings(timezone="Berlin")
    with pytest.raises(ValidationError, match="client_cert"):
        PopSettings.model_validate({"client_key": "key.pem"})
