"""Each rule by which the real POP refuses a write, and each odd write that it takes, is refused by the guard at its field."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from adapters.pop.guard import Knows, Violation, violations
from adapters.pop.kinds import KINDS, packaged_contract
from adapters.pop.measures import factor, sent_unit

JsonObject = dict[str, Any]

#: Transcript file → kind, for collections that several kinds share.
SHARED_COLLECTIONS = {
    "staging-tnm": "TNMStaging", "staging-figo": "FIGOStaging", "staging-binet": "BinetStaging", "staging-rai": "RaiStaging",
    "staging-breslow": "BreslowDepth", "staging-clark": "ClarkStaging", "staging-iss": "ISSStaging",
    "staging-riss": "RISSStaging", "staging-inss": "INSSStage", "staging-inrgss": "INRGSSStage",
    "staging-gleason": "GleasonGrade", "staging-rhabdomyosarcoma": "RhabdomyosarcomaClinicalGroup",
    "staging-wilms": "WilmsStage", "staging-lymphoma": "LymphomaStaging", "signature-tmb": "TumorMutationalBurden",
    "signature-msi": "MicrosatelliteInstability", "signature-loh": "LossOfHeterozygosity",
    "signature-hrd": "HomologousRecombinationDeficiency", "signature-tnb": "TumorNeoantigenBurden",
    "signature-aneuploid": "AneuploidScore", "tumor-board-unspecified": "UnspecifiedTumorBoard",
    "tumor-board-molecular": "MolecularTumorBoard",
}  # fmt: skip
#: Rules that no look at a single body can know: what they depend on, and who in the gateway minds it.
ELSEWHERE = {
    r"unknown related|unknown \w+Ids?\b|index condition of unknown id|variant of another kind": "which ids exist: the applier "
    "takes ids from the ledger of the case alone",
    r"import ": "bundle import is not used for writing",
    r"duplicate identity": "other cases: answered by adoption",
    r"put unknown id": "which ids exist: 404 means that somebody deleted it",
    r"malformed json": "the client only sends what it has serialised itself",
    r"(good therapy|surgery) after": "a case that somebody else has poisoned: see the culprit search",
}  # fmt: skip
#: Odd writes that the gateway may make all the same.
TAKEN = {
    r"period end = start": "a period of one day is a period (shared notes, Writing)",
    r"(dna|rna|protein)Hgvs: ": "correct HGVS, or close to it: the reference sequence is optional (shared notes, Writing)",
    r"same drug twice|same ordinal twice": "depends on the parent's other children: drafts have one key for each drug; lines "
    "are not written",
    r"resolved without a resolved date": "hospitals seldom say since when: R4's AdverseEvent has no element for it",
    r"period before birth": "depends on the case: refused where the case is known (test_plausible)",
}
#: Fields in which a recorded create of a kind holds something doubtful: it is refused, and is no base for the others.
DOUBTFUL_CREATES = {
    ("vitals", "create-minimal"): "empty",
    ("adverse-event-mitigation", "create-minimal"): "no drug",
    ("adverse-event-mitigation", "create-full"): "three measures at once",
    ("adverse-event-suspected-cause", "create-full"): "three causes at once",
    ("tumor-marker", "create-full"): "scores of other analytes",
}
#: What a base body lacks to be right, and where an odd write's own field is another than the one that it changes.
BASES = {
    "vitals": {"weight": {"value": 81.4, "unit": "kg"}},
    "adverse-event-mitigation": {"drug": {"code": "C267", "system": "s"}},
}
LACKING = {"pharmacological without a drug": {"drug": None}}
AT = {
    "a metastasis without a related primary": "relatedPrimaryId", "a recurrence without a related primary": "relatedPrimaryId",
    "a metastasis with a primary morphology (/3)": "morphology",
    "missing vitalStatus": "endOfRecords",
}  # fmt: skip


def kind_of(entity: str) -> str:
    if entity in SHARED_COLLECTIONS:
        return SHARED_COLLECTIONS[entity]
    words = {"staging": "stagings", "comorbidities-assessment": "ComorbiditiesAssessment"}
    name = words.get(entity) or "".join(part.capitalize() for part in entity.split("-"))
    return {
        "RadiotherapyDosage": "RadiotherapyDosage", "TherapeuticRecommendation": "MolecularTherapeuticRecommendation",
    }.get(name, name)  # fmt: skip


def test_every_file_names_a_kind() -> None:
    assert set(SHARED_COLLECTIONS.values()) <= KINDS.keys()


class Material:
    """The recorded conversations, with invented ids for those that POP gave."""

    def __init__(self, shared: Path) -> None:
        self.folder = shared / "pop"
        constraints = json.loads((self.folder / "constraints.json").read_text())
        self.rules: list[JsonObject] = constraints["rules"]
        self.doubtful: list[JsonObject] = constraints["acceptedAlthoughDoubtful"]

    @cache  # noqa: B019 - one instance for each test
    def steps(self, file: str) -> dict[str, JsonObject]:
        text = (self.folder / "transcripts" / file).read_text()
        text = re.sub(r"\{\{([^}]+)\}\}", lambda match: str(uuid.uuid5(uuid.NAMESPACE_URL, match[1])), text)
        return {step["name"]: step for step in json.loads(text)["steps"]}

    def lists(self) -> Knows:
        """The value lists of the server that was recorded: those that are not complete here have what was sent to it."""
        folder = self.folder / "terminologies"
        known: dict[str, set[tuple[str, str]]] = {}
        for path in folder.glob("*.json"):
            if path.name != "index.json":
                concepts = {(item["system"], item["code"]) for item in json.loads(path.read_text())}
                known.setdefault(re.sub(r"-\d+$", "", path.stem), set()).update(concepts)

        def knows(terminology: str, system: str, code: str) -> bool | None:
            return (system, code) in known[terminology] if terminology in known else None

        return knows

    def create(self, entity: str, name: str) -> JsonObject:
        body: JsonObject = self.steps(f"{entity}.json")[name]["request"]["body"]
        return body

    def base(self, entity: str, example: JsonObject) -> JsonObject:
        """A body that is right; the fuller one if the rule is about what it has."""
        minimal = in_our_units(kind_of(entity), {**self.create(entity, "create-minimal"), **BASES.get(entity, {})})
        return {**minimal, **example}


def in_our_units(kind: str, body: JsonObject) -> JsonObject:
    """The recorded bodies have many units; the gateway sends each field in one."""
    found = dict(body)
    for field in KINDS[kind].measures:
        measure, unit = body.get(field), sent_unit(kind, field)
        given, wanted = factor(str(measure.get("unit"))) if isinstance(measure, dict) else None, factor(unit)
        if given is not None and wanted is not None and given[0] == wanted[0]:
            found[field] = {"value": float(measure["value"]) * float(given[1] / wanted[1]), "unit": unit}
    return found


def refused(kind: str, body: Any, knows: Knows | None = None) -> list[Violation]:
    return violations(kind, json.dumps(body).encode(), knows=knows)


def fields_of_message(message: str) -> set[str]:
    found = re.findall(r"body\.payload\.(?:function-wrap\[[^\]]*\]\.)?(\w+)", message)
    return set(found)


def matches(patterns: dict[str, str], name: str) -> bool:
    return any(re.search(pattern, name) for pattern in patterns)


def test_every_recorded_create_that_is_right_passes(shared: Path) -> None:
    material, checked = Material(shared), 0
    knows = material.lists()
    for path in sorted((shared / "pop" / "transcripts").glob("*.json")):
        for name in ("create-minimal", "create-full"):
            if name not in material.steps(path.name):
                continue
            kind = kind_of(path.stem)
            found = refused(kind, in_our_units(kind, material.create(path.stem, name)), knows)
            assert bool(found) == ((path.stem, name) in DOUBTFUL_CREATES), (path.stem, name, found)
            checked += 1
    assert checked == 2 * len(KINDS) - missing_creates(shared)


def missing_creates(shared: Path) -> int:
    """Kinds without a conversation of their own."""
    recorded = {kind_of(path.stem) for path in (shared / "pop" / "transcripts").glob("*.json")}
    return 2 * len(KINDS.keys() - recorded)


def test_every_rule_by_which_pop_refuses_is_known(shared: Path) -> None:
    material = Material(shared)
    knows = material.lists()
    checked, left = 0, 0
    passed = []
    for rule, kind, body, step in bodies(material):
        if matches(ELSEWHERE, rule["rule"]):
            left += 1
            continue
        found = refused(kind, in_our_units(kind, body) if isinstance(body, dict) else body, knows)
        told = {each.field.split(".")[0] for each in found}
        properties = KINDS[kind].properties
        changed = set(rule["example"] if step is None else rule["rule"].split()) & properties
        wanted = changed or fields_of_message(rule["message"]) & properties
        wanted = wanted if rule["rule"] not in AT else {AT[rule["rule"]]}
        if not found or (wanted and not told & (wanted | {"body"})):
            passed.append((rule["entity"], rule["rule"], sorted(wanted), found))
        checked += 1
    assert not passed, "\n".join(map(str, passed))
    assert checked + left == len(material.rules)
    assert checked > 900


def bodies(material: Material) -> Iterator[tuple[JsonObject, str, Any, JsonObject | None]]:
    """(rule, kind, the body that breaks it, the recorded step)."""
    for rule in material.rules:
        example, entity = rule["example"], rule["entity"]
        if "transcript" not in example:
            yield rule, kind_of(entity), material.base(entity, example), None
            continue
        step = material.steps(example["transcript"])[example["step"]]
        request = step["request"]
        kind = (
            kind_of_path(request["path"], request.get("body")) if entity in ("poison", "bundles") else kind_of(entity)
        )
        yield rule, kind, request.get("body"), step


def kind_of_path(path: str, body: Any) -> str:
    collection = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{}", path.removeprefix("/api/v1/"))
    for kind in KINDS.values():
        template = re.sub(r"\{\w+\}", "{}", kind.collection)
        of_kind = all(isinstance(body, dict) and body.get(field) == value for field, value in kind.const.items())
        if of_kind and collection in (template, template + "/{}"):
            return kind.name
    return packaged_contract()["unions"].get(collection, ["PatientCase"])[0]


def test_what_pop_takes_although_it_is_doubtful_is_refused(shared: Path) -> None:
    material = Material(shared)
    passed = []
    for item in material.doubtful:
        entity, example = item["entity"], dict(item["example"])
        if matches(TAKEN, item["notARule"]):
            continue
        kind = kind_of(entity)
        base = material.base(entity, {})
        if "above systolic" in item["notARule"]:
            base = {**base, "bloodPressureSystolic": example["bloodPressureSystolic"]}
        assert not refused(kind, base), (entity, "base", refused(kind, base))
        example |= LACKING.get(item["notARule"], {})
        found = refused(kind, {**base, **example})
        told = {each.field.split(".")[0] for each in found}
        at = AT.get(item["notARule"])
        if not told & (set(example) if at is None else {at}):
            passed.append((entity, item["notARule"], found))
    assert not passed, "\n".join(map(str, passed))
