"""TNM in a Condition: ``stage`` in place of Observations, and diagnosis codes that name their stage."""

from __future__ import annotations

import re

from mappers.codes import SNOMED
from mappers.diagnoses import diagnose
from mappers.fhir import objects, pairs, words
from mappers.protocol import Context, JsonObject, Resource
from mappers.references import target_keys
from mappers.stagings.statements import STAGED_CODES, about_itself
from mappers.stagings.systems import TNM, stages_of, stated_system
from mappers.stagings.tnm_parts import PARTS, STAGE, M, N, Part, Side, T, letters_of, side_in, side_of
from mappers.stagings.tnm_sets import Finding, Staging, read_findings, spelled_parts
from mappers.terminology.stage_names import category_of

_STAGED_TITLE = re.compile(r"\b(?:TNM|AJCC|UICC)\s+stage\s+((?:[0-4]|I{1,3}V?|IV)[A-C]?)\b", re.I)
#: SNOMED CT *clinical* and *pathological staging* (R4 ValueSet condition-stage-type).
_NATURE: dict[tuple[str, str], Side] = {(SNOMED, "260998006"): "clinical", (SNOMED, "261023001"): "pathological"}


def is_staged(condition: JsonObject) -> bool:
    """True if a Condition states a TNM stage or category, in ``stage`` or by its code."""
    if any(stated_system(condition, stage) == TNM for _, stage in stages_of(condition)):
        return True
    return _staged_code(condition) is not None and diagnose(condition).relationship is not None


def _staged_code(condition: JsonObject) -> str | None:
    code = condition.get("code")
    for pair in pairs(code):
        if pair in STAGED_CODES:
            return STAGED_CODES[pair]
    match = _STAGED_TITLE.search(words(code))
    return match[1] if match is not None else None


def stagings_of(condition: Resource, context: Context) -> list[Staging]:
    """What a Condition states: one staging per side, its categories included.

    An assessment that is a TNM Observation with a stage speaks for itself; assessments that are only categories are the members
    of the stage that the summary names (R4 Condition.stage.assessment). One that has not arrived gives the staging its name.
    """
    by_side: dict[Side | None, Staging] = {}
    itself = about_itself(condition, context)
    for position, stage in stages_of(condition.json):
        if stated_system(condition.json, stage) != TNM:
            continue
        side = _side(stage)
        identity, spoken = condition.reference, False
        members: list[Finding] = []
        for assessment in objects(stage.get("assessment")):
            target = context.resolve(assessment, within=condition)
            if target is None:
                # The only assessment's own name: when it arrives, the draft goes on under the same key.
                keys = target_keys(assessment) if len(objects(stage.get("assessment"))) == 1 else ()
                identity = next((key for key in keys if key.startswith("Observation/")), identity)
                continue
            findings = read_findings(target, context)
            spoken = spoken or any(each.part.field == STAGE and each.value is not None for each in findings)
            members.extend(each for each in findings if each.part.field in (T, N, M))
        summary = stage.get("summary")
        if spoken or not isinstance(summary, dict):
            continue
        for part, value in _parts(summary, side):
            staging = by_side.setdefault(side, Staging(None))
            found = Finding(
                condition,
                part,
                f"stage[{position}].summary",
                value,
                part.side,
                None,
                itself,
                identity,
            )
            _put(staging, found)
            for member in members:
                staging.members.setdefault(member.part.field, member)
    found_code = _staged_code(condition.json)
    if found_code is not None and not by_side:
        finding = Finding(
            condition,
            Part(STAGE),
            "code",
            {"text": found_code},
            None,
            None,
            itself,
            condition.reference,
        )
        by_side[None] = Staging(finding)
    return list(by_side.values())


def _put(staging: Staging, finding: Finding) -> None:
    if finding.part.field == STAGE:
        staging.group = staging.group or finding
    else:
        staging.members.setdefault(finding.part.field, finding)


def _side(stage: JsonObject) -> Side | None:
    for pair in pairs(stage.get("type")):
        if pair in _NATURE:
            return _NATURE[pair]
        if pair in PARTS and PARTS[pair].side is not None:
            return PARTS[pair].side
    return side_in(f"{words(stage.get('type'))} {words(stage.get('summary'))}")


def _parts(summary: JsonObject, side: Side | None) -> list[tuple[Part, JsonObject]]:
    spelled = spelled_parts(Part(STAGE, side), summary)
    if spelled:
        return [(part, {"text": text}) for part, text in spelled]
    for letters in letters_of(summary):
        category = category_of(letters)
        if category is not None:
            part = Part({"T": T, "N": N, "M": M}[category[1][0]], side)
            return [(Part(part.field, side_of(None, summary, part)), summary)]
    return [(Part(STAGE, side), summary)]
