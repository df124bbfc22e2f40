"""Running mappers: select, group, map in the order of their requirements. Pure; the gateway's incremental mapping and
``pop-gateway map`` both stand on :func:`map_group`."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from mappers.context import MapContext, MappingError, NotLoaded, ResourceReader, Translator
from mappers.protocol import Draft, EntityView, Group, JsonObject, Mapper, NotForPop, Resource


@dataclass(frozen=True, slots=True)
class GroupResult:
    """What mapping one group gave."""

    mapper: str
    key: str
    members: tuple[str, ...]
    """References of the members."""
    drafts: tuple[Draft, ...] = ()
    not_for_pop: tuple[NotForPop, ...] = ()
    dependencies: frozenset[str] = frozenset()
    error: str | None = None
    """Stable code if the mapper is defective for this group; its drafts are then left as they were."""


def order(mappers: Iterable[Mapper]) -> list[Mapper]:
    """Mappers sorted so that each stands after those whose kinds it requires; ties by name. Raises MappingError on a cycle."""
    remaining = sorted(mappers, key=lambda mapper: mapper.name)
    produced = {kind: mapper.name for mapper in remaining for kind in mapper.produces}
    ordered: list[Mapper] = []
    done: set[str] = set()
    while remaining:
        ready = [
            mapper
            for mapper in remaining
            if all(produced.get(kind, mapper.name) in done | {mapper.name} for kind in mapper.requires)
        ]
        if not ready:
            names = ", ".join(mapper.name for mapper in remaining)
            raise MappingError(f"mappers require each other in a circle: {names}")
        ordered.extend(ready)
        done.update(mapper.name for mapper in ready)
        remaining = [mapper for mapper in remaining if mapper.name not in done]
    return ordered


def select(mappers: Iterable[Mapper], resource: Resource) -> list[tuple[str, str]]:
    """(mapper name, group key) of every group a resource belongs to. A mapper that raises selects nothing."""
    chosen: list[tuple[str, str]] = []
    for mapper in mappers:
        if resource.type not in mapper.reads:
            continue
        try:
            key = mapper.select(resource)
        except Exception:  # a plug-in's defect must not lose the resource for the others; coverage shows it as unselected
            key = f"failed:{resource.reference}"
        if key is not None:
            chosen.append((mapper.name, key))
    return chosen


def map_group(
    mapper: Mapper,
    group: Group,
    *,
    reader: ResourceReader,
    terminology: Translator,
    entities: Mapping[str, Sequence[EntityView]],
    options: Mapping[str, Any],
) -> GroupResult:
    """Map one group. A mapper's exception becomes ``error``; NotLoaded passes through to the driver."""
    context = MapContext(
        mapper=mapper, group=group, reader=reader, terminology=terminology, entities=entities, options=options
    )
    members = tuple(member.reference for member in group.members)
    try:
        outputs = list(mapper.map(group, context))
    except NotLoaded:
        raise
    except Exception as error:
        # The type alone: an exception's text can quote the resource.
        return GroupResult(
            mapper=mapper.name,
            key=group.key,
            members=members,
            dependencies=frozenset(context.dependencies),
            error=f"mapper-failed:{type(error).__name__}",
        )
    drafts = sorted((item for item in outputs if isinstance(item, Draft)), key=lambda draft: draft.key)
    error_code = None
    if len({draft.key for draft in drafts}) != len(drafts):
        error_code, drafts = "duplicate-draft-key", []
    return GroupResult(
        mapper=mapper.name,
        key=group.key,
        members=members,
        drafts=tuple(drafts),
        not_for_pop=tuple(
            sorted((item for item in outputs if isinstance(item, NotForPop)), key=lambda item: item.resource)
        ),
        dependencies=frozenset(context.dependencies),
        error=error_code,
    )


def view(draft: Draft) -> EntityView:
    """A draft as other mappers see it."""
    return EntityView(
        kind=draft.kind,
        key=draft.key,
        payload=draft.payload,
        resources=draft_resources(draft),
        blocked=draft.blocked,
    )


def draft_resources(draft: Draft) -> frozenset[str]:
    """References of all resources that a draft was made from."""
    found = {source.resource for sources in draft.sources.values() for source in sources}
    found.update(source.resource for source in draft.consumed)
    return frozenset(found)


def digest(draft: Draft) -> bytes:
    """BLAKE2b (16 bytes) of what would be written: kind, payload, references. Equal digests need no POP request."""
    references = {name: value if isinstance(value, str) else list(value) for name, value in draft.references.items()}
    body = orjson.dumps([draft.kind, draft.payload, references], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(body, digest_size=16).digest()


def views_digest(views: Iterable[EntityView]) -> bytes:
    """Changes exactly when what dependent mappers can see changes."""
    rows = [[v.key, v.payload, sorted(v.resources), v.blocked] for v in sorted(views, key=lambda v: v.key)]
    return hashlib.blake2b(orjson.dumps(rows, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


@dataclass
class MemoryReader:
    """A reader over one patient's resources, all in memory. ``aliases`` are further names: fullUrls, identifiers."""

    resources: Sequence[Resource]
    patient_key: str | None = None
    aliases: Mapping[str, Resource] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_key = {resource.reference: resource for resource in self.resources}
        self._by_type: dict[str, list[Resource]] = defaultdict(list)
        for resource in sorted(self.resources, key=lambda resource: resource.reference):
            self._by_type[resource.type].append(resource)

    def lookup(self, key: str) -> Resource | None:
        """The resource of that key or alias."""
        return self._by_key.get(key) or self.aliases.get(key)

    def of_type(self, resource_type: str) -> Sequence[Resource]:
        """Resources of a type, sorted by reference."""
        return self._by_type.get(resource_type, ())


def map_all(
    resources: Sequence[Resource],
    *,
    mappers: Iterable[Mapper],
    reader: ResourceReader,
    terminology: Translator,
    options: Mapping[str, Any],
) -> list[GroupResult]:
    """Map one patient from scratch: every group of every mapper, in order."""
    ordered = order(mappers)
    groups: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    for resource in resources:
        for chosen in select(ordered, resource):
            groups[chosen].append(resource)
    entities: dict[str, list[EntityView]] = defaultdict(list)
    results: list[GroupResult] = []
    for mapper in ordered:
        of_mapper: list[GroupResult] = []
        for name, key in sorted(groups):
            if name != mapper.name:
                continue
            members = tuple(sorted(groups[name, key], key=lambda resource: resource.reference))
            of_mapper.append(
                map_group(
                    mapper,
                    Group(mapper=name, key=key, members=members),
                    reader=reader,
                    terminology=terminology,
                    entities=entities,
                    options=options,
                )
            )
        for result in of_mapper:
            for draft in result.drafts:
                entities[draft.kind].append(view(draft))
        for views in entities.values():
            views.sort(key=lambda item: item.key)
        results.extend(of_mapper)
    return without_duplicate_keys(results)


def without_duplicate_keys(results: list[GroupResult]) -> list[GroupResult]:
    """Two groups that claim one draft key are a defect of their mappers: the later group is refused, visibly."""
    seen: set[str] = set()
    checked: list[GroupResult] = []
    for result in results:
        keys = {draft.key for draft in result.drafts}
        if keys & seen:
            result = replace(result, drafts=(), error="duplicate-draft-key")
        else:
            seen |= keys
        checked.append(result)
    return checked


def draft_json(draft: Draft) -> JsonObject:
    """A draft in the ``map --json`` shape: payload with symbolic ids (draft keys) in the place of POP ids."""
    references = {name: value if isinstance(value, str) else list(value) for name, value in draft.references.items()}
    return {
        "kind": draft.kind,
        "key": draft.key,
        "externalSourceId": draft.key,
        "payload": {**draft.payload, **references},
        "references": references,
        "sources": {
            name: [{"resource": source.resource, "element": source.element} for source in sources]
            for name, sources in sorted(draft.sources.items())
        },
        "consumed": sorted({f"{source.resource}#{source.element}" for source in draft.consumed}),
        "assumptions": [
            {"field": item.field, "code": item.code, "text": item.text, "source": _source(item.source)}
            for item in draft.assumptions
        ],
        "issues": [
            {
                "code": item.code,
                "field": item.field,
                "severity": item.severity.value,
                "text": item.text,
                "source": _source(item.source),
                "terminology": item.terminology,
                "codings": [list(coding) for coding in item.codings],
            }
            for item in draft.issues
        ],
        "blocked": draft.blocked,
    }


def _source(source: Any) -> JsonObject | None:
    return None if source is None else {"resource": source.resource, "element": source.element}
