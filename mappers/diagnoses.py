"""What a Condition says it is, from the resource alone: primary, metastasis, recurrence, or no tumour for POP and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mappers.codes import (
    HISTOLOGY,
    ICD_9_CM,
    ICD_10_CM,
    ICD_10_SYSTEMS,
    ICD_O_TOPOGRAPHY,
    PRIMARY_PROFILES,
    RECURRENCE_OF,
    RECURRENCE_TYPE,
    SECONDARY_PROFILES,
    SNOMED,
)
from mappers.fhir import codings, extension_value, has_code, objects, pairs, profiles, words
from mappers.icd9 import read_icd9
from mappers.icd10 import IcdNeoplasm, read_icd10
from mappers.protocol import JsonObject

Relationship = Literal["primary", "metastatic", "local_recurrence", "regional_recurrence"]

#: Verification states that are no established diagnosis (R4 ConditionVerificationStatus).
_UNCONFIRMED = {
    "entered-in-error": "the diagnosis was entered in error",
    "refuted": "the diagnosis is refuted",
    "unconfirmed": "the diagnosis is not confirmed",
    "provisional": "the diagnosis is provisional",
    "differential": "the diagnosis is one of a differential",
}
#: SNOMED CT: Secondary malignant neoplastic disease, Metastatic malignant neoplasm (mCODE's and POP's code for secondaries).
_SECONDARY = frozenset({(SNOMED, "128462008"), (SNOMED, "14799000")})
_GENERIC = frozenset({(SNOMED, "363346000")})
_REGIONAL, _LOCAL = (SNOMED, "410674003"), (SNOMED, "255470001")

_CANCER_WORDS = re.compile(
    r"malign|carcinom|\bcancer|melanom|lymphom|leuk[a]?emi|myelom|sarcom|metasta|blastom|glioma|mesotheliom|krebs|bösartig",
    re.I,
)
_IN_SITU = re.compile(r"\bin[ -]situ\b", re.I)
_SECONDARY_WORDS = re.compile(r"\bsecondary\b|metasta|sekundär", re.I)
_NO_CANCER_WORDS = re.compile(
    r"\b(?:family history|history of|screening|suspected|suspicion|no evidence|risk of|benign|at risk|fear of|"
    r"familienanamnese|verdacht|zustand nach|gutartig|premalignant|precancer)", re.I
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How a Condition is read."""

    relationship: Relationship | None
    """None: it is no tumour for POP; ``reason`` says why."""
    reason: str
    icd10: IcdNeoplasm | None = None
    in_situ: bool = False


def verification_of(json: JsonObject) -> str:
    """The code of ``verificationStatus``; empty if absent."""
    return next((code for _, code in pairs(json.get("verificationStatus"))), "")


def diagnose(json: JsonObject) -> Diagnosis:
    """Read a Condition.

    In situ (behaviour /2) and malignant tumours are taken, as cancer registries do (SEER reportability); benign ones and
    those of uncertain behaviour are not. History (Z85), family history (Z80) and screening codes are no diagnoses.
    """
    unconfirmed = _UNCONFIRMED.get(verification_of(json))
    icd10 = _icd10(json)
    named = profiles(json)
    text = words(json.get("code"))
    tumour = bool(
        icd10 is not None
        or named & (PRIMARY_PROFILES | SECONDARY_PROFILES)
        or extension_value(json, HISTOLOGY) is not None
        or has_code(json.get("code"), _SECONDARY | _GENERIC)
        or any(system == ICD_O_TOPOGRAPHY for site in objects(json.get("bodySite")) for system, _ in pairs(site))
        or (_CANCER_WORDS.search(text) and not _NO_CANCER_WORDS.search(text))
    )
    if not tumour:
        return Diagnosis(None, "a diagnosis that is no tumour")
    if unconfirmed is not None:
        return Diagnosis(None, unconfirmed, icd10)
    if icd10 is not None and icd10.behaviour in ("benign", "uncertain"):
        return Diagnosis(None, f"a tumour of {icd10.behaviour} behaviour", icd10)
    if icd10 is not None and icd10.code.startswith("C97"):
        return Diagnosis(None, "a code for several primaries that names none of them", icd10)
    in_situ = icd10.behaviour == "in-situ" if icd10 is not None else _IN_SITU.search(text) is not None
    return Diagnosis(_relationship(json, icd10, named, text), "", icd10, in_situ)


def _relationship(json: JsonObject, icd10: IcdNeoplasm | None, named: frozenset[str], text: str) -> Relationship:
    if extension_value(json, RECURRENCE_OF) is not None or extension_value(json, RECURRENCE_TYPE) is not None:
        kind = extension_value(json, RECURRENCE_TYPE)
        return "regional_recurrence" if kind is not None and has_code(kind[1], {_REGIONAL}) else "local_recurrence"
    if has_code(json.get("code"), _SECONDARY):
        return "metastatic"
    if icd10 is not None:
        return "metastatic" if icd10.behaviour == "metastatic" else "primary"
    if named & SECONDARY_PROFILES or _metastatic_histology(json):
        return "metastatic"
    if named & PRIMARY_PROFILES:
        return "primary"
    return "metastatic" if _SECONDARY_WORDS.search(text) else "primary"


def _metastatic_histology(json: JsonObject) -> bool:
    histology = extension_value(json, HISTOLOGY)
    if histology is None:
        return False
    return any(re.fullmatch(r"\d{4}/?6", code) is not None for _, code in pairs(histology[1]))


def _icd10(json: JsonObject) -> IcdNeoplasm | None:
    for coding in codings(json.get("code")):
        for system, code in pairs({"coding": [coding]}):
            if system == ICD_9_CM and (older := read_icd9(code)) is not None:
                return older
            if system in ICD_10_SYSTEMS:
                found = read_icd10(code, clinical_modification=system == ICD_10_CM)
                if found is not None:
                    return found
    return None


def is_primary(json: JsonObject) -> bool:
    """True if the Condition is read as a primary tumour."""
    return diagnose(json).relationship == "primary"
