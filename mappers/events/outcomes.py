"""How an event ended, and how surely a treatment caused it: the words of FHIR, ICH E2B(R3), WHO-UMC, NCI and German records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mappers.codes import NCIT, system_of
from mappers.fhir import code_of, codings, text_of

#: ICH E2B(R3) E.i.7 *Outcome of reaction/event* (ISO IDMP code system 11).
_E2B = {"1": "resolved", "2": "recovering", "3": "ongoing", "4": "resolved-with-sequelae", "5": "fatal", "0": "unknown"}
_E2B_SYSTEM = "urn:oid:2.16.840.1.113883.3.989.2.1.1.11"

_OUTCOMES = {
    "resolved": "resolved recovered recoveredresolved recoveredorresolved abgeklungen behoben ausgeheilt geheilt",
    "recovering": "recovering resolving recoveringresolving recoveringorresolving improving abklingend inbesserung",
    "ongoing": "ongoing notrecovered notresolved notrecoverednotresolved notrecoveredornotresolved notrecoveredorresolved "
    "notrecoveringnotresolved unresolved continuing persisting andauernd fortbestehend nichtabgeklungen anhaltend",
    "resolved-with-sequelae": "resolvedwithsequelae recoveredwithsequelae recoveredresolvedwithsequelae "
    "recoveredorresolvedwithsequelae resolvedwithsequela abgeklungenmitfolgeschäden",
    "fatal": "fatal death died tödlich verstorben",
    "unknown": "unknown unbekannt",
}
#: FHIR R4 *adverse-event-causality-assess* (WHO-UMC), and NCI's and everyday words. «Unassessable» is no answer.
_CAUSALITIES = {
    "unrelated": "unrelated notrelated none keinzusammenhang",
    "unlikely-related": "unlikely unlikelyrelated doubtful unwahrscheinlich",
    "possibly-related": "possible possibly possiblyrelated möglich",
    "probably-related": "probable probably probablyrelated likely probablylikely likelyrelated wahrscheinlich",
    "definitely-related": "certain definite definitely definitelyrelated gesichert sicher",
    "conditionally-related": "conditional conditionalclassified conditionallyrelated",
}
#: NCI Thesaurus, CTCAE attribution.
_NCIT = {
    "C53256": "unrelated", "C53257": "unlikely-related", "C53258": "possibly-related", "C53259": "probably-related",
    "C53260": "definitely-related", "C68618": "conditionally-related",
}  # fmt: skip
_OUTCOME_WORDS = {word: outcome for outcome, words in _OUTCOMES.items() for word in words.split()}
_CAUSALITY_WORDS = {word: causality for causality, words in _CAUSALITIES.items() for word in words.split()}


def read_outcome(concept: Any) -> str | None:
    """POP's outcome; None if the concept states none that is known."""
    for coding in codings(concept):
        if system_of(coding.get("system")) == _E2B_SYSTEM and code_of(coding) in _E2B:
            return _E2B[code_of(coding)]
    return next((_OUTCOME_WORDS[each] for each in _squeezed(concept) if each in _OUTCOME_WORDS), None)


def read_causality(concept: Any, *, pop: bool = False) -> str | None:
    """POP's causality. POP's own export spells *unrelated* as ``Unassessable-Unclassifiable``."""
    for coding in codings(concept):
        if system_of(coding.get("system")) == NCIT and code_of(coding) in _NCIT:
            return _NCIT[code_of(coding)]
    for each in _squeezed(concept):
        plain = re.sub(r"^adverseevent|tointervention$", "", each)
        if plain in _CAUSALITY_WORDS:
            return _CAUSALITY_WORDS[plain]
        if pop and each == "unassessableunclassifiable":
            return "unrelated"
    return None


def _squeezed(concept: Any) -> Iterator[str]:
    """Codes, displays and text as bare letters."""
    if not isinstance(concept, dict):
        return
    for coding in codings(concept):
        yield _letters(code_of(coding))
        yield _letters(text_of(coding.get("display")))
    yield _letters(text_of(concept.get("text")))


def _letters(text: str) -> str:
    return re.sub(r"[^a-zäöüß]", "", text.casefold())
