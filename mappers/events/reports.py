"""What one resource tells of an adverse event.

* **AdverseEvent** (R4; POP's, mCODE/ICAREdata's and CodeX's CTC profiles; R5's elements, as extensions of AE Clinical Research or
  as they are; MII *Nebenwirkung*, whose oBDS conversion has the grade in ``seriousness``). The diagnosis named as its
  ``resultingCondition`` belongs to it.
* **Condition** with a CTCAE grade, a category of its own, a treatment as its cause (condition-dueTo), or a diagnosis code that
  states one. Unconfirmed, refuted ones are no events.
* **Observation** named after a CTCAE term or «CTCAE», with the grade as its value or a component. Patient-reported grades
  (PRO-CTCAE) are another scale (NCI PRO-CTCAE: no grades).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mappers.diagnoses import diagnose, verification_of
from mappers.events.grades import is_ctcae, read_grade, read_text
from mappers.events.outcomes import read_outcome
from mappers.events.report import Report
from mappers.events.selection import GRADE_URL
from mappers.events.suspects import suspects_of
from mappers.events.terms import find_term, treatment_caused
from mappers.fhir import codings, first, objects, text_of, words
from mappers.protocol import Context, JsonObject, NotForPop, Resource, Source
from mappers.subjects import VOID, day_in, observed_on

_ANY_GRADE_URL = re.compile(r"grade", re.I)
_RESOLVED_URL = re.compile(r"resolv?ed?-?date|resolution-?date|date-?resolved", re.I)
_STATUS_URL = re.compile(r"/status$", re.I)
_PATIENT_REPORTED = re.compile(r"\bpro[- ]?ctcae\b|patient[- ]reported", re.I)
_NOTHING = re.compile(r"no\b|none\b|keine?\b|nil\b", re.I)
_NOT_ESTABLISHED = frozenset({"entered-in-error", "refuted", "unconfirmed", "provisional", "differential"})
#: R4's element and R5's; detection and recording are fallbacks.
_DATES = ("date", "occurrenceDateTime", "occurrencePeriod", "detected", "recordedDate")
_FALLBACKS = {"detected": "day of detection", "recordedDate": "day of recording"}


def read_report(member: Resource, context: Context) -> Report | NotForPop:
    """What a member reports, or why it is no adverse event."""
    if member.type == "AdverseEvent":
        return _adverse_event(member, context)
    return _condition(member, context) if member.type == "Condition" else _observation(member, context)


def _adverse_event(member: Resource, context: Context) -> Report | NotForPop:
    json = member.json
    if json.get("actuality") == "potential":
        return NotForPop(member.reference, "a potential event, which did not happen")
    if any(value == "entered-in-error" for value in _statuses(json)):
        return NotForPop(member.reference, "the event is entered in error")
    name = "event" if "event" in json or "code" not in json else "code"
    event = first(json.get(name))
    report = Report(member, event, Source(member.reference, name))
    conditions = resulting_conditions(member, context)
    if not codings(event) and not text_of(event.get("text")):
        if not conditions:
            return NotForPop(member.reference, "it names no event")
        report.event = first(conditions[0].json.get("code"))
        report.event_source = Source(conditions[0].reference, "code")
    if _NOTHING.match(words(report.event)):
        return NotForPop(member.reference, "it says that there was no event")
    report.term = find_term(report.event, context)
    for value, source in (
        *_extension_values(member, _ANY_GRADE_URL),
        (json.get("severity"), Source(member.reference, "severity")),
        (_ctcae_only(json.get("seriousness")), Source(member.reference, "seriousness")),
        (_text_grade(report.event), report.event_source),
    ):
        report.take_grade(read_grade(value), source)
    for name in _DATES:
        if report.day is None and (day := day_in(json.get(name), context)) is not None:
            report.day, report.day_source = day, Source(member.reference, name)
            report.day_rule = _FALLBACKS.get(name, "")
    report.recorded = day_in(json.get("recordedDate"), context)
    if objects(json.get("outcome")):
        report.outcome = read_outcome(first(json["outcome"]))
        report.outcome_source = Source(member.reference, "outcome")
    for value, source in _extension_values(member, _RESOLVED_URL):
        report.resolved, report.resolved_source = day_in(value, context), source
    report.suspects = list(suspects_of(member))
    report.read = _read(
        member, "actuality", "status", "category", "seriousness", "extension", "modifierExtension", *_DATES
    )
    for condition in conditions:
        told = _condition(condition, context)
        if isinstance(told, Report):
            report.complete(told)
    return report


def resulting_conditions(member: Resource, context: Context) -> list[Resource]:
    """The diagnoses that are the same event."""
    found = (context.resolve(each, within=member) for each in objects(member.json.get("resultingCondition")))
    return [each for each in found if each is not None and each.type == "Condition"]


def _condition(member: Resource, context: Context) -> Report | NotForPop:
    json = member.json
    if verification_of(json) in _NOT_ESTABLISHED:
        return NotForPop(member.reference, "a diagnosis that is not established is no adverse event")
    if not treatment_caused(json.get("code")) and diagnose(json).relationship is not None:
        return NotForPop(member.reference, "a tumour is no adverse event")
    report = Report(member, first(json.get("code")), Source(member.reference, "code"))
    report.term = find_term(report.event, context)
    for value, source in _extension_values(member, GRADE_URL):
        report.take_grade(read_grade(value), source)
    report.take_grade(read_grade(json.get("severity")), Source(member.reference, "severity"))
    for number, stage in enumerate(objects(json.get("stage"))):
        if is_ctcae(stage.get("summary")) or is_ctcae(stage.get("type")):
            report.take_grade(read_grade(stage.get("summary")), Source(member.reference, f"stage[{number}].summary"))
    report.take_grade(read_grade(_text_grade(report.event)), report.event_source)
    for name, rule in (("onsetDateTime", ""), ("onsetPeriod", ""), ("recordedDate", _FALLBACKS["recordedDate"])):
        if report.day is None and (day := day_in(json.get(name), context)) is not None:
            report.day, report.day_source, report.day_rule = day, Source(member.reference, name), rule
    for name in ("abatementDateTime", "abatementPeriod"):
        value = json.get(name)
        end = value.get("end") or value.get("start") if isinstance(value, dict) else value
        if (day := day_in(end, context)) is not None:
            report.resolved, report.resolved_source = day, Source(member.reference, name)
    clinical = {str(each.get("code")) for each in codings(json.get("clinicalStatus"))}
    if "resolved" in clinical or report.resolved is not None:
        report.outcome = "resolved"
    elif clinical & {"active", "recurrence", "relapse"}:
        report.outcome = "ongoing"
    report.outcome_source = report.resolved_source
    if "clinicalStatus" in json:
        report.outcome_source = Source(member.reference, "clinicalStatus")
    report.suspects = list(suspects_of(member))
    report.certain = treatment_caused(json.get("code")) or not report.suspects
    report.read = _read(member, "verificationStatus", "clinicalStatus", "category", "severity", "stage", "extension")
    return report


def _observation(member: Resource, context: Context) -> Report | NotForPop:
    json = member.json
    status = json.get("status")
    if isinstance(status, str) and status in VOID:
        return NotForPop(member.reference, f"the observation is {VOID[status]}")
    if _PATIENT_REPORTED.search(words(json.get("code"))):
        return NotForPop(member.reference, "a patient-reported grade: not one of CTCAE's")
    report = Report(member, first(json.get("code")), Source(member.reference, "code"))
    grades: list[tuple[Any, str]] = [(json.get(name), name) for name in _values(json)]
    for number, part in enumerate(objects(json.get("component"))):
        named = words(part.get("code"))
        for name in _values(part):
            where = f"component[{number}].{name}"
            if re.search(r"grade|severity|schweregrad|\bgrad\b", named, re.I):
                grades.append((part[name], where))
            elif re.search(r"\b(?:term|event|adverse event|toxicity|nebenwirkung)\b", named, re.I):
                value = part[name]
                report.event = value if isinstance(value, dict) else {"text": text_of(value)}
                report.event_source = Source(member.reference, where)
    report.term = find_term(report.event, context)
    if report.term is None and isinstance(value := json.get("valueCodeableConcept"), dict):
        # «Adverse event» as the question, the term as its answer.
        answer = find_term(value, context)
        if answer is not None:
            report.event, report.term = value, answer
            report.event_source = Source(member.reference, "valueCodeableConcept")
    for value, source in _extension_values(member, GRADE_URL):
        report.take_grade(read_grade(value), source)
    for value, where in grades:
        report.take_grade(read_grade(value), Source(member.reference, where))
    report.take_grade(read_grade(_text_grade(report.event)), report.event_source)
    if report.term is None and report.grade is None:
        return NotForPop(member.reference, "it names neither a term of CTCAE nor a grade")
    when = observed_on(member, context)
    if when is not None:
        report.day, report.day_source = when[0], when[1]
        report.day_rule = "day of the observation's release" if when[2] else ""
    for value, source in _extension_values(member, _RESOLVED_URL):
        report.resolved, report.resolved_source = day_in(value, context), source
    report.read = _read(
        member, "status", "category", "component", "extension", "interpretation", "method", *_values(json)
    )
    return report


def _read(member: Resource, *elements: str) -> list[Source]:
    return [Source(member.reference, element) for element in elements if element in member.json]


def _text_grade(event: JsonObject) -> int | None:
    """A grade among the words of the event's name (never a mere severity)."""
    found = read_text(words(event))
    return found.value if found is not None and not found.from_severity else None


def _ctcae_only(concept: Any) -> JsonObject | None:
    """``seriousness`` with a CTCAE grade, as the oBDS conversion sends it."""
    return concept if isinstance(concept, dict) and is_ctcae(concept) else None


def _extension_values(member: Resource, url: re.Pattern[str]) -> Iterator[tuple[Any, Source]]:
    for position, each in enumerate(objects(member.json.get("extension"))):
        if url.search(str(each.get("url"))):
            for name, value in each.items():
                if name.startswith("value"):
                    yield value, Source(member.reference, f"extension[{position}].{name}")


def _statuses(json: JsonObject) -> list[Any]:
    return [json.get("status")] + [
        each.get("valueCode")
        for name in ("modifierExtension", "extension")
        for each in objects(json.get(name))
        if _STATUS_URL.search(str(each.get("url")))
    ]


def _values(element: JsonObject) -> list[str]:
    return [
        name for name in ("valueInteger", "valueQuantity", "valueCodeableConcept", "valueString") if name in element
    ]
