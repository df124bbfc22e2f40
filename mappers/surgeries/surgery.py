"""Surgeries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mappers.protocol import Context, EntityView, Group, MapOutput, NotForPop, Resource
from mappers.subjects import TUMOUR, VOID
from mappers.surgeries.draft import KIND, draft
from mappers.surgeries.others import told_elsewhere
from mappers.surgeries.reading import read_code
from mappers.surgeries.residual import belongs, is_residual
from mappers.surgeries.sessions import Session, sessions
from mappers.surgeries.statement import Statement, claims, is_part, read_statement, void

_GROUP = "surgeries"


class SurgeryMapper:
    """Operations on tumours, one entity each, however many Procedures tell of it.

    * What counts: operations that take a tumour away, by SNOMED CT, OPS, ICD-10-PCS, CPT, NCSP, NCIt or name
      (``mappers.surgeries.classified``, ``operations.json``). Biopsies (unless the excision is the biopsy: SEER surgery code 27),
      venous accesses, imaging, endoscopy, reconstructions, and operations for another disease are not for POP, nor is what
      was not done. An operation that names no reason counts if it is on the organ of one of the patient's tumours, and not
      long before that was known. An operation of which the sender says that it is one on a tumour (mCODE, MII, an intention)
      and which is not known here waits as an unmapped code.
    * One operation: a container Procedure with its parts (oBDS), and what was done on one day to the same tumour: the
      surgeon's Procedure, bills, the registry's report. A month or a stay that covers the day joins if it tells the same
      operation. Different sides or different tumours are different operations, and so are the resources of POP's own export.
    * The procedure is that of the part that removes most; where POP has no concept for just that, a broader one (an assumption).
    * Intent: mCODE's procedure intent; oBDS 13.1 (K and O curative, P palliative; D and R are no operations on a tumour);
      "palliative" in words; else (option ``surgery.unstated-intent``: ``derive``, ``block``, ``curative``, ``palliative``)
      curative as an assumption unless a metastasis was known that day. The Commission on Cancer's *STORE* manual counts an
      operation as palliative only where the record says so.
    * Outcome: POP's own; residual status R0, R1, R2 of the Procedure (oBDS 10.1), else of an Observation (10.2) that names
      it, or is of the same tumour within 30 days.
    * Site and side: body site, then what the code names, then the operation's organ (an assumption). Organs of which there
      is one have no side.
    * The key is the container's, else that of the least Procedure that tells more than a bill.
    """

    name = "surgery"
    version = "1"
    produces: tuple[str, ...] = (KIND,)
    reads: tuple[str, ...] = ("Procedure", "Observation")
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """All operations of a patient are one group: which are one shows only when all are seen. What is certainly none stands
        alone, and what other mappers read is left to them."""
        if resource.type == "Observation":
            return _GROUP if is_residual(resource) else None
        if told_elsewhere(resource):
            return None
        if is_part(resource):
            return _GROUP
        reading = read_code(resource.json.get("code"))
        none = reading.refused or not (reading.surgical or claims(resource, reading))
        return resource.reference if (none and not _surgical_category(resource)) or void(resource) else _GROUP

    def map(self, group: Group, context: Context) -> MapOutput:
        """A draft per operation."""
        statements: list[Statement] = []
        observations: list[Resource] = []
        for member in group.members:
            if member.type == "Observation":
                status = member.json.get("status")
                if isinstance(status, str) and status in VOID:
                    yield NotForPop(member.reference, f"the observation is {VOID[status]}")
                else:
                    observations.append(member)
            elif why := void(member):
                yield NotForPop(member.reference, why)
            else:
                statements.append(read_statement(member, context))
        tumours = context.entities(TUMOUR) if any(not each.reading.refused for each in statements) else ()
        made = sessions(statements, tumours)
        kept = [each for each in made if not _why_not(each, tumours)]
        for session in made:
            if session not in kept:
                yield from _reasons(session, _why_not(session, tumours))
        told: dict[int, list[Resource]] = {}
        for observation in observations:
            near = [(apart, position) for position, each in enumerate(kept)
                    if (apart := belongs(observation, each, context)) is not None]  # fmt: skip
            if near:
                told.setdefault(min(near)[1], []).append(observation)
            else:
                yield NotForPop(observation.reference, "a residual status of no operation that is known here")
        for position, session in enumerate(kept):
            yield draft(session, told.get(position, ()), context).done()


def _surgical_category(resource: Resource) -> bool:
    return read_code(resource.json.get("category")).surgical


def _why_not(session: Session, tumours: Sequence[EntityView]) -> str:
    """Why an operation is not for POP; empty if it is."""
    members = session.statements
    intents = {each.refused for each in members if each.refused}
    if intents and not any(each.intent is not None for each in members):
        return min(intents)
    known = [each for each in members if each.reading.operation is not None]
    refused = [each.reading.refused for each in members if each.reading.refused]
    if not known and refused:
        return refused[0]
    named = session.named or any(each.cancer for each in members)
    if any(each.other for each in members) and not session.named:
        return "a procedure for another disease than a tumour"
    if not named and not session.targets:
        return (
            "an operation that names no tumour, on an organ without one"
            if known
            else "a procedure that is no operation on a tumour"
        )
    if not known and not (named and any(each.reading.surgical for each in members)):
        return "a procedure that is no operation on a tumour"
    if not tumours and not session.named:
        return "the record holds no tumour that was operated on"
    return ""


def _reasons(session: Session, why: str) -> Iterator[NotForPop]:
    for each in session.statements:
        yield NotForPop(each.reference, each.reading.refused or why)
