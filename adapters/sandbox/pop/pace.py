"""How fast the sandbox POP answers: workers with a queue before them, on few cores, as measured on the real one."""

from __future__ import annotations

import asyncio
import math
import random


class Pace:
    """``workers`` requests are served at a time, the others queue. A request alone takes ``median`` seconds (lognormal with
    ``sigma``); more than ``cores`` at a time slow each other down in proportion, so that the throughput has a ceiling
    of about ``cores / median`` per second. Reproducible: the draws are seeded."""

    def __init__(self, median: float, *, sigma: float = 0.0, workers: int = 4, cores: float = 1.8) -> None:
        if not (median >= 0 and workers >= 1 and cores > 0):
            raise ValueError("a latency needs at least one worker and some core")
        self.median = median
        self.sigma = sigma
        self.workers = workers
        self.cores = cores
        self.busy = 0
        self._free = asyncio.Semaphore(workers)
        self._random = random.Random(11)  # noqa: S311 - reproducible latencies, not secrets

    async def wait(self) -> None:
        """Wait as long as such a server takes, from the end of the queue to the answer."""
        async with self._free:
            self.busy += 1
            try:
                alone = self.median * math.exp(self._random.gauss(0, self.sigma))
                await asyncio.sleep(alone * max(1.0, self.busy / self.cores))
            finally:
                self.busy -= 1


def real() -> Pace:
    """The measured server (shared notes *Speed*: 2 cores, four single-threaded workers): 30 to 38 writes/s one at a time with a
    p50 of 33 ms, 50 to 62/s at concurrency 4 and above, p50 300 ms at 16. Its tail was not recorded: sigma is ours. Reads
    cost it as much as writes (asked in turn, 40 times each: smallest 113 ms for a GET, 115 for a POST, 99 for a PUT, 100 for
    a DELETE on a machine that was busy with other things)."""
    return Pace(0.032, sigma=0.25, workers=4, cores=1.8)
