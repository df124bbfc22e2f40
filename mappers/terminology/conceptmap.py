"""FHIR ConceptMap (R4 JSON; R5's ``relationship`` too) and its CSV form for people, as one flat structure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from mappers.codes import system_of
from mappers.fhir import code_of, objects, text_of
from mappers.protocol import JsonObject

#: Only these say that the target means the same (R4 *ConceptMapEquivalence*; R5 *ConceptMapRelationship*): wider and
#: narrower ones lose or invent meaning. R4 groups "equal" with "equivalent" for translation.
USED = frozenset({"equal", "equivalent"})
#: An explicit decision that there is no target.
UNMATCHED = frozenset({"unmatched", "disjoint", "not-related-to"})

CSV_COLUMNS = ("terminology", "source_system", "source_code", "target_system", "target_code", "target_display")

#: ``targetUri`` of a map into a POP terminology: the name of the field's ``x-terminology`` after this prefix.
TARGET_PREFIX = "urn:pop:terminology:"


class BadConceptMap(ValueError):
    """The document is no ConceptMap that can be used; the text says why and where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One source code's target in a POP terminology; ``target`` None is the decision that there is none."""

    terminology: str
    source: tuple[str, str]
    target: tuple[str, str, str] | None
    """(system, code, display)"""


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """A concept map by name, with its entries."""

    name: str
    """``{url}|{version}``, named in translation rules."""
    entries: tuple[Entry, ...] = field(default=())


def parse_concept_map(document: JsonObject) -> ConceptMap:
    """A FHIR ConceptMap resource. The POP terminology is read from ``targetUri``/``targetCanonical`` (or the group's
    ``target`` extension-free ``urn:pop:terminology:…``). Raises BadConceptMap."""
    if document.get("resourceType") != "ConceptMap":
        raise BadConceptMap("resourceType is not ConceptMap")
    name = f"{document.get('url') or document.get('id') or 'map'}|{document.get('version') or ''}".rstrip("|")
    scope = _terminology(document.get("targetUri") or document.get("targetCanonical") or document.get("targetScopeUri"))
    if scope is None:
        raise BadConceptMap(f"{name}: targetUri must name a POP terminology, like {TARGET_PREFIX}TumorMarkerAnalyte")
    return ConceptMap(name, tuple(_entries(document, scope)))


def _terminology(uri: object) -> str | None:
    return uri.removeprefix(TARGET_PREFIX) if isinstance(uri, str) and uri.startswith(TARGET_PREFIX) else None


def _entries(document: JsonObject, terminology: str) -> Iterator[Entry]:
    for group in objects(document.get("group")):
        source, target_system = system_of(group.get("source")), system_of(group.get("target"))
        for element in objects(group.get("element")):
            code = code_of(element)
            targets = objects(element.get("target"))
            if not code:
                continue
            if element.get("noMap") is True or (targets and all(_relation(each) in UNMATCHED for each in targets)):
                yield Entry(terminology, (source, code), None)
            for target in targets:
                if _relation(target) in USED and code_of(target):
                    yield Entry(
                        terminology, (source, code), (target_system, code_of(target), text_of(target.get("display")))
                    )


def _relation(target: JsonObject) -> str:
    return str(target.get("equivalence") or target.get("relationship") or "")


def parse_csv(text: str, *, name: str) -> ConceptMap:
    """A CSV with the columns of ``CSV_COLUMNS``; an empty ``target_code`` is the decision that there is none.

    Raises BadConceptMap with the line.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [column for column in CSV_COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise BadConceptMap(f"{name}: the columns {', '.join(missing)} are missing")
    entries: list[Entry] = []
    for row in reader:
        value = {column: (row[column] or "").strip() for column in CSV_COLUMNS}
        if not value["terminology"] or not value["source_code"]:
            raise BadConceptMap(f"{name}: line {reader.line_num} needs a terminology and a source_code")
        target = (system_of(value["target_system"]), value["target_code"], value["target_display"])
        source = (system_of(value["source_system"]), value["source_code"])
        entries.append(Entry(value["terminology"], source, target if target[1] else None))
    return ConceptMap(name, tuple(entries))
