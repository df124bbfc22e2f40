"""The stage of the fault tests: a sandbox POP as a process, and a clean run of the gateway to compare with."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
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


def _told(path: Path) -> str:
    """What a clean run that is not complete ended with."""
    with closing(sqlite3.connect(path)) as store:
        return "\n".join(
            str(store.execute(query).fetchall())
            for query in (
                "SELECT kind, state, error, message, COUNT(*) FROM ledger GROUP BY 1, 2, 3, 4",
                "SELECT kind, blocked, COUNT(*) FROM draft GROUP BY 1, 2",
                "SELECT code, kind, field, text, COUNT(*) FROM review WHERE state = 'open' GROUP BY 1, 2, 3, 4",
                "SELECT name, count FROM terminology",
                "SELECT state, waits_for, map_status, map_reason, COUNT(*) FROM resource GROUP BY 1, 2, 3, 4",
                "SELECT state, reason, counts FROM delivery",
            )
        )


@pytest.fixture
async def clean_content(pop: str, tmp_path: Path) -> list[str]:
    """What POP holds after one undisturbed import; the POP is empty again afterwards."""
    path = tmp_path / "clean.sqlite"
    await run_gateway(f"sqlite+aiosqlite:///{path}", pop)
    found = await read_content(pop)
    assert len(found) > 60, _told(path)
    await reset(pop)
    return found
