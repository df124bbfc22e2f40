"""Mapping one group, and one patient: pure functions over resources.

The phases follow from ``requires``: a mapper runs after those that produce what it asks for. The store-backed driver
(``gateway.reconcile.mapping``) uses the same functions on the groups that changed.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from mappers.context import CASE, GroupContext, ResourceReader, TerminologyService, entity_view
from mappers.decided import decided
from mappers.errors import MappingError
from mappers.protocol import Draft, EntityView, Group, Mapper, NotForPop, Resource

#: ``GroupResult.error``: the mapper raised, or gave something that is no draft.
MAPPER_FAILED = "mapper-failed"
#: ``GroupResult.error``: a draft key that is already taken; the draft that came later is left out.
DUPLICATE_KEY = "duplicate-key"
#: Kinds that anybody's record may give, with cancer or without. The others speak of a tumour that may still arrive.
ANYBODYS = frozenset({
    "AdverseEvent", "AdverseEventMitigation", "AdverseEventSuspectedCause", "ComorbiditiesAssessment", "FamilyHistory", "Lifestyle",
    "PerformanceStatus", "TumorMarker", "Vitals",
})  # fmt: skip
#: Why nothing is made of what a mapper could use.
NO_CASE = "the patient is no case of POP's: see what became of the Patient"
#: Group key prefix of a resource on which ``select`` raised: visible like any other failed group.
SELECT_FAILED = "select-failed:"


@dataclass(frozen=True, slots=True)
class GroupResult:
    """What became of one group. ``error`` is a stable code, ``detail`` says where the mapper failed (no values)."""

    mapper: str
    key: str
    members: tuple[Resource, ...]
    drafts: tuple[Draft, ...] = ()
    not_for_pop: tuple[NotForPop, ...] = ()
    dependencies: frozenset[str] = frozenset()
    error: str | None = None
    detail: str | None = None

    def views(self) -> list[EntityView]:
        """The drafts as other mappers may see them."""
        members = frozenset(member.reference for member in self.members)
        return [entity_view(draft, members) for draft in self.drafts]


@dataclass(slots=True)
class Selection:
    """Group key → members, per mapper."""

    groups: dict[str, dict[str, list[Resource]]] = field(default_factory=dict)

    def add(self, mapper: str, key: str, resource: Resource) -> None:
        """Make the resource a member."""
        self.groups.setdefault(mapper, {}).setdefault(key, []).append(resource)


def phase_order(mappers: Iterable[Mapper]) -> list[Mapper]:
    """Mappers in an order in which each finds the drafts it requires; by name where nothing decides.

    Raises MappingError if mappers require each other's kinds, or one its own: while a kind is in the making nobody sees it.
    """
    left = {mapper.name: mapper for mapper in mappers}
    behind = behind_case(left.values())
    ordered: list[Mapper] = []
    while left:
        ready = [
            name
            for name, mapper in sorted(left.items())
            if not any(kind in other.produces for kind in _awaited(mapper, behind) for other in left.values())
        ]
        if not ready:
            raise MappingError(f"these mappers require each other's entities in a circle: {', '.join(sorted(left))}")
        ordered.extend(left.pop(name) for name in ready)
    return ordered


def _awaited(mapper: Mapper, behind: frozenset[str]) -> tuple[str, ...]:
    return (*mapper.requires, CASE) if mapper.name in behind else mapper.requires


def behind_case(mappers: Iterable[Mapper]) -> frozenset[str]:
    """Names of the mappers that must know whether the patient is a case: those of kinds that anybody may have. Not those whose
    drafts decide about it."""
    found = list(mappers)
    before = {mapper.name: mapper for mapper in found if CASE in mapper.produces}
    if not before:
        return frozenset()
    while more := {
        other.name: other
        for mapper in before.values()
        for other in found
        if other.name not in before and not set(mapper.requires).isdisjoint(other.produces)
    }:
        before |= more
    return frozenset(mapper.name for mapper in found if not ANYBODYS.isdisjoint(mapper.produces)) - before.keys()


def selected_group(mapper: Mapper, resource: Resource) -> str | None:
    """The group of a resource. A ``select`` that raises makes a group of its own, which then shows the failure."""
    if resource.type not in mapper.reads:
        return None
    try:
        return mapper.select(resource)
    except Exception:
        return SELECT_FAILED + resource.reference


def map_group(mapper: Mapper, group: Group, context: GroupContext) -> GroupResult:
    """Call ``mapper.map`` for a group. An exception of the mapper becomes the group's error: it names the exception's
    type and place, never its text, which may quote a patient's data."""
    drafts: dict[str, Draft] = {}
    reasons: list[NotForPop] = []
    error = detail = None
    try:
        if group.key.startswith(SELECT_FAILED):
            for member in group.members:
                mapper.select(member)
            return _failed(group, context, "select no longer raises: the group is mapped again with its next change")
        for output in mapper.map(group, context):
            if isinstance(output, NotForPop) or isinstance(output := decided(output, context), NotForPop):
                reasons.append(output)
            elif output.key in drafts:
                error, detail = DUPLICATE_KEY, f"two drafts of this group have the key {output.key}"
            else:
                draft_digest(output)
                drafts[output.key] = output
        anybodys = [key for key, draft in drafts.items() if draft.kind in ANYBODYS]
        if anybodys and context.is_no_case():
            for key in anybodys:
                del drafts[key]
            if not drafts:
                told = {reason.resource for reason in reasons}
                reasons += [NotForPop(each.reference, NO_CASE) for each in group.members if each.reference not in told]
    except Exception as failure:
        return _failed(group, context, f"{mapper.name} {mapper.version} raised {_where(failure)}")
    return GroupResult(
        mapper=group.mapper, key=group.key, members=group.members, drafts=tuple(drafts.values()),
        not_for_pop=tuple(reasons), dependencies=frozenset(context.dependencies), error=error, detail=detail,
    )  # fmt: skip


def _failed(group: Group, context: GroupContext, detail: str) -> GroupResult:
    return GroupResult(
        mapper=group.mapper, key=group.key, members=group.members, dependencies=frozenset(context.dependencies),
        error=MAPPER_FAILED, detail=detail,
    )  # fmt: skip


def _where(failure: Exception) -> str:
    frames = traceback.extract_tb(failure.__traceback__)
    place = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return type(failure).__name__ + place


def draft_digest(draft: Draft) -> bytes:
    """BLAKE2b (16 bytes) of kind, payload and references: equal digests need no POP request.

    Raises TypeError if the payload is not plain JSON.
    """
    content = [draft.kind, draft.payload, {name: draft.references[name] for name in sorted(draft.references)}]
    return hashlib.blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def without_duplicates(result: GroupResult, taken: Iterable[str]) -> GroupResult:
    """The result without drafts whose key another group owns: phases first, then group keys, decide who came first."""
    keys = {draft.key for draft in result.drafts}.intersection(taken)
    if not keys:
        return result
    return GroupResult(
        mapper=result.mapper, key=result.key, members=result.members,
        drafts=tuple(draft for draft in result.drafts if draft.key not in keys), not_for_pop=result.not_for_pop,
        dependencies=result.dependencies | {f"draft:{key}" for key in keys}, error=DUPLICATE_KEY,
        detail=f"another group already gives a draft with the key {min(keys)}",
    )  # fmt: skip


@dataclass(slots=True)
class Entities:
    """Entity views by kind, as later phases see them."""

    by_kind: dict[str, dict[str, EntityView]] = field(default_factory=dict)
    _sorted: dict[str, tuple[EntityView, ...]] = field(default_factory=dict)

    def add(self, views: Iterable[EntityView]) -> None:
        """Add or replace."""
        for view in views:
            self.by_kind.setdefault(view.kind, {})[view.key] = view
            self._sorted.pop(view.kind, None)

    def of(self, kind: str) -> tuple[EntityView, ...]:
        """Sorted by key."""
        if kind not in self._sorted:
            views = self.by_kind.get(kind, {})
            self._sorted[kind] = tuple(views[key] for key in sorted(views))
        return self._sorted[kind]


class MemoryReader:
    """A :class:`~mappers.context.ResourceReader` over one patient's resources, all in memory."""

    def __init__(
        self,
        resources: Sequence[Resource],
        *,
        patient: Resource | None = None,
        shared: Sequence[Resource] = (),
        names: Mapping[str, Resource | None] | None = None,
        everybody: Mapping[str, Resource | None] | None = None,
    ) -> None:
        self._everybody = everybody or {}
        self._names = dict(names or {})
        self._types: dict[str, list[Resource]] = {}
        for resource in sorted(resources, key=lambda each: each.reference):
            self._names[resource.reference] = resource
            self._types.setdefault(resource.type, []).append(resource)
        for resource in shared:
            self._names.setdefault(resource.reference, resource)
        self.patient = patient
        self.views = Entities()

    def get(self, key: str) -> Resource | None:
        """The resource with this target key."""
        return self._names.get(key)

    def elsewhere(self, key: str) -> bool:
        """True if somebody has the key, and it is not this patient."""
        return self._everybody.get(key) is not None and key not in self._names

    def of_type(self, resource_type: str) -> Sequence[Resource]:
        """Sorted by reference."""
        return self._types.get(resource_type, [])

    def entities(self, kind: str) -> Sequence[EntityView]:
        """Sorted by key."""
        return self.views.of(kind)


def context_for(
    mapper: Mapper,
    reader: ResourceReader,
    *,
    terminology: TerminologyService,
    options: Mapping[str, Any],
    behind: Collection[str] = (),
) -> GroupContext:
    """A fresh context. ``behind``: :func:`behind_case` of all mappers. The option ``fhir.own-bases`` names the source's own
    addresses (``mappers.references``)."""
    bases = options.get("fhir.own-bases")
    return GroupContext(
        reader, terminology=terminology, options=options, requires=mapper.requires,
        bases=None if bases is None else tuple(bases), behind_case=mapper.name in behind,
    )  # fmt: skip


def map_patient(
    resources: Sequence[Resource],
    reader: MemoryReader,
    *,
    mappers: Sequence[Mapper],
    terminology: TerminologyService,
    options: Mapping[str, Any],
) -> list[GroupResult]:
    """Map all of one patient's resources from scratch. ``mappers`` stand in phase order."""
    selection = Selection()
    readers: dict[str, list[Mapper]] = {}
    for mapper in mappers:
        for resource_type in dict.fromkeys(mapper.reads):
            readers.setdefault(resource_type, []).append(mapper)
    for resource in sorted(resources, key=lambda each: each.reference):
        for mapper in readers.get(resource.type, ()):
            if (key := selected_group(mapper, resource)) is not None:
                selection.add(mapper.name, key, resource)
    results: list[GroupResult] = []
    taken: set[str] = set()
    behind = behind_case(mappers)
    for mapper in mappers:
        phase: list[GroupResult] = []
        for key, members in sorted(selection.groups.get(mapper.name, {}).items()):
            context = context_for(mapper, reader, terminology=terminology, options=options, behind=behind)
            result = map_group(mapper, Group(mapper.name, key, tuple(members)), context)
            result = without_duplicates(result, taken)
            taken.update(draft.key for draft in result.drafts)
            phase.append(result)
        # A mapper sees the drafts of other mappers, never those of its own kind in the making.
        for result in phase:
            reader.views.add(result.views())
        results.extend(phase)
    return results
