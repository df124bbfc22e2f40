from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapper_records import (
    LOINC,
    MCODE,
    SNOMED,
    UCUM,
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

from mappers.markers.answers import presence_word
from mappers.markers.numbers import read_number
from mappers.terminology.analyte_names import analyte_named

CEA, PSA, HER2, ER, MLH1 = (
    (LOINC, "2039-6"),
    (LOINC, "2857-1"),
    (LOINC, "85319-2"),
    (LOINC, "85329-1"),
    (LOINC, "81691-8"),
)
HPV = "Human papilloma virus"
PERCENT_ER = "Percent of cells with estrogen receptor in primary malignant neoplasm of breast by immunohistochemistry"
MII = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/"
HL7 = "http://terminology.hl7.org/CodeSystem/"
PDL1 = (LOINC, "83053-9")
LABORATORY = [concept(HL7 + "observation-category", "laboratory")]
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"


def _quantity(value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit} | more}


@pytest.mark.parametrize(
    ("code", "value", "field", "expected"),
    [
        (CEA, _quantity(4.2, "ng/mL"), "massConcentration", {"value": 4.2, "unit": "ng__ml"}),
        (CEA, _quantity(4.2, "ug/L"), "massConcentration", {"value": 4.2, "unit": "ng__ml"}),
        (CEA, {"valueString": "4,2 ng/mL"}, "massConcentration", {"value": 4.2, "unit": "ng__ml"}),
        ((LOINC, "6875-9"), _quantity(38.5, "U/mL"), "arbitraryConcentration", {"value": 38.5, "unit": "kIU__l"}),
        (ER, _quantity(85, "%"), "fraction", {"value": 85.0, "unit": "%"}),
        (HER2, {"valueString": "3+"}, "immunohistochemicalScore", "3+"),
        (HER2, {"valueCodeableConcept": {"text": "2+ (equivocal)"}}, "immunohistochemicalScore", "2+"),
        (HER2, _quantity(0, "{score}"), "immunohistochemicalScore", "0"),
        (HER2, {"valueCodeableConcept": concept(LOINC, "LA6577-6")}, "presence", "negative"),
        (HER2, {"valueCodeableConcept": concept(SNOMED, "10828004")}, "presence", "positive"),
        (HER2, {"valueBoolean": True}, "presence", "positive"),
        (MLH1, {"valueString": "Retained"}, "nuclearExpressionStatus", "intact"),
        (MLH1, {"valueCodeableConcept": concept(LOINC, "LA6577-6")}, "nuclearExpressionStatus", "loss"),
        ((NCIT, "C176582"), _quantity(15, "%"), "combinedPositiveScore", {"value": 15.0, "unit": "%"}),
        ((NCIT, "C184941"), _quantity(60, "%"), "tumorProportionScore", "TC3"),
        ((NCIT, "C199175"), {"valueString": "IC2"}, "immuneCellScore", "IC2"),
        (PDL1, {"valueString": "TPS 60 %"}, "tumorProportionScore", "TC3"),
        (PDL1, {"valueString": "TPS < 1%"}, "tumorProportionScore", "TC0"),
        (PDL1, _quantity(50, "%", comparator=">="), "tumorProportionScore", "TC3"),
        (PDL1, {"valueString": "CPS: 12"}, "combinedPositiveScore", {"value": 12.0, "unit": "%"}),
        (PDL1, {"valueCodeableConcept": {"text": "TC2"}}, "tumorProportionScore", "TC2"),
        (PDL1, _quantity(25, "%"), "tumorProportionScore", "TC2"),
        (PDL1, {"valueString": "negativ"}, "presence", "negative"),
        (HER2, {"valueString": "HER2 IHC 2+"}, "immunohistochemicalScore", "2+"),
        (HER2, {"valueString": "+++"}, "immunohistochemicalScore", "3+"),
        (HER2, {"valueString": "negative (1+)"}, "immunohistochemicalScore", "1+"),
        (HER2, {"valueString": "nicht amplifiziert"}, "presence", "negative"),
        (HER2, {"valueString": "Not amplified (ratio 1.2)"}, "presence", "negative"),
        (HER2, {"valueCodeableConcept": concept(LOINC, "LA11843-2", "3+")}, "immunohistochemicalScore", "3+"),
        (HER2, {"interpretation": [concept(HL7 + "v3-ObservationInterpretation", "POS")]}, "presence", "positive"),
        (
            HER2,
            {"valueCodeableConcept": concept(MII + "mii-cs-onko-mamma-her2neu-status-obds", "N")},
            "presence",
            "negative",
        ),
        (HER2, {"valueCodeableConcept": concept("urn:local", "x", "HER2-negativ")}, "presence", "negative"),
        (HER2, {"valueCodeableConcept": concept(LOINC, "LA11842-4")}, "immunohistochemicalScore", "2+"),
        (ER, {"valueCodeableConcept": concept("urn:local", "positiv")}, "presence", "positive"),
        (ER, {"valueString": "positiv (90 %)"}, "fraction", {"value": 90.0, "unit": "%"}),
        (ER, {"valueString": "80% strong nuclear staining (IRS 12)"}, "fraction", {"value": 80.0, "unit": "%"}),
        (ER, {"valueCodeableConcept": concept(SNOMED, "416053008")}, "presence", "positive"),
        (ER, {"valueString": "schwach positiv"}, "presence", "positive"),
        (MLH1, {"valueString": "Verlust der nukleären Expression"}, "nuclearExpressionStatus", "loss"),
        (MLH1, {"valueString": "Intact nuclear expression"}, "nuclearExpressionStatus", "intact"),
        (PSA, {"valueString": "1.234,5 ng/ml"}, "massConcentration", {"value": 1234.5, "unit": "ng__ml"}),
        (PSA, {"valueString": "5.4 ng/mL (H)"}, "massConcentration", {"value": 5.4, "unit": "ng__ml"}),
        (PSA, _quantity(540, "ng/dL"), "massConcentration", {"value": 5.4, "unit": "ng__ml"}),
        ((LOINC, "2532-0"), _quantity(250, "U/L"), "arbitraryConcentration", {"value": 0.25, "unit": "kIU__l"}),
        (
            (LOINC, "55868-4"),
            _quantity(1.2, "{M.o.M}"),
            "multipleOfMedian",
            {"value": 1.2, "unit": "multiple_of_median"},
        ),
    ],
)
def test_the_value_kinds(code: tuple[str, str], value: dict[str, Any], field: str, expected: object) -> None:
    draft = only(mapped(patient(), condition(), observation("o", code, **value)), "TumorMarker")
    assert draft.payload.get(field) == expected
    assert not draft.issues
    assert set(draft.payload) == {"date", "analyte", field}


def test_the_tumour_is_the_one_in_focus_else_the_only_one() -> None:
    about = observation("o", CEA, focus=[{"reference": "Condition/d"}], **_quantity(1, "ng/mL"))
    two = condition("c", "C50.9"), condition("d", "C18.7")
    draft = only(mapped(patient(), *two, about), "TumorMarker")
    assert draft.references["relatedEntitiesIds"] == ("NeoplasticEntity:Condition/d",)
    del about["focus"]
    assert "relatedEntitiesIds" not in only(mapped(patient(), *two, about), "TumorMarker").references
    alone = only(mapped(patient(), condition(), about), "TumorMarker")
    assert alone.references["relatedEntitiesIds"] == ("NeoplasticEntity:Condition/c",)
    assert "only-tumour" in assumed(alone)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (_quantity(0.1, "ng/mL", comparator="<"), "comparator"),
        ({"valueString": "< 0.1 ng/mL"}, "comparator"),
        (_quantity(5, "copies/mL"), "unmapped-unit"),
        ({"valueString": "see report"}, "unmapped-value"),
        ({"valueString": "1,234 ng/mL"}, "unmapped-value"),
        ({"valueRange": {"low": {"value": 1, "unit": "ng/mL"}, "high": {"value": 2, "unit": "ng/mL"}}}, "range"),
        ({"valueQuantity": {"value": 5}}, "unmapped-unit"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}, "unmapped-value"),
        ({"dataAbsentReason": concept(HL7 + "data-absent-reason", "error")}, "missing-required"),
        ({}, "missing-required"),
    ],
)
def test_results_that_wait(value: dict[str, Any], code: str) -> None:
    draft = only(mapped(patient(), condition(), observation("o", PSA, **value)), "TumorMarker")
    assert (code, "value") in codes(draft)
    assert draft.blocked


def test_a_bound_counts_where_the_site_says_so() -> None:
    record = observation("o", PSA, **_quantity(0.1, "ng/mL", comparator="<"))
    draft = only(mapped(patient(), condition(), record, marker__comparator="bound"), "TumorMarker")
    assert draft.payload["massConcentration"] == {"value": 0.1, "unit": "ng__ml"}
    assert "bound-taken-as-value" in assumed(draft)


def test_an_ordinary_laboratory_value_is_not_for_pop() -> None:
    category = [concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory")]
    result = mapped(
        patient(), condition(), observation("o", (LOINC, "718-7"), category=category, **_quantity(13, "g/dL"))
    )
    assert not drafts(result, "TumorMarker")
    assert reasons(result)["Observation/o"] == "a laboratory value that is no tumour marker of POP's"


def test_a_profiled_marker_that_pop_does_not_know_is_an_unmapped_code() -> None:
    record = observation(
        "o", ("urn:gtr", "509910"), meta={"profile": [MCODE + "mcode-tumor-marker-test|4.0.0"]}, **_quantity(47, "1")
    )
    assert ("unmapped-code", "analyte") in codes(only(mapped(patient(), condition(), record), "TumorMarker"))


def test_a_panel_gives_a_marker_per_component() -> None:
    parts = [
        {"code": concept(*CEA), **_quantity(3, "ng/mL")},
        {"code": concept(LOINC, "24108-3"), **_quantity(30, "U/mL")},
    ]
    category = [concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory")]
    record = observation("o", ("urn:local", "PANEL"), category=category, component=parts)
    found = drafts(mapped(patient(), condition(), record), "TumorMarker")
    assert [draft.key for draft in found] == ["TumorMarker:Observation/o/2039-6", "TumorMarker:Observation/o/24108-3"]
    turned = drafts(mapped(patient(), condition(), record | {"component": parts[::-1]}), "TumorMarker")
    assert [draft.key for draft in turned] == [draft.key for draft in found]


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "registered"])
def test_void_results(status: str) -> None:
    result = mapped(patient(), condition(), observation("o", CEA, status=status, **_quantity(1, "ng/mL")))
    assert not drafts(result, "TumorMarker")
    assert reasons(result)["Observation/o"].startswith("the observation is")


def test_the_date_of_release_is_the_last_resort() -> None:
    record = observation("o", CEA, issued="2024-03-01T09:00:00Z", **_quantity(1, "ng/mL"))
    assert only(mapped(patient(), condition(), record), "TumorMarker").payload["date"] == "2024-02-12"
    del record["effectiveDateTime"]
    draft = only(mapped(patient(), condition(), record), "TumorMarker")
    assert draft.payload["date"] == "2024-03-01"
    assert "date-of-release" in assumed(draft)


@pytest.mark.parametrize(
    ("code", "analyte"),
    [
        ({"text": "CA 15-3"}, "LP15461-4"),
        ({"text": "CA15.3 im Serum"}, "LP15461-4"),
        ({"text": "ß-HCG quantitativ"}, "LP14329-4"),
        ({"text": "Prostataspezifisches Antigen (PSA)"}, "LP18193-0"),
        ({"text": "Ki-67 Index (IHC)"}, "LP39016-8"),
        ({"text": "CEA (Roche Elecsys)"}, "LP28643-2"),
        ({"text": "CEA (CARCINOEMBRYONIC ANTIGEN), SERUM"}, "LP28643-2"),
        ({"text": "Alpha-Fetoprotein - AFP"}, "LP14331-0"),
        ({"text": "PSA, free"}, None),
        ({"text": "CEA (CA 125)"}, None),
        ({"text": "Östrogenrezeptor-Status"}, "LP18567-5"),
        ({"text": "ER"}, "LP18567-5"),
        (concept("http://lab.example.org", "CEA"), "LP28643-2"),
        (concept("http://lab.example.org", "4711", "Carcinoembryonic antigen measurement (procedure)"), "LP28643-2"),
        ({"coding": [{"system": "http://lab.example.org", "code": "99"}, {"system": LOINC, "code": "24108-3"}]}, "LP14040-7"),
        (concept(LOINC, "99999-9", "Cancer Ag 125 [Units/volume] in Serum or Plasma by Immunoassay"), "LP14543-0"),
        (concept(LOINC, "99999-8", "CEA SerPl-mCnc"), "LP28643-2"),
        (concept(SNOMED, "63476009"), "LP18193-0"),
        (concept(SNOMED, "1234804006", PERCENT_ER), "LP18567-5"),
        (concept(SNOMED, "1236874005", PERCENT_ER.replace("Percent of cells with", "Intensity of stain of")), None),
        (concept(LOINC, "21440-3", f"{HPV} 16+18+31+33+35+45+51+52+56 DNA [Presence] in Cervix by Probe"), "LP38570-5"),
        ({"text": "HPV high-risk DNA"}, "LP38570-5"),
        (concept(LOINC, "99999-7", f"{HPV} 16+18 DNA [Presence] in Cervix by Probe"), None),
        ({"text": "PSA free"}, None),
        ({"text": "PSA ratio"}, None),
        ({"text": "CEA in Pleuraflüssigkeit"}, None),
        (concept(LOINC, "12515-3", "Carcinoembryonic Ag [Mass/volume] in Body fluid") | {"text": "CEA"}, None),
        (concept(LOINC, "10886-0") | {"text": "PSA"}, None),
    ],
)  # fmt: skip
def test_the_analyte_by_code_or_whole_name(code: dict[str, Any], analyte: str | None) -> None:
    record = observation("o", CEA, category=LABORATORY, **_quantity(4, "ng/mL")) | {"code": code}
    found = drafts(mapped(patient(), condition(), record), "TumorMarker")
    assert [draft.payload["analyte"]["code"] for draft in found] == ([analyte] if analyte else [])


def test_an_abbreviation_names_an_analyte_in_the_laboratory_only() -> None:
    record = observation("o", CEA, **_quantity(72, "/min")) | {"code": {"text": "PR"}}
    assert not drafts(mapped(patient(), condition(), record), "TumorMarker")


@pytest.mark.parametrize(
    "value",
    [
        {"valueString": "nicht durchgeführt"},
        {"valueCodeableConcept": {"text": "Pending"}},
        {"valueCodeableConcept": concept(SNOMED, "373121007")},
        {"valueCodeableConcept": concept(MII + "mii-cs-onko-mamma-her2neu-status-obds", "U", "unbekannt")},
    ],
)
def test_a_result_that_will_not_come_is_none(value: dict[str, Any]) -> None:
    result = mapped(patient(), condition(), observation("o", PSA, **value))
    assert not drafts(result, "TumorMarker")
    assert reasons(result)["Observation/o"].startswith("the source says that")


@pytest.mark.parametrize(
    ("bounds", "unit", "expected", "why"),
    [
        ({"low": {"value": 0, "unit": "ng/mL"}}, PSA, ("massConcentration", 5.0), "unit-of-reference-range"),
        ({}, (LOINC, "29593-1"), ("fraction", 5.0), "percentage-by-test"),
    ],
)
def test_a_unit_that_goes_without_saying(bounds: Any, unit: Any, expected: tuple[str, float], why: str) -> None:
    record = observation("o", unit, valueQuantity={"value": 5}, referenceRange=[bounds])
    draft = only(mapped(patient(), condition(), record), "TumorMarker")
    assert draft.payload[expected[0]]["value"] == expected[1]
    assert why in assumed(draft)


def test_components_of_the_analyte_are_one_marker() -> None:
    parts = [
        {"code": concept(NCIT, "C184941"), **_quantity(60, "%")},
        {"code": {"text": "PD-L1 CPS"}, "valueInteger": 70},
        {"code": {"text": "Immune cells (IC)"}, "valueString": "IC1"},
    ]
    for code in (concept(LOINC, "85147-7"), {"text": "PD-L1 Immunhistochemie (22C3)"}):
        record = observation("o", CEA, component=parts, category=LABORATORY) | {"code": code}
        draft = only(mapped(patient(), condition(), record), "TumorMarker")
        assert draft.payload["tumorProportionScore"] == "TC3"
        assert draft.payload["combinedPositiveScore"] == {"value": 70.0, "unit": "%"}
        assert draft.payload["immuneCellScore"] == "IC1"


def test_the_protein_of_the_gene_that_an_immunohistochemistry_studied() -> None:
    gene = {
        "code": concept(LOINC, "48018-6"),
        "valueCodeableConcept": concept("http://www.genenames.org/geneId", "HGNC:3430"),
    }
    score = {"code": {"text": "Score"}, "valueString": "2+"}
    record = observation("o", (SNOMED, "1234806008"), component=[gene, score], category=LABORATORY)
    draft = only(mapped(patient(), condition(), record), "TumorMarker")
    assert (draft.payload["analyte"]["code"], draft.payload["immunohistochemicalScore"]) == ("LP28442-9", "2+")


def test_one_result_told_several_times_is_one() -> None:
    early = observation("a", PSA, status="preliminary", **_quantity(4.1, "ng/mL")) | {
        "effectiveDateTime": "2024-03-01T08:00:00+01:00"
    }
    late = early | {"id": "b", "status": "final"} | _quantity(4.2, "ng/mL")
    draft = only(mapped(patient(), condition(), early, late), "TumorMarker")
    assert (draft.key, draft.payload["massConcentration"]["value"]) == ("TumorMarker:Observation/a", 4.2)
    again = late | {"id": "c", "status": "final", "effectiveDateTime": "2024-03-01"}
    panel = observation("p", ("urn:local", "PANEL"), category=LABORATORY, effectiveDateTime="2024-03-01",
                        component=[{"code": concept(*PSA), **_quantity(4.2, "ng/mL")}])  # fmt: skip
    draft = only(mapped(patient(), condition(), late, again, panel), "TumorMarker")
    assert {source.resource for source in draft.consumed} >= {"Observation/b", "Observation/c", "Observation/p"}
    other = late | {"id": "d"} | _quantity(4.9, "ng/mL")
    assert len(drafts(mapped(patient(), condition(), late, other), "TumorMarker")) == 2


def test_a_panel_without_category_or_code_is_known_by_its_components() -> None:
    """A receptor panel by local name: what a test measures is what its component's code says."""
    answer = {"valueCodeableConcept": concept(LOINC, "LA6576-8", "Positive")}
    parts = [{"code": concept(LOINC, each), **answer} for each in ("16112-5", "16113-3")]
    record = observation("o", PSA, component=parts) | {"code": {"text": "Receptors"}}
    found = drafts(mapped(patient(), condition(), record), "TumorMarker")
    assert [each.payload["analyte"]["code"] for each in found] == ["LP18567-5", "LP14902-8"]


def test_a_panel_is_its_members() -> None:
    panel = observation("p", CEA, hasMember=[{"reference": "Observation/o"}])
    result = mapped(patient(), condition(), panel, observation("o", CEA, **_quantity(2, "ng/mL")))
    assert only(result, "TumorMarker").key == "TumorMarker:Observation/o"
    assert reasons(result)["Observation/p"] == "a panel: its members are results of their own"
    contained = observation("p", ("urn:local", "PANEL"), category=LABORATORY, hasMember=[{"reference": "#m"}])
    contained["contained"] = [observation("m", CEA, **_quantity(2, "ng/mL"))]
    assert only(mapped(patient(), condition(), contained), "TumorMarker").payload["massConcentration"]["value"] == 2.0


def test_the_day_is_that_of_the_specimen() -> None:
    specimen = {
        "resourceType": "Specimen", "id": "s", "subject": {"reference": "Patient/p"}, "type": {"text": "Serum"},
        "collection": {"collectedDateTime": "2024-02-10"},
    }  # fmt: skip
    record = observation("o", PSA, specimen={"reference": "Specimen/s"}, **_quantity(4, "ng/mL"))
    assert only(mapped(patient(), condition(), record, specimen), "TumorMarker").payload["date"] == "2024-02-10"
    fluid = specimen | {"type": {"text": "Pleural fluid"}}
    result = mapped(patient(), condition(), record, fluid)
    assert "a fluid other than blood" in reasons(result)["Observation/o"]


@given(st.text(max_size=40))
def test_any_text_is_read_without_raising(text: str) -> None:
    record = observation("o", HER2, valueString=text)
    for code in (HER2, PSA, ER, MLH1, PDL1):
        mapped(patient(), condition(), record | {"code": concept(*code) | {"text": text}})
    analyte_named(text)
    analyte_named(text, loinc=True)


@given(st.decimals(min_value=0, max_value=99999, places=2))
def test_a_typed_number_reads_as_it_was(number: Decimal) -> None:
    for typed in (
        f"{number}",
        f"{number}".replace(".", ","),
        f"{number:,}",
        f"< {number} ng/mL",
        f"{number} ng/ml (H)",
    ):
        found = read_number(typed)
        assert found is not None
        assert found.low == number


def test_a_percentage_of_pdl1_that_does_not_say_of_what_waits() -> None:
    record = observation("o", PSA, category=LABORATORY, **_quantity(5, "%")) | {"code": {"text": "PD-L1 (SP142)"}}
    draft = only(mapped(patient(), condition(), record), "TumorMarker")
    assert ("unmapped-value", "value") in codes(draft)
    assert draft.blocked
    assay = record | {"code": {"text": "PD-L1 IHC 22C3 pharmDx"}}
    assert only(mapped(patient(), condition(), assay), "TumorMarker").payload["tumorProportionScore"] == "TC2"


def test_the_receptors_of_the_german_breast_module() -> None:
    """MII Onkologie 2026: status by answer, share of positive cells and HER2's score in components."""
    share = {"code": concept(SNOMED, "1234804006", PERCENT_ER), **_quantity(85, "%")}
    stain = {
        "code": concept(SNOMED, "1236874005", "Intensity of stain"),
        "valueCodeableConcept": concept(LOINC, "LA13035-3"),
    }
    record = observation(
        "e", (LOINC, "40556-3"), valueCodeableConcept=concept(LOINC, "LA6576-8"), component=[share, stain]
    )
    draft = only(mapped(patient(), condition(), record), "TumorMarker")
    assert (draft.payload["presence"], draft.payload["fraction"]["value"]) == ("positive", 85.0)
    status = concept(MII + "mii-cs-onko-mamma-her2neu-status-obds", "N")
    score = {"code": concept(LOINC, "85319-2"), "valueCodeableConcept": concept(LOINC, "LA11841-6", "1+")}
    record = observation("h", (LOINC, "48676-1"), valueCodeableConcept=status, component=[score])
    draft = only(mapped(patient(), condition(), record), "TumorMarker")
    assert (draft.payload["presence"], draft.payload["immunohistochemicalScore"]) == ("negative", "1+")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Positive, diffuse strong", "positive"),
        ("Negative, focal weak", "negative"),
        ("Positive, outside slides", None),
    ],
)
def test_how_a_stain_looks_behind_its_answer(text: str, expected: str | None) -> None:
    assert presence_word(text) == expected
