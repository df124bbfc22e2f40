"""Which part of a TNM staging an Observation, a component or a text is.

Codes: mCODE STU2 to STU4 (staging type value sets), POP's guide, MII Onkologie (TNM module), LOINC, NCIt *Generic TNM finding*.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from mappers.codes import LOINC, NCIT, SNOMED
from mappers.fhir import extensions, first, pairs, text_of, words
from mappers.protocol import JsonObject
from mappers.stagings.systems import GENERIC, names_tnm, observed_system
from mappers.terminology.stage_names import CODE_LETTERS, category_of, phrase_of

Side = Literal["clinical", "pathological"]

STAGE, T, N, M = "stage", "primaryTumor", "regionalNodes", "distantMetastases"
CATEGORIES = frozenset({T, N, M})
#: A whole classification in one text (``pT2a N1 M0``), and the symbols that MII sends as Observations of their own.
WHOLE, SYMBOL = "whole", "symbol"
TERMINOLOGY = {
    T: "TNMPrimaryTumorCategory", N: "TNMRegionalNodesCategory", M: "TNMDistantMetastasesCategory", STAGE: "TNMStage",
    "grade": "TNMGradeCategory", "residualTumor": "TNMResidualTumorCategory",
    "lymphaticInvasion": "TNMLymphaticInvasionCategory", "venousInvasion": "TNMVenousInvasionCategory",
    "perineuralInvasion": "TNMPerineuralInvasionCategory", "serumTumorMarkerLevel": "TNMSerumTumorMarkerLevelCategory",
}  # fmt: skip
#: Found by histology: on one day with two stage groups they belong to the pathological one.
HISTOLOGICAL = frozenset({"lymphaticInvasion", "venousInvasion", "perineuralInvasion", "residualTumor"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a staging: POP's field (or WHOLE, SYMBOL), and clinical or pathological if the code says so."""

    field: str
    side: Side | None = None
    symbol: str = ""
    """``y``, ``r``, ``a`` or ``m`` of a SYMBOL."""


_C: Side = "clinical"
_P: Side = "pathological"
PARTS: dict[tuple[str, str], Part] = {
    (SNOMED, "399390009"): Part(STAGE), (SNOMED, "399537006"): Part(STAGE, _C), (SNOMED, "399588009"): Part(STAGE, _P),
    (SNOMED, "405979002"): Part(STAGE, _P), (SNOMED, "385349001"): Part(STAGE), (SNOMED, "385356007"): Part(STAGE),
    (LOINC, "21908-9"): Part(STAGE, _C), (LOINC, "21902-2"): Part(STAGE, _P), (LOINC, "21914-7"): Part(STAGE),
    (LOINC, "67213-9"): Part(STAGE),
    (NCIT, "C177555"): Part(STAGE, _C), (NCIT, "C177556"): Part(STAGE, _P), (NCIT, "C132248"): Part(STAGE),
    (NCIT, "C180901"): Part(STAGE), (NCIT, "C90529"): Part(STAGE), (NCIT, "C90530"): Part(STAGE),
    (NCIT, "C139445"): Part(STAGE), (NCIT, "C139446"): Part(STAGE), (NCIT, "C16899"): Part(STAGE),
    (SNOMED, "78873005"): Part(T), (SNOMED, "399504009"): Part(T, _C), (SNOMED, "384625004"): Part(T, _P),
    (SNOMED, "399556001"): Part(T), (NCIT, "C48885"): Part(T),
    (LOINC, "21905-5"): Part(T, _C), (LOINC, "21899-0"): Part(T, _P), (LOINC, "21911-3"): Part(T),
    (SNOMED, "277206009"): Part(N), (SNOMED, "399534004"): Part(N, _C), (SNOMED, "371494008"): Part(N, _P),
    (SNOMED, "399458003"): Part(N), (NCIT, "C48884"): Part(N),
    (LOINC, "21906-3"): Part(N, _C), (LOINC, "21900-6"): Part(N, _P), (LOINC, "21912-1"): Part(N),
    (SNOMED, "277208005"): Part(M), (SNOMED, "399387003"): Part(M, _C), (SNOMED, "371497001"): Part(M, _P),
    (SNOMED, "399437009"): Part(M), (NCIT, "C48883"): Part(M),
    (LOINC, "21907-1"): Part(M, _C), (LOINC, "21901-4"): Part(M, _P), (LOINC, "21913-9"): Part(M),
    (SNOMED, "263642008"): Part(WHOLE), (SNOMED, "399566009"): Part(WHOLE), (SNOMED, "399703000"): Part(WHOLE),
    (SNOMED, "106248000"): Part(WHOLE, _C), (SNOMED, "106249008"): Part(WHOLE, _P),
    (SNOMED, "1222598000"): Part("grade"), (SNOMED, "1222599008"): Part("grade"), (SNOMED, "1222600006"): Part("grade"),
    (SNOMED, "37161004"): Part("residualTumor"), (SNOMED, "445200009"): Part("residualTumor"),
    (LOINC, "84892-9"): Part("residualTumor"),
    (SNOMED, "385414009"): Part("lymphaticInvasion"), (SNOMED, "395715009"): Part("lymphaticInvasion"),
    (SNOMED, "369732007"): Part("venousInvasion"), (SNOMED, "371493002"): Part("venousInvasion"),
    (SNOMED, "396394004"): Part("perineuralInvasion"), (SNOMED, "371513001"): Part("perineuralInvasion"),
    (SNOMED, "396701002"): Part("serumTumorMarkerLevel"), (SNOMED, "399424006"): Part("serumTumorMarkerLevel"),
    (LOINC, "101658-3"): Part(SYMBOL, symbol="y"), (LOINC, "101659-1"): Part(SYMBOL, symbol="r"),
    (LOINC, "101660-9"): Part(SYMBOL, symbol="a"), (LOINC, "42030-7"): Part(SYMBOL, symbol="m"),
}  # fmt: skip

_CP_PREFIX = (
    "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/StructureDefinition/mii-ex-onko-tnm-cp-praefix"
)
_NAMED_CATEGORY = re.compile(
    r"(?:(clinical|pathologic(?:al)?|klinische?|pathologische?|c|p)[\s-]*)?([TNM])[\s-]*(?:category|categorie|stage|kategorie|class)",
    re.I,
)
_PATHOLOGICAL_WORDS = re.compile(r"\bpatholog|\bpTNM\b|\bpathological", re.I)
_CLINICAL_WORDS = re.compile(r"\bclinical|\bklinisch|\bcTNM\b", re.I)
_NO_STAGE = re.compile(
    r"\bdate\b|\bmethod\b|edition(?!.*\bstag)|descriptor|staged by|\btype\b|risk|panel|pain|sleep|kidney", re.I
)


def part_of(json: JsonObject) -> Part | None:
    """The part of a TNM staging that an Observation is; None if it is none, or a stage of another system."""
    code = json.get("code")
    for pair in pairs(code):
        if pair in PARTS:
            if pair in GENERIC and observed_system(json) is not None:
                return None
            return PARTS[pair]
    text = words(code)
    part = _named_part(text) if text else None
    if (
        part is None
        and _BARE_STAGE.fullmatch(text)
        and any(each.field in CATEGORIES for each, _ in parts_in(_said(json), None))
    ):
        # "Pathologic stage" alone is any system's; letters of T, N or M in its value are TNM's.
        return Part(WHOLE, side_in(text))
    if part is None or not any(name.startswith("value") or name == "component" for name in json):
        return None
    return part if part.field != WHOLE or observed_system(json) is None else None


_BARE_STAGE = re.compile(
    r"(?:(?:pathologic(?:al)?|clinical|final|initial|cancer|tumou?r) )?stag(?:e|ing)(?: at diagnosis)?", re.I
)


def _said(json: JsonObject) -> str:
    return text_of(json.get("valueString")) or words(json.get("valueCodeableConcept"))


@lru_cache(maxsize=8192)
def _named_part(text: str) -> Part | None:
    """The part that the words of a code name."""
    if _NO_STAGE.search(text):
        return None
    category = _NAMED_CATEGORY.fullmatch(text.split(" | ")[0])
    if category is not None:
        side = (category[1] or "").lower()[:1]
        return Part(
            {"T": T, "N": N, "M": M}[category[2].upper()], _P if side == "p" else _C if side in ("c", "k") else None
        )
    return Part(WHOLE, side_in(text)) if names_tnm(text) else None


def side_in(text: str) -> Side | None:
    """Clinical or pathological, where a text says one of them."""
    pathological, clinical = _PATHOLOGICAL_WORDS.search(text), _CLINICAL_WORDS.search(text)
    return None if bool(pathological) == bool(clinical) else _P if pathological else _C


def side_of(code: Any, value: JsonObject | None, part: Part) -> Side | None:
    """Clinical or pathological: as the code says, MII's prefix extension, or the value's own prefix (``cT2``, ``ypN0``: UICC,
    *c and p*; ``u``, by ultrasound, is clinical)."""
    if part.side is not None or part.field not in CATEGORIES | {STAGE}:
        return part.side
    if isinstance(code, dict):
        for _, extension in extensions(code, _CP_PREFIX):
            letter = next((code for _, code in pairs(first(extension.get("valueCodeableConcept")))), "")
            if letter in ("c", "u", "p"):
                return _P if letter == "p" else _C
    for letters in letters_of(value):
        found = category_of(letters) or (bare_category(letters, part.field) if part.field in CATEGORIES else None)
        if found is not None:
            return _P if "p" in found[0] else _C if set(found[0]) & {"c", "u"} else None
    return None


def letters_of(value: JsonObject | None) -> list[str]:
    """What may be a value's letters: what its codes stand for, its displays, its codes, its text."""
    if value is None:
        return []
    found = [CODE_LETTERS[pair] for pair in pairs(value) if pair in CODE_LETTERS]
    found.extend(words({"coding": value.get("coding")}).split(" | "))
    found.extend(code for _, code in pairs(value))
    found.append(text_of(value.get("text")))
    return [_plain(each) for each in found if each]


_MII = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/StructureDefinition/mii-ex-onko-tnm-"
_SUFFIXES = (_MII + "itc-suffix", _MII + "sn-suffix")
#: ``(i-)`` and ``(mol-)`` say that nothing was found, which N0 says without them (UICC 8th ed., *Isolated tumour cells*).
_KEPT_SUFFIXES = ("i+", "mol+", "sn")


def suffixes_of(value: JsonObject | None) -> str:
    """MII's extensions of a value: ``(i+)``, ``(mol+)``, ``(sn)``."""
    found = [
        code for _, extension in extensions(value or {}, _SUFFIXES)
        for _, code in pairs(first(extension.get("valueCodeableConcept"))) if code in _KEPT_SUFFIXES
    ]  # fmt: skip
    return "".join(f"({each})" for each in sorted(dict.fromkeys(found)))


_BARE = re.compile(r"([yracp]{0,3})\s*(X|0|IS|A|[1-4](?:MI|[A-E])?\d?)(?:\(?(I|M|MOL)([+-])\)?)?", re.I)
_FIELD = {"T": T, "N": N, "M": M}
_LETTER = {field: letter for letter, field in _FIELD.items()}


def bare_category(text: str, field: str) -> tuple[str, str, str] | None:
    """A category without its letter, as registries write it under a code that says T, N or M (NAACCR items 880 to 960: ``c2A``,
    ``pIS``, ``X``, ``p0I+`` for isolated tumour cells, ``p0M+`` for molecular findings)."""
    match = _BARE.fullmatch(text.strip())
    if match is None:
        return None
    cells = f"({'i' if match[3] in 'iI' else 'mol'}+)" if match[4] == "+" else ""
    return category_of(f"{match[1]}{_LETTER[field]}{match[2]}{cells}")


def _plain(text: str) -> str:
    """``American Joint Committee on Cancer cT2 (qualifier value)`` as ``cT2``."""
    return _AJCC.sub("", text).strip()


_AJCC = re.compile(
    r"^(?:american joint committee on cancer|ajcc(?: \(american joint committee on cancer\))?|uicc)\s+|"
    r"\s*(?:category)?\s*\((?:finding|qualifier value|tumor staging)\)$|\s+category$|^category\s+", re.I
)  # fmt: skip

_WHOLE_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?P<prefix>[yracpu]{0,3})(?P<letter>[TNM])\s?(?P<number>[0-4Xx]|is|a)(?P<rest>mi|[a-e]?\d?)(?P<suffix>(?:\([^()]{1,9}\))*)"
    r"|(?P<other>Pn[01Xx]|[GRLVS][0-4Xx])"
    r")(?=[\s,;/)]|[yracpu]{0,3}[TNM][0-4Xx]|$)"
)
#: Where the next category begins in ``pT2aN1M0``. A c before N is the T's: ``T1cN0`` is T1c.
_JOINED = re.compile(r"(?:(?<=\d)|(?<=\d[a-e])|(?<=[Xx)])|(?<=is)|(?<=Ta))(?=(?:[ypru]{1,3})?[TNM][0-4Xx])")
_OTHER = {
    "G": "grade",
    "R": "residualTumor",
    "L": "lymphaticInvasion",
    "V": "venousInvasion",
    "S": "serumTumorMarkerLevel",
}


def parts_in(text: str, side: Side | None) -> list[tuple[Part, str]]:
    """The parts that a text spells: ``pT2a N1 M0, Stage IIB``.

    A prefix goes on for the letters after it (``pT2 N1``: UICC writes it once), but not to M, which is clinical unless it says p
    (AJCC 8th ed.: there is no pM0). Two different values of one letter make the text unreadable: nothing is taken.
    """
    found: dict[str, tuple[Part, str]] = {}
    prefix = {"clinical": "c", "pathological": "p"}.get(side or "", "")
    for match in _WHOLE_TOKEN.finditer(_JOINED.sub(" ", text)):
        if match["other"] is not None:
            letters = match["other"]
            field = "perineuralInvasion" if letters.startswith("Pn") else _OTHER[letters[0]]
            part = Part(field)
        else:
            prefix = match["prefix"] or prefix
            letter = match["letter"]
            own = match["prefix"] or ("c" if letter == "M" and prefix else prefix)
            letters = f"{own}{letter}{match['number']}{match['rest']}{match['suffix']}"
            field = _FIELD[letter]
            part = Part(field, _P if "p" in own else _C if set(own) & {"c", "u"} else side if letter != "M" else None)
        if field in found and found[field][1] != letters:
            return []
        found[field] = (part, letters)
    stage = phrase_of(text)
    if stage is not None:
        found[STAGE] = (Part(STAGE, side), stage)
    if not found.keys() & (CATEGORIES | {STAGE}):
        return []
    return list(found.values())
