"""Stages and categories as people and older code systems write them, as the names that POP's value lists use.

UICC and AJCC count stage groups in Roman numerals and write categories as prefix, letter, number (UICC TNM, 8th ed., *General
rules*); senders write ``Stage 2b``, ``AJCC 8th ed. IIA``, ``Stadium IIIB nach FIGO``, ``3C`` (mCODE STU2, system
cancerstaging.org), ``T2`` (UICC letters of the German MII profiles), or SNOMED CT and NCIt codes that POP does not list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from mappers.codes import LOINC, NCIT, SNOMED

#: Codes that mean letters. SNOMED CT findings and qualifiers: HL7/DICOM CID 3778, the DKTK/i2b2 TNM map, Synthea's modules;
#: NCIt: *Generic TNM finding* and *Neoplasm stage*; LOINC: answers of 94734-1. Each code was found in a published list.
CODE_LETTERS: Mapping[tuple[str, str], str] = {
    **{(SNOMED, code): letters for code, letters in {
        "67101007": "TX", "58790005": "T0", "44401000": "Tis", "23351008": "T1", "261646003": "T1a", "261649005": "T1b",
        "261650005": "T1c", "67673008": "T2", "261651009": "T2a", "261652002": "T2b", "14410001": "T3", "65565005": "T4",
        "43189003": "pTX", "39880006": "pT0", "84921008": "pTis", "53786006": "pT1", "443357004": "pT1a",
        "443506002": "pT1b", "443642002": "pT1c", "80898003": "pT2", "443812002": "pT2a", "443896000": "pT2b",
        "90402004": "pT3", "6123003": "pT4",
        "79420006": "NX", "62455006": "N0", "53623008": "N1", "46059003": "N2", "5856006": "N3",
        "54452005": "pNX", "21917009": "pN0", "45552005": "pN1", "15076001": "pN2", "49182004": "pN3",
        "27167007": "MX", "30893008": "M0", "55440008": "M1", "261927002": "M1a", "261928007": "M1b", "261929004": "M1c",
        "19408000": "pM0", "14926007": "pM1", "443841006": "pM1a", "443840007": "pM1b", "443839005": "pM1c",
        "261613009": "0", "258215001": "I", "261634002": "IA", "261632003": "IA1", "261633008": "IA2", "261635001": "IB",
        "258219007": "II", "261614003": "IIA", "261615002": "IIB", "258224005": "III", "261638004": "IIIA",
        "261639007": "IIIB", "261640009": "IIIC", "258228008": "IV", "261642001": "IVA", "261643006": "IVB",
        # Union for International Cancer Control stages (bzkf/obds-to-fhir's table of *weitere Klassifikationen*)
        "1352916008": "0", "1352825003": "0a", "1352895007": "0is", "1352927005": "I", "1352843004": "IA",
        "1352890002": "IA1", "1352945005": "IA2", "1352854009": "IA3", "1352911003": "IB", "1352816009": "IB1",
        "1352864000": "IB2", "1352919001": "IC", "1352880005": "IS", "1352944009": "II", "1352856006": "IIA",
        "1352829009": "IIA1", "1352892005": "IIA2", "1352861008": "IIB", "1352831000": "IIC", "1352871005": "III",
        "1352915007": "IIIA", "1352935008": "IIIA1", "1352882002": "IIIA2", "1352896008": "IIIB", "1352848008": "IIIC",
        "1352862001": "IIIC1", "1352913000": "IV", "1352822000": "IVA", "1352836005": "IVB", "1352921006": "IVC",
    }.items()},
    **{(NCIT, code): letters for code, letters in {
        "C48737": "TX", "C48719": "T0", "C48720": "T1", "C48724": "T2", "C48728": "T3", "C48732": "T4",
        "C48705": "N0", "C48706": "N1", "C48786": "N2", "C48714": "N3", "C48704": "MX", "C48699": "M0", "C48700": "M1",
        "C27966": "I", "C28054": "II", "C27970": "III", "C27971": "IV",
    }.items()},
    **{(LOINC, code): letters for code, letters in {
        "LA30794-4": "3+3", "LA30795-1": "3+4", "LA30796-9": "4+3",
    }.items()},
}  # fmt: skip

_ROMAN = {"0": "0", "1": "I", "2": "II", "3": "III", "4": "IV", "5": "V"}
_ARABIC = {roman: digit for digit, roman in _ROMAN.items()}
_NOISE = re.compile(
    r"\((?:qualifier value|finding|tumor staging|disorder)\)|"
    r"\b(?:american joint committee on cancer|union for international cancer control|"
    r"international federation of gyna?ecology and obstetrics|"
    r"international neuroblastoma|system|"
    r"[yra]?[cp]?stages?|stadium|staging|group|gruppe|gg|level|grade|ajcc(?:\s*v?\d)?|uicc|tnm|figo|ann[\s-]*arbor|lugano|cotswolds?|"
    r"binet|rai|r-?iss|iss|inss|inrg(?:ss)?|in|clark|wilms|nwtsg?|national|study|intergroup|irsg?|rhabdomyosarcoma|isup|gleason|"
    r"score|clinical|pathologic(?:al)?|klinisch(?:es)?|pathologisch(?:es)?|anatomic|prognostic|modified|nach|tumou?r|lymphoma|"
    r"categor(?:y|ies)|kategorie|melanoma|\d+(?:st|nd|rd|th)?\.?\s*(?:ed(?:ition)?|auflage|version)|(?:19|20)\d\d)\b\.?|[:=,;]",
    re.I,
)
_TOKEN = re.compile(r"(0|[1-5]|iv|v|i{1,3})\s*(is|[a-esx]{0,4})\s*([1-3]?)\s*(\(i{1,2}\))?", re.I)
_CATEGORY = re.compile(
    r"(?:stage\s+|category\s+)?([yracpu]{0,3})\s*(?:(t)\s*([0-4x]|is|a)|(n)\s*([0-3x])|(m)\s*([01x]))\s*((?:mi|[a-e])?\d?)\s*((?:\([^()]*\)\s*)*)",
    re.I,
)
_SUFFIX = re.compile(r"\((DCIS|LAMN|Paget|i\+|mol\+|[01])\)", re.I)
_GLEASON = re.compile(r"([1-5])\s*\+\s*([1-5])(?:\s*=\s*(\d+))?")


def core(text: str) -> str:
    """What is left of a stage's text without the words that name the system, the edition or the side."""
    left = " ".join(_NOISE.sub(" ", text).split()).strip(" -–/.")
    return left[1:-1].strip() if left.startswith("(") and left.endswith(")") else left


def token_of(text: str) -> tuple[str, str] | None:
    """(Roman numeral, rest in lower case) of a stage: ``Stage 3b`` is ``("III", "b")``; None if the text is more than that."""
    match = _TOKEN.fullmatch(core(text))
    if match is None:
        return None
    number = match[1].upper()
    return _ROMAN.get(number, number), f"{match[2].lower()}{match[3]}{(match[4] or '').lower()}"


_PHRASE = re.compile(
    r"\b(?i:stage|stadium|figo|ann[\s-]*arbor|lugano|binet|rai|r-?iss|iss|clark(?:'s)?\s+level)\s*:?\s*"
    r"((?:0|[1-5]|IV|V|I{1,3}|[ABC](?![a-z]))(?:is|[A-ESXa-esx]{0,3})[1-3]?(?:\(i{1,2}\))?)(?![\w/])"
)
_DOUBT = re.compile(
    r"\b(?:or|vs\.?|versus|no|not|without|previous(?:ly)?|suspected|possible|oder|kein|Verdacht)\b|/\s*I", re.I
)


def phrase_of(text: str) -> str | None:
    """The one stage that a longer text states (``Pathologic stage from 12/3/2020: FIGO Stage IB1 (pT1b1)``); None if it states
    several, or doubts."""
    found = set(_PHRASE.findall(text))
    return found.pop() if len(found) == 1 and not _DOUBT.search(text) else None


def finer(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """True if a stage says the same as the other and more: IIIA than III, not than II."""
    return one[0] == other[0] and one[1] != other[1] and one[1].startswith(other[1])


def category_of(text: str) -> tuple[str, str, str] | None:
    """(prefixes, ``T2a``, suffixes) of a TNM category; None if the text is none. Suffixes that POP's lists know are kept
    (``Tis(DCIS)``, ``N0(i+)``); multiplicity, node counts and (sn) are no part of the category (UICC, *Optional descriptors*)."""
    match = _CATEGORY.fullmatch(" ".join(text.split()))
    if match is None:
        return None
    prefix, rest, suffixes = match[1], match[8], match[9]
    letter, number = match[2] or match[4] or match[6], match[3] or match[5] or match[7]
    kept = _SUFFIX.findall(suffixes)
    if "(mi)" in suffixes.lower() and not rest:
        rest = "mi"
    number = number.upper() if number in "xX" else number.lower()
    return prefix.lower(), f"{letter.upper()}{number}{rest.lower()}", "".join(f"({each})" for each in kept)


def _roman_names(pattern: str) -> Callable[[str], Iterator[str]]:
    def names(text: str) -> Iterator[str]:
        found = token_of(text)
        if found is not None:
            yield pattern.format(found[0] + found[1].upper().replace("(I", "(i").replace("I)", "i)"))

    return names


def _figo(text: str) -> Iterator[str]:
    """POP 1.4.0 lists IIIA1(i) and (ii) of the ovary (NCIt C128103, C128104) as IIA1: FIGO has no such stage of another organ."""
    for name in _roman_names("FIGO Stage {}")(text):
        yield name
        yield name.replace("IIIA1(", "IIA1(")


def _tnm_stages(text: str) -> Iterator[str]:
    found = token_of(text)
    if found is not None:
        number, rest = found
        yield f"Stage {number}{rest if (rest == 'is' and number == '0') or number == '0' else rest.upper()}"


def _categories(text: str) -> Iterator[str]:
    found = category_of(text)
    if found is None:
        return
    prefix, category, suffix = found
    order = "".join(each for each in "ryacp" if each in prefix.replace("u", "c"))
    if suffix:
        yield f"{order}{category}{suffix}"
    yield f"{order}{category}"


def _letters(pattern: str, allowed: str) -> Callable[[str], Iterator[str]]:
    shape = re.compile(allowed, re.I)

    def names(text: str) -> Iterator[str]:
        # ``R1(is)`` is an R1 (UICC, *R classification*): what stands in parentheses tells of what kind.
        found = re.sub(r"\s*\([^()]*\)$", "", core(text)).upper()
        if shape.fullmatch(found):
            yield pattern.format(found)

    return names


def _clark(text: str) -> Iterator[str]:
    found = token_of(text)
    if found is not None and found[0] != "0" and not found[1]:
        yield f"Clark melanoma level {_ARABIC[found[0]]}"


def _inss(text: str) -> Iterator[str]:
    found = token_of(text)
    if found is not None:
        stage = f"{_ARABIC[found[0]]}{found[1].upper()}"
        yield f"International neuroblastoma staging system stage {stage}"
        yield f"IN stage {stage}"


def _rhabdomyosarcoma(text: str) -> Iterator[str]:
    for name in _roman_names("{}")(text):
        yield f"Group {name}"
        yield f"Intergroup Rhabdomyosarcoma Group {name}"


def _lymphoma(text: str) -> Iterator[str]:
    """Ann Arbor: the letters of spread (E, S) are part of POP's stages where its list has them; A, B, X never are."""
    found = token_of(text)
    if found is None or set(found[1]) - set("abesx12"):
        return
    number, rest = found
    spread = "".join(each for each in "se" if each in rest)
    part = next((each for each in rest if each in "12"), "")
    for suffix in dict.fromkeys([*([f" {part}"] if part else []), spread, *spread, ""]):
        yield f"Lymphoma stage {number}{suffix}"


#: Grade groups of the ISUP consensus conference 2014 (Epstein et al., Am J Surg Pathol 2016;40:244) by primary + secondary.
_GRADE_GROUP = {
    (3, 3): 1, (3, 4): 2, (4, 3): 3, (4, 4): 4, (3, 5): 4, (5, 3): 4, (4, 5): 5, (5, 4): 5, (5, 5): 5,
}  # fmt: skip
#: Sums and grade groups that only one pair of patterns gives. A sum below 6 is no longer reported, 7, 8 and 9 need the pair.
_ONE_PAIR = {"6": (3, 3), "10": (5, 5)}
_ONE_PAIR_GROUP = {"1": (3, 3), "2": (3, 4), "3": (4, 3)}


def gleason_pair(text: str) -> tuple[int, int] | None:
    """The primary and secondary pattern that a score (``4+3``, ``Gleason 3 + 4 = 7``, ``6``) or an ISUP grade group states."""
    match = _GLEASON.search(text)
    if match is not None:
        pair = int(match[1]), int(match[2])
        return pair if match[3] is None or int(match[3]) == sum(pair) else None
    plain = core(text)
    if re.search(r"\b(?:isup|grade\s+group|gg)\b", text, re.I):
        return _ONE_PAIR_GROUP.get(plain)
    return _ONE_PAIR.get(plain)


def _gleason(text: str) -> Iterator[str]:
    pair = gleason_pair(text)
    if pair in _GRADE_GROUP:
        score = f"(Gleason score {pair[0]} + {pair[1]} = {sum(pair)})"
        yield f"International Society of Urological Pathology grade group {_GRADE_GROUP[pair]} {score}"


_SPELLINGS: Mapping[str, Callable[[str], Iterator[str]]] = {
    "TNMStage": _tnm_stages,
    "TNMPrimaryTumorCategory": _categories,
    "TNMRegionalNodesCategory": _categories,
    "TNMDistantMetastasesCategory": _categories,
    "TNMPerineuralInvasionCategory": _letters("Stage {}", r"PN[01]"),
    "TNMSerumTumorMarkerLevelCategory": _letters("Stage {}", r"S[0-3X]"),
    "TNMResidualTumorCategory": _letters("{}", r"R[012X]"),
    "FIGOStage": _figo,
    "BinetStage": _letters("Binet Stage {}", r"[ABC]"),
    "RaiStage": _roman_names("Stage {} Chronic Lymphocytic Leukemia"),
    "MyelomaISSStage": _roman_names("ISS Stage {} Plasma Cell Myeloma"),
    "MyelomaRISSStage": _roman_names("RISS Stage {} Plasma Cell Myeloma"),
    "ClarkLevel": _clark,
    "NeuroblastomaINSSStage": _inss,
    "NeuroblastomaINRGSSStage": _letters("INRG Stage {}", r"L1|L2|M|MS"),
    "GleasonGradeGroupStage": _gleason,
    "RhabdomyosarcomaClinicalGroup": _rhabdomyosarcoma,
    "WilmsTumorStage": _roman_names("National Wilms Tumor Study Group Stage {}"),
    "LymphomaStage": _lymphoma,
}

#: Terminologies of stages and categories.
STAGES = frozenset(_SPELLINGS)


def spellings(terminology: str, text: str) -> Iterator[str]:
    """Names under which a POP terminology may list what a text says; nothing for terminologies that are no stages."""
    found = _SPELLINGS.get(terminology)
    if found is not None:
        yield from found(text)
