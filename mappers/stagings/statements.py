"""What a record says about stages: one statement per Observation, or per element of a Condition that states a stage.

* A Condition's ``stage.summary`` is the Observation's that ``stage.assessment`` names (R4 Condition.stage: *assessment* is the
  formal record of the evidence); without one it stands for itself. A staged diagnosis code (SNOMED CT *… TNM stage 3*) does too.
* Two statements of one day, tumour and side: the finer wins (IIIA over III); of two equal ones the Observation. A Condition's
  has no day, so that any equal or finer Observation about the same tumour wins. Stages that contradict each other both stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mappers.codes import ASSERTED_DATE, SNOMED
from mappers.dates import Day
from mappers.drafting import Drafting
from mappers.fhir import choice, extension_value, objects
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.references import target_keys
from mappers.stagings.systems import SYSTEMS, TNM, stages_of, stages_tumour, stated_system
from mappers.subjects import (
    TUMOUR,
    VOID,
    check_after_birth,
    day_in,
    named_conditions,
    observed_on,
    primaries,
    put_observed,
    related_tumours,
)
from mappers.terminology.stage_names import finer, token_of


@dataclass(frozen=True, slots=True)
class Statement:
    """One stated stage, read."""

    resource: Resource
    element: str
    """Where the value stands: ``valueCodeableConcept``, ``stage[0].summary``, ``code``."""
    value: JsonObject | None
    """The value as a CodeableConcept; a string counts as its text. None if there is none."""
    identity: str
    """Stable within its kind: the Observation's reference; the Condition's, or that of the assessment it waits for."""
    day: Day | None = None
    about: frozenset[str] = frozenset()
    """Target keys of the conditions that it names."""
    method: JsonObject | None = None
    method_element: str = "method"
    concept: JsonObject | None = None
    """The POP concept that the value translates to, once that is known."""
    parts: tuple[Resource, ...] = ()
    """Further Observations that are part of this statement (Gleason patterns, ulceration)."""

    @property
    def of_condition(self) -> bool:
        """True if it is a Condition's own element."""
        return self.resource.type == "Condition"

    @property
    def token(self) -> tuple[str, str] | None:
        """The stage as (Roman numeral, rest), where the name of its concept spells one."""
        return token_of(str(self.concept.get("display"))) if self.concept is not None else None


def value_of(json: JsonObject) -> tuple[str, JsonObject | None]:
    """(element, value as a CodeableConcept) of an Observation; whole numbers count as text (``Clark level 4``)."""
    found = choice(json, ("valueCodeableConcept", "valueString", "valueInteger", "valueQuantity"))
    if found is None:
        return "valueCodeableConcept", None
    name, value = found
    if name == "valueCodeableConcept":
        return name, value if isinstance(value, dict) else None
    if name == "valueQuantity":
        value = value.get("value") if isinstance(value, dict) else None
    if isinstance(value, str):
        return name, {"text": value}
    if isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer():
        return name, {"text": str(int(value))}
    return name, None


def observed(resource: Resource, context: Context) -> Statement | None:
    """What an Observation states; None if its status says that it states nothing."""
    json = resource.json
    if json.get("status") in VOID:
        return None
    element, value = value_of(json)
    day = observed_on(resource, context)
    method = json.get("method")
    return Statement(
        resource, element, value, resource.reference, day[0] if day else None,
        about(resource, context),
        method if isinstance(method, dict) else None,
    )  # fmt: skip


def about(resource: Resource, context: Context) -> frozenset[str]:
    """What a resource says it is about: the keys of the tumours (two Conditions of one tumour are one), else its references."""
    found: set[str] = set()
    for _, reference in named_conditions(resource):
        view = context.entity_of(TUMOUR, reference, within=resource)
        target = context.resolve(reference, within=resource) if view is None else None
        found.update(
            [view.key] if view is not None else [target.reference] if target is not None else target_keys(reference)
        )
    return frozenset(found)


def about_itself(condition: Resource, context: Context) -> frozenset[str]:
    """The tumour that a Condition is part of."""
    view = context.entity_of(TUMOUR, condition.reference, within=condition)
    return frozenset({condition.reference if view is None else view.key})


def stated(condition: Resource, system: str, taken: Callable[[Resource], bool], context: Context) -> list[Statement]:
    """What a Condition states in a system. ``taken``: an assessment that is in the record speaks for itself."""
    found: list[Statement] = []
    for position, stage in stages_of(condition.json):
        if stated_system(condition.json, stage) != system:
            continue
        identity = condition.reference
        spoken = False
        for assessment in objects(stage.get("assessment")):
            target = context.resolve(assessment, within=condition)
            spoken = spoken or (target is not None and taken(target))
            # The only assessment's own name: when it arrives, the draft goes on under the same key.
            if target is None and len(objects(stage.get("assessment"))) == 1:
                identity = next((key for key in target_keys(assessment) if key.startswith("Observation/")), identity)
        summary = stage.get("summary")
        if not spoken and isinstance(summary, dict):
            kind = stage.get("type")
            found.append(Statement(
                condition, f"stage[{position}].summary", summary, identity, None, about_itself(condition, context),
                kind if isinstance(kind, dict) else None, f"stage[{position}].type",
            ))  # fmt: skip
    return found


def settle(statements: Sequence[Statement]) -> tuple[list[Statement], list[tuple[Statement, Statement]]]:
    """(what stays, (what another one says as well or better, that other one))."""
    ordered = sorted(statements, key=lambda each: (each.of_condition, each.identity, each.element))
    kept: list[Statement] = []
    dropped: list[tuple[Statement, Statement]] = []
    for each in ordered:
        better = next((other for other in ordered if other is not each and _beats(other, each, ordered)), None)
        if better is None:
            kept.append(each)
        else:
            dropped.append((each, better))
    return kept, dropped


def _beats(one: Statement, other: Statement, order: Sequence[Statement]) -> bool:
    same_day = one.day == other.day or one.of_condition or other.of_condition
    same_tumour = not one.about or not other.about or bool(one.about & other.about)
    if not (same_day and same_tumour) or one.concept is None or other.concept is None:
        return False
    if one.concept["code"] == other.concept["code"]:
        return order.index(one) < order.index(other)
    first, second = one.token, other.token
    return first is not None and second is not None and finer(first, second) and one.of_condition <= other.of_condition


def put_day(drafting: Drafting, statement: Statement, context: Context) -> None:
    """The ``date``: the Observation's; a Condition's stage has none, so that the diagnosis' stands in (an assumption)."""
    if not statement.of_condition:
        put_observed(drafting, statement.resource, context)
        return
    json, reference = statement.resource.json, statement.resource.reference
    asserted = extension_value(json, ASSERTED_DATE)
    tries = ((asserted[1] if asserted else None, "extension"), *((json.get(name), name) for name in _DIAGNOSED))
    for value, element in tries:
        day = day_in(value, context)
        if day is not None:
            source = Source(reference, element)
            drafting.day("date", day, source)
            text = "A Condition's stage has no date: that of the diagnosis is taken."
            drafting.assume("date", "date-of-diagnosis", text, source)
            check_after_birth(drafting, "date", day, source, context)
            return
    drafting.missing("date", "Neither the stage nor its diagnosis has a date.", Source(reference, statement.element))


_DIAGNOSED = ("onsetDateTime", "onsetPeriod", "recordedDate")


def put_tumours(drafting: Drafting, statement: Statement, domain: str, context: Context) -> None:
    """``stagedEntitiesIds``: what the Observation names, or whose ``stage.assessment`` it is; the Condition itself; the patient's
    only primary, or the only one of the kind that this system stages (Gleason: the prostate; an assumption)."""
    if statement.of_condition:
        view = context.entity_of(TUMOUR, statement.resource.reference, within=statement.resource)
        if view is not None:
            drafting.refer("stagedEntitiesIds", (view.key,), Source(statement.resource.reference, statement.element))
        return
    assessed = _assessed_by(drafting, statement.resource, domain, context)
    if assessed and "focus" not in statement.resource.json:
        drafting.refer("stagedEntitiesIds", tuple(sorted(assessed)), *assessed.values())
    elif not related_tumours(drafting, "stagedEntitiesIds", statement.resource, context) and not statement.about:
        fitting = [view for view in primaries(context) if stages_tumour(domain, view.payload)]
        if len(fitting) == 1:
            drafting.refer("stagedEntitiesIds", (fitting[0].key,))
            text = "The source names no tumour; one of the patient's tumours is of the kind that this system stages."
            drafting.assume("stagedEntitiesIds", "only-fitting-tumour", text)


def _assessed_by(drafting: Drafting, observation: Resource, domain: str, context: Context) -> dict[str, Source]:
    """The tumours whose Condition names this Observation as its ``stage.assessment``; their summary is then spoken for. One that
    says something else is a contradiction."""
    found: dict[str, Source] = {}
    for condition in context.resources("Condition"):
        for position, stage in enumerate(objects(condition.json.get("stage"))):
            keys = {key for each in objects(stage.get("assessment")) for key in target_keys(each)}
            if observation.reference in keys:
                source = Source(condition.reference, f"stage[{position}].assessment")
                drafting.read(source)
                if len(keys) == 1 and _differs(drafting, stage.get("summary"), domain, context):
                    text = "The summary of the diagnosis' stage and the assessment that it names differ: the assessment is taken."
                    place = Source(condition.reference, f"stage[{position}].summary")
                    drafting.issue("contradiction", "stage", text, source=place)
                view = context.entity_of(TUMOUR, condition.reference, within=condition)
                if view is not None:
                    found.setdefault(view.key, source)
    return found


def _differs(drafting: Drafting, summary: object, domain: str, context: Context) -> bool:
    """True if a stage is neither the draft's nor compatible with it (III with IIIA)."""
    taken = drafting.payload.get("stage")
    terminology = "TNMStage" if domain == TNM else SYSTEMS[domain].terminology
    if not isinstance(taken, dict) or not isinstance(summary, dict) or terminology is None:
        return False
    stated = context.translate(terminology, summary, text=True)
    if stated is None or stated.concept["code"] == taken["code"]:
        return False
    one, other = token_of(str(stated.concept.get("display"))), token_of(str(taken.get("display")))
    return one is None or other is None or not (finer(one, other) or finer(other, one))


def consume_stage(drafting: Drafting, statements: Iterable[Statement]) -> None:
    """Account for the elements of statements that another one made superfluous."""
    drafting.read(*(Source(each.resource.reference, each.element) for each in statements))


#: SNOMED CT disorders that name their TNM stage in their title, where a display is missing.
STAGED_CODES = {
    (SNOMED, code): stage for stage, codes in {
        "I": "424132000 424938000 423295000 67811000119102", "II": "425048006 423050000 423468007 67821000119109",
        "III": "422968005 424970000 67831000119107", "IV": "423121009 423600008 67841000119103",
    }.items() for code in codes.split()
}  # fmt: skip
