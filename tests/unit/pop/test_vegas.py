"""The limit that finds what POP takes at its best, against simulated servers: no real time passes."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from adapters.pop.vegas import OVERLOAD, PROBE_EVERY, START, Vegas

#: Kinds of requests with their work in seconds: a therapy costs POP three times a marker.
KINDS = (("markers", 0.033), ("therapies", 0.1))


#: Kind, seconds, epoch, in flight, now.
Told = Callable[[str, float, int, int, float], None]


class Pop:
    """A server that shares ``workers`` processors among all requests in flight, in simulated time."""

    def __init__(self, workers: int, *, jitter: float = 0.3, slow: Callable[[float], float] = lambda _: 1.0) -> None:
        self.workers, self.jitter, self.slow = workers, jitter, slow
        self.random = random.Random(7)

    def throughput(self, seconds: float, limit: Callable[[], int], told: Told, epoch: Callable[[], int]) -> float:
        """Requests per second with as many in flight as ``limit`` allows."""
        now, done = 0.0, 0
        jobs: list[tuple[float, str, int, float]] = []
        while now < seconds:
            while len(jobs) < limit():
                kind, work = self.random.choice(KINDS)
                jobs.append((work * self.random.lognormvariate(0, self.jitter), kind, epoch(), now))
            speed = min(1.0, self.workers / len(jobs)) / self.slow(now)
            first = min(jobs)
            now += first[0] / speed
            jobs.remove(first)
            told(first[1], now - first[3], first[2], len(jobs) + 1, now)
            jobs = [(left - first[0], *rest) for left, *rest in jobs]  # type: ignore[misc]
            done += 1
        return done / now

    def fixed(self, seconds: float, limit: int) -> float:
        return self.throughput(seconds, lambda: limit, lambda *_: None, lambda: 0)

    def adaptive(self, seconds: float, ceiling: int = 64) -> tuple[float, list[tuple[float, int]]]:
        vegas = Vegas()
        limits: list[tuple[float, int]] = []

        def told(kind: str, took: float, epoch: int, in_flight: int, now: float) -> None:
            vegas.answered(kind, took, epoch=epoch, in_flight=in_flight, ceiling=ceiling, now=now)
            limits.append((now, min(vegas.limit, ceiling)))

        rate = self.throughput(seconds, lambda: min(vegas.limit, ceiling), told, lambda: vegas.epoch)
        return rate, limits


@pytest.mark.parametrize("workers", [1, 2, 4, 8])
@pytest.mark.parametrize("jitter", [0.0, 0.4])
def test_it_reaches_what_the_best_fixed_limit_reaches(workers: int, jitter: float) -> None:
    pop = Pop(workers, jitter=jitter)
    best = max(pop.fixed(60, limit) for limit in (1, 2, 4, 8, 16, 32))
    reached, limits = pop.adaptive(120)
    assert reached >= 0.95 * best
    # And without a long queue: a request more than POP works on only waits.
    assert limits[-1][1] <= workers + 8


def test_it_backs_off_when_latency_grows_and_comes_back() -> None:
    pop = Pop(16, slow=lambda now: 8.0 if 60 < now < 120 else 1.0)
    _, limits = pop.adaptive(200)
    before = [limit for now, limit in limits if 50 < now < 60]
    slow = [limit for now, limit in limits if 90 < now < 120]
    after = [limit for now, limit in limits if now > 180]
    assert max(slow) < min(before) / 2
    assert min(after) > 2 * max(slow)


def test_a_pop_that_was_very_slow_is_measured_anew_when_it_is_fast_again() -> None:
    pop = Pop(4, slow=lambda now: 30.0 if 60 < now < 160 else 1.0)
    _, limits = pop.adaptive(240)
    before = [limit for now, limit in limits if 50 < now < 60]
    assert min(limit for now, limit in limits if 60 < now < 160) == 1
    after = [limit for now, limit in limits if now > 200]
    assert max(after) <= max(before) + 3
    assert min(after) >= min(before) - 3


def test_the_ceiling_is_hard_and_one_is_the_least() -> None:
    _, limits = Pop(16).adaptive(30, ceiling=3)
    assert max(limit for _, limit in limits) == 3
    vegas = Vegas()
    for _ in range(20):
        vegas.overloaded(epoch=vegas.epoch)
    assert vegas.limit == 1


def test_requests_that_were_in_flight_together_halve_it_once() -> None:
    vegas = Vegas()
    Pop(8).throughput(
        30,
        lambda: vegas.limit,
        lambda kind, took, epoch, flying, now: vegas.answered(
            kind, took, epoch=epoch, in_flight=flying, ceiling=64, now=now
        ),
        lambda: vegas.epoch,
    )
    limit, epoch = vegas.limit, vegas.epoch
    for _ in range(limit):
        vegas.overloaded(epoch=epoch)
    assert vegas.limit == limit // 2


def test_a_limit_that_is_not_used_does_not_grow() -> None:
    vegas = Vegas()
    for step in range(1000):
        vegas.answered("x", 0.03, epoch=vegas.epoch, in_flight=1, ceiling=64, now=step * 0.1)
    assert vegas.limit == START


def test_answers_far_slower_than_unloaded_are_overload() -> None:
    vegas = Vegas()
    now, limits = 0.0, []
    for took in [0.03] * 1000 + [0.03 * OVERLOAD * 2] * 400:
        now += took
        vegas.answered("x", took, epoch=vegas.epoch, in_flight=64, ceiling=64, now=now)
        limits.append(vegas.limit)
    assert limits[999] > 20
    assert 1 in limits[1000:]
    # Alone in POP, a request shows what an answer takes now: that is the measure from here on.
    assert limits[-1] > 1


def test_the_idle_server_is_looked_at_every_few_minutes() -> None:
    _, limits = Pop(2).adaptive(2.5 * PROBE_EVERY)
    drops = [now for (_, one), (now, two) in pairwise(limits) if one > 3 and two <= START]
    assert len(drops) == 2
