"""TNM stagings."""

from __future__ import annotations

from collections.abc import Iterator

from mappers.drafting import Drafting
from mappers.fhir import pairs, words
from mappers.protocol import Context, Group, JsonObject, MapOutput, NotForPop, Resource, Source, Translation
from mappers.stagings.stage_tables import stage_group
from mappers.stagings.statements import Statement, put_day, put_tumours
from mappers.stagings.systems import TNM
from mappers.stagings.tnm_conditions import is_staged, stagings_of
from mappers.stagings.tnm_parts import CATEGORIES, STAGE, SYMBOL, TERMINOLOGY, Side, bare_category, letters_of, part_of
from mappers.stagings.tnm_sets import Finding, Staging, assemble, read_findings, same_focus
from mappers.subjects import TUMOUR, VOID, case_key, subject_source
from mappers.terminology.stage_names import category_of, finer, token_of

_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_MII_VERSION = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-tnm-version"
_READ = (
    "status", "code", "category", "specimen", "focus", "issued", "bodySite", "component", "interpretation", "partOf", "subject",
    "effectiveDateTime", "derivedFrom", "dataAbsentReason",
)  # fmt: skip
#: Values by which a source says that it has nothing to say, for which POP has no concept: UICC MX and PnX, oBDS residual
#: status U, registry codes for unknown.
_UNSTATED = frozenset({"MX", "PNX", "U", "UNKNOWN", "UNBEKANNT", "99", "88", "X"})


class TNMStagingMapper:
    """A TNM stage group and its categories as one staging.

    * Members: by reference, contained, components or words of one Observation (``pT2a N1 M0``), or of the same day, side
      (clinical or pathological) and focus. Categories of the other side are never mixed in; a warning names them.
    * A stage group is never invented: categories without one wait as a blocked draft until it arrives. Option
      ``tnm.stage-from-tables`` = true: T, N and M of breast, colon, rectum and lung give it by AJCC's tables (an assumption).
    * Two stage groups of one day, side and tumour: the finer wins (IIIA over III); contradicting ones both stay.
    * Stage and categories are SNOMED CT concepts of POP's lists; or UICC letters (``IIB``, ``pT2a(m)``, ``3C``), older SNOMED CT
      and NCIt codes that stand for letters. Letters without a prefix take it from the Observation's code, MII's c/p extension
      or the stage group; without any they are clinical (UICC 8th ed.: ``TNM (or cTNM)``), an assumption.
    * The symbols y and r (MII: Observations of their own) prefix T and N; where POP's list has no such category it stands
      without them, an assumption. pM0 is cM0 (AJCC 8th ed. has no pM0). The m symbol and (sn) are no part of POP's categories.
    * ``Condition.stage``: an assessment with a stage speaks for itself, assessments that are categories are members, a bare
      summary is dated by its diagnosis (an assumption). A diagnosis code that names a TNM stage (SNOMED CT) gives it too.
    * MX, PnX, residual status U and codes for unknown say nothing: they are left out.
    """

    name = "tnm-staging"
    version = "2"
    produces: tuple[str, ...] = ("TNMStaging",)
    reads: tuple[str, ...] = ("Observation", "Condition")
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """One group per patient: whether a category belongs to a stage group shows only when all are seen."""
        if resource.type == "Observation":
            return "tnm" if part_of(resource.json) is not None else None
        return "tnm" if is_staged(resource.json) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """A draft per stage group, and one per set of categories that has none."""
        findings: list[Finding] = []
        conditions: list[Staging] = []
        for member in group.members:
            if member.type == "Condition":
                conditions.extend(stagings_of(member, context))
                continue
            found = read_findings(member, context)
            findings.extend(found)
            if not found:
                status = VOID.get(str(member.json.get("status")), "unusable")
                yield NotForPop(member.reference, f"the observation is {status}")
        observed = assemble(findings, context)
        joined = _joined(conditions, observed)
        stagings = _settled([*observed, *joined], context)
        taken: set[str] = set()
        for staging in stagings:
            everything = (*staging.every(), *staging.symbols, *staging.beaten)
            taken.update(each.resource.reference for each in everything)
            yield _Draft(staging, context).drafting().done()
        for reference in sorted({each.resource.reference for each in findings} - taken):
            stated = any(letters_of(each.value) for each in findings if each.resource.reference == reference)
            why = (
                "no stage or category of its day and tumour, or another of its kind is taken"
                if stated
                else "it has no value"
            )
            yield NotForPop(reference, f"a part of a TNM staging without a home: {why}")


def _joined(conditions: list[Staging], observed: list[Staging]) -> list[Staging]:
    """A Condition's stagings; one that has only a stage takes the only categories about its tumour that lack a stage."""
    for staging in conditions:
        group = staging.group
        loose = [
            each for each in observed
            if group is not None and not staging.members and each.group is None and _compatible(each.side, group.side)
            and same_focus(each.every()[0].focus, group.focus)
        ]  # fmt: skip
        if len(loose) == 1:
            staging.members, staging.symbols = loose[0].members, loose[0].symbols
            staging.by_day = set(loose[0].members)
            observed.remove(loose[0])
    taken = {each.place for staging in conditions for each in staging.members.values()}
    for other in [each for each in observed if each.group is None]:
        # Categories that a Condition names as the assessment of its stage are not left over.
        if all(each.place in taken for each in other.members.values()):
            observed.remove(other)
    return conditions


def _compatible(one: Side | None, other: Side | None) -> bool:
    return one is None or other is None or one == other


def _settled(stagings: list[Staging], context: Context) -> list[Staging]:
    """Of compatible stage groups the finest stays and takes over the categories of the others; see ``statements.settle``."""
    senses = {id(each): _sense(each, context) for each in stagings}
    ordered = sorted(
        stagings, key=lambda each: (each.group is None, _of_condition(each), -len(each.members), _key(each))
    )
    kept: list[Staging] = []
    for each in ordered:
        better = next((other for other in ordered if other is not each and _beats(other, each, ordered, senses)), None)
        if better is None:
            kept.append(each)
            continue
        for name, member in each.members.items():
            better.members.setdefault(name, member)
        if each.group is not None:
            better.beaten.append(each.group)
    return kept


def _of_condition(staging: Staging) -> bool:
    return staging.group is not None and staging.group.resource.type == "Condition"


def _sense(staging: Staging, context: Context) -> tuple[str, tuple[str, str] | None] | None:
    if staging.group is None or staging.group.value is None:
        return None
    found = context.translate("TNMStage", staging.group.value, text=True)
    return None if found is None else (str(found.concept["code"]), token_of(str(found.concept.get("display"))))


def _beats(
    one: Staging, other: Staging, order: list[Staging], senses: dict[int, tuple[str, tuple[str, str] | None] | None]
) -> bool:
    first, second = senses[id(one)], senses[id(other)]
    if first is None or second is None or one.group is None or other.group is None:
        return False
    same_day = one.group.day == other.group.day or _of_condition(one) or _of_condition(other)
    if not same_day or not _compatible(one.side, other.side) or not same_focus(one.group.focus, other.group.focus):
        return False
    if first[0] == second[0]:
        return order.index(one) < order.index(other)
    if first[1] is None or second[1] is None or not finer(first[1], second[1]):
        return False
    return _of_condition(other) or not _of_condition(one)


def _key(staging: Staging) -> str:
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


class _Draft:
    """One staging on its way to a draft."""

    def __init__(self, staging: Staging, context: Context) -> None:
        self.staging = staging
        self.context = context
        self.side = staging.side
        self.anchor = staging.group or staging.every()[0]
        self.result = Drafting("TNMStaging", _key(staging))

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
        if any(each.upper() in _UNSTATED for each in letters_of(value)) and field != STAGE:
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
                if suffix:
                    yield f"{mark}{letter}{category}", mark != marks

    def _method(self) -> None:
        for finding in (*self.staging.every(), *self.staging.symbols):
            name = "method" if finding.resource.type == "Observation" else finding.element.replace("summary", "type")
            method = _method_of(finding)
            if method is None:
                continue
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


def _method_of(finding: Finding) -> JsonObject | None:
    json = finding.resource.json
    if finding.resource.type == "Observation":
        method = json.get("method")
        return method if isinstance(method, dict) else None
    stages = json.get("stage")
    position = finding.element.partition("[")[2].partition("]")[0]
    if not isinstance(stages, list) or not position.isdigit():
        return None
    kind = stages[int(position)].get("type")
    return kind if isinstance(kind, dict) else None


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
    if number is not None and "ajcc" in text.lower() and not list(pairs(method)):
        return {"text": _EDITIONS[number]}
    return method


def _letter(side: str | None) -> str:
    if not side:
        return ""
    if side in ("clinical", "pathological"):
        return side[0]
    return "p" if "p" in side else "c" if set(side) & {"c", "u"} else ""
