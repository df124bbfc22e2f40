"""What one Procedure says about radiotherapy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from mappers.codes import RADIOTHERAPY_SESSIONS, RELATED_CONDITION
from mappers.dates import Day
from mappers.diagnoses import diagnose
from mappers.fhir import extension_value, extensions, first, objects, text_of, triples, words
from mappers.protocol import Context, EntityView, JsonObject, NotForPop, Resource, Source
from mappers.radiotherapy.beams import Beam, beams_of, family_of
from mappers.radiotherapy.intents import adjuvant_of, carriers_of, intent_of, names_an_intent
from mappers.radiotherapy.procedures import (
    Shape,
    counted,
    is_radiotherapy,
    parents,
    refused,
    shape_of,
)
from mappers.radiotherapy.volumes import Volume, count_of, fractions_of, told_fractions, volumes_of
from mappers.references import own_identifier_keys
from mappers.subjects import TUMOUR, day_in
from mappers.treatments.intents import Intent
from mappers.treatments.termination import stated_termination

_NOT_DONE = {"entered-in-error": "entered in error", "not-done": "not done", "preparation": "only in preparation"}
_GOING_ON = frozenset({"in-progress", "on-hold"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One Procedure, read."""

    resource: Resource
    shape: Shape
    parents: tuple[str, ...]
    order: str | None
    """The ServiceRequest that it is based on."""
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
    carriers = carriers_of(resource, context)
    tumours, reasons, cancer, other = _reasons(carriers, context)
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
        order=next((each.reference for each in carriers if each.type == "ServiceRequest"), None),
        identifiers=frozenset(_identifiers(json)), start=start, moment=_moment(json),
        end=None if status in _GOING_ON else end, when=when, tumours=tumours, reasons=reasons, intent=intent_of(carriers),
        adjuvant=adjuvant_of(carriers), termination=stated_termination((resource,)), sessions=_sessions(resource),
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


def _reasons(
    carriers: Sequence[Resource], context: Context
) -> tuple[tuple[str, ...], tuple[Source, ...], bool, bool]:  # fmt: skip
    """(tumours named, where, whether any is named at all, whether another disease is): by the Procedure, else by its orders."""
    cancer = other = False
    for each in carriers:
        keys, sources, mine, another = _reasons_of(each, context)
        if keys:
            return keys, sources, True, other
        cancer, other = cancer or mine, other or another
    return (), (), cancer, other


def _reasons_of(resource: Resource, context: Context) -> tuple[tuple[str, ...], tuple[Source, ...], bool, bool]:
    json, reference = resource.json, resource.reference
    keys: dict[str, None] = {}
    sources: list[Source] = []
    cancer = other = False
    named = [(element, each) for element in ("reasonReference", "addresses") for each in objects(json.get(element))]
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
        if not triples(concept):
            continue
        tumour = diagnose({"code": concept}).relationship
        cancer, other = cancer or tumour is not None, other or (tumour is None and not names_an_intent(words(concept)))
        match = _matching(concept, context) if tumour is not None and not keys else None
        if match is not None:
            keys.setdefault(match.key)
            sources.append(Source(reference, "reasonCode"))
    return tuple(sorted(keys)), tuple(dict.fromkeys(sources)), cancer, other


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


def _sessions(resource: Resource) -> tuple[int, Source] | None:
    stated = extension_value(resource.json, RADIOTHERAPY_SESSIONS)
    count = count_of(stated[1]) if stated is not None else None
    return (count, Source(resource.reference, stated[0])) if count is not None and stated is not None else None
