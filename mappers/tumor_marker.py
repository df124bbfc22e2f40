"""Tumour markers."""

from __future__ import annotations

from typing import Any

from mappers.codes import ANALYTE, LOINC, MARKER_PROFILES, NCIT
from mappers.drafting import Drafting
from mappers.fhir import codings, extension_value, has_code, objects, pairs, profiles, triples, words
from mappers.marker_values import ValueReader
from mappers.protocol import Context, Group, JsonObject, MapOutput, NotForPop, Resource, Source, Translation
from mappers.subjects import TUMOUR, VOID, case_key, put_observed, related_tumours, subject_source

_LABORATORY = frozenset({"laboratory", "LAB", "26436-6"})
#: What a marker test is never: these kinds of Observation belong to other mappers even when sent as laboratory.
_OTHER_CATEGORIES = frozenset(
    {"vital-signs", "social-history", "survey", "exam", "imaging", "procedure", "therapy", "activity"}
)


class TumorMarkerMapper:
    """Laboratory and pathology Observations of tumour markers.

    * The analyte is POP's own extension, else the test's code by concept map, else the exact name of an analyte.
    * A laboratory value whose test measures no analyte of POP's is not for POP; if the sender profiled it as a tumour marker,
      it waits as an unmapped code instead.
    * One value per marker: a concentration, fraction or multiple of the median in POP's unit; presence; HER2 IHC score; PD-L1
      scores; nuclear expression of mismatch repair proteins (see ``mappers.marker_values``).
    * A value with a comparator ("<0.1") is a bound and no measurement: it waits (option ``marker.comparator`` = ``bound`` takes
      the bound as an assumption).
    * Panels: each component or member that is a marker of its own is read; the panel itself is not.
    """

    name = "tumor-marker"
    version = "1"
    produces: tuple[str, ...] = ("TumorMarker",)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """Its own group, for anything that may be a laboratory result; ``map`` decides."""
        json = resource.json
        code = json.get("code")
        if isinstance(code, dict) and extension_value(code, ANALYTE) is not None:
            return resource.reference
        if profiles(json) & MARKER_PROFILES:
            return resource.reference
        categories = {code for each in objects(json.get("category")) for _, code in pairs(each)}
        if categories & _LABORATORY:
            return resource.reference
        if categories & _OTHER_CATEGORIES or not isinstance(code, dict):
            return None
        return resource.reference if any(system in (LOINC, NCIT) or not system for system, _ in pairs(code)) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """A draft per marker value."""
        for member in group.members:
            yield from self._map(member, context)

    def _map(self, member: Resource, context: Context) -> MapOutput:
        json = member.json
        analyte, source = find_analyte(member, json.get("code"), "code", context)
        profiled = bool(profiles(json) & MARKER_PROFILES)
        parts = [
            (position, part, found[0])
            for position, part in enumerate(objects(json.get("component")))
            if (found := find_analyte(member, part.get("code"), f"component[{position}].code", context))[0] is not None
        ]
        if analyte is None and not parts and not profiled:
            yield NotForPop(member.reference, _reason(json))
            return
        status = json.get("status")
        if isinstance(status, str) and status in VOID:
            yield NotForPop(member.reference, f"the observation is {VOID[status]}")
            return
        if analyte is not None or not parts:
            yield self._draft(member, json, "", analyte, source, context)
        for position, part, own in parts:
            if analyte is None or own is None or own.concept != analyte.concept:
                element = f"component[{position}]."
                yield self._draft(member, part, element, own, Source(member.reference, element + "code"), context)

    def _draft(
        self,
        member: Resource,
        part: JsonObject,
        prefix: str,
        analyte: Translation | None,
        source: Source,
        context: Context,
    ) -> Any:
        # A component has no id: its place is its code's, which stays when the list is sorted otherwise.
        suffix = f"/{_code_key(part)}" if prefix else ""
        drafting = Drafting("TumorMarker", f"TumorMarker:{member.reference}{suffix}")
        drafting.refer("caseId", case_key(context, member), subject_source(member))
        drafting.consume(member, "status", "code", "category", "method", "specimen", "interpretation", "referenceRange")
        put_observed(drafting, member, context)
        if analyte is None:
            drafting.unmapped("analyte", "TumorMarkerAnalyte", member.json.get("code"), source=source, required=True)
        else:
            drafting.put("analyte", analyte.concept, source)
            drafting.note_rule("analyte", analyte, source)
            ValueReader(drafting, member, prefix, str(analyte.concept["code"]), context).read(part)
        related_tumours(drafting, "relatedEntitiesIds", member, context)
        return drafting.done()


def find_analyte(member: Resource, code: Any, element: str, context: Context) -> tuple[Translation | None, Source]:
    """(translation, source) of the analyte that a test measures. A panel's code names several and translates to none."""
    if not isinstance(code, dict):
        return None, Source(member.reference, element)
    stated = extension_value(code, ANALYTE)
    if stated is not None and isinstance(stated[1], dict):
        found = context.translate("TumorMarkerAnalyte", stated[1], text=True)
        if found is not None:
            return found, Source(member.reference, element)
    return context.translate("TumorMarkerAnalyte", code, text=True), Source(member.reference, element)


def _reason(json: JsonObject) -> str:
    if has_code(json.get("code"), {(LOINC, "94076-7")}):
        return "a genomic signature, no tumour marker"
    if not triples(json.get("code")) and not words(json.get("code")):
        return "an observation without a code"
    categories = {code for each in objects(json.get("category")) for _, code in pairs(each)}
    what = "a laboratory value" if categories & _LABORATORY else "an observation"
    return f"{what} that is no tumour marker of POP's"


def _code_key(part: JsonObject) -> str:
    found = codings(part.get("code"))
    return str(found[0].get("code")) if found else words(part.get("code"))
