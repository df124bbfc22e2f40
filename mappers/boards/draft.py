"""The drafts of one meeting: the board, and the therapeutic recommendations of a molecular one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mappers.boards.meeting import Meeting, referred, stated
from mappers.boards.recommendations import TERMINOLOGY, of_key, recommended
from mappers.boards.therapeutic import (
    MARKER,
    SIGNATURES,
    VARIANT,
    Recommendation,
    effect_concept,
    in_words,
    of_resource,
    own_recommendations,
    withdrawn,
)
from mappers.drafting import Drafting
from mappers.fhir import codings, extensions, objects, text_of, words
from mappers.protocol import Context, Draft, JsonObject, Resource, Source, Translation
from mappers.subjects import TUMOUR, case_key, check_after_birth, only_primary, subject_source

UNSPECIFIED, MOLECULAR, THERAPEUTIC = (
    "UnspecifiedTumorBoard",
    "MolecularTumorBoard",
    "MolecularTherapeuticRecommendation",
)
_POP = "http://onconova.github.io/fhir/StructureDefinition/onconova-ext-molecular-tumor-board-"
_COMPARISON, _CUP = _POP + "molecular-comparison", _POP + "cup-characterization"
_READ = (
    "status", "category", "code", "type", "class", "serviceType", "title", "intent", "performedDateTime", "performedPeriod",
    "created", "period", "effectiveDateTime", "issued", "occurrenceDateTime", "authoredOn", "reasonReference", "addresses",
    "followUp", "conclusionCode", "activity", "encounter", "extension",
)  # fmt: skip
_REQUEST_READ = (
    "status", "intent", "code", "category", "basedOn", "supportingInfo", "supportingInformation", "reasonReference",
    "medicationCodeableConcept", "medicationReference", "action", "authoredOn", "priority", "for", "focus",
)  # fmt: skip
_SUPPORT = {VARIANT: "supportingGenomicVariantsIds", MARKER: "supportingTumorMarkersIds"} | dict.fromkeys(
    SIGNATURES, "supportingGenomicSignaturesIds"
)
#: POP takes identifiers of up to 15 characters, and means those of ClinicalTrials.gov.
_TRIAL_LENGTH, _NCT = 15, re.compile(r"NCT\d{8}")


def drafts(meeting: Meeting, context: Context) -> Iterator[Draft]:
    """The board first, then what it recommends."""
    therapies: list[Recommendation] = []
    others: list[tuple[Resource, Source]] = []
    for resource, source in referred(meeting, context):
        found = of_resource(resource, context)
        if found is not None and (found.drugs or found.trial is not None):
            therapies.append(found)
        others.append((resource, source))
    therapies.extend(each for board in meeting.resources for each in own_recommendations(board, context))
    named = {source: in_words(concept, source, context) for concept, source in stated(meeting, context)}
    therapies.extend(each for each in named.values() if each is not None)
    genomic = any(kind != MARKER for each in therapies for kind, _, _ in each.evidence)
    kind = MOLECULAR if meeting.category == "molecular" or genomic else UNSPECIFIED
    drafting = Drafting(kind, f"{kind}:{meeting.identity}")
    main = next(each for each in meeting.resources if each.reference == meeting.identity)
    drafting.refer("caseId", case_key(context, main), subject_source(main))
    drafting.put("category", "molecular" if kind == MOLECULAR else "unspecified", _named_at(main))
    for each in meeting.resources:
        drafting.consume(each, *_READ)
    for resource, source in others:
        drafting.consume(resource, *_REQUEST_READ)
        drafting.read(source)
    _date(drafting, meeting, context)
    _tumours(drafting, meeting, context)
    _general(drafting, meeting, others, molecular=kind == MOLECULAR, context=context)
    if kind == MOLECULAR:
        _molecular(drafting, meeting, context)
    yield drafting.done()
    if kind == MOLECULAR:
        for therapy in _distinct(therapies):
            yield _therapeutic(therapy, drafting.key, context)


def _named_at(board: Resource) -> Source:
    """The element that says that it is a board."""
    element = next(
        (each for each in ("code", "category", "type", "serviceType", "title") if each in board.json), "status"
    )
    return Source(board.reference, element)


def _date(drafting: Drafting, meeting: Meeting, context: Context) -> None:
    if meeting.day is None:
        drafting.missing("date", "Nothing tells when the board met.", meeting.day_source)
        return
    drafting.day("date", meeting.day, meeting.day_source)
    if meeting.report:
        text = "A genomic report recommends and no board is told: the day of the report."
        drafting.assume("date", "board-of-report", text, meeting.day_source)
    elif meeting.day_assumed:
        drafting.assume("date", "date-of-request", "The day on which the board was asked for.", meeting.day_source)
    check_after_birth(drafting, "date", meeting.day, meeting.day_source, context)


def _tumours(drafting: Drafting, meeting: Meeting, context: Context) -> None:
    field = "relatedEntitiesIds"
    if meeting.tumours:
        drafting.refer(field, tuple(sorted(meeting.tumours)), *dict.fromkeys(meeting.tumours.values()))
        return
    # POP's own export says all that POP knows: nothing is added to it.
    only = None if meeting.own else only_primary(context)
    if only is not None:
        drafting.refer(field, (only.key,))
        drafting.assume(field, "only-tumour", "The source names no tumour; the patient has exactly one primary tumour.")


def _general(
    drafting: Drafting, meeting: Meeting, requests: list[tuple[Resource, Source]], *, molecular: bool, context: Context
) -> None:  # fmt: skip
    field = "recommendations"
    found: list[tuple[Translation, Source]] = []
    for concept, source in stated(meeting, context):
        drafting.read(source)
        if in_words(concept, source, context) is not None:
            # A drug is a recommendation of its own at a molecular board, and systemic therapy at another.
            systemic = of_key("start-systemic", context) if not molecular else None
            found.extend((each, source) for each in [systemic] if each is not None)
            continue
        translations, understood = recommended(concept, context)
        found.extend((each, source) for each in translations)
        if not understood and (codings(concept) or words(concept)):
            coded = concept if codings(concept) else {"text": words(concept)}
            if source.element.startswith("activity") and not codings(concept) and len(words(concept)) > 80:
                coded = {}  # a narrative: its words are the patient's
            drafting.unmapped(field, TERMINOLOGY, coded, source=source)
    for request, source in requests:
        found.extend((each, source) for each in _of_request(request, molecular, context))
    concepts = {(str(each.concept["system"]), str(each.concept["code"])): each.concept for each, _ in found}
    if concepts:
        drafting.put(field, [concepts[key] for key in sorted(concepts)], *dict.fromkeys(source for _, source in found))


def _of_request(request: Resource, molecular: bool, context: Context) -> list[Translation]:
    """As of a drug in words."""
    if withdrawn(request):
        return []
    if request.type in ("MedicationRequest", "RequestGroup"):
        systemic = of_key("start-systemic", context) if not molecular else None
        return [systemic] if systemic is not None else []
    code = request.json.get("code")
    return recommended(code, context)[0] if isinstance(code, dict) else []


def _molecular(drafting: Drafting, meeting: Meeting, context: Context) -> None:
    reports: dict[str, Source] = {}
    for board in meeting.resources:
        for position, extension in extensions(board.json, _COMPARISON):
            source = Source(board.reference, f"extension[{position}]")
            _flag(drafting, "conductedMolecularComparison", _part(extension, "conducted"), source)
            matched = context.entity_of(TUMOUR, _part(extension, "matchedReference"), within=board)
            if matched is not None:
                drafting.refer("molecularComparisonMatchId", matched.key, source)
        for position, extension in extensions(board.json, _CUP):
            source = Source(board.reference, f"extension[{position}]")
            _flag(drafting, "conductedCupCharacterization", _part(extension, "conducted"), source)
            _flag(drafting, "characterizedCup", _part(extension, "success"), source)
        for element in ("supportingInfo", "report"):
            for reference in objects(board.json.get(element)):
                target = context.resolve(reference, within=board)
                if target is not None and target.type == "DiagnosticReport":
                    name = _report_name(target)
                    if name:
                        reports.setdefault(name, Source(board.reference, element))
    if reports:
        drafting.put("reviewedReports", sorted(reports), *dict.fromkeys(reports.values()))


def _report_name(report: Resource) -> str:
    return next((each for each in map(_value, objects(report.json.get("identifier"))) if each), "")


def _value(identifier: JsonObject) -> str:
    return text_of(identifier.get("value"))


def _part(extension: JsonObject, url: str) -> Any:
    part = next((each for each in objects(extension.get("extension")) if each.get("url") == url), {})
    return next((value for name, value in part.items() if name.startswith("value")), None)


def _flag(drafting: Drafting, field: str, value: Any, source: Source) -> None:
    if isinstance(value, bool):
        drafting.put(field, value, source)


def _distinct(therapies: list[Recommendation]) -> list[Recommendation]:
    return list({each.identity: each for each in therapies}.values())


def _therapeutic(found: Recommendation, parent: str, context: Context) -> Draft:
    drafting = Drafting(THERAPEUTIC, f"{THERAPEUTIC}:{found.identity}")
    drafting.refer("tumorBoardId", parent)
    drafting.read(found.source, *found.read)
    _drugs(drafting, found)
    _trial(drafting, found)
    if found.effect is not None:
        effect, source = found.effect
        concept = effect_concept(effect) if isinstance(effect, str) else effect
        drafting.concept("expectedEffect", "ExpectedDrugAction", concept, context=context, source=source)
    for field, flag in (("offLabelUse", found.off_label), ("withinSoc", found.standard)):
        if flag is not None:
            drafting.put(field, flag[0], flag[1])
    by_field: dict[str, dict[str, Source]] = {}
    for kind, key, source in found.evidence:
        by_field.setdefault(_SUPPORT[kind], {}).setdefault(key, source)
    for field, keys in sorted(by_field.items()):
        drafting.refer(field, tuple(sorted(keys)), *dict.fromkeys(keys.values()))
    if found.unresolved and not found.evidence:
        text = "What supports the recommendation is not (yet) a finding in POP: the relation is left out."
        drafting.issue("unresolved-reference", "supportingGenomicVariantsIds", text, source=found.unresolved[0])
    return drafting.done()


def _drugs(drafting: Drafting, found: Recommendation) -> None:
    known: dict[str, tuple[Translation, Source]] = {}
    for agent, concept, source in found.drugs:
        if agent is not None and agent.translation is not None:
            known.setdefault(agent.code, (agent.translation, source))
            drafting.note_rule("drugs", agent.translation, source)
        else:
            only = len(found.drugs) == 1 and found.trial is None
            drafting.unmapped("drugs", "AntineoplasticAgent", concept, source=source, required=only)
    if known:
        concepts = [known[code][0].concept for code in sorted(known)]
        drafting.put("drugs", concepts, *dict.fromkeys(source for _, source in known.values()))


def _trial(drafting: Drafting, found: Recommendation) -> None:
    if found.trial is None:
        return
    value, source = found.trial
    if len(value) > _TRIAL_LENGTH:
        text = "POP has no place for a trial identifier of this length: it is left out."
        drafting.issue("too-long", "clinicalTrial", text, source=source, blocking=not found.drugs)
        return
    drafting.put("clinicalTrial", value, source)
    if _NCT.fullmatch(value) is None:
        text = "The trial has an identifier of another registry than ClinicalTrials.gov."
        drafting.assume("clinicalTrial", "trial-of-another-registry", text, source)
