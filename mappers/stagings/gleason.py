"""Gleason: a grade group from a score, or from a primary and a secondary pattern.

POP's stages are the nine pairs of the ISUP grade groups. MII and oBDS send the score (SNOMED CT 1812491000004107) *derived from*
two pattern Observations; others send patterns alone (LOINC 44641-9, 44642-7), or as components of the score.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from mappers.codes import LOINC, SNOMED
from mappers.fhir import has_code, objects, pairs, text_of, words
from mappers.protocol import Context, JsonObject, Resource
from mappers.stagings.statements import Statement, observed, value_of
from mappers.stagings.systems import PATTERNS
from mappers.terminology.stage_names import CODE_LETTERS, gleason_pair

_ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
#: SNOMED CT *Gleason pattern n (finding)*: MII Onkologie and the oBDS conversion.
_PATTERN_VALUES = {(SNOMED, "369772003"): 3, (SNOMED, "369773008"): 4}

#: LOINC prostate cancer grade group; SNOMED CT grade by the ISUP technique.
_GRADE_GROUP = frozenset({(LOINC, "94734-1"), (SNOMED, "1812491000004107")})


def is_part(resource: Resource) -> bool:
    """True if an Observation is a pattern, not a score."""
    return pattern_place(resource.json) is not None


def pattern_place(json: JsonObject) -> int | None:
    """0 for a primary, 1 for a secondary pattern; None for anything else."""
    return next((PATTERNS[pair] for pair in pairs(json.get("code")) if pair in PATTERNS), None)


def pattern_of(json: JsonObject) -> int | None:
    """The pattern, 1 to 5, that an Observation or component states."""
    _, value = value_of(json)
    if value is None:
        return None
    for pair in pairs(value):
        if pair in _PATTERN_VALUES:
            return _PATTERN_VALUES[pair]
    for coding in objects(value.get("coding")):
        for extension in objects(coding.get("extension")):
            if extension.get("url") == _ORDINAL and extension.get("valueDecimal") in (1, 2, 3, 4, 5):
                return int(extension["valueDecimal"])
    for text in (text_of(value.get("text")), *words(value).split(" | ")):
        match = re.fullmatch(r"(?:gleason\s+)?(?:pattern\s+|grade\s+)?([1-5])(?:\s*\(.*\))?", text, re.I)
        if match is not None:
            return int(match[1])
    return None


def with_patterns(scores: Sequence[Statement], parts: Sequence[Resource], context: Context) -> list[Statement]:
    """Scores that state their pair of patterns, from components or from pattern Observations where they do not; and the pairs
    of patterns that have no score."""
    patterns = [each for part in parts if (each := observed(part, context)) is not None]
    found = [_completed(score, patterns) for score in scores]
    used = {part.reference for score in found for part in score.parts}
    primaries = [
        each for each in patterns if pattern_place(each.resource.json) == 0 and each.resource.reference not in used
    ]
    for primary in primaries:
        secondary = _partner(primary, [each for each in patterns if each.resource.reference not in used])
        if secondary is not None:
            pair = _pair(primary.resource.json, secondary.resource.json)
            found.append(replace(primary, value=pair, parts=(secondary.resource,)))
    return found


def _completed(score: Statement, patterns: Sequence[Statement]) -> Statement:
    if score.of_condition:
        return score
    score = _as_grade_group(score)
    own = [each for each in patterns if _belongs(each, score)]
    places = {pattern_place(each.resource.json): each for each in own}
    parts = tuple(each.resource for each in own)
    if _states_pair(score.value):
        return replace(score, parts=parts)
    components: dict[int | None, JsonObject] = {
        pattern_place(each): each for each in objects(score.resource.json.get("component"))
    }
    if 0 in components and 1 in components:
        pair = _pair(components[0], components[1])
        return replace(score, value=pair or score.value, element="component" if pair else score.element, parts=parts)
    if 0 in places and 1 in places:
        pair = _pair(places[0].resource.json, places[1].resource.json)
        return replace(score, value=pair or score.value, parts=parts)
    return replace(score, parts=parts)


def _as_grade_group(score: Statement) -> Statement:
    """A bare number under a code that asks for the grade group is the group, not the sum of patterns."""
    code = score.resource.json.get("code")
    plain = text_of((score.value or {}).get("text"))
    asked = has_code(code, _GRADE_GROUP) or re.search(r"\bisup\b|\bgrade\s+group\b", words(code), re.I) is not None
    if not asked or re.fullmatch("[1-5]", plain) is None or (score.value or {}).get("coding"):
        return score
    return replace(score, value={"text": f"Grade group {plain}"})


def _states_pair(value: JsonObject | None) -> bool:
    """A coded grade group names its pair; 8 and 9 do not."""
    if value is None:
        return False
    if any(code.startswith("12797") for system, code in pairs(value) if system == SNOMED):
        return True
    texts = [*words(value).split(" | "), *(CODE_LETTERS.get(pair, "") for pair in pairs(value))]
    return any(text and gleason_pair(text) is not None for text in texts)


def _belongs(pattern: Statement, score: Statement) -> bool:
    """By reference from the score; else by day and tumour."""
    named = [*objects(score.resource.json.get("derivedFrom")), *objects(score.resource.json.get("hasMember"))]
    if any(str(each.get("reference", "")).endswith(pattern.resource.reference) for each in named):
        return True
    return not named and score.day is not None and pattern.day == score.day and _same_tumour(pattern, score)


def _partner(primary: Statement, patterns: Sequence[Statement]) -> Statement | None:
    found = [
        each for each in patterns
        if pattern_place(each.resource.json) == 1 and each.day == primary.day and _same_tumour(each, primary)
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def _same_tumour(one: Statement, other: Statement) -> bool:
    return not one.about or not other.about or bool(one.about & other.about)


def _pair(primary: JsonObject, secondary: JsonObject) -> JsonObject | None:
    first, second = pattern_of(primary), pattern_of(secondary)
    return None if first is None or second is None else {"text": f"{first}+{second}"}
