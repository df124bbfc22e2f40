"""Procedures that are told by other mappers: radiotherapy, systemic therapy, tumour boards."""

from __future__ import annotations

import re

from mappers.codes import NCIT, OPS, SNOMED
from mappers.fhir import objects, pairs, profiles, words
from mappers.protocol import Resource
from mappers.radiotherapy.procedures import is_radiotherapy

_PROFILES = re.compile(r"systemische-?therapie|tumor-board|tumorkonferenz", re.I)
#: SNOMED CT: chemotherapy, immunotherapy, hormone therapy, chemoimmunotherapy, targeted therapy (MII's map of *Therapie_Typ*).
_SNOMED = frozenset({"367336001", "76334006", "169413002", "897713009", "1255831008"})
#: NCIt: Tumor Board Review.
_BOARD = (NCIT, "C93304")
#: OPS: cytostatic chemotherapy, immunotherapy.
_OPS = re.compile(r"8-54")
_WORDS = re.compile(
    r"chemotherap|immunotherap|chemoradi|tumou?r ?(?:board|conference|konferenz)|"
    r"multidisciplinary (?:team|tumou?r|meeting|conference|case)",
    re.I,
)
#: MII *Therapie Typ*: systemic therapies and surveillance.
_TYPES = frozenset({"CH", "HO", "IM", "ZS", "SZ", "CI", "CZ", "CIZ", "IZ", "WW", "AS", "WS"})


def told_elsewhere(resource: Resource) -> bool:
    """True if the Procedure is none that this mapper has to judge."""
    json = resource.json
    if any(_PROFILES.search(each) for each in profiles(json)) or is_radiotherapy(json):
        return True
    for element in ("code", "category"):
        for concept in objects(json.get(element)):
            for system, code in pairs(concept):
                if (system == SNOMED and code in _SNOMED) or (system, code) == _BOARD:
                    return True
                if (system == OPS and _OPS.match(code)) or ("therapie-typ" in system and code in _TYPES):
                    return True
            if element == "code" and _WORDS.search(words(concept)):
                return True
    return False
