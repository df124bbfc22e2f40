"""The kit that the author of a mapper runs: does it keep what ``mappers.protocol`` promises?

    from mappers.conformance import assert_conforms

    def test_my_mapper() -> None:
        assert_conforms(MyMapper(), [to_resource(Entry(json)) for json in my_examples])

``pop-gateway mappers test NAME PATH`` runs the same over files. Give it examples that reach every branch of the mapper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from adapters.pop.errors import PopContract
from adapters.pop.guard import check
from adapters.pop.kinds import KINDS
from mappers.context import TerminologyService, contained_in
from mappers.coverage import result_verdicts, top_level
from mappers.engine import GroupResult, MemoryReader, context_for, map_group, map_patient, selected_group
from mappers.mutilate import damaged
from mappers.patients import Entry, split_patients
from mappers.protocol import Draft, Group, JsonObject, Mapper, NotForPop, Resource, Translation
from mappers.registry import Registry
from mappers.render import draft_json
from mappers.terminology import Decisions

#: Damaged copies that are tried of one resource: the first ones, as the outer elements come first.
DAMAGES = 400


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise. ``check`` is stable and kebab-case; ``subject`` a resource, a draft, or the mapper."""

    check: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.check}: {self.subject}: {self.text}"


class NoTerminology:
    """Translates nothing: every code is unmapped, which a mapper has to survive."""

    decisions = Decisions()

    def translate(self, terminology: str, concept: JsonObject | None, *, text: bool = False) -> Translation | None:
        """None."""
        return None


def assert_conforms(mapper: Mapper, resources: Sequence[Resource], **options: Any) -> None:
    """:func:`check_mapper` for pytest: fails with all findings."""
    findings = check_mapper(mapper, resources, **options)
    assert not findings, "\n".join(["the mapper does not conform:", *map(str, findings)])


def check_mapper(
    mapper: Mapper,
    resources: Sequence[Resource],
    *,
    registry: Registry | None = None,
    terminology: TerminologyService | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """Everything wrong with a mapper, as far as these resources show it. ``registry`` holds the mappers whose entities it
    requires; without it they are taken to have made none. Raises MappingError if the mapper cannot be registered."""
    kit = _Kit(
        mapper, registry or Registry([mapper]), terminology=terminology or NoTerminology(), options=options or {}
    )
    findings = list(kit.declared())
    heap = split_patients([Entry(each.json) for each in resources])
    for record in heap.patients:
        findings.extend(kit.record(record.resources, patient=record.patient, shared=heap.shared, names=heap.names))
    return list(dict.fromkeys(findings))


class _Kit:
    def __init__(
        self, mapper: Mapper, registry: Registry, *, terminology: TerminologyService, options: Mapping[str, Any]
    ) -> None:
        self.mapper = mapper
        self.registry = registry
        self.terminology = terminology
        self.options = options

    def declared(self) -> Iterator[Finding]:
        """What it says of itself."""
        for kind in (*self.mapper.produces, *self.mapper.requires):
            if kind not in KINDS:
                yield Finding("unknown-kind", self.mapper.name, f"POP has no kind {kind}")
        if not self.mapper.version:
            yield Finding("no-version", self.mapper.name, "a change in output must show in the version")

    def record(
        self,
        resources: Sequence[Resource],
        *,
        patient: Resource | None,
        shared: Sequence[Resource],
        names: Mapping[str, Resource | None],
    ) -> Iterator[Finding]:
        """One patient's resources."""
        before = _bytes([each.json for each in (*resources, *shared)])

        def reader(more: Sequence[Resource] = ()) -> MemoryReader:
            return MemoryReader([*resources, *more], patient=patient, shared=shared, names=names)

        view = reader()
        results = self._run(resources, view)
        yield from self._selection(resources)
        known = {each.reference: each for each in (*resources, *shared)}
        for result in results:
            yield from self._result(result, known)
        if _drafts(self._run(list(reversed(resources)), reader())) != _drafts(results):
            yield Finding("order", self.mapper.name, "another order of the same resources gives other drafts")
        stranger = Resource("Basic", "conformance-stranger", {"resourceType": "Basic", "id": "conformance-stranger"})
        if _drafts(self._run([*resources, stranger], reader([stranger]))) != _drafts(results):
            yield Finding("unrelated", self.mapper.name, "a resource that it does not read changes its drafts")
        for result in results:
            yield from self._keys(result, view)
        if _bytes([each.json for each in (*resources, *shared)]) != before:
            yield Finding("mutation", self.mapper.name, "it changes its input")
            return
        for result in results:
            if result.error is None:
                yield from self._damaged(result, view)

    def _run(self, resources: Sequence[Resource], reader: MemoryReader) -> list[GroupResult]:
        results = map_patient(
            resources, reader, mappers=self.registry.mappers, terminology=self.terminology, options=self.options
        )
        return [result for result in results if result.mapper == self.mapper.name]

    def _selection(self, resources: Sequence[Resource]) -> Iterator[Finding]:
        for resource in resources:
            if resource.type not in self.mapper.reads:
                continue
            copy = replace(resource, json=orjson.loads(orjson.dumps(resource.json)))
            first, second = selected_group(self.mapper, resource), selected_group(self.mapper, copy)
            if first != second:
                yield Finding(
                    "select-not-pure", resource.reference, "select gives different groups for equal resources"
                )
            if not (first is None or isinstance(first, str)):
                yield Finding("select-type", resource.reference, "select must give a str or None")

    def _result(self, result: GroupResult, known: Mapping[str, Resource]) -> Iterator[Finding]:
        if result.error is not None:
            yield Finding(result.error, f"{result.mapper}/{result.key}", result.detail or "")
            return
        for reference, verdict in sorted(result_verdicts(result).items()):
            if verdict.drafts == 0 and verdict.reason is not None and "neither a draft nor a reason" in verdict.reason:
                yield Finding("silent", reference, "it gives neither a draft nor a NotForPop with a reason")
        for draft in result.drafts:
            yield from self._draft(draft, known)

    def _draft(self, draft: Draft, known: Mapping[str, Resource]) -> Iterator[Finding]:
        if draft.kind not in self.mapper.produces:
            yield Finding("undeclared-kind", draft.key, f"{draft.kind} is not in produces")
        if not draft.key.startswith(f"{draft.kind}:"):
            yield Finding("key", draft.key, "a key is «kind:identity»")
        facts = KINDS.get(draft.kind)
        if facts is None:
            return
        parent = {facts.parent_field} if facts.parent_field is not None else set()
        references = {name: _stand_in(to) for name, to in draft.references.items() if name not in parent}
        body = {**draft.payload, **references}
        if not draft.blocked:
            try:
                check(draft.kind, body)
            except PopContract as error:
                yield Finding("payload", draft.key, str(error))
        explained = draft.sources.keys() | {each.field.partition(".")[0] for each in draft.assumptions}
        for field in draft.payload.keys() - explained - facts.const.keys():
            if draft.payload[field] is not None:
                yield Finding("no-source", draft.key, f"the field {field} has neither a source nor an assumption")
        for field, target in draft.references.items():
            if field in parent:
                allowed: tuple[str, ...] = (facts.parent or "",)
            else:
                allowed = facts.references.get(field, ())
                if isinstance(target, str) == (field in facts.many):
                    yield Finding(
                        "reference", draft.key, f"{field} must be {'a tuple' if field in facts.many else 'one key'}"
                    )
            for key in (target,) if isinstance(target, str) else target:
                if key.partition(":")[0] not in allowed:
                    yield Finding("reference", draft.key, f"{field} must refer to {' or '.join(allowed) or 'nothing'}")
        sources = [source for each in draft.sources.values() for source in each]
        for source in (*sources, *draft.consumed):
            owner, _, fragment = source.resource.partition("#")
            found = known.get(owner)
            if found is not None and fragment:
                found = contained_in(found, fragment)
            if found is None:
                yield Finding("source", draft.key, f"a source names {owner.partition('/')[0]} that is not in the input")
            elif top_level(source.element) not in {name.removeprefix("_") for name in found.json}:
                yield Finding("source", draft.key, f"a source names {found.type}.{source.element}, which is not there")

    def _keys(self, result: GroupResult, reader: MemoryReader) -> Iterator[Finding]:
        again = self._map(result, result.members, reader)
        if _drafts([again]) != _drafts([result]):
            yield Finding("not-deterministic", f"{result.mapper}/{result.key}", "the same group gives other drafts")
        turned = self._map(result, tuple(reversed(result.members)), reader)
        if {draft.key for draft in turned.drafts} != {draft.key for draft in result.drafts}:
            yield Finding("key", f"{result.mapper}/{result.key}", "keys depend on the position of a member")

    def _damaged(self, result: GroupResult, reader: MemoryReader) -> Iterator[Finding]:
        for position, member in enumerate(result.members):
            for what, json in islice(damaged(member.json), DAMAGES):
                broken = replace(member, json=json)
                key = selected_group(self.mapper, broken)
                if key is None:
                    continue
                members = (*result.members[:position], broken, *result.members[position + 1 :])
                outcome = self._map(replace(result, key=key), members if key == result.key else (broken,), reader)
                if outcome.error is not None:
                    yield Finding("fragile", member.type, f"{what}: {outcome.detail}")

    def _map(self, result: GroupResult, members: tuple[Resource, ...], reader: MemoryReader) -> GroupResult:
        context = context_for(
            self.mapper, reader, terminology=self.terminology, options=self.options, behind=self.registry.behind_case
        )
        return map_group(self.mapper, Group(self.mapper.name, result.key, members), context)


def _bytes(value: Any) -> bytes:
    return orjson.dumps(value)


def _drafts(results: Iterable[GroupResult]) -> bytes:
    return _bytes(
        [
            [
                [draft_json(draft) for draft in result.drafts],
                [[each.resource, each.reason] for each in result.not_for_pop if isinstance(each, NotForPop)],
            ]
            for result in sorted(results, key=lambda each: each.key)
        ]
    )


def _stand_in(target: str | tuple[str, ...]) -> str | list[str]:
    """What POP's id of another draft will look like."""
    return (
        str(uuid5(NAMESPACE_URL, target))
        if isinstance(target, str)
        else [str(uuid5(NAMESPACE_URL, key)) for key in target]
    )
