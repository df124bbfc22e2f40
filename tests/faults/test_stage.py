"""The gateway processes of the fault tests run the packages of this checkout, whatever folders pytest has put on the path."""

from __future__ import annotations

import multiprocessing
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from stage_faults import PROCESSES


def _where(answers: multiprocessing.Queue[str]) -> None:
    answers.put(str(files("mappers") / "comorbidity_panels.json"))


def test_a_gateway_process_finds_the_mappers_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "unit"))
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])
    answers: multiprocessing.Queue[str] = PROCESSES.Queue()
    process = PROCESSES.Process(target=_where, args=(answers,))
    process.start()
    assert Path(answers.get(timeout=60)).is_file()
    process.join(60)
