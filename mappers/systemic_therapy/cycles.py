"""How many cycles were given."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from mappers.agents import doses_of_a_cycle
from mappers.codes import CYCLES
from mappers.fhir import extension_value, objects, text_of
from mappers.protocol import Source
from mappers.systemic_therapy.courses import Course
from mappers.systemic_therapy.evidence import Evidence

_NUMBERED = re.compile(
    r"\b(?:cycle|zyklus|kurs|course)\s*(?:no\.?|nr\.?|#)?\s*(\d{1,2})\b(?!\s*(?:x|×|weeks?|wochen))|\bC(\d{1,2})\s*D\d",
    re.I,
)
#: ``ABVD x 4``, ``6 cycles``.
_TIMES = re.compile(r"\b[x×]\s?(\d{1,2})\b(?!\s*(?:days?|weeks?|mg|gy))|\b(\d{1,2})\s*(?:cycles|zyklen)\b", re.I)
#: A cycle's doses lie within a working week; cycles begin at least two weeks apart (ddAC, FOLFOX). Weekly doses tell no cycles.
_WITHIN, _APART = dt.timedelta(days=4), dt.timedelta(days=13)


def cycles_of(course: Course) -> tuple[int, Source, bool] | None:
    """(number, source, whether it is counted from the days of doses). POP's own extension, then the numbers in the texts of doses
    (``C3D1``, ``Zyklus 3``), a completed plan's title, then the days on which doses were given, if they lie apart as cycles do."""
    for each in course.evidence:
        stated = extension_value(each.resource.json, CYCLES)
        if stated is not None and isinstance(stated[1], int) and 0 <= stated[1] < 10_000:
            return stated[1], Source(each.resource.reference, "extension"), False
    given = [
        each for found in course.drugs.values() for each in found if each.kind == "given" and not each.timing.course
    ]
    numbered = [(number, each) for each in given for number in _numbers(each)]
    if numbered:
        number, each = max(numbered, key=lambda found: (found[0], found[1].resource.reference))
        return number, Source(each.resource.reference, "note" if each.resource.json.get("note") else "dosage"), False
    if (planned := _planned(course)) is not None:
        return planned
    if not given:
        # Closed orders, one for each cycle, tell as much where nobody records doses.
        given = [
            each for found in course.drugs.values() for each in found if each.kind == "ordered" and each.timing.finished
        ]
    counted = _counted(given)
    per_cycle = doses_of_a_cycle(course.names)
    return (-(-counted[0] // per_cycle), counted[1], True) if counted is not None else None


def _planned(course: Course) -> tuple[int, Source, bool] | None:
    """The number in the title of a completed plan (``ABVD x 4``): all of it was given."""
    for each in course.evidence:
        if each.kind != "planned" or each.resource.json.get("status") != "completed":
            continue
        for name in ("title", "description"):
            match = _TIMES.search(text_of(each.resource.json.get(name)))
            if match is not None and 0 < int(match[1] or match[2]) <= 24:
                return int(match[1] or match[2]), Source(each.resource.reference, name), False
    return None


def _numbers(each: Evidence) -> Iterator[int]:
    texts = [text_of(one.get("text")) for name in ("dosage", "note") for one in objects(each.resource.json.get(name))]
    for text in texts:
        for match in _NUMBERED.finditer(text):
            number = int(match[1] or match[2])
            if number:
                yield number


def _counted(given: list[Evidence]) -> tuple[int, Source, bool] | None:
    days: dict[dt.date, Source] = {}
    for each in given:
        if each.agent is None or each.agent.kind in ("hormone", "steroid"):
            continue
        if each.timing.start is not None and each.timing.start.exact:
            days.setdefault(each.timing.start.date, each.timing.start_source)
    starts: list[dt.date] = []
    for day in sorted(days):
        if not starts or day - starts[-1] >= _APART:
            starts.append(day)
        elif day - starts[-1] > _WITHIN:
            return _weekly(sorted(days), days, given)
    return (len(starts), days[starts[-1]], True) if len(starts) > 1 else None


def _weekly(
    days: list[dt.date], sources: Mapping[dt.date, Source], given: list[Evidence]
) -> tuple[int, Source, bool] | None:
    """One drug once a week (cisplatin beside radiation): each week is a cycle, as POP counts it."""
    weekly = all(6 <= (after - before).days <= 8 for before, after in pairwise(days))
    alone = len({each.name for each in given}) == 1
    return (len(days), sources[days[-1]], True) if weekly and alone and len(days) > 1 else None
