"""Whole records without a store: splitting a pile of FHIR by patient, mapping each, and the ``map --json`` object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mappers.compartment import SHARED_TYPES, patient_reference
from mappers.context import Translator
from mappers.coverage import coverage_of_all
from mappers.engine import MemoryReader, draft_json, map_all
from mappers.protocol import Coverage, Draft, JsonObject, Resource, ResourceStatus
from mappers.references import iter_references, literal_key, own_identifier_keys, target_keys
from mappers.registry import Registry


@dataclass(frozen=True, slots=True)
class Entry:
    """One FHIR resource of the input; ``full_url`` is its Bundle entry's, if it came in one."""

    json: JsonObject
    full_url: str | None = None


@dataclass
class Record:
    """One patient's part of the input."""

    patient_key: str | None
    resources: list[Resource] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MappingResult:
    """Drafts and coverage of one patient (or of what belongs to none)."""

    patient: str | None
    drafts: tuple[Draft, ...]
    coverage: tuple[Coverage, ...]


def to_resource(entry: Entry, number: int) -> Resource:
    """Identity as the intake gives it: type and id; without an id the ``urn:uuid:`` of the entry, else its position."""
    identity = entry.json.get("id")
    if not isinstance(identity, str) or not identity:
        url = entry.full_url or ""
        identity = url.rsplit(":", 1)[-1] if url.startswith("urn:") else f"entry-{number}"
    return Resource(type=str(entry.json.get("resourceType", "")), id=identity, json=entry.json)


def split(entries: Sequence[Entry]) -> tuple[list[Record], list[Resource], dict[str, Resource]]:
    """(records by patient, shared resources, aliases). A record without patient holds what nothing ties to one."""
    resources = [to_resource(entry, number) for number, entry in enumerate(entries)]
    aliases: dict[str, Resource] = {}
    for entry, resource in zip(entries, resources, strict=True):
        aliases.setdefault(resource.reference, resource)
        if entry.full_url and (key := literal_key(entry.full_url)) is not None:
            aliases.setdefault(key, resource)
        for key in own_identifier_keys(entry.json):
            aliases.setdefault(key, resource)
    shared = [resource for resource in resources if resource.type in SHARED_TYPES]
    patient_of = _assign([resource for resource in resources if resource.type not in SHARED_TYPES], aliases)
    records: dict[str | None, Record] = {}
    for resource in resources:
        if resource.type in SHARED_TYPES:
            continue
        key = patient_of.get(resource.reference)
        records.setdefault(key, Record(key)).resources.append(resource)
    return sorted(records.values(), key=lambda record: record.patient_key or "~"), shared, aliases


def _assign(resources: list[Resource], aliases: Mapping[str, Resource]) -> dict[str, str]:
    patient_of: dict[str, str] = {}
    links: dict[str, set[str]] = {resource.reference: set() for resource in resources}
    for resource in resources:
        if resource.type == "Patient":
            patient_of[resource.reference] = resource.reference
        elif (named := patient_reference(resource.json)) is not None and (keys := target_keys(named[1])):
            found = next((aliases[key] for key in keys if key in aliases), None)
            patient_of[resource.reference] = found.reference if found is not None else keys[0]
    for resource in resources:
        for _, reference in iter_references(resource.json):
            for key in target_keys(reference, container=resource.reference):
                target = aliases.get(key)
                if target is not None and target.type not in SHARED_TYPES and target.type != "Patient":
                    links[resource.reference].add(target.reference)
                    links[target.reference].add(resource.reference)
    # Through intermediate resources, in both directions, until nothing changes.
    frontier = list(patient_of)
    while frontier:
        reference = frontier.pop()
        if reference.startswith("Patient/"):
            continue
        for neighbour in sorted(links.get(reference, ())):
            if neighbour not in patient_of:
                patient_of[neighbour] = patient_of[reference]
                frontier.append(neighbour)
    return patient_of


def map_entries(
    entries: Sequence[Entry], *, registry: Registry, terminology: Translator, options: Mapping[str, Any]
) -> list[MappingResult]:
    """Map a pile of FHIR, patient by patient."""
    records, shared, aliases = split(entries)
    readers = registry.readers()
    results: list[MappingResult] = []
    for record in records:
        reader = MemoryReader([*record.resources, *shared], patient_key=record.patient_key, aliases=aliases)
        if record.patient_key is None:
            reason = "nothing in the input tells which patient it belongs to"
            orphans = tuple(
                Coverage(resource.reference, ResourceStatus.NOT_APPLICABLE, reason=reason)
                for resource in sorted(record.resources, key=lambda item: item.reference)
            )
            results.append(MappingResult(None, (), orphans))
            continue
        groups = map_all(
            record.resources, mappers=registry.mappers, reader=reader, terminology=terminology, options=options
        )
        results.append(
            MappingResult(
                record.patient_key,
                tuple(draft for group in groups for draft in group.drafts),
                tuple(coverage_of_all(record.resources, groups, readers)),
            )
        )
    if shared:
        reason = "shared resource: read by the resources that refer to it"
        results.append(
            MappingResult(
                None, (), tuple(Coverage(item.reference, ResourceStatus.NOT_APPLICABLE, reason=reason) for item in shared)
            )
        )
    return results


def to_json(results: Iterable[MappingResult]) -> JsonObject:
    """The one object that ``pop-gateway map --json`` prints (contract, design *Command line*)."""
    results = list(results)
    return {
        "drafts": [draft_json(draft) for result in results for draft in result.drafts],
        "resources": [
            {
                "reference": item.reference,
                "status": item.status.value,
                "unconsumed": list(item.unconsumed),
                "reason": item.reason,
            }
            for result in results
            for item in result.coverage
        ],
    }
