"""Running tests against a mutant: a child of this process imports the mappers with the one change in them.

The parent imports the heavy libraries once and never the mappers or the tests; each child is forked from it, so a mutant costs the
tests it needs and little more.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from mutation.mutants import TOP, Mutant, mutated, source_of

#: Test modules of whole patients, the quick ones first.
_WHOLE = ("test_fixture_drafts.py", "test_adjudicated.py", "test_published_examples.py")
_ARGUMENTS = [
    "-x",
    "-q",
    "-p",
    "no:randomly",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--no-header",
    "--no-summary",
]


def warm() -> None:
    """Import what every child needs and no mutant changes."""
    for name in ("fhir.resources.R4B.observation", "pydantic", "sqlalchemy.ext.asyncio", "rich.console", "typer"):
        importlib.import_module(name)
    assert not [name for name in sys.modules if name.partition(".")[0] == "mappers"], "the mappers are imported already"


@cache
def healthy(test: Path, *, seconds: float = 900) -> bool:
    """True if the tests of a module pass without any mutant: only then do they tell something about one."""
    return _forked(lambda: int(pytest.main([*_ARGUMENTS, str(test)])), seconds) == 0


def killed(mutant: Mutant, tests: Sequence[Path], *, seconds: float = 600) -> bool:
    """True if a test fails, or does not end: the suite notices the change."""

    def child() -> int:
        sys.meta_path.insert(0, _Finder(mutant))
        return int(pytest.main([*_ARGUMENTS, *map(str, tests)]))

    return _forked(child, seconds) != 0


def tests_for(mutant: Mutant) -> list[Path]:
    """Test modules that share a word with the module's name, then those of whole patients, which every rule serves."""
    words = _words(mutant.module.removeprefix("mappers."))
    folder = TOP / "tests" / "unit" / "mappers"
    own = [
        path
        for path in sorted(folder.glob("test_*.py"), key=_size)
        if words & _words(path.stem) and path.name not in _WHOLE
    ]
    whole = [
        path for name in _WHOLE for path in (folder / name, TOP / "tests" / "adjudicated" / name) if path.is_file()
    ]
    return [*own, *whole]


def _size(path: Path) -> tuple[int, Path]:
    return path.stat().st_size, path


def _words(name: str) -> set[str]:
    """Without endings: ``stagings`` and ``staging``, ``surgeries`` and ``surgery``, ``icd9`` and ``icd10`` are one word."""
    words = (word.rstrip("0123456789") for word in re.split(r"[._]", name.removeprefix("test_")))
    found = {re.sub("ies$", "y", word).rstrip("s") for word in words if len(word) > 2}
    return found - {"draft", "name", "value", "code", "part", "statement", "table", "text", "reading"}


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        assert spec is not None
        spec.loader = _Loader(self._mutant)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(source_of(mutant.module)))
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        return compile(mutated(self._mutant), self.path, "exec")


def _forked(work: Callable[[], int], seconds: float) -> int:
    """The exit code of work in a child that says nothing; -1 if it takes longer."""
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        code = 99
        try:
            with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), 1)
                os.dup2(nowhere.fileno(), 2)
                code = work()
        finally:
            os._exit(code)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -1
