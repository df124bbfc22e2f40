"""Which analyte a test measures, and in what."""

from __future__ import annotations

import re
from typing import Any

from mappers.codes import ANALYTE, LOINC, NCIT, SNOMED
from mappers.fhir import code_of, codings, extension_value, first, has_code, objects, pairs, remembered, text_of, words
from mappers.protocol import Context, JsonObject, Resource, Source, Translation
from mappers.terminology.analyte_names import ABBREVIATIONS, analyte_named, normal_analyte

TERMINOLOGY = "TumorMarkerAnalyte"
_LABORATORY = frozenset({"laboratory", "lab", "26436-6", "pathology", "immunohistochemistry", "ge"})

#: LOINC 48018-6 *Gene studied*, in components of immunohistochemistry (MII *Molekulares Tumorboard*, mCODE).
_GENE_STUDIED = frozenset({(LOINC, "48018-6")})
#: SNOMED CT *Observation using immunohistochemistry*, LOINC *Immune stain study*: the protein is told elsewhere.
IMMUNOHISTOCHEMISTRY = frozenset({(SNOMED, "1234806008"), (LOINC, "55229-9")})
#: HGNC symbol and id → the protein's analyte.
_GENES = {
    "CD274": "LP220351-3", "ERBB2": "LP28442-9", "ESR1": "LP18567-5", "PGR": "LP14902-8", "MKI67": "LP39016-8", "AR": "LP68364-6",
    "MLH1": "LP212189-7", "MSH2": "LP212190-5", "MSH6": "LP212191-3", "PMS2": "LP212192-1", "CDKN2A": "LP19646-6",
    "HGNC:17635": "LP220351-3", "HGNC:3430": "LP28442-9", "HGNC:3467": "LP18567-5", "HGNC:8910": "LP14902-8",
    "HGNC:7107": "LP39016-8", "HGNC:644": "LP68364-6", "HGNC:7127": "LP212189-7", "HGNC:7325": "LP212190-5",
    "HGNC:7329": "LP212191-3", "HGNC:9122": "LP212192-1", "HGNC:1787": "LP19646-6",
}  # fmt: skip

_FLUIDS = re.compile(
    r"\b(?:urin\w*|cerebrospinal|csf|liquor\w*|pleura\w*|ascit\w*|aszit\w*|peritone\w*|semen|seminal|sperma|sputum|saliva|speichel"
    r"|stool|stuhl|f[ae]+ces|amnio\w*|pericard\w*|perikard\w*|synovial|gastric|body fluid|punktat|cyst fluid|bronchoalveolar)\b",
    re.I,
)


def is_laboratory(json: JsonObject) -> bool:
    """True if a category says laboratory or pathology."""
    return any(code.casefold() in _LABORATORY for each in objects(json.get("category")) for _, code in pairs(each))


def find_analyte(member: Resource, code: Any, element: str, context: Context) -> tuple[Translation | None, Source]:
    """(translation, source) of the analyte that a test measures. A panel's code names several and translates to none."""
    source = Source(member.reference, element)
    if not isinstance(code, dict):
        return None, source
    stated = extension_value(code, ANALYTE)
    if stated is not None and isinstance(stated[1], dict):
        found = context.translate(TERMINOLOGY, stated[1], text=True)
        if found is not None:
            return found, source
    found = context.translate(TERMINOLOGY, code, text=True)
    if found is not None and found.rule == "exact-name" and _ambiguous(code) and not is_laboratory(member.json):
        return None, source
    return found, source


def _ambiguous(code: JsonObject) -> bool:
    said = [text_of(each.get("display")) or code_of(each) for each in codings(code)]
    return all(normal_analyte(each) in ABBREVIATIONS for each in (*said, text_of(code.get("text"))) if each)


def studied_gene(member: Resource, context: Context) -> tuple[Translation, Source] | None:
    """The analyte of an immunohistochemistry that names the gene of its protein in a component."""
    if not has_code(member.json.get("code"), IMMUNOHISTOCHEMISTRY):
        return None
    for position, part in enumerate(objects(member.json.get("component"))):
        if not has_code(part.get("code"), _GENE_STUDIED):
            continue
        value = first(part.get("valueCodeableConcept"))
        named = {_GENES[each] for _, code in pairs(value) for each in (code, f"HGNC:{code}") if each in _GENES}
        named |= {_GENES[each] for each in words(value).split(" | ") if each in _GENES}
        if len(named) == 1:
            found = context.translate(TERMINOLOGY, {"coding": [{"system": LOINC, "code": named.pop()}]})
            if found is not None:
                return found, Source(member.reference, f"component[{position}].valueCodeableConcept")
    return None


def other_fluid(member: Resource, specimen: Resource | None) -> bool:
    """True if the specimen is neither blood nor tissue: POP does not record it, and the value must not pass for one of serum."""
    named = words(specimen.json.get("type")) if specimen is not None else ""
    reference = first(member.json.get("specimen"))
    return _FLUIDS.search(f"{named} {text_of(reference.get('display'))}") is not None


_SNOMED_TESTS = frozenset({"445028008", "445029000", "63476009", "11274001", "273974004", "104404005", "1234806008"})


@remembered
def may_name_marker(code: JsonObject) -> bool:
    """True if a test's code is worth asking for its analyte: LOINC's, NCIt's, one without a system, or one with a marker's name."""
    found = list(pairs(code))
    if any(
        system in (LOINC, NCIT) or not system or (system == SNOMED and each in _SNOMED_TESTS) for system, each in found
    ):
        return True
    names = [text_of(code.get("text")), *(text_of(each.get("display")) or code_of(each) for each in codings(code))]
    return any(analyte_named(name) is not None for name in names if name)
