"""Which Observation is which part of a TNM staging (mCODE STU3/STU4 staging-type value sets, POP's guide, LOINC)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mappers.codes import LOINC, SNOMED
from mappers.fhir import pairs, words
from mappers.protocol import JsonObject

Side = Literal["clinical", "pathological"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a staging: POP's field, its terminology, and clinical or pathological if the code says so."""

    field: str
    terminology: str
    side: Side | None = None


_T, _N, _M, _STAGE = "primaryTumor", "regionalNodes", "distantMetastases", "stage"
_TERMINOLOGY = {
    _T: "TNMPrimaryTumorCategory", _N: "TNMRegionalNodesCategory", _M: "TNMDistantMetastasesCategory", _STAGE: "TNMStage",
    "grade": "TNMGradeCategory", "residualTumor": "TNMResidualTumorCategory",
    "lymphaticInvasion": "TNMLymphaticInvasionCategory", "venousInvasion": "TNMVenousInvasionCategory",
    "perineuralInvasion": "TNMPerineuralInvasionCategory", "serumTumorMarkerLevel": "TNMSerumTumorMarkerLevelCategory",
}  # fmt: skip

_C: Side = "clinical"
_P: Side = "pathological"
_CODES: dict[tuple[str, str], tuple[str, Side | None]] = {
    (SNOMED, "399390009"): (_STAGE, None), (SNOMED, "399537006"): (_STAGE, _C), (SNOMED, "399588009"): (_STAGE, _P),
    (LOINC, "21908-9"): (_STAGE, _C), (LOINC, "21902-2"): (_STAGE, _P), (LOINC, "21914-7"): (_STAGE, None),
    (SNOMED, "78873005"): (_T, None), (SNOMED, "399504009"): (_T, _C), (SNOMED, "384625004"): (_T, _P),
    (LOINC, "21905-5"): (_T, _C), (LOINC, "21899-0"): (_T, _P),
    (SNOMED, "277206009"): (_N, None), (SNOMED, "399534004"): (_N, _C), (SNOMED, "371494008"): (_N, _P),
    (LOINC, "21906-3"): (_N, _C), (LOINC, "21900-6"): (_N, _P),
    (SNOMED, "277208005"): (_M, None), (SNOMED, "399387003"): (_M, _C), (SNOMED, "371497001"): (_M, _P),
    (LOINC, "21907-1"): (_M, _C), (LOINC, "21901-4"): (_M, _P),
    (SNOMED, "1222598000"): ("grade", None), (SNOMED, "1222599008"): ("grade", None),
    (SNOMED, "37161004"): ("residualTumor", None), (SNOMED, "385414009"): ("lymphaticInvasion", None),
    (SNOMED, "369732007"): ("venousInvasion", None), (SNOMED, "396394004"): ("perineuralInvasion", None),
    (SNOMED, "396701002"): ("serumTumorMarkerLevel", None),
}  # fmt: skip

PARTS = {code: Part(field, _TERMINOLOGY[field], side) for code, (field, side) in _CODES.items()}

_PREFIX = re.compile(r"^(?:american joint committee on cancer\s+|ajcc\s+|stage\s+)?[yra]*([cp])[TNM]", re.I)


def part_of(json: JsonObject) -> Part | None:
    """The part of a TNM staging that an Observation is; None if it is none."""
    return next((PARTS[pair] for pair in pairs(json.get("code")) if pair in PARTS), None)


def side_of(json: JsonObject, part: Part) -> Side | None:
    """Clinical or pathological: as the code says, else as the value's prefix says (``cT2``, ``ypN0``: UICC, *c and p*)."""
    if part.side is not None:
        return part.side
    for name in words(json.get("valueCodeableConcept")).split(" | "):
        match = _PREFIX.match(name)
        if match is not None:
            return _C if match[1].lower() == "c" else _P
    return None
