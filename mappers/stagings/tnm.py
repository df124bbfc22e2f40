"""TNM stagings."""

from __future__ import annotations

from mappers.protocol import Context, Group, MapOutput, NotForPop, Resource
from mappers.stagings.tnm_conditions import is_staged, stagings_of
from mappers.stagings.tnm_draft import StagingDraft, key_of
from mappers.stagings.tnm_parts import Side, letters_of, part_of
from mappers.stagings.tnm_sets import Finding, Staging, assemble, read_findings, same_focus
from mappers.subjects import TUMOUR, VOID
from mappers.terminology.stage_names import finer, token_of


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
    version = "3"
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
            yield StagingDraft(staging, context).drafting().done()
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
        stagings, key=lambda each: (each.group is None, _of_condition(each), -len(each.members), key_of(each))
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
