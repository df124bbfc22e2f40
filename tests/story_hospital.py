"""A hospital of invented patients whose laboratory, drug and procedure codes are its own: nobody else's map has them.

Each patient has a colon cancer and one to three things with a local code. Few codes are common and most are rare, as in a
hospital (weights after Zipf, 1949): code ``n`` of ``CODES`` has about 1/n of the first one's patients.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import SecretStr

from adapters.sandbox.pop.server import SandboxPop, running
from gateway.config import PopSettings, Settings, SourceSettings, StoreSettings, WorkerSettings
from gateway.intake.files import import_paths
from gateway.service import Gateway
from gateway.store.tables import patient

JsonObject = dict[str, Any]

MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
HOUSE = "http://house.example.org/"


class House(NamedTuple):
    """A code of the house, and what it means in POP."""

    kind: str
    """``lab``, ``drug``, ``op``"""
    code: str
    display: str
    target: tuple[str, str]

    @property
    def system(self) -> str:
        return f"{HOUSE}{self.kind}"


#: Concepts that the codes stand for, again and again: every ward has numbers of its own.
_TARGETS = {
    "lab": ((LOINC, "LP28643-2"), (LOINC, "LP14040-7"), (LOINC, "LP18193-0")),
    "drug": ((NCIT, "C405"), (NCIT, "C505"), (NCIT, "C1181")),
    "op": ((NCIT, "C15232"), (NCIT, "C51687")),
}
_NAMES = {"lab": "Hauswert", "drug": "Hausrezeptur", "op": "Hausleistung"}


def _codes(count: int) -> tuple[House, ...]:
    kinds = tuple(_TARGETS)
    made = []
    for at in range(count):
        kind = kinds[at % len(kinds)]
        targets = _TARGETS[kind]
        made.append(
            House(
                kind,
                f"{kind[0].upper()}{100 + at}",
                f"{_NAMES[kind]} {100 + at}",
                targets[at // len(kinds) % len(targets)],
            )
        )
    return tuple(made)


CODES = _codes(66)
BY_CODE = {each.code: each for each in CODES}


def sandbox() -> SandboxPop:
    """A POP that has the procedures, too (its packaged lists have what the fixtures need)."""
    pop = SandboxPop(limit_logins=False)
    for code, display in (("C15232", "Excision"), ("C51687", "Appendectomy")):
        concept = {
            "code": code,
            "system": NCIT,
            "display": display,
            "version": None,
            "synonyms": [display],
            "properties": None,
        }
        pop.terms.lists.setdefault("SurgicalProcedure", {})[NCIT, code] = concept
    return pop


@asynccontextmanager
async def gateway_of(patients: int, folder: Path) -> AsyncIterator[tuple[Gateway, SandboxPop, Settings]]:
    """A gateway that has imported the hospital and works, its POP, and its settings."""
    pop = sandbox()
    path = folder / "hospital.ndjson"
    path.write_text("\n".join(json.dumps(each) for each in hospital(patients)), encoding="utf-8")
    async with running(pop) as address:
        settings = Settings(
            store=StoreSettings(url=f"sqlite+aiosqlite:///{folder / 'story.sqlite'}", durable=False),
            pop=PopSettings(url=address, password=SecretStr("gateway"), timeout=30),
            sources={"default": SourceSettings()}, worker=WorkerSettings(idle=0.05),
        )  # fmt: skip
        async with Gateway(settings) as gateway:
            await import_paths(gateway.intake, [path], source="default", limits=settings.limits)
            await gateway.start()
            yield gateway, pop, settings


async def settled(gateway: Gateway) -> None:
    """Until no patient waits to be worked."""
    query = sa.select(sa.func.count()).where(patient.c.dirty_seq > patient.c.clean_seq)
    while True:
        async with gateway.store.read() as connection:
            if not await connection.scalar(query):
                return
        await asyncio.sleep(0.1)


def landed(pop: SandboxPop) -> dict[str, int]:
    """Entities in POP by kind of code."""
    collections = {"lab": "tumor-markers", "drug": "systemic-therapies", "op": "surgeries"}
    return {kind: len(pop.entities.all(name)) for kind, name in collections.items()}


def expected(codes: Iterable[str], patients: int) -> dict[str, int]:
    """What lands once these codes are decided: a value or operation each, one therapy for all known drugs of a patient's day."""
    known = set(codes)
    found = Counter[str]()
    for each in codes_of(patients):
        kinds = Counter(house.kind for house in each if house.code in known)
        found.update({kind: min(count, 1) if kind == "drug" else count for kind, count in kinds.items()})
    return {kind: found[kind] for kind in _TARGETS}


def codes_of(patients: int) -> list[list[House]]:
    """The codes of each patient: each code has a patient at least, the first ones have most."""
    whole = sum(1 / (at + 1) for at in range(len(CODES)))
    events = [
        code
        for at, code in enumerate(CODES)
        for _ in range(max(1, round(1.4 * patients / (at + 1) / whole)))
    ]  # fmt: skip
    return [list(dict.fromkeys(events[number::patients])) for number in range(patients)]


def waiting(patients: int) -> Counter[str]:
    """Patients by code."""
    return Counter(code.code for codes in codes_of(patients) for code in codes)


def hospital(patients: int) -> Iterator[JsonObject]:
    """All resources."""
    for number, codes in enumerate(codes_of(patients)):
        yield from _patient(f"s{number}", codes)


def _patient(name: str, codes: list[House]) -> Iterator[JsonObject]:
    subject = {"reference": f"Patient/{name}"}
    tumour = {"reference": f"Condition/{name}-c"}
    yield {
        "resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1960-05-01",
        "identifier": [
            {
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
                "system": f"{HOUSE}mrn", "value": name,
            }
        ],
    }  # fmt: skip
    yield {
        "resourceType": "Condition", "id": f"{name}-c", "subject": subject, "onsetDateTime": "2024-01-10",
        "meta": {"profile": [f"{MCODE}primary-cancer-condition"]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "C18.7"}]},
        "extension": [
            {
                "url": f"{MCODE}histology-morphology-behavior",
                "valueCodeableConcept": {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.43.1", "code": "8140/3"}]},
            }
        ],
    }  # fmt: skip
    for house in codes:
        code = {"coding": [{"system": house.system, "code": house.code, "display": house.display}]}
        # A day of its own: the same thing told twice of one day would be one entity, and counted once.
        day = (date(2024, 2, 1) + timedelta(days=int(house.code[1:]) % 100)).isoformat()
        common: JsonObject = {"id": f"{name}-{house.code}", "subject": subject}
        if house.kind == "lab":
            yield common | {
                "resourceType": "Observation", "status": "final", "code": code, "effectiveDateTime": day,
                "meta": {"profile": [f"{MCODE}tumor-marker-test"]},
                "valueQuantity": {"value": 4.2, "unit": "ng/mL", "system": "http://unitsofmeasure.org", "code": "ng/mL"},
            }  # fmt: skip
        elif house.kind == "drug":
            yield common | {
                "resourceType": "MedicationAdministration", "status": "completed", "medicationCodeableConcept": code,
                "meta": {"profile": [f"{MCODE}cancer-related-medication-administration"]},
                "effectiveDateTime": "2024-03-01", "reasonReference": [tumour],
                "extension": [
                    {
                        "url": f"{MCODE}treatment-intent",
                        "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": "373808002"}]},
                    }
                ],
            }  # fmt: skip
        else:
            yield common | {
                "resourceType": "Procedure", "status": "completed", "code": code, "performedDateTime": day,
                "meta": {"profile": [f"{MCODE}cancer-related-surgical-procedure"]}, "reasonReference": [tumour],
                "extension": [
                    {
                        "url": f"{MCODE}procedure-intent",
                        "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": "373808002"}]},
                    }
                ],
            }  # fmt: skip
