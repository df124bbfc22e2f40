"""A concept map as one flat structure, and FHIR's ConceptMap (R4 JSON; R5's ``relationship`` and ``noMap`` too)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mappers.codes import system_of
from mappers.fhir import code_of, objects, text_of
from mappers.protocol import JsonObject
from mappers.terminology.relations import Relation, relation_of

#: ``targetUri`` of a map into a POP terminology: the name of the field's ``x-terminology`` after this prefix.
TARGET_PREFIX = "urn:pop:terminology:"


#: The earlier layer wins.
LAYERS = ("site", "organisation", "packaged")


class BadConceptMap(ValueError):
    """The document is no map that can be used; the text says why and where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One source code's target in a POP terminology; ``target`` None is the decision that there is none."""

    terminology: str
    source: tuple[str, str]
    target: tuple[str, str, str] | None
    """(system, code, display)"""
    relation: Relation = "equivalent"
    depends_on: tuple[str, ...] = ()
    """Properties that the row wants known as well (R4 ``target.dependsOn``): such a row is not applied to a code alone."""
    row: str = ""
    """Where it stands: ``line 12``, ``group[0].element[3].target[0]``."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """What a map says of all codes of a system that it does not name (R4 ``ConceptMap.group.unmapped``)."""

    terminology: str
    system: str
    target: tuple[str, str, str] | None
    """The one concept for all of them (mode ``fixed``); None: the code itself, in the target's system (mode ``provided``)."""
    target_system: str


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """A concept map by name, with its entries."""

    name: str
    """``{url}|{version}``, named in translation rules."""
    entries: tuple[Entry, ...] = field(default=())
    unmapped: tuple[Unmapped, ...] = field(default=())
    layer: str = "site"
    """``site``, ``organisation`` or ``packaged``: the earlier layer wins."""
    problems: tuple[str, ...] = field(default=())
    """What of the document is not used, and why."""


def parse_concept_map(document: JsonObject, *, layer: str = "site") -> ConceptMap:
    """A FHIR ConceptMap resource. The POP terminology is read from ``targetUri``, ``targetCanonical`` or R5's ``targetScope…``.
    Raises BadConceptMap."""
    if document.get("resourceType") != "ConceptMap":
        raise BadConceptMap("resourceType is not ConceptMap")
    name = f"{document.get('url') or document.get('id') or 'map'}|{document.get('version') or ''}".rstrip("|")
    scopes = ("targetUri", "targetCanonical", "targetScopeUri", "targetScopeCanonical")
    scope = next((found for each in scopes if (found := _terminology(document.get(each))) is not None), None)
    if scope is None:
        raise BadConceptMap(f"{name}: targetUri must name a POP terminology, like {TARGET_PREFIX}TumorMarkerAnalyte")
    if document.get("status") == "retired":
        raise BadConceptMap(f"{name}: the map is retired (status)")
    problems: list[str] = []
    entries = tuple(_entries(document, scope, problems))
    return ConceptMap(name, entries, tuple(_unmapped(document, scope, problems)), layer, tuple(problems))


def _terminology(uri: object) -> str | None:
    if not isinstance(uri, str) or not uri.startswith(TARGET_PREFIX):
        return None
    return uri.removeprefix(TARGET_PREFIX).partition("|")[0]


def _entries(document: JsonObject, terminology: str, problems: list[str]) -> Iterator[Entry]:
    for at, group in enumerate(objects(document.get("group"))):
        source, target_system = system_of(group.get("source")), system_of(group.get("target"))
        for number, element in enumerate(objects(group.get("element"))):
            code, where = code_of(element), f"group[{at}].element[{number}]"
            if not code:
                problems.append(f"{where}: an element without a code")
                continue
            targets = objects(element.get("target"))
            relations = [_relation(each) for each in targets]
            if element.get("noMap") is True or (targets and all(each == "none" for each in relations)):
                yield Entry(terminology, (source, code), None, "none", row=where)
                continue
            for place, (target, relation) in enumerate(zip(targets, relations, strict=True)):
                here = f"{where}.target[{place}]"
                if relation is None:
                    problems.append(f"{here}: no equivalence or relationship of FHIR")
                elif code_of(target) and relation != "none":
                    concept = (target_system, code_of(target), text_of(target.get("display")))
                    yield Entry(terminology, (source, code), concept, relation, _depends(target), here)


def _relation(target: JsonObject) -> Relation | None:
    return relation_of(str(target.get("equivalence") or target.get("relationship") or ""))


def _depends(target: JsonObject) -> tuple[str, ...]:
    return tuple(str(each.get("property") or each.get("attribute") or "?") for each in objects(target.get("dependsOn")))


def _unmapped(document: JsonObject, terminology: str, problems: list[str]) -> Iterator[Unmapped]:
    for at, group in enumerate(objects(document.get("group"))):
        found = group.get("unmapped")
        if not isinstance(found, dict):
            continue
        source, target = system_of(group.get("source")), system_of(group.get("target"))
        mode = found.get("mode")
        if mode == "fixed" and code_of(found):
            yield Unmapped(terminology, source, (target, code_of(found), text_of(found.get("display"))), target)
        elif mode in ("provided", "use-source-code"):
            yield Unmapped(terminology, source, None, target)
        else:
            problems.append(
                f"group[{at}].unmapped: the mode {mode} is not used; name the other map among the site's maps"
            )
