"""A whole case as it stands in POP, in the shape in which it would be written.

POP has no request for it that the technical account may use (the bundle export needs level 2), so it is read collection by
collection: one request for the case and one for each of the eighteen collections. Children come embedded in their parents
(observed: in reads and in lists, with all their fields), so they cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from adapters.pop.compare import writable
from adapters.pop.kinds import KINDS, JsonObject, Kind
from adapters.pop.release import Release


@dataclass(frozen=True, slots=True)
class Standing:
    """One entity that stands in POP: a draft's counterpart."""

    kind: str
    id: str
    parent_id: str | None
    """Id of the entity whose child it is."""
    body: JsonObject
    """Its fields as they would be written: without what POP adds, without nulls, references apart."""
    references: Mapping[str, str | tuple[str, ...]]
    """Reference field → POP ids; the case, the parent and the therapy line, which is POP's own, are left out."""
    read: JsonObject
    """POP's answer itself, under our names: with who made and changed it, and what POP derives."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case with everything in it that can be read."""

    case: Standing
    entities: tuple[Standing, ...]
    unreadable: tuple[str, ...] = field(default=())
    """Collections that POP cannot list (500): somebody has stored something in this case that it cannot show."""

    def of(self, kind: str) -> list[Standing]:
        """Its entities of a kind."""
        return [entity for entity in self.entities if entity.kind == kind]


@cache
def collections() -> tuple[str, ...]:
    """The collections of a case, in order of writing; children's are parts of them."""
    ranked = sorted(KINDS.values(), key=lambda kind: (kind.rank, kind.collection))
    return tuple(dict.fromkeys(kind.collection for kind in ranked if "caseId" in kind.properties))


@cache
def _kinds(collection: str) -> tuple[Kind, ...]:
    return tuple(kind for kind in KINDS.values() if kind.collection == collection)


@cache
def _children(kind: str) -> Mapping[str, Kind]:
    """Field of the read shape → kind of the children in it: ``suspectedCauses`` for ``…/suspected-causes``."""
    found = {}
    for child in KINDS.values():
        if child.parent == kind:
            first, *others = child.collection.rsplit("/", 1)[1].split("-")
            found[first + "".join(word.capitalize() for word in others)] = child
    return found


def kind_of(collection: str, item: JsonObject) -> Kind | None:
    """The kind of a listed item, by its constant field; None for one that this gateway does not know."""
    return next((k for k in _kinds(collection) if all(item.get(f) == v for f, v in k.const.items())), None)


def standing(collection: str, items: list[JsonObject], release: Release) -> Iterator[Standing]:
    """The entities of a list's items and the children within. What is of no known kind is passed over."""
    for item in items:
        kind = kind_of(collection, item)
        if kind is not None:
            yield from _entity(kind, item, None, release)


def _entity(kind: Kind, item: JsonObject, parent_id: str | None, release: Release) -> Iterator[Standing]:
    ours = release.decode(kind.name, item)
    body = writable(kind.name, ours)
    references: dict[str, str | tuple[str, ...]] = {}
    for name in kind.references:
        value: Any = body.pop(name, None)
        if value and name not in ("caseId", "therapyLineId"):
            references[name] = tuple(value) if isinstance(value, list) else value
    identity = str(item["id"])
    yield Standing(kind.name, identity, parent_id, body, references, ours)
    for name, child in _children(kind.name).items():
        for each in item.get(name) or ():
            yield from _entity(child, each, identity, release)
