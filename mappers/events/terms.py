"""Which CTCAE term an event is (POP's list: the terms of CTCAE 5.0, under their MedDRA codes).

MedDRA codes of POP's list are taken as they are. Other codes and names lead to a term's name, by which the list is searched:
codes of NCI Thesaurus, SNOMED CT, MedDRA's preferred terms and ICD-10, and names in English and German (``ctcae_terms.json``);
British spelling; a name from which the grade, the words *CTCAE v5.0* and SNOMED CT's tags were taken off. Nothing is matched in
part: «neuropathy» alone is neither the sensory nor the motor term.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from mappers.codes import ICD_10_SYSTEMS, MEDDRA, NCIT, SNOMED
from mappers.events.grades import GRADE_WORDS
from mappers.fhir import codings, pairs, text_of
from mappers.protocol import Context, JsonObject, Translation

TERM = "AdverseEventTerm"

_CTCAE = re.compile(r"\b(?:nci[- ]?)?ctc(?:ae)?\b[\s-]*(?:v(?:ersion)?\.?\s*)?(?:\d(?:\.\d)?)?\s*:?", re.I)
#: ``Atrial fibrillation due to ibrutinib``: what follows is the cause, not the event.
_CAUSE = re.compile(r"\b(?:due to|secondary to|caused by|attributed to|related to|durch|infolge)\b", re.I)
#: Antineoplastic treatments and drugs, these by the stems of their names (WHO, *The use of stems in the selection of INN*).
_TREATMENT = re.compile(
    r"\b(?:chemo\w*|immunotherap\w*|radi(?:o|ation)\w*|(?:checkpoint|kinase|aromatase|parp) inhibitors?"
    r"|\w+(?:mab|t?inib|ciclib|parib|platin|taxel|rubicin|citabine|tecan|poside|zomib|lidomide))\b",
    re.I,
)
_TAGS = re.compile(r"\((?:finding|disorder|situation|event|morphologic abnormality)\)", re.I)
#: British (and Latin) spellings of the syllables that differ in American English.
_AMERICAN = (
    ("aem", "em"), ("oedem", "edem"), ("rrhoea", "rrhea"), ("pnoea", "pnea"), ("oesoph", "esoph"), ("aesth", "esth"),
    ("haem", "hem"), ("leuco", "leuko"), ("tumour", "tumor"), ("faec", "fec"), ("paed", "ped"), ("anaem", "anem"),
)  # fmt: skip


_EXACT = {NCIT: "ncit", SNOMED: "snomed", MEDDRA: "meddra"}


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, str]]:
    document: dict[str, Any] = orjson.loads((files("mappers.events") / "ctcae_terms.json").read_bytes())
    names = {name: term for term, found in document["names"].items() for name in found}
    return {name: document[name] for name in ("ncit", "snomed", "meddra", "icd-10")} | {"names": names}


def find_term(concept: JsonObject, context: Context) -> Translation | None:
    """POP's concept of an event; None if no code and no name of it is a CTCAE term."""
    direct = context.translate(TERM, concept, text=True)
    if direct is not None and direct.rule != "unchecked":
        return direct
    for name in _names(concept):
        found = context.translate(TERM, {"text": name}, text=True)
        if found is not None:
            return replace(found, rule="ctcae-name")
    return direct


def is_ctcae_code(concept: Any) -> bool:
    """True if a coding is a MedDRA code, or NCI's of a CTCAE term."""
    return any(
        (system == MEDDRA and bool(code)) or (system == NCIT and code in _tables()["ncit"])
        for system, code in pairs(concept)
    )


def treatment_caused(concept: Any) -> bool:
    """True if a diagnosis code states that treatment caused it (ICD-10, ICD-10-CM)."""
    return any(system in ICD_10_SYSTEMS and _of_icd10(code) is not None for system, code in pairs(concept))


def _of_icd10(code: str) -> str | None:
    """CTCAE's name for a diagnosis, or for the one that it subdivides (ICD-10-GM D70.14 of D70.1)."""
    table: dict[str, str] = _tables()["icd-10"]
    return table.get(code.upper()) or (table.get(code[:5].upper()) if len(code) == 6 else None)


def laid_to_treatment(text: str) -> bool:
    """True if the words name an antineoplastic treatment as the cause."""
    return any(_TREATMENT.search(cause) is not None for cause in _CAUSE.split(text)[1:])


def plain_name(text: str) -> str:
    """A name without grade, CTCAE version and tags, in lower case and American spelling."""
    plain = _TAGS.sub(" ", _CTCAE.sub(" ", text))
    plain = " ".join(GRADE_WORDS.sub(" ", plain).casefold().split()).strip(" .,;:-–()")
    # «Platelet count decreased grade»: the question of a flowsheet whose answer is the grade.
    plain = re.sub(
        r"^(?:adverse event|side effect|toxicity|nebenwirkung)\s*[:–-]\s*|\s+(?:toxicity )?(?:grade|grad)$", "", plain
    )
    for british, american in _AMERICAN:
        plain = plain.replace(british, american)
    return plain


def _names(concept: JsonObject) -> Iterator[str]:
    """CTCAE's names for an event, the most exact first: a category of ICD-10 comes after the words, which may be finer."""
    tables = _tables()
    for system, code in pairs(concept):
        table = _EXACT.get(system)
        if table is not None and code in tables[table]:
            yield tables[table][code]
    for text in (*(text_of(each.get("display")) for each in codings(concept)), text_of(concept.get("text"))):
        outside, _, inside = text.partition("(")
        for each in (text, outside, inside.partition(")")[0], _CAUSE.split(text, maxsplit=1)[0]):
            plain = plain_name(each)
            if plain:
                yield tables["names"].get(plain, plain)
    for system, code in pairs(concept):
        if system in ICD_10_SYSTEMS and (name := _of_icd10(code)) is not None:
            yield name
