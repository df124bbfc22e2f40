"""Which staging system a resource speaks of, by codes first, then by the method, the value and the words.

Codes: mCODE STU2 to STU4 (cancer stage type and staging method value sets), POP's guide and export, MII Onkologie, LOINC.
``Observation.method`` and a distinctive value decide where the code is generic (``Disease stage``, ``Stage group.other``), as
mCODE STU2 sends Binet; German *weitere Klassifikationen* and vendor records name the system in ``code.text`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mappers.codes import LOINC, NCIT, SNOMED
from mappers.diagnoses import diagnose
from mappers.fhir import has_code, pairs, words
from mappers.protocol import JsonObject

TNM = "tnm"
#: Systems that POP has no kind for: looked at, and told so.
FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class System:
    """A staging system other than TNM: POP's kind, and what is translated into its ``stage``."""

    domain: str
    """POP's ``stagingDomain``."""
    kind: str
    title: str
    terminology: str | None
    """Of ``stage``; None for Breslow, which is a depth."""
    method: str | None = None
    """Terminology of ``methodology``; None if POP has no such field."""


SYSTEMS: Mapping[str, System] = {
    each.domain: each
    for each in (
        System("figo", "FIGOStaging", "FIGO", "FIGOStage", "FIGOStagingMethod"),
        System("binet", "BinetStaging", "Binet", "BinetStage"),
        System("rai", "RaiStaging", "Rai", "RaiStage", "RaiStagingMethod"),
        System("breslow", "BreslowDepth", "Breslow", None),
        System("clark", "ClarkStaging", "Clark", "ClarkLevel"),
        System("iss", "ISSStaging", "ISS", "MyelomaISSStage"),
        System("riss", "RISSStaging", "R-ISS", "MyelomaRISSStage"),
        System("inss", "INSSStage", "INSS", "NeuroblastomaINSSStage"),
        System("inrgss", "INRGSSStage", "INRGSS", "NeuroblastomaINRGSSStage"),
        System("gleason", "GleasonGrade", "Gleason", "GleasonGradeGroupStage"),
        System("rhabdomyosarcoma", "RhabdomyosarcomaClinicalGroup", "IRS group", "RhabdomyosarcomaClinicalGroup"),
        System("wilms", "WilmsStage", "Wilms", "WilmsTumorStage"),
        System("lymphoma", "LymphomaStaging", "Lymphoma", "LymphomaStage", "LymphomaStagingMethod"),
    )
}

#: Gleason patterns are parts of a score, not stages of their own.
PATTERNS = {
    (SNOMED, "384994009"): 0, (SNOMED, "384995005"): 1,
    (LOINC, "44641-9"): 0, (LOINC, "44642-7"): 1,
}  # fmt: skip
#: Ulceration belongs to a Breslow depth (POP's guide: component ``ulceration``).
ULCERATION = frozenset({(LOINC, "105600-1")})
_ULCERATION = re.compile(r"(?:(?:melanoma|melanom|tumou?r)[\s-]*)?ul[cz]eration", re.I)


def _each(system: str, domain: str, codes: str) -> dict[tuple[str, str], str]:
    return {(system, code): domain for code in codes.split()}


#: What an Observation's code says by itself.
CODES: dict[tuple[str, str], str] = {
    **_each(SNOMED, "figo", "385361009 385363007 385365000 385367008 385375002 385369006 385373009"),
    **_each(NCIT, "figo", "C186617 C186618 C157232"),
    **_each(NCIT, "binet", "C141212"), **_each(SNOMED, "binet", "1149099005"),
    **_each(NCIT, "rai", "C141207"), **_each(SNOMED, "rai", "1149131009"),
    **_each(SNOMED, "breslow", "106243009 385346008"), **dict.fromkeys(ULCERATION, "breslow"),
    **_each(SNOMED, "clark", "103419001 385345007"),
    **_each(NCIT, "iss", "C139007"), **_each(SNOMED, "iss", "1149162008"),
    # POP 1.4.0 exports R-ISS under the misspelled code C139C141392007.
    **_each(NCIT, "riss", "C141392 C139C141392007"), **_each(SNOMED, "riss", "1149163003"),
    **_each(SNOMED, "inss", "409720004"),
    **_each(NCIT, "inrgss", "C133427"), **_each(SNOMED, "inrgss", "1287643004"),
    **_each(SNOMED, "gleason", "385377005 1812491000004107"), **_each(LOINC, "gleason", "94734-1 35266-6"),
    **dict.fromkeys(PATTERNS, "gleason"),
    **_each(SNOMED, "rhabdomyosarcoma", "405916000"),
    **_each(SNOMED, "wilms", "405931009"),
    **_each(SNOMED, "lymphoma", "385388004 254372002"),
    **_each(NCIT, "lymphoma", "C141147 C141138 C177558 C177559"),
    # Dukes (modified too), FAB, WHO grade of the CNS, retinoblastoma; Kaposi, BCLC, Durie/Salmon, ENSAT, hepatoblastoma,
    # Masaoka-Koga, germ cell, Toronto.
    **_each(SNOMED, FOREIGN, "103420007 385357003 396921005 1287958009 1342413004"),
    **_each(NCIT, FOREIGN, "C134969 C115134 C139006 C141099 C28067 C143151 C146847 C198190"),
}  # fmt: skip

#: ``Observation.method`` and ``Condition.stage.type``: the staging system by name.
METHODS: dict[tuple[str, str], str] = {
    **_each(SNOMED, "figo", "254383006 254384000 254385004 254386003 106244003 106245002 106246001 106247005 106250008"),
    **_each(SNOMED, "binet", "1149099005"),
    **_each(SNOMED, "rai", "1149131009"), **_each(NCIT, "rai", "C141206"),
    **_each(SNOMED, "breslow", "385346008"), **_each(SNOMED, "clark", "385345007"),
    **_each(SNOMED, "iss", "1149162008"), **_each(SNOMED, "riss", "1149163003"),
    **_each(SNOMED, "inrgss", "1287643004"),
    **_each(SNOMED, "lymphoma", "254371009 254372002 254373007 254374001 254375000"),
    **_each(NCIT, "lymphoma", "C141158 C141168 C141178 C141189"),
    **_each(SNOMED, TNM, "444256004 443830009 897275008 1269566009"), **_each(NCIT, TNM, "C188404"),
    **_each(SNOMED, FOREIGN, "254360008 385359000 254361007 254362000 1287648008 1287646007 254366002 254382001"),
    **_each(NCIT, FOREIGN, "C115132 C112006 C111073 C99408"),
}  # fmt: skip

#: Values that only one system has (POP's value lists are these mCODE value sets).
_VALUES: dict[tuple[str, str], str] = {
    **_each(NCIT, "binet", "C80134 C80135 C80136"),
    **_each(NCIT, "rai", "C7847 C7874 C7875 C7876 C8646"),
    **_each(NCIT, "iss", "C70658 C70659 C70660"),
    **_each(NCIT, "riss", "C141394 C141395 C141396"),
    **_each(NCIT, "inrgss", "C133428 C133429 C133430 C133431"),
    **_each(SNOMED, "inss", "409722007 409723002 409724008 409725009 409726005 409727001"),
    **_each(SNOMED, "clark", "83284001 50542000 21165006 1556006 16034002"),
    **_each(SNOMED, "breslow", "86069005 17456000 44815009"),
    **_each(SNOMED, "gleason", "1279714001 1279715000 1279716004 1279717008 1279718003 1279719006"),
    **_each(SNOMED, "gleason", "1279720000 1279721001 1279722008"),
    **_each(SNOMED, "lymphoma", "30440004 89487002 76422004 5701003 56944001 112241002 75339006 44255004 74053007"),
    **_each(SNOMED, "lymphoma", "84633001 66445009"),
    **_each(SNOMED, "rhabdomyosarcoma", "405957007 405958002 405959005 405960000 405961001 405962008 405963003 405964009"),
    **_each(NCIT, "rhabdomyosarcoma", "C148012 C148015 C148019"),
    **_each(NCIT, "figo", " ".join(f"C{code}" for code in range(96243, 96264))
            + " C128099 C128100 C128101 C128102 C128103 C128104 C128105 C162222 C162223 C162224 C188300"),
    **_each(NCIT, "lymphoma", "C171157"),
}  # fmt: skip

#: Words that name a system, most particular first. They must be the system's own name: a bare ``stage`` names none.
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), domain)
    for pattern, domain in (
        (r"\bfigo\b", "figo"),
        (r"\bbinet\b", "binet"),
        (r"\brai\b", "rai"),
        (r"\bbreslow\b|^(?:(?:melanoma|melanom|tumou?r)[\s-]*)?ul[cz]eration(?: \||$)", "breslow"),
        (r"\bclark(?:'s)?[\s-]*level\b|\bclark\b.*melanom|^clark(?: \||$)", "clark"),
        (r"\br-?iss\b|revised international staging system", "riss"),
        # ISS is also the injury severity score.
        (
            r"international staging system|\biss\b.*(?:stag|stadium|myelom)|(?:stag|myelom).*\biss\b|^iss(?: \||$)",
            "iss",
        ),
        (r"\binrg(?:ss)?\b|neuroblastoma risk group", "inrgss"),
        (r"\binss\b|international neuroblastoma staging", "inss"),
        (r"\bgleason\b|\bisup\b", "gleason"),
        (r"\birs(?:g)?[\s-]*(?:clinical\s+)?group|intergroup rhabdomyosarcoma", "rhabdomyosarcoma"),
        (r"\bwilms\b.*\bstage|\bnwtsg?\b", "wilms"),
        (r"\bann[\s-]*arbor\b|^(?!.*\brespon[sd]).*\blugano\b|\bcotswolds?\b|\blymphoma stage\b", "lymphoma"),
        (r"\bdukes\b|durie|\bbclc\b|masaoka|\bfab\b|\bcns[\s-]*who|zns[\s-]*who|\bokuda\b|\bmarburg\b", FOREIGN),
    )
)
_TNM_WORDS = re.compile(
    r"\b[yra]?[cp]?tnm\b|\bajcc\b|\buicc\b|stage group|cancer stag(?:e|ing)|tumou?r stag(?:e|ing)|tumorstadium", re.I
)

#: Further measurements beside a stage that carry its name.
_BESIDE = re.compile(r"\bpercent|%|\bnumber\b|tertiary|narrative|comment|\bdate\b|injury|interpretation|risk", re.I)

#: Codes that say "stage" and no system.
GENERIC = frozenset({
    (SNOMED, "385349001"), (SNOMED, "385356007"), (LOINC, "67213-9"), (LOINC, "21914-7"), (LOINC, "21908-9"),
    (LOINC, "21902-2"), (NCIT, "C16899"), (SNOMED, "399390009"), (SNOMED, "399537006"), (SNOMED, "399588009"),
})  # fmt: skip


def is_ulceration(code: Any) -> bool:
    """True if the code, or the whole of its name, is ulceration."""
    return has_code(code, ULCERATION) or any(_ULCERATION.fullmatch(each) for each in words(code).split(" | "))


def _known(concepts: Iterable[Any], table: Mapping[tuple[str, str], str]) -> str | None:
    return next((table[pair] for concept in concepts for pair in pairs(concept) if pair in table), None)


@lru_cache(maxsize=8192)
def named_system(text: str) -> str | None:
    """The system that a text names; None if it names none. Codes' texts repeat: a laboratory's thousands are few."""
    return next((domain for pattern, domain in _WORDS if pattern.search(text)), None)


@lru_cache(maxsize=8192)
def names_tnm(text: str) -> bool:
    """True if a text says TNM, AJCC, UICC, or that it is about a tumour's stage."""
    return _TNM_WORDS.search(text) is not None


def observed_system(json: JsonObject) -> str | None:
    """The system of an Observation other than TNM (``FOREIGN`` for those POP has no kind for); None for TNM and for no stage."""
    code = json.get("code")
    for pair in pairs(code):
        if pair in CODES:
            return CODES[pair]
    text = words(code)
    generic = any(pair in GENERIC for pair in pairs(code)) or (bool(text) and names_tnm(text))
    if generic:
        return _distinguished(json.get("method"), json.get("valueCodeableConcept"))
    found = named_system(text) if text else None
    if found is not None and (not _is_value(json) or _BESIDE.search(text)):
        return None
    return found


def _is_value(json: JsonObject) -> bool:
    """Words alone make no stage of a panel, a narrative or an order: there must be a coded, textual or measured value."""
    return any(
        json.get(name) is not None for name in ("valueCodeableConcept", "valueString", "valueQuantity", "valueInteger")
    )


def _distinguished(method: Any, value: Any) -> str | None:
    found = _known([method], METHODS) or _known([value], _VALUES) or named_system(f"{words(method)} | {words(value)}")
    return None if found == TNM else found


def stated_system(condition: JsonObject, stage: JsonObject) -> str | None:
    """The system of one ``Condition.stage``: its type, its summary, else what the disease is usually staged by.

    A bare stage of a lymphoma is Ann Arbor's (UICC TNM, 8th ed.: Hodgkin and non-Hodgkin lymphomas have no TNM), one of CLL
    Rai's or Binet's by its value; for myeloma and leukaemias several systems share the numbers, so nothing is assumed (None).
    """
    kind, summary = stage.get("type"), stage.get("summary")
    found = _known([kind], METHODS) or _known([kind], CODES) or _known([summary], _VALUES)
    found = found or named_system(f"{words(kind)} | {words(summary)}")
    if found is not None:
        return found
    if names_tnm(f"{words(kind)} | {words(summary)}"):
        return TNM
    disease = _disease(condition)
    if disease == "cll":
        text = words(summary).upper()
        return "binet" if re.fullmatch(r"(?:STAGE|STADIUM)?\s*[ABC]", text) else "rai"
    if disease == "lymphoma":
        return "lymphoma"
    return None if disease == "several" else TNM


def _disease(condition: JsonObject) -> str:
    icd10 = diagnose(condition).icd10
    code = icd10.code if icd10 is not None else ""
    text = words(condition.get("code"))
    if code.startswith("C91.1") or re.search(r"chronic lympho\w+ leuk|\bcll\b", text, re.I):
        return "cll"
    if re.match(r"C8[1-8]", code) or re.search(r"lymphom|hodgkin", text, re.I):
        return "lymphoma"
    return "several" if re.match(r"C9[0-5]", code) or re.search(r"myelom|leuk[aä]?emi", text, re.I) else "solid"


def stages_of(condition: JsonObject) -> list[tuple[int, JsonObject]]:
    """(position, stage) of a Condition that is a tumour for POP; a stage of another disease (CKD 3) is none of a cancer."""
    stages = condition.get("stage")
    found = (
        [(position, each) for position, each in enumerate(stages) if isinstance(each, dict)]
        if isinstance(stages, list)
        else []
    )
    return found if found and diagnose(condition).relationship is not None else []


#: System → ICD-O topographies or morphologies of the tumours that it stages. Nothing for TNM, which stages all solid ones.
_STAGES: dict[str, re.Pattern[str]] = {
    "figo": re.compile(r"C5[1-8]"), "gleason": re.compile(r"C61"), "binet": re.compile(r"9823/"), "rai": re.compile(r"9823/"),
    "breslow": re.compile(r"87[2-9]\d/"), "clark": re.compile(r"87[2-9]\d/"), "iss": re.compile(r"9732/"),
    "riss": re.compile(r"9732/"), "inss": re.compile(r"9(?:490|500)/"), "inrgss": re.compile(r"9(?:490|500)/"),
    "rhabdomyosarcoma": re.compile(r"89[0-2]\d/"), "wilms": re.compile(r"8960/"), "lymphoma": re.compile(r"9(?:59|6\d|7[0-3])\d/"),
}  # fmt: skip


def stages_tumour(domain: str, tumour: JsonObject) -> bool:
    """True if a tumour (POP's payload) is of the kind that the system stages."""
    shape = _STAGES.get(domain)
    found = (tumour.get("topography"), tumour.get("morphology"))
    return shape is not None and any(isinstance(each, dict) and shape.match(str(each.get("code"))) for each in found)
