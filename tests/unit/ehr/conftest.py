"""Tries follow each other at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina


@pytest.fixture(autouse=True)
def _tries_at_once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4, cap=True):
        yield
