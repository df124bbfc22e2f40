"""The treatments that a report suspects: ``suspectEntity`` of R4 and R5, R5's as an extension, and a Condition's *due to*."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mappers.codes import DUE_TO
from mappers.fhir import extensions, first, objects
from mappers.protocol import JsonObject, Resource, Source

_SUSPECT_URL = re.compile(r"suspect-?entity", re.I)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A treatment that is suspected, as the source names it."""

    named: JsonObject
    """A Reference, or a CodeableConcept."""
    causality: JsonObject | None
    source: Source
    holder: Resource
    """The resource that names it: references are resolved within it."""


def suspects_of(member: Resource) -> Iterator[Suspect]:
    """Each suspect, as the resource names it."""
    for number, each in enumerate(objects(member.json.get("suspectEntity"))):
        causality = first(each.get("causality"))
        assessment = first(causality.get("assessment") or causality.get("entityRelatedness"))
        for name in ("instance", "instanceReference", "instanceCodeableConcept"):
            if isinstance(each.get(name), dict):
                source = Source(member.reference, f"suspectEntity[{number}].{name}")
                yield Suspect(each[name], assessment or None, source, member)
    for number, each in enumerate(objects(member.json.get("extension"))):
        if not _SUSPECT_URL.search(str(each.get("url"))):
            continue
        instance = first([part for part in objects(each.get("extension")) if part.get("url") == "instance"])
        causality = first([part for part in objects(each.get("extension")) if part.get("url") == "causality"])
        related = first(
            [part for part in objects(causality.get("extension")) if part.get("url") == "entityRelatedness"]
        )
        named = instance.get("valueReference") or instance.get("valueCodeableConcept")
        if isinstance(named, dict):
            yield Suspect(
                named, related.get("valueCodeableConcept"), Source(member.reference, f"extension[{number}]"), member
            )
    for position, extension in extensions(member.json, DUE_TO):
        named = extension.get("valueReference") or extension.get("valueCodeableConcept")
        if isinstance(named, dict):
            yield Suspect(named, None, Source(member.reference, f"extension[{position}]"), member)
