"""What ends a course that the source does not end: a dose that was left out for good, the surgery that it was given before, or a
record that goes on without it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from mappers.dates import Day, parse_day
from mappers.fhir import first
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.subjects import TUMOUR, day_in
from mappers.systemic_therapy import derived
from mappers.systemic_therapy.courses import Course
from mappers.systemic_therapy.medications import drugs_of
from mappers.systemic_therapy.runs import Rules
from mappers.treatments.intents import NEOADJUVANT
from mappers.treatments.termination import reason_of_words

RESPONSE, RADIOTHERAPY, STATUS = "TreatmentResponse", "Radiotherapy", "PerformanceStatus"
#: Entities whose day shows that the record goes on; they are few, unlike results and vital signs.
LATER = {
    TUMOUR: "assertionDate", derived.SURGERY: "date", derived.TNM: "date", RESPONSE: "date", STATUS: "date", RADIOTHERAPY: "period",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Omission:
    """A dose that was not given, for a reason that ends a therapy."""

    drugs: frozenset[str]
    day: dt.date
    reason: JsonObject
    source: Source


def omissions(members: Iterable[Resource], context: Context) -> list[Omission]:
    """Doses not given (R4 MedicationAdministration.status ``not-done``) whose reason is one of POP's reasons of termination."""
    found: list[Omission] = []
    for each in members:
        if each.type != "MedicationAdministration" or each.json.get("status") != "not-done":
            continue
        reason = first(each.json.get("statusReason"))
        day = day_in(each.json.get("effectiveDateTime") or each.json.get("effectivePeriod"), context)
        concept = reason_of_words(reason) if reason else None
        if day is None or concept is None:
            continue
        names = frozenset(agent.code for drug in drugs_of(each, context) for agent in drug.agents)
        if names:
            found.append(Omission(names, day.date, concept, Source(each.reference, "statusReason")))
    return sorted(found, key=lambda each: (each.day, each.source.resource))


def left_out_for_good(course: Course, found: Iterable[Omission]) -> Omission | None:
    """The first omission after which nothing of the course was given."""
    last = course.last_dose()
    if last is None:
        return None
    names = set(course.drugs)
    return next((each for each in found if each.day > last[0].date and each.drugs & names), None)


def operated_after(course: Course, last: dt.date, context: Context) -> bool:
    """Neoadjuvant therapy is given before surgery (NCI *Dictionary of Cancer Terms*): one that took place since then ended it."""
    stated = any(each.role == NEOADJUVANT for each in course.evidence)
    return stated and any(day > last for day in derived.surgery_days(context))


def is_left_behind(course: Course, context: Context) -> bool:
    """The record goes on longer than the pause after which a further dose would be another course (``therapy.drug-gap-days``), or
    with a surgery after a therapy that is no hormone therapy: what comes after it is another course."""
    last = course.last_dose()
    if last is None:
        return False
    if not course.hormonal and any(day > last[0].date for day in derived.surgery_days(context)):
        return True
    gap = Rules.of(context.options).gap(course.evidence[0])
    return any(
        (day := _day(view.payload.get(field))) is not None and day.date > last[0].date + gap
        for kind, field in LATER.items() for view in context.entities(kind)
    )  # fmt: skip


def _day(value: object) -> Day | None:
    return parse_day(value.get("start") if isinstance(value, dict) else value)
