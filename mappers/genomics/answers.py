"""Coded and written answers of genetic tests as POP's choices."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from mappers.codes import LOINC, SEQUENCE_ONTOLOGY, SNOMED
from mappers.fhir import pairs, text_of, words
from mappers.genomics.wording import FUSION, GAIN, LOSS, assess, kind_of_change
from mappers.protocol import JsonObject
from mappers.units import decimal_of

INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
OBDS_FINDING = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-genetische-variante-auspraegung"

#: LOINC LL1971-2 and its neighbours, SNOMED CT qualifiers, HL7 v3 ObservationInterpretation, oBDS 23.2 *Ausprägung*.
ASSESSMENTS = {
    (LOINC, "LA9633-4"): "present", (LOINC, "LA9634-2"): "absent", (LOINC, "LA18198-4"): "no-call",
    (LOINC, "LA11884-6"): "indeterminate", (LOINC, "LA6576-8"): "present", (LOINC, "LA6577-6"): "absent",
    (LOINC, "LA11882-0"): "present", (LOINC, "LA11883-8"): "absent", (LOINC, "LA9663-1"): "indeterminate",
    (SNOMED, "10828004"): "present", (SNOMED, "260385009"): "absent", (SNOMED, "82334004"): "indeterminate",
    (SNOMED, "260373001"): "present", (SNOMED, "260415000"): "absent", (SNOMED, "52101004"): "present",
    (SNOMED, "2667000"): "absent", (SNOMED, "42425007"): "indeterminate", (SNOMED, "55446002"): "present",
    (SNOMED, "412730000"): "absent", (SNOMED, "1156316003"): "indeterminate",
    (INTERPRETATION, "POS"): "present", (INTERPRETATION, "NEG"): "absent", (INTERPRETATION, "DET"): "present",
    (INTERPRETATION, "ND"): "absent", (INTERPRETATION, "IND"): "indeterminate", (INTERPRETATION, "E"): "indeterminate",
    (OBDS_FINDING, "M"): "present", (OBDS_FINDING, "W"): "absent", (OBDS_FINDING, "P"): "present",
    (OBDS_FINDING, "N"): "indeterminate",
}  # fmt: skip
#: Answers that say that nothing is known: there is no finding to write.
UNKNOWN = frozenset({(OBDS_FINDING, "U"), (SNOMED, "261665006")})

#: LOINC LL4034-6, the five classes of ACMG/AMP (Richards 2015, *Genet Med* 17:405).
_RELEVANCES = {
    "LA6668-3": "pathogenic", "LA26332-9": "likely_pathogenic", "LA26333-7": "uncertain_significance",
    "LA26334-5": "likely_benign", "LA6675-8": "benign",
}  # fmt: skip
#: The same in numbers (IARC, Plon 2008, *Hum Mutat* 29:1282).
_CLASSES = dict(zip("54321", _RELEVANCES.values(), strict=True))
_CLASS = re.compile(r"\b(?:class|klasse|acmg|iarc)\W*([1-5])\b", re.I)
_RELEVANCE_WORDS = (
    (re.compile(r"conflicting|ambiguous", re.I), "ambiguous"),
    (re.compile(r"uncertain|unknown significance|unclear|\bvus\b|unklar|tier iii\b", re.I), "uncertain_significance"),
    (re.compile(r"(?:likely|probabl[ey]|wahrscheinlich)[ _-]*pathogen", re.I), "likely_pathogenic"),
    (re.compile(r"(?:likely|probabl[ey]|wahrscheinlich)[ _-]*benign", re.I), "likely_benign"),
    (re.compile(r"\bpathogen", re.I), "pathogenic"),
    (re.compile(r"\bbenign", re.I), "benign"),
)
#: ClinGen/CGC/VICC (Horak 2022, *Genet Med* 24:986): oncogenicity has the same five classes as pathogenicity.
_ONCOGENIC = (
    (re.compile(r"likely[ _-]*oncogenic", re.I), "likely_pathogenic"),
    (re.compile(r"(?<!not )(?<!non-)\boncogenic", re.I), "pathogenic"),
)
#: LOINC LL380-7 *Amino acid change type*, as far as the Sequence Ontology has the same.
_AMINO_ACID_CHANGES = {
    "LA6698-0": "SO:0001583", "LA6699-8": "SO:0001587", "LA6694-9": "SO:0001589", "LA6700-4": "SO:0001819",
}  # fmt: skip
#: Changes of DNA that are a gene's fate at the same time: *copy_number_gain* and *_loss*, *gene_fusion*.
_DNA_CHANGES = {"SO:0001742": GAIN, "SO:0001743": LOSS, "SO:0001565": FUSION, "SO:0001911": GAIN, "SO:0001912": LOSS}


def assessment_of(concept: JsonObject) -> str | None:
    """POP's assessment for an answer."""
    for pair in pairs(concept):
        if pair in ASSESSMENTS:
            return ASSESSMENTS[pair]
    return assess(words(concept))


def is_registry_finding(concept: JsonObject) -> bool:
    """True for oBDS 23.2, whatever it says."""
    return any(system == OBDS_FINDING for system, _ in pairs(concept))


def relevance_of(concept: JsonObject) -> tuple[str, bool] | None:
    """(POP's clinical relevance, whether the source speaks of oncogenicity)."""
    for system, code in pairs(concept):
        if system == LOINC and code in _RELEVANCES:
            return _RELEVANCES[code], False
    text = " | ".join((words(concept), *(code for _, code in pairs(concept))))
    for pattern, relevance in _RELEVANCE_WORDS:
        if pattern.search(text):
            return relevance, False
    for pattern, relevance in _ONCOGENIC:
        if pattern.search(text):
            return relevance, True
    if (match := _CLASS.search(text)) is not None:
        return _CLASSES[match[1]], False
    return None


def confidence_of(concept: JsonObject) -> str | None:
    """POP's confidence; Genomics Reporting's *intermediate* is a call that needs further testing: indeterminate."""
    known = {"high": "high", "low": "low", "intermediate": "indeterminate", "indeterminate": "indeterminate"}
    for each in (*(code for _, code in pairs(concept)), *words(concept).split(" | ")):
        if (found := known.get(each.strip().casefold())) is not None:
            return found
    return None


def amino_acid_change(concept: JsonObject) -> str | None:
    """The Sequence Ontology's term for a type of amino acid change."""
    for system, code in pairs(concept):
        if system == LOINC and code in _AMINO_ACID_CHANGES:
            return _AMINO_ACID_CHANGES[code]
    return None


def dna_change(concept: JsonObject) -> str | None:
    """The consequence that a type of DNA change is by itself."""
    for system, code in pairs(concept):
        if system == SEQUENCE_ONTOLOGY and code in _DNA_CHANGES:
            return _DNA_CHANGES[code]
    texts = (*(code for _, code in pairs(concept)), *words(concept).split(" | "))
    return next((found for each in texts if (found := kind_of_change(each.strip())) is not None), None)


_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s*(%?)")


def fraction_of(raw: Any) -> tuple[float, bool] | None:
    """(fraction, whether it was assumed to be in per cent) of a quantity, number or text.

    What is larger than 1 and has no unit can only be per cent: an allele frequency is a part of the reads.
    """
    unit = ""
    if isinstance(raw, dict):
        if isinstance(raw.get("comparator"), str):
            return None
        unit = text_of(raw.get("code")) or text_of(raw.get("unit"))
        number = decimal_of(raw.get("value"))
    elif isinstance(raw, str):
        match = _PERCENT.fullmatch(raw.strip())
        if match is None:
            return None
        number, unit = decimal_of(match[1].replace(",", ".")), match[2]
    else:
        number = decimal_of(raw)
    if number is None or not 0 <= number <= 100:
        return None
    percent = unit in ("%", "percent", "Prozent")
    assumed = not percent and number > 1
    value = Decimal(number) / 100 if percent or assumed else Decimal(number)
    return (float(value), assumed) if value <= 1 else None


def whole_of(raw: Any) -> int | None:
    """A whole number in a quantity, range of one value, number or text; None for others."""
    if isinstance(raw, dict) and ("low" in raw or "high" in raw):
        low, high = raw.get("low"), raw.get("high")
        return whole_of(low) if isinstance(low, dict) and (high is None or whole_of(low) == whole_of(high)) else None
    if isinstance(raw, dict):
        if isinstance(raw.get("comparator"), str):
            return None
        raw = raw.get("value")
    number = decimal_of(raw.strip() if isinstance(raw, str) else raw)
    return int(number) if number is not None and 0 <= number < 10**9 and number == int(number) else None
