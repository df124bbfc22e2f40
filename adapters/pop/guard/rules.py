"""Fields that contradict each other, or that say nothing without each other.

Each rule stands for something observed: *refused* (POP's database or schema says 422, or 500), *poison* (stored, then unreadable
for everybody), *doubtful* (stored although it cannot be right: ``constraints.json``, ``acceptedAlthoughDoubtful``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from adapters.pop.guard.risk import CLASSES
from adapters.pop.guard.violation import Violation
from adapters.pop.kinds import JsonObject, Kind

Rule = Callable[[JsonObject], Iterator[Violation]]

#: Kinds of which at least one of these fields must be given, the likeliest first. The first two are refused by POP, the others
#: are doubtful.
ONE_OF: dict[str, tuple[str, ...]] = {
    "TumorMarker": (
        "massConcentration", "arbitraryConcentration", "substanceConcentration", "fraction", "multipleOfMedian",
        "tumorProportionScore", "immuneCellScore", "combinedPositiveScore", "immunohistochemicalScore", "presence",
        "nuclearExpressionStatus",
    ),
    "PerformanceStatus": ("ecogScore", "karnofskyScore"),
    "Vitals": ("weight", "height", "bloodPressureSystolic", "bloodPressureDiastolic", "temperature"),
    "AdverseEventSuspectedCause": ("systemicTherapyId", "medicationId", "radiotherapyId", "surgeryId"),
    "GenomicVariant": ("genes",),
    # A board may recommend a trial without naming its drugs.
    "MolecularTherapeuticRecommendation": ("drugs", "clinicalTrial"),
}  # fmt: skip
#: Field → the fields without which it says nothing.
NEEDS: dict[tuple[str, str], str] = {
    ("Surgery", "bodysiteLaterality"): "bodysite",
    ("Surgery", "bodysiteQualifier"): "bodysite",
    ("MolecularTumorBoard", "characterizedCup"): "conductedCupCharacterization",
    ("MolecularTumorBoard", "molecularComparisonMatchId"): "conductedMolecularComparison",
}
#: Identifiers whose form POP does not check: NCT numbers (ClinicalTrials.gov), ClinVar accessions and variation ids (NCBI).
FORMS: dict[tuple[str, str], tuple[re.Pattern[str], str]] = {
    ("MolecularTherapeuticRecommendation", "clinicalTrial"): (
        re.compile(r"NCT\d{8}", re.ASCII),
        "must be an NCT number: NCT and eight digits",
    ),
    ("GenomicVariant", "clinvar"): (
        re.compile(r"(VCV|RCV|SCV)\d{9}(\.\d+)?|\d{1,12}", re.ASCII),
        "must be a ClinVar accession or variation id",
    ),
}
#: Scales that are defined for certain analytes only: PD-L1, HER2, and the mismatch repair proteins (LOINC parts; the value types
#: that POP's own list of analytes states).
_PD_L1, _HER2 = frozenset({"LP220351-3"}), frozenset({"LP28442-9"})
_REPAIR = frozenset({"LP212189-7", "LP212190-5", "LP212191-3", "LP212192-1", "LP420961-7", "LP420964-1"})
SCALES = {
    "tumorProportionScore": _PD_L1, "immuneCellScore": _PD_L1, "combinedPositiveScore": _PD_L1,
    "immunohistochemicalScore": _HER2, "nuclearExpressionStatus": _REPAIR,
}  # fmt: skip
#: Radiotherapy by sources in or on the body, and by beams from outside (SNOMED CT, the modalities and techniques of mCODE).
BRACHY_MODALITIES = frozenset({"1156384006", "1156708005", "169359004", "394902000", "438629002"})
BEAM_MODALITIES = frozenset({"10611004", "1156505006", "1156506007", "45643008", "80347004"})
BRACHY_TECHNIQUES = frozenset({"113120007", "1156382005", "1156383000", "14473006", "384691004", "384692006"})
BEAM_TECHNIQUES = frozenset(
    {"1156526006", "1156528007", "1156529004", "1156530009", "1162782007", "1204242009", "441799006"}
)
#: Category of a mitigation → the field that says what was done.
_MITIGATIONS = {"pharmacological": "drug", "adjustment": "adjustment", "procedure": "procedure"}


def contradictions(kind: Kind, body: JsonObject) -> list[Violation]:
    """Violations of the rules, for a body of the right shape."""
    found = []
    names = ONE_OF.get(kind.name, ())
    if names and not any(_given(body.get(field)) for field in names):
        found.append(
            Violation(names[0], "required" if len(names) == 1 else f"at least one of {', '.join(names)} is required")
        )
    for (name, field), needed in NEEDS.items():
        if name == kind.name and _given(body.get(field)) and not _given(body.get(needed)):
            found.append(Violation(field, f"says nothing without {needed}"))
    for (name, field), (pattern, why) in FORMS.items():
        if name == kind.name and body.get(field) is not None and not pattern.fullmatch(body[field]):
            found.append(Violation(field, why))
    for rule in (*_EVERY, *_BY_KIND.get(kind.name, ())):
        found.extend(rule(body))
    return found


def _given(value: Any) -> bool:
    # A score of 0 is given: 0 == False, but is not it.
    return value is not None and value is not False and value != "" and value != []


def _period(body: JsonObject) -> Iterator[Violation]:
    if "period" not in body:
        return
    period = body["period"] or {}
    if period.get("start") is None:
        # Poison: a systemic therapy without it is stored, then the case's therapies cannot be read or written any more.
        yield Violation("period.start", "required")
    elif period.get("end") is not None and period["end"] < period["start"]:
        yield Violation("period", "ends before it starts (POP answers 500)")


def _case(body: JsonObject) -> Iterator[Violation]:
    status = body.get("vitalStatus", "unknown")
    if status != "unknown" and body.get("endOfRecords") is not None:
        yield Violation("endOfRecords", "only with vitalStatus unknown (poison: every list with this case would fail)")
    if status == "unknown" and body.get("endOfRecords") is None:
        yield Violation("endOfRecords", "required while vitalStatus is unknown")
    for field in ("dateOfDeath", "causeOfDeath"):
        if status != "deceased" and body.get(field) is not None:
            yield Violation(field, "only with vitalStatus deceased")
    if status == "deceased" and body.get("dateOfDeath") is None:
        yield Violation("dateOfDeath", "required with vitalStatus deceased")
    for field in ("dateOfDeath", "endOfRecords"):
        # POP keeps months only, so that both may fall on one; ISO dates compare as text.
        if body.get(field) is not None and body[field][:7] < body["dateOfBirth"][:7]:
            yield Violation(field, "lies before the birth")


def _tumour(body: JsonObject) -> Iterator[Violation]:
    relationship, behaviour = body["relationship"], body["morphology"]["code"].rpartition("/")[2]
    if relationship == "primary" and body.get("relatedPrimaryId") is not None:
        yield Violation("relatedPrimaryId", "a primary has no primary")
    if relationship != "primary" and body.get("relatedPrimaryId") is None:
        yield Violation("relatedPrimaryId", "a metastasis or recurrence needs its primary")
    if relationship == "primary" and behaviour == "6":
        yield Violation("morphology", "behaviour /6 is a metastasis's (ICD-O-3)")
    if relationship == "metastatic" and behaviour == "3":
        yield Violation("morphology", "behaviour /3 is a primary's; a metastasis has /6 (ICD-O-3)")
    if "." not in body["topography"]["code"]:
        yield Violation("topography", "is a group of sites; a site has a digit after the point (unspecified: .9)")


def _tnm(body: JsonObject) -> Iterator[Violation]:
    for field in ("primaryTumor", "regionalNodes"):
        display = (body.get(field) or {}).get("display") or ""
        if body.get("pathological") is False and re.match(r"[yra]*p[TN]", display):
            yield Violation(field, "is a pathological category in a staging that is said to be clinical")


def _marker(body: JsonObject) -> Iterator[Violation]:
    for field, analytes in SCALES.items():
        if body.get(field) is not None and body["analyte"]["code"] not in analytes:
            yield Violation(field, "is a scale that this analyte does not have")


def _risk(body: JsonObject) -> Iterator[Violation]:
    classes = CLASSES.get(body["methodology"]["code"])
    if classes is not None and body["risk"]["code"] not in classes:
        yield Violation("risk", "is no class of this methodology")


def _event(body: JsonObject) -> Iterator[Violation]:
    # Resolved without a day is no fault: R4's AdverseEvent has no element for the day, and POP takes it.
    resolved = body.get("dateResolved")
    if resolved is not None and body["outcome"] in ("ongoing", "recovering"):
        yield Violation("dateResolved", "an event that goes on has not been resolved")
    if resolved is not None and resolved < body["date"]:
        yield Violation("dateResolved", "lies before the event")


def _cause(body: JsonObject) -> Iterator[Violation]:
    # A medication is part of its therapy: naming both names one cause.
    groups = (("systemicTherapyId", "medicationId"), ("radiotherapyId",), ("surgeryId",))
    given = [group for group in groups if any(body.get(field) is not None for field in group)]
    if len(given) > 1:
        yield Violation(given[1][0], "one suspected cause names one treatment; write one for each")


def _mitigation(body: JsonObject) -> Iterator[Violation]:
    for category, field in _MITIGATIONS.items():
        if body["category"] == category and body.get(field) is None:
            yield Violation(field, f"required for a mitigation by {category}")
        if body["category"] != category and body.get(field) is not None:
            yield Violation(field, f"belongs to a mitigation by {category}")


def _setting(body: JsonObject) -> Iterator[Violation]:
    modality, technique = body["modality"]["code"], body["technique"]["code"]
    if (modality in BEAM_MODALITIES and technique in BRACHY_TECHNIQUES) or (
        modality in BRACHY_MODALITIES and technique in BEAM_TECHNIQUES
    ):
        yield Violation("technique", "belongs to another modality")


def _relative(body: JsonObject) -> Iterator[Violation]:
    for field in ("topography", "morphology", "onsetAge"):
        if body["hadCancer"] is False and body.get(field) is not None:
            yield Violation(field, "only if the relative had cancer")


def _vitals(body: JsonObject) -> Iterator[Violation]:
    systolic, diastolic = body.get("bloodPressureSystolic"), body.get("bloodPressureDiastolic")
    if systolic is not None and diastolic is not None and diastolic["value"] > systolic["value"]:
        yield Violation("bloodPressureDiastolic", "is above the systolic pressure")


def _comorbidities(body: JsonObject) -> Iterator[Violation]:
    codes = {
        field: {each["code"] for each in body.get(field) or ()} for field in ("presentConditions", "absentConditions")
    }
    if codes["presentConditions"] & codes["absentConditions"]:
        yield Violation("absentConditions", "names a condition that is also present")
    for field, found in codes.items():
        if any("-" in code for code in found):
            yield Violation(field, "names a block of ICD-10, which is no condition")


_EVERY: tuple[Rule, ...] = (_period,)
_BY_KIND: dict[str, tuple[Rule, ...]] = {
    "PatientCase": (_case,),
    "NeoplasticEntity": (_tumour,),
    "TNMStaging": (_tnm,),
    "TumorMarker": (_marker,),
    "RiskAssessment": (_risk,),
    "AdverseEvent": (_event,),
    "AdverseEventSuspectedCause": (_cause,),
    "AdverseEventMitigation": (_mitigation,),
    "RadiotherapySetting": (_setting,),
    "FamilyHistory": (_relative,),
    "Vitals": (_vitals,),
    "ComorbiditiesAssessment": (_comorbidities,),
}
