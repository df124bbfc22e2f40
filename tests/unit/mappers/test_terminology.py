from __future__ import annotations

import pytest
from mapper_records import ICD_10_CM, LOINC, RXNORM, SNOMED, concept, open_terminology

from mappers.terminology import BadConceptMap, Terminology, parse_concept_map, parse_csv
from mappers.terminology.packaged import packaged_maps

ICD_O_M = "http://terminology.hl7.org/CodeSystem/icd-o-3-morphology"
ICD_O_T = "http://terminology.hl7.org/CodeSystem/icd-o-3-topography"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"


@pytest.mark.parametrize(
    ("terminology", "source", "code", "rule"),
    [
        ("CancerMorphology", concept(ICD_O_M, "8500/3"), "8500/3", "unchecked"),
        ("CancerMorphology", concept(ICD_O_M, "85003"), "8500/3", "icd-o-slash"),
        ("CancerMorphology", concept("urn:oid:2.16.840.1.113883.6.43.1", "M8500/3"), "8500/3", "icd-o-slash"),
        ("CancerMorphology", concept(SNOMED, "82711006"), "8500/3", "concept-map:urn:pop-gateway:map:cancer-morphologies|1"),
        ("CancerTopography", concept(ICD_10_CM, "C50.912"), "C50.9", "icd-10-site"),
        ("CancerTopography", concept("urn:oid:2.16.840.1.113883.6.90", "C50.912"), "C50.9", "icd-10-site"),
        ("CancerTopography", concept(ICD_O_T, "C504"), "C50.4", "icd-o-spelling"),
        ("LateralityQualifier", concept(ICD_10_CM, "C50.912"), "7771000", "icd-10-cm-side"),
        ("TumorMarkerAnalyte", concept(LOINC, "2039-6"), "LP28643-2", "concept-map:urn:pop-gateway:map:tumor-marker-analytes|2"),
        ("AntineoplasticAgent", concept(RXNORM, "3002"), "C405", "concept-map:urn:pop-gateway:map:antineoplastic-agents|2"),
        ("AntineoplasticAgent", {"text": "cisplatin 1 MG/ML Injectable Solution"}, "C376", "exact-name"),
        ("AntineoplasticAgent", {"text": "DOXOrubicin"}, "C456", "exact-name"),
        ("TNMStage", {"text": "IIB"}, "1222769001", "exact-name"),
        ("TNMStage", {"text": "Stage 2b"}, "1222769001", "exact-name"),
        ("TNMStage", concept("urn:local", "2B", "AJCC Stage IIB"), "1222769001", "exact-name"),
        ("TNMPrimaryTumorCategory", {"text": "pT2a(m)"}, "1229853004", "exact-name"),
        ("GenderIdentity", concept(SNOMED, "446141000124107"), "LA22879-3", "concept-map:urn:pop-gateway:map:gender-identities|1"),
    ],
)  # fmt: skip
def test_translation(terminology: str, source: dict[str, object], code: str, rule: str) -> None:
    found = open_terminology().translate(terminology, source, text=True)
    assert found is not None
    assert (found.concept["code"], found.rule) == (code, rule)


@pytest.mark.parametrize(
    ("terminology", "source"),
    [
        ("CancerMorphology", None),
        ("CancerMorphology", {}),
        ("CancerMorphology", concept(SNOMED, "1")),
        ("CancerTopography", concept(ICD_10_CM, "Z85.3")),
        ("AntineoplasticAgent", {"text": "trastuzumab and paclitaxel"}),
        ("AntineoplasticAgent", {"text": "normal saline"}),
        ("TNMStage", {"text": "advanced"}),
        ("NoSuchTerminology", concept(SNOMED, "24028007")),
    ],
)
def test_no_translation(terminology: str, source: dict[str, object] | None) -> None:
    assert open_terminology().translate(terminology, source, text=True) is None


def test_text_counts_only_where_allowed() -> None:
    assert open_terminology().translate("TNMStage", {"text": "IIB"}) is None


def test_the_position_of_the_coding_that_was_used() -> None:
    source = {"coding": [{"system": "urn:local", "code": "x"}, {"system": LOINC, "code": "2039-6"}]}
    found = open_terminology().translate("TumorMarkerAnalyte", source)
    assert found is not None
    assert found.position == 1


def test_a_known_list_is_the_law() -> None:
    known = Terminology({"CancerMorphology": [(ICD_O_M, "8500/3", "Duct carcinoma", ("Ductal carcinoma NOS",), None)]})
    assert known.knows("CancerMorphology")
    found = known.translate("CancerMorphology", concept(ICD_O_M, "8500/3", "another display"))
    assert found is not None
    assert found.rule == "pop-concept"
    assert found.concept["display"] == "Duct carcinoma"
    assert known.translate("CancerMorphology", concept(ICD_O_M, "8140/3")) is None
    synonym = known.translate("CancerMorphology", {"text": "ductal  carcinoma nos"}, text=True)
    assert synonym is not None
    assert synonym.concept["code"] == "8500/3"


def test_a_drug_whose_code_and_display_disagree_is_left_to_a_person() -> None:
    wrong = concept(RXNORM, "3002", "carboplatin")
    assert open_terminology().translate("AntineoplasticAgent", wrong, text=True) is None
    assert open_terminology().translate("AntineoplasticAgent", concept(RXNORM, "3002", "CYTOXAN")) is not None


def test_a_name_of_two_concepts_names_none() -> None:
    twice = Terminology({"X": [("s", "1", "Same", (), None), ("s", "2", "same", (), None)]})
    assert twice.translate("X", {"text": "Same"}, text=True) is None


def _site_map(relation: str, target: str | None = "C376") -> dict[str, object]:
    element: dict[str, object] = {"code": "CIS"}
    if target is not None:
        element["target"] = [{"code": target, "equivalence": relation}]
    return {
        "resourceType": "ConceptMap", "url": "urn:site:drugs", "version": "3",
        "targetUri": "urn:pop:terminology:AntineoplasticAgent",
        "group": [{"source": "urn:local", "target": NCIT, "element": [element]}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("relation", "used"),
    [("equivalent", True), ("equal", True), ("wider", False), ("narrower", False), ("inexact", False)],
)
def test_only_equivalence_is_used(relation: str, used: bool) -> None:
    site = Terminology(maps=[parse_concept_map(_site_map(relation))])
    found = site.translate("AntineoplasticAgent", concept("urn:local", "CIS"))
    assert (found is not None) is used
    if found is not None:
        assert found.rule == "concept-map:urn:site:drugs|3"


def test_a_site_map_comes_before_the_packaged_one_and_may_say_no() -> None:
    text = "terminology,source_system,source_code,target_system,target_code,target_display\n"
    site = parse_csv(f"{text}AntineoplasticAgent,{RXNORM},3002,,,\n", name="site.csv")
    decided = Terminology(maps=[site])
    assert decided.translate("AntineoplasticAgent", concept(RXNORM, "3002", "cyclophosphamide"), text=True) is None
    other = parse_csv(f"{text}AntineoplasticAgent,{RXNORM},3002,{NCIT},C376,Cisplatin\n", name="site.csv")
    found = Terminology(maps=[other]).translate("AntineoplasticAgent", concept(RXNORM, "3002"))
    assert found is not None
    assert found.concept == {"code": "C376", "system": NCIT, "display": "Cisplatin"}


@pytest.mark.parametrize(
    "document", [{}, {"resourceType": "ConceptMap"}, {"resourceType": "ConceptMap", "targetUri": "urn:x"}]
)
def test_documents_that_are_no_map(document: dict[str, object]) -> None:
    with pytest.raises(BadConceptMap):
        parse_concept_map(document)


def test_a_csv_without_its_columns_names_them() -> None:
    with pytest.raises(BadConceptMap, match="target_code"):
        parse_csv("terminology,source_system,source_code\n", name="site.csv")
    columns = "terminology,source_system,source_code,target_system,target_code,target_display\n"
    with pytest.raises(BadConceptMap, match="line 2"):
        parse_csv(f"{columns},,,,,\n", name="site.csv")


def test_packaged_maps_have_no_code_twice() -> None:
    seen: set[tuple[str, str, str]] = set()
    for each in packaged_maps():
        for entry in each.entries:
            key = (entry.terminology, *entry.source)
            assert key not in seen, key
            seen.add(key)
            assert entry.target is not None
    assert len(seen) > 300


@pytest.mark.parametrize(("code", "expected"), [("C34", "C34.9"), ("C34.1", "C34.1"), ("C22", "C22")])
def test_a_group_of_sites_is_the_site_without_further_statement(code: str, expected: str) -> None:
    """POP lists both; the guard refuses a tumour at a group. C22 has no unspecified site: a person has to say."""
    system = "http://terminology.hl7.org/CodeSystem/icd-o-3-topography"
    listed = Terminology(
        {"CancerTopography": [(system, each, each) for each in ("C34", "C34.1", "C34.9", "C22", "C22.0")]}
    )
    found = listed.translate("CancerTopography", {"coding": [{"system": system, "code": code}]})
    assert found is not None
    assert found.concept["code"] == expected
