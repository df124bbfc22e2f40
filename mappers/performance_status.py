"""ECOG and Karnofsky performance status."""

from __future__ import annotations

from mappers.drafting import Drafting
from mappers.fhir import choice
from mappers.performance_scores import ECOG, KARNOFSKY, LANSKY, Score, is_performance_status, scores
from mappers.protocol import Context, Draft, Group, MapOutput, NotForPop, Resource
from mappers.subjects import VOID, case_key, put_observed, subject_source

_LEGAL = {ECOG: range(6), KARNOFSKY: range(0, 101, 10)}
_SCALE = {ECOG: "ECOG is 0 to 5", KARNOFSKY: "Karnofsky is 0 to 100 in steps of ten"}
_READ = ("status", "code", "category", "component", "interpretation", "method", "focus")


class PerformanceStatusMapper:
    """ECOG and Karnofsky scores, one entity per Observation; both of one Observation are one.

    * The scale is named by code (LOINC, SNOMED CT, NCIt) or by name; in a performance status in general by its components or by
      the answer (MII *Allgemeiner Leistungszustand*).
    * The score is an integer, a quantity, an answer of LOINC, SNOMED CT or the German registries (``1``, ``90%``), or a text
      ("ECOG 1", "KPS 80 %"), in the value, a component or the interpretation. A percentage is Karnofsky's whatever the code says
      (oBDS 12.1 has one field for both).
    * ECOG is 0–5 (Oken 1982), Karnofsky 0–100 in tens (Karnofsky 1949); POP stores anything, so other values wait for a person.
    * What the source calls unknown is none. The Lansky play-performance scale is for children and no field of POP: it is not
      converted.
    * The same scores on the same day are one entity, however often they are told.
    """

    name = "performance-status"
    version = "2"
    produces: tuple[str, ...] = ("PerformanceStatus",)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        """The day as it is written, for Observations of one of the scales: repeats are found within a day."""
        if not is_performance_status(resource.json):
            return None
        found = choice(resource.json, ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued"))
        value = found[1].get("start") if found is not None and isinstance(found[1], dict) else found and found[1]
        return value.strip()[:10] if isinstance(value, str) and value.strip() else "undated"

    def map(self, group: Group, context: Context) -> MapOutput:
        """One draft per Observation that says something new."""
        told: dict[tuple[object, ...], list[tuple[Resource, list[Score]]]] = {}
        for member in group.members:
            status = member.json.get("status")
            if isinstance(status, str) and status in VOID:
                yield NotForPop(member.reference, f"the observation is {VOID[status]}")
                continue
            found = list(scores(member))
            kept = [each for each in found if each.scale != LANSKY and not each.unknown]
            if kept:
                same = tuple(sorted((each.scale, each.value) for each in kept if each.value is not None))
                told.setdefault(same or (member.reference,), []).append((member, kept))
            else:
                yield NotForPop(member.reference, _reason(found))
        for _, together in sorted(told.items(), key=lambda item: item[1][0][0].reference):
            yield _draft(together, context)


def _reason(found: list[Score]) -> str:
    if found and all(each.scale == LANSKY for each in found):
        return "POP has no field for the Lansky play-performance scale"
    if any(each.unknown for each in found):
        return "the source says that the performance status is not known"
    return "a performance status of another scale than ECOG and Karnofsky"


def _draft(together: list[tuple[Resource, list[Score]]], context: Context) -> Draft:
    (member, found), *also = together
    drafting = Drafting("PerformanceStatus", f"PerformanceStatus:{member.reference}")
    drafting.refer("caseId", case_key(context, member), subject_source(member))
    drafting.consume(member, *_READ)
    put_observed(drafting, member, context)
    for each in found:
        _put(drafting, each)
    for other, same in also:
        drafting.consume(other, *_READ, "effectiveDateTime", "effectivePeriod", "issued")
        drafting.read(*(each.source for each in same))
    return drafting.done()


def _put(drafting: Drafting, score: Score) -> None:
    if score.value is None:
        absent = score.source.element.endswith(("value", "dataAbsentReason"))
        text = "The observation has no value." if absent else "The value is no score of this scale."
        drafting.missing(score.scale, text, score.source)
    elif score.value not in _LEGAL[score.scale]:
        text = f"{_SCALE[score.scale]}: correct the value at its source."
        drafting.issue("implausible-value", score.scale, text, source=score.source, blocking=True)
    elif drafting.payload.get(score.scale, score.value) != score.value:
        text = "The source states two scores of this scale: correct it there."
        drafting.issue("contradiction", score.scale, text, source=score.source, blocking=True)
    else:
        drafting.put(score.scale, score.value, score.source)
