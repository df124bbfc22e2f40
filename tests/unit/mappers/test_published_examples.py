"""Published examples, where the reference material is at hand: mCODE and R4 for robustness, POP's own export for losslessness."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from mapper_records import OPTIONS, open_terminology, registry

from adapters.pop.kinds import KINDS as FACTS
from mappers.protocol import Draft
from mappers.record import MappingResult, map_resources
from mappers.terminology import Terminology, concepts_from_json

SHARED = Path(os.environ.get("POP_GATEWAY_SHARED", Path(__file__).parents[4] / "shared"))
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the reference material (POP_GATEWAY_SHARED) is not here")

EXAMPLES = ("mcode-stu4", "mcode-stu3", "us-core-6.1.0", "hl7-r4-examples", "genomics-reporting-stu2")
CASES = ("breast-her2", "cervix-figo", "cll-richter", "melanoma-acral", "neuroblastoma-a", "prostate-myeloma")

#: What POP's own FHIR export does not carry (found by comparing with the native JSON of the same entity), so that nothing could
#: map it, or what contradicts itself there.
NOT_EXPORTED = {
    ("PerformanceStatus", "karnofskyScore"): "the Observation has the ECOG score only",
    ("TumorMarker", "tumorProportionScore"): "the Observation has the combined positive score only",
    ("TumorMarker", "immuneCellScore"): "the Observation has the combined positive score only",
    ("TNMStaging", "stagedEntitiesIds"): "the Observation has one focus of two",
    ("TNMStaging", "pathological"): "clinical with pT4b: POP takes it, the gateway leaves the side open",
    ("TreatmentResponse", "assessedBodysites"): "the Observation has one body site of two",
    ("AdverseEventSuspectedCause", "medicationId"): "suspectEntity names the therapy, not its drug",
    ("MolecularTumorBoard", "reviewedReports"): "the Procedure has no element for it",
    ("SystemicTherapyMedication", "usedOfflabel"): "MedicationAdministration has no element for it",
    ("SystemicTherapyMedication", "withinSoc"): "MedicationAdministration has no element for it",
}
KINDS = {
    "PatientCase": "case", "NeoplasticEntity": "neoplastic-entities", "TumorMarker": "tumor-markers",
    "SystemicTherapy": "systemic-therapies", "SystemicTherapyMedication": "systemic-therapies/medications",
    "PerformanceStatus": "performance-status", "Vitals": "vitals", "Lifestyle": "lifestyles", "FamilyHistory": "family-histories",
    "ComorbiditiesAssessment": "comorbidities-assessments", "Surgery": "surgeries", "TreatmentResponse": "treatment-responses",
    "AdverseEvent": "adverse-events", "AdverseEventSuspectedCause": "adverse-events/suspected-causes",
    "AdverseEventMitigation": "adverse-events/mitigations",
    "Radiotherapy": "radiotherapies", "RadiotherapyDosage": "radiotherapies/dosages",
    "RadiotherapySetting": "radiotherapies/settings", "GenomicVariant": "genomic-variants",
    "RiskAssessment": "risk-assessments",
} | {kind: "stagings" for kind, facts in FACTS.items() if "stagingDomain" in facts.const} | {
    kind: "tumor-boards" if kind.endswith("Board") else "genomic-signatures"
    for kind, facts in FACTS.items() if "category" in facts.const
}  # fmt: skip


@lru_cache(maxsize=1)
def pop_terminology() -> Terminology:
    folder = SHARED / "pop" / "terminologies"
    found = [path for path in folder.glob("*.json") if path.stem != "index"]
    lists: dict[str, list[Any]] = {}
    for path in found:
        # A long list stands in several files: Gene-1.json, Gene-2.json.
        lists.setdefault(path.stem.partition("-")[0], []).extend(orjson.loads(path.read_bytes()))
    return Terminology({name: concepts_from_json(items) for name, items in lists.items()})


def _read(folder: Path) -> list[Any]:
    return [orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]


def _mapped(documents: list[Any], terminology: Terminology) -> list[MappingResult]:
    return map_resources(documents, mappers=registry(), terminology=terminology, options=OPTIONS)


@pytest.mark.parametrize("known", [False, True], ids=["open", "pop-lists"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_ends_in_a_visible_state(name: str, known: bool) -> None:
    results = _mapped(_read(SHARED / "fhir" / "examples" / name), pop_terminology() if known else open_terminology())
    assert not [issue for result in results for issue in result.failures]
    coverage = [each for result in results for each in result.coverage]
    assert coverage
    assert all(each.status for each in coverage)
    assert all(each.reason for each in coverage if each.status in ("not-applicable", "blocked", "invalid"))


@pytest.mark.parametrize("known", [False, True], ids=["open", "pop-lists"])
def test_jenny_m(known: bool) -> None:
    document = orjson.loads((SHARED / "fhir/examples/mcode-stu4/Bundle-mcode-patient-bundle-jenny-m.json").read_bytes())
    results = _mapped([document], pop_terminology() if known else open_terminology())
    found = {draft.key: draft for result in results for draft in result.drafts}
    case = found["PatientCase:Patient/cancer-patient-jenny-m"]
    assert case.payload["clinicalIdentifier"] == "MRN1234"
    assert not case.blocked
    tumour = found["NeoplasticEntity:Condition/primary-cancer-condition-jenny-m"].payload
    assert (tumour["relationship"], tumour["topography"]["code"], tumour["morphology"]["code"]) == (
        "primary",
        "C50.9",
        "8500/3",
    )
    assert tumour["laterality"]["code"] == "7771000"
    staging = found["TNMStaging:Observation/tnm-clinical-stage-group-jenny-m"]
    assert staging.payload["stage"]["display"] == "AJCC Stage IIB"
    categories = [staging.payload[name]["display"] for name in ("primaryTumor", "regionalNodes", "distantMetastases")]
    assert categories == ["cT3", "cN0", "cM0"]
    assert staging.references["stagedEntitiesIds"] == ("NeoplasticEntity:Condition/primary-cancer-condition-jenny-m",)
    presence = {
        name: found[f"TumorMarker:Observation/tumor-marker-test-{name}-jenny-m"].payload["presence"]
        for name in ("er", "pr", "her2")
    }
    assert presence == {"er": "positive", "pr": "negative", "her2": "negative"}
    for draft in found.values():
        explained = draft.sources.keys() | {each.field for each in draft.assumptions}
        assert draft.payload.keys() | draft.references.keys() <= explained | {"systemicTherapyId"}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if "code" in value and "system" in value:
            return value["system"], value["code"]
        return {name: _plain(each) for name, each in value.items() if each is not None}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, float) or isinstance(two, float):
        return one == pytest.approx(two, rel=1e-9)
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(_same(one[name], two[name]) for name in one)
    return bool(one == two)


def _values(draft: Draft) -> dict[str, Any]:
    """Payload and references, with POP's ids in place of keys: POP exports under them."""
    values = {name: _plain(value) for name, value in draft.payload.items()}
    for name, target in draft.references.items():
        ids = [key.rpartition("/")[2] for key in ([target] if isinstance(target, str) else target)]
        values[name] = ids[0] if isinstance(target, str) else sorted(ids)
    values.pop(FACTS[draft.kind].parent_field or "", None)
    return values


@pytest.mark.parametrize("name", CASES)
def test_what_pop_exports_comes_back_as_it_was(name: str) -> None:
    folder = SHARED / "pop" / "fhir-export" / name
    documents = [
        each for path in sorted(folder.glob("*.json")) if not path.name.startswith(("INDEX", "Bundle"))
        if "resourceType" in (each := orjson.loads(path.read_bytes()))
    ]  # fmt: skip
    exported = {each["id"] for each in documents}
    drafts = [draft for result in _mapped(documents, pop_terminology()) for draft in result.drafts]
    native = orjson.loads((SHARED / "pop" / "native-export" / f"{name}.json").read_bytes())["entities"]
    compared = 0
    for kind, collection in KINDS.items():
        held = native.get(collection, [])
        entities = held if isinstance(held, list) else [held]
        for entity in entities:
            owner = entity.get("parentId", entity["id"])
            if owner not in exported or any(entity.get(name) != value for name, value in FACTS[kind].const.items()):
                continue
            if kind == "AdverseEventSuspectedCause" and not _suspected(entity, documents):
                continue
            drug = _plain(entity.get("drug"))
            found = [
                each
                for each in drafts
                if each.kind == kind and _from(each, owner) and _plain(each.payload.get("drug")) == drug
            ]
            assert len(found) == 1, (kind, collection)
            values = _values(found[0])
            # An empty field of POP's has no counterpart; what a draft adds beside it must not be there.
            for field in values.keys() | (entity.keys() & set(found[0].payload) | _fields(kind)):
                expected = _plain(entity.get(field))
                expected = sorted(expected) if isinstance(expected, list) else expected
                if (kind, field) in NOT_EXPORTED and not _same(values.get(field), expected):
                    continue
                assert _same(values.get(field), expected if expected != [] else None), (kind, field)
            compared += 1
    assert compared >= 5


def _suspected(entity: dict[str, Any], documents: list[Any]) -> bool:
    """POP leaves out a cause that is a drug alone, and refers to therapies that it could not export."""
    exported = {f"{each['resourceType']}/{each['id']}" for each in documents}
    suspects = [suspect for each in documents for suspect in each.get("suspectEntity", ())]
    return any(each["id"] == entity["id"] and each["instance"]["reference"] in exported for each in suspects)


def _from(draft: Draft, owner: str) -> bool:
    """Made of this resource; vitals and lifestyle are keyed by their day."""
    return owner in draft.key or any(owner in each.resource for found in draft.sources.values() for each in found)


def _fields(kind: str) -> set[str]:
    return set(FACTS[kind].properties) - {"externalSource", "externalSourceId", "therapyLineId"}
