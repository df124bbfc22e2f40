"""Reading FHIR JSON as hospitals send it: a missing, null or misshapen element is an absent one, never an exception."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from mappers.codes import system_of
from mappers.protocol import JsonObject

T = TypeVar("T")


def objects(value: Any) -> list[JsonObject]:
    """The objects of a list. A lone object counts as a list of one: POP's own export writes ``focus`` so."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def first(value: Any) -> JsonObject:
    """The first object of a list (or the object itself); empty if there is none."""
    found = objects(value)
    return found[0] if found else {}


def text_of(value: Any) -> str:
    """A string with its white space collapsed; empty if it is none."""
    return " ".join(value.split()) if isinstance(value, str) else ""


def extensions(element: JsonObject, urls: str | Collection[str]) -> Iterator[tuple[int, JsonObject]]:
    """(position, extension) for the extensions of an element that have this URL or one of these."""
    wanted = (urls,) if isinstance(urls, str) else urls
    found = element.get("extension")
    if isinstance(found, list):
        for position, extension in enumerate(found):
            if isinstance(extension, dict) and extension.get("url") in wanted:
                yield position, extension


def extension_value(element: JsonObject, urls: str | Collection[str]) -> tuple[str, Any] | None:
    """The first such extension's (path, value); its value may be of any type."""
    for position, extension in extensions(element, urls):
        for name, value in extension.items():
            if name.startswith("value"):
                return f"extension[{position}].{name}", value
    return None


def codings(concept: Any) -> list[JsonObject]:
    """The codings of a CodeableConcept, or a Coding as a list of one."""
    if not isinstance(concept, dict):
        return []
    if "coding" in concept:
        return objects(concept["coding"])
    return [concept] if isinstance(concept.get("code"), str) else []


def code_of(coding: JsonObject) -> str:
    """The code without surrounding white space; empty if there is none."""
    code = coding.get("code")
    return code.strip() if isinstance(code, str) else ""


def has_code(concept: Any, codes: Collection[tuple[str, str]]) -> bool:
    """True if a coding of the concept is one of these (system, code) pairs."""
    return any((system_of(coding.get("system")), code_of(coding)) in codes for coding in codings(concept))


def pairs(concept: Any) -> Iterator[tuple[str, str]]:
    """The (canonical system, code) of each coding."""
    for coding in codings(concept):
        yield system_of(coding.get("system")), code_of(coding)


def words(concept: Any) -> str:
    """Text and displays of a concept, for recognition by words."""
    if not isinstance(concept, dict):
        return ""
    parts = [text_of(concept.get("text"))]
    parts.extend(text_of(coding.get("display")) for coding in codings(concept))
    return " | ".join(part for part in parts if part)


def triples(concept: Any) -> tuple[tuple[str, str, str], ...]:
    """(system, code, display) of each coding, for an ``unmapped-code`` issue. A text alone counts as a code-less coding."""
    found = tuple(
        (system_of(each.get("system")), code_of(each), text_of(each.get("display"))) for each in codings(concept)
    )
    if not found and isinstance(concept, dict) and text_of(concept.get("text")):
        return (("", "", text_of(concept["text"])),)
    return found


def remembered(judge: Callable[[JsonObject], T]) -> Callable[[Any], T]:
    """A question about a concept, asked once of each that a hospital sends: it sends the same few hundred over and over, and
    most selections only say no. ``judge`` gets a concept with the text, systems, codes and displays of the one that is asked."""

    @lru_cache(maxsize=8_192)
    def answer(key: tuple[Any, ...]) -> T:
        found = [dict(zip(("system", "code", "display"), each, strict=True)) for each in key[1:]]
        return judge({"text": key[0], "coding": found})

    def ask(concept: Any) -> T:
        if not isinstance(concept, dict):
            return judge({})
        parts = [(each.get("system"), each.get("code"), each.get("display")) for each in codings(concept)]
        try:
            return answer((concept.get("text"), *parts))
        except TypeError:  # a misshapen concept: a list for a code
            return judge(concept)

    return ask


def profiles(resource: JsonObject) -> frozenset[str]:
    """The last path segments of ``meta.profile``, without versions (R4 §2.18 canonical ``|version``)."""
    meta = resource.get("meta")
    found = meta.get("profile") if isinstance(meta, dict) else None
    if not isinstance(found, list):
        return frozenset()
    return frozenset(each.split("|", 1)[0].rpartition("/")[2] for each in found if isinstance(each, str))


def choice(element: JsonObject, names: Iterable[str]) -> tuple[str, Any] | None:
    """The first element present of several names (``effectiveDateTime``, ``effectivePeriod``…)."""
    for name in names:
        value = element.get(name)
        if value is not None:
            return name, value
    return None
