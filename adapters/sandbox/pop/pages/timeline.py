"""The case as a timeline: what lies where on it. Drawn as SVG by ``timeline.html``; positions are its units."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

#: Of the drawing: its width, the column with the lanes' names, the height of a row, the width of a letter.
WIDTH, GUTTER, RIGHT, ROW, LETTER = 1120.0, 132.0, 22.0, 24.0, 6.3
TOP, GAP = 30.0, 10.0
LONGEST = 44
#: Shortest span in days: a single day is no axis.
SHORTEST = 120
#: Months between ticks, the first that leaves room enough.
STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
MOST_TICKS = 13


@dataclass(frozen=True, slots=True)
class Item:
    """Something that happened: on a day, or (``lasting``) from a day to another, None if it still goes on."""

    lane: str
    label: str
    start: dt.date
    lasting: bool = False
    end: dt.date | None = None
    tone: str = "plain"
    title: str = ""
    anchor: str = ""
    """Id of the element on the page that tells more."""


@dataclass(slots=True)
class Mark:
    """An item in its place. ``side``: where its label stands, seen from ``text_x``."""

    item: Item
    x: float
    width: float
    y: float
    label: str
    text_x: float
    side: str


@dataclass(slots=True)
class Lane:
    """A named band of rows."""

    name: str
    y: float
    height: float
    marks: list[Mark] = field(default_factory=list)


@dataclass(slots=True)
class Timeline:
    """All of it. ``end``: a line across it (label, x), where the record ends."""

    width: float
    height: float
    ticks: list[tuple[str, float]]
    lanes: list[Lane]
    end: tuple[str, float] | None


class Scale:
    """Days to positions."""

    def __init__(self, first: dt.date, last: dt.date) -> None:
        lacking = max(0, SHORTEST - (last - first).days)
        margin = max(7, (last - first).days // 40)
        self.first = first - dt.timedelta(days=lacking // 2 + margin)
        self.last = last + dt.timedelta(days=lacking - lacking // 2 + margin)

    def x(self, day: dt.date) -> float:
        """Where a day is."""
        share = (day - self.first).days / (self.last - self.first).days
        return round(GUTTER + share * (WIDTH - GUTTER - RIGHT), 1)

    def ticks(self) -> list[tuple[str, float]]:
        """Months or years with their labels."""
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        step = next((each for each in STEPS if months / each <= MOST_TICKS), STEPS[-1])
        found = []
        for number in range(self.first.year * 12 + self.first.month - 1, self.last.year * 12 + self.last.month):
            day = dt.date(number // 12, number % 12 + 1, 1)
            if (number if step < 12 else number - 12 * (day.year % (step // 12))) % step == 0 and self.first <= day:
                found.append((str(day.year) if day.month == 1 else day.strftime("%b"), self.x(day)))
        return found


def timeline(items: list[Item], lanes: list[str], *, end: tuple[str, dt.date] | None = None) -> Timeline | None:
    """Lay the items out, lane by lane in the order of ``lanes``; None without any item."""
    if not items:
        return None
    days = [each.start for each in items] + [each.end for each in items if each.end is not None]
    days += [end[1]] if end is not None else []
    scale = Scale(min(days), max(days))
    y, shown = TOP, []
    for name in lanes:
        members = sorted((each for each in items if each.lane == name), key=lambda each: (each.start, each.label))
        if members:
            lane = _lane(name, members, scale, y)
            shown.append(lane)
            y += lane.height
    across = None if end is None else (end[0], scale.x(end[1]))
    return Timeline(WIDTH, y + 4, scale.ticks(), shown, across)


def _lane(name: str, items: list[Item], scale: Scale, y: float) -> Lane:
    """Items on as few rows as leave no two on each other, labels included."""
    ends: list[float] = []
    lane = Lane(name, y, 0)
    for item in items:
        mark = _mark(item, scale)
        left = min(mark.x - 6, mark.text_x - (len(mark.label) * LETTER if mark.side == "end" else 0))
        right = max(mark.x + mark.width + 6, mark.text_x + (len(mark.label) * LETTER if mark.side == "start" else 0))
        row = next((number for number, taken in enumerate(ends) if taken <= left), len(ends))
        if row == len(ends):
            ends.append(right)
        ends[row] = max(ends[row], right + 4)
        mark.y = y + GAP / 2 + row * ROW + ROW / 2
        lane.marks.append(mark)
    lane.height = len(ends) * ROW + GAP
    return lane


def _mark(item: Item, scale: Scale) -> Mark:
    x = scale.x(item.start)
    until = scale.x(item.end) if item.end is not None else WIDTH - RIGHT if item.lasting else x
    width = max(3.0, until - x) if item.lasting else 0.0
    label = item.label if len(item.label) <= LONGEST else item.label[: LONGEST - 1].rstrip() + "…"
    long = len(label) * LETTER
    if item.lasting and long + 12 <= width:
        return Mark(item, x, width, 0, label, x + 8, "start")
    beside = x + width + 8
    if beside + long <= WIDTH:
        return Mark(item, x, width, 0, label, beside, "start")
    if x - 8 - long >= GUTTER:
        return Mark(item, x, width, 0, label, x - 8, "end")
    room = max(0, int((WIDTH - beside) / LETTER) - 1)
    return Mark(item, x, width, 0, label[:room] + "…", beside, "start")
