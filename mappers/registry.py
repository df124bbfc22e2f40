"""Finding mappers: built-in ones and third parties' register under the same entry-point group."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from importlib.metadata import entry_points

from mappers.engine import behind_case, phase_order
from mappers.errors import MappingError
from mappers.protocol import PROTOCOL_VERSION, JsonObject, Mapper

GROUP = "pop_gateway.mappers"


class Registry:
    """The mappers of a running gateway, in mapping order. Raises MappingError for what cannot work."""

    def __init__(self, mappers: Iterable[Mapper]) -> None:
        found = list(mappers)
        names: set[str] = set()
        kinds: dict[str, str] = {}
        for mapper in found:
            if not isinstance(mapper, Mapper):
                raise MappingError(f"{type(mapper).__name__} does not implement mappers.protocol.Mapper")
            if getattr(mapper, "protocol_version", PROTOCOL_VERSION) != PROTOCOL_VERSION:
                raise MappingError(
                    f"{mapper.name} was written for another mapping protocol; this gateway speaks {PROTOCOL_VERSION}"
                )
            if mapper.name in names:
                raise MappingError(f"two mappers are named {mapper.name}: disable one in [mapping] disabled")
            names.add(mapper.name)
            for kind in mapper.produces:
                if kind in kinds:
                    both = f"{mapper.name} and {kinds[kind]}"
                    raise MappingError(f"{both} both produce {kind}: disable one in [mapping] disabled")
                kinds[kind] = mapper.name
        self.mappers: list[Mapper] = phase_order(found)
        self.behind_case = behind_case(found)
        self.by_name = {mapper.name: mapper for mapper in self.mappers}

    def readers(self) -> dict[str, list[str]]:
        """FHIR resource type → names of the mappers that read it."""
        found: dict[str, list[str]] = {}
        for mapper in self.mappers:
            for resource_type in mapper.reads:
                found.setdefault(resource_type, []).append(mapper.name)
        return found

    def describe(self) -> list[JsonObject]:
        """What ``pop-gateway mappers list --json`` prints."""
        return [
            {
                "name": mapper.name,
                "version": mapper.version,
                "produces": list(mapper.produces),
                "reads": list(mapper.reads),
                "requires": list(mapper.requires),
                "description": (inspect.getdoc(type(mapper)) or "").split("\n\n")[0].replace("\n", " "),
                "documentation": inspect.getdoc(type(mapper)) or "",
            }
            for mapper in self.mappers
        ]


def load(disabled: Iterable[str] = ()) -> Registry:
    """All installed mappers but the disabled ones. Raises MappingError if one cannot be imported or built."""
    skip = set(disabled)
    found: list[Mapper] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        if entry.name in skip:
            continue
        try:
            found.append(entry.load()())
        except Exception as error:
            raise MappingError(
                f"mapper plug-in {entry.name} ({entry.value}) cannot be loaded: {type(error).__name__}"
            ) from error
    return Registry(found)
