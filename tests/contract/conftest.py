"""The contract suite: one suite, two servers (docs/contract.md)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import astuple
from pathlib import Path

import httpx
import pytest
from contract.table import Findings, Row, lines, summary, tabbed
from contract.target import Target, opened

PROPERTY = "contract"


class Collector:
    """Takes the rows out of the test reports, which come from every worker, and prints the table."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The rows of one test."""
        if report.when == "teardown":
            self.rows += [Row(*value) for name, value in report.user_properties if name == PROPERTY]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """The table of differences, then the figures; everything goes into the report file."""
        if not self.rows:
            return
        wrong = [row for row in self.rows if row.outcome == "different"]
        terminalreporter.section("contract with POP: kind · step, expected, got")
        for line in (*lines(wrong), *summary(self.rows)):
            terminalreporter.write_line(line)
        if (path := config.getoption("--report")) is not None:
            Path(path).write_text(tabbed(self.rows), encoding="utf-8")
            terminalreporter.write_line(f"written to {path}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--report``."""
    parser.addoption(
        "--report", metavar="FILE", help="write every outcome of the contract suite as tab-separated values"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect where the reports arrive: not in a worker."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Collector(), "contract-table")


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The server of this run; what the suite made there is removed at the end, also of an interrupted run."""
    with opened(tmp_path_factory.mktemp("terminologies")) as found:
        yield found


@pytest.fixture
async def http(target: Target) -> AsyncIterator[httpx.AsyncClient]:
    """A connection to it."""
    async with target.http() as client:
        yield client


@pytest.fixture
def findings(record_property: Callable[[str, object], None]) -> Iterator[Callable[[str, str], Findings]]:
    """Makes the rows of a test: ``findings(part, kind)``. They reach the table however the test ends."""
    made: list[Findings] = []

    def make(part: str, kind: str) -> Findings:
        made.append(Findings(part, kind))
        return made[-1]

    yield make
    for item in made:
        for row in item.rows:
            record_property(PROPERTY, astuple(row))
