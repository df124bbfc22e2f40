"""Which Procedures are radiotherapy, and whether one tells of a course, of a part of one, or of a session."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from mappers.codes import (
    CPT,
    HCPCS,
    ICD_10_PCS,
    OPS,
    RADIOTHERAPY_BEAM,
    RADIOTHERAPY_DOSE,
    RADIOTHERAPY_FRACTIONS,
    RADIOTHERAPY_SESSIONS,
    SNOMED,
)
from mappers.fhir import extensions, objects, pairs, profiles, text_of, words
from mappers.protocol import JsonObject
from mappers.radiotherapy.tables import TABLES, ops_entry
from mappers.references import target_keys

Shape = Literal["course", "part", "session"]

_MII = (
    "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/StructureDefinition/mii-ex-onko-strahlentherapie-"
)
INTENTION = _MII + "intention"
BESTRAHLUNG = _MII + "bestrahlung"
#: 2025's MII: a Bestrahlung is a Procedure of its own with these extensions.
BESTRAHLUNG_PARTS = {name: f"{_MII}bestrahlung-{name}" for name in ("gesamtdosis", "einzeldosis", "boost")}
BESTRAHLUNG_SIDE = _MII + "bestrahlung-seitenlokalisation"

_EXTENSIONS = frozenset({RADIOTHERAPY_SESSIONS, RADIOTHERAPY_DOSE, RADIOTHERAPY_BEAM, INTENTION, BESTRAHLUNG})
_COURSE_PROFILES = frozenset({
    "mcode-radiotherapy-course-summary", "mcode-radiotherapy-treatment-summary", "codexrt-radiotherapy-course-summary",
    "mii-pr-onko-strahlentherapie", "onconova-radiotherapy-summary",
})  # fmt: skip
_PROFILE = re.compile(r"radiotherapy|radiation-procedure|strahlentherapie|brachytherapy|teleradiotherapy|codexrt")
_COURSE_CODES = frozenset({
    "1217123003", "USCRS-33529", "mcode-radiotherapy-course-summary", "mcode-radiotherapy-treatment-summary",
})  # fmt: skip
#: Radiotherapy treatment phase, treatment plan, fractionated dose: parts of a course (mCODE's ballot, CodeX RT).
_PART_CODES = frozenset({
    "1222565005", "1255724003", "1297069006", "mcode-teleradiotherapy-treatment-phase", "mcode-brachytherapy-treatment-phase",
})  # fmt: skip
#: SNOMED CT: Radiation oncology AND/OR radiotherapy; Radiotherapy; Radionuclide therapy.
_CATEGORIES = frozenset({(SNOMED, "108290001"), (SNOMED, "1287742003"), (SNOMED, "399315003")})
_WORDS = re.compile(
    r"radio-?therap|radiation (?:therap|treatment|tx\b|trt\b|delivery|beam|oncolog|to )|beam radiation|"
    r"strahlentherap|strahlenbehandlung|bestrahlung|"
    r"\birradiation\b|\bradiatio\b|\bxrt\b|gamma[- ]?knife|cyber[- ]?knife|"
    r"radiochemo|brachytherap|radio-?surg|radiochirurg|teletherap|\bsbrt\b|\bsabr\b|\bimrt\b|\bvmat\b|\bebrt\b|\bwbrt\b|\btbi\b|"
    r"(?:proton|carbon ion|neutron)(?: beam)? therap|protonentherap|radioembol|radioligand|radionu[ck]lid\w* ?therap|"
    r"radioiodine (?:therap|ablat)|radiojod-?therap|radioimmun\w*therap|radiopharmac\w* therap",
    re.I,
)
#: Light, and products that are irradiated.
_NO_RADIATION = re.compile(r"photother|\buv[ab]?\b|erythrozyt|thrombozyt|blood|red cell|platelet|ultraviolet", re.I)
_NO_TREATMENT = re.compile(
    r"referral|consult|planning|\bplanung|bestrahlungsplanung|simulat|management|follow[- ]?up|nachsorge|dosimetr|physics|"
    r"evaluat|assessment|education|aufklärung|vorstellung|überweisung|verification|port film|localization|guidance|history of|"
    r"hyperthermia|fixation|behandlungshilfe|"
    r"radiotherapy (?:device|equipment)|discussion",
    re.I,
)
_NO_SESSION = "planning, guidance or management of radiotherapy, no delivery"


def code_words(json: JsonObject) -> str:
    """Text and displays of what was done."""
    return words(json.get("code"))


def is_radiotherapy(json: JsonObject) -> bool:
    """True if the Procedure tells of radiotherapy, its planning included: by profile, extension, category, code or name."""
    meta = json.get("meta")
    named = meta.get("profile") if isinstance(meta, dict) else None
    if isinstance(named, list) and any(isinstance(each, str) and _profiled(each) for each in named):
        return True
    if "extension" in json and any(extensions(json, _EXTENSIONS)):
        return True
    for concept in (json.get("code"), *objects(json.get("category"))):
        if any(_listed(system, code) for system, code in pairs(concept)):
            return True
    return _names_radiation(code_words(json))


@lru_cache(maxsize=1024)
def _profiled(profile: str) -> bool:
    return _PROFILE.search(profile.rpartition("/")[2]) is not None


@lru_cache(maxsize=8192)
def _names_radiation(text: str) -> bool:
    return _WORDS.search(text) is not None and _NO_RADIATION.search(text) is None


@lru_cache(maxsize=8192)
def _listed(system: str, code: str) -> bool:
    if system == SNOMED:
        return code in TABLES.generic or code in TABLES.snomed or code in TABLES.listed
    if system in (CPT, HCPCS):
        return _cpt(code)
    if system == OPS:
        return ops_entry(code) is not None or re.match(r"8-5(?:2|3)", code) is not None
    if system == ICD_10_PCS:
        return re.fullmatch(r"D[0-9A-Z]{6}", code) is not None
    return code in _COURSE_CODES or code in _PART_CODES


def _cpt(code: str) -> bool:
    number = int(code) if code.isdigit() and len(code) == 5 else 0
    return (
        77261 <= number <= 77525
        or 77750 <= number <= 77799
        or code in TABLES.cpt
        or code in ("G6001", "G6002", "G6017")
    )


def refused(json: JsonObject) -> str | None:
    """Why a Procedure of radiotherapy is no delivery."""
    delivered = False
    for system, code in pairs(json.get("code")):
        if system in (CPT, HCPCS):
            if code not in TABLES.cpt and _cpt(code):
                return _NO_SESSION
            delivered = delivered or code in TABLES.cpt
        elif system == OPS and re.match(r"8-52[789]", code):
            return _NO_SESSION
        elif system == ICD_10_PCS and re.match(r"D..Y8", code):
            return "hyperthermia, no radiation"
        delivered = delivered or (system == OPS and ops_entry(code) is not None)
    if not delivered and _NO_TREATMENT.search(code_words(json)):
        return _NO_SESSION
    return None


def counted(json: JsonObject) -> bool:
    """True if the Procedure is one session by itself: its code is used once per fraction (CPT and HCPCS delivery codes, OPS 8-52x
    with its rule of coding each fraction, ICD-10-PCS section D), or its period goes from one time to another of a day."""
    period = json.get("performedPeriod")
    if isinstance(period, dict):
        start, end = (text_of(period.get(name)) for name in ("start", "end"))
        if min(len(start), len(end)) > _DATE and start[:_DATE] == end[:_DATE]:
            return True
    for system, code in pairs(json.get("code")):
        if (system in (CPT, HCPCS) and code in TABLES.cpt) or system == ICD_10_PCS:
            return True
        if system == OPS and re.match(r"8-52[0-9a-e]", code):
            return True
    return False


def shape_of(json: JsonObject, days: int | None, *, part: bool) -> Shape:
    """What the Procedure tells of. ``days``: how many days its period spans; None if it has no period with an end. ``part``: it is
    part of another radiotherapy, as its phase, its plan or one of its sessions."""
    named = profiles(json)
    code_set = {code for _, code in pairs(json.get("code"))}
    if not part and (named & _COURSE_PROFILES or code_set & _COURSE_CODES):
        return "course"
    if code_set & _PART_CODES or any("phase" in name or "bestrahlung" in name for name in named):
        return "part"
    stated = (
        RADIOTHERAPY_SESSIONS,
        RADIOTHERAPY_DOSE,
        BESTRAHLUNG,
        *BESTRAHLUNG_PARTS.values(),
        *RADIOTHERAPY_FRACTIONS,
    )
    long = days is None if isinstance(json.get("performedPeriod"), dict) else False
    if any(extensions(json, stated)) or long or (days is not None and days > _SESSION_DAYS):
        return "part" if part else "course"
    return "session"


#: Letters of a date without a time.
_DATE = 10
#: A Procedure whose period is longer than this is no single session.
_SESSION_DAYS = 1


def parents(json: JsonObject) -> tuple[str, ...]:
    """Keys of the Procedures that this one is part of."""
    found = [key for each in objects(json.get("partOf")) for key in target_keys(each)]
    return tuple(key for key in found if key.startswith(("Procedure/", "urn:", "http", "id:")))


def note_text(json: JsonObject) -> str:
    """The notes."""
    return " | ".join(filter(None, (text_of(each.get("text")) for each in objects(json.get("note")))))
