"""The table that ``pop-gateway bench`` prints."""

from __future__ import annotations

import statistics
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its baseline, measured in the same run. ``goal`` in words."""

    name: str
    figure: str
    baseline: str = "–"
    ratio: str = "–"
    goal: str = "–"


def rate(count: float, seconds: float, unit: str) -> str:
    """``1,234 resources/s``."""
    return f"{count / seconds:,.0f} {unit}/s"


def median(values: list[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
