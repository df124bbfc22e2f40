"""POP's clinical kinds, derived from its OpenAPI document (``contract.json``, made by ``python -m adapters.pop.generate``).

Nothing here does I/O: mappers may import it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of POP entity, by its schema name without ``Create``."""

    name: str
    collection: str
    """Path below ``/api/v1/``: ``tumor-markers``, ``systemic-therapies/{systemicTherapyId}/medications``."""
    parent_field: str | None
    """Path parameter that names the parent of a child."""
    parent: str | None
    """Kind of the parent."""
    types: Mapping[str, str]
    """Field → what it holds: ``string``, ``integer``, ``number``, ``boolean``, ``date``, ``uuid``, ``enum``, ``CodedConcept``,
    ``Measure``, ``Period``; with ``[]`` for a list. POP's document sets no bounds for numbers; null is none of these types."""
    properties: frozenset[str]
    """Names of all fields."""
    required: tuple[str, ...]
    references: Mapping[str, tuple[str, ...]]
    """Field → kinds that it may point to."""
    many: frozenset[str]
    """Reference fields that are lists."""
    terminology: Mapping[str, str]
    """Field → POP terminology (``x-terminology``)."""
    measures: Mapping[str, tuple[str, str]]
    """Field → (measure, its default unit in POP's spelling)."""
    enums: Mapping[str, tuple[str, ...]]
    dates: tuple[str, ...]
    const: Mapping[str, str]
    """Fields with one permitted value: ``stagingDomain: tnm``."""
    defaults: Mapping[str, Any]
    """Field → the value that POP takes where it is left out."""
    lengths: Mapping[str, int]
    """Field → most characters."""
    rank: int
    """Order of writing: an entity stands after everything it can refer to."""

    def path(self, parent_id: str | None = None) -> str:
        """The collection's path with the parent's id filled in. Raises ValueError if it is missing."""
        if self.parent_field is None:
            return f"/api/v1/{self.collection}"
        if parent_id is None:
            raise ValueError(f"{self.name} needs the id of its {self.parent}")
        return f"/api/v1/{self.collection}".replace("{" + self.parent_field + "}", parent_id)

    @property
    def model(self) -> type[BaseModel]:
        """The payload model: the body of a create or a replacement."""
        from adapters.pop import models

        model: type[BaseModel] = getattr(models, f"{self.name}Create")
        return model

    @property
    def template(self) -> str:
        """The path as it may be logged: without any id."""
        return f"/api/v1/{self.collection}"


def build(contract: JsonObject) -> dict[str, Kind]:
    """Kinds from a contract document."""
    facts: dict[str, JsonObject] = contract["kinds"]
    by_collection = {item["collection"]: name for name, item in facts.items()}
    parents: dict[str, str | None] = {}
    for name, item in facts.items():
        base = item["collection"].split("/")[0]
        # Molecular boards' recommendations hang on a path of their own; every other child on its parent's collection.
        parents[name] = None if item["parentField"] is None else by_collection.get(base, "MolecularTumorBoard")
    ranks: dict[str, int] = {}

    def rank(name: str, trail: tuple[str, ...] = ()) -> int:
        if name not in facts:
            return 0
        if name not in ranks:
            before = {target for targets in facts[name]["references"].values() for target in targets}
            if parents[name] is not None:
                before.add(str(parents[name]))
            # A kind that refers to its own (a metastasis to its primary) is ordered among its drafts, by the plan.
            before -= {name, *trail}
            ranks[name] = 1 + max((rank(target, (*trail, name)) for target in before), default=-1)
        return ranks[name]

    return {
        name: Kind(
            name=name,
            collection=item["collection"],
            parent_field=item["parentField"],
            parent=parents[name],
            types=item["types"],
            properties=frozenset(item["types"]),
            required=tuple(item["required"]),
            references={field: tuple(targets) for field, targets in item["references"].items()},
            many=frozenset(field for field in item["references"] if item["types"][field].endswith("[]")),
            terminology=item["terminology"],
            measures={field: (measure, unit) for field, (measure, unit) in item["measures"].items()},
            enums={field: tuple(values) for field, values in item["enums"].items()},
            dates=tuple(field for field, kind in item["types"].items() if kind == "date"),
            const=item["const"],
            defaults=item["defaults"],
            lengths=item["lengths"],
            rank=rank(name),
        )
        for name, item in facts.items()
    }


def packaged_contract() -> JsonObject:
    """The contract of the release that this gateway was built against."""
    document: JsonObject = json.loads(files("adapters.pop").joinpath("contract.json").read_text(encoding="utf-8"))
    return document


@cache
def _kinds() -> dict[str, Kind]:
    return build(packaged_contract())


KINDS: Mapping[str, Kind] = _kinds()
