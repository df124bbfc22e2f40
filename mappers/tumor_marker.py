"""Tumour markers."""

from __future__ import annotations

from mappers.codes import ANALYTE, MARKER_PROFILES
from mappers.drafting import Drafting
from mappers.fhir import extension_value, objects, pairs, profiles
from mappers.markers.analytes import TERMINOLOGY, is_laboratory, may_name_marker
from mappers.markers.observations import tell, written_day
from mappers.markers.repeats import Told, distinct
from mappers.markers.results import VALUES
from mappers.protocol import Context, Draft, Group, MapOutput, NotForPop, Resource, Source
from mappers.subjects import TUMOUR, case_key, check_after_birth, related_tumours, subject_source

#: What a marker test is never: these kinds of Observation belong to other mappers even when sent as laboratory.
_OTHER_CATEGORIES = frozenset(
    {"vital-signs", "social-history", "survey", "exam", "imaging", "procedure", "therapy", "activity"}
)
_READ = (
    "status", "code", "category", "method", "specimen", "interpretation", "referenceRange", "effectiveDateTime", "effectiveInstant",
    "effectivePeriod", "issued", "hasMember",
)  # fmt: skip


class TumorMarkerMapper:
    """Laboratory and pathology Observations of tumour markers.

    * The analyte is POP's own extension, else the test's code by concept map (LOINC, SNOMED CT, NCIt), else the whole name of an
      analyte (``mappers.terminology.analyte_names``), else the gene that an immunohistochemistry names.
    * A laboratory value whose test measures no analyte of POP's is not for POP; if the sender profiled it as a tumour marker,
      it waits as an unmapped code instead. So is a value in a fluid other than blood, which POP could not tell from a serum value.
    * Values: a concentration, fraction or multiple of the median in POP's unit; presence; HER2 score; PD-L1 scores; nuclear
      expression of mismatch repair proteins (see ``mappers.markers``). One that is pending or not done is none.
    * A value with a comparator ("<0.1") is a bound and no measurement: it waits (option ``marker.comparator`` = ``bound`` takes
      the bound as an assumption); a bound that determines POP's category is taken. A range waits.
    * Components are read with their Observation: those of its own analyte make one entity with it, each other analyte its own. A
      panel without a value of its own is its members.
    * One result told several times is one entity (``mappers.markers.repeats``).
    * The day is that of the specimen's collection, else of the observation, else (assumed) of its release.
    """

    name = "tumor-marker"
    version = "2"
    produces: tuple[str, ...] = ("TumorMarker",)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """The day, as it is written, for anything that may be a laboratory result: repeats are found within a day."""
        json = resource.json
        code = json.get("code")
        if is_laboratory(json):
            return written_day(json)
        if json.get("meta") is not None and profiles(json) & MARKER_PROFILES:
            return written_day(json)
        if isinstance(code, dict) and "extension" in code and extension_value(code, ANALYTE) is not None:
            return written_day(json)
        if any(code in _OTHER_CATEGORIES for each in objects(json.get("category")) for _, code in pairs(each)):
            return None
        parts = objects(json.get("component"))
        asked = may_name_marker(code) or any(may_name_marker(each.get("code")) for each in parts)
        return written_day(json) if asked else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """A draft per result."""
        told: list[Told] = []
        for member in group.members:
            for found in tell(member, context):
                if isinstance(found, NotForPop):
                    yield found
                else:
                    told.append(found)
        for each in sorted(distinct(told), key=lambda one: min(each.key for each in (one, *one.also))):
            yield _draft(each, context)


def _draft(told: Told, context: Context) -> Draft:
    everywhere = sorted([told, *told.also], key=lambda each: each.key)
    drafting = Drafting("TumorMarker", f"TumorMarker:{everywhere[0].key}")
    member = told.member
    drafting.refer("caseId", case_key(context, member), subject_source(member))
    for each in (told, *told.also):
        drafting.consume(each.member, *_READ)
        drafting.read(*(finding.source for finding in each.findings))
        if each is not told:
            drafting.consume(each.member, *VALUES, "component", "focus", "extension")
    _put_day(drafting, told, context)
    if told.analyte is None:
        code = member.json.get("code")
        drafting.unmapped("analyte", TERMINOLOGY, code, source=told.analyte_source, required=True)
    else:
        drafting.put("analyte", told.analyte.concept, told.analyte_source)
        drafting.note_rule("analyte", told.analyte, told.analyte_source)
        _put_values(drafting, told)
    about = next((each.member for each in (told, *told.also) if _names_tumour(each.member)), member)
    related_tumours(drafting, "relatedEntitiesIds", about, context)
    return drafting.done()


def _names_tumour(member: Resource) -> bool:
    return any(member.json.get(name) for name in ("focus", "reasonReference", "extension"))


def _put_day(drafting: Drafting, told: Told, context: Context) -> None:
    if told.day is None:
        text = "The result has no usable date (specimen, effective or issued)."
        drafting.missing("date", text, Source(told.member.reference, "effectiveDateTime"))
        return
    day, source, kind = told.day
    drafting.day("date", day, source)
    if kind == "released":
        text = "No time of observation is stated: the time of release is taken."
        drafting.assume("date", "date-of-release", text, source)
    check_after_birth(drafting, "date", day, source, context)


def _put_values(drafting: Drafting, told: Told) -> None:
    for each in told.findings:
        if each.problem is None and each.field not in drafting.payload:
            drafting.put(each.field, each.value, each.source)
            if each.assumption is not None:
                drafting.assume(each.field, each.assumption, each.text, each.source)
        elif each.problem is None and drafting.payload[each.field] != each.value:
            text = "The source states several values of this kind: the first is taken."
            drafting.issue("several-values", each.field, text, source=each.source)
    usable = bool(told.values)
    for each in told.findings:
        if each.problem is not None:
            drafting.issue(each.problem, "value", each.text, source=each.source, blocking=not usable)
    if not told.findings:
        absent = told.member.json.get("dataAbsentReason") is not None
        why = "The source says that the result is absent." if absent else "The observation has no result."
        drafting.missing("value", why, Source(told.member.reference, "dataAbsentReason" if absent else "value"))
