"""``make mutation``: how many of a sample of wrong rules the tests notice. Options: ``python -m mutation.score --help``."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from mutation.mutants import Mutant, modules, sample
from mutation.running import healthy, killed, tests_for, warm


def main() -> None:
    """Print the score per module and each survivor."""
    parser = argparse.ArgumentParser(description="Mutation score of the mapping rules.")
    parser.add_argument("--count", type=int, default=100, help="mutants to try")
    parser.add_argument("--minutes", type=float, default=30, help="stop after this time, with what was tried by then")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", default="", help="another sample")
    parser.add_argument("--module", action="append", help="only this module, e.g. mappers.vitals; repeatable")
    chosen = parser.parse_args()
    end = time.monotonic() + 60 * chosen.minutes
    warm()
    with ThreadPoolExecutor(chosen.jobs) as pool:
        names = [name for name in modules() if not chosen.module or name in chosen.module]
        tried: list[tuple[Mutant, str]] = []
        chosen_mutants = sample(names, chosen.count, chosen.seed)
        for mutant, state in pool.map(lambda each: _try(each, end), chosen_mutants):
            tried.append((mutant, state))
            if state == "survived":
                print(f"{state}: line {mutant.line}  {mutant.name}", flush=True)
    counts = Counter((mutant.module, state) for mutant, state in tried)
    for module in sorted({mutant.module for mutant, state in tried if state != "not tried"}):
        print(f"{module:<44} {counts[module, 'killed']:>4} killed  {counts[module, 'survived']:>4} survived")
    states = Counter(state for _, state in tried)
    done = len(tried) - states["not tried"]
    print(
        f"{states['killed']} of {done} mutants killed ({states['killed'] / max(done, 1):.0%}); not tried: {states['not tried']}"
    )


def _try(mutant: Mutant, end: float) -> tuple[Mutant, str]:
    if time.monotonic() > end:
        return mutant, "not tried"
    # One after the other: the special ones kill most, and quickly.
    return mutant, "killed" if any(
        healthy(test) and killed(mutant, [test]) for test in tests_for(mutant)
    ) else "survived"


if __name__ == "__main__":
    main()
