"""POP's value lists in memory: lookup by code, and by name where a name is unambiguous."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mappers.protocol import JsonObject

_SEMANTIC_TAG = re.compile(
    r"\s*\((?:disorder|finding|qualifier value|observable entity|morphologic abnormality|body structure|procedure"
    r"|situation|event|substance|product|tumor staging)\)$"
)
_AJCC = re.compile(r"^(?:american joint committee on cancer|ajcc(?: \(american joint committee on cancer\))?|uicc)\s+")


class Concept(NamedTuple):
    """One entry of a POP value list."""

    system: str
    code: str
    display: str
    synonyms: tuple[str, ...] = ()
    properties: Mapping[str, Any] | None = None

    def json(self) -> JsonObject:
        """POP's ``CodedConcept``. Version, synonyms and properties are the server's own: it drops what clients send."""
        return {"code": self.code, "system": self.system, "display": self.display}


def concepts_from_json(items: Iterable[JsonObject]) -> list[Concept]:
    """Concepts from the answers of POP's ``/terminologies/{name}/concepts`` (or the same items in a file)."""
    return [
        Concept(
            str(item["system"]), str(item["code"]), str(item.get("display") or item["code"]),
            tuple(str(each) for each in item.get("synonyms") or ()), item.get("properties"),
        )
        for item in items
    ]  # fmt: skip


def normal_name(text: str) -> str:
    """A name for comparison: case, white space, SNOMED's semantic tag and "AJCC" before a category do not count."""
    name = _SEMANTIC_TAG.sub("", " ".join(text.split()).casefold())
    return _AJCC.sub("", name)


class ValueList:
    """One POP terminology, indexed."""

    def __init__(self, concepts: Iterable[tuple[Any, ...]]) -> None:
        self.concepts = [Concept(*each) for each in concepts]
        self.by_code: dict[tuple[str, str], Concept] = {}
        displays: dict[str, list[Concept]] = {}
        synonyms: dict[str, list[Concept]] = {}
        for concept in self.concepts:
            self.by_code.setdefault((concept.system, concept.code), concept)
            displays.setdefault(normal_name(concept.display), []).append(concept)
            extra = [*concept.synonyms]
            named = concept.properties or {}
            extra.extend(str(named[key]) for key in ("acronym", "display") if named.get(key))
            for name in {normal_name(each) for each in extra}:
                synonyms.setdefault(name, []).append(concept)
        # A display names its concept before another's synonym does; a name of two concepts names none.
        self.by_name = {name: found[0] for name, found in synonyms.items() if len(found) == 1}
        self.by_name |= {name: found[0] for name, found in displays.items() if len(found) == 1}
        for name, found in displays.items():
            if len(found) > 1:
                self.by_name.pop(name, None)

    def named(self, text: str) -> Concept | None:
        """The one concept with this display or synonym."""
        return self.by_name.get(normal_name(text))
