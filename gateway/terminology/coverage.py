"""Which codes of a pile of FHIR translate, by which rule, how often each occurs, and what the missing ones hold up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from mappers.decided import UNMAPPED
from mappers.fhir import triples
from mappers.protocol import Draft, JsonObject, Translation
from mappers.record import MappingResult
from mappers.terminology import Decisions, Terminology, code_set

Source = tuple[str, tuple[tuple[str, str], ...]]
"""(terminology, identity of a set of codings)."""


class Counted:
    """A terminology that counts what it is asked: each set of codes once for each draft that it is asked for."""

    def __init__(self, base: Terminology) -> None:
        self.base = base
        self.decisions: Decisions = base.decisions
        self.rules: dict[Source, str | None] = {}
        self.times: Counter[Source] = Counter()
        self.shown: dict[Source, tuple[tuple[str, str, str], ...]] = {}

    def translate(self, terminology: str, concept: JsonObject | None, *, text: bool = False) -> Translation | None:
        """As ``Terminology.translate``."""
        found = self.base.translate(terminology, concept, text=text)
        said = triples(concept)
        if said:
            source = (terminology, code_set(said))
            self.times[source] += 1
            self.shown.setdefault(source, said)
            # A code that is asked for with and without its text counts as translated if either does.
            if found is not None or source not in self.rules:
                self.rules[source] = None if found is None else found.rule
        return found


@dataclass(slots=True)
class Missing:
    """A set of codes that nothing translates, where a mapper needed it."""

    terminology: str
    field: str
    codings: tuple[tuple[str, str, str], ...]
    entities: int = 0
    """Entities that lack the field."""
    blocked: int = 0
    """Entities that wait for it."""


@dataclass(slots=True)
class CoverageReport:
    """The whole."""

    fields: dict[str, Counter[str]] = field(default_factory=dict)
    """Terminology → rule (``unmapped`` too) → how many different sets of codes."""
    asked: dict[str, Counter[str]] = field(default_factory=dict)
    """Terminology → rule → how often it was asked."""
    missing: list[Missing] = field(default_factory=list)
    """Those first that hold up most."""
    entities: int = 0
    blocked: int = 0


def rule_name(rule: str | None) -> str:
    """A rule without what differs from map to map: ``concept-map:urn:…|1`` is a ``concept-map``."""
    return "unmapped" if rule is None else rule.partition(":")[0]


def report(results: Iterable[MappingResult], counted: Counted) -> CoverageReport:
    """What the mapping of a pile asked of ``counted``, and the issues of its drafts."""
    found = CoverageReport()
    missing: dict[tuple[str, str, tuple[tuple[str, str], ...]], Missing] = {}
    for result in results:
        for draft in result.drafts:
            found.entities += 1
            found.blocked += draft.blocked
            _count(draft, missing)
    needed = {(terminology, codes) for terminology, _, codes in missing}
    for source, rule in counted.rules.items():
        if rule is None and source not in needed:
            # A mapper also asks whether a code is one of POP's at all: most laboratory values are no tumour marker.
            continue
        name = rule_name(rule)
        found.fields.setdefault(source[0], Counter())[name] += 1
        found.asked.setdefault(source[0], Counter())[name] += counted.times[source]
    found.missing = sorted(missing.values(), key=lambda each: (-each.blocked, -each.entities, each.field))
    return found


def _count(draft: Draft, missing: dict[tuple[str, str, tuple[tuple[str, str], ...]], Missing]) -> None:
    for issue in draft.issues:
        if issue.code != UNMAPPED or issue.terminology is None:
            continue
        path = f"{draft.kind}.{issue.field}"
        each = missing.setdefault(
            (issue.terminology, path, code_set(issue.codings)), Missing(issue.terminology, path, issue.codings)
        )
        each.entities += 1
        each.blocked += draft.blocked
