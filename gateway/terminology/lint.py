"""What is wrong with concept maps: conflicts, duplicates, targets that POP does not have, rows that never count, cycles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mappers.terminology import ConceptMap, Entry, Terminology
from mappers.terminology.conceptmap import LAYERS
from mappers.terminology.decision import TEXT
from mappers.terminology.relations import counts

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a row."""

    level: Level
    code: str
    """``conflict``, ``duplicate``, ``no-pop-concept``, ``shadowed``, ``not-applied``, ``cycle``, ``unused``, ``unread``."""
    map: str
    row: str
    text: str


def lint(
    maps: Sequence[ConceptMap], terminology: Terminology, *, used: Collection[tuple[str, str, str]] | None = None
) -> list[Finding]:
    """Findings about maps, in the order in which they count. ``terminology`` has POP's own lists as far as they are known;
    ``used``: the (terminology, system, code) that the data have, if they were looked at."""
    ordered = sorted(maps, key=lambda each: LAYERS.index(each.layer))
    found = [
        Finding("warning", "unread", each.name, problem.partition(":")[0], problem.partition(": ")[2])
        for each in ordered
        for problem in each.problems
    ]
    found += _rows(ordered, terminology)
    found += _cycles(ordered)
    if used is not None:
        found += _unused(ordered, used)
    return found


def _rows(maps: Sequence[ConceptMap], terminology: Terminology) -> Iterator[Finding]:
    first: dict[tuple[str, str, str], tuple[ConceptMap, Entry]] = {}
    for each in maps:
        for entry in each.entries:
            key = (entry.terminology, *entry.source)
            if entry.depends_on:
                properties = ", ".join(entry.depends_on)
                yield _of(
                    each, entry, "warning", "not-applied", f"depends on {properties}, which a code alone does not tell"
                )
                continue
            if entry.target is not None and not counts(entry.relation, entry.terminology):
                text = f"«{entry.relation}» is not equivalent: {entry.terminology} takes no such target"
                yield _of(each, entry, "note", "not-applied", text)
                continue
            yield from _target(each, entry, terminology)
            before = first.setdefault(key, (each, entry))
            if before[1] is not entry:
                yield from _again(each, entry, *before)


def _target(each: ConceptMap, entry: Entry, terminology: Terminology) -> Iterator[Finding]:
    if not terminology.knows(entry.terminology):
        yield _of(
            each, entry, "note", "no-pop-concept", f"POP's list «{entry.terminology}» is not known here: not checked"
        )
        return
    if entry.target is not None and not terminology.has(entry.terminology, entry.target[0], entry.target[1]):
        text = f"POP's list «{entry.terminology}» has no {entry.target[1]} of {entry.target[0] or 'no system'}"
        yield _of(each, entry, "error", "no-pop-concept", text)
    if entry.source[0] != TEXT and terminology.has(entry.terminology, *entry.source):
        text = f"{entry.source[1]} is itself a concept of POP's list: it is never translated"
        yield _of(each, entry, "warning", "shadowed", text)


def _again(each: ConceptMap, entry: Entry, other: ConceptMap, earlier: Entry) -> Iterator[Finding]:
    where = f"{other.name} {earlier.row}"
    same = _said(entry) == _said(earlier)
    if each.layer != other.layer:
        if not same:
            yield _of(each, entry, "note", "shadowed", f"{where} ({other.layer}) comes first and says something else")
    elif same:
        yield _of(each, entry, "warning", "duplicate", f"{where} says the same")
    elif entry.relation == earlier.relation or entry.target is None or earlier.target is None:
        yield _of(
            each, entry, "error", "conflict", f"{where} says something else about {entry.source[1]}, and comes first"
        )


def _said(entry: Entry) -> tuple[str, str] | None:
    return None if entry.target is None else entry.target[:2]


def _cycles(maps: Sequence[ConceptMap]) -> Iterator[Finding]:
    """A target that is a source again in the same terminology: somebody meant a chain, and there are none."""
    sources = {(entry.terminology, *entry.source): (each, entry) for each in maps for entry in each.entries}
    for each in maps:
        for entry in each.entries:
            if entry.target is None:
                continue
            following = sources.get((entry.terminology, entry.target[0], entry.target[1]))
            if following is None or following[1].target is None or following[1].target[:2] == entry.target[:2]:
                continue
            back = following[1].target[:2] == entry.source
            text = f"its target is translated on in {following[0].name} {following[1].row}: maps are not chained"
            if back:
                text = f"{following[0].name} {following[1].row} translates its target back: a cycle"
            yield _of(each, entry, "error" if back else "warning", "cycle", text)


def _unused(maps: Iterable[ConceptMap], used: Collection[tuple[str, str, str]]) -> Iterator[Finding]:
    for each in maps:
        if each.layer == "packaged":
            continue
        for entry in each.entries:
            if (entry.terminology, *entry.source) not in used:
                yield _of(each, entry, "note", "unused", f"no resource here has the code {entry.source[1]}")


def _of(each: ConceptMap, entry: Entry, level: Level, code: str, text: str) -> Finding:
    return Finding(level, code, each.name, entry.row, text)
