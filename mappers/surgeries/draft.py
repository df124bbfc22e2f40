"""The draft of one operation, from all Procedures that tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mappers.codes import BODY_LOCATION_QUALIFIER, ICD_O_TOPOGRAPHY, LATERALITY, NCIT, SNOMED
from mappers.dates import parse_day
from mappers.drafting import Drafting
from mappers.fhir import codings, extension_value, objects, text_of, words
from mappers.protocol import Context, EntityView, JsonObject, Resource, Source
from mappers.subjects import TUMOUR, case_key, check_after_birth, only_primary, subject_source
from mappers.surgeries.names import has_sides, side_in
from mappers.surgeries.operations import Operation, chain
from mappers.surgeries.residual import put_outcome
from mappers.surgeries.sessions import Session
from mappers.surgeries.statement import Statement
from mappers.terminology.neoplasm_names import read_name

KIND = "Surgery"
_READ = (
    "status", "category", "code", "performedDateTime", "performedPeriod", "performedString", "partOf", "basedOn", "encounter",
    "reasonCode", "reasonReference", "bodySite", "extension", "outcome", "contained",
)  # fmt: skip
#: Excisions without an organ of their own.
_WHEREVER = frozenset({"excision", "skin-excision", "soft-tissue-excision", "bone-resection", "amputation"})


def draft(session: Session, observations: Sequence[Resource], context: Context) -> Drafting:
    """The operation as POP has it."""
    drafting = Drafting(KIND, f"{KIND}:{session.identity}")
    main = session.main
    drafting.refer("caseId", case_key(context, main.resource), subject_source(main.resource))
    for each in session.statements:
        drafting.consume(each.resource, *_READ)
    for observation in observations:
        drafting.consume(observation, "status", "code", "focus", "partOf", "effectiveDateTime", "valueCodeableConcept")
    _date(drafting, session, context)
    _procedure(drafting, main, context)
    _targets(drafting, session, context)
    _site(drafting, session, context)
    put_outcome(drafting, session, observations, context)
    _intent(drafting, session, context)
    return drafting


def _date(drafting: Drafting, session: Session, context: Context) -> None:
    dated = [each for each in session.statements if each.day is not None]
    if not dated:
        source = Source(session.main.reference, "performedDateTime")
        drafting.missing("date", "Nothing tells when the operation was.", source)
        return
    # An exact day before a month or a stay that it falls into; stated before assumed.
    chosen = min(
        dated,
        key=lambda each: (
            each.day_assumed, each.day is not None and not each.day.exact, each.last is not None, each.day, each.reference,
        ),
    )  # fmt: skip
    day, source = chosen.day, chosen.day_source
    assert day is not None
    drafting.day("date", day, source)
    if chosen.day_assumed:
        text = "The start of the encounter, or the day of recording, stands in for the day of the operation."
        drafting.assume("date", "date-of-encounter", text, source)
    check_after_birth(drafting, "date", day, source, context)


def _procedure(drafting: Drafting, main: Statement, context: Context) -> None:
    """POP's concept of what was done: the source's own, else the operation's, else (an assumption) a broader one."""
    concept = main.resource.json.get("code")
    source = Source(main.reference, "code")
    own = context.translate("SurgicalProcedure", concept, text=True) if isinstance(concept, dict) else None
    if own is not None:
        drafting.put("procedure", own.concept, source)
        drafting.note_rule("procedure", own, source)
        return
    operation = main.reading.operation
    for each, broader in chain(operation) if operation is not None else ():
        coding = {"system": NCIT, "code": each.ncit, "display": each.display}
        found = context.translate("SurgicalProcedure", {"coding": [coding]})
        if found is None:
            continue
        drafting.put("procedure", found.concept, source)
        drafting.note_rule("procedure", found, source)
        if broader:
            text = "POP has no concept for just this operation: the broader one is taken."
            drafting.assume("procedure", "broader-operation", text, source)
        return
    drafting.unmapped("procedure", "SurgicalProcedure", concept, source=source, required=True)
    if not (codings(concept) or words(concept)):
        drafting.missing("procedure", "The Procedure has no code.", source)


def _targets(drafting: Drafting, session: Session, context: Context) -> None:
    field = "targetedEntitiesIds"
    named = [source for each in session.statements for source in each.tumours.values()]
    if session.targets:
        drafting.refer(field, tuple(sorted(session.targets)), *dict.fromkeys(named))
        if not session.named:
            drafting.assume(
                field, "tumour-of-the-organ", "No tumour is named: the one of the organ that was operated on is meant."
            )
        if len(session.targets) > 1 and not session.named:
            drafting.issue(
                "ambiguous-tumour",
                field,
                "Several tumours are of the organ that was operated on: check which is meant.",
            )
        return
    # POP's own export says all that POP knows: nothing is added to it.
    only = None if session.main.reading.own else only_primary(context)
    if only is not None:
        drafting.refer(field, (only.key,))
        drafting.assume(field, "only-tumour", "The source names no tumour; the patient has exactly one primary tumour.")


def _site(drafting: Drafting, session: Session, context: Context) -> None:
    """Site, qualifier and side: of the body site, else of the code, else (an assumption) of the organ that the operation is on."""
    members = sorted(session.statements, key=lambda each: (-each.rank, each.reference))
    sites = [
        (site, Source(each.reference, "bodySite"))
        for each in members
        for site in objects(each.resource.json.get("bodySite"))
    ]
    for site, source in sites:
        _topography(drafting, site, source, context)
        qualifier = extension_value(site, BODY_LOCATION_QUALIFIER)
        if qualifier is not None and "bodysiteQualifier" not in drafting.payload:
            drafting.concept("bodysiteQualifier", "BodyLocationQualifier", qualifier[1], context=context, source=source)
    main = session.main
    if "bodysite" not in drafting.payload and not main.reading.own:
        _site_of_code(drafting, main, session.targets if session.named else frozenset(), context)
    _side(drafting, sites, members, context)
    if "bodysite" not in drafting.payload and sites and sites[0][0]:
        site, source = sites[0]
        if codings(site) or words(site):
            drafting.unmapped("bodysite", "CancerTopography", site, source=source)


def _topography(drafting: Drafting, site: JsonObject, source: Source, context: Context) -> None:
    if "bodysite" in drafting.payload:
        return
    found = context.translate("CancerTopography", site, text=True)
    if found is None:
        spelled = [read_name(spelling) for name in _names(site) for spelling in _spellings(name)]
        code = next((each.topography for each in spelled if each is not None and each.topography is not None), None)
        found = context.translate("CancerTopography", _coded(ICD_O_TOPOGRAPHY, code)) if code is not None else None
    if found is not None:
        drafting.put("bodysite", found.concept, source)
        drafting.note_rule("bodysite", found, source)


def _site_of_code(drafting: Drafting, main: Statement, targets: frozenset[str], context: Context) -> None:
    operation, source = main.reading.operation, Source(main.reference, "code")
    code = main.reading.site
    if code is None and operation is not None:
        found = _site_of_tumour(operation, targets, context)
        if found is not None:
            drafting.put("bodysite", found, source)
            text = "No body site is stated: what is excised is the tumour that is named, at its site."
            drafting.assume("bodysite", "site-of-tumour", text, source)
            return
        code = operation.site
    translation = context.translate("CancerTopography", _coded(ICD_O_TOPOGRAPHY, code)) if code is not None else None
    if translation is None:
        return
    drafting.put("bodysite", translation.concept, source)
    drafting.note_rule("bodysite", translation, source)
    if main.reading.site is None:
        text = "No body site is stated: the organ that the operation is on."
        drafting.assume("bodysite", "site-of-operation", text, source)


def _site_of_tumour(operation: Operation, targets: frozenset[str], context: Context) -> JsonObject | None:
    """An excision that names no organ, or only skin, bone or soft tissue, is where the one tumour is that it is for."""
    if operation.key not in _WHEREVER or len(targets) != 1:
        return None
    (key,) = targets
    view = next((each for each in context.entities(TUMOUR) if each.key == key), None)
    concept = view.payload.get("topography") if view is not None else None
    if not isinstance(concept, dict) or (operation.organs and not operation.removes(str(concept.get("code", "")))):
        return None
    return concept


def _side(
    drafting: Drafting, sites: Iterable[tuple[JsonObject, Source]], members: Sequence[Statement], context: Context
) -> None:  # fmt: skip
    field = "bodysiteLaterality"
    stated: list[tuple[Any, Source]] = []
    for site, source in sites:
        for url in LATERALITY:
            if (extension := extension_value(site, url)) is not None:
                stated.append((extension[1], source))
        stated.append((site, source))
        side = next(filter(None, (side_in(name) for name in _names(site))), None)
        if side is not None:
            stated.append((_coded(SNOMED, side), source))
    for each in members:
        for url in LATERALITY:
            if (extension := extension_value(each.resource.json, url)) is not None:
                stated.append((extension[1], Source(each.reference, extension[0])))
        if each.reading.side is not None:
            stated.append((_coded(SNOMED, each.reading.side), Source(each.reference, "code")))
    topography = drafting.payload.get("bodysite")
    paired = has_sides(str(topography["code"]) if isinstance(topography, dict) else None)
    for concept, source in stated:
        found = context.translate("LateralityQualifier", concept)
        if found is not None and paired:
            drafting.put(field, found.concept, source)
            drafting.note_rule(field, found, source)
            return


def _intent(drafting: Drafting, session: Session, context: Context) -> None:
    """Stated; else the site's option ``surgery.unstated-intent``; by default derived where the disease has not spread."""
    field = "intent"
    stated = sorted(
        (each for each in session.statements if each.intent is not None), key=lambda each: (-each.rank, each.reference)
    )
    source = Source(session.main.reference, "extension")
    if stated:
        drafting.put(field, stated[0].intent, stated[0].intent_source or source)
        return
    option = context.options.get("surgery.unstated-intent", "derive")
    operation = session.main.reading.operation
    if option in ("curative", "palliative"):
        drafting.put(field, option)
        drafting.assume(
            field, "default-intent", "The source states no intent; the site's option surgery.unstated-intent applies."
        )
    elif (
        option == "derive" and operation is not None and not operation.unclear_intent and not _spread(drafting, context)
    ):
        drafting.put(field, "curative")
        text = "No intent is stated: the removal of a tumour that has not spread is curative."
        drafting.assume(field, "curative-removal", text, Source(session.main.reference, "code"))
    else:
        drafting.missing(field, "The source states no intent (option surgery.unstated-intent).", source)


def _spread(drafting: Drafting, context: Context) -> bool:
    """True if a metastasis was known when it was operated, or nothing tells when."""
    date = drafting.payload.get("date")
    return any(_by(view, date) for view in context.entities(TUMOUR) if view.payload.get("relationship") == "metastatic")


def _by(view: EntityView, date: Any) -> bool:
    known, operated = parse_day(view.payload.get("assertionDate")), parse_day(date)
    return known is None or operated is None or known.date <= operated.date


def _coded(system: str, code: str) -> JsonObject:
    return {"coding": [{"system": system, "code": code}]}


def _names(concept: JsonObject) -> list[str]:
    found = [text_of(each.get("display")) for each in codings(concept)]
    return [each for each in (*found, text_of(concept.get("text"))) if each]


def _spellings(name: str) -> list[str]:
    """``Lung, right upper lobe`` is the right upper lobe of lung; ``Breast, left`` the breast, left."""
    whole, joined, part = name.partition(",")
    return [name, name.replace(",", " "), f"{part.strip()} of {whole.strip()}"] if joined else [name]
