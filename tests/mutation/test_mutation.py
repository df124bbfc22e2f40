"""Mutants are what they say, and the tests of the basic rules notice a sample of them; ``make mutation`` tries more."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from mutation.mutants import TOP, modules, mutants, mutated, sample

SOURCE = '''
"""What it does."""
TABLE: dict[str, str] = {"C50": "breast", "text": "a sentence of words"}


class Mapper:
    name = "mapper"

    def select(self, value: int) -> bool:
        """Whether."""
        return not (value > 3 and value != 5) or value in (1, True)
'''
#: Modules of basic rules, each with the test module that is about it.
BASIC = {
    "mappers.dates": "test_fhir_dates.py", "mappers.icd10": "test_icd10.py", "mappers.units": "test_ucum_units.py",
    "mappers.stagings.stage_tables": "test_stage_tables.py",
}  # fmt: skip


def test_every_rule_has_its_mutants() -> None:
    found = mutants("m", SOURCE)
    assert [(each.function, each.change) for each in found] == [
        ("", "'C50' misspelt"), ("", "'text' misspelt"), ("", "'breast' misspelt"),
        ("Mapper.select", "Or swapped"), ("Mapper.select", "not dropped"), ("Mapper.select", "And swapped"),
        ("Mapper.select", "Gt → GtE"), ("Mapper.select", "3 + 1"), ("Mapper.select", "NotEq → Eq"),
        ("Mapper.select", "5 + 1"), ("Mapper.select", "In → NotIn"), ("Mapper.select", "1 + 1"),
        ("Mapper.select", "True → False"),
    ]  # fmt: skip
    assert len({each.name for each in found}) == len(found)


def test_a_mutant_changes_one_thing() -> None:
    original = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in mutants("m", SOURCE):
        lines = ast.unparse(mutated(mutant, SOURCE)).splitlines()
        assert sum(one != two for one, two in zip(original, lines, strict=True)) == 1, mutant.name


def test_the_sample_does_not_change_by_itself() -> None:
    assert sample(list(BASIC), 5) == sample(list(BASIC), 5) != sample(list(BASIC), 5, "another")
    assert "mappers.protocol" not in modules()
    assert {"mappers.dates", "mappers.stagings.tnm"} <= set(modules())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tests_of_the_basic_rules_notice_wrong_rules() -> None:
    """In a process of its own: the mappers must not be imported before the mutant is."""
    code = (
        "from pathlib import Path\n"
        "from mutation.mutants import sample\n"
        "from mutation.running import killed, warm\n"
        "warm()\n"
        f"found = [(each.name, killed(each, [Path(test)])) for module, test in {_basic()!r}.items()\n"
        "         for each in sample([module], 2)]\n"
        "print([name for name, noticed in found if not noticed])\n"
        "assert sum(noticed for _, noticed in found) >= 0.75 * len(found)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=TOP, env=_environment(), capture_output=True, text=True, timeout=800
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _basic() -> dict[str, str]:
    return {module: str(TOP / "tests" / "unit" / "mappers" / test) for module, test in BASIC.items()}


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": f"{TOP / 'tests'}{os.pathsep}{TOP / 'tests' / 'faults'}"}
