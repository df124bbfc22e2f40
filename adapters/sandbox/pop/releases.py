"""Which release of POP the sandbox plays: the differences from the packaged one, and how they show at its edge.

Inside, everything is the packaged release; bodies are translated as they come in and entities as they go out.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.pop.document import document
from adapters.pop.kinds import packaged_contract
from adapters.sandbox.pop.refusals import shape
from adapters.sandbox.pop.shapes import kinds_of

JsonObject = dict[str, Any]
Fields = Mapping[str, tuple[str, ...]]
"""Kind → names of fields."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release, by what differs from the packaged one. Names are those of the packaged release."""

    version: str
    title: str = "Onconova API"
    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Kind → our name → its name."""
    absent: Fields = field(default_factory=dict)
    """Fields that it does not have."""
    hidden: Fields = field(default_factory=dict)
    """Derived fields that its answers do not show."""
    required: Fields = field(default_factory=dict)
    optional: Fields = field(default_factory=dict)
    """Lists that are required in the packaged release and may be left out here."""
    extra: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Kind → field of its own → type."""
    retyped: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Kind → field → another type: in its document alone."""
    health: str = "/api/v1/healthcheck"


_TNM = ("primaryTumor", "regionalNodes", "distantMetastases", "residualTumor", "lymphaticInvasion", "venousInvasion",
        "perineuralInvasion", "serumTumorMarkerLevel")  # fmt: skip
#: By version. The differences of 1.0.0 are those of the OpenAPI document that this release serves.
RELEASES: dict[str, Release] = {
    packaged_contract()["release"]: Release(packaged_contract()["release"]),
    "1.0.0": Release(
        "1.0.0",
        title="POP API",
        renamed={"TNMStaging": {name: name.lower() for name in _TNM}},
        absent={"GenomicVariant": ("source",), "FamilyHistory": ("isDeceased",)},
        hidden={"GenomicVariant": ("chromosomes", "cytogeneticLocation", "hgvsVersion")},
        required={"MolecularTumorBoard": ("reviewedReports",)},
        optional={"GenomicVariant": ("genes",)},
        health="/api/v1/healthcheck/",
    ),
}


class Dialect:
    """The translation. ``release`` may be exchanged while the sandbox runs: the hospital upgrades its POP."""

    def __init__(self, release: Release | None = None) -> None:
        self.release = release or RELEASES[packaged_contract()["release"]]

    def document(self) -> JsonObject:
        """The release's OpenAPI document, as far as a client needs it to write clinical entities."""
        release, contract = self.release, copy.deepcopy(packaged_contract())
        contract["release"] = release.version
        kinds = contract["kinds"]
        for name, fields in release.absent.items():
            for facts in _by_field(kinds[name]):
                for gone in fields:
                    facts.pop(gone, None)
        for name, spellings in release.renamed.items():
            for facts in _by_field(kinds[name]):
                facts.update({spellings[ours]: facts.pop(ours) for ours in spellings.keys() & facts.keys()})
        for name, types in (*release.extra.items(), *release.retyped.items()):
            kinds[name]["types"].update(types)
        for name, fields in release.required.items():
            kinds[name]["required"] = [*kinds[name]["required"], *fields]
        for name, fields in release.optional.items():
            kinds[name]["required"] = [each for each in kinds[name]["required"] if each not in fields]
        return document(contract, title=release.title)

    def incoming(self, collection: str, body: Any) -> Any:
        """A body under the packaged release's names. What this release does not know is ignored, as POP does. Raises Refused
        for a field that only this release requires."""
        if not isinstance(body, dict):
            return body
        for kind in (each for each in kinds_of(collection) if _may_be(each.const, body)):
            spellings = self.release.renamed.get(kind.name, {})
            strange = {*spellings, *self.release.absent.get(kind.name, ())}
            ours = {theirs: name for name, theirs in spellings.items()}
            body = {ours.get(name, name): value for name, value in body.items() if name not in strange}
            told = all(body.get(name) == value for name, value in kind.const.items())
            missing = [name for name in self.release.required.get(kind.name, ()) if told and name not in body]
            if missing:
                raise shape(
                    *(
                        {"type": "missing", "loc": ["body", "payload", name], "msg": "Field required"}
                        for name in missing
                    )
                )
            for name in self.release.optional.get(kind.name, ()):
                body.setdefault(name, [])
        return body

    def own(self, kind: str, body: Any) -> JsonObject:
        """The release's own fields, to be stored beside the others."""
        return {name: body.get(name) for name in self.release.extra.get(kind, {}) if isinstance(body, dict)}

    def outgoing(self, kind: str, row: JsonObject, shown: JsonObject) -> JsonObject:
        """An entity as this release shows it."""
        spellings = self.release.renamed.get(kind, {})
        gone = {*self.release.absent.get(kind, ()), *self.release.hidden.get(kind, ())}
        own = {name: row.get(name) for name in self.release.extra.get(kind, {})}
        return {spellings.get(name, name): value for name, value in shown.items() if name not in gone} | own


def _by_field(facts: JsonObject) -> list[JsonObject]:
    """The parts of a kind's facts that are kept by field."""
    return [part for part in facts.values() if isinstance(part, dict)]


def _may_be(const: Mapping[str, str], body: JsonObject) -> bool:
    """False for a kind whose constant field says something else (it may be left out)."""
    return all(body.get(name, value) == value for name, value in const.items())
