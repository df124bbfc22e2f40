"""Invented FHIR of a whole hospital: what stands in a record beside the tumour, which every mapper has to look at and leave.

One in four patients has cancer (:mod:`gateway.bench.corpus`); all have problems, visits, vital signs, medicines, procedures and
laboratory as US vendors or German hospitals write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from gateway.bench.corpus import LOINC, RXNORM, SNOMED, UCUM, JsonObject, laboratory, patient_record

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_PROBLEMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "us": ("http://hl7.org/fhir/sid/icd-10-cm", ("I10", "E11.9", "J45.909", "M54.50", "Z12.31")),
    "de": ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", ("I10.90", "E11.90", "J45.9", "M54.5", "Z12.3")),
}
_PROCEDURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "us": ("http://www.ama-assn.org/go/cpt", ("45378", "93000", "71046", "36415")),
    "de": ("http://fhir.de/CodeSystem/bfarm/ops", ("1-650.0", "3-200", "8-930", "9-401.22")),
}
_MEDICINES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "us": (RXNORM, (("6809", "metformin"), ("29046", "lisinopril"), ("83367", "atorvastatin"), ("1191", "aspirin"))),
    "de": (
        "http://fhir.de/CodeSystem/bfarm/atc",
        (("A10BA02", "Metformin"), ("C09AA03", "Lisinopril"), ("C10AA05", "Atorvastatin"), ("B01AC06", "Aspirin")),
    ),
}


def patients(count: int, *, visits: int = 6) -> Iterator[JsonObject]:
    """All resources of ``count`` patients."""
    for number in range(count):
        name = f"h{number}"
        shape = {"markers": 4, "laboratories": 0} if number % 4 == 0 else None
        record = patient_record(name, **shape) if shape else iter([_patient(name)])
        yield from record
        yield from ordinary(name, country="us" if number % 2 else "de", visits=visits)


def _patient(name: str) -> JsonObject:
    return {
        "resourceType": "Patient", "id": name, "gender": "male", "birthDate": "1958-02-11",
        "identifier": [{"use": "usual", "system": "http://hospital.example.org/mrn", "value": f"BENCH-{name}"}],
    }  # fmt: skip


def _concept(system: str, code: str, display: str = "") -> JsonObject:
    return {"coding": [{"system": system, "code": code} | ({"display": display} if display else {})]}


def ordinary(patient: str, *, country: str, visits: int) -> Iterator[JsonObject]:
    """Problems, and for each visit about a dozen resources."""
    subject = {"reference": f"Patient/{patient}"}
    system, codes = _PROBLEMS[country]
    for number, code in enumerate(codes):
        yield {
            "resourceType": "Condition", "id": f"{patient}-problem-{number}", "subject": subject, "code": _concept(system, code),
            "clinicalStatus": _concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
            "verificationStatus": _concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
            "recordedDate": "2021-03-04",
        }  # fmt: skip
    for visit in range(visits):
        day = (date(2022, 1, 10) + timedelta(days=61 * visit)).isoformat()
        encounter = {"reference": f"Encounter/{patient}-visit-{visit}"}
        yield {
            "resourceType": "Encounter", "id": f"{patient}-visit-{visit}", "status": "finished", "subject": subject,
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "period": {"start": f"{day}T08:00:00+01:00", "end": f"{day}T08:30:00+01:00"},
        }  # fmt: skip
        common = {"subject": subject, "encounter": encounter, "status": "final"}
        yield from _vital_signs(f"{patient}-{visit}", day, common)
        system, codes = _PROCEDURES[country]
        yield {
            "resourceType": "Procedure", "id": f"{patient}-procedure-{visit}", "subject": subject, "status": "completed",
            "code": _concept(system, codes[visit % len(codes)]), "performedDateTime": day,
        }  # fmt: skip
        coded, medicines = _MEDICINES[country]
        yield {
            "resourceType": "MedicationRequest", "id": f"{patient}-order-{visit}", "subject": subject, "status": "active",
            "intent": "order", "medicationCodeableConcept": _concept(coded, *medicines[visit % len(medicines)]),
            "authoredOn": day,
        }  # fmt: skip
        results = [
            laboratory(f"{patient}-{visit}", number, day=day) | {"subject": subject, "encounter": encounter}
            for number in range(5)
        ]
        yield from results
        yield {
            "resourceType": "DiagnosticReport", "id": f"{patient}-report-{visit}", **common,
            "code": _concept(LOINC, "58410-2", "CBC panel"), "effectiveDateTime": day,
            "result": [{"reference": f"Observation/{each['id']}"} for each in results],
        }  # fmt: skip


def _vital_signs(name: str, day: str, common: JsonObject) -> Iterator[JsonObject]:
    vital = {"category": [_concept(_CATEGORY, "vital-signs")], "effectiveDateTime": f"{day}T08:05:00+01:00", **common}
    yield {
        "resourceType": "Observation", "id": f"{name}-pressure", **vital, "code": _concept(LOINC, "85354-9"),
        "component": [
            {"code": _concept(LOINC, code), "valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}}
            for code, value in (("8480-6", 128), ("8462-4", 79))
        ],
    }  # fmt: skip
    for code, value, unit in (("29463-7", 81.5, "kg"), ("8867-4", 71, "/min")):
        yield {
            "resourceType": "Observation", "id": f"{name}-{code}", **vital, "code": _concept(LOINC, code),
            "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
        }  # fmt: skip
    yield {
        "resourceType": "Observation", "id": f"{name}-smoking", **common, "code": _concept(LOINC, "72166-2"),
        "category": [_concept(_CATEGORY, "social-history")], "effectiveDateTime": day,
        "valueCodeableConcept": _concept(SNOMED, "266919005", "Never smoked tobacco"),
    }  # fmt: skip
