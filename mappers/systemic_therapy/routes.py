"""Routes as hospitals write them → SNOMED CT, which POP's list uses."""

from __future__ import annotations

import re

from mappers.codes import SNOMED
from mappers.fhir import codings, text_of
from mappers.protocol import JsonObject

_ROUTES = {
    "47625008": ("Intravenous use", r"intraven\w*|i\.?v\.?(?:pb)?|ivp|venös"),
    "26643006": ("Oral use", r"oral\w*|p\.?o\.?|per os|by mouth|mouth|peroral"),
    "34206005": ("SC use", r"subcutan\w*|subkutan\w*|s\.?c\.?|sq|subq|subcut"),
    "78421000": ("Intramuscular use", r"intramus[ck]ul\w*|i\.?m\.?"),
    "72607000": ("Intrathecal use", r"intrathe[ck]al\w*|i\.?th?\.?"),
    "38239002": ("Intraperitoneal use", r"intraperitoneal\w*|i\.?p\.?|hipec"),
    "372471009": ("Intravesical use", r"intraves[iy][ck]\w*|bladder instillation"),
    "58100008": ("Intra-arterial use", r"intra-?arteri\w*"),
}
_PATTERNS = [
    (
        re.compile(rf"(?:{words})(?:\s+(?:use|route|push|infusion|injection|piggyback|anwendung|gabe))?", re.I),
        code,
        display,
    )
    for code, (display, words) in _ROUTES.items()
]
#: EDQM Standard Terms (Ph. Eur.), NCIt and HL7 v2 table 0162 by their codes, whatever the display.
_CODES = {
    "20045000": "47625008", "20053000": "26643006", "20066000": "34206005", "20035000": "78421000", "20042000": "72607000",
    "20038000": "38239002", "C38276": "47625008", "C38288": "26643006", "C38299": "34206005", "C28161": "78421000",
    "C38267": "72607000", "IV": "47625008", "PO": "26643006", "SC": "34206005", "SQ": "34206005", "IM": "78421000",
    "IT": "72607000",
}  # fmt: skip


def plain_route(concept: JsonObject) -> JsonObject:
    """The same route with SNOMED CT's code, if another system's code or its words tell it; else the concept as it is."""
    for coding in codings(concept):
        if coding.get("system") == SNOMED:
            return concept
    for coding in codings(concept):
        code = _CODES.get(text_of(coding.get("code")).upper())
        if code is not None:
            return _snomed(code)
    texts = [text_of(concept.get("text")), *(text_of(each.get("display")) for each in codings(concept))]
    for text in texts:
        for pattern, code, _ in _PATTERNS:
            if pattern.fullmatch(text):
                return _snomed(code)
    return concept


def _snomed(code: str) -> JsonObject:
    return {"coding": [{"system": SNOMED, "code": code, "display": _ROUTES[code][0]}]}
