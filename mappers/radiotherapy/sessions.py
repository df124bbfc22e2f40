"""How many sessions a course had: POP requires the number. As stated, else as counted, else by its fractions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mappers.protocol import Source
from mappers.radiotherapy.courses import Course
from mappers.radiotherapy.statements import Statement
from mappers.radiotherapy.volumes import Volume

#: Between two fractions of one day lie at least six hours (hyperfractionation, e.g. RTOG 9003); less is one session told twice.
_APART = dt.timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Count:
    """The number, where from, and the assumption that it takes."""

    number: int
    sources: tuple[Source, ...]
    assumption: tuple[str, str] | None = None


def count_sessions(course: Course) -> Count | None:
    """The sessions of a course; None if nothing tells them."""
    stated = next((each.sessions for each in course.statements if each.sessions is not None), None)
    if stated is not None:
        return Count(stated[0], (stated[1],))
    whole = course.summaries or (
        course.sessions if len(course.sessions) == 1 and not course.sessions[0].counted else []
    )
    told = next((each.fractions for each in whole if each.fractions is not None), None)
    if told is not None:
        return Count(
            told[0], (told[1],), ("sessions-from-fractions", "The sessions are the fractions that the course states.")
        )
    dated = [each for each in course.sessions if each.start is not None]
    if dated and (len(distinct(dated)) > 1 or any(each.counted for each in dated)):
        sources = tuple(each.when for each in dated)
        return Count(
            len(distinct(dated)),
            sources,
            ("sessions-counted", "The sessions are counted: one per day, two if hours lie between."),
        )
    parts = _of_parts(course.parts)
    if parts is not None:
        return parts
    volumes = _of_volumes([volume for each in course.summaries for volume in each.volumes])
    day = next((each for each in course.summaries if _of_one_day(each)), None)
    if volumes is None and day is not None and not course.parts:
        return Count(1, (day.when,), ("sessions-counted", "It began and ended on one day: one session."))
    return volumes


def distinct(sessions: Iterable[Statement]) -> list[Statement]:
    """The sessions without those that tell one again: each day's, and more of a day if hours lie between."""
    by_day: dict[dt.date, list[Statement]] = {}
    for each in sessions:
        if each.start is not None:
            by_day.setdefault(each.start.date, []).append(each)
    found: list[Statement] = []
    for _, members in sorted(by_day.items()):
        timed = sorted(
            (each for each in members if each.moment is not None), key=lambda each: (each.moment, each.reference)
        )
        last: dt.datetime | None = None
        for each in timed:
            if last is None or (each.moment is not None and each.moment - last >= _APART):
                found.append(each)
                last = each.moment
        if not timed:
            found.append(min(members, key=lambda each: each.reference))
    return found


def _of_parts(parts: Sequence[Statement]) -> Count | None:
    """Parts one after the other add up; of parts at one time the longest counts (one session irradiates them all)."""
    told = [(each, _fractions(each)) for each in parts]
    known = [(each, count) for each, count in told if count is not None]
    if not known or any(count is None for _, count in told):
        return None
    total = 0
    reach: dt.date | None = None
    longest: dict[str, int] = {}
    for each, count in sorted(
        known, key=lambda item: (item[0].start.date if item[0].start else dt.date.min, item[0].reference)
    ):
        start = each.start.date if each.start is not None else None
        if reach is not None and start is not None and start > reach:
            total += max(longest.values(), default=0)
            longest = {}
        site = next((volume.site.identity for volume in each.volumes if volume.site is not None), each.reference)
        key = f"{each.family}/{site}" if start is None else each.reference
        longest[key] = longest.get(key, 0) + count
        ends = [day.date for day in (each.end, each.start) if day is not None]
        reach = max([*ends, *([reach] if reach is not None else [])], default=None)
    total += max(longest.values(), default=0)
    text = "The sessions are the fractions of the parts: added if one follows the other, else those of the longest."
    return Count(total, tuple(each.when for each, _ in known), ("sessions-from-fractions", text))


def _fractions(part: Statement) -> int | None:
    if part.fractions is not None:
        return part.fractions[0]
    told = max((volume.fractions for volume in part.volumes if volume.fractions is not None), default=None)
    return 1 if told is None and _of_one_day(part) else told


def _of_one_day(said: Statement) -> bool:
    """It began and ended on one day: one session (an implant, a nuclide, intraoperative radiation)."""
    return said.start is not None and said.end is not None and said.start == said.end and said.start.exact


def _of_volumes(volumes: Sequence[Volume]) -> Count | None:
    """Volumes without dates of their own: at different places at one time, at one place (a boost) one after the other if they are
    Bestrahlungen. mCODE's volumes of one place may lie within each other: then nothing tells."""
    known = [each for each in volumes if each.fractions is not None]
    if not known or len(known) < len(volumes):
        return None
    by_place: dict[str, int] = {}
    for each in known:
        place = each.site.identity if each.site is not None else each.identity
        if place in by_place and not each.derived and each.fractions != by_place[place]:
            return None
        if place in by_place and each.derived:
            by_place[place] += each.fractions or 0
        else:
            by_place.setdefault(place, each.fractions or 0)
    sources = tuple(each.fractions_source for each in known if each.fractions_source is not None)
    text = "The sessions are the fractions of the volume that has the most of them."
    return Count(max(by_place.values()), sources, ("sessions-from-fractions", text))
