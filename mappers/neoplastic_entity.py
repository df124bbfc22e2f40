"""Tumours and metastases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mappers.diagnoses import diagnose
from mappers.fhir import has_code
from mappers.protocol import Context, Group, MapOutput, NotForPop, Resource
from mappers.subjects import TUMOUR, VOID
from mappers.tumour_draft import TumourDraft
from mappers.tumour_identity import clusters
from mappers.tumour_recurrence import COURSE_CODES, is_course, read_recurrences
from mappers.tumour_statement import (
    GRADE_CODES,
    HISTOLOGY_CODES,
    METASTASIS_CODES,
    Statement,
    about,
    read_metastasis,
    read_statement,
)

_GROUP = "tumours"
_OBSERVED = HISTOLOGY_CODES | GRADE_CODES | METASTASIS_CODES | COURSE_CODES


class NeoplasticEntityMapper:
    """Conditions that are tumours: one entity per tumour, however often it is reported, each with its site, histology, side, date
    and relation to its primary.

    * What counts: see ``mappers.diagnoses`` (malignant and in situ; not benign, uncertain, historical, refuted, in the family).
    * Metastases are Conditions, or Observations of their site (MII *Fernmetastasen*). A course report that tells of a local or
      nodal recurrence (oBDS *Verlauf*, key R) is one of its primary, with the primary's histology; the reports after it tell the
      same one.
    * Which Conditions are one tumour: see ``mappers.tumour_identity`` (IACR and SEER rules). What several say is put together: the
      most specific site and histology, any side, the first date. A Condition that could be one of several tumours is none of its
      own, and says so. The entity keeps the key of its earliest Condition.
    * Site: ICD-O body site, then other body sites, then the diagnosis code (ICD-10, SNOMED CT).
    * Histology: the extensions of mCODE and MII, a histology Observation about the Condition (or, where it names none, about the
      only tumour), then what the diagnosis code names; else ``8000/3`` (in situ ``/2``, metastases ``/6``) as an assumption,
      or a block (option ``neoplasm.unspecified-morphology`` = ``block``). ICD-O-3: 8000 is the neoplasm of unstated histology.
    * Date: condition-assertedDate, then onset, then recordedDate, then the encounter's; the fallbacks are assumptions.
    * A metastasis or recurrence without a stated primary belongs to the only primary that it can come from
      (``mappers.tumour_primary``, an assumption); else it waits for a person: POP would take it, but a metastasis without a
      primary is of no use there.
    """

    name = "neoplastic-entity"
    version = "4"
    produces: tuple[str, ...] = (TUMOUR,)
    reads: tuple[str, ...] = ("Condition", "Observation")
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        """All tumours of a patient are one group: whether two are one is decided between them. Other diagnoses stand alone."""
        if resource.type == "Condition":
            return _GROUP if diagnose(resource.json).relationship is not None else resource.reference
        return _GROUP if has_code(resource.json.get("code"), _OBSERVED) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """One draft per tumour."""
        statements: list[Statement] = []
        for member in group.members:
            if member.type != "Condition":
                if _is_metastasis(member) and member.json.get("status") not in VOID:
                    statements.append(read_metastasis(member, context))
                continue
            diagnosis = diagnose(member.json)
            if diagnosis.relationship is None:
                yield NotForPop(member.reference, diagnosis.reason)
            else:
                statements.append(read_statement(member, diagnosis, context))
        primaries = [each for each in statements if each.facts.relationship == "primary"]
        recurrences = list(read_recurrences(group.members, primaries, context))
        statements.extend(recurrences)
        telling = {each.condition.reference for each in recurrences}
        for member in group.members:
            if is_course(member) and member.reference not in telling:
                yield NotForPop(member.reference, "a course report that tells of no recurrence, or of a known one")
        tumours, doubtful = _tumours(statements)
        for each in doubtful:
            yield NotForPop(
                each.condition.reference, "it could be one of several tumours of this patient and does not say which"
            )
        drafts = sorted((TumourDraft(each, context) for each in tumours), key=lambda each: each.key)
        yield from _findings(group.members, drafts)
        for draft in drafts:
            yield draft.drafting(drafts).done()


def _tumours(statements: list[Statement]) -> tuple[list[list[Statement]], list[Statement]]:
    """The primaries first: two reports of one metastasis may name their primary by two of its Conditions."""
    tumours, doubtful = clusters(
        [each for each in statements if each.facts.relationship == "primary"], lambda each: each.facts
    )
    names = {each.condition.reference: tumour[0].condition.reference for tumour in tumours for each in tumour}
    others = [
        replace(each, facts=replace(each.facts, primary=names.get(each.facts.primary, each.facts.primary)))
        for each in statements if each.facts.relationship != "primary"
    ]  # fmt: skip
    more, more_doubtful = clusters(others, lambda each: each.facts)
    return [*tumours, *more], [*doubtful, *more_doubtful]


def _is_metastasis(member: Resource) -> bool:
    return member.type == "Observation" and has_code(member.json.get("code"), METASTASIS_CODES)


def _findings(members: Iterable[Resource], drafts: list[TumourDraft]) -> MapOutput:
    """Give each histology and grade Observation to the tumour that it is about."""
    for member in members:
        if (
            member.type == "Condition"
            or is_course(member)
            or (_is_metastasis(member) and member.json.get("status") not in VOID)
        ):
            continue
        status = member.json.get("status")
        if isinstance(status, str) and status in VOID:
            yield NotForPop(member.reference, f"the observation is {VOID[status]}")
            continue
        named = about(member)
        meant = [draft for draft in drafts if named & draft.references]
        if not named:
            primaries = [draft for draft in drafts if draft.relationship == "primary"]
            meant = primaries if len(primaries) == 1 else []
        if len(meant) == 1:
            meant[0].findings.append(member)
        elif named:
            yield NotForPop(member.reference, "the diagnosis that it is about has not arrived, or is no tumour for POP")
        else:
            yield NotForPop(member.reference, "it names no diagnosis, and the patient has none or several")
