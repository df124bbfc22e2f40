"""Comorbidities read from the problem list, seen from a tumour."""

from __future__ import annotations

import re
from typing import Any

from mappers.codes import SNOMED
from mappers.comorbidity_panels import counts
from mappers.dates import Day, parse_day
from mappers.diagnoses import certainty_of, verification_of
from mappers.drafting import Drafting
from mappers.fhir import choice, codings, pairs, text_of, triples
from mappers.protocol import Context, EntityView, JsonObject, Resource, Source
from mappers.subjects import case_key, day_in, subject_source

_TERMINOLOGY = "ICD10Condition"
#: Clinical states of a problem that is over (R4 ConditionClinicalStatusCodes).
_OVER = frozenset({"inactive", "resolved"})
_UNSURE = frozenset({"entered-in-error", "refuted", "unconfirmed", "provisional", "differential"})
#: SNOMED CT's semantic tags of what is no disease.
_NO_DISEASE = re.compile(
    r"\((?:situation|person|finding|procedure|event|observable entity|qualifier value|social concept)\)$"
)


def is_disease(json: JsonObject) -> bool:
    """False if the problem's SNOMED CT name says that it is a finding, a situation or the like."""
    said = [text_of(each.get("display")) for each in codings(json.get("code")) if each.get("system") == SNOMED]
    said.append(text_of((json.get("code") or {}).get("text")) if isinstance(json.get("code"), dict) else "")
    return not any(_NO_DISEASE.search(each) for each in said)


def untranslated(problem: Resource, context: Context) -> bool:
    """True if nothing tells the ICD-10 code of the problem."""
    return context.translate(_TERMINOLOGY, problem.json.get("code"), text=False) is None


def add_condition(drafting: Drafting, field: str, concept: Any, source: Source, context: Context) -> None:
    """One more condition of a list field; one that POP does not know is a warning."""
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


def from_problems(
    tumour: EntityView, panel: str, problems: list[Resource], context: Context
) -> tuple[Drafting | None, set[str]]:
    """(draft, the problems that it used) of the panel on the day of the tumour's diagnosis; no draft if none of them counts."""
    day = parse_day(tumour.payload.get("assertionDate"))
    if day is None:
        return None, set()
    drafting = Drafting("ComorbiditiesAssessment", f"ComorbiditiesAssessment:{panel}/{tumour.key}")
    used: set[str] = set()
    unknown: dict[Any, Resource] = {}
    for problem in problems:
        translation = context.translate(_TERMINOLOGY, problem.json.get("code"), text=False)
        if translation is None and is_disease(problem.json) and _had(problem.json, day, context):
            unknown.setdefault(triples(problem.json.get("code")), problem)
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
        add_condition(
            drafting, "presentConditions", problem.json.get("code"), Source(problem.reference, "code"), context
        )
    if not used:
        return None, used
    for problem in unknown.values():
        source = Source(problem.reference, "code")
        drafting.unmapped("presentConditions", _TERMINOLOGY, problem.json.get("code"), source=source)
        used.add(problem.reference)
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
    if verification_of(json) in _UNSURE or certainty_of(json) == "Z":  # German: "Zustand nach", a state after it
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
