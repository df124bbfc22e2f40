"""Ann Arbor and Lugano: what a lymphoma's stage carries beside its number.

The letters are those of Ann Arbor with the Cotswolds revision (Lister et al., J Clin Oncol 1989;7:1630): A and B (without, with
general symptoms), E extralymphatic, S spleen, X bulky. mCODE and POP carry them as components.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mappers.codes import NCIT, SNOMED
from mappers.drafting import Drafting
from mappers.fhir import has_code, objects, pairs, text_of, words
from mappers.protocol import Context, JsonObject, Source
from mappers.stagings.statements import Statement
from mappers.terminology.stage_names import token_of

_MODIFIER = frozenset({(SNOMED, "106252000")})
_NATURE = frozenset({(SNOMED, "277366005")})
_BULKY = frozenset({(SNOMED, "260873006")})
_BULKY_NAME = re.compile(r"bulk(?:y)?(?: disease| mass| lesion)?", re.I)
_PRESENT, _ABSENT = (SNOMED, "52101004"), (SNOMED, "2667000")
_CLINICAL = frozenset({(SNOMED, "260998006"), (NCIT, "C177558")})
_PATHOLOGICAL = frozenset({(SNOMED, "261023001"), (NCIT, "C177559")})


def put_lymphoma(drafting: Drafting, statement: Statement, context: Context) -> None:
    """``modifiers``, ``bulky`` and ``pathological``, from components, the code, and the letters of the stage itself."""
    json, reference = statement.resource.json, statement.resource.reference
    modifiers: dict[str, JsonObject] = {}
    sources: list[Source] = []
    for position, component in enumerate(objects(json.get("component"))):
        source, value = Source(reference, f"component[{position}]"), component.get("valueCodeableConcept")
        code = component.get("code")
        if has_code(code, _MODIFIER):
            found = (
                context.translate("LymphomaStageValueModifier", value, text=True) if isinstance(value, dict) else None
            )
            if found is not None:
                modifiers.setdefault(str(found.concept["code"]), found.concept)
                sources.append(source)
                drafting.note_rule("modifiers", found, source)
            else:
                drafting.unmapped("modifiers", "LymphomaStageValueModifier", value, source=source)
        elif has_code(code, _NATURE):
            _side(drafting, value, source)
        elif has_code(code, _BULKY) or _BULKY_NAME.fullmatch(words(code)):
            _bulky(drafting, value, source)
    source = Source(reference, "code" if not statement.of_condition else statement.element)
    if "pathological" not in drafting.payload:
        _side(drafting, json.get("code") if not statement.of_condition else statement.method, source)
    _letters(drafting, statement, modifiers, sources, context)
    if modifiers:
        drafting.put("modifiers", [modifiers[code] for code in sorted(modifiers)], *sources)


#: The name of a system → its variants in POP's list, for Hodgkin lymphoma and for the others. Lugano's variants are of age too.
_METHODS = (
    (re.compile(r"\bann[\s-]*arbor\b", re.I), ("254373007", "254374001")),
    (re.compile(r"\bcotswolds?\b", re.I), ("254375000", "")),
)
#: ICD-O-3: 965 and 966 are Hodgkin lymphoma, 959 and 967 to 972 (and what the WHO added up to 976) the others.
_HODGKIN, _OTHERS = re.compile(r"96[56]\d/"), re.compile(r"9(?:59|6[789]|7[0-2])\d/")


def put_named_method(drafting: Drafting, statement: Statement, tumours: Iterable[JsonObject], context: Context) -> None:
    """The method that only words name (``Ann Arbor``, as oBDS and vendors write it): POP has it for Hodgkin lymphoma and for the
    others, which the staged tumour's histology tells apart."""
    resource = statement.resource
    said = words(statement.value)
    if not statement.of_condition:
        said = f"{words(resource.json.get('code'))} | {said}"
    histologies = {str(each.get("morphology", {}).get("code", "")) for each in tumours}
    kinds = {0 if _HODGKIN.match(each) else 1 if _OTHERS.match(each) else 2 for each in histologies}
    named = [variants for pattern, variants in _METHODS if pattern.search(said)]
    if len(named) != 1 or len(kinds) != 1 or not (code := (*named[0], "")[kinds.pop()]):
        return
    found = context.translate("LymphomaStagingMethod", {"coding": [{"system": SNOMED, "code": code}]})
    if found is not None:
        source = Source(resource.reference, statement.element if statement.of_condition else "code")
        drafting.put("methodology", found.concept, source)
        text = "Words name the staging system; the histology of the tumour tells which of POP's variants it is."
        drafting.assume("methodology", "method-by-name", text, source)


def _letters(
    drafting: Drafting, statement: Statement, modifiers: dict[str, JsonObject], sources: list[Source], context: Context
) -> None:
    """What the written stage says beyond POP's concept for it (``IIIB``: stage III, with general symptoms)."""
    source = Source(statement.resource.reference, statement.element)
    value = statement.value or {}
    texts = [*words(value).split(" | "), *(code for _, code in pairs(value))]
    written = next((token[1] for text in texts if text and (token := token_of(text)) is not None), "")
    taken = token_of(text_of(drafting.payload.get("stage", {}).get("display")))
    for letter in dict.fromkeys(written):
        if letter == "x":
            drafting.put("bulky", True, source)
        elif letter in "abes" and (taken is None or letter not in taken[1]):
            found = context.translate("LymphomaStageValueModifier", {"text": _NAMES[letter]}, text=True)
            if found is not None:
                modifiers.setdefault(str(found.concept["code"]), found.concept)
                sources.append(source)
            else:
                drafting.unmapped("modifiers", "LymphomaStageValueModifier", {"text": letter.upper()}, source=source)


_NAMES = {
    "a": "A - Absence of symptoms marker", "b": "B - Symptoms marker", "e": "E - Extralymphatic organ involvement marker",
    "s": "S - Splenic involvement marker",
}  # fmt: skip


def _side(drafting: Drafting, concept: Any, source: Source) -> None:
    if has_code(concept, _PATHOLOGICAL):
        drafting.put("pathological", True, source)
    elif has_code(concept, _CLINICAL):
        drafting.put("pathological", False, source)


def _bulky(drafting: Drafting, value: Any, source: Source) -> None:
    said = words(value).casefold()
    if has_code(value, {_PRESENT}) or said in ("yes", "present", "ja", "bulky"):
        drafting.put("bulky", True, source)
    elif has_code(value, {_ABSENT}) or said in ("no", "absent", "nein", "not bulky"):
        drafting.put("bulky", False, source)
    else:
        drafting.issue(
            "unmapped-code", "bulky", "Bulky disease is stated neither as present nor as absent.", source=source
        )
