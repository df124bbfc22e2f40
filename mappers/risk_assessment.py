"""Prognostic risk of a cancer."""

from __future__ import annotations

import re
from typing import Any

from adapters.pop.guard.risk import CLASSES
from mappers.codes import NCIT
from mappers.drafting import Drafting
from mappers.fhir import choice, code_of, codings, extension_value, first, objects, profiles, triples, words
from mappers.protocol import Context, Group, MapOutput, NotForPop, Resource, Source
from mappers.risk_classes import class_of_level, class_of_score, level_of, method_of
from mappers.subjects import (
    TUMOUR,
    VOID,
    case_key,
    check_after_birth,
    day_in,
    put_observed,
    related_tumours,
    subject_source,
)  # fmt: skip
from mappers.units import decimal_of

SCORE = "http://onconova.github.io/fhir/StructureDefinition/onconova-ext-risk-assessment-score"
_PROFILE = re.compile(r"(?:mcode|onconova)-.*risk-assessment")
#: ``Score 3``, ``7 points``, ``Child-Pugh B7``.
_SCORE = re.compile(
    r"(?:(?:\w+ )?score\W*)?(\d{1,4}(?:[.,]\d+)?)(?:\s*(?:points?|pts|punkte))?|(?:child(?:[- ]?pugh)?\W*)?[abc]\W?(\d{1,2})\)?",
    re.I,
)
_VALUES = ("valueCodeableConcept", "valueString", "valueQuantity", "valueInteger", "valueDecimal")


class RiskAssessmentMapper:
    """Observations (and RiskAssessments) of a prognostic score: method, class and score.

    * Method: the code, by NCIt or by its name (FLIPI, IPI, IMDC, Child-Pugh, CAPRA, D'Amico…). One that POP does not have waits as
      an unmapped code if the sender profiled it as a cancer risk assessment; else it is not for POP.
    * Class: POP's own concept, if the method has it; else the method's class of the stated level ("high risk"); else (an
      assumption) the class that the method's publication gives the score (``mappers.risk_classes``).
    * A class of another method waits: POP refuses the pair.
    """

    name = "risk-assessment"
    version = "2"
    produces: tuple[str, ...] = ("RiskAssessment",)
    reads: tuple[str, ...] = ("Observation", "RiskAssessment")
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """Its own group, if it names a method or says that it is one."""
        if resource.type == "RiskAssessment":
            return resource.reference
        if method_of(resource.json.get("code")) is not None:
            return resource.reference
        if "meta" not in resource.json:
            return None
        return resource.reference if any(_PROFILE.fullmatch(each) for each in profiles(resource.json)) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """One draft per assessment."""
        for member in group.members:
            json = member.json
            status = json.get("status")
            element = _method_element(member)
            method = json.get(element)
            if isinstance(status, str) and status in VOID:
                yield NotForPop(member.reference, f"the assessment is {VOID[status]}")
            elif member.type == "RiskAssessment" and method_of(method) is None:
                yield NotForPop(member.reference, "a risk of something else than a cancer's course")
            else:
                yield _draft(member, method, element, context).done()


def _method_element(member: Resource) -> str:
    """An Observation's code; of a RiskAssessment the method, or its code (R4: *the type of the risk assessment performed*)."""
    if member.type == "Observation" or (
        method_of(member.json.get("method")) is None and method_of(member.json.get("code")) is not None
    ):
        return "code"
    return "method"


def _draft(member: Resource, method: Any, name: str, context: Context) -> Drafting:
    drafting = Drafting("RiskAssessment", f"RiskAssessment:{member.reference}")
    drafting.refer("caseId", case_key(context, member), subject_source(member))
    drafting.consume(member, "status", "category", "basis")
    related_tumours(drafting, "assessedEntitiesIds", member, context)
    if member.type == "Observation":
        put_observed(drafting, member, context)
        element, value = choice(member.json, _VALUES) or ("value", None)
    else:
        _occurrence(drafting, member, context)
        drafting.consume(member, "condition", "code", "method", "prediction")
        element, value = "prediction[0].qualitativeRisk", first(member.json.get("prediction")).get("qualitativeRisk")
    known = _method(drafting, method, Source(member.reference, name), context)
    score = _score(drafting, member, value, element)
    if known is not None:
        if level_of(value) is None and not isinstance(value, str) and member.type == "Observation":
            stated = first(member.json.get("interpretation"))
            if level_of(stated) is not None:
                element, value = "interpretation", stated
        _class(drafting, known, value, score, Source(member.reference, element), context)
    return drafting


def _occurrence(drafting: Drafting, member: Resource, context: Context) -> None:
    found = choice(member.json, ("occurrenceDateTime", "occurrencePeriod"))
    day = day_in(found[1], context) if found is not None else None
    source = Source(member.reference, found[0] if found is not None else "occurrenceDateTime")
    if day is None:
        drafting.missing("date", "The assessment has no date.", source)
        return
    drafting.day("date", day, source)
    check_after_birth(drafting, "date", day, source, context)


def _method(drafting: Drafting, method: Any, source: Source, context: Context) -> str | None:
    known = method_of(method)
    coded = {"coding": [{"system": NCIT, "code": known}]} if known is not None else method
    found = context.translate("CancerRiskAssessmentMethod", coded, text=True) if isinstance(coded, dict) else None
    if found is None:
        drafting.unmapped("methodology", "CancerRiskAssessmentMethod", method, source=source, required=True)
        return None
    drafting.put("methodology", found.concept, source)
    drafting.note_rule("methodology", found, source)
    return str(found.concept["code"])


def _score(drafting: Drafting, member: Resource, value: Any, element: str) -> Any:
    """The number, from POP's extension, the value, or a component's quantity."""
    stated = extension_value(member.json, SCORE)
    candidates = [(stated[0], stated[1])] if stated is not None else []
    candidates.append((element, value.get("value") if isinstance(value, dict) else value))
    candidates.extend((element, match[1] or match[2]) for text in _texts(value) if (match := _SCORE.fullmatch(text)))
    for position, part in enumerate(objects(member.json.get("component"))):
        quantity = part.get("valueQuantity")
        number = quantity.get("value") if isinstance(quantity, dict) else part.get("valueInteger")
        candidates.append((f"component[{position}]", number))
    for at, candidate in candidates:
        number = decimal_of(candidate.replace(",", ".") if isinstance(candidate, str) else candidate)
        if number is not None:
            drafting.put("score", float(number), Source(member.reference, at))
            return number
    return None


def _texts(value: Any) -> list[str]:
    """What a result says; MII's *Weitere Klassifikationen* give it as a code without a system."""
    if isinstance(value, str):
        return [value.strip()]
    return [*words(value).split(" | "), *(code_of(each) for each in codings(value) if not each.get("system"))]


def _class(drafting: Drafting, method: str, value: Any, score: Any, source: Source, context: Context) -> None:
    concept = {"text": value} if isinstance(value, str) else value if isinstance(value, dict) else None
    found = context.translate("CancerRiskAssessmentClassification", concept, text=True)
    allowed = CLASSES.get(method)
    code = str(found.concept["code"]) if found is not None else None
    if code is not None and allowed is not None and code not in allowed:
        code = None  # a plain level, perhaps: the method may have a class of its own for it
    level = level_of(value) if code is None else None
    derived = class_of_level(method, level) if level is not None else None
    if code is None and derived is None and score is not None:
        derived = class_of_score(method, score)
        if derived is not None:
            drafting.assume(
                "risk",
                "class-from-score",
                "The method's publication gives this score this class.",
                source,
            )
    if derived is not None:
        found = context.translate("CancerRiskAssessmentClassification", {"coding": [{"system": NCIT, "code": derived}]})
    if found is not None and (code is not None or derived is not None):
        drafting.put("risk", found.concept, source)
        drafting.note_rule("risk", found, source)
    elif triples(concept) or words(concept):
        drafting.unmapped("risk", "CancerRiskAssessmentClassification", concept, source=source, required=True)
    else:
        drafting.missing("risk", "The assessment states no class, and its score gives none.", source)
