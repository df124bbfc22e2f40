"""Tumour boards."""

from __future__ import annotations

from mappers.boards.draft import MOLECULAR, THERAPEUTIC, UNSPECIFIED, drafts
from mappers.boards.meeting import meetings, referred
from mappers.boards.recognition import BOARD_TYPES, board_of, is_genomic_report, is_recommendation, why_not
from mappers.boards.therapeutic import REQUIRED, of_resource
from mappers.diagnoses import diagnose
from mappers.fhir import objects
from mappers.protocol import Context, Group, MapOutput, NotForPop, Resource
from mappers.subjects import TUMOUR

_GROUP = "tumor-boards"


class TumorBoardMapper:
    """Meetings of tumour boards, and the drugs and trials that molecular boards recommend.

    * What counts: POP's *Tumor Board Review*, MII *Tumorkonferenz* and *Therapieplan* of a molecular board (CarePlans), and any
      Procedure, CarePlan, Encounter, DiagnosticReport or completed ServiceRequest that is called a tumour board or conference.
      What was planned, requested, cancelled or decided without a conference (oBDS 18.2 ``ther``) is none.
    * One meeting: what is told of one day with one category, unless it names other tumours. POP's own are never joined.
    * Molecular: POP's specialisation, MII's module, a name that says so, or a recommendation that a variant or signature supports.
    * General recommendations: POP's concepts; MII *Therapie Typ* (oBDS 19.1); codes and words of ``recommendations.json``. A kind
      of therapy is to be evaluated; a systemic one is to be started where a drug is proposed or the words say so. What the
      patient declined was recommended all the same.
    * Therapeutic recommendations: MII's MedicationRequests, combinations (RequestGroup) and trial enquiries (ServiceRequest with a
      ResearchStudy), by the plan's activities or based on it; Genomics Reporting's Tasks, whose drug and effect are those of the
      therapeutic implication that is their reason. What supports them are the variants, signatures and markers that they, or the
      implication, refer to. A report with recommended actions and without a board stands for one (an assumption).
    """

    name = "tumor-board"
    version = "1"
    produces: tuple[str, ...] = (UNSPECIFIED, MOLECULAR, THERAPEUTIC)
    reads: tuple[str, ...] = (*BOARD_TYPES, "Task")
    requires: tuple[str, ...] = REQUIRED

    def select(self, resource: Resource) -> str | None:
        """All boards of a patient are one group: which tell of one meeting shows only when all are seen."""
        if board_of(resource) is not None:
            return resource.reference if why_not(resource) else _GROUP
        return _GROUP if is_genomic_report(resource) or is_recommendation(resource) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """Drafts per meeting."""
        boards: list[Resource] = []
        reports: list[Resource] = []
        tasks: dict[str, Resource] = {}
        for member in group.members:
            if why := why_not(member):
                yield NotForPop(member.reference, why)
            elif member.type == "Task":
                tasks[member.reference] = member
            elif board_of(member) is None:
                reports.append(member)
            elif _about_another(member, context):
                yield NotForPop(member.reference, "a conference about another disease than a tumour")
            else:
                boards.append(member)
        held = meetings(boards, context)
        told = {each.reference for meeting in held for each, _ in referred(meeting, context)}
        for report in reports:
            (made,) = meetings([report], context)
            actions = [each for each, _ in referred(made, context)]
            if any(each.reference in told for each in actions):
                yield NotForPop(report.reference, "its recommendations are told by a tumour board")
            elif not context.entities(TUMOUR) or not any(_says(each, context) for each in actions):
                yield NotForPop(
                    report.reference, "a report that recommends no cancer drug and no follow-up for a tumour"
                )
            else:
                held.append(made)
                told.update(each.reference for each in actions)
        for reference in sorted(tasks.keys() - told):
            yield NotForPop(reference, "a recommendation of no tumour board or report for POP that is known here")
        for meeting in held:
            yield from drafts(meeting, context)


def _about_another(board: Resource, context: Context) -> bool:
    """True if every disease that it names is known, and none is a tumour."""
    named = [each for element in ("reasonReference", "addresses") for each in objects(board.json.get(element))]
    found = [context.resolve(each, within=board) for each in named]
    diagnoses = [each for each in found if each is not None and each.type == "Condition"]
    return bool(diagnoses) and len(diagnoses) == len(named) and not any(
        diagnose(each.json).relationship is not None for each in diagnoses
    )  # fmt: skip


def _says(action: Resource, context: Context) -> bool:
    """A Task that POP has a place for: what a finding says of a drug against cancer, or a follow-up of POP's list."""
    found = of_resource(action, context)
    if found is not None and found.drugs and (found.effect is not None or found.evidence):
        return True
    code = action.json.get("code")
    return isinstance(code, dict) and context.translate("TumorBoardRecommendation", code) is not None
