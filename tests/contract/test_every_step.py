"""Every step of every transcript, in order, compared with what was recorded."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from contract.replaying import Replay, names
from contract.table import Findings
from contract.target import Target


@pytest.mark.parametrize("name", names() or ["absent"])
async def test_replay(name: str, shared: Path, target: Target, findings: Callable[[str, str], Findings]) -> None:
    steps, rules = findings("steps", name), findings("rules", name)
    await Replay(name, target, steps, rules, poison=os.environ.get("POP_POISON") == "1").run()
    steps.conclude()
    rules.conclude()
