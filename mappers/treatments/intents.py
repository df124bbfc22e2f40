"""Intent and adjunctive role, as a resource states them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from mappers.codes import ADJUNCTIVE_ROLE, PROCEDURE_INTENT, SNOMED
from mappers.fhir import extension_value, objects, pairs, text_of, words
from mappers.protocol import JsonObject

Intent = Literal["curative", "palliative"]

_INTENTS: dict[tuple[str, str], Intent] = {(SNOMED, "373808002"): "curative", (SNOMED, "363676003"): "palliative"}
#: oBDS *Intention*: O is the local cure of an oligometastatic disease.
_REGISTRY_INTENTS: dict[str, Intent] = {"K": "curative", "O": "curative", "P": "palliative"}
#: SNOMED CT qualifiers of relation to surgery → NCIt codes of POP's AdjunctiveTherapyRole.
NEOADJUVANT, ADJUVANT, ADDITIVE, MAINTENANCE = "C15665", "C2140", "C63495", "C15688"
_ROLES = {
    (SNOMED, "373846009"): ADJUVANT,
    (SNOMED, "373847000"): NEOADJUVANT,
    (SNOMED, "260364009"): ADDITIVE,
}
#: oBDS *Stellung zur operativen Therapie*.
_REGISTRY_ROLES = {"A": ADJUVANT, "N": NEOADJUVANT, "Z": ADDITIVE}
_SUPPORTIVE = (SNOMED, "399707004")

_INTENT_URL = re.compile(r"(?:intent|intention)(?:-extension)?$", re.I)
_ROLE_URL = re.compile(r"stellung-?zur-?op$", re.I)
#: What follows «after» is another therapy than this one.
_THIS = r"(?<!\bnach )(?<!\bafter )(?<!\bpost )(?<!\bfollowing )"
_ROLE_WORDS = (
    (re.compile(rf"{_THIS}\bneo-?adjuvan", re.I), NEOADJUVANT),
    (re.compile(rf"{_THIS}\badjuvan", re.I), ADJUVANT),
    (re.compile(rf"{_THIS}\b(?:maintenance|erhaltung)", re.I), MAINTENANCE),
)
_INTENT_WORDS: tuple[tuple[re.Pattern[str], Intent], ...] = (
    (re.compile(r"\b(?:curative|kurativ)", re.I), "curative"),
    (re.compile(r"\bpalliativ(?!\w*[ -](?:care|medicine|team|consult))", re.I), "palliative"),
)


def _concepts(json: JsonObject, url: re.Pattern[str]) -> Iterator[JsonObject]:
    found = json.get("extension")
    for extension in found if isinstance(found, list) else ():
        if isinstance(extension, dict) and url.search(str(extension.get("url"))):
            value = extension.get("valueCodeableConcept") or extension.get("valueCoding")
            if isinstance(value, dict):
                yield value


def plan_words(json: JsonObject) -> str:
    """What a plan is called: title, description, category."""
    parts = [text_of(json.get("title")), text_of(json.get("description")), *map(words, objects(json.get("category")))]
    return " | ".join(part for part in parts if part)


#: Resources of one drug: what is written beside it is about its therapy.
_OF_A_DRUG = ("MedicationAdministration", "MedicationRequest", "MedicationStatement", "MedicationDispense")


def _drug_words(json: JsonObject) -> str:
    """What people write beside a drug: its name and instructions as ordered, reasons, notes (``Adjuvant, cycle 3``)."""
    parts = [words(json.get("medicationCodeableConcept")), *map(words, objects(json.get("reasonCode")))]
    for name in ("dosage", "dosageInstruction", "note"):
        parts.extend(text_of(each.get("text")) for each in objects(json.get(name)))
    return " | ".join(part for part in parts if part)


def _texts(json: JsonObject) -> str:
    kind = json.get("resourceType")
    if kind == "CarePlan":
        notes = (text_of(each.get("text")) for each in objects(json.get("note")))
        return " | ".join(filter(None, (plan_words(json), *notes)))
    return _drug_words(json) if kind in _OF_A_DRUG else ""


def stated_intent(json: JsonObject) -> Intent | None:
    """Curative or palliative: by code (mCODE *procedure intent*, oBDS *Intention*), by the word of such a coding, of a
    plan, or beside a drug."""
    concepts = list(_concepts(json, _INTENT_URL))
    stated = extension_value(json, PROCEDURE_INTENT)
    if stated is not None and isinstance(stated[1], dict):
        concepts.append(stated[1])
    for concept in concepts:
        for system, code in pairs(concept):
            intent = _INTENTS.get((system, code)) or (_REGISTRY_INTENTS.get(code) if "intention" in system else None)
            if intent is not None:
                return intent
    texts = [*(words(concept) for concept in concepts), _texts(json)]
    found = {intent for text in texts for pattern, intent in _INTENT_WORDS if pattern.search(text)}
    return found.pop() if len(found) == 1 else None


def stated_role(json: JsonObject) -> str | None:
    """NCIt code of the adjunctive role: POP's own extension, oBDS *Stellung zur OP*, an intent that is a role (mCODE STU2), or
    the words of a plan, of a reason, or beside a drug."""
    own = extension_value(json, ADJUNCTIVE_ROLE)
    if own is not None:
        return next((code for _, code in pairs(own[1])), None)
    for concept in _concepts(json, _ROLE_URL):
        for _, code in pairs(concept):
            if code in _REGISTRY_ROLES:
                return _REGISTRY_ROLES[code]
    for concept in _concepts(json, _INTENT_URL):
        for pair in pairs(concept):
            if pair in _ROLES:
                return _ROLES[pair]
    notes = (
        [text_of(each.get("text")) for each in objects(json.get("note"))]
        if json.get("resourceType") == "Procedure"
        else []
    )
    text = _texts(json) or " | ".join([*(words(concept) for concept in objects(json.get("reasonCode"))), *notes])
    return next((role for pattern, role in _ROLE_WORDS if pattern.search(text)), None)


def notes_state_purpose(json: JsonObject) -> bool:
    """A note names an intent or a role."""
    texts = [text_of(each.get("text")) for each in objects(json.get("note"))]
    return any(pattern.search(text) for text in texts for pattern, _ in (*_INTENT_WORDS, *_ROLE_WORDS))


def is_supportive(json: JsonObject) -> bool:
    """The resource states a supportive intent (mCODE)."""
    return any(_SUPPORTIVE in set(pairs(concept)) for concept in _concepts(json, _INTENT_URL))
