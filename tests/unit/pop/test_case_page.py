"""The parts of the case page: words, the timeline's layout, marker series."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pop.kinds import KINDS
from adapters.sandbox.pop.pages import timeline, words
from adapters.sandbox.pop.pages.series import HEIGHT, WIDTH, series
from adapters.sandbox.pop.pages.timeline import LETTER, Item, Mark


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"value": 3.2499999999999996, "unit": "ng__ml"}, "3.25 ng/mL"),
        ({"value": 0.075, "unit": "g__square_meter"}, "75 mg/m²"),
        ({"value": 2.5e-9, "unit": "mol__l"}, "2.5 nmol/L"),
        ({"value": 0, "unit": "g"}, "0 g"),
        ({"value": -70, "unit": "kg"}, "-70 kg"),
        ({"start": "2022-01-24", "end": "2022-02-01"}, "24 Jan 2022 – 1 Feb 2022"),
        ({"start": "2022-01-24", "end": "2022-01-24"}, "24 Jan 2022"),
        ({"start": "2022-01-24", "end": None}, "since 24 Jan 2022"),
        ({"end": "2022-01-24"}, "until 24 Jan 2022"),
        ([{"code": "a", "display": "Left (qualifier value)"}, {"code": "b", "display": None}], "Left, b"),
        (True, "yes"), (None, ""), (1234567.0, "1,234,567"), ("id-1", "the tumour"),
    ],
)  # fmt: skip
def test_values_in_words(value: object, expected: str) -> None:
    assert words.text(value, {"id-1": "the tumour"}) == expected


def test_every_field_and_kind_has_a_label_of_words() -> None:
    names = {name for kind in KINDS.values() for name in [kind.name, *kind.types]}
    for name in names:
        shown = words.label(name)
        assert shown[0].isupper(), name
        assert not shown.endswith((" id", " ids")), name
    assert words.label("relatedEntitiesIds") == "Related entities"
    assert words.label("differentitation") == "Grade"


days = st.dates(dt.date(1990, 1, 1), dt.date(2030, 12, 31))


@st.composite
def items(draw: st.DrawFn) -> Item:
    start, lasting = draw(days), draw(st.booleans())
    end = start + dt.timedelta(days=draw(st.integers(0, 3000))) if lasting and draw(st.booleans()) else None
    return Item(draw(st.sampled_from(["A", "B"])), "x" * draw(st.integers(1, 80)), start, lasting, end)


@given(st.lists(items(), min_size=1, max_size=25))
def test_nothing_on_the_timeline_covers_anything_else(drawn: list[Item]) -> None:
    made = timeline.timeline(drawn, ["A", "B"])
    assert made is not None
    marks = [mark for lane in made.lanes for mark in lane.marks]
    assert sorted(id(mark.item) for mark in marks) == sorted(map(id, drawn))
    assert all(later > earlier for (_, earlier), (_, later) in itertools.pairwise(made.ticks))
    for lane in made.lanes:
        for mark in lane.marks:
            left, right = extent(mark)
            assert left >= timeline.GUTTER - 6
            assert right <= made.width + LETTER
            assert lane.y < mark.y < lane.y + lane.height
        rows: dict[float, list[tuple[float, float]]] = {}
        for mark in lane.marks:
            rows.setdefault(mark.y, []).append(extent(mark))
        for extents in rows.values():
            ordered = sorted(extents)
            assert all(first[1] <= second[0] for first, second in itertools.pairwise(ordered))


def extent(mark: Mark) -> tuple[float, float]:
    """From where to where a mark and its label reach."""
    long = len(mark.label) * LETTER
    text = (mark.text_x, mark.text_x + long) if mark.side == "start" else (mark.text_x - long, mark.text_x)
    return min(mark.x, text[0]), max(mark.x + mark.width, text[1])


def test_a_therapy_that_goes_on_reaches_the_end_and_one_day_is_a_picture_too() -> None:
    made = timeline.timeline(
        [Item("A", "x", dt.date(2024, 2, 29), lasting=True)], ["A"], end=("Death", dt.date(2024, 3, 1))
    )
    assert made is not None
    (mark,) = made.lanes[0].marks
    assert mark.x + mark.width == timeline.WIDTH - timeline.RIGHT
    assert 3 <= len(made.ticks) <= timeline.MOST_TICKS
    assert made.end is not None
    assert mark.x < made.end[1] < timeline.WIDTH
    assert timeline.timeline([], ["A"]) is None


def marker(day: str, **values: object) -> dict[str, object]:
    return {"date": day, "analyte": {"code": "LP1", "display": "CEA"}, **values}


def test_quantities_make_a_line_and_words_do_not() -> None:
    rows = [
        marker("2024-03-01", massConcentration={"value": 9.0, "unit": "ng__ml"}),
        marker("2024-01-01", massConcentration={"value": 3.0, "unit": "ng__ml"}),
        marker("2024-02-01", massConcentration={"value": 3.0, "unit": "ng__ml"}, presence="positive"),
        marker("2024-02-09", presence="near-normal"),
    ]
    line, said = series(rows)
    assert [each.shown for each in line.values] == ["3 ng/mL", "3 ng/mL", "9 ng/mL"]
    (x1, y1), (x2, y2), (x3, y3) = line.points
    assert 0 < x1 < x2 < x3 < WIDTH
    assert 0 < y3 < y1 == y2 < HEIGHT
    assert line.extremes == "3 ng/mL to 9 ng/mL"
    assert (said.points, said.extremes, said.latest.shown) == ((), "", "near normal")
