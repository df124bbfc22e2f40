"""Running tests against a mutant: a child of this process imports the mappers with the one change in them.

The parent imports the heavy libraries once and never the mappers or the tests; each child is forked from it, so a mutant costs the
tests it needs and little more. Which test modules those are is found by running each once and noting which functions of the mappers
it calls.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from mutation.mutants import TOP, Mutant, mutated, source_of

#: Functions by (file below the checkout, first line).
Calls = frozenset[tuple[str, int]]
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


def killed(mutant: Mutant, tests: Sequence[Path], *, seconds: float = 600) -> bool:
    """True if a test fails, or does not end: the suite notices the change."""

    def child() -> int:
        sys.meta_path.insert(0, _Finder(mutant))
        return int(pytest.main([*_ARGUMENTS, *map(str, tests)]))

    return _forked(child, seconds) != 0


def calls(test: Path, *, seconds: float = 900) -> Calls:
    """The functions of the mappers that a test module calls. Raises AssertionError if its tests fail without any mutant."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:

        def child() -> int:
            seen: set[CodeType] = set()

            def note(frame: FrameType, event: str, argument: Any) -> None:
                seen.add(frame.f_code)  # the tracer of calls alone: lines are not asked for

            sys.settrace(note)
            code = int(pytest.main([*_ARGUMENTS, str(test)]))
            sys.settrace(None)
            folder = str(TOP / "mappers") + os.sep
            found = sorted(
                {(each.co_filename, each.co_firstlineno) for each in seen if each.co_filename.startswith(folder)}
            )
            Path(file.name).write_text(json.dumps(found), encoding="utf-8")
            return code

        code = _forked(child, seconds)
        assert code == 0, f"{test} fails without any mutant"
        return frozenset((str(Path(name).relative_to(TOP)), line) for name, line in json.load(file))


def tests_for(mutant: Mutant, known: dict[Path, Calls]) -> list[Path]:
    """Test modules that call the function (for a table: any of its module), the most special first."""
    file = str(source_of(mutant.module).relative_to(TOP))
    found = [
        test
        for test, called in known.items()
        if any(name == file and (not mutant.first or _within(line, mutant)) for name, line in called)
    ]
    return sorted(found, key=lambda test: (len(known[test]), test))


def _within(line: int, mutant: Mutant) -> bool:
    # A nested function or a comprehension begins below its function's first line, a decorated one above it.
    return mutant.first - 3 <= line <= mutant.line


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


def test_modules(folders: Iterable[Path]) -> list[Path]:
    """Test modules below these folders."""
    return sorted(path for folder in folders for path in folder.rglob("test_*.py"))
