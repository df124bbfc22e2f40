"""Which patient each resource of a heap concerns: for the use without a store (``pop-gateway map``, tests of mappers).

The intake does the same across deliveries with its tables; here everything is in memory at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from mappers.compartment import SHARED_TYPES, patient_reference
from mappers.protocol import JsonObject, Resource
from mappers.references import iter_references, literal_key, own_identifier_keys, target_keys


@dataclass(frozen=True, slots=True)
class Entry:
    """One FHIR resource of the input; ``full_url`` is its Bundle entry's, if it came in one."""

    json: JsonObject
    full_url: str | None = None


@dataclass(slots=True)
class PatientResources:
    """What belongs to one patient. ``reference`` is ``Patient/id``, or the key by which others refer to a patient that
    is not among the resources; None for resources that no patient could be found for."""

    reference: str | None
    patient: Resource | None = None
    resources: list[Resource] = field(default_factory=list)


@dataclass(slots=True)
class Heap:
    """All resources, by patient, and what they share."""

    patients: list[PatientResources]
    shared: list[Resource]
    names: dict[str, Resource | None]
    """Every key of every resource; None where a key fits several."""


def unpack(documents: Iterable[Any]) -> tuple[list[Entry], list[tuple[str, str]]]:
    """Resources out of resources and Bundles (nested ones too), with their ``fullUrl``; and what is no resource, as
    (position, reason)."""
    entries: list[Entry] = []
    invalid: list[tuple[str, str]] = []
    for position, document in enumerate(documents):
        for place, json, full_url in _walk(document, f"[{position}]"):
            if not isinstance(json, dict) or not isinstance(json.get("resourceType"), str):
                invalid.append((place, "it is no FHIR resource: a JSON object with a resourceType is expected"))
                continue
            entries.append(Entry(json, full_url))
    return entries, invalid


def _walk(document: Any, place: str, full_url: str | None = None) -> Iterator[tuple[str, Any, str | None]]:
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        yield place, document, full_url
        return
    found = document.get("entry", [])
    for position, entry in enumerate(found if isinstance(found, list) else [found]):
        where = f"{place}.entry[{position}]"
        if not isinstance(entry, dict):
            yield where, entry, None
        elif "resource" in entry:
            name = entry.get("fullUrl")
            yield from _walk(entry["resource"], where, name if isinstance(name, str) else None)


def to_resource(entry: Entry) -> Resource:
    """A resource without an id gets one from its ``fullUrl``, else from its content: the same input, the same keys."""
    identity = entry.json.get("id")
    if not isinstance(identity, str) or not identity:
        if entry.full_url is not None and entry.full_url.startswith("urn:"):
            identity = entry.full_url.rpartition(":")[2].lower()
        else:
            content = orjson.dumps(entry.json, option=orjson.OPT_SORT_KEYS)
            identity = hashlib.blake2b(content, digest_size=16).hexdigest()
    return Resource(entry.json["resourceType"], identity, entry.json)


def _names(entry: Entry) -> list[str]:
    names = own_identifier_keys(entry.json)
    if entry.full_url is not None:
        # Both spellings: with the source's bases unknown, any base is its own (mappers.references).
        names += [key for bases in (None, ()) if (key := literal_key(entry.full_url, bases=bases)) is not None]
    return names


def _version(resource: Resource) -> tuple[int, str]:
    meta = resource.json.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    number = str(meta.get("versionId", ""))
    return (int(number) if number.isascii() and number.isdigit() else -1, str(meta.get("lastUpdated", "")))


def split_patients(entries: Iterable[Entry], *, bases: tuple[str, ...] | None = None) -> Heap:
    """Group resources by the patient they concern: by their own subject, else through what they refer to, else through
    what refers to them. Of several versions of a resource the newest counts (versionId, lastUpdated, then position)."""
    newest: dict[str, Resource] = {}
    names: dict[str, Resource | None] = {}
    for entry in entries:
        resource = to_resource(entry)
        known = newest.get(resource.reference)
        if known is None or _version(resource) >= _version(known):
            newest[resource.reference] = resource
        for name in _names(entry):
            named = names.setdefault(name, resource)
            if named is None or named.reference != resource.reference:
                names[name] = None
    names = {name: None if named is None else newest[named.reference] for name, named in names.items()}
    names.update(newest)
    owners = _owners(newest, names, bases)
    patients: dict[str | None, PatientResources] = {}
    shared: list[Resource] = []
    for reference in sorted(newest):
        resource = newest[reference]
        if resource.type in SHARED_TYPES and reference not in owners:
            shared.append(resource)
            continue
        owner = owners.get(reference)
        group = patients.setdefault(owner, PatientResources(owner))
        group.resources.append(resource)
        if resource.type == "Patient":
            group.patient = resource
    ordered = sorted(patients.values(), key=lambda each: (each.reference is None, each.reference or ""))
    return Heap(ordered, shared, names)


def _owners(
    newest: Mapping[str, Resource], names: Mapping[str, Resource | None], bases: tuple[str, ...] | None
) -> dict[str, str]:
    owners: dict[str, str] = {}
    links: dict[str, set[str]] = {}
    for reference, resource in newest.items():
        if resource.type == "Patient":
            owners[reference] = reference
        elif (owner := _subject(resource, names, bases)) is not None:
            owners[reference] = owner
        elif resource.type in SHARED_TYPES:
            continue
        for _, target in iter_references(resource.json):
            for key in target_keys(target, container=reference, bases=bases):
                found = names.get(key)
                if found is not None and found.reference != reference and found.type not in SHARED_TYPES:
                    links.setdefault(reference, set()).add(found.reference)
    waiting = [reference for reference in newest if reference not in owners]
    # Forward first: a resource's own reference says more about it than somebody's reference to it.
    for forward in (True, False):
        graph = links if forward else _reversed(links)
        while found_now := {
            reference: next(iter(candidates))
            for reference in waiting
            if reference not in owners
            and len(candidates := {owners[each] for each in graph.get(reference, ()) if each in owners}) == 1
        }:
            owners.update(found_now)
    return owners


def _reversed(links: Mapping[str, set[str]]) -> dict[str, set[str]]:
    backward: dict[str, set[str]] = {}
    for source, targets in links.items():
        for target in targets:
            backward.setdefault(target, set()).add(source)
    return backward


def _subject(resource: Resource, names: Mapping[str, Resource | None], bases: tuple[str, ...] | None) -> str | None:
    named = patient_reference(resource.json)
    if named is None:
        return None
    keys = target_keys(named[1], container=resource.reference, bases=bases)
    found = next((target for key in keys if (target := names.get(key)) is not None), None)
    if found is not None:
        return found.reference if found.type == "Patient" else None
    # The patient is not among the resources; the reference still says who it is.
    return next(iter(keys), None)
