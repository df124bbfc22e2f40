"""A TNM staging as a draft: its stage, its categories with every prefix the source states, its method, day and tumours."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mappers.drafting import Drafting
from mappers.fhir import objects, pairs, text_of, words
from mappers.protocol import Context, JsonObject, Source, Translation
from mappers.stagings.stage_tables import stage_group
from mappers.stagings.statements import Statement, put_day, put_tumours
from mappers.stagings.systems import TNM, stages_of
from mappers.stagings.tnm_parts import CATEGORIES, STAGE, SYMBOL, TERMINOLOGY, N, bare_category, letters_of, suffixes_of
from mappers.stagings.tnm_sets import Finding, Staging
from mappers.subjects import TUMOUR, case_key, subject_source
from mappers.terminology.stage_names import category_of

_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_MII_VERSION = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-tnm-version"
_READ = (
    "status", "code", "category", "specimen", "focus", "issued", "bodySite", "component", "interpretation", "partOf", "subject",
    "effectiveDateTime", "derivedFrom", "dataAbsentReason",
)  # fmt: skip
#: Values by which a source says that it has nothing to say, for which POP has no concept: UICC MX and PnX, oBDS residual
#: status U, registry codes for unknown.
_UNSTATED = frozenset({"MX", "PNX", "U", "UNKNOWN", "UNBEKANNT", "99", "88", "X"})
#: pT2, ypN1, rpT0: of a pathological classification, whatever stands before the p.
_PATHOLOGICAL = re.compile(r"[yra]*p[TN]")


def key_of(staging: Staging) -> str:
    """The stage group's; without one, day, side and focus of the categories, which do not depend on their number."""
    group = staging.group
    if group is not None and group.resource.type == "Condition":
        named = group.identity.startswith("Observation/")
        return f"TNMStaging:{group.identity}" + ("" if named or group.side is None else f"/{group.side}")
    if group is not None:
        return f"TNMStaging:{group.resource.reference}"
    first = staging.every()[0]
    if first.resource.type == "Condition":
        return f"TNMStaging:{first.resource.reference}/{staging.side or 'unspecified'}"
    day = first.day.iso if first.day else "undated"
    focus = min(first.focus, default="unfocused").removeprefix(f"{TUMOUR}:")
    return f"TNMStaging:{focus}/{day}/{staging.side or 'unspecified'}"


class StagingDraft:
    """One staging on its way to a draft."""

    def __init__(self, staging: Staging, context: Context) -> None:
        self.staging = staging
        self.context = context
        self.side = staging.side
        self.anchor = staging.group or staging.every()[0]
        self.result = Drafting("TNMStaging", key_of(staging))

    def drafting(self) -> Drafting:
        drafting, staging, anchor = self.result, self.staging, self.anchor
        reference = anchor.resource.reference
        where = Source(reference, "code" if anchor.resource.type == "Observation" else anchor.element)
        drafting.refer("caseId", case_key(self.context, anchor.resource), subject_source(anchor.resource))
        drafting.put("stagingDomain", "tnm", where)
        drafting.read(*staging.pointers)
        self._day()
        if self.side is not None:
            drafting.put("pathological", self.side == "pathological", where)
        for finding in (*staging.every(), *staging.symbols, *staging.beaten):
            self._read(finding)
        for finding in staging.every():
            self._field(finding)
        self._mixed(where)
        for rejected in staging.rejected:
            drafting.issue("inconsistent-member", rejected.part.field,
                           "A stage group lists a category of the other side (clinical or pathological): it is left out.",
                           source=Source(reference, "hasMember"))  # fmt: skip
        if staging.unresolved:
            text = "The stage group refers to members that have not arrived."
            drafting.issue("unresolved-reference", "stage", text, source=Source(reference, "hasMember"))
        self._method()
        put_tumours(drafting, self._statement(), TNM, self.context)
        if "stage" not in drafting.payload and (staging.group is None or staging.group.value is None):
            self._without_stage()
        return drafting

    def _mixed(self, where: Source) -> None:
        """A clinical group with contained pathological categories: they have no life outside it and stay, but POP must not hold
        them as clinical (AJCC 8, chapter 1: pT and pN are of a pathological classification)."""
        drafting = self.result
        shown = [str(drafting.payload.get(name, {}).get("display")) for name in ("primaryTumor", "regionalNodes")]
        if drafting.payload.get("pathological") is False and any(_PATHOLOGICAL.match(each) for each in shown):
            drafting.withdraw("pathological")
            text = "The stage group is called clinical and contains pathological categories: its side is left open."
            drafting.issue("inconsistent-member", "pathological", text, source=where)

    def _without_stage(self) -> None:
        """Categories without a stage group wait; the published tables may say it where the site has switched them on."""
        drafting, source = self.result, Source(self.anchor.resource.reference, self.anchor.element)
        if self.context.options.get("tnm.stage-from-tables") is True:
            named = [drafting.payload.get(name) for name in ("primaryTumor", "regionalNodes", "distantMetastases")]
            keys = drafting.references.get("stagedEntitiesIds", ())
            tumours = [view.payload for view in self.context.entities(TUMOUR) if view.key in keys]
            letters = [str(each["display"]) for each in named if isinstance(each, dict)]
            stage = stage_group(tumours[0], *letters) if len(tumours) == 1 and len(letters) == 3 else None
            found = self.context.translate("TNMStage", {"text": stage}, text=True) if stage is not None else None
            if found is not None:
                drafting.put("stage", found.concept)
                text = "The source states no stage group: AJCC's table gives it from T, N and M (option tnm.stage-from-tables)."
                drafting.assume("stage", "stage-from-table", text)
                return
        if self.staging.group is None:
            drafting.missing(
                "stage", "These categories have no stage group (yet): it is never derived from them.", source
            )
        else:
            drafting.missing("stage", "The stage group has no coded or textual value.", source)

    def _statement(self) -> Statement:
        anchor = self.anchor
        return Statement(anchor.resource, anchor.element, anchor.value, anchor.identity, anchor.day, anchor.focus)

    def _day(self) -> None:
        """A Condition's stage is dated by the categories that it names, where they have one day."""
        dated = [each for each in self.staging.every() if each.day is not None]
        if self.anchor.day is None and dated and len({each.day for each in dated}) == 1:
            first = dated[0]
            put_day(self.result, Statement(first.resource, first.element, None, ""), self.context)
            text = "The stage group has no date: that of its categories is taken."
            self.result.assume("date", "date-of-categories", text, Source(first.resource.reference, first.element))
        else:
            put_day(self.result, self._statement(), self.context)

    def _read(self, finding: Finding) -> None:
        json, reference = finding.resource.json, finding.resource.reference
        if finding.resource.type == "Condition":
            self.result.read(Source(reference, finding.element))
            return
        self.result.read(*(Source(reference, name) for name in _READ if name in json))
        self.result.read(*(Source(reference, name) for name in json if name.startswith("value")))

    def _field(self, finding: Finding) -> None:
        drafting, field = self.result, finding.part.field
        source = Source(finding.resource.reference, finding.element)
        value = finding.value
        if value is not None and any(system == _ABSENT for system, _ in pairs(value)):
            # "Not applicable" as a value states that there is no category.
            value = None if field == STAGE else {}
        elif value is None and finding.resource.json.get("dataAbsentReason") is not None and field != STAGE:
            value = {}
        if value is None:
            if field != STAGE:
                text = "The category has no coded or textual value."
                drafting.issue("missing-value", field, text, source=source)
            return
        if field != STAGE and any(
            each.upper() in _UNSTATED and not (field == N and each == "pNX") for each in letters_of(value)
        ):
            # PnX says nothing of the nerves; pNX, spelled alike, is a category of the nodes.
            return
        found = self._category(finding, value) if field in CATEGORIES else None
        if found is None:
            drafting.concept(
                field, TERMINOLOGY[field], value, context=self.context, source=source, required=field == STAGE
            )
        else:
            drafting.put(field, found.concept, source)
            drafting.note_rule(field, found, source)
        if field in self.staging.by_day:
            drafting.assume(
                field, "category-by-day", "It belongs to the stage group of its day, side and focus.", source
            )

    def _category(self, finding: Finding, value: JsonObject) -> Translation | None:
        """A T, N or M: a concept of POP's list, else its letters with every prefix that the source states."""
        terminology, field = TERMINOLOGY[finding.part.field], finding.part.field
        found = self.context.translate(terminology, value)
        if found is not None:
            return found
        source = Source(finding.resource.reference, finding.element)
        for letters in letters_of(value):
            read = category_of(letters) or bare_category(letters, finding.part.field)
            if read is None:
                continue
            prefix, category, suffix = read
            suffix = suffix or suffixes_of(value)
            side = (
                _letter(prefix) or _letter(finding.side) or (_letter(self.side) if field != "distantMetastases" else "")
            )
            for tried, dropped in self._spellings(prefix, side or "c", category, suffix):
                found = self.context.translate(terminology, {"text": tried}, text=True)
                if found is None:
                    continue
                if not side:
                    text = "No prefix is stated: TNM without one is the clinical classification."
                    self.result.assume(field, "clinical-by-default", text, source)
                    if self.side is None and field != "distantMetastases":
                        self.result.put("pathological", False, source)
                if dropped:
                    text = "POP's list has no such category with this prefix: it stands without it."
                    self.result.assume(field, "prefix-left-out", text, source)
                return found
        return None

    def _spellings(self, prefix: str, side: str, category: str, suffix: str) -> Iterator[tuple[str, bool]]:
        symbols = {each.part.symbol for each in self.staging.symbols} if category[0] != "M" else set()
        marks = "".join(mark for mark in "yra" if mark in prefix or mark in symbols)
        for mark in dict.fromkeys([marks, *marks, ""]):
            if "a" in marks and "a" not in mark:
                continue  # An autopsy's finding is neither clinical nor pathological.
            for letter in dict.fromkeys([side, "c"] if category == "M0" else [side]):
                yield f"{mark}{letter}{category}{suffix}", mark != marks
                for shorter in (*re.findall(r"\([^()]+\)", suffix), "") if suffix else ():
                    yield f"{mark}{letter}{category}{shorter}", mark != marks

    def _method(self) -> None:
        for finding in (*self.staging.every(), *self.staging.symbols, *self.staging.beaten):
            found_method = _method_of(finding)
            if found_method is None:
                continue
            name, method = found_method
            source = Source(finding.resource.reference, name)
            self.result.read(source)
            if "methodology" in self.result.payload or finding.part.field == SYMBOL:
                continue
            edition = _edition(method)
            found = self.context.translate("TNMStagingMethod", edition, text=True)
            if found is not None:
                self.result.put("methodology", found.concept, source)
                if edition == _UICC:
                    text = "The source states an edition of UICC's TNM; POP's list has UICC without editions."
                    self.result.assume("methodology", "edition-left-out", text, source)
                self.result.note_rule("methodology", found, source)
            elif finding.resource.type == "Observation":
                self.result.unmapped("methodology", "TNMStagingMethod", method, source=source)


def _method_of(finding: Finding) -> tuple[str, JsonObject] | None:
    """(element, method): an Observation's method, or its code where the words name the edition (``AJCC 8th edition stage``);
    the type of a Condition's stage."""
    json = finding.resource.json
    if finding.resource.type == "Observation":
        method = json.get("method")
        if isinstance(method, dict):
            return "method", method
        for element, text in _told(json):
            named: JsonObject = {"text": text}
            if _edition(named) != named:
                return element, named
        return None
    stage = next((each for place, each in stages_of(json) if finding.element.startswith(f"stage[{place}]")), {})
    kind = stage.get("type")
    return (finding.element.replace("summary", "type"), kind) if isinstance(kind, dict) else None


def _told(json: JsonObject) -> Iterator[tuple[str, str]]:
    """(element, text) where people write an edition: the name of the stage, a component for it, behind the stage itself."""
    yield "code", words(json.get("code"))
    for position, part in enumerate(objects(json.get("component"))):
        name = words(part.get("code"))
        if "edition" in name.lower():
            value = (
                text_of(part.get("valueString"))
                or words(part.get("valueCodeableConcept"))
                or str(part.get("valueInteger"))
            )
            yield f"component[{position}]", f"{name} {value}"
    yield "valueString", text_of(json.get("valueString"))
    yield "valueCodeableConcept", words(json.get("valueCodeableConcept"))


#: ``AJCC 8``, ``AJCC 8th ed.``, ``AJCC edition 8th``, ``8th edition (AJCC)``.
_NAMED_EDITION = re.compile(
    r"\bajcc\b(?:[\s,:|]|edition|staging|manual|cancer|version|v|ed\.)*([6-9])(?:th)?\b(?!\.?\d)|\b([6-9])th\s*ed(?:ition|\.)?\W+ajcc",
    re.I,
)
_EDITIONS = {
    "6": "AJCC Staging Manual 6th edition", "7": "AJCC Staging Manual 7th edition", "8": "AJCC Staging Manual 8th edition",
    "9": "AJCC Staging Manual 9th edition",
}  # fmt: skip
_UICC: JsonObject = {"text": "UICC Staging"}


def _edition(method: JsonObject) -> JsonObject:
    """MII's method is the edition of UICC's TNM, which POP has without its edition (``UICC Staging``)."""
    if any(system == _MII_VERSION or (not system and code in "12345678") for system, code in pairs(method)):
        return _UICC
    text = words(method)
    number = next((each for each in _EDITIONS if f"{each}th" in text or f"v{each}" in text.lower()), None)
    if number is None and (match := _NAMED_EDITION.search(text)) is not None:
        number = match[1] or match[2]
    if number is not None and "ajcc" in text.lower() and not list(pairs(method)):
        return {"text": _EDITIONS[number]}
    return method


def _letter(side: str | None) -> str:
    if not side:
        return ""
    if side in ("clinical", "pathological"):
        return side[0]
    return "p" if "p" in side else "c" if set(side) & {"c", "u"} else ""
