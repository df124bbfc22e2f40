"""Comorbidities of the patient, seen from a tumour."""

from __future__ import annotations

import re
from typing import Any

from mappers.codes import LOINC, PRIMARY_PROFILES, SECONDARY_PROFILES, SNOMED
from mappers.comorbidity_panels import PANELS
from mappers.comorbidity_problems import add_condition, from_problems, is_disease, untranslated
from mappers.diagnoses import diagnose
from mappers.drafting import Drafting
from mappers.fhir import (
    choice,
    code_of,
    codings,
    extensions,
    has_code,
    objects,
    pairs,
    profiles,
    remembered,
    text_of,
    words,
)
from mappers.protocol import Context, EntityView, Group, JsonObject, MapOutput, NotForPop, Resource, Source
from mappers.subjects import TUMOUR, VOID, case_key, only_primary, primaries, put_observed, subject_source

#: SNOMED CT "Comorbid conditions" is the code of mCODE's and POP's profiles.
CODES = frozenset({(SNOMED, "398192003")})
_PROFILE = re.compile(r"(?:mcode|onconova)-(?:cancer-related-)?comorbidities(?:-.*)?")
_NAMED = re.compile(
    r"comorbidit.*(?:panel|elixhauser|charlson)|(?:elixhauser|charlson).*(?:comorbidit|index|score)|^comorbidities-",
    re.I,
)
_RELATED = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition"
_ABSENT = _RELATED + "-absent"
#: The extensions of STU2's panel components: ``mcode-comorbid-condition-reference`` and ``-code``.
_COMORBID = re.compile(r"comorbid-condition-(?:reference|code)$")
_PRESENCE = {
    (SNOMED, "52101004"): "presentConditions", (SNOMED, "373066001"): "presentConditions", (LOINC, "LA33-6"): "presentConditions",
    (LOINC, "LA9633-4"): "presentConditions", (SNOMED, "2667000"): "absentConditions", (SNOMED, "373067005"): "absentConditions",
    (LOINC, "LA32-8"): "absentConditions", (LOINC, "LA9634-2"): "absentConditions",
}  # fmt: skip
_GROUP = "comorbidities"

#: Option ``comorbidities.panel``.
_DEFAULT = "Charlson"


def is_assessment(json: JsonObject) -> bool:
    """True for an assessment of comorbidities, or a score of one."""
    if _names_assessment(json.get("code")):
        return True
    return "meta" in json and any(_PROFILE.fullmatch(each) for each in profiles(json))


@remembered
def _names_assessment(code: JsonObject) -> bool:
    texts = [text for each in codings(code) for text in (text_of(each.get("display")), code_of(each)) if text]
    return has_code(code, CODES) or any(_NAMED.search(text) for text in texts)


@remembered
def _is_problem(code: JsonObject) -> bool:
    """A benign tumour is no tumour of POP's, and no comorbidity either."""
    read = diagnose({"code": code})
    return read.relationship is None and read.icd10 is None


class ComorbiditiesMapper:
    """Comorbidities assessments: those that the source states, else one of the problem list.

    * mCODE's and POP's Observation (SNOMED CT 398192003): conditions present and absent, panel by method, tumour by focus.
    * Where the source has none: for each primary tumour, the problems of the panel (option ``comorbidities.panel``: ``Charlson``,
      ``Elixhauser``, ``NCI`` or ``none``) that the patient had on the day of diagnosis, the assessment's date (assumptions).
      It follows the problem list. A problem without an onset counts unless it is over; tumours never count: they are POP entities.
    * mCODE STU2's panels (Elixhauser, Charlson) say so in components, each with the condition that it stands for.
    * A problem whose code has no ICD-10 code that POP knows may be one of the panel: the assessment warns of it, so that it can be
      mapped; findings and circumstances are no diseases.
    * A panel's score is POP's own; a score without its conditions has no place in POP.
    """

    name = "comorbidities"
    version = "2"
    produces: tuple[str, ...] = ("ComorbiditiesAssessment",)
    reads: tuple[str, ...] = ("Observation", "Condition")
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """One group per patient: whether the problem list is asked depends on whether there is an assessment."""
        json = resource.json
        if resource.type == "Observation":
            return _GROUP if is_assessment(json) else None
        if profiles(json) & (PRIMARY_PROFILES | SECONDARY_PROFILES):
            return None
        return _GROUP if _is_problem(json.get("code")) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """The stated assessments, or one per primary tumour."""
        stated = [member for member in group.members if member.type == "Observation"]
        problems = [member for member in group.members if member.type == "Condition"]
        panel = str(context.options.get("comorbidities.panel", _DEFAULT))
        valid = False
        for member in stated:
            status = member.json.get("status")
            if isinstance(status, str) and status in VOID:
                yield NotForPop(member.reference, f"the observation is {VOID[status]}")
                continue
            if _is_score(member.json):
                yield NotForPop(
                    member.reference, "a score without its conditions: POP computes the score of a panel itself"
                )
                continue
            valid = True
            yield _stated(member, context).done()
        tumours = [] if valid or panel not in PANELS else primaries(context)
        used: set[str] = set()
        for tumour in tumours:
            drafting, consumed = from_problems(tumour, panel, problems, context)
            if drafting is not None:
                used |= consumed
                yield drafting.done()
        for problem in problems:
            if problem.reference not in used:
                yield NotForPop(problem.reference, _reason(problem, valid, panel, tumours, context))


def _reason(problem: Resource, stated: bool, panel: str, tumours: list[EntityView], context: Context) -> str:
    if stated:
        return "a diagnosis that is no tumour; the source states the comorbidities itself"
    if panel not in PANELS or not tumours:
        return "a diagnosis that is no tumour"
    if not is_disease(problem.json):
        return "a finding or circumstance that is no disease"
    if untranslated(problem, context):
        return "a diagnosis whose code has no known ICD-10 code, which POP's comorbidities need: map it if it is one"
    return f"a diagnosis that is neither a tumour nor a comorbidity of the {panel} panel on the day of diagnosis"


def _is_score(json: JsonObject) -> bool:
    """A bare Charlson or Elixhauser index."""
    if any(next(extensions(json, url), None) for url in (_RELATED, _ABSENT)) or objects(json.get("component")):
        return False
    return not has_code(json.get("code"), CODES)


def _stated(member: Resource, context: Context) -> Drafting:
    drafting = Drafting("ComorbiditiesAssessment", f"ComorbiditiesAssessment:{member.reference}")
    drafting.refer("caseId", case_key(context, member), subject_source(member))
    drafting.consume(member, "status", "code", "category", "valueQuantity", "valueInteger")
    put_observed(drafting, member, context)
    _index(drafting, member, context)
    source = Source(member.reference, "method")
    panel = _panel_of(member.json.get("method"))
    if panel is not None:
        drafting.put("panel", panel, source)
    elif (named := _panel_of(member.json.get("code"))) is not None:
        drafting.put("panel", named, Source(member.reference, "code"))
    elif words(member.json.get("method")):
        drafting.issue(
            "unmapped-value", "panel", "POP has the panels Charlson, Elixhauser and NCI only.", source=source
        )
    for field, url in (("presentConditions", _RELATED), ("absentConditions", _ABSENT)):
        for position, extension in extensions(member.json, url):
            _condition(drafting, field, Source(member.reference, f"extension[{position}]"), extension, member, context)
    for position, part in enumerate(objects(member.json.get("component"))):
        _component(drafting, member, position, part, context)
    return drafting


def _component(drafting: Drafting, member: Resource, position: int, part: JsonObject, context: Context) -> None:
    """One category of mCODE STU2's panels: present or absent, with the condition that makes it so."""
    source = Source(member.reference, f"component[{position}]")
    drafting.read(source)
    field = next((_PRESENCE[pair] for pair in pairs(part.get("valueCodeableConcept")) if pair in _PRESENCE), None)
    if isinstance(part.get("valueBoolean"), bool):
        field = "presentConditions" if part["valueBoolean"] else "absentConditions"
    named = [each for each in objects(part.get("extension")) if _COMORBID.search(str(each.get("url") or ""))]
    for extension in named if field is not None else ():
        _condition(drafting, str(field), source, extension, member, context)
    if field == "presentConditions" and not named:
        add_condition(drafting, field, part.get("code"), source, context)


def _index(drafting: Drafting, member: Resource, context: Context) -> None:
    source = Source(member.reference, "focus")
    for reference in objects(member.json.get("focus")):
        view = context.entity_of(TUMOUR, reference, within=member)
        if view is not None:
            drafting.refer("indexConditionId", view.key, source)
            return
    only = only_primary(context)
    if only is not None and "focus" not in member.json:
        drafting.refer("indexConditionId", only.key)
        drafting.assume(
            "indexConditionId", "only-tumour", "The source names no tumour; the patient has exactly one primary tumour."
        )
        return
    drafting.missing("indexConditionId", "The assessment does not say which tumour it is seen from.", source)


def _panel_of(method: Any) -> str | None:
    said = " ".join([words(method), *(code for _, code in pairs(method))]).casefold()
    found = [panel for panel in PANELS if panel.casefold() in said]
    return found[0] if len(found) == 1 else None


def _condition(
    drafting: Drafting, field: str, at: Source, extension: JsonObject, member: Resource, context: Context
) -> None:
    found = choice(extension, ("valueCodeableConcept", "valueReference"))
    if found is None:
        return
    name, value = found
    source = Source(member.reference, f"{at.element}.{name}")
    if name == "valueReference":
        target = context.resolve(value, within=member)
        if target is None:
            drafting.issue(
                "unresolved-reference", field, "A condition that the assessment names has not arrived.", source=source
            )
            return
        drafting.consume(target, "code")
        value = target.json.get("code")
    add_condition(drafting, field, value, source, context)
