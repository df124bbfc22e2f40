"""Invented FHIR for the benchmarks: deterministic, of realistic sizes, made of codes that the sandbox POP knows.

A patient is a Patient, a primary tumour, a stage group with its three categories, a performance status, a tumour-marker
series, a chemotherapy, and as much ordinary laboratory as asked for (a hospital's record is mostly that).
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import orjson

JsonObject = dict[str, Any]

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/"
ICD_O_SITE = "http://terminology.hl7.org/CodeSystem/icd-o-3-topography"
ICD_O_MORPHOLOGY = "http://terminology.hl7.org/CodeSystem/icd-o-3-morphology"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"

#: LOINC, display, unit, lowest and highest plausible value: laboratory that is no tumour marker.
LABORATORY = (
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 80, 170, 10),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", 20, 120, 10),
    ("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", 90, 400, 1),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 60, 140, 100),
    ("1742-6", "Alanine aminotransferase in Serum or Plasma", "U/L", 10, 90, 1),
)


def _day(start: dt.date, days: int) -> str:
    return (start + dt.timedelta(days=days)).isoformat()


def _coding(system: str, code: str, display: str) -> JsonObject:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def laboratory(patient: str, number: int, *, day: str, value: float | None = None, padding: int = 0) -> JsonObject:
    """One ordinary laboratory Observation. ``padding`` adds that many bytes of narrative."""
    code, display, unit, low, high, scale = LABORATORY[number % len(LABORATORY)]
    chosen = value if value is not None else random.Random(f"{patient}/{number}").randint(low, high) / scale  # noqa: S311
    resource: JsonObject = {
        "resourceType": "Observation",
        "id": f"{patient}-lab-{number}",
        "meta": {"versionId": "1", "lastUpdated": f"{day}T08:00:00Z"},
        "status": "final",
        "category": [_coding("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory")],
        "code": _coding(LOINC, code, display),
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": f"{day}T07:30:00+01:00",
        "valueQuantity": {"value": chosen, "unit": unit, "system": UCUM, "code": unit},
    }
    if padding:
        filler = " ".join(f"Result line {number} {index}." for index in range(padding // 22 + 1))[:padding]
        resource["text"] = {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{filler}</div>',
        }
    return resource


def marker(patient: str, number: int, *, day: str, value: float) -> JsonObject:
    """One CEA result."""
    return {
        "resourceType": "Observation",
        "id": f"{patient}-cea-{number}",
        "meta": {"profile": [MCODE + "mcode-tumor-marker-test"], "versionId": "1", "lastUpdated": f"{day}T08:00:00Z"},
        "status": "final",
        "category": [_coding("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory")],
        "code": _coding(LOINC, "2039-6", "Carcinoembryonic Ag [Mass/volume] in Serum or Plasma"),
        "subject": {"reference": f"Patient/{patient}"},
        "focus": [{"reference": f"Condition/{patient}-tumour"}],
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": "ng/mL", "system": UCUM, "code": "ng/mL"},
    }


def _category(patient: str, name: str, code: tuple[str, str], value: tuple[str, str], day: str) -> JsonObject:
    return {
        "resourceType": "Observation",
        "id": f"{patient}-{name}",
        "meta": {"versionId": "1", "lastUpdated": f"{day}T08:00:00Z"},
        "status": "final",
        "code": _coding(SNOMED, *code),
        "subject": {"reference": f"Patient/{patient}"},
        "focus": [{"reference": f"Condition/{patient}-tumour"}],
        "effectiveDateTime": day,
        "valueCodeableConcept": _coding(SNOMED, *value),
    }


def patient_record(patient: str, *, markers: int = 4, laboratories: int = 20, padding: int = 0) -> Iterator[JsonObject]:
    """All resources of one invented patient, the Patient first."""
    start = dt.date(2024, 1, 8)
    yield {
        "resourceType": "Patient",
        "id": patient,
        "meta": {"versionId": "1", "lastUpdated": "2024-01-08T08:00:00Z"},
        "identifier": [
            {
                "use": "usual",
                "type": _coding("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", "Medical Record Number"),
                "system": "http://hospital.example.org/mrn",
                "value": f"BENCH-{patient}",
            }
        ],
        "gender": "female",
        "birthDate": "1961-05-17",
        "deceasedBoolean": False,
    }
    yield {
        "resourceType": "Condition",
        "id": f"{patient}-tumour",
        "meta": {
            "profile": [MCODE + "mcode-primary-cancer-condition"],
            "versionId": "1",
            "lastUpdated": "2024-01-08T08:00:00Z",
        },
        "extension": [
            {
                "url": MCODE + "mcode-histology-morphology-behavior",
                "valueCodeableConcept": _coding(ICD_O_MORPHOLOGY, "8140/3", "Adenocarcinoma, NOS"),
            }
        ],
        "clinicalStatus": _coding("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
        "verificationStatus": _coding(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed", "Confirmed"
        ),
        "code": _coding("http://hl7.org/fhir/sid/icd-10-cm", "C18.7", "Malignant neoplasm of sigmoid colon"),
        "bodySite": [_coding(ICD_O_SITE, "C18.7", "Sigmoid colon")],
        "subject": {"reference": f"Patient/{patient}"},
        "onsetDateTime": start.isoformat(),
    }
    day = _day(start, 7)
    yield _category(
        patient, "ct", ("399504009", "cT category"), ("1228938002", "American Joint Committee on Cancer cT3"), day
    )
    yield _category(
        patient, "cn", ("399534004", "cN category"), ("1229967007", "American Joint Committee on Cancer cN0"), day
    )
    yield _category(
        patient, "cm", ("399387003", "cM category"), ("1229901006", "American Joint Committee on Cancer cM0"), day
    )
    group = _category(
        patient,
        "stage",
        ("399537006", "Clinical TNM stage grouping"),
        ("1222769001", "American Joint Committee on Cancer stage IIB"),
        day,
    )
    group["hasMember"] = [{"reference": f"Observation/{patient}-{name}"} for name in ("ct", "cn", "cm")]
    yield group
    yield {
        "resourceType": "Observation",
        "id": f"{patient}-ecog",
        "meta": {"versionId": "1", "lastUpdated": "2024-01-08T08:00:00Z"},
        "status": "final",
        "code": _coding(LOINC, "89247-1", "ECOG Performance Status score"),
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day,
        "valueInteger": 1,
    }
    for cycle in range(3):
        given = _day(start, 21 + 21 * cycle)
        yield {
            "resourceType": "MedicationAdministration",
            "id": f"{patient}-oxaliplatin-{cycle}",
            "meta": {"versionId": "1", "lastUpdated": f"{given}T08:00:00Z"},
            "extension": [
                {
                    "url": MCODE + "mcode-procedure-intent",
                    "valueCodeableConcept": _coding(SNOMED, "373808002", "Curative - procedure intent"),
                }
            ],
            "status": "completed",
            "medicationCodeableConcept": _coding(RXNORM, "32592", "oxaliplatin"),
            "subject": {"reference": f"Patient/{patient}"},
            "effectiveDateTime": given,
            "reasonReference": [{"reference": f"Condition/{patient}-tumour"}],
        }
    for number in range(markers):
        yield marker(patient, number, day=_day(start, 30 * number), value=float(3 + number))
    for number in range(laboratories):
        yield laboratory(patient, number, day=_day(start, number % 700), padding=padding)


def bundle(resources: Iterator[JsonObject] | list[JsonObject]) -> bytes:
    """A collection Bundle as bytes."""
    return orjson.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource} for resource in resources]}
    )


def lines(patients: int, **shape: int) -> list[bytes]:
    """NDJSON lines (without the line feed) of ``patients`` records; ``shape`` as for :func:`patient_record`."""
    return [orjson.dumps(resource) for index in range(patients) for resource in patient_record(f"b{index}", **shape)]
