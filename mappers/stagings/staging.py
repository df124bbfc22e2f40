"""Stagings of thirteen systems beside TNM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mappers.drafting import Drafting
from mappers.fhir import words
from mappers.protocol import Context, Draft, Group, MapOutput, NotForPop, Resource, Source
from mappers.stagings import breslow, gleason
from mappers.stagings.lymphoma import put_lymphoma, put_named_method
from mappers.stagings.statements import (
    Statement,
    consume_stage,
    observed,
    put_day,
    put_tumours,
    settle,
    stated,
)
from mappers.stagings.systems import FOREIGN, SYSTEMS, TNM, System, observed_system, stages_of, stated_system
from mappers.subjects import TUMOUR, VOID, case_key, subject_source
from mappers.terminology.stage_names import phrase_of

#: Read to decide, or of no meaning beside the stage: what kind of Observation it is, and from what it was made.
_READ = (
    "status",
    "code",
    "category",
    "interpretation",
    "specimen",
    "bodySite",
    "derivedFrom",
    "issued",
    "hasMember",
    "partOf",
)
_VALUES = (
    "method", "focus", "effectiveDateTime", "valueCodeableConcept", "valueInteger", "valueQuantity", "valueString", "valueBoolean",
)  # fmt: skip


class StagingMapper:
    """Stage Observations of FIGO, Binet, Rai, Breslow, Clark, ISS, R-ISS, INSS, INRGSS, Gleason, the rhabdomyosarcoma clinical
    group, Wilms and lymphoma; and ``Condition.stage`` where there is no Observation.

    * System: the Observation's code, else its method, its value, or the words of its code (``mappers.stagings.systems``).
    * Stage: a concept of POP's list, or letters (``IIIB``, ``Stage 3b``, ``Stadium IIIB nach FIGO``, UICC and NCIt codes).
    * Of one day and tumour the finer of two compatible stages is taken; contradicting ones both stay.
    * ``Condition.stage``: the assessment that it names speaks for it; without one the summary is taken, dated by the diagnosis
      (an assumption). A bare stage of a lymphoma is Ann Arbor's, of CLL Rai's (0–IV) or Binet's (A–C); for myeloma and the
      leukaemias nobody can tell, so it is left to a person.
    * Breslow: POP wants the depth in mm; the class of depth alone (mCODE) is not enough. Ulceration: component or Observation.
    * Gleason: the grade group, the score ``4+3``, or primary and secondary pattern (Observations or components); a sum of 7 to 9
      alone names no pair of patterns and waits.
    * Lymphoma: A, B, E, S, X of Ann Arbor as modifiers and ``bulky``; clinical or pathological as stated. Where only words name
      Ann Arbor, the tumour's histology tells POP's method (Hodgkin or not).
    """

    name = "staging"
    version = "2"
    produces: tuple[str, ...] = tuple(each.kind for each in SYSTEMS.values())
    reads: tuple[str, ...] = ("Observation", "Condition")
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """One group per patient: which statement is the finest shows only when all are seen."""
        if resource.type == "Observation":
            return "stagings" if observed_system(resource.json) is not None else None
        systems = {stated_system(resource.json, stage) for _, stage in stages_of(resource.json)}
        return "stagings" if systems - {TNM, None} else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """A draft per stage that stays."""
        by_system: dict[str, list[Resource]] = {}
        conditions = [member for member in group.members if member.type == "Condition"]
        for member in group.members:
            if member.type == "Observation":
                by_system.setdefault(observed_system(member.json) or FOREIGN, []).append(member)
        for member in by_system.pop(FOREIGN, []):
            yield NotForPop(member.reference, "POP has no staging of this system")
        for domain, system in SYSTEMS.items():
            yield from _System(system, by_system.get(domain, []), conditions, context).outputs()


class _System:
    """One system of one patient."""

    def __init__(
        self, system: System, observations: list[Resource], conditions: list[Resource], context: Context
    ) -> None:
        self.system = system
        self.conditions = conditions
        self.context = context
        self.void = [each for each in observations if each.json.get("status") in VOID]
        valid = [each for each in observations if each.json.get("status") not in VOID]
        self.parts = [each for each in valid if gleason.is_part(each) or breslow.is_part(each)]
        self.stages = [each for each in valid if each not in self.parts]

    def outputs(self) -> Iterator[Draft | NotForPop]:
        for void in self.void:
            yield NotForPop(void.reference, f"the observation is {VOID[str(void.json['status'])]}")
        found = [each for resource in self.stages if (each := observed(resource, self.context)) is not None]
        for condition in self.conditions:
            found.extend(stated(condition, self.system.domain, self._speaks, self.context))
        if self.system.domain == "gleason":
            found = gleason.with_patterns(found, self.parts, self.context)
        elif self.system.domain == "breslow":
            found = [self._with_ulceration(each) for each in found]
        kept, dropped = settle([self._translated(each) for each in found])
        used: set[str] = set()
        for statement in kept:
            beaten = [loser for loser, winner in dropped if winner is statement]
            draft = self._draft(statement, beaten).done()
            used.update(source.resource for source in draft.consumed)
            used.update(source.resource for each in draft.sources.values() for source in each)
            yield draft
        for loser, _ in dropped:
            if not loser.of_condition:
                yield NotForPop(
                    loser.resource.reference, "the same stage, or a finer one, is stated for this day and tumour"
                )
        for part in self.parts:
            if part.reference not in used:
                yield NotForPop(part.reference, "a part of a staging whose other part is not in the record")

    def _with_ulceration(self, statement: Statement) -> Statement:
        parts = [each for part in self.parts if (each := observed(part, self.context)) is not None]
        same = [
            each for each in parts if each.day == statement.day and (each.about & statement.about or not each.about)
        ]
        return replace(statement, parts=tuple(each.resource for each in same))

    def _speaks(self, target: Resource) -> bool:
        return target.json.get("status") not in VOID

    def _translated(self, statement: Statement) -> Statement:
        """The statement with its concept; a longer text counts as the one stage that it states."""
        terminology = self.system.terminology
        if terminology is None or statement.value is None:
            return statement
        found = self.context.translate(terminology, statement.value, text=True)
        if found is not None:
            return replace(statement, concept=found.concept)
        phrases = {phrase for text in words(statement.value).split(" | ") if (phrase := phrase_of(text)) is not None}
        if len(phrases) == 1:
            value = {"text": phrases.pop()}
            found = self.context.translate(terminology, value, text=True)
            if found is not None:
                return replace(statement, value=value, concept=found.concept)
        return statement

    def _draft(self, statement: Statement, beaten: Sequence[Statement]) -> Drafting:
        system, resource, context = self.system, statement.resource, self.context
        source = Source(resource.reference, statement.element)
        drafting = Drafting(system.kind, f"{system.kind}:{statement.identity}")
        drafting.refer("caseId", case_key(context, resource), subject_source(resource))
        drafting.put(
            "stagingDomain", system.domain, Source(resource.reference, "stage" if statement.of_condition else "code")
        )
        if not statement.of_condition:
            drafting.consume(resource, *_READ, *(name for name in resource.json if name.startswith("value")))
        put_day(drafting, statement, context)
        if system.terminology is None:
            breslow.put_depth(drafting, statement)
        elif statement.value is None:
            drafting.missing("stage", "The stage has no coded or textual value.", source)
        else:
            drafting.concept(
                "stage", system.terminology, statement.value, context=context, source=source, required=True
            )
        if system.domain == "lymphoma":
            put_lymphoma(drafting, statement, context)
        self._method(drafting, statement)
        for part in statement.parts:
            drafting.consume(part, *_READ, *_VALUES)
        put_tumours(drafting, statement, system.domain, context)
        if system.domain == "lymphoma" and "methodology" not in drafting.payload:
            keys = drafting.references.get("stagedEntitiesIds", ())
            staged = (view.payload for view in context.entities(TUMOUR) if view.key in keys)
            put_named_method(drafting, statement, staged, context)
        consume_stage(drafting, [each for each in beaten if each.of_condition])
        return drafting

    def _method(self, drafting: Drafting, statement: Statement) -> None:
        if statement.method is None:
            return
        source = Source(statement.resource.reference, statement.method_element)
        drafting.read(source)
        if self.system.method is not None:
            found = self.context.translate(self.system.method, statement.method, text=True)
            if found is not None:
                drafting.put("methodology", found.concept, source)
                drafting.note_rule("methodology", found, source)
