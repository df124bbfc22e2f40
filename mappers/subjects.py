"""Whose record and which tumour a resource is about: questions that all mappers share."""

from __future__ import annotations

from mappers.codes import RELATED_CONDITION
from mappers.context import CASE as CASE
from mappers.dates import Day, parse_day
from mappers.drafting import Drafting
from mappers.fhir import choice, extensions, first, objects
from mappers.protocol import Context, EntityView, JsonObject, Resource, Source
from mappers.references import target_keys

TUMOUR = "NeoplasticEntity"

#: Observation.effective[x] before ``issued``: the time of the finding, not of its release (R4 Observation.effective).
_EFFECTIVE = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming")

#: Observation and report states that state no result (R4 ObservationStatus): there is nothing to write.
VOID = {
    "entered-in-error": "entered in error",
    "cancelled": "cancelled",
    "registered": "registered without a result yet",
}


def case_key(context: Context, resource: Resource) -> str:
    """The key of the patient's case. While the Patient has not arrived, the key that its reference implies."""
    patient = context.patient
    if patient is not None:
        return f"{CASE}:{patient.reference}"
    subject = first(resource.json.get("subject") or resource.json.get("patient"))
    keys = target_keys(subject)
    return f"{CASE}:{keys[0]}" if keys else f"{CASE}:unknown"


def subject_source(resource: Resource) -> Source:
    """Where the resource names its patient."""
    return Source(
        resource.reference, "patient" if "subject" not in resource.json and "patient" in resource.json else "subject"
    )


def zone(context: Context) -> str:
    """Option ``timezone``: the IANA zone in which an instant becomes a day; empty for the day as it is written."""
    return str(context.options.get("timezone") or "")


def day_in(value: object, context: Context) -> Day | None:
    """The day of a FHIR date, dateTime, instant, or of a Period's start."""
    return parse_day(value.get("start") or value.get("end") if isinstance(value, dict) else value, zone(context))


def observed_on(resource: Resource, context: Context) -> tuple[Day, Source, bool] | None:
    """(day, source, whether it is only the day of release) of an Observation."""
    found = choice(resource.json, _EFFECTIVE)
    if found is not None:
        name, value = found
        if name == "effectiveTiming":
            events = value.get("event") if isinstance(value, dict) else None
            value = events[0] if isinstance(events, list) and events else None
        day = day_in(value, context)
        if day is not None:
            return day, Source(resource.reference, name), False
    day = day_in(resource.json.get("issued"), context)
    return None if day is None else (day, Source(resource.reference, "issued"), True)


def put_observed(drafting: Drafting, resource: Resource, context: Context) -> None:
    """The ``date`` of an Observation: when it was observed, else (assumed) when it was issued, else missing."""
    found = observed_on(resource, context)
    if found is None:
        drafting.missing(
            "date",
            "The observation has no usable date (effective or issued).",
            Source(resource.reference, "effectiveDateTime"),
        )
        return
    day, source, released = found
    drafting.day("date", day, source)
    if released:
        drafting.assume(
            "date", "date-of-release", "No time of observation is stated: the time of release is taken.", source
        )
    check_after_birth(drafting, "date", day, source, context)
    drafting.consume(resource, "issued")


def check_after_birth(drafting: Drafting, field: str, day: Day, source: Source, context: Context) -> None:
    """A day before the patient's birth is implausible; it waits for a person."""
    patient = context.patient
    birth = parse_day(patient.json.get("birthDate")) if patient is not None else None
    if birth is not None and day.latest < birth.earliest:
        drafting.issue(
            "implausible-value", field, "This day lies before the patient's birth.", source=source, blocking=True
        )


def named_conditions(resource: Resource) -> list[tuple[str, JsonObject]]:
    """(element, reference) of what a resource says it is about: ``focus``, ``reasonReference``, a
    risk's ``condition``, related-condition extensions."""
    json = resource.json
    found = [("focus", each) for each in objects(json.get("focus"))]
    found.extend(("reasonReference", each) for each in objects(json.get("reasonReference")))
    if resource.type == "RiskAssessment":
        found.extend(("condition", each) for each in objects(json.get("condition")))
    for _, extension in extensions(json, RELATED_CONDITION):
        found.append(("extension", first(extension.get("valueReference"))))
    return found


def related_tumours(drafting: Drafting, field: str, resource: Resource, context: Context) -> tuple[str, ...]:
    """Refer to the tumours a resource is about: those it names; else the patient's only primary tumour, as an assumption.

    Nothing is guessed among several primaries: the relation then stays empty and says so as a warning.
    """
    keys: dict[str, Source] = {}
    for element, reference in named_conditions(resource):
        source = Source(resource.reference, element)
        drafting.read(source)
        view = context.entity_of(TUMOUR, reference, within=resource)
        if view is not None:
            keys.setdefault(view.key, source)
    if keys:
        drafting.refer(field, tuple(sorted(keys)), *dict.fromkeys(keys.values()))
        return tuple(sorted(keys))
    if named_conditions(resource):
        drafting.issue(
            "unresolved-reference", field, "What the resource is about is not (yet) a tumour in POP: the relation is left out.",
            source=Source(resource.reference, named_conditions(resource)[0][0]),
        )  # fmt: skip
        return ()
    only = only_primary(context)
    if only is not None:
        drafting.refer(field, (only.key,))
        drafting.assume(field, "only-tumour", "The source names no tumour; the patient has exactly one primary tumour.")
        return (only.key,)
    return ()


def primaries(context: Context) -> list[EntityView]:
    """The patient's primary tumours."""
    return [view for view in context.entities(TUMOUR) if view.payload.get("relationship") == "primary"]


def only_primary(context: Context) -> EntityView | None:
    """The patient's primary tumour if there is exactly one."""
    found = primaries(context)
    return found[0] if len(found) == 1 else None
