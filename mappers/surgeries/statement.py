"""What one Procedure says of an operation."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from mappers.codes import PROCEDURE_INTENT, SNOMED, SURGERY_PROFILES
from mappers.dates import Day, parse_day
from mappers.diagnoses import diagnose
from mappers.fhir import extension_value, first, objects, pairs, profiles, words
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.references import target_keys
from mappers.subjects import TUMOUR, day_in, zone
from mappers.surgeries.reading import SURGICAL, Reading, read_code

Intent = Literal["curative", "palliative"]

#: R4 EventStatus: what has not been done.
NOT_DONE = {
    "entered-in-error": "the operation was entered in error", "not-done": "the operation was not done",
    "preparation": "the operation is in preparation", "in-progress": "the operation is still under way",
    "on-hold": "the operation is on hold", "stopped": "the operation was broken off",
}  # fmt: skip

#: mCODE *Procedure Intent* value set (STU4).
_INTENTS: dict[tuple[str, str], Intent] = {(SNOMED, "373808002"): "curative", (SNOMED, "363676003"): "palliative"}
_OTHER_INTENTS = {
    (SNOMED, "261004008"): "an operation with diagnostic intent", (SNOMED, "399707004"): "an operation with supportive intent",
    (SNOMED, "129428001"): "an operation with preventive intent", (SNOMED, "360156006"): "an operation for screening",
    (SNOMED, "429892002"): "an operation with guidance intent", (SNOMED, "447295008"): "an operation with forensic intent",
}  # fmt: skip
#: oBDS item 13.1 *Intention der Operation* (MII *Intention*): O is locally curative in oligometastatic disease.
_OBDS_INTENTS: dict[str, Intent] = {"K": "curative", "O": "curative", "P": "palliative"}
_OBDS_OTHER = {"D": "a diagnostic operation", "R": "an operation for a complication"}
_INTENTION = re.compile(r"(?:operation-intention|opintention|onko-intention)$", re.I)
#: German base profiles and MII *Prozedur*: what a procedure is done for, and when it was documented.
_PURPOSE = re.compile(r"durchf(?:ue|ü)hrungsabsicht$", re.I)
_RECORDED = re.compile(r"procedure-recordeddate$|extension-procedure\.recorded$|dokumentationsdatum$", re.I)
_PALLIATIVE = re.compile(r"\bpalliat", re.I)
_CURATIVE = re.compile(r"\b(?:curative|kurativ)", re.I)
_NOT = re.compile(r"\b(?:non|not|nicht|no)[- ]", re.I)
_CANCER = re.compile(r"tumou?r|cancer|carcinom|malign|melanom|sarcom|metasta|neoplasm|oncolog|krebs|karzinom", re.I)


@dataclass(frozen=True, slots=True)
class Statement:
    """One Procedure, read."""

    resource: Resource
    reading: Reading
    day: Day | None
    day_source: Source
    day_assumed: bool
    last: Day | None
    """End of a period that is longer than a day."""
    tumours: dict[str, Source] = field(hash=False)
    """Keys of the tumours that it names."""
    cancer: bool
    """It says that it is for a tumour."""
    other: bool
    """It names another disease as its reason."""
    intent: Intent | None
    intent_source: Source | None
    refused: str
    container: str | None
    """Reference of the Procedure that it is part of."""

    @property
    def reference(self) -> str:
        """Reference of the Procedure."""
        return self.resource.reference

    @property
    def rank(self) -> int:
        """How much it removes; nothing known counts least."""
        return self.reading.operation.rank if self.reading.operation is not None else 0

    @property
    def told_by_billing(self) -> bool:
        """A bill's line: its code and its day, no more. It never gives the entity its name."""
        return not (self.tumours or self.cancer or self.other or self.resource.json.get("bodySite"))


def void(resource: Resource) -> str:
    """Why a Procedure tells of no operation that took place; empty if it does."""
    status = resource.json.get("status")
    return NOT_DONE.get(status, "") if isinstance(status, str) else ""


def is_part(resource: Resource) -> bool:
    """True if it is part of something: which, is known only when that is looked up."""
    return bool(objects(resource.json.get("partOf")))


def _container(resource: Resource, context: Context) -> str | None:
    """The Procedure that it is part of (MII: ``partOf`` may name Observations too), even while that has not arrived."""
    for reference in objects(resource.json.get("partOf")):
        target = context.resolve(reference, within=resource)
        if target is not None and target.type == "Procedure":
            return target.reference
        for key in target_keys(reference):
            if target is None and key.startswith("Procedure/"):
                return key
    return None


def claims(resource: Resource, reading: Reading) -> bool:
    """True if the sender calls it an operation on a tumour: a profile for these, or an intention as registries record it."""
    return bool(profiles(resource.json) & SURGERY_PROFILES) or reading.own or _intention(resource.json) is not None


def read_statement(resource: Resource, context: Context) -> Statement:
    """Read a Procedure that took place."""
    json = resource.json
    reading = read_code(json.get("code"))
    tumours, cancer, other = _reasons(resource, context)
    intent, source, why = _intent(resource)
    day, day_source, assumed, last = _dated(resource, context)
    claimed = claims(resource, reading)
    category = any(pair == SURGICAL for each in objects(json.get("category")) for pair in pairs(each))
    if (category or claimed) and not reading.surgical and not reading.refused:
        reading = Reading(reading.operation, "", reading.site, reading.side, True, reading.own)
    return Statement(
        resource=resource, reading=reading, day=day, day_source=day_source, day_assumed=assumed, last=last, tumours=tumours,
        cancer=cancer or claimed or bool(_CANCER.search(words(json.get("code")))), other=other, intent=intent,
        intent_source=source, refused=why, container=_container(resource, context),
    )  # fmt: skip


def _reasons(resource: Resource, context: Context) -> tuple[dict[str, Source], bool, bool]:
    tumours: dict[str, Source] = {}
    cancer = other = False
    for reference in objects(resource.json.get("reasonReference")):
        view = context.entity_of(TUMOUR, reference, within=resource)
        target = context.resolve(reference, within=resource) if view is None else None
        if view is not None:
            tumours.setdefault(view.key, Source(resource.reference, "reasonReference"))
        elif target is not None and target.type == "Condition":
            other = other or diagnose(target.json).relationship is None
    for concept in objects(resource.json.get("reasonCode")):
        named = diagnose({"code": concept}).relationship is not None
        cancer, other = cancer or named, other or not named
    return tumours, cancer or bool(tumours), other


def _intention(json: JsonObject) -> tuple[str, Any] | None:
    """The registry's intention, from MII's extension or an older one of the same name."""
    return _called(json, _INTENTION)


def _called(json: JsonObject, name: re.Pattern[str]) -> tuple[str, Any] | None:
    """The first extension whose URL ends with a name: its base differs between releases."""
    for position, extension in enumerate(objects(json.get("extension"))):
        url = extension.get("url")
        if isinstance(url, str) and name.search(url):
            value = next((value for name, value in extension.items() if name.startswith("value")), None)
            return f"extension[{position}]", value
    return None


def _intent(resource: Resource) -> tuple[Intent | None, Source | None, str]:
    json = resource.json
    stated = extension_value(json, PROCEDURE_INTENT)
    if stated is not None:
        source = Source(resource.reference, stated[0])
        for pair in pairs(stated[1]):
            if pair in _INTENTS:
                return _INTENTS[pair], source, ""
            if pair in _OTHER_INTENTS:
                return None, source, _OTHER_INTENTS[pair]
    intention = _intention(json)
    if intention is not None:
        source = Source(resource.reference, intention[0])
        for _, code in pairs(intention[1]):
            if code in _OBDS_INTENTS:
                return _OBDS_INTENTS[code], source, ""
            if code in _OBDS_OTHER:
                return None, source, _OBDS_OTHER[code]
    purpose = _called(json, _PURPOSE)
    for pair in pairs(purpose[1]) if purpose is not None else ():
        if purpose is not None and pair in _OTHER_INTENTS:
            return None, Source(resource.reference, purpose[0]), _OTHER_INTENTS[pair]
    for element in ("code", "category", "reasonCode"):
        text = " | ".join(words(each) for each in objects(json.get(element)))
        palliative, curative = _PALLIATIVE.search(text), _CURATIVE.search(text)
        if bool(palliative) != bool(curative) and not _NOT.search(text):
            return "palliative" if palliative else "curative", Source(resource.reference, element), ""
    return None, None, ""


def _dated(resource: Resource, context: Context) -> tuple[Day | None, Source, bool, Day | None]:
    """When it was performed; else when its encounter began, or when it was recorded (assumptions)."""
    json, reference = resource.json, resource.reference
    day = day_in(json.get("performedDateTime"), context)
    if day is not None:
        return day, Source(reference, "performedDateTime"), False, None
    period = first(json.get("performedPeriod"))
    start, end = day_in(period.get("start"), context), day_in(period.get("end"), context)
    if start is not None or end is not None:
        last = end if start is not None and end is not None and end.date > start.date else None
        return start or end, Source(reference, "performedPeriod"), False, last
    day = parse_day(json.get("performedString"), zone(context))
    if day is not None:
        return day, Source(reference, "performedString"), False, None
    encounter = context.resolve(first(json.get("encounter")), within=resource) if "encounter" in json else None
    if encounter is not None and encounter.type == "Encounter":
        day = day_in(first(encounter.json.get("period")).get("start"), context)
        if day is not None:
            return day, Source(encounter.reference, "period"), True, None
    recorded = _called(json, _RECORDED)
    day = day_in(recorded[1], context) if recorded is not None else None
    if day is not None and recorded is not None:
        return day, Source(reference, recorded[0]), True, None
    return None, Source(reference, "performedDateTime"), False, None
