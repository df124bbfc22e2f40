"""Small invented FHIR records for mapper tests, and one call that maps them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mappers.protocol import Draft, JsonObject
from mappers.record import MappingResult, map_resources
from mappers.registry import Registry, load
from mappers.terminology import Terminology

SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/"
OPTIONS = {"patient.clinical-center": "Test Centre"}
EVERYBODY = {"patient.import": "all"}
UCUM = "http://unitsofmeasure.org"
CURATIVE = {
    "url": MCODE + "mcode-procedure-intent",
    "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": "373808002"}]},
}


@lru_cache(maxsize=1)
def registry() -> Registry:
    return load()


@lru_cache(maxsize=1)
def open_terminology() -> Terminology:
    return Terminology()


def concept(system: str, code: str, display: str | None = None) -> JsonObject:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]}


def patient(**more: Any) -> JsonObject:
    record: JsonObject = {
        "resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1960-02-03", "deceasedBoolean": False,
        "identifier": [{"use": "usual", "type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"), "value": "M-1"}],
    }  # fmt: skip
    return record | more


def condition(id: str = "c", code: str | JsonObject = "C50.412", **more: Any) -> JsonObject:
    record: JsonObject = {
        "resourceType": "Condition", "id": id, "subject": {"reference": "Patient/p"},
        "code": concept(ICD_10_CM, code) if isinstance(code, str) else code,
        "onsetDateTime": "2024-02-05",
    }  # fmt: skip
    return record | more


def observation(id: str, code: tuple[str, str], **more: Any) -> JsonObject:
    record: JsonObject = {
        "resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/p"}, "code": concept(*code),
        "effectiveDateTime": "2024-02-12",
    }  # fmt: skip
    return record | more


def administration(id: str, drug: tuple[str, str], day: str, **more: Any) -> JsonObject:
    record: JsonObject = {
        "resourceType": "MedicationAdministration", "id": id, "status": "completed", "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": concept(RXNORM, *drug), "effectiveDateTime": day, "extension": [CURATIVE],
        "reasonReference": [{"reference": "Condition/c"}],
    }  # fmt: skip
    return record | more


def mapped(*resources: JsonObject, terminology: Terminology | None = None, **options: Any) -> MappingResult:
    """The one patient's result. Every patient is a case here, so that a record needs no tumour to show something else."""
    dotted = {name.replace("__", ".").replace("_", "-"): value for name, value in options.items()}
    results = map_resources(
        resources,
        mappers=registry(),
        terminology=terminology or open_terminology(),
        options=OPTIONS | EVERYBODY | dotted,
    )
    found = [each for each in results if each.patient is not None]
    assert len(found) == 1
    assert not found[0].failures
    return found[0]


def drafts(result: MappingResult, kind: str) -> list[Draft]:
    return sorted((draft for draft in result.drafts if draft.kind == kind), key=lambda draft: draft.key)


def only(result: MappingResult, kind: str) -> Draft:
    found = drafts(result, kind)
    assert len(found) == 1, [draft.key for draft in found]
    return found[0]


def reasons(result: MappingResult) -> dict[str, str]:
    return {each.reference: each.reason for each in result.coverage if each.reason}


def codes(draft: Draft) -> set[tuple[str, str]]:
    return {(issue.code, issue.field) for issue in draft.issues}


def assumed(draft: Draft) -> set[str]:
    return {assumption.code for assumption in draft.assumptions}
