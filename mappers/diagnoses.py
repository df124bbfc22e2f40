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
    ICD_O,
    ICD_O_MORPHOLOGY,
    ICD_O_TOPOGRAPHY,
    PRIMARY_PROFILES,
    RECURRENCE_OF,
    RECURRENCE_TYPE,
    SECONDARY_PROFILES,
    SNOMED,
)
from mappers.fhir import code_of, codings, extension_value, has_code, objects, pairs, profiles, text_of, words
from mappers.icd9 import read_icd9
from mappers.icd10 import IcdNeoplasm, read_icd10
from mappers.protocol import JsonObject
from mappers.terminology.neoplasm_names import read_name
from mappers.terminology.packaged import disorder_names

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
_ICD_O = frozenset({ICD_O, ICD_O_TOPOGRAPHY, ICD_O_MORPHOLOGY})
_GENERIC = frozenset({(SNOMED, "363346000")})
_REGIONAL, _LOCAL = (SNOMED, "410674003"), (SNOMED, "255470001")

_CANCER_WORDS = re.compile(
    r"malign|[ck]ar[cz]inom|\bcancer|melanom|lymphom|leuk(?:a?e|ä)mi|myelom|plasmo[cz]ytom|sarkom|sarcom|metasta|blastom|glioma"
    r"|mesotheliom|krebs|bösartig|\w-ca\b",
    re.I,
)
_IN_SITU = re.compile(r"\bin[ -]situ\b", re.I)
_SECONDARY_WORDS = re.compile(r"\bsecondary\b|metasta|sekundär", re.I)
#: Words beside which a cancer's name is no diagnosis of it: history, doubt, screening, risk, and signs that carry its name.
_NO_CANCER_WORDS = re.compile(
    r"\b(?:family history|history of|h/o|hx of|screening|suspected|suspicion|rule[- ]out|r/o|possible|no evidence|risk of|benign|"
    r"at (?:high |increased )?risk|fear of|encounter for|surveillance|counsel\w*|susceptib\w+|predisposition|elevated|"
    r"cancer antigen|(?:cancer|neoplasm|tumou?r|malignancy)[- ](?:related|associated|induced)|cancer pain|tumou?r pain|"
    r"malignant (?:(?:pleural|pericardial|peritoneal) )?(?:effusion|ascites)|malignant (?:essential )?hypertensi\w+|"
    r"malignant hypertherm\w+|malignant neuroleptic|familienanamnese|eigenanamnese|verdacht|zustand nach|gutartig|premalignant|"
    r"precancer|kein(?:e|en)? (?:hinweise?|anhalt|nachweis)|ausschlu(?:ss|ß)|früherkennung|vorsorge|angst vor|krebsfurcht|"
    r"krebsrisiko|krebsvorsorge|krebsfrüherkennung|tumorschmerz)|"
    r"\bz\.\s?n\.|\bv\.\s?a\.", re.I
)  # fmt: skip
#: What a cancer or its treatment causes is named before the cause: ``Anemia due to malignant neoplasm``.
_CONSEQUENCE = re.compile(
    r"(?P<what>.*?)\b(?:due to|secondary to|caused by|associated with|related to|following|complicating|"
    r"in (?=malignan|neoplas|cancer))",
    re.I,
)
#: SNOMED CT *Local recurrence of malignant tumor of X*.
_RECURRENCE = re.compile(r"(local|regional|loco-?regional) recurrence of (?:malignant|primary|carcinoma|cancer)", re.I)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How a Condition is read."""

    relationship: Relationship | None
    """None: it is no tumour for POP; ``reason`` says why."""
    reason: str
    icd10: IcdNeoplasm | None = None
    in_situ: bool = False


#: German base profiles: the certainty of an ICD-10-GM code (gematik/HL7 Deutschland, *ICD-10-GM Diagnosesicherheit*): V suspected,
#: A excluded, Z the state after a disease, G established.
_CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
_OF_CERTAINTY = {"V": "unconfirmed", "A": "refuted"}


def certainty_of(json: JsonObject) -> str:
    """The German certainty of the diagnosis code: V, A, Z or G; empty if none is stated."""
    for coding in codings(json.get("code")):
        stated = extension_value(coding, _CERTAINTY)
        if stated is not None:
            return stated[1] if isinstance(stated[1], str) else next((code for _, code in pairs(stated[1])), "")
    return ""


def verification_of(json: JsonObject) -> str:
    """The code of ``verificationStatus``, which registries' codes may precede (MII *Diagnosesicherung*), or what the German
    certainty of the diagnosis code means; empty if neither is there."""
    status = json.get("verificationStatus")
    stated = [code for _, code in pairs(status)]
    known = next((code for code in stated if code in _UNCONFIRMED), None)
    return known or _OF_CERTAINTY.get(certainty_of(json)) or (stated[0] if stated else "")


def diagnose(json: JsonObject) -> Diagnosis:
    """Read a Condition.

    In situ (behaviour /2) and malignant tumours are taken, as cancer registries do (SEER reportability); benign ones and
    those of uncertain behaviour are not. History (Z85), family history (Z80) and screening codes are no diagnoses.
    """
    unconfirmed = _UNCONFIRMED.get(verification_of(json))
    icd10 = _icd10(json)
    named = profiles(json)
    text = _said(json)
    named_by_words = icd10 is None and not _is_other_diagnosis(json) and _names_cancer(json, text)
    tumour = bool(
        icd10 is not None
        or named & (PRIMARY_PROFILES | SECONDARY_PROFILES)
        or extension_value(json, HISTOLOGY) is not None
        or has_code(json.get("code"), _SECONDARY | _GENERIC)
        or any(system == ICD_O_TOPOGRAPHY for site in objects(json.get("bodySite")) for system, _ in pairs(site))
        or any(system in _ICD_O for system, _ in pairs(json.get("code")))
        or (named_by_words and not _NO_CANCER_WORDS.search(text) and not _is_consequence(text))
    )
    if not tumour:
        return Diagnosis(None, "a diagnosis that is no tumour")
    if unconfirmed is not None:
        return Diagnosis(None, unconfirmed, icd10)
    if certainty_of(json) == "Z":
        return Diagnosis(None, "the state after a tumour (Zustand nach), no present one", icd10)
    behaviour = icd10.behaviour if icd10 is not None else _stated_behaviour(json)
    if behaviour in ("benign", "uncertain"):
        return Diagnosis(None, f"a tumour of {behaviour} behaviour", icd10)
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
    recurrence = _named_recurrence(json)
    if recurrence is not None:
        return recurrence
    if icd10 is not None:
        return "metastatic" if icd10.behaviour == "metastatic" else "primary"
    if named & SECONDARY_PROFILES or _metastatic_histology(json):
        return "metastatic"
    if named & PRIMARY_PROFILES:
        return "primary"
    return "metastatic" if _SECONDARY_WORDS.search(text) else "primary"


def _said(json: JsonObject) -> str:
    """Text and displays of the code; the names of known SNOMED CT codes whose display is left out."""
    code = json.get("code")
    known = [
        disorder_names().get(code_of(each), "") for each in codings(code)
        if each.get("system") == SNOMED and not text_of(each.get("display"))
    ]  # fmt: skip
    return " | ".join(filter(None, (words(code), *known)))


def _names_cancer(json: JsonObject, text: str) -> bool:
    """True for words of cancer, and for the SNOMED CT names of tumours that have none (Hodgkin's disease, seminoma)."""
    if _CANCER_WORDS.search(text):
        return True
    if not any(coding.get("system") == SNOMED for coding in codings(json.get("code"))):
        return False
    names = [read_name(each) for each in text.split(" | ")]
    return any(name is not None and (name.morphology or "").endswith(("/2", "/3")) for name in names)


def _named_recurrence(json: JsonObject) -> Relationship | None:
    for coding in codings(json.get("code")):
        match = _RECURRENCE.match(str(coding.get("display") or "")) if coding.get("system") == SNOMED else None
        if match is not None:
            return "local_recurrence" if match[1].lower().startswith("loc") else "regional_recurrence"
    return None


def _is_consequence(text: str) -> bool:
    """True if each of the names says first what is no cancer, and then that one caused it."""
    found = [_CONSEQUENCE.match(each) for each in text.split(" | ")]
    return all(each is not None and not _CANCER_WORDS.search(each["what"]) for each in found)


def _is_other_diagnosis(json: JsonObject) -> bool:
    """True if an ICD code outside the chapters of neoplasms says what the diagnosis is: its title may name cancer all the same
    (D70.1, Z85.3, R97.1)."""
    return any(system in ICD_10_SYSTEMS or system == ICD_9_CM for system, _ in pairs(json.get("code")))


def _metastatic_histology(json: JsonObject) -> bool:
    return _stated_behaviour(json) == "metastatic"


#: The fifth digit of an ICD-O morphology.
_BEHAVIOURS = {"0": "benign", "1": "uncertain", "2": "in-situ", "3": "malignant", "6": "metastatic", "9": "malignant"}
_MORPHOLOGY = re.compile(r"[Mm]?-?\d{4}/?([012369])\d?")


def _stated_behaviour(json: JsonObject) -> str:
    """The behaviour of the ICD-O morphology that is stated, as histology or as the diagnosis itself; empty if none is."""
    histology = extension_value(json, HISTOLOGY)
    concepts = [json.get("code"), *([histology[1]] if histology is not None else ())]
    found = [
        _BEHAVIOURS[match[1]] for concept in concepts for system, code in pairs(concept)
        if system in _ICD_O and (match := _MORPHOLOGY.fullmatch(code)) is not None and match[1] in _BEHAVIOURS
    ]  # fmt: skip
    return found[-1] if found else ""


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
