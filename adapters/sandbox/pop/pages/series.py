"""Tumour markers over time: one series for each analyte and what of it was measured."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from adapters.pop.kinds import KINDS
from adapters.sandbox.pop.pages import words

JsonObject = dict[str, Any]

#: Of a sparkline: its size and the room around its line.
WIDTH, HEIGHT, MARGIN = 180.0, 40.0, 6.0
_VALUES = tuple(
    name for name in sorted(KINDS["TumorMarker"].types) if name in KINDS["TumorMarker"].measures
    or name in KINDS["TumorMarker"].enums
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """One measurement, in words and, where it is a quantity, as a number in ``unit``."""

    date: str
    shown: str
    number: float | None
    row: JsonObject


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one analyte, oldest first. ``points``: the sparkline, empty unless there are two numbers."""

    analyte: str
    what: str
    values: tuple[Value, ...]
    points: tuple[tuple[float, float], ...]

    @property
    def latest(self) -> Value:
        """The newest value."""
        return self.values[-1]

    @property
    def path(self) -> str:
        """The sparkline as SVG has it."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)

    @property
    def extremes(self) -> str:
        """The smallest and the largest value in words, where there is a line."""
        ordered = sorted((each for each in self.values if each.number is not None), key=lambda each: each.number or 0)
        return f"{ordered[0].shown} to {ordered[-1].shown}" if self.points else ""


def series(rows: list[JsonObject]) -> list[Series]:
    """The series of a case's markers, by analyte."""
    found: dict[tuple[str, str], list[Value]] = {}
    for row in rows:
        analyte = words.concept(row["analyte"])
        for name in _VALUES:
            value = row.get(name)
            if value is None:
                continue
            quantity = float(value["value"]) if isinstance(value, dict) else None
            shown = words.measure(value) if isinstance(value, dict) else words.word(str(value))
            found.setdefault((analyte, name), []).append(Value(str(row["date"]), shown, quantity, row))
    return [_series(analyte, name, values) for (analyte, name), values in sorted(found.items())]


def _series(analyte: str, name: str, values: list[Value]) -> Series:
    ordered = tuple(sorted(values, key=lambda each: (each.date, str(each.row.get("createdAt")))))
    return Series(analyte, words.label(name), ordered, _points(ordered))


def _points(values: tuple[Value, ...]) -> tuple[tuple[float, float], ...]:
    numbered = [
        (dt.date.fromisoformat(each.date).toordinal(), each.number) for each in values if each.number is not None
    ]
    if len(numbered) < 2:
        return ()
    days, numbers = [day for day, _ in numbered], [number for _, number in numbered]
    wide, high = max(1, max(days) - min(days)), (max(numbers) - min(numbers)) or 1.0
    return tuple(
        (
            round(MARGIN + (day - min(days)) / wide * (WIDTH - 2 * MARGIN), 1),
            round(HEIGHT - MARGIN - (number - min(numbers)) / high * (HEIGHT - 2 * MARGIN), 1),
        )
        for day, number in numbered
    )
