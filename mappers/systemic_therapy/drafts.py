"""The drafts of one course: the therapy, and a medication per drug."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mappers.agents import AGENTS
from mappers.codes import ADJUNCTIVE_ROLE, NCIT, SNOMED
from mappers.dates import within
from mappers.drafting import Drafting
from mappers.events.terms import find_term
from mappers.fhir import codings, extension_value
from mappers.protocol import Context, Draft, JsonObject, Source
from mappers.subjects import case_key, check_after_birth, only_primary, subject_source
from mappers.systemic_therapy import derived
from mappers.systemic_therapy.closing import Omission, is_left_behind, left_out_for_good, operated_after
from mappers.systemic_therapy.courses import Course
from mappers.systemic_therapy.cycles import cycles_of
from mappers.systemic_therapy.doses import put_dose
from mappers.treatments.intents import MAINTENANCE, notes_state_purpose
from mappers.treatments.termination import NOT_TOLERATED, reason_of_words, stated_termination

#: What is read of each resource of a course, whether or not it becomes a field.
_READ = (
    "status", "intent", "category", "code", "request", "basedOn", "partOf", "groupIdentifier", "priorPrescription",
    "reasonCode", "reasonReference", "authoredOn", "dosageInstruction", "dosage", "effectivePeriod", "effectiveDateTime",
    "extension", "contained", "medicationReference", "medicationCodeableConcept", "statusReason", "identifier",
    "authorizingPrescription", "whenHandedOver", "daysSupply", "dispenseRequest", "performedPeriod", "performedDateTime",
    "outcome", "usedCode", "title", "description", "period", "addresses", "dateAsserted",
)  # fmt: skip


def course_drafts(
    course: Course, context: Context, *, first: bool, omitted: Sequence[Omission] = ()
) -> Iterator[Draft]:
    """``first``: no other course of the patient began before; ``omitted``: doses that were left out."""
    therapy = Drafting("SystemicTherapy", f"SystemicTherapy:{course.identity}")
    anchor = course.evidence[0].resource
    therapy.refer("caseId", case_key(context, anchor), subject_source(anchor))
    for each in course.evidence:
        for carrier in each.carriers:
            therapy.consume(carrier, *_READ, *(("note",) if notes_state_purpose(carrier.json) else ()))
    stopped = left_out_for_good(course, omitted)
    span = _period(therapy, course, stopped, context)
    if span is not None:
        span = replace(span, first=first)
    _role_and_intent(therapy, course, span, context)
    _cycles(therapy, course)
    _termination(therapy, course, stopped, context)
    _targets(therapy, course, context)
    _drugs(therapy, course)
    yield therapy.done()
    for name in sorted(course.drugs):
        yield _medication(course, name, therapy.key, context)


def _period(therapy: Drafting, course: Course, stopped: Omission | None, context: Context) -> derived.Course | None:
    first = course.start()
    if first is None or first.timing.start is None:
        source = Source(course.evidence[0].resource.reference, "effectiveDateTime")
        therapy.missing("period", "No date tells when the therapy started.", source)
        return None
    start, source = first.timing.start, first.timing.start_source
    tumours = frozenset(key for each in course.evidence for key in each.reasons.tumours)
    ended, last = course.end(), course.last_dose()
    if ended is None and last is not None and course.followed:
        ended = last
        text = "The source does not end it: another therapy began after its last dose, which is taken as its end."
        therapy.assume("period", "ended-by-next-therapy", text, last[1])
    if ended is None and last is not None and _deceased(context):
        ended = last
        text = "The source does not end it and the patient has died: its last dose is taken as its end."
        therapy.assume("period", "ended-by-death", text, last[1])
    if ended is None and last is not None and stopped is not None:
        ended = last
        text = (
            "The next dose was left out for a reason that ends a therapy, and none followed: its last dose is its end."
        )
        therapy.assume("period", "ended-by-omission", text, stopped.source)
    if ended is None and last is not None and operated_after(course, last[0].date, context):
        ended = last
        text = (
            "The source does not end it: surgery followed the neoadjuvant therapy, whose last dose is taken as its end."
        )
        therapy.assume("period", "ended-by-surgery", text, last[1])
    if ended is None and last is not None and is_left_behind(course, context):
        ended = last
        text = "The source does not end it; a surgery, or a record longer than a pause of it may last, follows its last dose."
        therapy.assume("period", "ended-by-pause", text, last[1])
    if ended is None and last is not None and not course.open and _at_last_dose(context):
        ended = last
        text = "The source does not end it and no order of it is open: it lasts until the last dose so far."
        therapy.assume("period", "ended-at-last-dose", text, last[1])
    if ended is None and (supplied := course.supplied()) is not None:
        ended = supplied
        text = "All orders are closed and none states an end: it is the last day that they cover."
        therapy.assume("period", "end-of-last-order", text, supplied[1])
    known = (ended or last or (start, source))[0]
    span = derived.Course(start.date, max(known.date, start.date), course.hormonal, tumours)
    sources = [source]
    value = {"start": start.iso}
    if ended is not None:
        bounds = within(start, ended[0])
        if bounds is None:
            text = "The therapy ends before it starts."
            therapy.issue("implausible-value", "period", text, source=ended[1], blocking=True)
            return span
        start, end = bounds
        value = {"start": start.iso, "end": end.iso}
        sources.append(ended[1])
        therapy.note_precision("period", end, ended[1])
    therapy.put("period", value, *sources)
    therapy.note_precision("period", start, source)
    if first.kind in ("ordered", "planned"):
        text = "No administration is known: the therapy starts as ordered."
        therapy.assume("period", "start-of-order", text, source)
    check_after_birth(therapy, "period", start, source, context)
    return span


def _at_last_dose(context: Context) -> bool:
    return context.options.get("therapy.end-at-last-dose") is True


def _deceased(context: Context) -> bool:
    patient = context.patient
    return patient is not None and (
        patient.json.get("deceasedBoolean") is True or isinstance(patient.json.get("deceasedDateTime"), str)
    )


def _role_and_intent(therapy: Drafting, course: Course, span: derived.Course | None, context: Context) -> None:
    # What POP itself exports without a value has none.
    derive = context.options.get("therapy.derive-intent") is not False and not course.evidence[0].own
    intent = next((each for each in course.evidence if each.intent is not None), None)
    role = _stated_role(therapy, course, context)
    if role is None and derive and span is not None and (intent is None or intent.intent == "curative"):
        found = derived.derived_role(span, context)
        if found is not None:
            role = found.value
            concept = {"coding": [{"system": NCIT, "code": role}]}
            translation = context.translate("AdjunctiveTherapyRole", concept)
            if translation is not None:
                therapy.put("adjunctiveRole", translation.concept)
                therapy.assume("adjunctiveRole", found.code, found.text)
    if intent is not None:
        therapy.put("intent", intent.intent, Source(intent.intent_at or intent.resource.reference, "extension"))
        return
    default = context.options.get("therapy.default-intent")
    by_rule = derived.derived_intent(span, role, context) if derive and span is not None else None
    if by_rule is not None:
        therapy.put("intent", by_rule.value)
        therapy.assume("intent", by_rule.code, by_rule.text)
    elif default in ("curative", "palliative"):
        therapy.put("intent", default)
        text = "The source states no intent; the site's option therapy.default-intent applies."
        therapy.assume("intent", "default-intent", text)
    else:
        therapy.missing("intent", "The source states no treatment intent (option therapy.default-intent).",
                        Source(course.evidence[0].resource.reference, "extension"))  # fmt: skip


def _stated_role(therapy: Drafting, course: Course, context: Context) -> str | None:
    begun = course.start()
    for each in course.evidence:
        if each.role is None or (each.role == MAINTENANCE and begun is not None and begun.role != MAINTENANCE):
            # What ends as maintenance of its own first drugs is no maintenance therapy as a whole.
            continue
        source = Source(each.role_at or each.resource.reference, "extension")
        own = extension_value(each.resource.json, ADJUNCTIVE_ROLE)
        concept = own[1] if own is not None else {"coding": [{"system": NCIT, "code": each.role}]}
        therapy.concept("adjunctiveRole", "AdjunctiveTherapyRole", concept, context=context, source=source)
        return each.role
    return None


def _cycles(therapy: Drafting, course: Course) -> None:
    found = cycles_of(course)
    if found is None:
        return
    number, source, counted = found
    therapy.put("cycles", number, source)
    if counted:
        text = (
            "The source states no number: the days on which doses were given lie apart as cycles do, and are counted."
        )
        therapy.assume("cycles", "cycles-from-days", text, source)


def _termination(therapy: Drafting, course: Course, stopped: Omission | None, context: Context) -> None:
    """Of the latest evidence that states one. A dose's own reason, or that of one drug of several, ends no therapy that goes on."""
    ended = course.evidence if course.end() is not None else ()
    for each in sorted(ended, key=lambda each: (each.timing.reach or dt.date.min, each.name), reverse=True):
        stated = stated_termination(each.carriers)
        if stated is not None:
            concept, at = stated
            if context.translate("TreatmentTerminationReason", concept, text=True) is None:
                concept = reason_of_words(concept) or _reason_of_event(therapy, concept, at, context) or concept
            therapy.concept("terminationReason", "TreatmentTerminationReason", concept, context=context, source=at)
            return
    if stopped is not None:
        therapy.concept(
            "terminationReason", "TreatmentTerminationReason", stopped.reason, context=context, source=stopped.source
        )


def _reason_of_event(therapy: Drafting, concept: JsonObject, at: Source, context: Context) -> JsonObject | None:
    """A reason that is an adverse event's term (CTCAE): the treatment was not tolerated."""
    if find_term(concept, context) is None:
        return None
    text = "The reason is an adverse event (a term of CTCAE): the treatment was not tolerated."
    therapy.assume("terminationReason", "not-tolerated-by-event", text, at)
    return {"coding": [{"system": SNOMED, "code": NOT_TOLERATED}]}


def _targets(therapy: Drafting, course: Course, context: Context) -> None:
    named: dict[str, Source] = {}
    for each in course.evidence:
        for key, source in each.reasons.tumours.items():
            named.setdefault(key, source)
    if named:
        therapy.refer("targetedEntitiesIds", tuple(sorted(named)), *dict.fromkeys(named[key] for key in sorted(named)))
        return
    only = only_primary(context)
    if only is not None and not course.evidence[0].own:
        therapy.refer("targetedEntitiesIds", (only.key,))
        text = "The source names no tumour; the patient has exactly one primary tumour."
        therapy.assume("targetedEntitiesIds", "only-tumour", text)


def _drugs(therapy: Drafting, course: Course) -> None:
    if not course.drugs:
        source = course.evidence[0].medication_source
        therapy.issue(
            "no-drugs", "medications", "The source names no drug and no protocol of the therapy.", source=source
        )
    elif all(each.agent is None for found in course.drugs.values() for each in found):
        # An unknown drug may be no antineoplastic at all, and the course's key may name the drug once it is mapped.
        text = "None of its drugs is known to POP: the therapy waits until one is mapped."
        source = next(iter(course.drugs.values()))[0].medication_source
        therapy.issue("unknown-drugs", "medications", text, source=source, blocking=True)


def _medication(course: Course, name: str, parent: str, context: Context) -> Draft:
    """One drug of a course. Its key names the drug, so that more administrations of it change nothing."""
    evidence = course.drugs[name]
    drafting = Drafting("SystemicTherapyMedication", f"SystemicTherapyMedication:{course.identity}/{name}")
    drafting.refer("systemicTherapyId", parent)
    first = evidence[0]
    source = first.medication_source or Source(first.resource.reference, "medicationCodeableConcept")
    translation = first.agent.translation if first.agent is not None else None
    if translation is None:
        # Of a protocol's name or a list of drugs the agent is asked for, not the text as a whole.
        asked = (
            {"text": first.agent.name}
            if first.agent is not None and not codings(first.medication)
            else first.medication
        )
        drafting.unmapped("drug", AGENTS, asked, source=source, required=True)
    else:
        sources = [each.medication_source for each in evidence if each.medication_source is not None]
        drafting.put("drug", translation.concept, *dict.fromkeys(sources))
        drafting.note_rule("drug", translation, source)
        if first.agent is not None and first.agent.protocol is not None:
            text = "The source names only the protocol: its agents are those of the published protocol."
            drafting.assume("drug", "agents-of-protocol", text, source)
    put_dose(drafting, evidence, context)
    return drafting.done()
