"""Procedures that are told by other mappers: radiotherapy, systemic therapy, tumour boards."""

from __future__ import annotations

import re

from mappers.codes import CPT, ICD_10_PCS, NCIT, OPS, SNOMED
from mappers.fhir import objects, pairs, profiles, words
from mappers.protocol import Resource

_PROFILES = re.compile(r"radiotherapy|strahlentherapie|systemische-?therapie|tumor-board|tumorkonferenz", re.I)
#: Teleradiotherapy, brachytherapy, radiotherapy course (mCODE), chemotherapy, immunotherapy, hormone therapy.
_SNOMED = frozenset({
    "1217123003", "1156506007", "108290001", "33195004", "1287742003", "384692006", "152198000", "1156384006", "399315003",
    "367336001", "76334006", "169413002", "897713009", "1255831008", "18629005", "416608005", "703423002", "265760000",
})  # fmt: skip
#: NCIt: Tumor Board Review.
_BOARD = frozenset({"C93304"})
_OPS = re.compile(r"8-5[234]")
_WORDS = re.compile(
    r"radiotherap|radiation (?:therapy|treatment)|brachytherap|bestrahlung|strahlentherap|radiosurg|chemotherap|immunotherap|"
    r"chemoradi|radiochemo|tumou?r ?(?:board|conference|konferenz)|multidisciplinary (?:team|tumou?r|meeting|conference|case)", re.I
)  # fmt: skip
_TYPES = frozenset({"CH", "HO", "IM", "ZS", "SZ", "CI", "CZ", "CIZ", "IZ", "ST", "WW", "AS", "WS"})


def told_elsewhere(resource: Resource) -> bool:
    """True if the Procedure is none that this mapper has to judge."""
    json = resource.json
    if any(_PROFILES.search(each) for each in profiles(json)):
        return True
    for element in ("code", "category"):
        for concept in objects(json.get(element)):
            for system, code in pairs(concept):
                if (system == SNOMED and code in _SNOMED) or (system == NCIT and code in _BOARD):
                    return True
                if system == OPS and _OPS.match(code):
                    return True
                if system == CPT and code.startswith("77") and len(code) == 5:
                    return not "77045" <= code <= "77092"  # imaging of breast and bone
                if system == ICD_10_PCS and code.startswith("D"):
                    return True
                if "therap" in system.casefold() and code in _TYPES:
                    return True
            if element == "code" and _WORDS.search(words(concept)):
                return True
    return False
