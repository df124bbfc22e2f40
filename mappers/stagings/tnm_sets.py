"""Which categories belong to which stage group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mappers.dates import Day
from mappers.fhir import objects
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.stagings.statements import about, value_of
from mappers.stagings.tnm_parts import (
    CATEGORIES,
    HISTOLOGICAL,
    STAGE,
    SYMBOL,
    WHOLE,
    M,
    N,
    Part,
    Side,
    T,
    letters_of,
    part_of,
    parts_in,
    side_of,
)
from mappers.subjects import VOID, observed_on
from mappers.terminology.stage_names import token_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of a TNM staging as one element of a resource states it."""

    resource: Resource
    part: Part
    element: str
    value: JsonObject | None
    side: Side | None
    day: Day | None
    focus: frozenset[str]
    """What it is about: see ``statements.about``."""
    identity: str = ""
    """Of a Condition's: see ``Statement.identity``."""

    @property
    def place(self) -> tuple[str, str]:
        """What tells it from every other finding."""
        return self.resource.reference, f"{self.element}/{self.part.field}"


@dataclass(slots=True)
class Staging:
    """A stage group with its categories, or categories that lack their stage group."""

    group: Finding | None
    members: dict[str, Finding] = field(default_factory=dict)
    """POP field → category."""
    symbols: list[Finding] = field(default_factory=list)
    """y, r, a and m."""
    by_day: set[str] = field(default_factory=set)
    """Fields whose category was found by day, side and focus rather than by a reference."""
    rejected: list[Finding] = field(default_factory=list)
    """Members by reference that are of the other side."""
    unresolved: int = 0
    """Members by reference that have not arrived."""
    pointers: list[Source] = field(default_factory=list)
    beaten: list[Finding] = field(default_factory=list)
    """Coarser stage groups of the same day that this one stands for."""

    def every(self) -> list[Finding]:
        """The findings that became fields, the group first."""
        return [*([self.group] if self.group else []), *(self.members[name] for name in sorted(self.members))]

    @property
    def side(self) -> Side | None:
        """The group's side, else that of its T and N (M is clinical in pathological stagings too)."""
        if self.group is not None and self.group.side is not None:
            return self.group.side
        for names in (CATEGORIES - {"distantMetastases"}, CATEGORIES):
            sides = {each.side for name, each in self.members.items() if name in names and each.side is not None}
            if sides:
                return sides.pop() if len(sides) == 1 else None
        return None


def read_findings(resource: Resource, context: Context) -> list[Finding]:
    """The findings of one Observation: its own, those of its components, those that one text spells together. None for anything
    else, and for one without a valid state."""
    part = part_of(resource.json) if resource.type == "Observation" else None
    if part is None or resource.json.get("status") in VOID:
        return []
    observed = observed_on(resource, context)
    day = observed[0] if observed else None
    focus = about(resource, context)
    found: list[Finding] = []
    for position, component in enumerate(objects(resource.json.get("component"))):
        own = part_of(component)
        element, value = value_of(component)
        if own is None or own.field == SYMBOL or value is None:
            continue
        if own.field == WHOLE:
            own = Part(STAGE, own.side)
        side = side_of(component.get("code"), value, own) or part.side
        found.append(Finding(resource, own, f"component[{position}].{element}", value, side, day, focus))
    element, value = value_of(resource.json)
    spelled = spelled_parts(part, value)
    if spelled:
        found.extend(Finding(resource, each, element, {"text": text}, each.side, day, focus) for each, text in spelled)
    elif part.field == WHOLE and not any(each.part.field == STAGE for each in found):
        # A classification without a value holds its members together (MII: TNM-Klassifikation without UICC stage).
        found.append(Finding(resource, Part(STAGE, part.side), element, value, part.side, day, focus))
    elif part.field != WHOLE and (value is not None or not found):
        side = side_of(resource.json.get("code"), value, part)
        found.append(Finding(resource, part, element, value, side, day, focus))
    return found


def spelled_parts(part: Part, value: JsonObject | None) -> list[tuple[Part, str]]:
    """Several parts in one text (``pT2a N1 M0``), where a stage or classification states them so."""
    if value is None or part.field not in (STAGE, WHOLE):
        return []
    texts = [str(value.get("text") or ""), *(str(each.get("display") or "") for each in objects(value.get("coding")))]
    found = next((parts for text in texts if (parts := parts_in(text, part.side))), [])
    # A stage alone is left to the terminology, unless it stands in a longer text.
    alone = len(found) == 1 and found[0][0].field == STAGE
    return [] if alone and any(token_of(text) is not None for text in texts if text) else found


def assemble(findings: Iterable[Finding], context: Context) -> list[Staging]:
    """Stagings of one patient.

    1. ``hasMember`` and ``derivedFrom`` of a stage group, contained Observations and parts of the same Observation, except members
       of the other side: a clinical group that lists pathological categories (as one published mCODE example does) keeps only
       its own. What AJCC 8 lets stand on the other side is kept (``_contradicts``). Contained categories have no life outside
       their group (R4 §2.28.3.3) and are taken as they are: POP exports clinical stagings with pT.
    2. For a field that is still empty: the one free category of the same day, side and focus (or without a focus).
    3. What is left stays together by day, side and focus, without a stage.
    """
    ordered = sorted(findings, key=lambda each: each.place)
    groups = [each for each in ordered if each.part.field == STAGE]
    free = {each.place: each for each in ordered if each.part.field != STAGE}
    stagings = [Staging(group) for group in groups]
    for step in (_of_same_resource, _by_reference, _by_day):
        for staging in stagings:
            step(staging, free, context)
        for staging in stagings:
            for each in (*staging.members.values(), *staging.symbols):
                free.pop(each.place, None)
    return [*stagings, *_leftovers(free.values())]


def _of_same_resource(staging: Staging, free: dict[tuple[str, str], Finding], context: Context) -> None:
    assert staging.group is not None
    for each in free.values():
        if each.resource.reference == staging.group.resource.reference:
            staging.members.setdefault(each.part.field, each)


def _by_reference(staging: Staging, free: dict[tuple[str, str], Finding], context: Context) -> None:
    assert staging.group is not None
    owner, owner_side = staging.group.resource, staging.group.side
    if owner.type != "Observation":
        return
    targets: dict[str, Resource] = {}
    for name in ("hasMember", "derivedFrom"):
        for reference in objects(owner.json.get(name)):
            found = context.resolve(reference, within=owner)
            if found is not None:
                targets[found.reference] = found
            else:
                staging.unresolved += name == "hasMember"
        if objects(owner.json.get(name)):
            staging.pointers.append(Source(owner.reference, name))
    for contained in objects(owner.json.get("contained")):
        found = context.resolve(f"#{contained.get('id')}", within=owner)
        if found is not None:
            targets.setdefault(found.reference, found)
    found_there = [finding for target in targets.values() for finding in read_findings(target, context)]
    for finding in sorted(found_there, key=lambda each: each.side != owner_side):
        if finding.part.field == STAGE:
            continue
        if finding.part.field == SYMBOL:
            staging.symbols.append(finding)
        elif finding.resource.container is None and _contradicts(staging.group, finding):
            staging.rejected.append(finding)
        else:
            staging.members.setdefault(finding.part.field, finding)


def _contradicts(group: Finding, member: Finding) -> bool:
    """A category of the other side, except what AJCC 8 (chapter 1, *Pathological classification*) lets stand there: a clinical M
    or N in a pathological stage (pTis cN0 cM0), a microscopically proven M in a clinical one."""
    if group.side is None or member.side is None or group.side == member.side:
        return False
    if group.side == "pathological":
        return member.part.field not in (N, M)
    return not (member.part.field == M and any("M1" in letters for letters in letters_of(member.value)))


def _by_day(staging: Staging, free: dict[tuple[str, str], Finding], context: Context) -> None:
    group = staging.group
    assert group is not None
    if group.day is None:
        return
    found: dict[str, list[Finding]] = {}
    for each in free.values():
        if each.day != group.day or not same_focus(each.focus, group.focus):
            continue
        if each.side is not None and group.side is not None and each.side != group.side:
            continue
        if each.part.field in HISTOLOGICAL and group.side == "clinical":
            continue
        if each.part.field == SYMBOL:
            staging.symbols.append(each)
        elif each.part.field not in staging.members:
            found.setdefault(each.part.field, []).append(each)
    for name, candidates in found.items():
        # Two candidates for one field: nobody can tell which, so neither is taken.
        if len(candidates) == 1:
            staging.members[name] = candidates[0]
            staging.by_day.add(name)


def same_focus(one: frozenset[str], other: frozenset[str]) -> bool:
    """True unless both name conditions, and none of them is the same."""
    return not one or not other or bool(one & other)


def _leftovers(free: Iterable[Finding]) -> list[Staging]:
    """T and N by day, side and focus; M with the only such set of its day, as a pathological one has a clinical M too. R, L, V,
    Pn, G, S and the symbols stage nothing alone: they join the only set of their day or stay out."""
    stated = [each for each in free if each.part.field == SYMBOL or letters_of(each.value)]
    left = sorted(stated, key=lambda item: (_ORDER.get(item.part.field, 2), item.place))
    sets: dict[tuple[str, str, str], Staging] = {}
    for each in left:
        homes = [
            staging for staging in sets.values()
            if _first(staging).day == each.day and same_focus(_first(staging).focus, each.focus)
            and not (each.part.field in HISTOLOGICAL and staging.side == "clinical")
        ]  # fmt: skip
        matching = [staging for staging in homes if staging.side == each.side] if each.side is not None else []
        homes = matching if each.part.field == M and len(homes) > 1 else homes
        if each.part.field in (T, N) or (each.part.field == M and len(homes) != 1):
            key = (each.day.iso if each.day else "", each.side or "", min(each.focus, default=""))
            sets.setdefault(key, Staging(None)).members.setdefault(each.part.field, each)
        elif len(homes) == 1 and each.part.field == SYMBOL:
            homes[0].symbols.append(each)
        elif len(homes) == 1:
            homes[0].members.setdefault(each.part.field, each)
    return list(sets.values())


_ORDER = {T: 0, N: 0, M: 1}


def _first(staging: Staging) -> Finding:
    """The T, else the N, else the M of a set without a stage."""
    return next(staging.members[name] for name in (T, N, M) if name in staging.members)
