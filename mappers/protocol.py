"""The mapper protocol: the whole contract of a mapping plug-in, on one page.

A mapper is a pure object. ``select`` says which group a FHIR resource belongs to, ``map`` turns one group into drafts of
POP entities. Neither does I/O, reads a clock, or depends on the order in which resources arrived: the same resources give
the same drafts, byte for byte. Everything a mapper may ask for beyond its group comes through :class:`Context`, which
records what was asked, so that a group is mapped again exactly when one of its inputs changes.

Register a mapper under the entry-point group ``pop_gateway.mappers``; check it with ``mappers.conformance``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

JsonObject = dict[str, Any]
"""A JSON object as parsed: str, int, float, bool, None, list and dict only."""

#: The mapping API version. A plug-in that was written for another major version is refused at start.
PROTOCOL_VERSION = 1


@dataclass(frozen=True, slots=True)
class Resource:
    """One FHIR resource, at its newest version, as the mappers see it.

    ``json`` is the parsed resource and must not be changed. ``container`` is set for a contained resource; its ``id`` is
    then ``{container id}#{contained id}``, so ``reference`` is unique within a patient.
    """

    type: str
    id: str
    json: JsonObject = field(hash=False, compare=False)
    container: str | None = None
    """Reference of the resource that contains this one (R4 §2.28.3.3 Contained Resources)."""

    @property
    def reference(self) -> str:
        """``Observation/ca-153`` or ``MedicationAdministration/a1#med1``: stable, and unique within the source."""
        return f"{self.type}/{self.id}" if self.container is None else f"{self.container}#{self.id.rpartition('#')[2]}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from: a resource and a FHIRPath-like element in it (``valueQuantity``, ``component[0].code``)."""

    resource: str
    element: str


class Severity(StrEnum):
    """What an issue does to its draft."""

    BLOCKING = "blocking"
    """The draft is not written; it waits in the review queue until the cause goes away."""
    WARNING = "warning"
    """The draft is written without the value concerned; a review item tells what was left out."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """A value that the source does not state and that a documented rule supplied (never a clinical guess)."""

    field: str
    code: str
    """Stable and kebab-case, e.g. ``partial-date-completed``, ``end-of-records-from-last-resource``."""
    text: str
    """One sentence for a person. No patient data: values are named by element, never quoted."""
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that a person has to look at before the draft, or one field of it, can be complete."""

    code: str
    """Stable and kebab-case: ``unmapped-code``, ``missing-required``, ``implausible-value``, ``unresolved-reference``…"""
    field: str
    severity: Severity
    text: str
    """One sentence: what is wrong and what to do. No patient data (codes of a code system are not patient data)."""
    source: Source | None = None
    codings: tuple[tuple[str, str, str], ...] = ()
    """For ``unmapped-code``: the (system, code, display-or-text) triples that found no translation."""
    terminology: str | None = None
    """For ``unmapped-code``: the POP terminology (``x-terminology``) that has no concept for them."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A POP entity as the source has it now.

    ``payload`` is POP's create body without ids of other entities: those stand in ``references``, by the *key* of the
    draft they point to, and become POP ids when the draft is written. A child (``SystemicTherapyMedication``) names its
    parent in ``references`` under the parent's path parameter (``systemicTherapyId``).
    """

    kind: str
    """POP's schema name without ``Create``: ``TumorMarker``."""
    key: str
    """``{kind}:{stable source identity}``, e.g. ``TumorMarker:Observation/ca-153``. Never from a list position."""
    payload: JsonObject = field(hash=False)
    references: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, hash=False)
    sources: Mapping[str, tuple[Source, ...]] = field(default_factory=dict, hash=False)
    """POP field → where it came from. Every field of the payload has an entry or an assumption."""
    consumed: tuple[Source, ...] = ()
    """Further elements that were read to decide (a status, a category) without becoming a field of their own."""
    assumptions: tuple[Assumption, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def blocked(self) -> bool:
        """True if an issue forbids writing this draft."""
        return any(issue.severity is Severity.BLOCKING for issue in self.issues)


@dataclass(frozen=True, slots=True)
class NotForPop:
    """The mapper looked at a resource of its group and decided that nothing of it belongs into POP."""

    resource: str
    reason: str
    """One sentence that an integration engineer accepts: ``a laboratory value that is no tumour marker``."""


@dataclass(frozen=True, slots=True)
class Group:
    """The resources that one call of ``map`` sees as members, sorted by reference."""

    mapper: str
    key: str
    members: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class Translation:
    """A POP concept found for a source coding, and why."""

    concept: JsonObject = field(hash=False)
    """POP's ``CodedConcept``: ``{"code", "system", "display"}``."""
    rule: str
    """``pop-concept``, ``concept-map:{url}|{version}``, ``icd-o-slash``… so that a person can follow it."""
    position: int | None
    """Index into ``coding`` of the coding that was used; None if the text was."""


@dataclass(frozen=True, slots=True)
class EntityView:
    """A draft of another mapper, as far as a mapper that depends on it may see it."""

    kind: str
    key: str
    payload: JsonObject = field(hash=False)
    resources: frozenset[str]
    """References of the resources it came from."""
    blocked: bool


class Context(Protocol):
    """What a mapper may ask for beyond its group. Each question is recorded as a dependency of the group."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Site options, by dotted name (``patient.identifier-systems``); the same for every group."""
        ...

    @property
    def patient(self) -> Resource | None:
        """The Patient resource, or None while it has not arrived."""
        ...

    def resolve(self, reference: JsonObject | str | None, *, within: Resource) -> Resource | None:
        """The resource a FHIR Reference points to: relative, absolute, versioned, ``urn:uuid:``, contained (``#``,
        ``#id``), or by logical identifier (R4 §2.3 References). None if it has not arrived; the group is then mapped
        again by itself when it does."""
        ...

    def elsewhere(self, reference: JsonObject | str | None, *, within: Resource) -> bool:
        """True if the referenced resource is there and another patient's: it is out of reach, but what was found on it (a
        donor's specimen) is nothing of this patient's."""
        ...

    def resources(self, *types: str) -> Sequence[Resource]:
        """All of the patient's resources of the types, sorted by reference."""
        ...

    def entities(self, kind: str) -> Sequence[EntityView]:
        """The patient's drafts of a kind that this mapper names in ``requires``, sorted by key."""
        ...

    def entity_of(self, kind: str, reference: JsonObject | str | None, *, within: Resource) -> EntityView | None:
        """The draft of ``kind`` that the referenced resource became part of (see ``requires``)."""
        ...

    def translate(self, terminology: str, concept: JsonObject | None, *, text: bool = False) -> Translation | None:
        """A FHIR CodeableConcept (or Coding) into a concept of a POP terminology (the ``x-terminology`` of the field).
        ``text`` permits an exact match of display and text. None: unmapped; the mapper raises an ``unmapped-code`` issue."""
        ...


MapOutput = Iterable[Draft | NotForPop]


@runtime_checkable
class Mapper(Protocol):
    """What a plug-in implements. An instance is shared by all patients and must keep no state."""

    name: str
    """Unique, kebab-case: ``tumor-marker``."""
    version: str
    """Any change in output needs a new version: groups mapped by another version are mapped again."""
    produces: tuple[str, ...]
    """POP kinds, by their schema names without ``Create``."""
    reads: tuple[str, ...]
    """FHIR resource types that ``select`` can answer for."""
    requires: tuple[str, ...]
    """POP kinds of other mappers that ``map`` asks for through ``entities`` or ``entity_of``."""

    def select(self, resource: Resource) -> str | None:
        """The key of the group that the resource belongs to, or None. Looks at this resource only."""
        ...

    def map(self, group: Group, context: Context) -> MapOutput:
        """Drafts for one group, and a reason for each member that is not for POP. Raises nothing on bad data: what
        cannot be mapped becomes an issue. An exception is a defect of the mapper; it blocks this group alone."""
        ...


class ResourceStatus(StrEnum):
    """How the mapping of one source resource ended (``map --json``: ``resources[].status``)."""

    MAPPED = "mapped"
    PARTLY_MAPPED = "partly-mapped"
    NOT_APPLICABLE = "not-applicable"
    BLOCKED = "blocked"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Coverage:
    """The mapping result of one source resource."""

    reference: str
    status: ResourceStatus
    unconsumed: tuple[str, ...] = ()
    """Top-level elements that no draft used."""
    reason: str | None = None
