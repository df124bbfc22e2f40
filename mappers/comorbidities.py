"""Comorbidities of the patient, seen from a tumour."""

from __future__ import annotations

from typing import Any

from mappers.codes import SNOMED
from mappers.comorbidity_panels import PANELS, counts
from mappers.dates import Day, parse_day
from mappers.diagnoses import diagnose, verification_of
from mappers.drafting import Drafting
from mappers.fhir import choice, extensions, has_code, objects, pairs, profiles, words
from mappers.protocol import Context, EntityView, Group, JsonObject, MapOutput, NotForPop, Resource, Source
from mappers.subjects import TUMOUR, VOID, case_key, day_in, only_primary, primaries, put_observed, subject_source

#: SNOMED CT "Comorbid conditions" is the code of mCODE's and POP's profiles.
CODES = frozenset({(SNOMED, "398192003")})
PROFILES = frozenset({"mcode-comorbidities", "onconova-comorbidities", "mcode-cancer-related-comorbidities"})
_RELATED = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition"
_ABSENT = _RELATED + "-absent"
_TERMINOLOGY = "ICD10Condition"
_GROUP = "comorbidities"

#: Option ``comorbidities.panel``.
_DEFAULT = "Charlson"
#: Clinical states of a problem that is over (R4 ConditionClinicalStatusCodes).
_OVER = frozenset({"inactive", "resolved"})
_UNSURE = frozenset({"entered-in-error", "refuted", "unconfirmed", "provisional", "differential"})


class ComorbiditiesMapper:
    """Comorbidities assessments: those that the source states, else one of the problem list.

    * mCODE's and POP's Observation (SNOMED CT 398192003): conditions present and absent, panel by method, tumour by focus.
    * Where the source has none: for each primary tumour, the problems of the panel (option ``comorbidities.panel``: ``Charlson``,
      ``Elixhauser``, ``NCI`` or ``none``) that the patient had on the day of diagnosis, the assessment's date (assumptions).
      It follows the problem list. A problem without an onset counts unless it is over; tumours never count: they are POP entities.
    * A panel's score is POP's own; a score without its conditions has no place in POP.
    """

    name = "comorbidities"
    version = "1"
    produces: tuple[str, ...] = ("ComorbiditiesAssessment",)
    reads: tuple[str, ...] = ("Observation", "Condition")
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """One group per patient: whether the problem list is asked depends on whether there is an assessment."""
        json = resource.json
        if resource.type == "Observation":
            stated = has_code(json.get("code"), CODES) or profiles(json) & PROFILES
            return _GROUP if stated else None
        read = diagnose({"code": json.get("code"), "meta": json.get("meta")})
        # A benign tumour is no tumour of POP's, and no comorbidity either.
        return _GROUP if read.relationship is None and read.icd10 is None else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """The stated assessments, or one per primary tumour."""
        stated = [member for member in group.members if member.type == "Observation"]
        problems = [member for member in group.members if member.type == "Condition"]
        valid = False
        for member in stated:
            status = member.json.get("status")
            if isinstance(status, str) and status in VOID:
                yield NotForPop(member.reference, f"the observation is {VOID[status]}")
                continue
            valid = True
            yield _stated(member, context).done()
        panel = str(context.options.get("comorbidities.panel", _DEFAULT))
        tumours = [] if valid or panel not in PANELS else primaries(context)
        used: set[str] = set()
        for tumour in tumours:
            drafting, consumed = _derived(tumour, panel, problems, context)
            if drafting is not None:
                used |= consumed
                yield drafting.done()
        for problem in problems:
            if problem.reference not in used:
                yield NotForPop(problem.reference, _reason(valid, panel, tumours))


def _reason(stated: bool, panel: str, tumours: list[EntityView]) -> str:
    if stated:
        return "a diagnosis that is no tumour; the source states the comorbidities itself"
    if panel not in PANELS or not tumours:
        return "a diagnosis that is no tumour"
    return f"a diagnosis that is neither a tumour nor a comorbidity of the {panel} panel on the day of diagnosis"


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
    elif words(member.json.get("method")):
        drafting.issue(
            "unmapped-value", "panel", "POP has the panels Charlson, Elixhauser and NCI only.", source=source
        )
    for field, url in (("presentConditions", _RELATED), ("absentConditions", _ABSENT)):
        for position, extension in extensions(member.json, url):
            _condition(drafting, field, member, position, extension, context)
    return drafting


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
    drafting: Drafting, field: str, member: Resource, position: int, extension: JsonObject, context: Context
) -> None:
    found = choice(extension, ("valueCodeableConcept", "valueReference"))
    if found is None:
        return
    name, value = found
    source = Source(member.reference, f"extension[{position}].{name}")
    if name == "valueReference":
        target = context.resolve(value, within=member)
        if target is None:
            drafting.issue(
                "unresolved-reference", field, "A condition that the assessment names has not arrived.", source=source
            )
            return
        drafting.consume(target, "code")
        value = target.json.get("code")
    _add(drafting, field, value, source, context)


def _add(drafting: Drafting, field: str, concept: Any, source: Source, context: Context) -> None:
    translation = context.translate(_TERMINOLOGY, concept, text=False) if isinstance(concept, dict) else None
    if translation is None:
        drafting.unmapped(field, _TERMINOLOGY, concept, source=source)
        return
    held = drafting.payload.get(field, [])
    if translation.concept not in held:
        drafting.put(field, sorted([*held, translation.concept], key=lambda each: str(each["code"])), source)
        drafting.note_rule(field, translation, source)
    else:
        drafting.read(source)


def _derived(
    tumour: EntityView, panel: str, problems: list[Resource], context: Context
) -> tuple[Drafting | None, set[str]]:
    day = parse_day(tumour.payload.get("assertionDate"))
    if day is None:
        return None, set()
    drafting = Drafting("ComorbiditiesAssessment", f"ComorbiditiesAssessment:{panel}/{tumour.key}")
    used: set[str] = set()
    for problem in problems:
        translation = context.translate(_TERMINOLOGY, problem.json.get("code"), text=False)
        if (
            translation is None
            or not counts(panel, str(translation.concept["code"]))
            or not _had(problem.json, day, context)
        ):
            continue
        used.add(problem.reference)
        drafting.consume(
            problem,
            "clinicalStatus",
            "verificationStatus",
            "category",
            "onsetDateTime",
            "abatementDateTime",
            "recordedDate",
        )
        _add(drafting, "presentConditions", problem.json.get("code"), Source(problem.reference, "code"), context)
    if not used:
        return None, used
    anchor = next(problem for problem in problems if problem.reference in used)
    drafting.refer("caseId", case_key(context, anchor), subject_source(anchor))
    drafting.refer("indexConditionId", tumour.key)
    drafting.put("date", day.iso)
    drafting.put("panel", panel)
    for field, text in (
        ("date", "The problem list is read as of the day of diagnosis."),
        ("panel", "No assessment is stated: the panel is the site's choice (option comorbidities.panel)."),
        ("indexConditionId", "The comorbidities are seen from each primary tumour."),
    ):
        drafting.assume(field, "from-problem-list", text)
    return drafting, used


def _had(json: JsonObject, day: Day, context: Context) -> bool:
    """Whether the patient had this problem on the day of diagnosis."""
    if verification_of(json) in _UNSURE:
        return False
    onset = choice(json, ("onsetDateTime", "onsetPeriod"))
    began = day_in(onset[1], context) if onset is not None else None
    if began is not None and began.earliest > day.latest:
        return False
    abated = choice(json, ("abatementDateTime", "abatementPeriod"))
    ended = day_in(abated[1], context) if abated is not None else None
    if ended is not None:
        return ended.latest >= day.earliest
    return not any(code in _OVER for _, code in pairs(json.get("clinicalStatus")))
