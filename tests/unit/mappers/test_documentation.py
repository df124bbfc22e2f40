"""The mapping pages are what the mappers say and do today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mapper_records import LOINC, condition, observation, open_terminology, patient

from adapters.pop.kinds import KINDS
from gateway.mappingdocs.elements import code_at, path_of
from gateway.mappingdocs.evidence import collect
from gateway.mappingdocs.kindpage import page
from gateway.mappingdocs.pages import dialect_of, pages
from mappers.registry import load

TOP = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return pages([TOP / "tests" / "adjudicated" / "patients", TOP / "fixtures" / "patients"])


def test_the_mapping_pages_are_up_to_date(written: dict[str, str]) -> None:
    there = {
        str(path.relative_to(TOP / "docs"))
        for path in [TOP / "docs" / "mapping.md", *(TOP / "docs" / "mapping").glob("*")]
    }
    stale = sorted(name for name, text in written.items() if not _is(TOP / "docs" / name, text))
    assert (stale, there) == ([], set(written)), "run `make docs`"


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def test_every_kind_has_a_page_with_all_its_fields(written: dict[str, str]) -> None:
    for name, kind in KINDS.items():
        for field in kind.properties - {"externalSource", "externalSourceId"}:
            assert f"`{field}`" in written[f"mapping/{name}.md"], (name, field)


def test_a_field_that_a_record_fills_shows_its_element(written: dict[str, str]) -> None:
    tumours = written["mapping/NeoplasticEntity.md"]
    assert "`Condition.extension(mcode-histology-morphology-behavior).valueCodeableConcept`" in tumours
    assert "[neoplastic-entity](../mapping.md#neoplastic-entity-version-" in tumours


def test_elements_are_told_without_positions() -> None:
    resource: dict[str, Any] = {
        "code": {"text": "panel"},
        "component": [{"code": {"text": "x"}}, {"code": {"coding": [{"system": LOINC, "code": "85354-9"}]}}],
        "extension": [{"url": "http://a.example/b/"}, {"url": "http://a.example/side", "valueCode": "l"}],
    }
    assert path_of("Observation", resource, "component[1].valueQuantity") == "Observation.component.valueQuantity"
    assert path_of("Patient", resource, "extension[1].valueCode") == "Patient.extension(side).valueCode"
    assert path_of("Patient", {}, "extension[1].valueCode") == "Patient.extension.valueCode"
    assert code_at(resource, "component[1].valueQuantity") == "LOINC 85354-9"
    assert code_at(resource, "component[9]") == "text"
    assert code_at(resource, "valueString") == "text"
    assert code_at(resource, "subject") is None


def test_fallbacks_and_options_are_seen_in_the_run() -> None:
    record = [patient(), condition(), observation("e", (LOINC, "89247-1"), valueInteger=1, effectiveDateTime="2024-02")]
    registry = load()
    evidence = collect([("us-core", record)], registry=registry, terminology=open_terminology(), options={})
    status = evidence.kinds["PerformanceStatus"]
    path = "Observation.effectiveDateTime"
    assert status.fields["date"].paths["us-core"][path] == 1
    assert status.fields["date"].fallbacks["us-core", path] == {"partial-date-completed"}
    assert status.fields["ecogScore"].codes["us-core", "Observation.valueInteger"] == {"LOINC 89247-1"}
    assert evidence.options["patient-case"]["patient.import"] == "with-cancer"
    assert ("clinicalCenter", "missing-required", "blocking") in evidence.kinds["PatientCase"].issues


@pytest.mark.parametrize(
    ("raw", "dialect"),
    [
        (b'{"url": "http://onconova.github.io/fhir/StructureDefinition/x"}', "pop"),
        (b'{"system": "http://fhir.de/CodeSystem/bfarm/ops"}', "mii"),
        (b'{"url": "http://hl7.org/fhir/us/mcode/StructureDefinition/x"}', "mcode"),
        (b"{}", "us-core"),
    ],
    ids=["pop", "mii", "mcode", "vendor"],
)
def test_the_dialect_of_a_record(raw: bytes, dialect: str) -> None:
    assert dialect_of(raw) == dialect


def test_a_kind_without_evidence_says_so() -> None:
    told = page(KINDS["Surgery"], None, None, {})
    assert "No mapper writes it." in told
    assert "no element can be shown" in told
