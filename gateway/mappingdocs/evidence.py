"""What the mappers do with a pile of records: for each field of POP, which elements filled it in which dialect.

The mappers run as ever, each behind a :class:`_Watched` that notes its drafts, its reasons, and the site options it asks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.mappingdocs.elements import code_at, path_of
from mappers.context import TerminologyService, contained_in
from mappers.patients import to_resource, unpack
from mappers.protocol import Context, Draft, Group, JsonObject, MapOutput, Mapper, NotForPop, Resource, Source
from mappers.record import map_resources
from mappers.registry import Registry

#: Said of a code when POP's list is not at hand: of the run, not of the rules.
_OF_THE_RUN = frozenset({"concept-unchecked"})


@dataclass(slots=True)
class FieldEvidence:
    """How one field of one kind came to its values."""

    paths: dict[str, Counter[str]] = field(default_factory=dict)
    """Dialect → element, with the number of drafts that have the value from there."""
    codes: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """(dialect, element) → codes that gave the element its meaning."""
    fallbacks: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """(dialect, element) → assumptions under which it was taken."""
    assumed: dict[str, set[str]] = field(default_factory=dict)
    """Dialect → assumptions that supplied the field where no element did."""


@dataclass(slots=True)
class KindEvidence:
    """Everything seen of one kind."""

    dialects: set[str] = field(default_factory=set)
    fields: dict[str, FieldEvidence] = field(default_factory=dict)
    assumptions: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """(field, code) → texts."""
    issues: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    """(field, code, severity) → texts."""


@dataclass(slots=True)
class Evidence:
    """By kind, and by mapper what belongs to no kind."""

    kinds: dict[str, KindEvidence] = field(default_factory=dict)
    reasons: dict[str, set[str]] = field(default_factory=dict)
    """Mapper → reasons for which a resource was not for POP."""
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Mapper → site option → its default (None: none)."""


class _Asked(Mapping[str, Any]):
    """Site options that note who asks for which."""

    def __init__(self, options: Mapping[str, Any], evidence: Evidence) -> None:
        self._options = options
        self._evidence = evidence
        self.mapper = ""

    def get(self, key: str, default: Any = None) -> Any:
        if self.mapper:
            self._evidence.options.setdefault(self.mapper, {})[key] = default
        return self._options.get(key, default)

    def __getitem__(self, key: str) -> Any:
        return self._options[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._options)

    def __len__(self) -> int:
        return len(self._options)


class _Watched:
    """A mapper, and what it says."""

    def __init__(self, mapper: Mapper, asked: _Asked, evidence: Evidence, said: list[Draft]) -> None:
        self.name, self.version = mapper.name, mapper.version
        self.produces, self.reads, self.requires = mapper.produces, mapper.reads, mapper.requires
        self.select = mapper.select
        self._mapper, self._asked, self._evidence, self._said = mapper, asked, evidence, said

    def map(self, group: Group, context: Context) -> MapOutput:
        self._asked.mapper = self.name
        outputs = list(self._mapper.map(group, context))
        self._asked.mapper = ""
        for output in outputs:
            if isinstance(output, NotForPop):
                self._evidence.reasons.setdefault(self.name, set()).add(output.reason)
            else:
                self._said.append(output)
        return outputs


def collect(
    records: Iterable[tuple[str, list[Any]]],
    *,
    registry: Registry,
    terminology: TerminologyService,
    options: Mapping[str, Any],
) -> Evidence:
    """Evidence from records: (dialect, FHIR documents) of one situation each."""
    evidence = Evidence()
    said: list[Draft] = []
    asked = _Asked(options, evidence)
    watched = Registry([_Watched(mapper, asked, evidence, said) for mapper in registry.mappers])
    for dialect, documents in records:
        map_resources(documents, mappers=watched, terminology=terminology, options=asked)
        known = {each.reference: each for each in map(to_resource, unpack(documents)[0])}
        for draft in said:
            _note(evidence.kinds.setdefault(draft.kind, KindEvidence()), draft, dialect, known)
        said.clear()
    return evidence


def _note(kind: KindEvidence, draft: Draft, dialect: str, known: Mapping[str, Resource]) -> None:
    kind.dialects.add(dialect)
    under: dict[tuple[str, Source], set[str]] = {}
    for each in draft.assumptions:
        if each.code in _OF_THE_RUN:
            continue
        kind.assumptions.setdefault((each.field, each.code), set()).add(each.text)
        if each.source is not None and each.source in draft.sources.get(each.field, ()):
            under.setdefault((each.field, each.source), set()).add(each.code)
        elif each.field in draft.payload or each.field in draft.references:
            seen = kind.fields.setdefault(each.field, FieldEvidence())
            seen.assumed.setdefault(dialect, set()).add(each.code)
    for issue in draft.issues:
        kind.issues.setdefault((issue.field, issue.code, issue.severity.value), set()).add(issue.text)
    for name, sources in draft.sources.items():
        seen = kind.fields.setdefault(name, FieldEvidence())
        paths: set[str] = set()
        for source in sources:
            resource_type, json = _resource(source, known)
            path = path_of(resource_type, json, source.element)
            paths.add(path)
            if (code := code_at(json, source.element)) is not None:
                seen.codes.setdefault((dialect, path), set()).add(code)
            if found := under.get((name, source)):
                seen.fallbacks.setdefault((dialect, path), set()).update(found)
        seen.paths.setdefault(dialect, Counter()).update(paths)


def _resource(source: Source, known: Mapping[str, Resource]) -> tuple[str, JsonObject]:
    owner, _, fragment = source.resource.partition("#")
    found = known.get(owner)
    if found is not None and fragment:
        found = contained_in(found, fragment)
    return (owner.partition("/")[0], {}) if found is None else (found.type, found.json)
