from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapper_records import (
    ICD_10_CM,
    LOINC,
    MCODE,
    SNOMED,
    assumed,
    codes,
    concept,
    condition,
    drafts,
    mapped,
    observation,
    only,
    patient,
    reasons,
)

from mappers.histology_groups import group_of, same_histology

TUMOUR = "NeoplasticEntity"
GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
ICD_O = "http://terminology.hl7.org/CodeSystem/icd-o-3"
HISTOLOGY = MCODE + "mcode-histology-morphology-behavior"
MII = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/StructureDefinition/mii-ex-onko-histology-morphology-behavior-icdo3"


def histology(code: str, url: str = HISTOLOGY) -> dict[str, Any]:
    return {"url": url, "valueCodeableConcept": concept(ICD_O, code)}


def sites(*records: dict[str, Any], **options: Any) -> list[str]:
    return sorted(
        draft.payload["topography"]["code"] for draft in drafts(mapped(patient(), *records, **options), TUMOUR)
    )


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("8500/3", "8520/3", True), ("8140/3", "8010/3", True), ("8140/3", "8070/3", False), ("8000/3", "8720/3", True),
        ("8140/3", "8041/3", False), ("9823/3", "9680/3", False), ("9823/3", "9823/3", True), ("9591/3", "9680/3", True),
        ("9690/3", "9691/3", True), ("9861/3", "9866/3", True), ("9989/3", "9950/3", False), ("9835/3", "9823/3", False),
        ("9960/3", "9962/3", True), ("9732/3", "9823/3", False), ("9650/3", "9680/3", False), ("9800/3", "9861/3", True),
    ],
)  # fmt: skip
def test_histologies_of_one_tumour(left: str, right: str, same: bool) -> None:
    assert same_histology(left, right) is same
    assert same_histology(right, left) is same


@given(st.integers(8000, 9999), st.integers(8000, 9999))
def test_sameness_is_mutual(left: int, right: int) -> None:
    assert same_histology(f"{left}/3", f"{right}/3") == same_histology(f"{right}/3", f"{left}/3")
    assert same_histology(f"{left}/3", f"{left}/3")
    assert 1 <= group_of(f"{left}/3") <= 17


def test_problem_list_encounter_and_registry_are_one_tumour_and_refine_each_other() -> None:
    problem = condition("problem", "C50.912", onsetDateTime="2024-02")
    encounter = condition("encounter", "C50.919", onsetDateTime="2024-03-09", recordedDate="2024-03-09")
    registry = condition(
        "registry", concept(GM, "C50.4"), extension=[histology("8500/3", MII)], recordedDate="2024-02-16",
        bodySite=[concept(ICD_O, "C50.4")],
    )  # fmt: skip
    registry.pop("onsetDateTime")
    for order in itertools.permutations([problem, encounter, registry]):
        draft = only(mapped(patient(), *order), TUMOUR)
        assert draft.payload["topography"]["code"] == "C50.4"
        assert draft.payload["morphology"]["code"] == "8500/3"
        assert draft.payload["laterality"]["code"] == "7771000"
        assert draft.payload["assertionDate"] == "2024-02-16"
        assert draft.key == "NeoplasticEntity:Condition/problem"
        assert not draft.issues


def test_a_later_report_keeps_the_key() -> None:
    first = condition("z-first", "C34.11", recordedDate="2024-01-10")
    later = condition("a-later", "C34.11", recordedDate="2024-05-10")
    assert only(mapped(patient(), first), TUMOUR).key == only(mapped(patient(), later, first), TUMOUR).key


@pytest.mark.parametrize(
    "pair",
    [
        (condition("a", "C50.911"), condition("b", "C50.912")),  # both sides
        (condition("a", "C50.912"), condition("b", "C34.11")),  # two organs
        (condition("a", "C18.2"), condition("b", "C18.7")),  # SEER: two subsites of the colon
        (
            condition("a", "C34.11", extension=[histology("8140/3")]),
            condition("b", "C34.11", extension=[histology("8070/3")]),
        ),
        (condition("a", "C91.10"), condition("b", "C83.30")),  # CLL and large B-cell lymphoma
        (condition("a", "C90.00"), condition("b", "C91.10")),  # myeloma and CLL, both of the marrow
        (condition("a", "C92.10"), condition("b", "C92.00")),  # a CML and the acute leukaemia that it became
        (condition("a", "D45"), condition("b", "D46.9")),
        (condition("a", "C43.61"), condition("b", "C44.601")),  # melanoma and another cancer of the skin of one arm
        (condition("a", "C44.612"), condition("b", "C43.61")),
        (condition("a", "D05.12", onsetDateTime="2020-01-05"), condition("b", "C50.912", onsetDateTime="2024-02-05")),
    ],
    ids=[
        "sides",
        "organs",
        "colon",
        "histology",
        "lymphoma",
        "marrow",
        "blast-crisis",
        "myeloid",
        "skin",
        "basal-cell",
        "in-situ-before",
    ],
)
def test_two_primaries_stay_two(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert len(sites(*pair)) == 2


def test_the_carcinoma_in_situ_beside_an_invasive_one_is_not_its_histology() -> None:
    pair = (condition("a", "D05.12"), condition("b", "C50.412", onsetDateTime="2024-03-01"))
    draft = only(mapped(patient(), *pair), TUMOUR)
    assert (draft.payload["topography"]["code"], draft.payload["morphology"]["code"]) == ("C50.4", "8000/3")
    registry = condition("c", "C50.412", extension=[histology("8500/3")])
    assert only(mapped(patient(), *pair, registry), TUMOUR).payload["morphology"]["code"] == "8500/3"


def test_a_lymphoma_of_several_regions_of_nodes() -> None:
    pair = (condition("a", "C83.31"), condition("b", "C83.33"))
    draft = only(mapped(patient(), *pair), TUMOUR)
    assert draft.payload["topography"]["code"] == "C77.8"
    assert "several-regions" in assumed(draft)
    assert not draft.issues


@pytest.mark.parametrize(
    ("code", "relationship"),
    [("8500/3", "primary"), ("8500/6", "metastatic"), ("8500/2", "primary"), ("8500/0", None), ("8500/1", None)],
)
def test_an_icd_o_morphology_as_diagnosis(code: str, relationship: str | None) -> None:
    record = condition("a", concept(ICD_O, code), bodySite=[concept(ICD_O, "C50.4")])
    found = drafts(mapped(patient(), condition("p", "C61"), record), TUMOUR)
    assert [each.payload["relationship"] for each in found if each.key.endswith("/a")] == (
        [relationship] if relationship else []
    )


@pytest.mark.parametrize(
    ("pair", "site"),
    [
        ((condition("a", "C18.9"), condition("b", "C18.7")), "C18.7"),
        ((condition("a", "C80.1"), condition("b", "C25.0")), "C25.0"),
        ((condition("a", "C19"), condition("b", "C20")), "C19.9"),
        ((condition("a", "D05.12"), condition("b", "C50.912", onsetDateTime="2024-03-05")), "C50.9"),
    ],
    ids=["subsite", "unknown-site", "rectosigmoid", "in-situ-with-it"],
)
def test_one_tumour_told_twice(pair: tuple[dict[str, Any], dict[str, Any]], site: str) -> None:
    found = sites(*pair)
    assert len(found) == 1
    assert site in (*found, "C19.9")


def test_sites_that_differ_are_said() -> None:
    draft = only(
        mapped(patient(), condition("a", "C50.412"), condition("b", "C50.112", onsetDateTime="2024-02-20")), TUMOUR
    )
    assert ("contradiction", "topography") in codes(draft)
    assert not draft.blocked


def test_what_could_be_either_is_neither() -> None:
    result = mapped(
        patient(), condition("left", "C50.912"), condition("right", "C50.911"), condition("which", "C50.919")
    )
    assert len(drafts(result, TUMOUR)) == 2
    assert "one of several tumours" in reasons(result)["Condition/which"]


def test_metastases_of_one_site_are_one_and_belong_to_the_merged_primary() -> None:
    result = mapped(
        patient(), condition("late", "C34.11", recordedDate="2024-06-01"), condition("early", "C34.11", recordedDate="2024-01-01"),
        condition("brain", "C79.31"), condition("brain-again", "C79.31", onsetDateTime="2024-07-01"), condition("bone", "C79.51"),
    )  # fmt: skip
    found = {draft.payload["topography"]["code"]: draft for draft in drafts(result, TUMOUR)}
    assert set(found) == {"C34.1", "C71.9", "C41.9"}
    assert found["C71.9"].references["relatedPrimaryId"] == "NeoplasticEntity:Condition/early"
    assert "only-primary" in assumed(found["C71.9"])


def test_a_metastasis_told_twice_may_name_its_primary_by_two_names() -> None:
    related = "http://hl7.org/fhir/StructureDefinition/condition-related"
    said = [
        condition(name, "C79.51", extension=[{"url": related, "valueReference": {"reference": f"Condition/{of}"}}])
        for name, of in (("one", "problem"), ("other", "encounter"))
    ]
    record = [condition("problem", "C50.412"), condition("encounter", "C50.912"), condition("kidney", "C64.1"), *said]
    found = [
        each for each in drafts(mapped(patient(), *record), TUMOUR) if each.payload["relationship"] == "metastatic"
    ]
    assert len(found) == 1
    assert str(found[0].references["relatedPrimaryId"]).endswith(("/problem", "/encounter"))


def test_a_histology_without_a_diagnosis_is_about_the_only_tumour() -> None:
    said = observation("h", (LOINC, "59847-4"), valueCodeableConcept=concept(ICD_O, "8500/3"))
    draft = only(mapped(patient(), condition("c", "C50.412"), said), TUMOUR)
    assert draft.payload["morphology"]["code"] == "8500/3"
    two = mapped(patient(), condition("c", "C50.412"), condition("d", "C34.11"), said)
    assert "several" in reasons(two)["Observation/h"]


def test_other_entities_find_the_tumour_by_any_of_its_conditions() -> None:
    marker = observation(
        "m", (LOINC, "85319-2"), valueCodeableConcept={"text": "Negative"}, focus=[{"reference": "Condition/second"}],
        category=[{"coding": [{"code": "laboratory"}]}],
    )  # fmt: skip
    result = mapped(
        patient(), condition("first", "C50.412"), condition("second", concept(ICD_10_CM, "C50.412")), marker
    )
    found = drafts(result, "TumorMarker")
    assert found
    assert found[0].references["relatedEntitiesIds"] == ("NeoplasticEntity:Condition/first",)


FERNMETASTASEN = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-fernmetastasen"


def test_german_metastases_are_observations() -> None:
    said = [
        observation(
            "lung",
            (SNOMED, "385421009"),
            valueCodeableConcept=concept(FERNMETASTASEN, "PUL"),
            focus=[{"reference": "Condition/c"}],
        ),
        observation("lung-again", (SNOMED, "385421009"), valueCodeableConcept=concept(SNOMED, "258332000")),
        observation(
            "other", (SNOMED, "385421009"), valueCodeableConcept=concept(FERNMETASTASEN, "OTH", "andere Organe")
        ),
        observation(
            "void",
            (SNOMED, "385421009"),
            valueCodeableConcept=concept(FERNMETASTASEN, "OSS"),
            status="entered-in-error",
        ),
    ]
    result = mapped(patient(), condition("c", concept(GM, "C50.4")), *said)
    found = {draft.key.rpartition("/")[2]: draft for draft in drafts(result, TUMOUR)}
    assert set(found) == {"c", "lung", "other"}
    assert (found["lung"].payload["topography"]["code"], found["lung"].payload["morphology"]["code"]) == (
        "C34.9",
        "8000/6",
    )
    assert found["lung"].payload["assertionDate"] == "2024-02-12"
    assert found["lung"].references["relatedPrimaryId"] == "NeoplasticEntity:Condition/c"
    assert ("unmapped-code", "topography") in codes(found["other"])
    assert "entered in error" in reasons(result)["Observation/void"]


def test_german_side_beside_the_code() -> None:
    right = {"system": "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_SEITENLOKALISATION", "code": "R"}
    side = {"url": "http://fhir.de/StructureDefinition/seitenlokalisation", "valueCoding": right}
    code = {"coding": [{"system": GM, "code": "C50.4", "extension": [side]}]}
    assert only(mapped(patient(), condition("c", code)), TUMOUR).payload["laterality"]["code"] == "24028007"


@pytest.mark.parametrize(
    ("code", "site", "histology_code", "relationship"),
    [
        ("174.4", "C50.4", "8000/3", "primary"), ("153.3", "C18.7", "8000/3", "primary"), ("172.5", "C44.5", "8720/3", "primary"),
        ("198.5", "C41.9", "8000/6", "metastatic"), ("203.00", "C42.1", "9732/3", "primary"),
        ("233.0", "C50.9", "8010/2", "primary"),
    ],
)  # fmt: skip
def test_icd_9_cm(code: str, site: str, histology_code: str, relationship: str) -> None:
    draft = only(mapped(patient(), condition("c", concept("http://hl7.org/fhir/sid/icd-9-cm", code))), TUMOUR)
    said = draft.payload["topography"]["code"], draft.payload["morphology"]["code"], draft.payload["relationship"]
    assert said == (site, histology_code, relationship)


@pytest.mark.parametrize("code", ["V10.3", "V16.3", "217", "239.3", "401.9", "238.2"])
def test_icd_9_cm_codes_that_are_no_tumour(code: str) -> None:
    assert not drafts(mapped(patient(), condition("c", concept("http://hl7.org/fhir/sid/icd-9-cm", code))), TUMOUR)


def test_a_snomed_disorder_says_by_its_name_what_no_map_holds() -> None:
    named = concept(
        SNOMED, "99999999999", "Infiltrating duct carcinoma of upper outer quadrant of left female breast (disorder)"
    )
    draft = only(mapped(patient(), condition("c", named)), TUMOUR)
    payload = draft.payload
    assert (payload["topography"]["code"], payload["morphology"]["code"], payload["laterality"]["code"]) == (
        "C50.4",
        "8500/3",
        "7771000",
    )
