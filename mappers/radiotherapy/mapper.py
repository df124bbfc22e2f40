"""Radiotherapies, their dosages and their settings."""

from __future__ import annotations

from collections.abc import Iterator

from mappers.drafting import Drafting
from mappers.fhir import objects
from mappers.protocol import Context, Draft, Group, MapOutput, NotForPop, Resource, Source
from mappers.radiotherapy.beams import Beam, coded
from mappers.radiotherapy.courses import Course, courses
from mappers.radiotherapy.dosages import dosage, volumes_of_course
from mappers.radiotherapy.periods import put_period
from mappers.radiotherapy.procedures import is_radiotherapy
from mappers.radiotherapy.sessions import count_sessions
from mappers.radiotherapy.statements import Statement, read_statement
from mappers.radiotherapy.tables import UNC
from mappers.subjects import TUMOUR, case_key, only_primary, subject_source
from mappers.treatments.termination import reason_of_words

_READ = (
    "status", "statusReason", "category", "code", "extension", "partOf", "basedOn", "performedPeriod", "performedDateTime",
    "performedString", "reasonCode", "reasonReference", "bodySite", "outcome", "usedCode", "contained", "note", "identifier",
)  # fmt: skip


class RadiotherapyMapper:
    """Courses of radiotherapy, each with a dosage per irradiated volume and a setting per modality and technique.

    * What counts: Procedures that deliver radiation, by profile, code (SNOMED CT, CPT/HCPCS, ICD-10-PCS section D, OPS 8-52 and
      8-53), category or name. Planning, simulation, guidance, management, not done, in error, for another disease: not for POP.
    * A course: a summary (mCODE, CodeX RT, MII, POP) with its phases, plans, fractions and Bestrahlungen (``partOf``). Sessions and
      phases without a summary: those for the same tumours while no pause exceeds ``radiotherapy.course-gap-days`` (default 21:
      holidays, split courses, the way to a boost), with the same stated intent, and of one order if an order has several.
      Sessions within a summary's time, of its tumours, places, kind of beam and intent, are that course; so is a second summary:
      one entity.
    * The course's key is its summary, or that of which its parts say to be part; else its tumours: none changes as
      sessions arrive.
    * Sessions: as stated; else counted (one per day, two if four hours lie between); else from fractions; else blocked.
    * Intent: mCODE's and the oBDS's, then the words of the source; adjuvant and neoadjuvant therapy is curative (NCI *Dictionary of
      Cancer Terms*), an assumption; then the option ``therapy.default-intent``; else blocked.
    * Dosages: the summary's volumes; else a BodyStructure's phases added up, each part of the oBDS by itself, a place per its
      sessions. Days of a Bestrahlung: total by daily dose (oBDS 14.9, 14.10) if whole and without a simultaneous boost.
    * Settings: POP requires modality and technique. IMRT, VMAT (mCODE's value sets) and conformal beams (STORE) are photons;
      what is stated but not in POP's list (stereotactic) is its ``UNC``, an assumption; what is not stated waits.
    * End: the summary's; of sessions the last one's day, an assumption that moves as they arrive.
    """

    name = "radiotherapy"
    version = "1"
    produces: tuple[str, ...] = ("Radiotherapy", "RadiotherapyDosage", "RadiotherapySetting")
    reads: tuple[str, ...] = ("Procedure",)
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """One group per patient: which sessions are one course shows only when all are seen."""
        return "radiotherapy" if is_radiotherapy(resource.json) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """A radiotherapy, its dosages and its settings per course."""
        found: list[Statement] = []
        for member in group.members:
            said = read_statement(member, context)
            if isinstance(said, NotForPop):
                yield said
            else:
                found.append(said)
        for course in courses(found, context):
            yield from _course(course, context)


def _course(course: Course, context: Context) -> Iterator[Draft]:
    key = f"Radiotherapy:{course.identity}"
    therapy = Drafting("Radiotherapy", key)
    anchor = course.statements[0].resource
    therapy.refer("caseId", case_key(context, anchor), subject_source(anchor))
    for each in course.statements:
        therapy.consume(each.resource, *_READ)
    put_period(therapy, course, context)
    _sessions(therapy, course)
    _intent(therapy, course, context)
    _termination(therapy, course, context)
    _targets(therapy, course, context)
    yield therapy.done()
    for volume in volumes_of_course(course):
        yield dosage(volume, course, key, context).done()
    for beam in _beams(course):
        yield _setting(beam, course, key, context).done()


def _sessions(therapy: Drafting, course: Course) -> None:
    count = count_sessions(course)
    if count is None:
        therapy.missing("sessions", "Neither sessions nor fractions are told.", course.statements[0].when)
        return
    therapy.put("sessions", count.number, *dict.fromkeys(count.sources))
    if count.assumption is not None:
        therapy.assume("sessions", *count.assumption, count.sources[0] if count.sources else None)


def _intent(therapy: Drafting, course: Course, context: Context) -> None:
    stated = [each.intent for each in course.statements if each.intent is not None]
    adjuvant = next((each.adjuvant for each in course.statements if each.adjuvant is not None), None)
    default = context.options.get("therapy.default-intent")
    if stated:
        therapy.put("intent", *stated[0])
    elif adjuvant is not None:
        therapy.put("intent", "curative", adjuvant)
        text = "Adjuvant and neoadjuvant therapy is given with curative intent."
        therapy.assume("intent", "curative-because-adjuvant", text, adjuvant)
    elif default in ("curative", "palliative"):
        therapy.put("intent", default)
        text = "The source states no intent; the site's option therapy.default-intent applies."
        therapy.assume("intent", "default-intent", text)
    else:
        text = "The source states no treatment intent (option therapy.default-intent)."
        therapy.missing("intent", text, Source(course.statements[0].reference, "extension"))


def _termination(therapy: Drafting, course: Course, context: Context) -> None:
    stated = next((each.termination for each in course.statements if each.termination is not None), None)
    if stated is not None:
        concept, source = stated
        if context.translate("TreatmentTerminationReason", concept, text=True) is None:
            concept = reason_of_words(concept) or concept
        therapy.concept("terminationReason", "TreatmentTerminationReason", concept, context=context, source=source)


def _targets(therapy: Drafting, course: Course, context: Context) -> None:
    if course.tumours:
        therapy.refer(
            "targetedEntitiesIds",
            course.tumours,
            *dict.fromkeys(at for each in course.statements for at in each.reasons),
        )
        return
    named = [each for each in course.statements if objects(each.resource.json.get("reasonReference"))]
    if named:
        text = "What it was given for is not (yet) a tumour in POP: the relation is left out."
        therapy.issue(
            "unresolved-reference", "targetedEntitiesIds", text, source=Source(named[0].reference, "reasonReference")
        )
    elif (only := only_primary(context)) is not None:
        therapy.refer("targetedEntitiesIds", (only.key,))
        text = "The source names no tumour; the patient has exactly one primary tumour."
        therapy.assume("targetedEntitiesIds", "only-tumour", text)


def _beams(course: Course) -> list[Beam]:
    """The summary's beams if it has any that POP can take, else those of all; a beam that another completes is not told twice."""
    summed = [beam for each in course.summaries for beam in each.beams]
    complete = [beam for beam in summed if beam.modality is not None and beam.technique is not None]
    found = summed if complete else [beam for each in course.statements for beam in each.beams]
    full = [beam for beam in found if beam.modality is not None and beam.technique is not None]
    unique: dict[tuple[str | None, str | None], Beam] = {}
    for beam in found:
        part_of_full = any(
            beam.modality in (None, other.modality) and beam.technique in (None, other.technique)
            for other in full if other is not beam
        )  # fmt: skip
        if beam in full or not part_of_full or beam.unknown:
            unique.setdefault((beam.modality, beam.technique), beam)
    return [unique[pair] for pair in sorted(unique, key=lambda pair: (pair[0] or "", pair[1] or ""))]


def _setting(beam: Beam, course: Course, parent: str, context: Context) -> Drafting:
    name = f"{beam.modality or 'unstated'}/{beam.technique or 'unstated'}"
    setting = Drafting("RadiotherapySetting", f"RadiotherapySetting:{course.identity}/{name}")
    setting.refer("radiotherapyId", parent)
    setting.read(*beam.sources)
    for field, terminology, code in (
        ("modality", "RadiotherapyModality", beam.modality),
        ("technique", "RadiotherapyTechnique", beam.technique),
    ):
        source = beam.sources[0]
        unknown = next((each for each in beam.unknown if each[0] == field), None)
        if code is not None:
            setting.concept(field, terminology, coded(code), context=context, source=source, required=True)
            if code == UNC:
                text = "It is stated, and none of POP's list: POP's code for what is not encoded."
                setting.assume(field, "outside-pops-list", text, source)
        elif unknown is not None:
            setting.unmapped(field, terminology, unknown[1], source=unknown[2], required=True)
        else:
            setting.missing(field, "POP requires it beside the other, and the source does not state it.", source)
    if beam.inferred:
        text = "The technique is one of this modality (mCODE's value sets; for conformal beams the CoC's STORE manual)."
        setting.assume("modality", "modality-of-technique", text, beam.sources[0])
    return setting
