"""Concepts that are not in the server's own value lists: POP answers 422, and names the code but not the field."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adapters.pop.guard.violation import Violation
from adapters.pop.kinds import JsonObject, Kind

#: (terminology, system, code) → whether the server's list has it; None where the list is not known.
Knows = Callable[[str, str, str], bool | None]


def unlisted(kind: Kind, body: JsonObject, knows: Knows) -> Iterator[Violation]:
    """Violations of the value lists, for a body of the right shape. Codes are no patient data and are told."""
    for field, terminology in kind.terminology.items():
        value = body.get(field)
        concepts = value if isinstance(value, list) else [] if value is None else [value]
        for concept in concepts:
            if knows(terminology, concept["system"], concept["code"]) is False:
                yield Violation(
                    field, f"POP's list {terminology} has no concept {concept['code']} of {concept['system']}"
                )
