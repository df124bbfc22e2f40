"""Building one draft: every value with its source, every doubt as an assumption or an issue.

The texts name elements and codes, never values: drafts are shown, logged and exported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mappers.dates import Day
from mappers.fhir import triples, words
from mappers.protocol import Assumption, Context, Draft, Issue, JsonObject, Resource, Severity, Source, Translation


class Drafting:
    """Collects the parts of a :class:`~mappers.protocol.Draft`."""

    def __init__(self, kind: str, key: str) -> None:
        self.kind = kind
        self.key = key
        self.payload: JsonObject = {}
        self.references: dict[str, str | tuple[str, ...]] = {}
        self._sources: dict[str, list[Source]] = {}
        self._consumed: list[Source] = []
        self._assumptions: list[Assumption] = []
        self._issues: list[Issue] = []

    def put(self, field: str, value: Any, *sources: Source) -> None:
        """A value that the sources state."""
        self.payload[field] = value
        self._sources.setdefault(field, []).extend(sources)

    def withdraw(self, field: str) -> None:
        """Take a value back; what was read for it stays read."""
        self.payload.pop(field, None)
        self._consumed.extend(self._sources.pop(field, ()))

    def refer(self, field: str, keys: str | Sequence[str], *sources: Source) -> None:
        """A reference to another draft, or several."""
        self.references[field] = keys if isinstance(keys, str) else tuple(keys)
        self._sources.setdefault(field, []).extend(sources)

    def assume(self, field: str, code: str, text: str, source: Source | None = None) -> None:
        """Record that the field's value follows from a documented rule."""
        self._assumptions.append(Assumption(field, code, text, source))

    def consume(self, resource: Resource, *elements: str) -> None:
        """Elements that were read without becoming a field."""
        self._consumed.extend(
            Source(resource.reference, element) for element in elements if resource.json.get(element) is not None
        )

    def read(self, *sources: Source) -> None:
        """As :meth:`consume`, for sources at hand."""
        self._consumed.extend(sources)

    def issue(
        self, code: str, field: str, text: str, *, source: Source | None = None, blocking: bool = False,
        codings: tuple[tuple[str, str, str], ...] = (), terminology: str | None = None,
    ) -> None:  # fmt: skip
        """Something for the review queue; a warning unless ``blocking``."""
        severity = Severity.BLOCKING if blocking else Severity.WARNING
        self._issues.append(Issue(code, field, severity, text, source, codings, terminology))

    def missing(self, field: str, text: str, source: Source | None = None) -> None:
        """A required field that nothing supplies: the draft waits."""
        self.issue("missing-required", field, text, source=source, blocking=True)

    def concept(
        self, field: str, terminology: str, concept: Any, *, context: Context, source: Source,
        text: bool = True, required: bool = False,
    ) -> Translation | None:  # fmt: skip
        """Translate a CodeableConcept into the field; an unmapped one is an issue. Nothing happens if there is none."""
        translation = context.translate(terminology, concept, text=text) if isinstance(concept, dict) else None
        if translation is not None:
            self.put(field, translation.concept, source)
            self.note_rule(field, translation, source)
        elif triples(concept) or words(concept):
            self.unmapped(field, terminology, concept, source=source, required=required)
        return translation

    def note_rule(self, field: str, translation: Translation, source: Source) -> None:
        """Record a translation that nothing has checked against POP's own list."""
        if translation.rule == "unchecked":
            self.assume(
                field, "concept-unchecked", "POP's value list is not known here: the code was taken as it is.", source
            )

    def unmapped(self, field: str, terminology: str, concept: Any, *, source: Source, required: bool = False) -> None:
        """An ``unmapped-code`` issue."""
        self.issue(
            "unmapped-code", field, f"POP's {terminology} has no known concept for this code: map it, or decide that it has none.",
            source=source, blocking=required, codings=triples(concept), terminology=terminology,
        )  # fmt: skip

    def day(self, field: str, day: Day, source: Source) -> None:
        """A date field; a completed partial date is an assumption."""
        self.put(field, day.iso, source)
        self.note_precision(field, day, source)

    def note_precision(self, field: str, day: Day, source: Source) -> None:
        """Record that a partial date was completed."""
        if not day.exact:
            middle = "the 15th of its month" if day.precision == "month" else "the middle of its year"
            self.assume(
                field,
                "partial-date-completed",
                f"The source states only the {day.precision}: completed to {middle}.",
                source,
            )

    def done(self) -> Draft:
        """The draft."""
        return Draft(
            kind=self.kind, key=self.key, payload=self.payload, references=self.references,
            sources={field: tuple(dict.fromkeys(found)) for field, found in self._sources.items()},
            consumed=tuple(dict.fromkeys(self._consumed)), assumptions=tuple(dict.fromkeys(self._assumptions)),
            issues=tuple(self._issues),
        )  # fmt: skip
