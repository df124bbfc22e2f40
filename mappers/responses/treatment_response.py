"""Treatment responses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mappers.codes import LOINC, RECIST_INTERPRETED, RESPONSE_PROFILES, SNOMED
from mappers.dates import Day
from mappers.drafting import Drafting
from mappers.fhir import code_of, codings, extension_value, has_code, objects, profiles, remembered, text_of, words
from mappers.protocol import Context, Draft, Group, JsonObject, MapOutput, NotForPop, Resource, Source, Translation
from mappers.responses.answers import (
    CONCEPTS,
    PARTS,
    Answer,
    overall_absent,
    overall_of_parts,
    parts_say_nothing,
    read_answer,
)
from mappers.responses.methods import METHOD, UNKNOWN, own_statements, stated_methods
from mappers.subjects import (
    TUMOUR,
    VOID,
    case_key,
    named_conditions,
    observed_on,
    put_observed,
    related_tumours,
    subject_source,
)

KIND = "TreatmentResponse"
#: LOINC *Cancer disease progression* (mCODE STU2–4, POP), *Response to cancer treatment* (mCODE STU1), *Cancer outcome status*
#: (DNPM, DKTK); SNOMED CT *Status of regression of tumor* (MII course reports).
_CODES = frozenset({(LOINC, "97509-4"), (LOINC, "88040-1"), (LOINC, "21976-6"), (SNOMED, "396432002")})
_CRITERIA = re.compile(
    r"\bi?recist\b|\bpercist\b|\b(?:lugano|cheson|imwg|iwcll|rano|tumou?r|cancer|oncolog\w+) response\b|"
    r"response to (?:cancer|anti-?cancer|tumou?r|oncolog\w+) (?:treatment|therapy)|cancer disease (?:status|progression)|"
    r"gesamtbeurteilung (?:des )?tumorstatus|tumoransprechen", re.I
)  # fmt: skip
_GENERAL = re.compile(r"\b(?:treatment|therapy|disease|overall|best overall) response\b|therapieansprechen", re.I)
_LESION = re.compile(r"\b(?:non-?)?target\b|\blesions?\b|zielläsion", re.I)
_READ = ("status", "code", "category", "interpretation", "component", "hasMember", "method", "derivedFrom", "partOf", "focus",
         "extension", "effectiveDateTime", "bodySite")  # fmt: skip
_BEST = re.compile(r"\bbest (?:overall )?response\b|\bbestes ansprechen", re.I)
_OVERALL = re.compile(r"\boverall\b|gesamtbeurteilung", re.I)


@dataclass(frozen=True, slots=True)
class _Statement:
    """One assessment, as one Observation states it."""

    resource: Resource
    value: JsonObject | None
    element: str
    recist: Translation | None
    answer: Answer | None
    day: Day | None
    tumours: frozenset[str]
    method: str | None

    def told_again_by(self, other: _Statement) -> bool:
        """True if both tell one assessment: same exact day and category, and neither tumours nor method differ."""
        if self.recist is None or other.recist is None or self.day is None or not self.day.exact:
            return False
        return (
            self.day == other.day
            and self.recist.concept == other.recist.concept
            and (self.tumours == other.tumours or not self.tumours or not other.tumours)
            and (self.method == other.method or self.method is None or other.method is None)
        )


class TreatmentResponseMapper:
    """Assessments of how tumours respond: RECIST and other criteria, mCODE's disease status, oBDS course reports.

    * The category: see ``mappers.responses.answers``. Of a panel the overall response; a course report without one is told by its
      parts where RECIST's table decides. Responses of single lesions, and the best one of a course, are not for POP.
    * *Improved* waits for a person, or counts as a partial response (option ``response.improved`` = ``partial-response``).
    * The method: see ``mappers.responses.methods``. Where none of POP's imaging methods is stated, its «No information available»
      is written, an assumption, or the response waits (option ``response.unstated-method`` = ``block``).
    * Two Observations of one day with the same category, tumours and method (or one that states none) tell one assessment.
    """

    name = "treatment-response"
    version = "1"
    produces: tuple[str, ...] = (KIND,)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """One group per patient: whether an assessment is told twice shows only when all are seen."""
        json = resource.json
        asks = _asks(json.get("code")) or ("meta" in json and profiles(json) & RESPONSE_PROFILES)
        return "treatment-responses" if asks else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """A draft per assessment."""
        statements: list[_Statement] = []
        for member in group.members:
            found = _read(member, context)
            if isinstance(found, NotForPop):
                yield found
            else:
                statements.append(found)
        for told in _assessments(statements):
            yield _draft(told, context)


@remembered
def _asks(code: JsonObject) -> str:
    """``certain`` if the code asks for the response of a tumour, ``general`` if for some response, else empty."""
    text = words(code)
    if has_code(code, _CODES) or _CRITERIA.search(text):
        return "certain"
    return "general" if _GENERAL.search(text) else ""


def _certain(json: JsonObject) -> bool:
    return bool(
        _asks(json.get("code")) == "certain"
        or profiles(json) & RESPONSE_PROFILES
        or _CRITERIA.search(words(json.get("method")))
    )


def _read(member: Resource, context: Context) -> _Statement | NotForPop:
    json = member.json
    status = json.get("status")
    if isinstance(status, str) and status in VOID:
        return NotForPop(member.reference, f"the observation is {VOID[status]}")
    code = words(json.get("code"))
    if _LESION.search(code) and not _OVERALL.search(code):
        return NotForPop(member.reference, "the response of single lesions; POP keeps the overall response")
    if _BEST.search(code):
        return NotForPop(member.reference, "the best response of a whole course, no assessment of its day")
    value, element = _overall(json)
    answer = read_answer(value) if value is not None else None
    recist = context.translate("CancerTreatmentResponse", value, text=True) if value is not None else None
    if recist is None and answer is not None and (not answer.improved or _takes_improved(context)):
        concept = {"coding": [{"system": LOINC, "code": CONCEPTS[answer.category]}]}
        recist = context.translate("CancerTreatmentResponse", concept)
    if recist is None and answer is None:
        parts = _parts(json)
        if (value is None or overall_absent(value)) and parts_say_nothing(parts):
            return NotForPop(member.reference, "it states no response")
        if not _certain(json):
            return NotForPop(member.reference, "it names no category of a tumour's response")
        answer = overall_of_parts(parts) if value is None or overall_absent(value) else None
        if answer is not None:
            element = "component"
            concept = {"coding": [{"system": LOINC, "code": CONCEPTS[answer.category]}]}
            recist = context.translate("CancerTreatmentResponse", concept)
    when = observed_on(member, context)
    views = (context.entity_of(TUMOUR, reference, within=member) for _, reference in named_conditions(member))
    methods = {method.concept["code"] for method, _ in stated_methods(member, context)}
    return _Statement(
        resource=member, value=value, element=element, recist=recist, answer=answer,
        day=when[0] if when is not None else None, tumours=frozenset(view.key for view in views if view is not None),
        method="/".join(sorted(methods)) or None,
    )  # fmt: skip


def _takes_improved(context: Context) -> bool:
    return context.options.get("response.improved") == "partial-response"


def _overall(json: JsonObject) -> tuple[JsonObject | None, str]:
    """(value as a concept, element): the Observation's own value, else that of the component for the overall response."""
    for holder, prefix in [(json, "")] + [
        (part, f"component[{number}].")
        for number, part in enumerate(objects(json.get("component")))
        if _OVERALL.search(words(part.get("code")))
    ]:
        value, text = holder.get("valueCodeableConcept"), text_of(holder.get("valueString"))
        if isinstance(value, dict) and (codings(value) or text_of(value.get("text"))):
            return value, prefix + "valueCodeableConcept"
        if text:
            return {"text": text}, prefix + "valueString"
    return None, "valueCodeableConcept"


def _parts(json: JsonObject) -> list[str]:
    """The oBDS keys of primary, nodes and metastases, as far as the report has them."""
    return [
        key
        for part in objects(json.get("component"))
        if has_code(part.get("code"), PARTS)
        for coding in codings(part.get("valueCodeableConcept"))
        if len(key := code_of(coding)) == 1
    ]


def _assessments(statements: Iterable[_Statement]) -> Iterator[list[_Statement]]:
    """Statements that tell one assessment together, the fullest first."""
    told: list[list[_Statement]] = []
    fullest = sorted(statements, key=lambda each: (not each.tumours, each.method is None, each.resource.reference))
    for each in fullest:
        same = [others for others in told if all(other.told_again_by(each) for other in others)]
        # A statement that could repeat several assessments repeats none of them for certain.
        if len(same) == 1:
            same[0].append(each)
        else:
            told.append([each])
    return iter(told)


def _draft(told: list[_Statement], context: Context) -> Draft:
    first = told[0]
    member = first.resource
    drafting = Drafting(KIND, f"{KIND}:{min(each.resource.reference for each in told)}")
    drafting.refer("caseId", case_key(context, member), subject_source(member))
    for each in told:
        drafting.consume(each.resource, *_READ, each.element.partition("[")[0].partition(".")[0])
    put_observed(drafting, member, context)
    _put_category(drafting, first)
    _put_method(drafting, told, context)
    related_tumours(drafting, "assessedEntitiesIds", member, context)
    _put_sites(drafting, told, context)
    return drafting.done()


def _put_category(drafting: Drafting, first: _Statement) -> None:
    source = Source(first.resource.reference, first.element)
    if first.recist is None:
        if first.value is None or overall_absent(first.value):
            drafting.missing("recist", "The report states no overall response, and its parts decide none.", source)
        else:
            drafting.unmapped("recist", "CancerTreatmentResponse", first.value, source=source, required=True)
        return
    drafting.put("recist", first.recist.concept, source)
    drafting.note_rule("recist", first.recist, source)
    stated = extension_value(first.value or {}, RECIST_INTERPRETED)
    if stated is not None and isinstance(stated[1], bool):
        drafting.put("recistInterpreted", stated[1], source)
    elif first.answer is not None and first.answer.interpreted:
        drafting.put("recistInterpreted", True, source)
        text = "The source does not speak of RECIST's categories: its answer is taken for the one that RECIST 1.1 defines so."
        if first.element == "component":
            text = "The overall response follows from its parts (RECIST 1.1, table 1)."
        drafting.assume("recist", "read-as-recist", text, source)


def _put_method(drafting: Drafting, told: list[_Statement], context: Context) -> None:
    for each in told:
        methods = stated_methods(each.resource, context)
        if not methods:
            continue
        chosen = {method.concept["code"]: method for method, _ in methods}
        for _, sources in methods:
            drafting.read(*sources)
        best = chosen.get("82918005") if chosen.keys() <= {"82918005", "77477000"} else None
        if len(chosen) == 1 or best is not None:
            method = best or next(iter(chosen.values()))
            drafting.put("methodology", method.concept, *(source for _, sources in methods for source in sources))
            drafting.note_rule("methodology", method, methods[0][1][0])
            return
        text = "Several imaging methods are stated; POP takes one."
        drafting.issue("contradiction", "methodology", text, source=methods[0][1][0])
        break
    member = told[0].resource
    source = next((where for _, where in own_statements(member)), Source(member.reference, "method"))
    unknown = context.translate(METHOD, UNKNOWN)
    if context.options.get("response.unstated-method") == "block" or unknown is None:
        drafting.missing(
            "methodology", "None of POP's imaging methods is stated (option response.unstated-method).", source
        )
        return
    drafting.put("methodology", unknown.concept)
    drafting.assume("methodology", "method-unstated", "The source states none of POP's imaging methods.", source)


def _put_sites(drafting: Drafting, told: list[_Statement], context: Context) -> None:
    sites: dict[str, tuple[JsonObject, Source]] = {}
    for each in told:
        source = Source(each.resource.reference, "bodySite")
        for site in objects(each.resource.json.get("bodySite")):
            found = context.translate("ObservationBodySite", site, text=True)
            if found is not None:
                sites.setdefault(str(found.concept["code"]), (found.concept, source))
                drafting.note_rule("assessedBodysites", found, source)
            else:
                drafting.unmapped("assessedBodysites", "ObservationBodySite", site, source=source)
    if sites:
        drafting.put(
            "assessedBodysites", [sites[code][0] for code in sorted(sites)], *(source for _, source in sites.values())
        )
