"""How long the lane to POP pauses after a fault."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pop.errors import PopError, PopForbidden, PopTransient, PopUnauthorised
from gateway.reconcile.lane import FIRST, LONGEST, REFUSED_FIRST, Lane, duration


@pytest.mark.parametrize("seconds", [0.5, 3.0, 1200.0])
def test_pop_s_own_retry_after_counts(seconds: float) -> None:
    assert duration(PopTransient("away", status=503, retry_after=seconds), 9) == seconds


@pytest.mark.parametrize(
    ("error", "first"),
    [
        (PopTransient("away"), FIRST),
        (PopUnauthorised("refused"), REFUSED_FIRST),
        (PopForbidden("refused"), REFUSED_FIRST),
    ],
)
def test_the_first_pause(error: PopError, first: float) -> None:
    assert first <= duration(error, 1) <= first * 1.25


@given(st.integers(min_value=1, max_value=10_000), st.sampled_from([PopTransient, PopForbidden]))
def test_it_doubles_up_to_the_longest_with_at_most_a_quarter_of_jitter(attempts: int, error: type[PopError]) -> None:
    first = FIRST if error is PopTransient else REFUSED_FIRST
    plain = min(first * 2 ** min(attempts - 1, 30), LONGEST)
    assert plain <= duration(error("refused"), attempts) <= plain * 1.25


def test_an_operator_s_pause_does_not_end_by_itself() -> None:
    paused = Lane(by_operator=True)
    assert not paused.open
    assert paused.wait == float("inf")


def test_a_fault_s_pause_ends_by_itself() -> None:
    assert Lane(paused_until=time.time() - 1).open
    assert Lane(paused_until=time.time() - 1).wait == 0.0
    later = Lane(paused_until=time.time() + 100)
    assert not later.open
    assert 0 < later.wait <= 100


def test_a_retry_after_of_nothing_makes_no_hot_loop() -> None:
    assert duration(PopTransient("away", status=429, retry_after=0.0), 3) >= 4
