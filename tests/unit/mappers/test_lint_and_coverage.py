"""What is wrong with concept maps, and which codes of a pile translate."""

from __future__ import annotations

from typing import Any

import pytest
from mapper_records import OPTIONS, concept, registry

from gateway.terminology.coverage import Counted, report
from gateway.terminology.lint import lint
from mappers.record import map_resources
from mappers.terminology import ConceptMap, Terminology, parse_concept_map, parse_csv

NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
LOINC = "http://loinc.org"
DRUGS, HOUSE = "AntineoplasticAgent", "urn:house"
LISTS = Terminology({DRUGS: [(NCIT, "C376", "Cisplatin"), (NCIT, "C1282", "Carboplatin")]})
HEAD = "terminology,source_system,source_code,target_system,target_code,target_display,relation\n"


def rows(
    *lines: tuple[str, str, str] | tuple[str, str, str, str], name: str = "house", layer: str = "site"
) -> ConceptMap:
    """Rows of (source code, target code, display[, relation])."""
    text = "".join(
        f"{DRUGS},{HOUSE},{each[0]},{NCIT},{each[1]},{each[2]},{each[3] if len(each) > 3 else ''}\n" for each in lines
    )
    return parse_csv(HEAD + text, name=name, layer=layer)


def found(*maps: ConceptMap, **more: Any) -> list[tuple[str, str, str]]:
    return [(each.level, each.code, each.row) for each in lint(maps, LISTS, **more)]


def test_nothing_is_wrong_with_a_good_map() -> None:
    assert found(rows(("CIS", "C376", "Cisplatin"), ("CAR", "C1282", "Carboplatin"))) == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((("CIS", "C376", ""), ("CIS", "C1282", "")), [("error", "conflict", "line 3")]),
        ((("CIS", "C376", ""), ("CIS", "C376", "")), [("warning", "duplicate", "line 3")]),
        ((("CIS", "C999", ""),), [("error", "no-pop-concept", "line 2")]),
        ((("CIS", "C376", "", "wider"),), [("note", "not-applied", "line 2")]),
        ((("CIS", "C376", ""), ("CIS", "", "")), [("error", "conflict", "line 3")]),
    ],
    ids=["conflict", "duplicate", "no-pop-concept", "wider", "no-map-conflict"],
)
def test_a_row_that_is_wrong_is_named(lines: Any, expected: list[tuple[str, str, str]]) -> None:
    assert found(rows(*lines)) == expected


def test_a_site_may_overrule_an_organisation_and_that_is_said() -> None:
    site, shared = rows(("CIS", "C376", "")), rows(("CIS", "C1282", ""), name="shared", layer="organisation")
    assert found(shared, site) == [("note", "shadowed", "line 2")]


def test_chains_and_cycles() -> None:
    text = f"{DRUGS},{NCIT},C376,{NCIT},C1282,x,\n{DRUGS},{NCIT},C1282,{NCIT},C376,x,\n"
    circle = parse_csv(HEAD + text, name="circle")
    assert [each for each in found(circle) if each[1] == "cycle"] == [
        ("error", "cycle", "line 2"), ("error", "cycle", "line 3"),
    ]  # fmt: skip
    assert [each[:2] for each in found(circle) if each[1] == "shadowed"] == [("warning", "shadowed")] * 2
    chain = parse_csv(HEAD + f"{DRUGS},{HOUSE},A,{NCIT},C376,x,\n{DRUGS},{NCIT},C376,{NCIT},C1282,x,\n", name="chain")
    assert ("warning", "cycle", "line 2") in found(chain)


def test_rows_that_no_data_need_and_rows_that_are_not_read() -> None:
    used = {(DRUGS, HOUSE, "CIS")}
    assert found(rows(("CIS", "C376", ""), ("CAR", "C1282", "")), used=used) == [("note", "unused", "line 3")]
    document = {
        "resourceType": "ConceptMap", "url": "urn:m", "targetUri": f"urn:pop:terminology:{DRUGS}",
        "group": [{"source": HOUSE, "target": NCIT, "element": [
            {"code": "CIS", "target": [{"code": "C376", "equivalence": "nearly"}]},
            {"code": "CAR", "target": [{"code": "C1282", "equivalence": "equal", "dependsOn": [{"property": "urn:p"}]}]},
        ]}],
    }  # fmt: skip
    assert found(parse_concept_map(document)) == [
        ("warning", "unread", "group[0].element[0].target[0]"),
        ("warning", "not-applied", "group[0].element[1].target[0]"),
    ]
    unknown = parse_csv(HEAD + f"Nothing,{HOUSE},A,{NCIT},C376,x,\n", name="unknown")
    assert found(unknown) == [("note", "no-pop-concept", "line 2")]


def marker(name: str, code: dict[str, Any]) -> dict[str, Any]:
    profile = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-tumor-marker-test"
    return {
        "resourceType": "Observation", "id": name, "status": "final", "subject": {"reference": "Patient/p"},
        "meta": {"profile": [profile]}, "code": code, "effectiveDateTime": "2024-02-01",
        "valueQuantity": {"value": 4, "unit": "ng/mL", "system": "http://unitsofmeasure.org", "code": "ng/mL"},
    }  # fmt: skip


def test_coverage_tells_what_translates_by_which_rule_and_what_the_rest_holds_up() -> None:
    counted = Counted(Terminology())
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1960"}
    pile = [
        patient,
        marker("a", concept(LOINC, "2039-6")),
        marker("b", concept(HOUSE, "X1", "House test")),
        marker("c", concept(HOUSE, "X1", "House test")),
    ]
    options = {**OPTIONS, "patient.import": "all"}
    results = map_resources(pile, mappers=registry(), terminology=counted, options=options)
    told = report(results, counted)
    assert told.fields["TumorMarkerAnalyte"] == {"concept-map": 1, "unmapped": 1}
    (missing,) = [each for each in told.missing if each.field == "TumorMarker.analyte"]
    assert (missing.entities, missing.blocked, missing.codings) == (2, 2, ((HOUSE, "X1", "House test"),))
    assert told.entities > told.blocked >= 2
