"""What the suite found: rows (part, kind, step, outcome, expected, got), collected over all workers and printed as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field

import pytest

#: How much of an answer the printed table shows; the file has all of it.
SHOWN = 110
SHOWN_ROWS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was, or was not, held against the server."""

    part: str
    """``steps``, ``kinds``, ``rules`` or ``adapter``."""
    kind: str
    step: str
    outcome: str
    """``same``, ``different`` or ``skipped``."""
    expected: str = ""
    """Of a skipped one: the reason."""
    got: str = ""


@dataclass
class Findings:
    """The rows of one test."""

    part: str
    kind: str
    rows: list[Row] = field(default_factory=list)

    def same(self, step: str) -> None:
        """The server answered as expected."""
        self.rows.append(Row(self.part, self.kind, step, "same"))

    def different(self, step: str, expected: object, got: object) -> None:
        """It did not."""
        self.rows.append(Row(self.part, self.kind, step, "different", str(expected), str(got)))

    def skipped(self, step: str, reason: str) -> None:
        """It was not asked."""
        self.rows.append(Row(self.part, self.kind, step, "skipped", reason))

    def compare(self, step: str, expected: object, got: object) -> None:
        """Same if the two are equal."""
        if expected == got:
            self.same(step)
        else:
            self.different(step, expected, got)

    def conclude(self) -> None:
        """Fail the test, with the beginning of its table, if anything was different."""
        wrong = [row for row in self.rows if row.outcome == "different"]
        if wrong:
            pytest.fail("\n".join([f"{len(wrong)} places differ", *lines(wrong[:SHOWN_ROWS])]), pytrace=False)


def lines(rows: Iterable[Row], width: int = SHOWN) -> list[str]:
    """The differences, one below the other: kind, step, expected, got."""
    found = []
    for row in rows:
        found += [f"{row.kind} · {row.step}", f"    expected {row.expected[:width]}", f"    got      {row.got[:width]}"]
    return found


def summary(rows: Iterable[Row]) -> list[str]:
    """How much of each part was run, and why the rest was not."""
    counts: Counter[tuple[str, str]] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counts[row.part, row.outcome] += 1
        if row.outcome == "skipped":
            reasons[row.part, row.expected] += 1
    parts = sorted({part for part, _ in counts})
    outcomes = ("same", "different", "skipped")
    table = [f"{'':10}{''.join(f'{name:>11}' for name in ('run', *outcomes))}"]
    for part in parts:
        same, different, skipped = (counts[part, outcome] for outcome in outcomes)
        table.append(f"{part:10}{same + different:11}{same:11}{different:11}{skipped:11}")
    return table + [f"skipped {number:5} {part}: {reason}" for (part, reason), number in sorted(reasons.items())]


def tabbed(rows: Iterable[Row]) -> str:
    """Everything, as tab-separated values."""
    head = ("part", "kind", "step", "outcome", "expected", "got")
    return "".join("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in line) + "\n"
                   for line in (head, *(astuple(row) for row in rows)))  # fmt: skip
