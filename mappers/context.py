"""What a mapper sees beyond its group, and the record of what it asked for.

Dependencies are target keys (``mappers.references``), or one of the wide ones that :func:`of_type`, :func:`of_entities`
and :data:`PATIENT` spell. A group is mapped again when one of them changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from mappers.fhir import triples
from mappers.protocol import Draft, EntityView, Issue, JsonObject, Resource, Translation
from mappers.references import target_keys
from mappers.terminology.decision import Decision, Decisions, decided_by

#: The kind that every other one belongs to.
CASE = "PatientCase"
#: Rule of a code that POP itself has: no decision can change what it means.
POP_CONCEPT = "pop-concept"
#: Dependency on the patient's own Patient resource.
PATIENT = "patient"


def of_type(resource_type: str) -> str:
    """Dependency on all of the patient's resources of a type."""
    return f"type:{resource_type}"


def of_entities(kind: str) -> str:
    """Dependency on all of the patient's drafts of a kind."""
    return f"entities:{kind}"


def of_presence(kind: str) -> str:
    """Dependency on whether the patient has any draft of a kind."""
    return f"entities:{kind}?"


def of_code(terminology: str, source: tuple[str, str]) -> str:
    """Dependency on what people decide about a source code. Hashed: a text that stands for a code is the patient's."""
    said = "\x1f".join((terminology, *source)).encode()
    return f"code:{hashlib.blake2b(said, digest_size=16).hexdigest()}"


class TerminologyService(Protocol):
    """Translates source codings into POP concepts (``mappers.terminology``)."""

    decisions: Decisions

    def translate(self, terminology: str, concept: JsonObject | None, *, text: bool = False) -> Translation | None:
        """As ``Context.translate``."""
        ...


class ResourceReader(Protocol):
    """Where a context finds resources.

    A reader whose data are not all in memory answers None or nothing, notes what was missing, and its driver maps the
    group again once that is loaded: mapping is pure, so a result may be thrown away.
    """

    @property
    def patient(self) -> Resource | None:
        """The Patient resource, if it has arrived."""
        ...

    def get(self, key: str) -> Resource | None:
        """The resource with this target key; None if it has not arrived or the key fits several."""
        ...

    def elsewhere(self, key: str) -> bool:
        """True if the resource with this target key is another patient's."""
        ...

    def of_type(self, resource_type: str) -> Sequence[Resource]:
        """The patient's resources of a type, sorted by reference."""
        ...

    def entities(self, kind: str) -> Sequence[EntityView]:
        """The patient's drafts of a kind, sorted by key."""
        ...


def contained_in(container: Resource, fragment: str) -> Resource | None:
    """The contained resource with this id. It has no life of its own, so no mapper selects it, this finds it."""
    contained = container.json.get("contained")
    if not isinstance(contained, list):
        return None
    for json in contained:
        if isinstance(json, dict) and json.get("id") == fragment and isinstance(json.get("resourceType"), str):
            return Resource(json["resourceType"], f"{container.id}#{fragment}", json, container.reference)
    return None


class GroupContext:
    """The :class:`~mappers.protocol.Context` of one call of ``map``. ``dependencies`` holds what was asked so far."""

    def __init__(
        self,
        reader: ResourceReader,
        *,
        terminology: TerminologyService,
        options: Mapping[str, Any],
        requires: Sequence[str] = (),
        bases: tuple[str, ...] | None = None,
        behind_case: bool = False,
    ) -> None:
        self._reader = reader
        self._terminology = terminology
        self._options = options
        self._requires = frozenset(requires)
        self._bases = bases
        self._behind_case = behind_case
        self.dependencies: set[str] = set()

    @property
    def options(self) -> Mapping[str, Any]:
        """Site options."""
        return self._options

    @property
    def patient(self) -> Resource | None:
        """The Patient resource, or None while it has not arrived."""
        self.dependencies.add(PATIENT)
        return self._reader.patient

    def resolve(self, reference: JsonObject | str | None, *, within: Resource) -> Resource | None:
        """The resource a Reference points to, or None (see ``Context.resolve``)."""
        container = within.container or within.reference
        for key in target_keys(reference, container=container, bases=self._bases):
            owner, _, fragment = key.partition("#")
            if owner == container and within.container is None:
                found: Resource | None = within
            else:
                self.dependencies.add(owner)
                found = self._reader.get(owner)
            if found is not None and fragment:
                found = contained_in(found, fragment)
            if found is not None:
                if found.container is None and found is not within:
                    self.dependencies.add(found.reference)
                return found
        return None

    def is_no_case(self) -> bool:
        """True if the patient is known and was found to be no case of POP's: nothing about them can be written."""
        if not self._behind_case or self.patient is None:
            return False
        self.dependencies.add(of_presence(CASE))
        return not self._reader.entities(CASE)

    def elsewhere(self, reference: JsonObject | str | None, *, within: Resource) -> bool:
        """True if a Reference points to another patient's resource (see ``Context.elsewhere``)."""
        keys = [
            key.partition("#")[0]
            for key in target_keys(reference, container=within.container or within.reference, bases=self._bases)
        ]
        self.dependencies.update(keys)
        return any(self._reader.elsewhere(key) for key in keys if key != (within.container or within.reference))

    def resources(self, *types: str) -> Sequence[Resource]:
        """All of the patient's resources of the types, sorted by reference."""
        self.dependencies.update(of_type(name) for name in types)
        found = [resource for name in types for resource in self._reader.of_type(name)]
        return tuple(sorted(found, key=lambda resource: resource.reference)) if len(types) > 1 else tuple(found)

    def entities(self, kind: str) -> Sequence[EntityView]:
        """The patient's drafts of a kind named in ``requires``. Raises LookupError for another kind (a defect)."""
        if kind not in self._requires:
            raise LookupError(f"{kind} is not in the mapper's requires")
        self.dependencies.add(of_entities(kind))
        return self._reader.entities(kind)

    def entity_of(self, kind: str, reference: JsonObject | str | None, *, within: Resource) -> EntityView | None:
        """The draft that the referenced resource became part of; None if there is none, or several could be meant."""
        views = self.entities(kind)
        target = self.resolve(reference, within=within)
        if target is None:
            return None
        found = [view for view in views if target.reference in view.resources]
        if len(found) > 1:
            # A resource may serve several drafts (the primary of a metastasis): then the one named after it is meant.
            found = [view for view in found if view.key == f"{kind}:{target.reference}"]
        return found[0] if len(found) == 1 else None

    def translate(self, terminology: str, concept: JsonObject | None, *, text: bool = False) -> Translation | None:
        """A POP concept for a CodeableConcept or Coding, or None (unmapped)."""
        found = self._terminology.translate(terminology, concept, text=text)
        if found is None or found.rule != POP_CONCEPT:
            sources = (decided_by(each) for each in triples(concept))
            self.dependencies.update(of_code(terminology, each) for each in sources if each is not None)
        return found

    def without_target(self, draft: Draft, issue: Issue) -> Decision | None:
        """The decision that POP has no concept for the codes of an ``unmapped-code`` issue."""
        if issue.terminology is None:
            return None
        field = f"{draft.kind}.{issue.field}"
        return self._terminology.decisions.without_target(issue.terminology, issue.codings, field)


def entity_view(draft: Draft, members: frozenset[str]) -> EntityView:
    """What other mappers may see of a draft: it came from those members of its group that it read."""
    read = {source.resource for sources in draft.sources.values() for source in sources}
    read.update(source.resource for source in draft.consumed)
    own = {reference for reference in read if reference.split("#", 1)[0] in members}
    own.update([reference.split("#", 1)[0] for reference in own])
    return EntityView(
        kind=draft.kind, key=draft.key, payload=draft.payload, resources=frozenset(own), blocked=draft.blocked
    )
