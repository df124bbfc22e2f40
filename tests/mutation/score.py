"""``make mutation``: how many of a sample of wrong rules the tests notice. Options: ``python -m mutation.score --help``."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutation.mutants import TOP, Mutant, modules, sample
from mutation.running import Calls, calls, killed, test_modules, tests_for, warm

SUITE = (TOP / "tests" / "unit" / "mappers", TOP / "tests" / "unit" / "mapping", TOP / "tests" / "adjudicated")
#: They find nothing that the others do not, and take long.
LEFT_OUT = frozenset({"test_properties.py", "test_documentation.py", "test_published_examples.py", "test_mutation.py"})


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
        known = _calls(pool)
        names = [name for name in modules() if not chosen.module or name in chosen.module]
        tried = list(pool.map(lambda mutant: _try(mutant, known, end), sample(names, chosen.count, chosen.seed)))
    counts = Counter((mutant.module, state) for mutant, state in tried)
    for module in sorted({module for module, _ in counts}):
        print(f"{module:<44} {counts[module, 'killed']:>4} killed  {counts[module, 'survived']:>4} survived")
    for mutant, state in tried:
        if state in ("survived", "unreached"):
            print(f"{state}: line {mutant.line}  {mutant.name}")
    states = Counter(state for _, state in tried)
    done = len(tried) - states["not tried"]
    print(
        f"{states['killed']} of {done} mutants killed ({states['killed'] / max(done, 1):.0%}); not tried: {states['not tried']}"
    )


def _calls(pool: ThreadPoolExecutor) -> dict[Path, Calls]:
    tests = [test for test in test_modules(SUITE) if test.name not in LEFT_OUT]
    found: dict[Path, Calls] = {}
    for test, called in zip(tests, pool.map(_called, tests), strict=True):
        if called is None:
            print(f"left out, since it fails by itself: {test.relative_to(TOP)}")
        else:
            found[test] = called
    return found


def _called(test: Path) -> Calls | None:
    try:
        return calls(test)
    except AssertionError:
        return None


def _try(mutant: Mutant, known: dict[Path, Calls], end: float) -> tuple[Mutant, str]:
    if time.monotonic() > end:
        return mutant, "not tried"
    tests = tests_for(mutant, known)
    if not tests:
        return mutant, "unreached"
    # One after the other: the special ones kill most, and quickly.
    return mutant, "killed" if any(killed(mutant, [test]) for test in tests) else "survived"


if __name__ == "__main__":
    main()
