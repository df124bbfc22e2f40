"""How many requests POP takes at once at its best: a delay-based limit that finds out, as TCP Vegas does.

The idea (Brakmo and Peterson, «TCP Vegas», IEEE JSAC 13(8), 1995; for requests instead of packets: Netflix's
*concurrency-limits*, ``VegasLimit``): what an answer takes longer than it would on an idle server is time spent in a queue. With
``limit`` requests in flight, ``limit · (1 - unloaded / measured)`` of them are queued. Fewer than ``ALPHA`` queued: the server
can take more; more than ``BETA``: the limit only makes the queue longer. Overload (429, 503, time-outs, answers ten times
slower than unloaded) halves it (multiplicative decrease, RFC 5681 §3.1).

Requests differ (a therapy takes POP three times as long as a marker), so the unloaded time is kept by kind of request and a
window compares sums. It is measured anew at low concurrency every few minutes, because under constant load nobody ever sees the
idle server (ProbeRTT of BBR, Cardwell et al., ACM Queue 14(5), 2016).
"""

from __future__ import annotations

#: Requests that are to be queued at POP, at least and at most (Vegas' α and β).
ALPHA, BETA = 2.0, 4.0
#: Answers this many times slower than on an idle server are overload, whoever causes it.
OVERLOAD = 10.0
#: Answers this much faster than on what was taken for an idle server: it was a slow one, and has to be looked at again.
RECOVERED = 0.5
#: Answers that one decision looks at, at least; and twice the limit.
WINDOW = 8
#: Seconds between two looks at the idle server; the limit and the number of answers of one; and what a look counts beside what
#: was known: single answers vary.
PROBE_EVERY, PROBE_LIMIT, PROBE_WINDOW, PROBE_WEIGHT = 300.0, 2, 24, 0.5
START = 2


class Vegas:
    """The limit, from answers. It holds no clock and does no I/O; ``now`` is in seconds of any monotonic clock."""

    def __init__(self, *, now: float = 0.0) -> None:
        self._estimate = float(START)
        self._unloaded: dict[str, float] = {}
        self._window: dict[str, tuple[float, int]] = {}
        self._full = False
        self._slow_start = True
        self._probing = True
        self._probe_at = now + PROBE_EVERY
        self._applied = START
        self.epoch = 0
        """Changes with the limit: an answer to a request that was sent under another one tells nothing of this one."""

    @property
    def limit(self) -> int:
        """Requests that may be in flight; at least 1."""
        return min(PROBE_LIMIT, int(self._estimate)) if self._probing else int(self._estimate)

    def answered(self, kind: str, seconds: float, *, epoch: int, in_flight: int, ceiling: int, now: float) -> None:
        """A good answer to a request of ``kind``, sent in ``epoch`` while ``in_flight`` were (itself included)."""
        if epoch != self.epoch:
            return
        total, count = self._window.get(kind, (0.0, 0))
        self._window[kind] = (total + seconds, count + 1)
        limit = min(self.limit, ceiling)
        self._full = self._full or in_flight >= limit
        if sum(count for _, count in self._window.values()) >= (
            PROBE_WINDOW if self._probing else max(WINDOW, 2 * limit)
        ):
            self._decide(limit, ceiling, now)

    def overloaded(self, *, epoch: int) -> None:
        """POP is overloaded or away: half as many, once for all requests that were in flight together."""
        if epoch == self.epoch:
            self._slow_start = False
            self._set(self._estimate / 2)

    def _decide(self, limit: int, ceiling: int, now: float) -> None:
        load = self._load()
        if load < RECOVERED and not self._probing:
            self._probe_at = now
        load = max(1.0, load)
        self._learn(load, anew=self._probing or limit == 1)
        self._set(self._next(limit, ceiling, load, now))

    def _next(self, limit: int, ceiling: int, load: float, now: float) -> float:
        queued = limit * (1 - 1 / load)
        self._slow_start = self._slow_start and queued < ALPHA / 2
        probed, self._probing = self._probing, False
        if probed:
            self._probe_at = now + PROBE_EVERY
            if limit < int(self._estimate):
                return self._estimate
        elif load > OVERLOAD:
            return self._estimate / 2
        elif now >= self._probe_at:
            self._probing = True
            return self._estimate
        if queued > BETA:
            return limit - 1
        if queued < ALPHA and self._full:
            return min(limit * 2 if self._slow_start else limit + 1, ceiling)
        return self._estimate

    def _load(self) -> float:
        """How many times longer than on an idle server this window's answers took, by the kinds whose unloaded time is known."""
        known = {kind: sums for kind, sums in self._window.items() if kind in self._unloaded}
        unloaded = sum(self._unloaded[kind] * count for kind, (_, count) in known.items())
        measured = sum(total for total, _ in known.values())
        return measured / unloaded if unloaded else 1.0

    def _learn(self, load: float, *, anew: bool) -> None:
        for kind, (total, count) in self._window.items():
            mean, known = total / count, self._unloaded.get(kind)
            if known is None:
                # First seen under load: what it would take without is estimated by how loaded POP is for the others.
                self._unloaded[kind] = mean / load
            elif anew:
                weight = PROBE_WEIGHT if mean > known * RECOVERED else 1.0
                self._unloaded[kind] = known + weight * (mean - known)

    def _set(self, estimate: float) -> None:
        self._estimate = max(1.0, estimate)
        if self.limit != self._applied:
            self.epoch += 1
            self._applied = self.limit
        self._window = {}
        self._full = False
