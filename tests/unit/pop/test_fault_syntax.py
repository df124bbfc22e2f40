"""The syntax of the sandbox's faults and latencies, and the server that a latency makes."""

from __future__ import annotations

import asyncio
import re
import statistics
from pathlib import Path

import pytest

from adapters.sandbox.pop import faultsyntax, pace
from adapters.sandbox.pop.faults import ACTIONS, Fault, Faults

MANUAL = Path(__file__).parents[3] / "docs/sandbox.md"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status=503,path=tumor-markers,times=3", Fault("status", status=503, path="tumor-markers", times=3)),
        ("status=429, retry-after=7s ,method=post", Fault("status", status=429, retry_after=7, method="POST")),
        ("delay=250ms,sigma=0.8,times=forever", Fault("delay", seconds=0.25, sigma=0.8, times=None)),
        ("cut-after,probability=0.1", Fault("cut-after", probability=0.1)),
        ("maintenance=5min", Fault("maintenance", seconds=300)),
        ("missing=Gene/HGNC:3236", Fault("missing", name="Gene/HGNC:3236")),
        ("withdraw=gateway,level=1", Fault("withdraw", name="gateway", level=1)),
    ],
)  # fmt: skip
def test_a_fault_is_read(text: str, expected: Fault) -> None:
    assert faultsyntax.fault(text) == expected


@pytest.mark.parametrize(
    ("text", "what_is_right"),
    [
        ("503", "«503» is no fault; there are cut-after, cut-before, delay"),
        ("status", "needs a value, e.g. status=503"),
        ("withdraw", "needs a value, e.g. withdraw=gateway"),
        ("expire=5", "takes no value of its own"),
        ("status=503,after=3", "«after» is no condition; there are method, path, times"),
        ("status=503,times", "needs a value: times="),
        ("status=503,times=often", "whole number or forever"),
        ("status=200", "400 to 599"),
        ("delay=250", "written 250ms, 2s or 5min"),
        ("expire,probability=1.5", "between 0 and 1"),
        ("withdraw=gateway,level=5", "between 0 and 4"),
        ("delay=1s,sigma=nan", "sigma cannot be"),
    ],
)  # fmt: skip
def test_a_wrong_fault_tells_what_would_be_right(text: str, what_is_right: str) -> None:
    with pytest.raises(ValueError, match=re.escape(what_is_right)):
        faultsyntax.fault(text)


@pytest.mark.parametrize("text", ["fast", "33", "33ms,queue=2", "33ms,workers=0", "33ms,sigma", "33ms,cores=0"])
def test_a_wrong_latency_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"latency|time"):
        faultsyntax.latency(text)


def test_every_fault_and_latency_in_the_manual_is_right() -> None:
    quoted = re.findall(r"`([^`]+)`", MANUAL.read_text(encoding="utf-8"))
    written = [
        text
        for text in quoted
        if re.split("[=,]", text)[0] in ACTIONS and text not in ("status", "missing", "withdraw")
    ]
    assert {faultsyntax.fault(text).action for text in written} == ACTIONS
    latencies = [text for text in quoted if re.match(r"\d+ms,", text)]
    assert [faultsyntax.latency(text) is not None for text in latencies] == [True]


def test_delays_have_a_median_and_a_tail() -> None:
    faults = Faults()
    drawn = sorted(faults.seconds(Fault("delay", seconds=0.2, sigma=0.8)) for _ in range(4000))
    assert statistics.median(drawn) == pytest.approx(0.2, rel=0.05)
    assert drawn[int(len(drawn) * 0.99)] == pytest.approx(0.2 * 2.718 ** (2.326 * 0.8), rel=0.2)


def test_a_probability_is_met_and_reproducible() -> None:
    def met() -> list[bool]:
        faults = Faults([Fault("status", probability=0.1, times=None)])
        return [faults.take("GET", "/") is not None for _ in range(2000)]

    assert 150 < sum(met()) < 250
    assert met() == met()


@pytest.mark.parametrize(
    ("concurrency", "rate", "p50"), [(1, (28, 38), (0.028, 0.036)), (4, (50, 62), None), (16, (50, 62), (0.25, 0.34))]
)
async def test_the_real_latency_is_the_measured_one(
    concurrency: int, rate: tuple[float, float], p50: tuple[float, float] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    server, times = pace.real(), []

    async def client() -> None:
        for _ in range(40):
            started = clock.now()
            await server.wait()
            times.append(clock.now() - started)

    begun = clock.now()
    await clock.run(*(client() for _ in range(concurrency)))
    assert rate[0] <= len(times) / (clock.now() - begun) <= rate[1]
    if p50 is not None:
        assert p50[0] <= statistics.median(times) <= p50[1]


class Clock:
    """The event loop's own time, hurried on: whoever sleeps wakes as soon as nobody else can run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._loop = asyncio.get_running_loop()
        self._ahead = 0.0
        real = self._loop.time
        monkeypatch.setattr(self._loop, "time", lambda: real() + self._ahead)

    def now(self) -> float:
        return self._loop.time()

    async def run(self, *work: object) -> None:
        gathered = asyncio.gather(*work)  # type: ignore[call-overload]
        while not gathered.done():
            await asyncio.sleep(0)
            if self._loop._scheduled and not self._loop._ready:  # type: ignore[attr-defined]
                self._ahead += max(0.0, self._loop._scheduled[0].when() - self.now())  # type: ignore[attr-defined]
        await gathered
