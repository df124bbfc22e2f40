"""TNM stagings."""

from __future__ import annotations

from mappers.drafting import Drafting
from mappers.fhir import objects, pairs, text_of
from mappers.protocol import Context, Group, JsonObject, MapOutput, NotForPop, Resource, Source
from mappers.references import target_keys
from mappers.subjects import TUMOUR, VOID, case_key, put_observed, related_tumours, subject_source
from mappers.tnm_codes import Side, part_of
from mappers.tnm_sets import Finding, Staging, assemble, read_finding

_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_READ = ("status", "code", "category", "specimen", "focus", "issued", "bodySite", "component", "interpretation")


class TNMStagingMapper:
    """A TNM stage group and its categories as one staging.

    * Members: by reference, contained, or of the same day, side (clinical or pathological) and focus; see ``mappers.tnm_sets``.
      Categories of the other side are never mixed in; a warning names them.
    * A stage group is never invented: categories without one wait as a blocked draft until it arrives.
    * Stage and categories are SNOMED CT concepts of POP's lists, or UICC letters (``IIB``, ``pT2a(m)``); letters without a
      prefix take it from the Observation's code (``T2`` of a cT Observation is ``cT2``).
    """

    name = "tnm-staging"
    version = "1"
    produces: tuple[str, ...] = ("TNMStaging",)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """One group per patient: whether a category belongs to a stage group shows only when all are seen."""
        return "tnm" if part_of(resource.json) is not None else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """A draft per stage group, and one per set of categories that has none."""
        findings: list[Finding] = []
        for member in group.members:
            finding = read_finding(member, context)
            if finding is not None:
                findings.append(finding)
            else:
                yield NotForPop(
                    member.reference, f"the observation is {VOID.get(str(member.json.get('status')), 'unusable')}"
                )
        taken: set[str] = set()
        for staging in assemble(findings, context):
            taken.update(each.resource.reference for each in staging.every())
            yield self._draft(staging, context).done()
        for finding in findings:
            if finding.resource.reference not in taken:
                yield NotForPop(finding.resource.reference, "another category of the same kind, day and focus is taken")

    def _draft(self, staging: Staging, context: Context) -> Drafting:
        anchor = (staging.group or staging.every()[0]).resource
        drafting = Drafting("TNMStaging", _key(staging))
        drafting.refer("caseId", case_key(context, anchor), subject_source(anchor))
        drafting.put("stagingDomain", "tnm", Source(anchor.reference, "code"))
        drafting.read(*staging.pointers)
        put_observed(drafting, anchor, context)
        side = _side(staging)
        if side is not None:
            drafting.put("pathological", side == "pathological", Source(anchor.reference, "code"))
        if staging.group is None:
            drafting.missing("stage", "These categories have no stage group (yet): it is never derived from them.",
                             Source(anchor.reference, "valueCodeableConcept"))  # fmt: skip
        for finding in staging.every():
            self._part(drafting, finding, finding.side or side, context)
            if finding.part.field in staging.by_day:
                drafting.assume(finding.part.field, "category-by-day", "It belongs to the stage group of its day, side and focus.",
                                Source(finding.resource.reference, "effectiveDateTime"))  # fmt: skip
        for rejected in staging.rejected:
            drafting.issue("inconsistent-member", rejected.part.field,
                           "A stage group lists a category of the other side (clinical or pathological): it is left out.",
                           source=Source(anchor.reference, "hasMember"))  # fmt: skip
        if staging.unresolved:
            text = "The stage group refers to members that have not arrived."
            drafting.issue("unresolved-reference", "stage", text, source=Source(anchor.reference, "hasMember"))
        self._method(drafting, staging, context)
        if not related_tumours(drafting, "stagedEntitiesIds", anchor, context) or "focus" not in anchor.json:
            self._assessed(drafting, anchor, context)
        return drafting

    def _part(self, drafting: Drafting, finding: Finding, side: Side | None, context: Context) -> None:
        json, part = finding.resource.json, finding.part
        present = [name for name in (*_READ, "subject", "effectiveDateTime") if name in json]
        drafting.read(*(Source(finding.resource.reference, name) for name in present))
        element = "valueCodeableConcept" if "valueCodeableConcept" in json else "valueString"
        source = Source(finding.resource.reference, element)
        value = json.get(element)
        concept = {"text": value} if isinstance(value, str) else value
        if isinstance(concept, dict) and any(system == _ABSENT for system, _ in pairs(concept)):
            drafting.read(source)  # "Not applicable" as a value states that there is no category.
            concept = None if part.field == "stage" else {}
        if not isinstance(concept, dict):
            if part.field == "stage":
                drafting.missing("stage", "The stage group has no coded or textual value.", source)
            else:
                drafting.issue(
                    "missing-value", part.field, "The category has no coded or textual value.", source=source
                )
            return
        drafting.concept(part.field, part.terminology, _prefixed(concept, part.field, side), context=context, source=source,
                         required=part.field == "stage")  # fmt: skip

    def _method(self, drafting: Drafting, staging: Staging, context: Context) -> None:
        for finding in staging.every():
            method = finding.resource.json.get("method")
            source = Source(finding.resource.reference, "method")
            if not isinstance(method, dict):
                continue
            drafting.read(source)
            if "methodology" not in drafting.payload:
                drafting.concept("methodology", "TNMStagingMethod", method, context=context, source=source)

    def _assessed(self, drafting: Drafting, anchor: Resource, context: Context) -> None:
        """A Condition may point to its staging (``stage.assessment``) where the staging has no focus."""
        for condition in context.resources("Condition"):
            for position, stage in enumerate(objects(condition.json.get("stage"))):
                keys = {key for each in objects(stage.get("assessment")) for key in target_keys(each)}
                if anchor.reference in keys:
                    view = context.entity_of(TUMOUR, condition.reference, within=condition)
                    source = Source(condition.reference, f"stage[{position}].assessment")
                    drafting.read(source)
                    if view is not None:
                        drafting.refer("stagedEntitiesIds", (view.key,), source)


def _key(staging: Staging) -> str:
    """The stage group's; without one, day, side and focus of the categories, which do not depend on their number."""
    if staging.group is not None:
        return f"TNMStaging:{staging.group.resource.reference}"
    first = staging.every()[0]
    day = first.day.iso if first.day else "undated"
    return f"TNMStaging:{min(first.focus, default='unfocused')}/{day}/{first.side or 'unspecified'}"


def _side(staging: Staging) -> Side | None:
    if staging.group is not None and staging.group.side is not None:
        return staging.group.side
    sides = {each.side for each in staging.members.values() if each.side is not None}
    return sides.pop() if len(sides) == 1 else None


def _prefixed(concept: JsonObject, field: str, side: Side | None) -> JsonObject:
    """``T2`` of a clinical category as ``cT2``, which is how POP names it."""
    if field not in ("primaryTumor", "regionalNodes", "distantMetastases") or side is None:
        return concept
    text = text_of(concept.get("text")) or next(
        (text_of(each.get("display")) or text_of(each.get("code")) for each in objects(concept.get("coding"))), ""
    )
    if text[:1] in ("T", "N", "M"):
        return {**concept, "text": side[0] + text}
    return concept
