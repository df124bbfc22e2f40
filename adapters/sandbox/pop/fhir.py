"""POP's own FHIR interface, as far as the sandbox has it: reading a case as a Patient. Writing through it is no way of ours."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from adapters.sandbox.pop.http import Access, answer, malformed_id, not_found
from adapters.sandbox.pop.reading import Reader
from adapters.sandbox.pop.refusals import ServerError
from adapters.sandbox.pop.store import Entities

JsonObject = dict[str, Any]

_EXTENSION = "http://onconova.github.io/fhir/StructureDefinition/onconova-ext-cancer-patient-"
_IDENTIFIERS = "http://terminology.hl7.org/CodeSystem/v2-0203"
#: SNOMED CT findings of the vital status.
_VITAL = {"alive": ("438949009", "Alive"), "deceased": ("419099009", "Deceased"), "unknown": ("261665006", "Unknown")}
_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


class FhirHandlers:
    """All of it needs the right to manage cases."""

    def __init__(self, *, entities: Entities, reader: Reader, access: Access) -> None:
        self._entities = entities
        self._reader = reader
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [web.get("/api/fhir/Patient/{id}", self._patient, allow_head=False)]

    async def _patient(self, request: web.Request) -> web.Response:
        self._access.manager(request)
        if malformed_id(request.match_info["id"]):
            raise ServerError("malformed id")
        row = self._entities.get("patient-cases", request.match_info["id"])
        if row is None:
            return not_found()
        if row.get("race") is not None:
            raise ServerError("observed: POP fails on a race")
        return answer(_patient(self._reader.read("patient-cases", row, anonymised=False)))


def _patient(case: JsonObject) -> JsonObject:
    code, display = _VITAL[case["vitalStatus"]]
    status = {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": display}]}
    vital: JsonObject = {"extension": [{"url": _EXTENSION + "vital-status", "valueCodeableConcept": status}]}
    if case["causeOfDeath"] is not None:
        vital["extension"].append(
            {"url": _EXTENSION + "cause-of-death", "valueCodeableConcept": _coded(case["causeOfDeath"])}
        )
    ages = [{"url": _EXTENSION + "age", "valueInteger": case["age"]}]
    if case["ageAtDiagnosis"] is not None:
        ages.append({"url": _EXTENSION + "age-at-diagnosis", "valueInteger": case["ageAtDiagnosis"]})
    personal = []
    if case["sexAtBirth"] is not None:
        personal.append({"url": _US_CORE + "birthsex", "valueCode": case["sexAtBirth"]["code"]})
    if case["genderIdentity"] is not None:
        identity = _coded(case["genderIdentity"])
        personal.append({"url": _US_CORE + "genderIdentity", "valueCodeableConcept": identity})
    survival = []
    if case["overallSurvival"] is not None:
        months = {
            "value": case["overallSurvival"],
            "unit": "months",
            "system": "http://unitsofmeasure.org",
            "code": "m",
        }
        survival.append({"url": _EXTENSION + "overall-survival", "valueDuration": months})
    contributors = [
        {"url": _EXTENSION + "data-contributors", "valueReference": {"type": "Person", "display": name}}
        for name in case["contributors"]
    ]
    found: JsonObject = {
        "resourceType": "Patient", "id": case["id"],
        "text": {
            "status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{case["description"]}</div>',
        },
        "extension": [
            {"url": _EXTENSION + "clinical-center", "valueString": case["clinicalCenter"]},
            *personal,
            {"url": _EXTENSION + "data-completion-rate", "valueDecimal": case["dataCompletionRate"]},
            *contributors,
            {"url": _EXTENSION + "consent-status", "valueCode": case["consentStatus"]},
            *survival,
        ],
        "identifier": [
            _identifier("ACSN", "Accession Identifier", "Onconova", case["pseudoidentifier"]),
            _identifier(
                "MR", "Medical Record Number", case["clinicalCenter"].replace(" ", "-"), case["clinicalIdentifier"]
            ),
        ],
        "gender": case["gender"]["code"], "birthDate": case["dateOfBirth"],
        "_birthDate": {"extension": ages},
        "_deceasedDateTime": vital,
    }  # fmt: skip
    if case["dateOfDeath"] is not None:
        found["deceasedDateTime"] = case["dateOfDeath"]
    return found


def _coded(concept: JsonObject) -> JsonObject:
    return {"coding": [{name: concept[name] for name in ("system", "code", "display")}]}


def _identifier(code: str, display: str, system: str, value: str) -> JsonObject:
    kind = {"coding": [{"system": _IDENTIFIERS, "code": code, "display": display}]}
    return {"type": kind, "system": system, "value": value}
