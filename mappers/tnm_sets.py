"""Which categories belong to which stage group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mappers.dates import Day
from mappers.fhir import objects
from mappers.protocol import Context, Resource, Source
from mappers.references import target_keys
from mappers.subjects import VOID, named_conditions, observed_on
from mappers.tnm_codes import Part, Side, part_of, side_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One TNM Observation, read."""

    resource: Resource
    part: Part
    side: Side | None
    day: Day | None
    focus: frozenset[str]
    """Target keys of the conditions that it names."""


@dataclass(slots=True)
class Staging:
    """A stage group with its categories, or categories that lack their stage group."""

    group: Finding | None
    members: dict[str, Finding] = field(default_factory=dict)
    """POP field → category."""
    by_day: set[str] = field(default_factory=set)
    """Fields whose category was found by day, side and focus rather than by a reference."""
    rejected: list[Finding] = field(default_factory=list)
    """Members by reference that are of the other side."""
    unresolved: int = 0
    """Members by reference that have not arrived."""
    pointers: list[Source] = field(default_factory=list)

    def every(self) -> list[Finding]:
        """All findings of the staging, the group first."""
        return [*([self.group] if self.group else []), *(self.members[name] for name in sorted(self.members))]


def read_finding(resource: Resource, context: Context) -> Finding | None:
    """A TNM Observation; None for anything else, and for one without a valid state."""
    part = part_of(resource.json) if resource.type == "Observation" else None
    if part is None or resource.json.get("status") in VOID:
        return None
    observed = observed_on(resource, context)
    named = [key for _, reference in named_conditions(resource) for key in target_keys(reference)]
    return Finding(resource, part, side_of(resource.json, part), observed[0] if observed else None, frozenset(named))


def assemble(findings: Iterable[Finding], context: Context) -> list[Staging]:
    """Stagings of one patient.

    1. ``hasMember`` of a stage group, contained Observations included, except members of the other side: a clinical group that
       lists pathological categories (as one published mCODE example does) keeps only its own. A pathological group may hold
       cM: AJCC 8 has no pM0, M0 of a pathological staging is clinical. Contained categories have no life outside their
       group (R4 §2.28.3.3) and are taken as they are: POP exports clinical stagings with pT.
    2. For a field that is still empty: the one free category of the same day, side and focus (or without a focus).
    3. What is left stays together by day, side and focus, without a stage.
    """
    ordered = sorted(findings, key=lambda each: each.resource.reference)
    groups = [each for each in ordered if each.part.field == "stage"]
    free = {each.resource.reference: each for each in ordered if each.part.field != "stage"}
    stagings = [Staging(group) for group in groups]
    for staging in stagings:
        _by_reference(staging, free, context)
    for staging in stagings:
        for each in staging.members.values():
            free.pop(each.resource.reference, None)
    for staging in stagings:
        _by_day(staging, free)
    for staging in stagings:
        for each in staging.members.values():
            free.pop(each.resource.reference, None)
    return [*stagings, *_leftovers(free.values())]


def _by_reference(staging: Staging, free: dict[str, Finding], context: Context) -> None:
    assert staging.group is not None
    owner = staging.group.resource
    targets: list[Resource] = []
    for reference in objects(owner.json.get("hasMember")):
        found = context.resolve(reference, within=owner)
        if found is not None:
            targets.append(found)
        else:
            staging.unresolved += 1
    if objects(owner.json.get("hasMember")):
        staging.pointers.append(Source(owner.reference, "hasMember"))
    for contained in objects(owner.json.get("contained")):
        found = context.resolve(f"#{contained.get('id')}", within=owner)
        if found is not None and found.reference not in {each.reference for each in targets}:
            targets.append(found)
    for target in targets:
        finding = free.get(target.reference) or read_finding(target, context)
        if finding is None or finding.part.field == "stage":
            continue
        if target.container is None and _contradicts(staging.group, finding):
            staging.rejected.append(finding)
        else:
            staging.members.setdefault(finding.part.field, finding)


def _contradicts(group: Finding, member: Finding) -> bool:
    if group.side is None or member.side is None or group.side == member.side:
        return False
    return not (group.side == "pathological" and member.part.field == "distantMetastases")


def _by_day(staging: Staging, free: dict[str, Finding]) -> None:
    group = staging.group
    assert group is not None
    if group.day is None:
        return
    found: dict[str, list[Finding]] = {}
    for each in free.values():
        same_focus = not each.focus or not group.focus or bool(each.focus & group.focus)
        same_side = each.side == group.side or each.side is None or group.side is None
        if each.day == group.day and same_focus and same_side and each.part.field not in staging.members:
            found.setdefault(each.part.field, []).append(each)
    for name, candidates in found.items():
        # Two candidates for one field: nobody can tell which, so neither is taken.
        if len(candidates) == 1:
            staging.members[name] = candidates[0]
            staging.by_day.add(name)


def _leftovers(free: Iterable[Finding]) -> list[Staging]:
    sets: dict[tuple[str, str, str], Staging] = {}
    for each in sorted(free, key=lambda item: item.resource.reference):
        key = (each.day.iso if each.day else "", each.side or "", min(each.focus, default=""))
        sets.setdefault(key, Staging(None)).members.setdefault(each.part.field, each)
    return [sets[key] for key in sorted(sets)]
