"""What one medication resource says about a systemic therapy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from mappers.codes import (
    ADJUNCTIVE_ROLE,
    COMBINED_WITH,
    CYCLES,
    MEDICATION_PROFILES,
    PRIMARY_THERAPY,
    PROCEDURE_INTENT,
    SNOMED,
    TERMINATION_REASON,
)
from mappers.dates import Day
from mappers.diagnoses import diagnose
from mappers.fhir import code_of, codings, extension_value, extensions, first, objects, pairs, profiles, words
from mappers.protocol import Context, JsonObject, NotForPop, Resource, Source, Translation
from mappers.references import identifier_key, target_keys
from mappers.subjects import TUMOUR, day_in, only_primary

MEDICATION_TYPES = ("MedicationAdministration", "MedicationRequest", "MedicationStatement")

_NOT_GIVEN = {
    "entered-in-error": "entered in error", "not-done": "not done", "draft": "a draft", "cancelled": "cancelled",
    "not-taken": "not taken", "intended": "only intended",
}  # fmt: skip
#: R4 MedicationRequestIntent: these are no authorisation to treat.
_NO_ORDER = frozenset({"proposal", "plan", "option"})

Intent = Literal["curative", "palliative"]
_INTENTS: dict[tuple[str, str], Intent] = {(SNOMED, "373808002"): "curative", (SNOMED, "363676003"): "palliative"}
#: SNOMED CT procedure intents that are a role: adjuvant, neoadjuvant → POP's NCIt codes.
_ROLES = {(SNOMED, "373846009"): "C2140", (SNOMED, "373847000"): "C15665"}
_SUPPORTIVE_INTENT = (SNOMED, "399707004")

#: Corticosteroids are on POP's list, and are antiemetics or antiallergics far more often: prednisone, prednisolone,
#: dexamethasone, methylprednisolone, hydrocortisone (NCIt).
_STEROIDS = frozenset({"C770", "C769", "C422", "C647", "C555"})
#: Supportive drugs: antiemetics, growth factors, bone agents, cytoprotectants (ESMO guidelines on supportive care).
_SUPPORTIVE = re.compile(
    r"\b(?:ondansetron|granisetron|palonosetron|tropisetron|(?:fos)?aprepitant|netupitant|rolapitant|metoclopramide|"
    r"(?:peg|lipeg)?filgrastim|lenograstim|sargramostim|epoetin|darbepoetin|zoledron|pamidron|ibandron|denosumab|mesna|"
    r"leucovorin|levoleucovorin|folinic|rasburicase|allopurinol|dexrazoxane|amifostine|lorazepam|famotidine|diphenhydramine)",
    re.I,
)  # fmt: skip

#: An administration whose period is longer than this stands for a whole course, not for one infusion.
_SUMMARY_DAYS = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """One drug of one medication resource."""

    resource: Resource
    drug: Translation | None
    medication: JsonObject
    medication_source: Source
    tumours: tuple[str, ...]
    """Keys of the tumours it is given for."""
    assumed: bool
    """The tumours follow from unambiguity."""
    intent: Intent | None
    intent_at: str | None
    role: str | None
    """NCIt code of the adjunctive role."""
    start: Day | None
    start_source: Source
    end: Day | None
    end_source: Source | None
    finished: bool
    """The source says that no more of it is to come."""
    ordered: bool
    """An order or statement without an administration."""
    order: Resource | None
    plan: str | None
    own_course: str | None
    """POP's own export: the resource is the whole course."""
    termination: tuple[JsonObject, Source] | None

    @property
    def agent(self) -> str:
        """Identity of the drug: POP's code, or the source's if it has none."""
        if self.drug is not None:
            return str(self.drug.concept["code"])
        return next((code_of(each) for each in codings(self.medication) if code_of(each)), "unnamed")


def read_evidence(member: Resource, context: Context) -> Iterator[Evidence | NotForPop]:
    """The drugs of a medication resource and of those it contains, or why it is not for POP."""
    yield from _read(member, context, None)
    for _, extension in extensions(member.json, COMBINED_WITH):
        combined = context.resolve(first(extension.get("valueReference")), within=member)
        if combined is not None and combined.container == member.reference:
            yield from _read(combined, context, member)


def _read(member: Resource, context: Context, main: Resource | None) -> Iterator[Evidence | NotForPop]:
    json = member.json
    refused = _refused(json)
    if refused is not None:
        yield NotForPop(member.reference, refused)
        return
    order = context.resolve(first(json.get("request")), within=member) if "request" in json else None
    if order is not None and order.type != "MedicationRequest":
        order = None
    orders = [each for each in (member, order, main) if each is not None]
    tumours, cancer, other = _reasons(orders, context)
    if other and not cancer:
        yield NotForPop(member.reference, "a drug given for another disease than a tumour")
        return
    own = main or member
    pop = any(
        extension_value(own.json, url) is not None for url in (PRIMARY_THERAPY, CYCLES, ADJUNCTIVE_ROLE, COMBINED_WITH)
    )
    intent, intent_at, role, supportive = _intent(orders)
    claimed = bool(profiles(json) & MEDICATION_PROFILES) or intent is not None or cancer or pop
    if supportive:
        yield NotForPop(member.reference, "a drug given with supportive intent")
        return
    medications = list(_medications(member, context))
    if not medications:
        yield NotForPop(member.reference, "no medication is named, or it has not arrived")
        return
    if not tumours and not context.entities(TUMOUR):
        yield NotForPop(member.reference, "the record holds no tumour that it could be given for")
        return
    assumed = not tumours
    if assumed and (only := only_primary(context)) is not None:
        tumours = (only.key,)
    base = Evidence(
        resource=member, drug=None, medication={}, medication_source=medications[0][1], tumours=tumours, assumed=assumed,
        intent=intent, intent_at=intent_at, role=role, start=None, start_source=Source(member.reference, "effectiveDateTime"),
        end=None, end_source=None, finished=False, ordered=member.type != "MedicationAdministration", order=order,
        plan=_plan(orders), own_course=own.reference if pop else None, termination=_termination(orders),
    )  # fmt: skip
    base = _dated(base, order, context)
    why = ""
    for concept, source in medications:
        drug = context.translate("AntineoplasticAgent", concept, text=True)
        why = _left_out(concept, drug, claimed=claimed, cancer=cancer or pop)
        if not why:
            yield replace(base, drug=drug, medication=concept, medication_source=source)
        else:
            yield NotForPop(member.reference, why)


def _refused(json: JsonObject) -> str | None:
    status, intent = json.get("status"), json.get("intent")
    if isinstance(status, str) and status in _NOT_GIVEN:
        return f"the medication is {_NOT_GIVEN[status]}"
    if isinstance(intent, str) and intent in _NO_ORDER:
        return f"a {intent}, no order"
    return "an order not to give the drug" if json.get("doNotPerform") is True else None


def _left_out(concept: JsonObject, drug: Translation | None, *, claimed: bool, cancer: bool) -> str:
    if _SUPPORTIVE.search(words(concept)):
        return "a supportive drug"
    if drug is None:
        return "" if claimed else "the drug is not on POP's list of antineoplastic agents"
    if drug.concept["code"] in _STEROIDS and not cancer:
        return "a corticosteroid for which no tumour is named"
    return ""


def _medications(member: Resource, context: Context) -> Iterator[tuple[JsonObject, Source]]:
    concept = member.json.get("medicationCodeableConcept")
    if isinstance(concept, dict):
        yield concept, Source(member.reference, "medicationCodeableConcept")
        return
    medication = context.resolve(first(member.json.get("medicationReference")), within=member)
    if medication is None or medication.type != "Medication":
        return
    ingredients = [
        (item, Source(medication.reference, f"ingredient[{position}]"))
        for position, each in enumerate(objects(medication.json.get("ingredient")))
        if isinstance(item := each.get("itemCodeableConcept"), dict) and each.get("isActive") is not False
    ]
    code = medication.json.get("code")
    if isinstance(code, dict) and (
        len(ingredients) < 2 or context.translate("AntineoplasticAgent", code, text=True) is not None
    ):
        yield code, Source(medication.reference, "code")
    else:
        yield from ingredients


def _reasons(orders: list[Resource], context: Context) -> tuple[tuple[str, ...], bool, bool]:
    """(tumours named, whether a tumour is named at all, whether another disease is)."""
    keys: set[str] = set()
    cancer = other = False
    for each in orders:
        for reference in objects(each.json.get("reasonReference")):
            view = context.entity_of(TUMOUR, reference, within=each)
            target = None if view is not None else context.resolve(reference, within=each)
            if view is not None:
                keys.add(view.key)
                cancer = True
            elif target is not None and target.type == "Condition":
                other = other or diagnose(target.json).relationship is None
        for concept in objects(each.json.get("reasonCode")):
            tumour = diagnose({"code": concept}).relationship is not None
            cancer, other = cancer or tumour, other or not tumour
    return tuple(sorted(keys)), cancer, other


def _intent(orders: list[Resource]) -> tuple[Intent | None, str | None, str | None, bool]:
    intent: Intent | None = None
    at = role = None
    supportive = False
    for each in orders:
        stated = extension_value(each.json, PROCEDURE_INTENT)
        for pair in pairs(stated[1]) if stated is not None else ():
            if pair in _INTENTS and intent is None:
                intent, at = _INTENTS[pair], each.reference
            role = role or _ROLES.get(pair)
            supportive = supportive or pair == _SUPPORTIVE_INTENT
        own = extension_value(each.json, ADJUNCTIVE_ROLE)
        role = role or (next((code for _, code in pairs(own[1])), None) if own is not None else None)
    return intent, at, role, supportive and intent is None


def _plan(orders: list[Resource]) -> str | None:
    keys: set[str] = set()
    for each in orders:
        for name in ("basedOn", "partOf"):
            for reference in objects(each.json.get(name)):
                keys.update(
                    key
                    for key in target_keys(reference)
                    if key.startswith(("CarePlan/", "RequestGroup/", "Procedure/"))
                )
        identifier = first(each.json.get("groupIdentifier"))
        if isinstance(identifier.get("value"), str):
            keys.add(identifier_key("", str(identifier.get("system") or ""), identifier["value"]))
    return min(keys, default=None)


def _termination(orders: list[Resource]) -> tuple[JsonObject, Source] | None:
    for each in orders:
        stated = extension_value(each.json, TERMINATION_REASON)
        if stated is not None and isinstance(stated[1], dict):
            return stated[1], Source(each.reference, "extension")
        if each.json.get("status") == "stopped" and (reason := first(each.json.get("statusReason"))):
            return reason, Source(each.reference, "statusReason")
    return None


def _dated(base: Evidence, order: Resource | None, context: Context) -> Evidence:
    """With start and end: administrations when given, statements when taken, orders when they are to start."""
    json, reference = base.resource.json, base.resource.reference
    period = json.get("effectivePeriod")
    status = json.get("status")
    if isinstance(period, dict):
        start, end = day_in(period.get("start"), context), day_in(period.get("end"), context)
        source = Source(reference, "effectivePeriod")
        summary = base.ordered or base.own_course is not None or (
            start is not None and end is not None and (end.date - start.date).days > _SUMMARY_DAYS
        )  # fmt: skip
        if not summary:
            end = None
        base = replace(
            base,
            start=start or end,
            start_source=source,
            end=end,
            end_source=source if end else None,
            finished=end is not None,
        )
    elif (day := day_in(json.get("effectiveDateTime"), context)) is not None:
        base = replace(base, start=day, start_source=Source(reference, "effectiveDateTime"))
    elif base.resource.type != "MedicationAdministration":
        base = _ordered(base, context)
    closing = (
        order.json.get("status")
        if order is not None
        else status
        if base.resource.type != "MedicationAdministration"
        else None
    )
    return replace(base, finished=base.finished or closing in ("completed", "stopped"))


def _ordered(base: Evidence, context: Context) -> Evidence:
    reference = base.resource.reference
    name = "dosageInstruction" if base.resource.type == "MedicationRequest" else "dosage"
    for instruction in objects(base.resource.json.get(name)):
        timing: Any = first(instruction.get("timing"))
        bounds = first(first(timing.get("repeat")).get("boundsPeriod"))
        events = timing.get("event")
        start = day_in(bounds.get("start"), context) or day_in(
            min((each for each in events if isinstance(each, str)), default=None) if isinstance(events, list) else None,
            context,
        )
        end = day_in(bounds.get("end"), context)
        source = Source(reference, name)
        if start is not None:
            return replace(
                base,
                start=start,
                start_source=source,
                end=end,
                end_source=source if end else None,
                finished=end is not None,
            )
    element = "authoredOn" if base.resource.type == "MedicationRequest" else "dateAsserted"
    return replace(
        base, start=day_in(base.resource.json.get(element), context), start_source=Source(reference, element)
    )
