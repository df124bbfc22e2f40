"""What the sandbox is known to answer otherwise than the real POP: to be emptied. A real POP gets no such leave."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest
from contract.target import POP_URL

STEPS: frozenset[str] = frozenset()
RULES: frozenset[str] = frozenset()


def parametrized(names: Iterable[str], pending: Collection[str]) -> list[Any]:
    """Parameters, those that are pending marked; one that says so where the shared material is absent."""
    mark = pytest.mark.xfail(reason="the sandbox is known to differ", raises=pytest.fail.Exception, strict=False)
    marked = [pytest.param(name, marks=[mark] if name in pending and not POP_URL else []) for name in sorted(names)]
    return marked or [pytest.param("absent")]
