"""What one Procedure says about radiotherapy."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from mappers.codes import PROCEDURE_INTENT, RADIOTHERAPY_SESSIONS, RELATED_CONDITION, SNOMED, TERMINATION_REASON
from mappers.dates import Day
from mappers.diagnoses import diagnose
from mappers.fhir import extension_value, extensions, first, objects, pairs, text_of, words
from mappers.protocol import Context, EntityView, JsonObject, NotForPop, Resource, Source
from mappers.radiotherapy.beams import Beam, beams_of, family_of
from mappers.radiotherapy.procedures import (
    INTENTION,
    STELLUNG,
    Shape,
    code_words,
    counted,
    is_radiotherapy,
    note_text,
    parents,
    refused,
    shape_of,
)
from mappers.radiotherapy.volumes import Volume, count_of, fractions_of, told_fractions, volumes_of
from mappers.references import own_identifier_keys
from mappers.subjects import TUMOUR, day_in

_NOT_DONE = {"entered-in-error": "entered in error", "not-done": "not done", "preparation": "only in preparation"}
_GOING_ON = frozenset({"in-progress", "on-hold"})

Intent = Literal["curative", "palliative"]
#: SNOMED CT procedure intents (mCODE), and the oBDS's (14.1): ``O`` is local cure of an oligometastatic tumour.
_INTENTS: dict[tuple[str, str], Intent] = {(SNOMED, "373808002"): "curative", (SNOMED, "363676003"): "palliative"}
_INTENTION: dict[str, Intent] = {"K": "curative", "O": "curative", "P": "palliative"}
#: Adjuvant and neoadjuvant: SNOMED CT intents; the oBDS's position to surgery (14.2).
_ROLES = frozenset({"373846009", "373847000"})
_STELLUNG = frozenset({"A", "N"})
_PALLIATIVE = re.compile(r"palliati[vo]", re.I)
_CURATIVE = re.compile(r"\bcurative|\bdefinitive\b|\bradical radio|kurativ|\bdefinitive? (?:radio|strahl)", re.I)
_ADJUVANT = re.compile(r"\b(?:neo-?)?adjuvant", re.I)
#: Reasons of the end (oBDS 14.13) as POP's: regular, target dose after a pause, side effects, progression, refusal, death.
_ENDE_GRUND = {
    "E": "182992009",
    "F": "182992009",
    "A": "407563006",
    "P": "266721009",
    "V": "105480006",
    "T": "419620001",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One Procedure, read."""

    resource: Resource
    shape: Shape
    parents: tuple[str, ...]
    identifiers: frozenset[tuple[str, str]]
    start: Day | None
    moment: dt.datetime | None
    """When a session was, to the minute."""
    end: Day | None
    when: Source
    tumours: tuple[str, ...]
    reasons: tuple[Source, ...]
    intent: tuple[Intent, Source] | None
    adjuvant: Source | None
    termination: tuple[JsonObject, Source] | None
    sessions: tuple[int, Source] | None
    fractions: tuple[int, Source] | None
    """Of a phase or a told text: not of a volume."""
    volumes: tuple[Volume, ...]
    beams: tuple[Beam, ...]
    family: str | None
    counted: bool
    """Its code is used once per session."""

    @property
    def reference(self) -> str:
        """Of the Procedure."""
        return self.resource.reference

    @property
    def places(self) -> frozenset[str]:
        """Locations, as far as POP knows them, with their qualifiers."""
        return frozenset(each.site.identity for each in self.volumes if each.site is not None and each.site.location)


def read_statement(resource: Resource, context: Context) -> Statement | NotForPop:
    """The statement, or why it is not for POP."""
    json, reference = resource.json, resource.reference
    status = json.get("status")
    if isinstance(status, str) and status in _NOT_DONE:
        return NotForPop(reference, f"the radiotherapy is {_NOT_DONE[status]}")
    if (why := refused(json)) is not None:
        return NotForPop(reference, why)
    tumours, reasons, cancer, other = _reasons(resource, context)
    if other and not cancer:
        return NotForPop(reference, "radiotherapy of another disease than a tumour")
    if not context.entities(TUMOUR):
        return NotForPop(reference, "the record holds no tumour that it could be given for")
    start, end, when = _dates(resource, context)
    days = (end.date - start.date).days if start is not None and end is not None else None
    beams = beams_of(resource, context)
    fractions = fractions_of(json) or told_fractions(json)
    above = _parents(resource, context)
    return Statement(
        resource=resource, shape=shape_of(json, days, part=bool(above)), parents=above,
        identifiers=frozenset(_identifiers(json)), start=start, moment=_moment(json),
        end=None if status in _GOING_ON else end, when=when, tumours=tumours, reasons=reasons, intent=_intent(resource),
        adjuvant=_adjuvant(resource), termination=_termination(resource), sessions=_sessions(resource),
        fractions=(fractions[0], Source(reference, fractions[1])) if fractions is not None else None,
        volumes=tuple(volumes_of(resource, context)), beams=tuple(beams), family=family_of(resource, beams), counted=counted(json),
    )  # fmt: skip


def _parents(resource: Resource, context: Context) -> tuple[str, ...]:
    """References of the radiotherapies that it is part of: those that have arrived, and the keys of those that have not."""
    if not parents(resource.json):
        return ()
    found: list[str] = []
    for each in objects(resource.json.get("partOf")):
        target = context.resolve(each, within=resource)
        if target is None:
            found.extend(parents({"partOf": [each]}))
        elif target.type == "Procedure" and is_radiotherapy(target.json):
            found.append(target.reference)
    return tuple(found)


def _identifiers(json: JsonObject) -> list[tuple[str, str]]:
    return [
        (text_of(each.get("system")), key)
        for each in objects(json.get("identifier"))
        for key in own_identifier_keys({"identifier": [each]})[:1]
        if text_of(each.get("system"))
    ]


def _reasons(resource: Resource, context: Context) -> tuple[tuple[str, ...], tuple[Source, ...], bool, bool]:
    """(tumours named, where, whether a tumour is named at all, whether another disease is)."""
    json, reference = resource.json, resource.reference
    keys: dict[str, None] = {}
    sources: list[Source] = []
    cancer = other = False
    named = [("reasonReference", each) for each in objects(json.get("reasonReference"))]
    named.extend(("extension", first(each.get("valueReference"))) for _, each in extensions(json, RELATED_CONDITION))
    for element, target in named:
        view = context.entity_of(TUMOUR, target, within=resource)
        if view is not None:
            keys.setdefault(view.key)
            sources.append(Source(reference, element))
            cancer = True
        elif (found := context.resolve(target, within=resource)) is not None and found.type == "Condition":
            other = other or diagnose(found.json).relationship is None
    for concept in objects(json.get("reasonCode")):
        if not (list(pairs(concept)) or words(concept)):
            continue
        tumour = diagnose({"code": concept}).relationship
        cancer, other = cancer or tumour is not None, other or (tumour is None and not _adjuvant_words(concept))
        match = _matching(concept, context) if tumour is not None and not keys else None
        if match is not None:
            keys.setdefault(match.key)
            sources.append(Source(reference, "reasonCode"))
    return tuple(sorted(keys)), tuple(dict.fromkeys(sources)), cancer, other


def _adjuvant_words(concept: JsonObject) -> bool:
    text = words(concept)
    return any(pattern.search(text) for pattern in (_ADJUVANT, _CURATIVE, _PALLIATIVE))


def _matching(concept: JsonObject, context: Context) -> EntityView | None:
    """The one tumour at the site and of the relation that a diagnosis code names: the same site, else the same group of sites."""
    relationship = diagnose({"code": concept}).relationship
    site = context.translate("CancerTopography", concept, text=True)
    if site is None:
        return None
    code = str(site.concept["code"])
    same = [view for view in context.entities(TUMOUR) if view.payload.get("relationship") == relationship]
    at = {view.key: str((view.payload.get("topography") or {}).get("code", "")) for view in same}
    for wanted in (code, code[:3]):
        found = [view for view in same if at[view.key][: len(wanted)] == wanted]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _dates(resource: Resource, context: Context) -> tuple[Day | None, Day | None, Source]:
    json = resource.json
    period = json.get("performedPeriod")
    if isinstance(period, dict):
        return (
            day_in(period.get("start"), context),
            day_in(period.get("end"), context),
            Source(resource.reference, "performedPeriod"),
        )
    for element in ("performedDateTime", "performedString"):
        day = day_in(json.get(element), context)
        if day is not None:
            return day, None, Source(resource.reference, element)
    return None, None, Source(resource.reference, "performedPeriod")


def _moment(json: JsonObject) -> dt.datetime | None:
    period = json.get("performedPeriod")
    text = period.get("start") if isinstance(period, dict) else json.get("performedDateTime")
    if not isinstance(text, str) or "T" not in text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _intent(resource: Resource) -> tuple[Intent, Source] | None:
    json, reference = resource.json, resource.reference
    for url in PROCEDURE_INTENT:
        stated = extension_value(json, url)
        for pair in pairs(stated[1]) if stated is not None else ():
            if pair in _INTENTS:
                return _INTENTS[pair], Source(reference, "extension")
    stated = extension_value(json, INTENTION)
    for _, code in pairs(stated[1]) if stated is not None else ():
        if code in _INTENTION:
            return _INTENTION[code], Source(reference, "extension")
    reasons = " | ".join(words(each) for each in objects(json.get("reasonCode")))
    category = " | ".join(words(each) for each in objects(json.get("category")))
    for element, text in (
        ("code", code_words(json)),
        ("category", category),
        ("reasonCode", reasons),
        ("note", note_text(json)),
    ):
        palliative, curative = _PALLIATIVE.search(text), _CURATIVE.search(text)
        if bool(palliative) != bool(curative):
            return "palliative" if palliative else "curative", Source(reference, element)
    return None


def _adjuvant(resource: Resource) -> Source | None:
    json = resource.json
    for url in PROCEDURE_INTENT:
        stated = extension_value(json, url)
        if stated is not None and any(code in _ROLES for _, code in pairs(stated[1])):
            return Source(resource.reference, "extension")
    position = extension_value(json, STELLUNG)
    if position is not None and any(code in _STELLUNG for _, code in pairs(position[1])):
        return Source(resource.reference, "extension")
    return Source(resource.reference, "code") if _ADJUVANT.search(code_words(json)) else None


def _termination(resource: Resource) -> tuple[JsonObject, Source] | None:
    json = resource.json
    stated = extension_value(json, TERMINATION_REASON)
    if stated is not None and isinstance(stated[1], dict):
        return stated[1], Source(resource.reference, "extension")
    if json.get("status") == "stopped" and (reason := first(json.get("statusReason"))):
        return reason, Source(resource.reference, "statusReason")
    outcome = json.get("outcome")
    for system, code in pairs(outcome):
        if "ende-grund" in system and code in _ENDE_GRUND:
            return {"coding": [{"system": SNOMED, "code": _ENDE_GRUND[code]}]}, Source(resource.reference, "outcome")
        if "ende-grund" in system and code == "S" and isinstance(outcome, dict):
            return outcome, Source(resource.reference, "outcome")
    return None


def _sessions(resource: Resource) -> tuple[int, Source] | None:
    stated = extension_value(resource.json, RADIOTHERAPY_SESSIONS)
    count = count_of(stated[1]) if stated is not None else None
    return (count, Source(resource.reference, stated[0])) if count is not None and stated is not None else None
