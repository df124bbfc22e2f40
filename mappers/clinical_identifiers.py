"""Which of a patient's many identifiers is the clinical identifier of the case."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mappers.fhir import code_of, codings, first, objects, text_of
from mappers.protocol import JsonObject

#: v2-0203 identifier types that never identify a patient *in the hospital's record*: they belong to other authorities, and
#: copying a social security, licence, passport or payer number into a research platform would be a breach.
_FORBIDDEN_TYPES = frozenset({
    "SS", "SB", "NI", "DL", "PPN", "MB", "MC", "MA", "MCD", "MCR", "TAX", "EN", "BC", "MI", "NH", "NHE", "PN", "HC", "JHN",
    "SNO", "SNBSN", "BCT", "LANR", "GKV", "PKV", "KVZ10", "ACSN", "CZ", "DC", "PRC", "RRI", "WC", "XX", "AN", "VN",
    "NPI", "EI", "DN", "SR", "U", "VS", "BR", "DR", "PC", "PNT", "WP", "CC", "MS",
})  # fmt: skip
_FORBIDDEN_SYSTEMS = (
    "us-ssn",
    "us-medicare",
    "us-mbi",
    "2.16.840.1.113883.4.1",
    "2.16.840.1.113883.4.3.",
    "gkv/kvid-10",
    "gkv/pseudo-kvid",
    "pkv",
    "kvnr",
    "versicherten",
    "us-npi",
    "aufnahmenummer",
    "fallnummer",
)
#: Many vendors name the type in words only (Epic: ``EPI``, ``MRN``, ``FHIR``, ``MYCHARTLOGIN``).
_FORBIDDEN_WORDS = re.compile(
    r"social security|\bssn\b|driver|licen[cs]e|passport|reisepass|personalausweis|insur|versicher|kvnr|account|\bvisit\b|encounter"
    r"|fall-?(?:nummer|nr|id)|aufnahme|mychart|login|\btax\b|medicare|medicaid|\bnpi\b|employee|subscriber|member id|e-?mail|phone",
    re.I,
)
_RECORD_WORDS = re.compile(
    r"\be?mrn\b|medical record|patient(?:en)?(?:[- ]?(?:id|nummer|nr|number|identifier|identifikator))\b|^epi$|hospital number"
    r"|unit number|chart number|krankenakte",
    re.I,
)
#: An interface's own names for the record: last choice.
_TECHNICAL_WORDS = re.compile(r"^(?:fhir.*|ceid|internal|external|wprinternal|internal id|uuid)$", re.I)
_RECORD_TYPES = frozenset({"MR", "PI", "MRT"})


def clinical_identifier(identifiers: object, systems: Sequence[str]) -> tuple[str, int] | None:
    """(value, position) of the preferred identifier; None if none may serve."""
    ranked = []
    for position, identifier in enumerate(objects(identifiers)):
        rank = _rank(identifier, systems)
        value = identifier.get("value")
        if rank is not None and isinstance(value, str) and value.strip():
            ranked.append((rank, str(identifier.get("system") or ""), value.strip(), position))
    if not ranked:
        return None
    _, _, value, position = min(ranked)
    return value, position


def _rank(identifier: JsonObject, systems: Sequence[str]) -> int | None:
    """A lower rank is preferred; None forbids. Rank within the configured systems, else by type (coded before named) and use."""
    system = str(identifier.get("system") or "")
    if systems:
        return list(systems).index(system) if system in systems else None
    kind = first(identifier.get("type"))
    types = {code_of(each) for each in codings(kind)}
    said = [text_of(kind.get("text")), *(text_of(each.get("display")) for each in codings(kind))]
    if types & _FORBIDDEN_TYPES or any(part in system.casefold() for part in _FORBIDDEN_SYSTEMS):
        return None
    coded = bool(types & _RECORD_TYPES)
    worded = any(_RECORD_WORDS.search(each) for each in said)
    if not coded and any(_FORBIDDEN_WORDS.search(each) for each in said):
        return None
    use = identifier.get("use")
    if use == "old":
        return None
    technical = not coded and not worded and any(_TECHNICAL_WORDS.fullmatch(each) for each in said if each)
    kind_rank = 0 if coded else 1 if worded else 3 if technical else 2
    return kind_rank * 10 + (use != "usual") * 2 + (use == "temp")
