"""Qualitative results: codes and words, English and German."""

from __future__ import annotations

import re
from typing import Any

from mappers.codes import LOINC, SNOMED
from mappers.fhir import objects, pairs, words

INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"

#: LOINC answers, SNOMED CT qualifiers; the receptor status of a tumour as SNOMED CT pre-coordinates it; HL7's interpretations.
_CODED = {
    (LOINC, "LA6576-8"): "positive", (LOINC, "LA6577-6"): "negative", (LOINC, "LA11884-6"): "indeterminate",
    (LOINC, "LA9663-1"): "indeterminate", (LOINC, "LA11882-0"): "positive", (LOINC, "LA11883-8"): "negative",
    (LOINC, "LA9633-4"): "positive", (LOINC, "LA9634-2"): "negative", (LOINC, "LA18968-0"): "indeterminate",
    (SNOMED, "10828004"): "positive", (SNOMED, "260385009"): "negative", (SNOMED, "82334004"): "indeterminate",
    (SNOMED, "260373001"): "positive", (SNOMED, "260415000"): "negative", (SNOMED, "42425007"): "indeterminate",
    (SNOMED, "52101004"): "positive", (SNOMED, "2667000"): "negative", (SNOMED, "419984006"): "indeterminate",
    (SNOMED, "416053008"): "positive", (SNOMED, "441117001"): "negative",
    (SNOMED, "416561008"): "positive", (SNOMED, "441118006"): "negative",
    (SNOMED, "427685000"): "positive", (SNOMED, "431396003"): "negative",
    (INTERPRETATION, "POS"): "positive", (INTERPRETATION, "NEG"): "negative", (INTERPRETATION, "IND"): "indeterminate",
    (INTERPRETATION, "DET"): "positive", (INTERPRETATION, "ND"): "negative", (INTERPRETATION, "E"): "indeterminate",
}  # fmt: skip
#: The German registries' answers (oBDS M2 to M4; MII Onkologie, organ modules): positive, negative, unknown.
_REGISTRY = re.compile(r"modul-onko|obds", re.I)
_REGISTRY_CODES = {"P": "positive", "N": "negative"}
_WORDS = {
    **dict.fromkeys(
        ("positive", "pos", "positiv", "detected", "present", "reactive", "amplified", "overexpressed", "nachgewiesen",
         "nachweisbar", "vorhanden", "reaktiv", "amplifiziert", "überexprimiert", "expressed", "exprimiert", "+"),
        "positive",
    ),
    **dict.fromkeys(
        ("negative", "neg", "negativ", "not detected", "none detected", "undetected", "absent", "nonreactive", "non-reactive",
         "not reactive", "not amplified", "non-amplified", "not expressed", "nicht nachgewiesen", "nicht nachweisbar",
         "kein nachweis", "nicht vorhanden", "nicht reaktiv", "nicht amplifiziert", "nicht exprimiert", "-", "–"),
        "negative",
    ),
    **dict.fromkeys(
        ("indeterminate", "equivocal", "inconclusive", "borderline", "undetermined", "cannot be determined", "grenzwertig",
         "fraglich", "unbestimmt", "nicht eindeutig", "unklar"),
        "indeterminate",
    ),
}  # fmt: skip
_DEGREE = re.compile(
    r"^(?:strongly|strong|weakly|weak|focally|focal|moderately|diffusely|diffuse|low|stark|schwach|fokal|mäßig|deutlich|diffus)\s+"
)
#: How a positive stain looks, behind the answer: ``Positive, diffuse strong``.
_HOW = re.compile(
    r"\b(?:diffuse(?:ly)?|strong(?:ly)?|weak(?:ly)?|focal(?:ly)?|moderate(?:ly)?|patchy|block[- ]type|and|nuclear|cytoplasmic)\b|\W"
)
_AFTER = re.compile(r"\s*(?:for amplification|staining|expression|result|nuclear staining|färbung)$|[.!;:]+$")

_NAMED = re.compile(r"^(?:her-?2(?:/neu)?|er|pr|pgr|ar|pd-?l1|p16|hpv|ebv)[\s:=-]+(?=\w)")
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)?$")

#: The test gave no result: there is nothing that POP could hold, and nothing will come.
_NOT_DONE = frozenset({(SNOMED, "385660001"), (SNOMED, "373121007"), (SNOMED, "262008008"), (LOINC, "LA4489-6")})
_NOT_DONE_WORDS = re.compile(
    r"(?:test )?not (?:done|performed|assessed|evaluated|tested)|pending|to follow|cancell?ed|see (?:comment|note)|qns"
    r"|quantity not sufficient|insufficient (?:material|specimen|sample)|specimen (?:rejected|unsatisfactory|ha?emolyzed)"
    r"|nicht (?:durchgeführt|bestimmt|untersucht|getestet|beurteilbar|auswertbar|angefordert)|ausstehend|folgt|storniert"
    r"|material (?:nicht ausreichend|reicht nicht)|zu wenig material|unknown|unbekannt|not available|n/?a|k\.? ?a\.?",
    re.I,
)

_NUCLEAR = {
    **dict.fromkeys(
        ("intact", "retained", "preserved", "present", "proficient", "pmmr", "normal", "no loss", "positive", "not lost",
         "intakt", "erhalten", "vorhanden", "normal", "kein verlust", "positiv", "kein ausfall"),
        "intact",
    ),
    **dict.fromkeys(
        ("loss", "lost", "deficient", "dmmr", "absent", "abnormal", "not retained", "negative", "complete loss", "verlust",
         "verloren", "ausgefallen", "ausfall", "defizient", "nicht erhalten", "negativ", "fehlend", "kein nachweis"),
        "loss",
    ),
    "indeterminate": "indeterminate", "equivocal": "indeterminate", "fraglich": "indeterminate", "unklar": "indeterminate",
}  # fmt: skip
_NUCLEAR_NOISE = re.compile(
    r"\b(?:nuclear|nukle[äa]re[nrs]?|expression|protein|staining|of|der|die|des|the|in|tumou?r|cells|tumorzellen|mmr|kern|mlh1|msh2|msh6"
    r"|pms2|protein expression|kernexpression)\b|[().,;:]"
)


def plain(text: str) -> str:
    """Folded for comparison."""
    return " ".join(text.split()).lower()


def presence_of(value: Any) -> str | None:
    """``positive``, ``negative`` or ``indeterminate``, if a concept's code says so."""
    for system, code in pairs(value):
        if (system, code) in _CODED:
            return _CODED[system, code]
        if code in _REGISTRY_CODES and _REGISTRY.search(system):
            return _REGISTRY_CODES[code]
    return None


def presence_word(text: str) -> str | None:
    """The same for words; None for anything else."""
    said = _NAMED.sub("", plain(text).strip(" ()"))
    short = _AFTER.sub("", _IN_BRACKETS.sub("", said))
    head, _, how = short.partition(",")
    forms = [said, _AFTER.sub("", said), short, _DEGREE.sub("", short)]
    if how and not _HOW.sub("", how):
        forms.append(head.strip())
    return next((_WORDS[form] for form in forms if form in _WORDS), None)


def nuclear_word(text: str) -> str | None:
    """Whether a repair protein is ``intact`` or its expression a ``loss`` (CAP, *DNA Mismatch Repair Biomarker Reporting*)."""
    said = " ".join(_NUCLEAR_NOISE.sub(" ", plain(text)).split())
    return _NUCLEAR.get(said)


def nuclear_of(presence: str) -> str:
    """*[Presence] by Immune stain*: a positive stain is an intact protein."""
    return _NUCLEAR[presence]


def no_result(part: dict[str, Any]) -> str | None:
    """Why there is no result and none will come, if the answer says so. (A ``dataAbsentReason`` may be corrected: it waits.)"""
    for name in ("valueCodeableConcept", "valueString"):
        value = part.get(name)
        if has_no_result(value):
            return "the source says that the test has no result"
    return None


def has_no_result(value: Any) -> bool:
    """True for *not done*, *pending* and their like."""
    if isinstance(value, str):
        return _NOT_DONE_WORDS.fullmatch(plain(value).strip(" .()-")) is not None
    if any(pair in _NOT_DONE or (pair[1] == "U" and _REGISTRY.search(pair[0])) for pair in pairs(value)):
        return presence_of(value) is None
    said = [each for each in words(value).split(" | ") if each]
    return bool(said) and all(has_no_result(each) for each in said)


def interpretation_of(part: dict[str, Any]) -> str | None:
    """What ``interpretation`` says of presence; *high* and *normal* say nothing of it."""
    for concept in objects(part.get("interpretation")):
        found = presence_of(concept)
        if found is not None:
            return found
    return None
