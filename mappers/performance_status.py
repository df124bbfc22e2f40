"""ECOG and Karnofsky performance status."""

from __future__ import annotations

from typing import Any

from mappers.codes import LOINC, NCIT, SNOMED
from mappers.drafting import Drafting
from mappers.fhir import has_code, pairs, text_of
from mappers.protocol import Context, Group, MapOutput, NotForPop, Resource, Source
from mappers.subjects import VOID, case_key, put_observed, subject_source
from mappers.units import decimal_of

ECOG = frozenset({(LOINC, "89247-1"), (LOINC, "89262-0"), (SNOMED, "423740007"), (NCIT, "C105721")})
KARNOFSKY = frozenset({(LOINC, "89243-0"), (SNOMED, "273546003"), (NCIT, "C28013")})
#: mCODE codes Lansky with NCIt C38144.
LANSKY = frozenset({(NCIT, "C38144"), (LOINC, "89246-3"), (SNOMED, "273557003")})

#: LOINC answer lists LL529-9 (ECOG) and LL4986-7 (Karnofsky); SNOMED CT ECOG grades 0–5.
ECOG_ANSWERS = {
    (LOINC, "LA9622-7"): 0, (LOINC, "LA9623-5"): 1, (LOINC, "LA9624-3"): 2, (LOINC, "LA9625-0"): 3, (LOINC, "LA9626-8"): 4,
    (LOINC, "LA9627-6"): 5, (SNOMED, "425389002"): 0, (SNOMED, "422512005"): 1, (SNOMED, "422894000"): 2,
    (SNOMED, "423053003"): 3, (SNOMED, "423237006"): 4, (SNOMED, "423409001"): 5,
}  # fmt: skip
KARNOFSKY_ANSWERS = {
    (LOINC, "LA29175-9"): 100, (LOINC, "LA29176-7"): 90, (LOINC, "LA29177-5"): 80, (LOINC, "LA29178-3"): 70,
    (LOINC, "LA29179-1"): 60, (LOINC, "LA29180-9"): 50, (LOINC, "LA29181-7"): 40, (LOINC, "LA29182-5"): 30,
    (LOINC, "LA29183-3"): 20, (LOINC, "LA29184-1"): 10, (LOINC, "LA9627-6"): 0,
}  # fmt: skip


class PerformanceStatusMapper:
    """ECOG and Karnofsky scores, one Observation each.

    The score is an integer, a quantity, a LOINC or SNOMED CT answer in the value, or in the interpretation. ECOG is 0–5
    (Oken 1982), Karnofsky 0–100 in tens (Karnofsky 1949); POP stores anything, so other values wait for a person. The
    Lansky play-performance scale is for children and no field of POP: it is not converted.
    """

    name = "performance-status"
    version = "1"
    produces: tuple[str, ...] = ("PerformanceStatus",)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        """Its own group, for Observations whose code names one of the scales."""
        return resource.reference if has_code(resource.json.get("code"), ECOG | KARNOFSKY | LANSKY) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """One draft per Observation."""
        for member in group.members:
            yield from self._map(member, context)

    def _map(self, member: Resource, context: Context) -> MapOutput:
        code = member.json.get("code")
        status = member.json.get("status")
        if isinstance(status, str) and status in VOID:
            yield NotForPop(member.reference, f"the observation is {VOID[status]}")
            return
        if has_code(code, LANSKY):
            yield NotForPop(member.reference, "POP has no field for the Lansky play-performance scale")
            return
        ecog = has_code(code, ECOG)
        field, answers = ("ecogScore", ECOG_ANSWERS) if ecog else ("karnofskyScore", KARNOFSKY_ANSWERS)
        drafting = Drafting("PerformanceStatus", f"PerformanceStatus:{member.reference}")
        drafting.refer("caseId", case_key(context, member), subject_source(member))
        drafting.consume(member, "status", "code", "category", "interpretation", "method")
        put_observed(drafting, member, context)
        found = score(member.json, answers)
        if found is None:
            absent = member.json.get("dataAbsentReason") is not None
            why = "The observation says that its value is absent." if absent else "The value is no score of this scale."
            drafting.missing(field, why, Source(member.reference, "dataAbsentReason" if absent else "value"))
        else:
            value, element = found
            source = Source(member.reference, element)
            legal = value in range(6) if ecog else value in range(0, 101, 10)
            if legal:
                drafting.put(field, value, source)
            else:
                scale = "ECOG is 0 to 5" if ecog else "Karnofsky is 0 to 100 in steps of ten"
                drafting.issue(
                    "implausible-value",
                    field,
                    f"{scale}: correct the value at its source.",
                    source=source,
                    blocking=True,
                )
        yield drafting.done()


def score(json: dict[str, Any], answers: dict[tuple[str, str], int]) -> tuple[int, str] | None:
    """(score, element) of a performance status Observation; None if nothing states a whole number."""
    for element in ("valueInteger", "valueDecimal", "valueString", "valueQuantity"):
        value = json.get(element)
        if value is None:
            continue
        number = decimal_of(value.get("value") if isinstance(value, dict) else value)
        if number is not None and number == number.to_integral_value() and abs(number) < 10_000:
            return int(number), element
    for element in ("valueCodeableConcept", "interpretation"):
        value = json.get(element)
        for concept in value if isinstance(value, list) else [value]:
            for pair in pairs(concept):
                if pair in answers:
                    return answers[pair], element
            number = decimal_of(text_of(concept.get("text"))) if isinstance(concept, dict) else None
            if number is not None and number == number.to_integral_value() and abs(number) < 10_000:
                return int(number), element
    return None
