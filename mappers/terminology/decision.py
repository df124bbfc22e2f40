"""What people have decided about source codes that no map and no rule translates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mappers.terminology.concepts import normal_name

#: The system under which a text without a code is decided; its code is the text, normalised.
TEXT = "urn:pop-gateway:text"

Triple = tuple[str, str, str]
"""(system, code, display) of a source coding; a text alone is ``("", "", text)``."""


class Outcome(StrEnum):
    """What a decision says. All but ``MAP`` are the decision that POP has no concept for the code."""

    MAP = "map"
    LEAVE_EMPTY = "leave-empty"
    """The entity is written without the field; if POP requires the field, the entity goes on waiting."""
    NOT_FOR_POP = "not-for-pop"
    """Whatever says this in this field is nothing that POP holds."""
    BLOCK = "block"
    """The entity must not be written like this; nobody needs to look at the code again."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision in force."""

    number: int
    terminology: str
    source: tuple[str, str]
    """(system, code), as :func:`decided_by` spells it."""
    outcome: Outcome
    target: Triple | None = None
    """POP's concept, for ``MAP``."""
    field: str | None = None
    """``Kind.field`` that a decision without a target is about; None: every field of the terminology."""


def decided_by(coding: Triple) -> tuple[str, str] | None:
    """The (system, code) under which a source coding is decided; None for one that says nothing."""
    system, code, display = coding
    if code:
        return system, code
    name = normal_name(display)
    return (TEXT, name) if name else None


def code_set(codings: Iterable[Triple]) -> tuple[tuple[str, str], ...]:
    """The identity of a set of codings, whatever their order and displays."""
    return tuple(sorted({found for each in codings if (found := decided_by(each)) is not None}))


class Decisions:
    """Decisions by (terminology, system, code). Of two about one code the later one counts."""

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self._found: dict[tuple[str, str, str], list[Decision]] = {}
        for each in sorted(decisions, key=lambda each: -each.number):
            self._found.setdefault((each.terminology, *each.source), []).append(each)

    def __bool__(self) -> bool:
        return bool(self._found)

    def mapped(self, terminology: str, source: tuple[str, str]) -> Decision | None:
        """The decision to translate; None if there is none, or a later one says that there is no concept anywhere."""
        for each in self._found.get((terminology, *source), ()):
            if each.outcome is Outcome.MAP:
                return each
            if each.field is None:
                return None
        return None

    def without_target(self, terminology: str, codings: Iterable[Triple], field: str) -> Decision | None:
        """The decision that POP has no concept for one of these codings in this ``Kind.field``."""
        for coding in codings:
            source = decided_by(coding)
            for each in self._found.get((terminology, *source), ()) if source is not None else ():
                if each.outcome is not Outcome.MAP and each.field in (None, field):
                    return each
        return None
