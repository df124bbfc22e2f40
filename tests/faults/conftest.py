"""The stage of the fault tests: a sandbox POP as a process, and a clean run of the gateway to compare with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pop_content import read_content
from stage_faults import FIXTURES, reset, run_gateway

from gateway.bench.stage import sandbox_pop


@pytest.fixture
def patients() -> Path:
    """The folder of invented patients."""
    return FIXTURES


@pytest.fixture
async def pop() -> AsyncIterator[str]:
    """The address of an empty sandbox POP in a process of its own."""
    async with sandbox_pop() as address:
        yield address


@pytest.fixture
async def clean_content(pop: str, tmp_path: Path) -> list[str]:
    """What POP holds after one undisturbed import; the POP is empty again afterwards."""
    await run_gateway(f"sqlite+aiosqlite:///{tmp_path / 'clean.sqlite'}", pop)
    found = await read_content(pop)
    assert len(found) > 60
    await reset(pop)
    return found
