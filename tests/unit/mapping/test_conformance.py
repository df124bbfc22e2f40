"""The conformance kit: a good mapper passes, and each broken promise is found by its own check."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from mappers.conformance import assert_conforms, check_mapper
from mappers.mutilate import damaged
from mappers.protocol import Assumption, Context, Draft, Group, MapOutput, NotForPop, Resource, Source


def observation(identity: str, **json: Any) -> Resource:
    body = {
        "resourceType": "Observation", "id": identity, "status": "final", "valueInteger": 1,
        "effectiveDateTime": "2024-05-06", "subject": {"reference": "Patient/1"}, **json,
    }  # fmt: skip
    return Resource("Observation", identity, body)


EXAMPLES = [observation("a"), observation("b", valueInteger=2), observation("c", status="cancelled")]


class Good:
    """ECOG of an Observation whose value is an integer."""

    name = "good"
    version = "1"
    produces: tuple[str, ...] = ("PerformanceStatus",)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        return resource.reference

    def map(self, group: Group, context: Context) -> MapOutput:
        for member in group.members:
            value, date = member.json.get("valueInteger"), member.json.get("effectiveDateTime")
            if member.json.get("status") != "final":
                yield NotForPop(member.reference, "it is not final")
            elif not isinstance(value, int) or not isinstance(date, str) or not date:
                yield NotForPop(member.reference, "it has no value or no date")
            else:
                yield self.draft(member, value, date)

    def draft(self, member: Resource, value: int, date: str) -> Draft:
        sources = {
            "ecogScore": (Source(member.reference, "valueInteger"),),
            "date": (Source(member.reference, "effectiveDateTime"),),
        }
        return Draft(
            "PerformanceStatus", f"PerformanceStatus:{member.reference}", {"ecogScore": value, "date": date},
            references={"caseId": "PatientCase:Patient/1"}, sources=sources, consumed=(Source(member.reference, "status"),),
        )  # fmt: skip


def test_a_good_mapper_conforms() -> None:
    assert_conforms(Good(), EXAMPLES)


def test_an_assumption_explains_a_field_as_well_as_a_source() -> None:
    class Assumed(Good):
        def draft(self, member: Resource, value: int, date: str) -> Draft:
            made = super().draft(member, value, date)
            sources = {"ecogScore": made.sources["ecogScore"]}
            assumptions = (Assumption("date", "date-completed", "The day is assumed."),)
            return Draft(made.kind, made.key, made.payload, made.references, sources, assumptions=assumptions)

    assert_conforms(Assumed(), EXAMPLES)


def changed(**changes: Any) -> type[Good]:
    """A Good whose drafts differ in some attribute."""

    class Changed(Good):
        def draft(self, member: Resource, value: int, date: str) -> Draft:
            made = super().draft(member, value, date)
            values = {
                name: getattr(made, name) for name in ("kind", "key", "payload", "references", "sources", "consumed")
            }
            for name, change in changes.items():
                values[name] = change(made) if callable(change) else change
            return Draft(**values)

    return Changed


class Impure(Good):
    numbers: Iterator[int] = itertools.count()

    def select(self, resource: Resource) -> str | None:
        return f"group {next(self.numbers)}"


class Unsteady(Good):
    numbers: Iterator[int] = itertools.count()

    def draft(self, member: Resource, value: int, date: str) -> Draft:
        made = super().draft(member, value, date)
        return Draft(
            made.kind, made.key, {**made.payload, "ecogScore": next(self.numbers) % 5}, made.references, made.sources
        )


class Mutating(Good):
    def map(self, group: Group, context: Context) -> MapOutput:
        for member in group.members:
            member.json["seen"] = True
        return super().map(group, context)


class Silent(Good):
    def map(self, group: Group, context: Context) -> MapOutput:
        return [each for each in super().map(group, context) if isinstance(each, Draft)]


class Fragile(Good):
    def map(self, group: Group, context: Context) -> MapOutput:
        for member in group.members:
            assert len(member.json["effectiveDateTime"]) == 10
        return super().map(group, context)


class Positional(Good):
    def select(self, resource: Resource) -> str | None:
        return "all"

    def map(self, group: Group, context: Context) -> MapOutput:
        made = [each for each in super().map(group, context) if isinstance(each, Draft)]
        return [
            Draft(
                each.kind,
                f"{each.kind}:{position}/{each.payload['ecogScore']}",
                each.payload,
                each.references,
                each.sources,
            )
            for position, each in enumerate(made)
        ]


@pytest.mark.parametrize(
    ("mapper", "check"),
    [
        (changed(kind="Surgery"), "undeclared-kind"),
        (changed(key="no kind"), "key"),
        (changed(payload=lambda made: {**made.payload, "ecogScore": 9}), "payload"),
        (changed(payload=lambda made: {**made.payload, "unknown": 9}), "payload"),
        (changed(references={}), "payload"),
        (changed(references={"caseId": "TumorMarker:x"}), "reference"),
        (changed(references={"caseId": ("PatientCase:x",)}), "reference"),
        (changed(sources={}), "no-source"),
        (changed(consumed=(Source("Observation/a", "component"),)), "source"),
        (changed(consumed=(Source("Condition/none", "code"),)), "source"),
        (Impure, "select-not-pure"),
        (Unsteady, "not-deterministic"),
        (Mutating, "mutation"),
        (Silent, "silent"),
        (Fragile, "fragile"),
        (Positional, "key"),
    ],
)
def test_each_broken_promise_is_found(mapper: type[Good], check: str) -> None:
    findings = check_mapper(mapper(), copy.deepcopy(EXAMPLES))
    assert check in {finding.check for finding in findings}, [str(finding) for finding in findings]
    with pytest.raises(AssertionError, match="does not conform"):
        assert_conforms(mapper(), copy.deepcopy(EXAMPLES))


def test_a_kind_that_pop_does_not_have_is_found() -> None:
    class Unknown(Good):
        produces = ("PerformanceStatus", "Horoscope")

    assert [finding.check for finding in check_mapper(Unknown(), EXAMPLES)] == ["unknown-kind"]


def test_damaged_copies_reach_every_element_and_leave_the_original() -> None:
    original = {"resourceType": "Observation", "id": "1", "component": [{"code": {"text": "a"}}]}
    before = copy.deepcopy(original)
    copies = dict(damaged(original))
    assert original == before
    assert copies.keys() == {
        "without component", "with another type in component", "without component[0]",
        "with another type in component[0]", "without component[0].code", "with another type in component[0].code",
        "without component[0].code.text", "with another type in component[0].code.text",
        "with an empty component[0].code.text",
    }  # fmt: skip
    assert copies["without component[0].code.text"]["component"] == [{"code": {}}]
    assert copies["with another type in component"]["component"] == {"code": {"text": "a"}}
    assert all(each != original and each["resourceType"] == "Observation" for each in copies.values())
