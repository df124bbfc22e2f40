"""What each Observation states of a response, and which of them tell one assessment together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mappers.codes import LOINC, RESPONSE_PROFILES, SNOMED
from mappers.dates import Day
from mappers.fhir import code_of, codings, has_code, objects, profiles, remembered, text_of, words
from mappers.protocol import Context, JsonObject, NotForPop, Resource, Translation
from mappers.responses.answers import (
    CONCEPTS,
    PARTS,
    Answer,
    overall_absent,
    overall_of_parts,
    parts_say_nothing,
    read_answer,
)
from mappers.responses.methods import Methods, Stated
from mappers.subjects import TUMOUR, VOID, named_conditions, observed_on

RECIST = "CancerTreatmentResponse"
#: LOINC *Cancer disease progression* (mCODE STU2–4, POP), *Response to cancer treatment* (mCODE STU1), *Cancer outcome status*
#: (DNPM, DKTK); SNOMED CT *Status of regression of tumor* (MII course reports).
_CODES = frozenset({(LOINC, "97509-4"), (LOINC, "88040-1"), (LOINC, "21976-6"), (SNOMED, "396432002")})
_CRITERIA = re.compile(
    r"\bi?recist(?:v?1|\b)|\bpercist\b|\b(?:lugano|cheson|imwg|iwcll|rano|tumou?r|cancer|lymphoma|myeloma|metabolic|oncolog\w+) "
    r"response\b|\bresponse\b[^|]*\b(?:lugano|cheson|imwg|iwcll|rano)\b|"
    r"response to (?:cancer|anti-?cancer|tumou?r|oncolog\w+) (?:treatment|therapy)|cancer disease (?:status|progression)|"
    r"gesamtbeurteilung (?:des )?tumorstatus|tumoransprechen", re.I
)  # fmt: skip
_GENERAL = re.compile(
    r"\b(?:treatment|therapy|disease|overall|best overall) response\b|\bresponse (?:assessment|evaluation)\b|therapieansprechen",
    re.I,
)
_LESION = re.compile(r"\b(?:non-?)?target\b|\blesions?\b|zielläsion", re.I)
_BEST = re.compile(r"\bbest (?:overall )?response\b|\bbestes ansprechen", re.I)
_OVERALL = re.compile(r"\boverall\b|gesamtbeurteilung", re.I)


@dataclass(frozen=True, slots=True)
class Statement:
    """One assessment, as one Observation states it."""

    resource: Resource
    value: JsonObject | None
    element: str
    recist: Translation | None
    answer: Answer | None
    day: Day | None
    tumours: frozenset[str]
    methods: list[Stated]

    @property
    def method(self) -> str | None:
        """POP's codes of the methods that are stated."""
        return "/".join(sorted({str(method.concept["code"]) for method, _ in self.methods})) or None

    def told_again_by(self, other: Statement) -> bool:
        """True if both tell one assessment: same exact day and category, and neither tumours nor method differ."""
        if self.recist is None or other.recist is None or self.day is None or not self.day.exact:
            return False
        return (
            self.day == other.day
            and self.recist.concept == other.recist.concept
            and (self.tumours == other.tumours or not self.tumours or not other.tumours)
            and (self.method == other.method or self.method is None or other.method is None)
        )


@remembered
def asks_for_response(code: JsonObject) -> str:
    """``certain`` if the code asks for the response of a tumour, ``general`` if for some response, else empty."""
    text = words(code)
    if has_code(code, _CODES) or _CRITERIA.search(text):
        return "certain"
    return "general" if _GENERAL.search(text) else ""


@remembered
def names_criteria(concept: JsonObject) -> bool:
    """True if a value or method names the criteria of a tumour's response (RECIST and others)."""
    return _CRITERIA.search(words(concept)) is not None


def concerns_response(json: JsonObject) -> bool:
    """True for an Observation that may state a response, by its code, its profile, or criteria that its value names."""
    value = json.get("valueString")
    return bool(
        asks_for_response(json.get("code"))
        or ("meta" in json and profiles(json) & RESPONSE_PROFILES)
        or (isinstance(value, str) and _CRITERIA.search(value))
        or ("valueCodeableConcept" in json and names_criteria(json["valueCodeableConcept"]))
    )


def is_certain(json: JsonObject) -> bool:
    """True if the Observation asks for the response of a tumour, by its code, its profile or the criteria that it used."""
    return bool(
        asks_for_response(json.get("code")) == "certain"
        or profiles(json) & RESPONSE_PROFILES
        or names_criteria(json.get("method"))
    )


def read_statement(member: Resource, methods: Methods, context: Context) -> Statement | NotForPop:
    """What an Observation states, or why that is no response."""
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
    unsaid = value is None or overall_absent(value)
    answer = read_answer(value) if value is not None else None
    recist = context.translate(RECIST, value, text=True)
    if recist is None and answer is None:
        parts = _parts(json)
        if unsaid and parts_say_nothing(parts):
            return NotForPop(member.reference, "it states no response")
        if not is_certain(json):
            return NotForPop(member.reference, "it names no category of a tumour's response")
        answer = overall_of_parts(parts) if unsaid else None
        element = "component" if answer is not None else element
    if recist is None and answer is not None and (not answer.improved or _takes_improved(context)):
        recist = context.translate(RECIST, {"coding": [{"system": LOINC, "code": CONCEPTS[answer.category]}]})
    when = observed_on(member, context)
    views = (context.entity_of(TUMOUR, reference, within=member) for _, reference in named_conditions(member))
    return Statement(
        resource=member, value=value, element=element, recist=recist, answer=answer,
        day=when[0] if when is not None else None, tumours=frozenset(view.key for view in views if view is not None),
        methods=methods.stated(member),
    )  # fmt: skip


def _takes_improved(context: Context) -> bool:
    return bool(context.options.get("response.improved", "partial-response") != "block")


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


def assessments(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    """Statements that tell one assessment together, the fullest first."""
    told: list[list[Statement]] = []
    fullest = sorted(statements, key=lambda each: (not each.tumours, each.method is None, each.resource.reference))
    for each in fullest:
        same = [others for others in told if all(other.told_again_by(each) for other in others)]
        # A statement that could repeat several assessments repeats none of them for certain.
        if len(same) == 1:
            same[0].append(each)
        else:
            told.append([each])
    return iter(told)
