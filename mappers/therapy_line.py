"""Lines of therapy, for sites that want the gateway to write them."""

from __future__ import annotations

from collections.abc import Sequence

from mappers.drafting import Drafting
from mappers.patient_case import NO_CASE
from mappers.protocol import Context, Draft, EntityView, Group, MapOutput, NotForPop, Resource, Source
from mappers.subjects import CASE, case_key

LINE, THERAPY, MEDICATION, RESPONSE = "TherapyLine", "SystemicTherapy", "SystemicTherapyMedication", "TreatmentResponse"
#: RECIST progressive disease (LOINC answer), and SNOMED CT *Treatment not tolerated*.
_PROGRESSION, _NOT_TOLERATED = "LA28370-7", "407563006"


class TherapyLineMapper:
    """Lines as POP derives them: nothing unless the site sets ``therapy-line.write`` to true.

    POP makes the lines of a case anew whenever one of its therapies, surgeries, radiotherapies or responses is written, and drops
    those that were written to it; a site that switches this on wants lines where POP has not derived any.

    * Of each intent apart, therapies by their start: the first opens line 1, an adjunctive one joins the line before it.
    * Another opens a line if progression (RECIST progressive disease) was seen since the one before it, or if it brings a drug that
      the one before had not, unless that one ended because it was not tolerated (POP 1.4.0).
    * A line's progression is the first one from its start on. Its key is its first therapy's.
    """

    name = "therapy-line"
    version = "1"
    produces: tuple[str, ...] = (LINE,)
    reads: tuple[str, ...] = ("Patient",)
    requires: tuple[str, ...] = (CASE, THERAPY, MEDICATION, RESPONSE)

    def select(self, resource: Resource) -> str | None:
        """One group per patient."""
        return "therapy-lines"

    def map(self, group: Group, context: Context) -> MapOutput:
        """A draft per line, numbered within its intent."""
        why, lines = self._lines(context)
        yield from lines
        for member in group.members:
            if not lines or context.patient is None or member.reference != context.patient.reference:
                yield NotForPop(member.reference, why)

    def _lines(self, context: Context) -> tuple[str, list[Draft]]:
        """(why a Patient has none, the lines)."""
        patient = context.patient
        if patient is None or not context.entities(CASE):
            return NO_CASE, []
        if context.options.get("therapy-line.write") is not True:
            return "POP derives therapy lines itself (option therapy-line.write)", []
        found: list[Draft] = []
        therapies = [view for view in context.entities(THERAPY) if not view.blocked and _start(view)]
        for intent in ("curative", "palliative"):
            own = sorted((view for view in therapies if view.payload.get("intent") == intent), key=_order)
            for ordinal, line in enumerate(_lines(own, context), start=1):
                drafting = Drafting(LINE, f"{LINE}:{line[0].key.partition(':')[2]}")
                drafting.refer("caseId", case_key(context, patient), Source(patient.reference, "id"))
                drafting.put("ordinal", ordinal)
                drafting.put("intent", intent)
                drafting.assume(
                    "ordinal", "line-derived", "Lines follow from the therapies, their drugs and progressions."
                )
                drafting.assume("intent", "line-derived", "A line has the intent of its therapies.")
                progressions = [day for day in _progressions(context) if day >= _start(line[0])]
                if progressions:
                    drafting.put("progressionDate", min(progressions))
                    drafting.assume(
                        "progressionDate", "line-derived", "The first progression from the line's start on."
                    )
                found.append(drafting.done())
        return "no therapy, and so no line of therapies", found


def _lines(therapies: Sequence[EntityView], context: Context) -> list[list[EntityView]]:
    lines: list[list[EntityView]] = []
    for therapy in therapies:
        former = [each for line in lines for each in line if "adjunctiveRole" not in each.payload]
        if lines and not _opens(therapy, former, context):
            lines[-1].append(therapy)
        else:
            lines.append([therapy])
    return lines


def _opens(therapy: EntityView, former: Sequence[EntityView], context: Context) -> bool:
    if "adjunctiveRole" in therapy.payload:
        return False
    if not former:
        return True
    previous = max(former, key=_order)
    if any(_start(previous) <= day <= _start(therapy) for day in _progressions(context)):
        return True
    reason = previous.payload.get("terminationReason")
    if isinstance(reason, dict) and reason.get("code") == _NOT_TOLERATED:
        return False
    return not _drugs(therapy, context) <= _drugs(previous, context)


def _drugs(therapy: EntityView, context: Context) -> set[str]:
    """The therapy's drugs: a medication's key is its therapy's and its drug."""
    own = therapy.key.partition(":")[2]
    return {
        str(view.payload["drug"]["code"]) for view in context.entities(MEDICATION)
        if view.key.partition(":")[2].rpartition("/")[0] == own and isinstance(view.payload.get("drug"), dict)
    }  # fmt: skip


def _progressions(context: Context) -> list[str]:
    found = []
    for view in context.entities(RESPONSE):
        recist, day = view.payload.get("recist"), view.payload.get("date")
        if (
            not view.blocked
            and isinstance(recist, dict)
            and recist.get("code") == _PROGRESSION
            and isinstance(day, str)
        ):
            found.append(day)
    return found


def _start(therapy: EntityView) -> str:
    period = therapy.payload.get("period")
    return str(period.get("start") or "") if isinstance(period, dict) else ""


def _order(therapy: EntityView) -> tuple[str, str]:
    return _start(therapy), therapy.key
