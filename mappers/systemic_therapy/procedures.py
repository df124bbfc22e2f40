"""Procedures that are systemic therapies: a whole course (oBDS *SYST*, MII Onkologie) or one session of it."""

from __future__ import annotations

import re

from mappers.codes import SNOMED
from mappers.dates import parse_day
from mappers.fhir import pairs, words
from mappers.protocol import JsonObject

#: What lasts longer than this is a course, not one infusion (a pump runs two days).
SESSION_DAYS = 4
#: oBDS *Therapieart* of SYST (Bundesanzeiger, Onkologischer Basisdatensatz; MII CodeSystem *therapie-typ*).
_TYPES = frozenset({"CH", "HO", "IM", "ZS", "CI", "CZ", "CIZ", "IZ", "SO", "SZ"})
#: Waiting is recorded as a SYST, too, and is no therapy.
_WAITING = {"WW": "watchful waiting", "AS": "active surveillance", "WS": "wait and see"}
_TYPE_SYSTEM = re.compile(r"therapie-?typ$|SYSTTherapieart", re.I)
#: SNOMED CT: chemotherapy, antineoplastic chemotherapy regimen, by route; and what obds-to-fhir writes for waiting.
_CODES = frozenset(
    (SNOMED, code) for code in ("367336001", "716872004", "265760000", "265761001", "265762008", "266719004")
)
_WAITING_CODES = {
    (SNOMED, "373818007"): "watchful waiting",
    (SNOMED, "424313000"): "active surveillance",
    (SNOMED, "310341009"): "wait and see",
}
_OPS_CHEMOTHERAPY = re.compile(r"8-54")
_WORDS = re.compile(
    r"chemothera|systemic therapy|systemische therapie|immuntherapie|immunotherapy|antikörpertherapie|hormontherapie|"
    r"endocrine therapy|antineoplastic",
    re.I,
)
_OTHER_WORDS = re.compile(
    r"radio|strahl|radiation|counsel|education|consult|history|port\b|catheter|assessment|planning|aufklärung|allerg",
    re.I,
)


def therapy_types(json: JsonObject) -> frozenset[str]:
    """oBDS keys of the kind of therapy, in code or category."""
    return frozenset(
        code for name in ("code", "category") for system, code in pairs(json.get(name)) if _TYPE_SYSTEM.search(system)
    )


def is_registry_course(json: JsonObject) -> bool:
    """A SYST of a cancer registry: it is a whole course by itself."""
    if therapy_types(json) & (_TYPES | _WAITING.keys()):
        return True
    found = json.get("extension")
    return isinstance(found, list) and any(
        isinstance(each, dict) and "systemische-therapie" in str(each.get("url")) for each in found
    )


def is_course(json: JsonObject) -> bool:
    """It stands for a course: a registry's, or one that is open or longer than a session."""
    if is_registry_course(json):
        return True
    period = json.get("performedPeriod")
    if not is_systemic(json) or not isinstance(period, dict):
        return False
    start, end = parse_day(period.get("start")), parse_day(period.get("end"))
    return start is not None and (end is None or (end.date - start.date).days > SESSION_DAYS)


def is_systemic(json: JsonObject) -> bool:
    """True if the Procedure is of this mapper. Cheap: codes, then the words of the code."""
    if is_registry_course(json) or waiting(json) is not None:
        return True
    code = json.get("code")
    for pair in pairs(code):
        if pair in _CODES or (pair[0].endswith("/ops") and _OPS_CHEMOTHERAPY.match(pair[1])):
            return True
    text = words(code)
    return bool(_WORDS.search(text)) and not _OTHER_WORDS.search(text)


def waiting(json: JsonObject) -> str | None:
    """``watchful waiting`` and the like: recorded in a therapy's place."""
    for key in sorted(therapy_types(json)):
        if key in _WAITING:
            return _WAITING[key]
    return next((_WAITING_CODES[pair] for pair in pairs(json.get("code")) if pair in _WAITING_CODES), None)
