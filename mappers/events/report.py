"""One report of one adverse event, as any resource tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mappers.dates import Day
from mappers.events.grades import Grade
from mappers.events.suspects import Suspect
from mappers.protocol import JsonObject, Resource, Source, Translation

#: ``Report.day_rule`` of a report that has no day of its own: its treatment's.
OF_TREATMENT = "treatment"


@dataclass(slots=True)
class Report:
    """One report of one event."""

    resource: Resource
    event: JsonObject
    event_source: Source
    term: Translation | None = None
    grade: Grade | None = None
    grade_source: Source | None = None
    day: Day | None = None
    day_source: Source | None = None
    day_rule: str = ""
    """Why ``day`` is not the stated day of the event; empty if it is."""
    outcome: str | None = None
    outcome_source: Source | None = None
    resolved: Day | None = None
    resolved_source: Source | None = None
    recorded: Day | None = None
    suspects: list[Suspect] = field(default_factory=list)
    read: list[Source] = field(default_factory=list)
    certain: bool = True
    """The source itself calls it an adverse event."""

    @property
    def order(self) -> tuple[bool, Any, str]:
        """By day, then reference; undated reports last."""
        return (self.day is None, self.day.date if self.day is not None else None, self.resource.reference)

    def take_grade(self, grade: Grade | None, source: Source | None) -> None:
        """The first element that states a grade; a number before a severity."""
        if grade is not None and (self.grade is None or (self.grade.from_severity and not grade.from_severity)):
            self.grade, self.grade_source = grade, source

    def complete(self, other: Report) -> None:
        """What another resource tells of the same event, where this one is silent."""
        self.term = self.term or other.term
        self.take_grade(other.grade, other.grade_source)
        if self.day is None:
            self.day, self.day_source, self.day_rule = other.day, other.day_source, other.day_rule
        if self.outcome is None:
            self.outcome, self.outcome_source = other.outcome, other.outcome_source
        if self.resolved is None:
            self.resolved, self.resolved_source = other.resolved, other.resolved_source
        self.suspects.extend(other.suspects)
        self.read.extend([other.event_source, *other.read])
