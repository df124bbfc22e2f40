"""Systemic therapies and their drugs."""

from __future__ import annotations

from collections.abc import Sequence

from mappers.codes import ADJUNCTIVE_ROLE, CYCLES, NCIT
from mappers.dates import within
from mappers.drafting import Drafting
from mappers.fhir import extension_value
from mappers.protocol import Context, Draft, Group, MapOutput, NotForPop, Resource, Source
from mappers.subjects import TUMOUR, case_key, check_after_birth, subject_source
from mappers.therapy_courses import Course, courses
from mappers.therapy_doses import put_dose
from mappers.therapy_evidence import MEDICATION_TYPES, Evidence, read_evidence

_READ = ("status", "intent", "category", "request", "basedOn", "partOf", "groupIdentifier", "priorPrescription", "reasonCode",
         "reasonReference", "authoredOn", "dosageInstruction", "dosage", "effectivePeriod", "effectiveDateTime", "extension",
         "contained", "medicationReference", "medicationCodeableConcept", "statusReason")  # fmt: skip


class SystemicTherapyMapper:
    """Courses of antineoplastic drugs, each with its medications.

    * What counts: drugs on POP's list of antineoplastic agents, given (or, where nothing tells that, ordered or taken) for a
      tumour. Corticosteroids count only where the source names the tumour as the reason. Not given, in error, draft: not for POP.
    * A course: one plan (``basedOn``, ``groupIdentifier``, ``partOf``) is one course. Without a plan: the drugs for the same
      tumours with the same intent whose periods overlap, or follow each other within ``therapy.course-gap-days`` (default 0);
      one drug's administrations belong together while no gap exceeds ``therapy.drug-gap-days`` (default 90).
    * The course's key is its plan, or its first drug in code order with its tumour: neither changes as administrations arrive.
    * Intent: mCODE's procedure intent of the resource or its order; else adjuvant or neoadjuvant role means curative (NCI
      *Dictionary of Cancer Terms*), an assumption; else the option ``therapy.default-intent``, an assumption; else blocked.
    * End: only where the source ends it (a period's end, a completed or stopped order).
    """

    name = "systemic-therapy"
    version = "1"
    produces: tuple[str, ...] = ("SystemicTherapy", "SystemicTherapyMedication")
    reads: tuple[str, ...] = MEDICATION_TYPES
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """One group per patient: which administrations are one course shows only when all are seen."""
        return "systemic-therapy"

    def map(self, group: Group, context: Context) -> MapOutput:
        """A therapy and its medications per course."""
        found: list[Evidence] = []
        for member in group.members:
            for each in read_evidence(member, context):
                if isinstance(each, NotForPop):
                    yield each
                else:
                    found.append(each)
        for course in courses(found, context):
            yield from self._course(course, context)

    def _course(self, course: Course, context: Context) -> Sequence[Draft]:
        key = f"SystemicTherapy:{course.identity}"
        therapy = Drafting("SystemicTherapy", key)
        anchor = course.evidence[0].resource
        therapy.refer("caseId", case_key(context, anchor), subject_source(anchor))
        for each in course.evidence:
            _consume(therapy, each.resource)
            if each.order is not None:
                _consume(therapy, each.order)
        self._period(therapy, course, context)
        self._intent(therapy, course, context)
        self._details(therapy, course, context)
        self._targets(therapy, course)
        if all(each.drug is None for each in course.evidence):
            # An unknown drug may be no antineoplastic at all, and the course's key will name the drug once it is mapped.
            text = "None of its drugs is known to POP: the therapy waits until one is mapped."
            therapy.issue(
                "unknown-drugs", "medications", text, source=course.evidence[0].medication_source, blocking=True
            )
        drafts = [therapy.done()]
        for agent in sorted(course.drugs):
            drafts.append(_medication(course, agent, key, context))
        return drafts

    def _period(self, therapy: Drafting, course: Course, context: Context) -> None:
        starts = [each for each in course.evidence if each.start is not None]
        if not starts:
            therapy.missing(
                "period",
                "No date tells when the therapy started.",
                Source(course.evidence[0].resource.reference, "effectiveDateTime"),
            )
            return
        first = min(starts, key=lambda each: (each.start, each.resource.reference))
        start, source = first.start, first.start_source
        assert start is not None
        end, end_source = course.end()
        if end is not None:
            bounds = within(start, end)
            if bounds is None:
                therapy.issue(
                    "implausible-value",
                    "period",
                    "The therapy ends before it starts.",
                    source=end_source,
                    blocking=True,
                )
                return
            start, end = bounds
            therapy.note_precision("period", end, end_source or source)
        therapy.put("period", {"start": start.iso} | ({"end": end.iso} if end is not None else {}),
                    source, *([end_source] if end_source else []))  # fmt: skip
        therapy.note_precision("period", start, source)
        if first.ordered:
            therapy.assume(
                "period", "start-of-order", "No administration is known: the therapy starts as ordered.", source
            )
        check_after_birth(therapy, "period", start, source, context)

    def _intent(self, therapy: Drafting, course: Course, context: Context) -> None:
        stated = next((each for each in course.evidence if each.intent is not None), None)
        if stated is not None:
            therapy.put("intent", stated.intent, Source(stated.intent_at or stated.resource.reference, "extension"))
            return
        role = next((each for each in course.evidence if each.role in ("C2140", "C15665")), None)
        default = context.options.get("therapy.default-intent")
        if role is not None:
            therapy.put("intent", "curative", Source(role.resource.reference, "extension"))
            therapy.assume(
                "intent", "curative-because-adjuvant", "Adjuvant and neoadjuvant therapy is given with curative intent."
            )
        elif default in ("curative", "palliative"):
            therapy.put("intent", default)
            therapy.assume(
                "intent",
                "default-intent",
                "The source states no intent; the site's option therapy.default-intent applies.",
            )
        else:
            therapy.missing("intent", "The source states no treatment intent (option therapy.default-intent).",
                            Source(course.evidence[0].resource.reference, "extension"))  # fmt: skip

    def _details(self, therapy: Drafting, course: Course, context: Context) -> None:
        for each in course.evidence:
            source = Source(each.resource.reference, "extension")
            cycles = extension_value(each.resource.json, CYCLES)
            if (
                cycles is not None
                and isinstance(cycles[1], int)
                and 0 <= cycles[1] < 10_000
                and "cycles" not in therapy.payload
            ):
                therapy.put("cycles", cycles[1], source)
            role = extension_value(each.resource.json, ADJUNCTIVE_ROLE)
            if "adjunctiveRole" not in therapy.payload:
                if role is not None:
                    therapy.concept("adjunctiveRole", "AdjunctiveTherapyRole", role[1], context=context, source=source)
                elif each.role is not None:
                    concept = {"coding": [{"system": NCIT, "code": each.role}]}
                    therapy.concept("adjunctiveRole", "AdjunctiveTherapyRole", concept, context=context, source=source)
            if each.termination is not None and "terminationReason" not in therapy.payload:
                concept, at = each.termination
                therapy.concept("terminationReason", "TreatmentTerminationReason", concept, context=context, source=at)

    def _targets(self, therapy: Drafting, course: Course) -> None:
        keys = sorted({key for each in course.evidence for key in each.tumours})
        sources = [
            Source(each.resource.reference, "reasonReference")
            for each in course.evidence
            if each.tumours and not each.assumed
        ]
        if keys:
            therapy.refer("targetedEntitiesIds", tuple(keys), *dict.fromkeys(sources))
        if keys and not sources:
            therapy.assume(
                "targetedEntitiesIds",
                "only-tumour",
                "The source names no tumour; the patient has exactly one primary tumour.",
            )


def _consume(drafting: Drafting, resource: Resource) -> None:
    drafting.consume(resource, *_READ)


def _medication(course: Course, agent: str, parent: str, context: Context) -> Draft:
    """One drug of a course. Its key names the drug, so that more administrations of it change nothing."""
    evidence = course.drugs[agent]
    drafting = Drafting("SystemicTherapyMedication", f"SystemicTherapyMedication:{course.identity}/{agent}")
    drafting.refer("systemicTherapyId", parent)
    first = evidence[0]
    if first.drug is None:
        drafting.unmapped(
            "drug", "AntineoplasticAgent", first.medication, source=first.medication_source, required=True
        )
    else:
        drafting.put("drug", first.drug.concept, *dict.fromkeys(each.medication_source for each in evidence))
        drafting.note_rule("drug", first.drug, first.medication_source)
    put_dose(drafting, evidence, context)
    return drafting.done()
