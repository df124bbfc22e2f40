"""Expected entities against drafts: which were found, which were made up, and field by field.

An expected entity and a draft of one kind are a pair if they agree in more than half of the expected fields; the best pairs are
taken first. Recall is found of expected, precision found of written; of fields likewise, over the pairs. A draft that is blocked
counts only where the expectation is blocked too: it is not written, but it must be visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.pop.kinds import KINDS
from mappers.protocol import Draft
from mappers.record import map_resources
from mappers.registry import Registry
from mappers.terminology import Terminology

PATIENTS = Path(__file__).parent / "patients"
STAGINGS = tuple(sorted(kind for kind, facts in KINDS.items() if "stagingDomain" in facts.const))
_OTHERS = (
    "PatientCase", "NeoplasticEntity", "TumorMarker", "RiskAssessment", "PerformanceStatus", "Vitals", "Lifestyle",
    "FamilyHistory", "ComorbiditiesAssessment",
)  # fmt: skip
#: The kinds of issue 6. Therapy lines are POP's own.
_TREATMENT = (
    "SystemicTherapy", "SystemicTherapyMedication", "Surgery", "Radiotherapy", "RadiotherapyDosage", "RadiotherapySetting",
    "TreatmentResponse", "AdverseEvent", "AdverseEventSuspectedCause", "AdverseEventMitigation", "GenomicVariant",
    "TumorMutationalBurden", "MicrosatelliteInstability", "LossOfHeterozygosity", "HomologousRecombinationDeficiency",
    "TumorNeoantigenBurden", "AneuploidScore", "UnspecifiedTumorBoard", "MolecularTumorBoard",
    "MolecularTherapeuticRecommendation",
)  # fmt: skip
GROUPS = {"stagings": STAGINGS, "disease": (*_OTHERS, *STAGINGS), "treatment": _TREATMENT}
#: Fields that say nothing about the mapping of this entity.
_UNSCORED = frozenset({"caseId", "stagingDomain", "externalSource", "externalSourceId"})
Entity = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """The entity that a draft refers to: the name in its key, and the resources it was made of."""

    name: str
    resources: frozenset[str]


@dataclass(slots=True)
class Tally:
    """Right, missed (expected, not there) and wrong (there, not expected)."""

    right: int = 0
    missed: int = 0
    wrong: int = 0

    def add(self, other: Tally) -> None:
        self.right += other.right
        self.missed += other.missed
        self.wrong += other.wrong

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0


@dataclass(slots=True)
class Score:
    """Of one patient or many: per (kind, dialect) the entities, per (kind, field) the fields; and the misses in words."""

    entities: dict[tuple[str, str], Tally] = field(default_factory=dict)
    fields: dict[tuple[str, str], Tally] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        for mine, theirs in ((self.entities, other.entities), (self.fields, other.fields)):
            for key, tally in theirs.items():
                mine.setdefault(key, Tally()).add(tally)
        self.misses.extend(other.misses)

    def total(self, of: Mapping[tuple[str, str], Tally]) -> Tally:
        whole = Tally()
        for tally in of.values():
            whole.add(tally)
        return whole


@dataclass(frozen=True, slots=True)
class Patient:
    """One adjudicated patient."""

    name: str
    dialect: str
    kinds: tuple[str, ...]
    expected: Mapping[str, list[Entity]]
    bundle: dict[str, Any]
    options: Mapping[str, Any]
    """Site options that the expectations take for granted (``timezone``)."""


def patients(folder: Path = PATIENTS) -> list[Patient]:
    """All patients, by name."""
    return [read(path) for path in sorted(folder.glob("*.json"))]


def read(path: Path) -> Patient:
    """One file. Raises AssertionError if it expects a kind that it does not adjudicate, or a field that POP has not."""
    document = orjson.loads(path.read_bytes())
    kinds = tuple(kind for name in document["adjudicated"] for kind in GROUPS.get(name, (name,)))
    for kind, entities in document["expected"].items():
        assert kind in kinds, f"{path.name}: {kind} is expected but not adjudicated"
        for entity in entities:
            unknown = entity.keys() - KINDS[kind].properties - {"blocked"}
            assert not unknown, f"{path.name}: {kind} has no {', '.join(sorted(unknown))}"
    options = document.get("options", {})
    return Patient(path.stem, document["dialect"], kinds, document["expected"], document["bundle"], options)


def score(patient: Patient, *, registry: Registry, terminology: Terminology, options: Mapping[str, Any]) -> Score:
    """Map the patient and compare."""
    chosen = {**options, **patient.options}
    results = map_resources([patient.bundle], mappers=registry, terminology=terminology, options=chosen)
    assert not [failure for result in results for failure in result.failures], patient.name
    drafts = [draft for result in results for draft in result.drafts]
    targets = {each.key: _target(each) for each in drafts}
    found = Score()
    for kind in patient.kinds:
        of_kind = [each for each in drafts if each.kind == kind]
        _kind(found, patient, kind, list(patient.expected.get(kind, [])), of_kind, targets)
    return found


def _target(draft: Draft) -> Target:
    made_of = {source.resource for sources in draft.sources.values() for source in sources}
    return Target(draft.key.partition(":")[2], frozenset(made_of | {source.resource for source in draft.consumed}))


def _kind(
    found: Score,
    patient: Patient,
    kind: str,
    expected: list[Entity],
    drafts: list[Draft],
    targets: Mapping[str, Target],
) -> None:
    tally = found.entities.setdefault((kind, patient.dialect), Tally())
    values = [_values(draft, targets) for draft in drafts]
    pairs = sorted(
        ((agreement, -one, -two) for one, entity in enumerate(expected) for two, made in enumerate(values)
         if (agreement := _agreement(entity, made)) > 0.5),
        reverse=True,
    )  # fmt: skip
    left, right = set(range(len(expected))), set(range(len(drafts)))
    for _, one, two in pairs:
        if -one in left and -two in right:
            left.remove(-one)
            right.remove(-two)
            tally.right += 1
            _fields(found, patient, kind, expected[-one], values[-two])
    for one in sorted(left):
        tally.missed += 1
        found.misses.append(f"{patient.name}: {kind} of {expected[one].get('date')} is missing")
    for two in sorted(right):
        if not drafts[two].blocked:
            tally.wrong += 1
            found.misses.append(f"{patient.name}: {drafts[two].key} is not expected")
        elif not any(entity.get("blocked") for entity in expected):
            found.misses.append(f"{patient.name}: {drafts[two].key} is blocked and not expected")


def _values(draft: Draft, targets: Mapping[str, Target]) -> dict[str, Any]:
    """Payload and references in the notation of the expectations; ``blocked`` as a value of its own. A child's parent is none of
    its fields: its key follows from the parent's."""
    unscored = {*_UNSCORED, *KINDS[draft.kind].const, KINDS[draft.kind].parent_field}
    values = {name: value for name, value in draft.payload.items() if name not in unscored}
    for name, target in draft.references.items():
        if name not in unscored:
            keys = [target] if isinstance(target, str) else sorted(target)
            values[name] = [targets.get(key, Target(key.partition(":")[2], frozenset())) for key in keys]
    return {name: value for name, value in values.items() if value is not None} | {"blocked": draft.blocked}


def _agreement(entity: Entity, made: Entity) -> float:
    if bool(entity.get("blocked")) != made["blocked"]:
        return 0.0
    names = [name for name in entity if name != "blocked"]
    return sum(_same(entity[name], made.get(name)) for name in names) / max(len(names), 1)


def _same(expected: Any, made: Any) -> bool:
    if isinstance(expected, str) and isinstance(made, Target):
        # A tumour is meant by the Condition that names it: a metastasis is made of its primary's too.
        return expected == made.name or (not expected.startswith("Condition/") and expected in made.resources)
    if isinstance(expected, str) and isinstance(made, Mapping) and "code" in made:
        return expected.partition(" = ")[0] == made["code"]
    if isinstance(expected, Mapping) and isinstance(made, Mapping):
        return expected.keys() == made.keys() and all(_same(expected[name], made[name]) for name in expected)
    if isinstance(expected, list) and isinstance(made, list):
        return len(expected) == len(made) and all(any(_same(one, two) for two in made) for one in expected)
    if isinstance(expected, float) or isinstance(made, float):
        return bool(made == pytest.approx(expected, rel=1e-9)) if isinstance(made, int | float) else False
    return bool(expected == made) and type(expected) is type(made)


def _fields(found: Score, patient: Patient, kind: str, entity: Entity, made: Entity) -> None:
    for name in sorted((entity.keys() | made.keys()) - {"blocked"}):
        tally = found.fields.setdefault((kind, name), Tally())
        if name in entity and name in made and _same(entity[name], made[name]):
            tally.right += 1
            continue
        tally.missed += name in entity
        tally.wrong += name in made
        what = "missing" if name not in made else "not expected" if name not in entity else "another value"
        found.misses.append(f"{patient.name}: {kind} of {entity.get('date')}: {name}: {what}")


def table(of: Mapping[tuple[str, str], Tally], heads: tuple[str, str]) -> Iterable[str]:
    """Lines of a table, one per key and a last one for all."""
    width = max((len(one) for one, _ in of), default=4), max((len(two) for _, two in of), default=4)
    yield f"{heads[0]:<{width[0]}}  {heads[1]:<{width[1]}}  right  missed  wrong  recall  precision"
    whole = Tally()
    for (one, two), tally in sorted(of.items()):
        whole.add(tally)
        if tally.right + tally.missed + tally.wrong:
            yield _line(f"{one:<{width[0]}}  {two:<{width[1]}}", tally)
    yield _line(f"{'all':<{width[0]}}  {'':<{width[1]}}", whole)


def _line(head: str, tally: Tally) -> str:
    counts = f"{tally.right:>5}  {tally.missed:>6}  {tally.wrong:>5}"
    return f"{head}  {counts}  {tally.recall:>6.1%}  {tally.precision:>9.1%}"
