"""One patient's drafts as a clinician reads a case: the person first, then tumour by tumour what was found and done, in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.pop.kinds import KINDS
from gateway.abstract import when
from mappers.protocol import Draft

CASE, TUMOUR = "PatientCase", "NeoplasticEntity"
#: Entities of one kind about one thing that are shown one by one; a longer series is told by its ends.
SERIES = 4


@dataclass(slots=True)
class Line:
    """A draft, what belongs to it, and how many like it are not shown after it."""

    draft: Draft
    children: list[Line] = field(default_factory=list)
    skipped: int = 0
    about: tuple[Draft, ...] = ()
    """Other entities that it names, beside the case, tumours, and what it belongs to: the cause of an event."""


@dataclass(slots=True)
class Section:
    """``head`` is the case or a tumour; None for what concerns several tumours."""

    head: Draft | None
    lines: list[Line]


def outline(drafts: Sequence[Draft]) -> list[Section]:
    """The patient, each primary tumour (or one without a primary) in the order of diagnosis, what concerns several."""
    tumours = {draft.key: draft for draft in drafts if draft.kind == TUMOUR}
    roots = {key: _root(key, tumours) for key in tumours}
    parents = {draft.key: _parent(draft) for draft in drafts}
    known = {draft.key: draft for draft in drafts}
    lines = {draft.key: Line(draft, about=_about(draft, known)) for draft in sorted(drafts, key=_order)}
    case = next((draft for draft in drafts if draft.kind == CASE), None)
    sections = {"": Section(case, [])}
    sections |= {
        key: Section(tumours[key], []) for key in sorted(set(roots.values()), key=lambda key: _order(tumours[key]))
    }
    several = Section(None, [])
    for key, line in lines.items():
        parent = parents[key]
        if line.draft is case or (key in sections and key):
            continue
        if parent in known:
            lines[str(parent)].children.append(line)
            continue
        about = {roots[target] for target in _targets(line.draft) if target in roots}
        about |= {roots[key]} if key in roots else set()
        section = several if len(about) > 1 else sections[next(iter(about), "")]
        section.lines.append(line)
    found = [*sections.values(), several]
    for section in found:
        section.lines = _shortened(section.lines)
    return [section for section in found if section.head is not None or section.lines]


def _order(draft: Draft) -> tuple[str, int, str]:
    return when(draft.payload) or "9999", KINDS[draft.kind].rank if draft.kind in KINDS else 99, draft.key


def _root(key: str, tumours: Mapping[str, Draft]) -> str:
    """The primary of a metastasis or recurrence, however far."""
    seen: set[str] = set()
    while key not in seen:
        seen.add(key)
        primary = tumours[key].references.get("relatedPrimaryId")
        if not isinstance(primary, str) or primary not in tumours:
            break
        key = primary
    return key


def _parent(draft: Draft) -> str | None:
    name = KINDS[draft.kind].parent_field if draft.kind in KINDS else None
    target = draft.references.get(name) if name is not None else None
    return target if isinstance(target, str) else None


def _about(draft: Draft, known: Mapping[str, Draft]) -> tuple[Draft, ...]:
    found = (known[target] for target in sorted(set(_targets(draft)) - {_parent(draft)}) if target in known)
    return tuple(each for each in found if each.kind not in (CASE, TUMOUR))


def _targets(draft: Draft) -> Iterable[str]:
    for target in draft.references.values():
        yield from (target,) if isinstance(target, str) else target


def _shortened(lines: list[Line]) -> list[Line]:
    """A long series of one kind about one thing, with nothing open in it, becomes its first and its last line."""
    series: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if not line.draft.issues and not line.children:
            analyte = line.draft.payload.get("analyte")
            about = str(analyte.get("code")) if isinstance(analyte, dict) else ""
            series.setdefault((line.draft.kind, about), []).append(line)
    dropped: set[str] = set()
    for found in series.values():
        if len(found) > SERIES:
            found[0].skipped = len(found) - 2
            dropped.update(line.draft.key for line in found[1:-1])
    return [line for line in lines if line.draft.key not in dropped]
