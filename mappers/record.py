"""Whole records without a store: a pile of FHIR, split by patient, mapped, and the ``map --json`` object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mappers.context import TerminologyService
from mappers.coverage import Verdict, cover, result_verdicts
from mappers.engine import GroupResult, MemoryReader, map_patient
from mappers.patients import Entry, Heap, PatientResources, split_patients, unpack
from mappers.protocol import Coverage, Draft, Issue, JsonObject, ResourceStatus, Severity
from mappers.registry import Registry
from mappers.render import coverage_json, draft_json

__all__ = ["Entry", "MappingResult", "map_entries", "map_resources", "to_json"]

UNUSED_SHARED = "shared resource: read only by those that refer to it"


@dataclass(frozen=True, slots=True)
class MappingResult:
    """Drafts and coverage of one patient; ``patient`` is None for what belongs to none (shared, waiting, invalid)."""

    patient: str | None
    drafts: tuple[Draft, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    failures: tuple[Issue, ...] = ()
    """Groups that a mapper could not map at all: defects of a mapper, not of the data."""


def map_resources(
    documents: Iterable[Any], *, mappers: Registry, terminology: TerminologyService, options: Mapping[str, Any]
) -> list[MappingResult]:
    """Map parsed FHIR: resources and Bundles, of any number of patients. What is no resource is reported as invalid."""
    entries, invalid = unpack(documents)
    results = map_entries(entries, registry=mappers, terminology=terminology, options=options)
    if invalid:
        rejected = [Coverage(place, ResourceStatus.INVALID, reason=reason) for place, reason in invalid]
        results.append(MappingResult(None, coverage=tuple(rejected)))
    return results


def map_entries(
    entries: Sequence[Entry], *, registry: Registry, terminology: TerminologyService, options: Mapping[str, Any]
) -> list[MappingResult]:
    """Map resources, patient by patient. The option ``fhir.own-bases`` names the source's own addresses."""
    bases = options.get("fhir.own-bases")
    heap = split_patients(entries, bases=None if bases is None else tuple(bases))
    readers, names = registry.readers(), _names(heap)
    results: list[MappingResult] = []
    of_shared: dict[str, list[Verdict]] = {}
    for record in heap.patients:
        if record.reference is None:
            results.append(MappingResult(None, coverage=_unassigned(record)))
            continue
        groups = map_patient(
            record.resources,
            _reader(heap, record, names),
            mappers=registry.mappers,
            terminology=terminology,
            options=options,
        )
        verdicts = collect(groups)
        coverage = [
            cover(each.reference, each.json, verdicts.get(each.reference, ()), read=each.type in readers)
            for each in sorted(record.resources, key=lambda each: each.reference)
        ]
        for shared in heap.shared:
            of_shared.setdefault(shared.reference, []).extend(verdicts.get(shared.reference, ()))
        drafts = [draft for group in groups for draft in group.drafts]
        failures = [failure_issue(group) for group in groups if group.error is not None]
        results.append(MappingResult(record.reference, tuple(drafts), tuple(coverage), tuple(failures)))
    if heap.shared:
        used = [
            cover(each.reference, each.json, found, read=True)
            if (found := of_shared.get(each.reference))
            else Coverage(each.reference, ResourceStatus.NOT_APPLICABLE, reason=UNUSED_SHARED)
            for each in heap.shared
        ]
        results.append(MappingResult(None, coverage=tuple(used)))
    return results


def collect(groups: Iterable[GroupResult]) -> dict[str, list[Verdict]]:
    """The verdicts of several groups, by resource."""
    found: dict[str, list[Verdict]] = {}
    for group in groups:
        for reference, verdict in result_verdicts(group).items():
            found.setdefault(reference, []).append(verdict)
    return found


def failure_issue(group: GroupResult) -> Issue:
    """A failed group as an issue, for the review queue."""
    return Issue(
        code=group.error or "",
        field="",
        severity=Severity.BLOCKING,
        text=f"{group.detail}; this group is left as it was. Report it to the author of the mapper {group.mapper}.",
    )


def _names(heap: Heap) -> dict[str, list[str]]:
    """Reference → the keys under which its resource is found: read once, for a heap of thousands of patients."""
    keys: dict[str, list[str]] = {}
    for key, found in heap.names.items():
        if found is not None:
            keys.setdefault(found.reference, []).append(key)
    return keys


def _reader(heap: Heap, record: PatientResources, keys: Mapping[str, Sequence[str]]) -> MemoryReader:
    # Another patient's resources are out of reach, whatever refers to them.
    own = (*record.resources, *heap.shared)
    names = {key: resource for resource in own for key in keys.get(resource.reference, ())}
    return MemoryReader(record.resources, patient=record.patient, shared=heap.shared, names=names, everybody=heap.names)


def _unassigned(record: PatientResources) -> tuple[Coverage, ...]:
    reason = "waits for its patient: nothing in the input tells which patient it belongs to"
    return tuple(Coverage(each.reference, ResourceStatus.BLOCKED, reason=reason) for each in record.resources)


def to_json(results: Iterable[MappingResult]) -> JsonObject:
    """The one object that ``pop-gateway map --json`` prints (contract, design *Command line*)."""
    results = list(results)
    return {
        "drafts": [draft_json(draft) for result in results for draft in result.drafts],
        "resources": [coverage_json(each) for result in results for each in result.coverage],
    }
