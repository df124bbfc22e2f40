"""One report of one adverse event, as any resource tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mappers.dates import Day
from mappers.events.grades import Grade
from mappers.events.suspects import Suspect
from mappers.protocol import JsonObject, Resource, Source, Translation


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
