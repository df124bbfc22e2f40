"""Concept maps in their formats: FHIR R4 and R5, CSV of any country, SSSOM; which rows count, and what is said of the others."""

from __future__ import annotations

from typing import Any

import pytest

from mappers.terminology import BadConceptMap, ConceptMap, Terminology, parse_concept_map, parse_csv, parse_sssom

ICD_10 = "http://hl7.org/fhir/sid/icd-10"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
SNOMED = "http://snomed.info/sct"
HOUSE = "urn:house"
DRUGS = "AntineoplasticAgent"
CISPLATIN = (NCIT, "C376", "Cisplatin")


def document(element: dict[str, Any], *, terminology: str = DRUGS, target: str = NCIT, **group: Any) -> dict[str, Any]:
    return {
        "resourceType": "ConceptMap", "url": "urn:house:map", "version": "1", "targetUri": f"urn:pop:terminology:{terminology}",
        "group": [{"source": HOUSE, "target": target, "element": [element], **group}],
    }  # fmt: skip


def translated(found: ConceptMap, code: str, terminology: str = DRUGS, system: str = HOUSE) -> tuple[str, str] | None:
    coding = {"system": system, "code": code}
    answer = Terminology(maps=[found]).translate(terminology, {"coding": [coding]})
    return None if answer is None else (answer.concept["code"], answer.rule)


@pytest.mark.parametrize(
    "target",
    [
        {"equivalence": "equal"}, {"equivalence": "equals"}, {"equivalence": "equivalent"}, {"relationship": "equivalent"},
    ],
    ids=["r4-equal", "dstu2-equals", "r4-equivalent", "r5-equivalent"],
)  # fmt: skip
def test_targets_that_mean_the_same_count(target: dict[str, str]) -> None:
    found = parse_concept_map(document({"code": "CIS", "target": [{"code": "C376", **target}]}))
    assert translated(found, "CIS") == ("C376", "concept-map:urn:house:map|1")


@pytest.mark.parametrize("said", ["inexact", "relatedto", "narrower", "specializes", "source-is-broader-than-target"])
def test_targets_that_mean_something_else_do_not(said: str) -> None:
    found = parse_concept_map(document({"code": "CIS", "target": [{"code": "C376", "equivalence": said}]}))
    assert translated(found, "CIS") is None


@pytest.mark.parametrize("said", ["wider", "subsumes", "source-is-narrower-than-target"])
def test_a_wider_target_counts_only_where_it_is_still_true(said: str) -> None:
    element = {"code": "X", "target": [{"code": "J44", "equivalence": said}]}
    found = parse_concept_map(document(element, terminology="ICD10Condition", target=ICD_10))
    answer = translated(found, "X", "ICD10Condition")
    assert answer is not None
    assert answer[0] == "J44"
    drug = parse_concept_map(document({"code": "CIS", "target": [{"code": "C376", "equivalence": said}]}))
    assert translated(drug, "CIS") is None


def test_an_equivalent_target_comes_before_a_wider_one() -> None:
    targets = [{"code": "J44", "equivalence": "wider"}, {"code": "J44.9", "equivalence": "equivalent"}]
    found = parse_concept_map(document({"code": "X", "target": targets}, terminology="ICD10Condition", target=ICD_10))
    answer = translated(found, "X", "ICD10Condition")
    assert answer is not None
    assert answer[0] == "J44.9"


@pytest.mark.parametrize(
    "element",
    [
        {"code": "3002", "target": [{"equivalence": "unmatched"}]}, {"code": "3002", "noMap": True},
        {"code": "3002", "target": [{"code": "C376", "relationship": "not-related-to"}]},
    ],
    ids=["r4-unmatched", "r5-no-map", "r5-not-related"],
)  # fmt: skip
def test_that_there_is_no_target_ends_the_search(element: dict[str, Any]) -> None:
    group = document(element)
    group["group"][0]["source"] = "http://www.nlm.nih.gov/research/umls/rxnorm"
    found = parse_concept_map(group)
    assert translated(found, "3002", system="http://www.nlm.nih.gov/research/umls/rxnorm") is None


def test_a_row_that_depends_on_more_than_the_code_is_not_applied() -> None:
    target = {"code": "C376", "equivalence": "equivalent", "dependsOn": [{"property": "urn:site", "value": "x"}]}
    found = parse_concept_map(document({"code": "CIS", "target": [target]}))
    assert found.entries[0].depends_on == ("urn:site",)
    assert translated(found, "CIS") is None


def test_what_a_map_says_of_all_other_codes() -> None:
    fixed = parse_concept_map(
        document(
            {"code": "CIS", "target": [{"code": "C376", "equivalence": "equal"}]},
            unmapped={"mode": "fixed", "code": "C1282", "display": "Carboplatin"},
        )
    )
    assert translated(fixed, "OTHER") == ("C1282", "concept-map:urn:house:map|1#unmapped")
    assert translated(fixed, "CIS") == ("C376", "concept-map:urn:house:map|1")
    provided = parse_concept_map(document({"code": "A"}, unmapped={"mode": "provided"}))
    assert translated(provided, "C376") == ("C376", "concept-map:urn:house:map|1#unmapped")
    other = parse_concept_map(document({"code": "A"}, unmapped={"mode": "other-map", "url": "urn:x"}))
    assert translated(other, "C376") is None
    assert "other-map" in other.problems[0]


def test_what_is_no_fhir_is_said() -> None:
    found = parse_concept_map(document({"code": "CIS", "target": [{"code": "C376", "equivalence": "same"}]}))
    assert found.entries == ()
    assert found.problems == ("group[0].element[0].target[0]: no equivalence or relationship of FHIR",)
    with pytest.raises(BadConceptMap, match="retired"):
        parse_concept_map(document({"code": "CIS"}) | {"status": "retired"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "bom"])
def test_a_csv_of_any_country(delimiter: str, mark: str) -> None:
    head = ["terminology", "source_system", "source_code", "target_system", "target_code", "target_display", "relation"]
    rows = [
        head,
        [DRUGS, HOUSE, "CIS", NCIT, "C376", "Cisplatin", ""],
        [DRUGS, HOUSE, "CAR", NCIT, "C1282", "x", "related"],
    ]
    found = parse_csv(mark + "\r\n".join(delimiter.join(row) for row in rows), name="house.csv")
    assert translated(found, "CIS") == ("C376", "concept-map:house.csv")
    assert translated(found, "CAR") is None
    assert found.entries[0].row == "line 2"


def test_a_csv_may_translate_a_text() -> None:
    text = (
        "terminology,source_system,source_code,source_text,target_system,target_code,target_display\n"
        f"{DRUGS},,,Zytostatikum  Nr. 1,{NCIT},C376,Cisplatin\n"
    )
    terminology = Terminology(maps=[parse_csv(text, name="house.csv")])
    found = terminology.translate(DRUGS, {"text": "zytostatikum nr. 1"}, text=True)
    assert found is not None
    assert (found.concept["code"], found.position) == ("C376", None)


def test_a_csv_with_an_unknown_relation_is_refused_with_its_line() -> None:
    head = "terminology,source_system,source_code,target_system,target_code,target_display,relation\n"
    with pytest.raises(BadConceptMap, match=r"line 2.*nearly"):
        parse_csv(f"{head}{DRUGS},{HOUSE},CIS,{NCIT},C376,Cisplatin,nearly\n", name="house.csv")


SSSOM = """#mapping_set_id: urn:house:set
#object_source: urn:pop:terminology:AntineoplasticAgent
#curie_map:
#  HOUSE: urn:house
#  NCIT: http://purl.obolibrary.org/obo/NCIT_
subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label\tpredicate_modifier
HOUSE:CIS\tCis\tskos:exactMatch\tNCIT:C376\tCisplatin\t
HOUSE:CAR\tCar\tskos:closeMatch\tNCIT:C1282\tCarboplatin\t
HOUSE:NOT\tNot\tskos:exactMatch\tNCIT:C376\tCisplatin\tNot
HOUSE:NIL\tNil\tskos:exactMatch\tsssom:NoTermFound\t\t
HOUSE:ODD\tOdd\tex:match\tNCIT:C376\tCisplatin\t
"""


def test_sssom() -> None:
    found = parse_sssom(SSSOM, name="house.sssom.tsv")
    assert translated(found, "CIS") == ("C376", "concept-map:house.sssom.tsv")
    assert [translated(found, code) for code in ("CAR", "NOT", "NIL", "ODD")] == [None] * 4
    assert [(entry.source[1], entry.relation, entry.row) for entry in found.entries] == [
        ("CIS", "equivalent", "line 7"), ("CAR", "related", "line 8"), ("NIL", "none", "line 10"),
    ]  # fmt: skip
    assert [problem.partition(":")[0] for problem in found.problems] == ["line 9", "line 11"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("#object_source: urn:pop:terminology:AntineoplasticAgent\n", ""), "object_source"),
        (("#  HOUSE: urn:house\n", ""), "subject_id is not in the curie_map"),
        (("#  NCIT: http://purl.obolibrary.org/obo/NCIT_\n", ""), "object_id is not in the curie_map"),
        (("predicate_id", "predicate"), "predicate_id are missing"),
    ],
    ids=["no-terminology", "no-subject-prefix", "no-object-prefix", "no-column"],
)
def test_an_sssom_that_cannot_be_read(change: tuple[str, str], said: str) -> None:
    with pytest.raises(BadConceptMap, match=said):
        parse_sssom(SSSOM.replace(*change), name="house.sssom.tsv")
