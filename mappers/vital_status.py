"""Whether the patient lives, and how and when they died: from the Patient and from Observations of vital status and death.

POP's constraints (README *Writing*, *Poison*): ``deceased`` needs a date of death, ``unknown`` an end of records, and neither
``alive`` nor ``deceased`` may have an end of records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mappers.codes import CAUSE_OF_DEATH, END_OF_RECORDS, LOINC, SNOMED, VITAL_STATUS
from mappers.dates import Day, parse_day
from mappers.drafting import Drafting
from mappers.fhir import codings, extension_value, first, has_code, pairs, text_of, triples, words
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.subjects import VOID, observed_on, zone

_ALIVE, _DECEASED = (SNOMED, "438949009"), (SNOMED, "419099009")
#: LOINC 67162-8 *Patient disposition* (MII Person *Vitalstatus*): L lives, T is dead; anything else is not known.
DISPOSITION = frozenset({(LOINC, "67162-8")})
_STATES = {"L": "alive", "T": "dead"}
#: Cause of death: SNOMED CT (MII Onkologie *Tod*), LOINC *Cause of death [US Standard Certificate of Death]*.
CAUSE = frozenset({(SNOMED, "184305005"), (LOINC, "69453-9")})
#: LOINC *Date and time of death*, *Date of death*.
TIME = frozenset({(LOINC, "81956-5"), (LOINC, "31211-6")})
CODES = DISPOSITION | CAUSE | TIME

#: Where the newest entry of a record is looked for when POP needs an end of records.
_DATED = ("Condition", "Observation", "Procedure", "MedicationAdministration", "MedicationRequest", "Encounter")


@dataclass(slots=True)
class _Statements:
    """What Observations say of life and death."""

    died: tuple[Day, Source] | None = None
    dead: Source | None = None
    alive: Source | None = None
    lost: tuple[Day, Source] | None = None
    causes: list[tuple[JsonObject, Source]] = field(default_factory=list)


def put_vital_status(
    drafting: Drafting, member: Resource, observations: Sequence[Resource], birth: Day | None, context: Context
) -> None:
    """Vital status, date and cause of death, end of records.

    The Patient's own word comes first; Observations say what it leaves open.
    """
    json = member.json
    primitive = first(json.get("_deceasedDateTime"))
    stated = extension_value(primitive, VITAL_STATUS) or extension_value(json, VITAL_STATUS)
    boolean, moment = json.get("deceasedBoolean"), json.get("deceasedDateTime")
    said = _observed(drafting, observations, context)
    source = Source(member.reference, "deceasedDateTime" if moment is not None or primitive else "deceasedBoolean")
    death = parse_day(moment, zone(context))
    if death is not None:
        _dead(drafting, member, death, source, birth, said, context)
    elif boolean is True or moment is not None or (stated is not None and has_code(stated[1], {_DECEASED})):
        if said.died is not None:
            drafting.read(source)
            _dead(drafting, member, *said.died, birth, said, context)
        else:
            _dead_without_date(drafting, member, source, context)
    elif said.dead is not None:
        if boolean is False:
            text = "The Patient is stated to live, and an observation states the death: correct one of them."
            drafting.issue("contradiction", "vitalStatus", text, source=source)
        if said.died is not None:
            _dead(drafting, member, *said.died, birth, said, context)
        else:
            _dead_without_date(drafting, member, said.dead, context)
    elif boolean is False or (stated is not None and has_code(stated[1], {_ALIVE})):
        drafting.put("vitalStatus", "alive", source)
    elif said.alive is not None and stated is None:
        drafting.put("vitalStatus", "alive", said.alive)
    elif said.lost is None and stated is None and context.options.get("patient.deceased-absent", "alive") == "alive":
        drafting.put("vitalStatus", "alive")
        text = "The source does not say that the patient is deceased (R4 Patient.deceased)."
        drafting.assume("vitalStatus", "alive-unless-stated", text)
    else:
        _unknown(drafting, member, source if said.lost is None else said.lost[1], context, said.lost)


def _observed(drafting: Drafting, observations: Sequence[Resource], context: Context) -> _Statements:
    """The newest vital status counts; a death is a death."""
    said = _Statements()
    newest: tuple[Day, str] | None = None
    for each in observations:
        json = each.json
        code = json.get("code")
        if json.get("status") in VOID or not has_code(code, CODES):
            continue
        drafting.consume(each, "status", "code", "category", "interpretation", "focus", "effectiveDateTime")
        observed = observed_on(each, context)
        on, source = (observed[0], observed[1]) if observed is not None else (None, Source(each.reference, "code"))
        if has_code(code, DISPOSITION):
            at = Source(each.reference, "valueCodeableConcept")
            state = next((_STATES.get(one, "lost") for _, one in pairs(json.get("valueCodeableConcept"))), None)
            if state is None:
                continue
            drafting.read(at)
            if state == "dead":
                said.dead = at
                said.died = said.died or ((on, source) if on is not None else None)
            elif on is not None and (newest is None or (on, each.reference) > newest):
                newest = (on, each.reference)
                said.alive, said.lost = (at, None) if state == "alive" else (None, (on, at))
        elif has_code(code, TIME):
            on = parse_day(json.get("valueDateTime") or json.get("valueString"), zone(context)) or on
            said.dead = source
            said.died = (on, Source(each.reference, "valueDateTime")) if on is not None else said.died
        else:
            said.dead = source
            said.died = said.died or ((on, source) if on is not None else None)
            value = json.get("valueCodeableConcept") or {"text": text_of(json.get("valueString"))}
            if isinstance(value, dict) and (codings(value) or words(value)):
                said.causes.append((value, Source(each.reference, "valueCodeableConcept")))
    return said


def _dead(
    drafting: Drafting, member: Resource, death: Day, source: Source, birth: Day | None, said: _Statements, context: Context
) -> None:  # fmt: skip
    drafting.put("vitalStatus", "deceased", source)
    drafting.day("dateOfDeath", death, source)
    if birth is not None and death.latest < birth.earliest:
        drafting.issue("implausible-value", "dateOfDeath", "Death lies before birth.", source=source, blocking=True)
    primitive = first(member.json.get("_deceasedDateTime"))
    cause = extension_value(primitive, CAUSE_OF_DEATH) or extension_value(member.json, CAUSE_OF_DEATH)
    if cause is not None:
        drafting.concept("causeOfDeath", "CauseOfDeath", cause[1], context=context, source=source)
        return
    _cause(drafting, said.causes, context)


def _cause(drafting: Drafting, causes: list[tuple[JsonObject, Source]], context: Context) -> None:
    """A diagnosis as cause is none of POP's kinds of death: which of them it is, a site may decide by a concept map."""
    translated = [
        (found, source)
        for value, source in causes
        if (found := context.translate("CauseOfDeath", value, text=True)) is not None
    ]
    if len({str(found.concept["code"]) for found, _ in translated}) == 1:
        found, source = translated[0]
        drafting.put("causeOfDeath", found.concept, source)
        drafting.note_rule("causeOfDeath", found, source)
    elif causes:
        value, source = causes[0]
        drafting.issue(
            "unmapped-code", "causeOfDeath",
            "POP knows kinds of death, the source names a diagnosis: map it, or decide that it has none.",
            source=source, codings=triples(value), terminology="CauseOfDeath",
        )  # fmt: skip


def _dead_without_date(drafting: Drafting, member: Resource, source: Source, context: Context) -> None:
    if context.options.get("patient.death-without-date", "unknown") == "block":
        drafting.put("vitalStatus", "deceased", source)
        drafting.missing("dateOfDeath", "The patient is deceased, and POP demands the date.", source)
        return
    text = "The patient is deceased without a date, which POP demands: the vital status is unknown until it arrives."
    drafting.issue("missing-date-of-death", "dateOfDeath", text, source=source)
    _unknown(drafting, member, source, context, None)


def _unknown(
    drafting: Drafting, member: Resource, source: Source, context: Context, lost: tuple[Day, Source] | None
) -> None:
    """POP: ``unknown`` requires ``endOfRecords``, which POP moves to the first of its month anyway (README *Writing*)."""
    drafting.put("vitalStatus", "unknown", source)
    primitive = first(member.json.get("_deceasedDateTime"))
    stated = extension_value(member.json, END_OF_RECORDS) or extension_value(primitive, END_OF_RECORDS)
    day = parse_day(stated[1]) if stated is not None else None
    if day is not None:
        drafting.day("endOfRecords", day, Source(member.reference, "extension"))
        return
    if lost is not None:
        drafting.put("endOfRecords", lost[0].date.replace(day=1).isoformat(), lost[1])
        text = "The month in which the vital status was last asked for."
        drafting.assume("endOfRecords", "end-of-records-from-vital-status", text, lost[1])
        return
    newest = max(filter(None, (_newest(each.json, context) for each in context.resources(*_DATED))), default=None)
    if newest is None:
        drafting.missing("endOfRecords", "The vital status is unknown and the record holds no dated entry.")
        return
    drafting.put("endOfRecords", newest.date.replace(day=1).isoformat())
    drafting.assume(
        "endOfRecords", "end-of-records-from-newest-entry", "The month of the newest dated entry of the record."
    )


def _newest(json: JsonObject, context: Context) -> Day | None:
    candidates: list[Any] = []
    for name in (
        "effectiveDateTime",
        "effectiveInstant",
        "issued",
        "recordedDate",
        "onsetDateTime",
        "performedDateTime",
        "authoredOn",
    ):
        candidates.append(json.get(name))
    for name in ("effectivePeriod", "performedPeriod", "period"):
        period = json.get(name)
        if isinstance(period, dict):
            candidates.extend((period.get("start"), period.get("end")))
    days = [day for each in candidates if (day := parse_day(each, zone(context))) is not None]
    return max(days, default=None)
