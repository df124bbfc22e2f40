from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from mapper_records import (
    LOINC,
    OPTIONS,
    assumed,
    codes,
    concept,
    condition,
    drafts,
    mapped,
    observation,
    only,
    open_terminology,
    patient,
    reasons,
    registry,
)

from mappers.dates import parse_day
from mappers.genomics.expressions import read
from mappers.genomics.identity import Facts, clusters
from mappers.genomics.wording import read_lines
from mappers.protocol import Draft, JsonObject
from mappers.record import map_resources
from mappers.terminology import Terminology

HGNC, HGVS, SO = "http://www.genenames.org/geneId", "http://varnomen.hgvs.org", "http://www.sequenceontology.org"
TBD = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
KIND = "GenomicVariant"
PRESENT, ABSENT = concept(LOINC, "LA9633-4"), concept(LOINC, "LA9634-2")


def part(code: str | JsonObject, value: Any) -> JsonObject:
    name = (
        "valueString"
        if isinstance(value, str)
        else "valueInteger"
        if isinstance(value, int)
        else "valueQuantity"
        if "value" in value
        else "valueRange"
        if "low" in value
        else "valueCodeableConcept"
    )
    return {"code": concept(LOINC, code) if isinstance(code, str) else code, name: value}


def gene(hgnc: int, symbol: str) -> JsonObject:
    return part("48018-6", concept(HGNC, f"HGNC:{hgnc}", symbol))


BRAF, EGFR = gene(1097, "BRAF"), gene(3236, "EGFR")
V600E = part("48005-3", concept(HGVS, "p.Val600Glu"))


def variant(id: str, *parts: JsonObject, value: JsonObject | None = PRESENT, **more: Any) -> JsonObject:
    stated = {"valueCodeableConcept": value} if value is not None else {}
    return observation(id, (LOINC, "69548-6"), component=list(parts), **stated, **more)


def result_of(*resources: JsonObject, **options: Any) -> Draft:
    return only(mapped(patient(), condition(), *resources, **options), KIND)


def found(*resources: JsonObject, **options: Any) -> list[Draft]:
    return drafts(mapped(patient(), condition(), *resources, **options), KIND)


def test_a_variant_with_all_its_parts() -> None:
    draft = result_of(
        variant(
            "v",
            BRAF,
            V600E,
            part("48004-6", concept(HGVS, "NM_004333.6:c.1799T>A")),
            part("62374-4", concept(LOINC, "LA14029-5")),
            part("81258-6", {"value": 31.5, "unit": "%"}),
            part("82121-5", {"value": 510}),
            part("53034-5", concept(LOINC, "LA6706-1")),
            part("48002-0", concept(LOINC, "LA6684-0")),
            part("82155-3", {"value": 2}),
            part("81252-9", concept("http://www.ncbi.nlm.nih.gov/clinvar", "13961")),
            part(concept(TBD, "molecular-consequence"), concept(SO, "SO:0001583")),
            part("53037-8", concept(LOINC, "LA6668-3")),
            part(concept(TBD, "variant-confidence-status"), concept("urn:x", "intermediate")),
            part("92822-6", concept(LOINC, "LA30102-0")),
            part("94186-4", concept(LOINC, "LA26320-4")),
            method=concept(LOINC, "LA26398-0"),
            issued="2024-02-20T10:00:00Z",
        )
    )
    payload = {name: value["code"] if isinstance(value, dict) else value for name, value in draft.payload.items()}
    assert payload.pop("genes") == [{"code": "HGNC:1097", "system": HGNC, "display": "BRAF"}]
    assert payload == {
        "date": "2024-02-12",
        "assessmentDate": "2024-02-20",
        "dnaHgvs": "NM_004333.6:c.1799T>A",
        "proteinHgvs": "p.Val600Glu",
        "assessment": "present",
        "genomeAssemblyVersion": "LA14029-5",
        "zygosity": "LA6706-1",
        "source": "LA6684-0",
        "inheritance": "LA26320-4",
        "coordinateSystem": "LA30102-0",
        "analysisMethod": "LA26398-0",
        "copyNumber": 2,
        "molecularConsequence": "SO:0001583",
        "alleleFrequency": 0.315,
        "alleleDepth": 510,
        "confidence": "indeterminate",
        "clinicalRelevance": "pathogenic",
        "clinvar": "13961",
    }
    assert not draft.issues


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"value": 31, "unit": "%"}, 0.31),
        ({"value": 0.31, "code": "1"}, 0.31),
        ({"value": 0.8, "unit": "%"}, 0.008),
        ("23.4%", 0.234),
        ("0,25", 0.25),
        ({"value": 31}, 0.31),
    ],
)
def test_allele_frequency(value: Any, expected: float) -> None:
    draft = result_of(variant("v", BRAF, part("81258-6", value)))
    assert draft.payload["alleleFrequency"] == pytest.approx(expected)
    assert ("fraction-from-percent" in assumed(draft)) == (value == {"value": 31})


@pytest.mark.parametrize("value", [{"value": 131}, {"value": -1}, "high", {"value": 5, "unit": "%", "comparator": "<"}])
def test_what_is_no_allele_frequency_is_left_out(value: Any) -> None:
    draft = result_of(variant("v", BRAF, part("81258-6", value)))
    assert "alleleFrequency" not in draft.payload
    assert ("unmapped-value", "alleleFrequency") in codes(draft)
    assert not draft.blocked


@pytest.mark.parametrize(
    ("stated", "symbol"),
    [
        (concept(HGNC, "HGNC:3430"), "ERBB2"),
        (concept("http://www.genenames.org", "HGNC:3430"), "ERBB2"),
        (concept(HGNC, "3430"), "ERBB2"),
        (concept(HGNC, "ERBB2"), "ERBB2"),
        ({"text": "HER2"}, "ERBB2"),
        ("ERBB2", "ERBB2"),
        (concept("http://www.ncbi.nlm.nih.gov/gene", "2064"), "ERBB2"),
        ("MLL2", "KMT2D"),
        ("BRCA 1", "BRCA1"),
        ("c-KIT", "KIT"),
        ({"coding": [{"display": "TP53"}]}, "TP53"),
        ("p53", "TP53"),
        ("WHSC1", "NSD2"),
    ],
)
def test_genes_however_they_are_named(stated: Any, symbol: str) -> None:
    assert [each["display"] for each in result_of(variant("v", part("48018-6", stated))).payload["genes"]] == [symbol]


@pytest.mark.parametrize("named", ["EML4-ALK", "EML4::ALK", "EML4/ALK"])
def test_a_fusion_in_place_of_a_gene(named: str) -> None:
    payload = result_of(variant("v", part("48018-6", named))).payload
    assert [each["display"] for each in payload["genes"]] == ["EML4", "ALK"]
    assert payload["molecularConsequence"]["code"] == "SO:0001565"


def test_a_translocation_is_no_fusion_by_itself() -> None:
    moved = variant("v", gene(7553, "MYC"), part("48019-4", concept(SO, "SO:0000199", "translocation")))
    assert "molecularConsequence" not in result_of(moved).payload


def test_elements_by_the_names_of_loinc_alone() -> None:
    parts = [
        part({"coding": [{"display": "Gene studied [ID]"}]}, {"coding": [{"display": "NRAS"}]}),
        part({"coding": [{"display": "Amino acid change (pHGVS)"}]}, {"coding": [{"display": "p.Gln61Lys"}]}),
    ]
    payload = result_of(variant("v", *parts)).payload
    assert (payload["genes"][0]["display"], payload["proteinHgvs"]) == ("NRAS", "p.Gln61Lys")


def test_pops_own_list_of_genes_goes_first() -> None:
    own = Terminology({"Gene": [(HGNC, "HGNC:3430", "ERBB2"), (HGNC, "HGNC:9999999", "BRANDNEW")]})
    draft = result_of(variant("v", part("48018-6", "BRANDNEW"), part("48018-6", "HER2")), terminology=own)
    assert [each["code"] for each in draft.payload["genes"]] == ["HGNC:9999999", "HGNC:3430"]


def test_without_a_gene_it_waits() -> None:
    draft = result_of(variant("v", part("81290-9", "NC_000007.14:g.140753336A>T")))
    assert draft.blocked
    assert ("missing-required", "genes") in codes(draft)
    unknown = result_of(variant("v", part("48018-6", concept("urn:house", "X1", "no gene"))))
    assert ("unmapped-code", "genes") in codes(unknown)


@pytest.mark.parametrize(
    ("text", "genes", "consequence", "assessment"),
    [
        ("EML4-ALK fusion", ["EML4", "ALK"], "SO:0001565", "present"),
        ("EML4::ALK", ["EML4", "ALK"], "SO:0001565", "present"),
        ("BCR/ABL1 fusion transcript detected", ["BCR", "ABL1"], "SO:0001565", "present"),
        ("ERBB2 amplification", ["ERBB2"], "SO:0001880", "present"),
        ("CDKN2A homozygous deletion", ["CDKN2A"], "SO:0001912", "present"),
        ("ALK rearrangement not detected", ["ALK"], None, "absent"),
        ("KRAS wild type", ["KRAS"], None, "absent"),
        ("KRAS Wildtyp", ["KRAS"], None, "absent"),
        ("no mutation detected in KRAS, NRAS and BRAF", ["KRAS", "NRAS", "BRAF"], None, "absent"),
        ("NKX2-1 amplification", ["NKX2-1"], "SO:0001880", "present"),
        ("MET: inconclusive", ["MET"], None, "indeterminate"),
        ("RET: failed, quantity not sufficient", ["RET"], None, "no-call"),
    ],
)
def test_findings_in_words(text: str, genes: list[str], consequence: str | None, assessment: str) -> None:
    draft = result_of(variant("v", value={"text": text}))
    assert [each["display"] for each in draft.payload["genes"]] == genes
    assert (draft.payload.get("molecularConsequence") or {}).get("code") == consequence
    assert draft.payload["assessment"] == assessment


def test_a_list_of_findings_is_several_variants() -> None:
    listed = variant("v", value={"text": "KRAS G12C, STK11 p.Q37* and TP53 c.743G>A"})
    payloads = [draft.payload for draft in found(listed)]
    assert [(each["genes"][0]["display"], each.get("proteinHgvs"), each.get("dnaHgvs")) for each in payloads] == [
        ("STK11", "p.Gln37*", None),
        ("TP53", None, "c.743G>A"),
        ("KRAS", "p.Gly12Cys", None),
    ]
    assert len({draft.key for draft in found(listed)}) == 3


@pytest.mark.parametrize("text", ["FISH not performed", "IMPACT study", "see report", "T2N1M0 carcinoma"])
def test_words_that_name_no_gene(text: str) -> None:
    terminology = Terminology()

    def known(word: str) -> JsonObject | None:
        translated = terminology.translate("Gene", {"text": word}, text=True)
        return translated.concept if translated is not None else None

    assert not any(line.genes for line in read_lines(text, known))


def test_a_named_test_with_an_answer() -> None:
    said = observation("o", (LOINC, "1-1"), valueString="Not detected") | {
        "code": {"text": "ALK gene rearrangement by FISH"}
    }
    draft = result_of(said)
    assert draft.payload["assessment"] == "absent"
    assert draft.payload["analysisMethod"]["code"] == "LA26404-6"


@pytest.mark.parametrize(
    ("name", "answer", "genes", "expected"),
    [
        ("EGFR gene mutations found", "p.L858R", ["EGFR"], {"proteinHgvs": "p.Leu858Arg", "assessment": "present"}),
        (
            "EGFR-Mutationsanalyse",
            "p.L858R nachgewiesen",
            ["EGFR"],
            {"proteinHgvs": "p.Leu858Arg", "assessment": "present"},
        ),
        (
            "BRAF gene p.Val600Glu [Presence]",
            "Not detected",
            ["BRAF"],
            {"proteinHgvs": "p.Val600Glu", "assessment": "absent"},
        ),
        (
            "BRCA1 and BRCA2 mutation analysis",
            "No pathogenic variants detected",
            ["BRCA1", "BRCA2"],
            {"assessment": "absent"},
        ),
        ("ROS1-Translokation (FISH)", "kein Nachweis", ["ROS1"], {"assessment": "absent"}),
        ("t(9;22)(ABL1,BCR) fusion transcript", "Positive", ["ABL1", "BCR"], {"assessment": "present"}),
        ("Genetic testing: MSH2", "c.942+3A>T pathogenic, heterozygous", ["MSH2"], {"clinicalRelevance": "pathogenic"}),
        ("NGS panel result", "TP53 p.R273H (VAF 40%)", ["TP53"], {"alleleFrequency": 0.4}),
        (
            "IDH1 R132H (immunohistochemistry)",
            "Negative / wild type",
            ["IDH1"],
            {"proteinHgvs": "p.Arg132His", "assessment": "absent"},
        ),
        ("BRAF V600E", "Not Detected", ["BRAF"], {"proteinHgvs": "p.Val600Glu", "assessment": "absent"}),
        ("EGFR amplification (FISH)", "Amplified", ["EGFR"], {"assessment": "present"}),
        ("TP53", "No variant detected", ["TP53"], {"assessment": "absent"}),
    ],
)
def test_what_a_test_is_called_and_answers(name: str, answer: str, genes: list[str], expected: JsonObject) -> None:
    payload = result_of(observation("o", (LOINC, "1-1"), valueString=answer) | {"code": {"text": name}}).payload
    assert [each["display"] for each in payload["genes"]] == genes
    assert {field: payload[field] for field in expected} == expected


def test_a_positive_test_of_several_genes_names_none() -> None:
    said = observation("o", (LOINC, "1-1"), valueString="Positive") | {
        "code": {"text": "BRCA1 and BRCA2 mutation analysis"}
    }
    assert "names no gene" in reasons(mapped(patient(), condition(), said))["Observation/o"]


@pytest.mark.parametrize(
    "name",
    [
        "HER2 gene amplification by FISH",
        "ALK (D5F3) immunohistochemistry",
        "BCR-ABL1 quantitative PCR",
        "Family history of BRCA1 mutation",
        "TP53",
    ],
)
def test_tests_that_are_none_for_variants(name: str) -> None:
    said = observation("o", (LOINC, "1-1"), valueString="Positive") | {"code": {"text": name}}
    assert not found(said)


def test_what_is_in_a_withdrawn_report() -> None:
    inside = variant("v", BRAF, V600E)
    assert not found(report(status="entered-in-error", contained=[inside], result=[{"reference": "#v"}]))
    assert len(found(report(contained=[inside], result=[{"reference": "#v"}]))) == 1


def test_reported_without_an_assessment_is_present() -> None:
    assert "reported-as-present" in assumed(result_of(variant("v", BRAF, V600E, value=None)))


def test_no_result_is_none() -> None:
    untested = variant("v", BRAF, V600E, value=None, dataAbsentReason={"text": "not performed"})
    assert "no result" in reasons(mapped(patient(), condition(), untested))["Observation/v"]
    bare = result_of(variant("v", BRAF, value=None))
    assert bare.blocked
    assert ("missing-required", "assessment") in codes(bare)


def test_negative_findings_of_several_genes_are_one_absence() -> None:
    draft = result_of(variant("v", BRAF, EGFR, gene(6407, "KRAS"), value=ABSENT))
    assert draft.payload["assessment"] == "absent"
    assert len(draft.payload["genes"]) == 3


def test_what_pop_does_not_take_is_left_out_and_says_so() -> None:
    draft = result_of(variant("v", BRAF, part("48005-3", "p.Met1?"), part("48004-6", "m.3243A>G")))
    assert {("unmapped-value", "proteinHgvs"), ("unmapped-value", "dnaHgvs")} <= codes(draft)
    assert not draft.blocked


def test_coding_dna_goes_before_genomic_and_a_transcript_completes_it() -> None:
    draft = result_of(
        variant(
            "v",
            BRAF,
            part("81290-9", "NC_000007.14:g.140753336A>T"),
            part("48004-6", "c.1799T>A"),
            part("51958-7", "NM_004333.6"),
        )
    )
    assert draft.payload["dnaHgvs"] == "NM_004333.6:c.1799T>A"


def test_a_databases_name_fills_what_is_not_stated() -> None:
    named = concept("http://www.ncbi.nlm.nih.gov/clinvar", "13961", "NM_004333.6(BRAF):c.1799T>A (p.Val600Glu)")
    draft = result_of(variant("v", part("81252-9", named)))
    assert draft.payload["genes"][0]["display"] == "BRAF"
    assert (draft.payload["dnaHgvs"], draft.payload["proteinHgvs"]) == ("NM_004333.6:c.1799T>A", "p.Val600Glu")


@pytest.mark.parametrize(
    ("counting", "start"), [("LA30102-0", 140753336), ("LA30100-4", 140753335), ("LA30101-2", 140753335)]
)
def test_a_substitution_by_coordinates(counting: str, start: int) -> None:
    parts = [
        part("48013-7", "NC_000007.14"),
        part("69547-8", "A"),
        part("69551-0", "T"),
        part("92822-6", concept(LOINC, counting)),
        part("81254-5", {"low": {"value": start}}),
    ]
    draft = result_of(variant("v", BRAF, *parts))
    assert draft.payload["dnaHgvs"] == "NC_000007.14:g.140753336A>T"
    assert "hgvs-from-coordinates" in assumed(draft)
    for missing in range(len(parts)):
        assert "dnaHgvs" not in result_of(variant("v", BRAF, *parts[:missing], *parts[missing + 1 :])).payload


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (concept(LOINC, "LA26332-9"), "likely_pathogenic"),
        ("Likely Benign", "likely_benign"),
        ("VUS", "uncertain_significance"),
        ("Conflicting interpretations of pathogenicity", "ambiguous"),
        ("Class 5", "pathogenic"),
        ("wahrscheinlich pathogen", "likely_pathogenic"),
        ("Oncogenic", "pathogenic"),
        ("Pathogenic/Likely pathogenic", "likely_pathogenic"),
    ],
)
def test_clinical_relevance(stated: Any, expected: str) -> None:
    draft = result_of(variant("v", BRAF, part("53037-8", stated)))
    assert draft.payload["clinicalRelevance"] == expected
    assert ("oncogenicity-as-pathogenicity" in assumed(draft)) == (stated == "Oncogenic")


def test_what_is_derived_from_a_variant_belongs_to_it() -> None:
    about = observation(
        "i",
        (TBD, "diagnostic-implication"),
        derivedFrom=[{"reference": "Observation/v"}],
        component=[part("53037-8", concept(LOINC, "LA6668-3"))],
    )
    result = mapped(patient(), condition(), variant("v", BRAF, V600E), about)
    draft = only(result, KIND)
    assert draft.payload["clinicalRelevance"] == "pathogenic"
    assert {"Observation/v", "Observation/i"} <= {source.resource for source in draft.consumed}
    lone = mapped(patient(), condition(), about)
    assert "no variant" in reasons(lone)["Observation/i"]


def element(id: str, code: str, value: str) -> JsonObject:
    return observation(id, (LOINC, code), valueString=value)


def report(*results: str, **more: Any) -> JsonObject:
    return {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": concept(LOINC, "51969-4"),
        "subject": {"reference": "Patient/p"},
        "result": [{"reference": f"Observation/{each}"} for each in results],
    } | more


def test_elements_that_are_results_of_one_report() -> None:
    elements = [
        element("a", "48018-6", "BRAF"),
        element("b", "48004-6", "c.1799T>A"),
        element("c", "48005-3", "p.V600E"),
    ]
    draft = result_of(*elements, report("a", "b", "c"))
    assert (draft.payload["dnaHgvs"], draft.payload["proteinHgvs"]) == ("c.1799T>A", "p.Val600Glu")
    two = [*elements, element("d", "48018-6", "KRAS")]
    assert all(each.blocked or "dnaHgvs" not in each.payload for each in found(*two, report("a", "b", "c", "d")))


def test_elements_that_are_members_of_a_variant() -> None:
    members = [
        element("a", "48018-6", "BRAF"),
        element("b", "48005-3", "p.V600E"),
        element("c", "48018-6", "KRAS"),
        element("d", "48005-3", "G12C"),
    ]
    panels = [
        observation(
            "p1", (LOINC, "81250-3"), hasMember=[{"reference": "Observation/a"}, {"reference": "Observation/b"}]
        ),
        observation(
            "p2", (LOINC, "81250-3"), hasMember=[{"reference": "Observation/c"}, {"reference": "Observation/d"}]
        ),
    ]
    assert [
        (each.payload["genes"][0]["display"], each.payload["proteinHgvs"]) for each in found(*members, *panels)
    ] == [
        ("BRAF", "p.Val600Glu"),
        ("KRAS", "p.Gly12Cys"),
    ]


def test_the_report_names_panel_and_day() -> None:
    undated = variant("v", BRAF, V600E)
    del undated["effectiveDateTime"]
    told = report(
        "v", code={"text": "TruSight Oncology 500"}, effectiveDateTime="2024-03-01", issued="2024-03-09T08:00:00Z"
    )
    payload = result_of(undated, told).payload
    assert (payload["date"], payload["assessmentDate"], payload["genePanel"]) == (
        "2024-03-01",
        "2024-03-09",
        "TruSight Oncology 500",
    )
    generic = result_of(variant("v", BRAF, V600E), report("v", code={"text": "Genetic analysis report"}))
    assert "genePanel" not in generic.payload


def specimen(id: str, **subject: Any) -> JsonObject:
    return {
        "resourceType": "Specimen",
        "id": id,
        "subject": subject or {"reference": "Patient/p"},
        "collection": {"collectedDateTime": "2024-01-31"},
    }


def test_the_specimens_day_is_the_variants() -> None:
    payload = result_of(specimen("s"), variant("v", BRAF, V600E, specimen={"reference": "Specimen/s"})).payload
    assert (payload["date"], payload["assessmentDate"]) == ("2024-01-31", "2024-02-12")


@pytest.mark.parametrize("subject", [{"reference": "RelatedPerson/m"}, {"type": "RelatedPerson", "display": "mother"}])
def test_samples_of_relatives_never_reach_the_case(subject: JsonObject) -> None:
    sample = {"resourceType": "Specimen", "id": "s", "subject": subject}
    result = mapped(patient(), condition(), sample, variant("v", BRAF, V600E, specimen={"reference": "Specimen/s"}))
    assert not drafts(result, KIND)
    assert "another person" in reasons(result)["Observation/v"]
    about = variant("v", BRAF, V600E, focus=[{"reference": "RelatedPerson/m"}])
    assert not found(about)


def test_a_donors_sample_never_reaches_the_case() -> None:
    donor = patient(id="donor", identifier=[])
    sample = specimen("s", reference="Patient/donor")
    own = specimen("t")
    results = map_resources(
        [patient(), condition(), donor, sample, own, variant("v", BRAF, V600E, specimen={"reference": "Specimen/s"}),
         variant("w", EGFR, specimen={"reference": "Specimen/t"})],
        mappers=registry(), terminology=open_terminology(), options=OPTIONS,
    )  # fmt: skip
    assert [draft.key for each in results for draft in each.drafts if draft.kind == KIND] == [
        "GenomicVariant:Observation/w"
    ]


def test_copies_are_one_variant_and_the_last_corrected_one_counts() -> None:
    copies = [
        variant("a", BRAF, V600E, part("81258-6", "20%"), issued="2024-02-13T00:00:00Z"),
        variant("b", BRAF, part("48004-6", "c.1799T>A"), part("48005-3", "p.V600E"), issued="2024-02-13T00:00:00Z"),
        variant(
            "c",
            BRAF,
            part("48004-6", "NM_004333.6:c.1799T>A"),
            part("81258-6", "22%"),
            issued="2024-03-01T00:00:00Z",
            status="corrected",
        ),
        variant("d", BRAF, V600E, status="entered-in-error"),
    ]
    expected = result_of(*copies)
    assert expected.key == "GenomicVariant:Observation/a"
    assert (expected.payload["alleleFrequency"], expected.payload["dnaHgvs"]) == (0.22, "NM_004333.6:c.1799T>A")
    for order in itertools.permutations(copies):
        assert result_of(*order) == expected


def test_the_same_mutation_in_another_sample_is_another_finding() -> None:
    first = variant("a", BRAF, V600E, part("81258-6", "20%"), effectiveDateTime="2024-01-01")
    again = variant("b", BRAF, V600E, part("81258-6", "3%"), effectiveDateTime="2024-01-20")
    assert len(found(first, again)) == 2
    told_twice = variant("b", BRAF, V600E, effectiveDateTime="2024-01-20")
    assert len(found(first, told_twice)) == 1
    assert len(found(first, told_twice, genomics__same_sample_days=7)) == 2
    germline = part("48002-0", concept(LOINC, "LA6683-2"))
    assert (
        len(
            found(
                variant("a", BRAF, V600E, germline), variant("b", BRAF, V600E, germline, effectiveDateTime="2020-01-01")
            )
        )
        == 1
    )
    somatic = part("48002-0", concept(LOINC, "LA6684-0"))
    assert len(found(variant("a", BRAF, V600E, germline), variant("b", BRAF, V600E, somatic))) == 2


def test_of_pops_own_export_each_variant_is_one() -> None:
    version = part("81303-0", "21.1.2")
    assert (
        len(found(variant("a", BRAF, V600E, version), variant("b", BRAF, V600E, version), variant("c", BRAF, version)))
        == 3
    )


def test_a_line_that_names_only_the_gene_joins_its_only_variant() -> None:
    bare = variant("b", BRAF)
    assert len(found(variant("a", BRAF, V600E), bare)) == 1
    other = variant("c", BRAF, part("48005-3", "p.Gly469Ala"))
    assert len(found(variant("a", BRAF, V600E), bare, other)) == 3


def test_registries_and_unknown_results() -> None:
    finding = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/mii-cs-onko-genetische-variante-auspraegung"
    note = [{"text": "BRCA 2"}]
    other = result_of(variant("v", value=None, interpretation=[concept(finding, "S")], note=note))
    assert ("unmapped-value", "assessment") in codes(other)
    unknown = mapped(
        patient(), condition(), variant("v", value=None, interpretation=[concept(finding, "U")], note=note)
    )
    assert "does not know" in reasons(unknown)["Observation/v"]


def facts(reference: str, days: int) -> Facts:
    return Facts(
        reference,
        frozenset({"HGNC:1097"}),
        (read("p", "V600E"),),
        "present",
        "",
        None,
        "",
        parse_day(f"2024-01-{days:02}"),
        "",
        None,
    )


def test_clusters_do_not_depend_on_the_order() -> None:
    said = [facts(f"Observation/{number}", day) for number, day in enumerate((1, 3, 9, 15, 16, 30))]
    expected = {frozenset(each.reference for each in group) for group in clusters(said, 3)}
    for seed in range(20):
        random.Random(seed).shuffle(said)
        assert {frozenset(each.reference for each in group) for group in clusters(said, 3)} == expected


def test_what_tells_two_samples_apart() -> None:
    first = variant("a", BRAF, V600E, effectiveDateTime="2024-01-01")
    assert len(found(first, variant("b", BRAF, V600E, effectiveDateTime="2024-01-31"))) == 1
    assert len(found(first, variant("b", BRAF, V600E, effectiveDateTime="2024-02-01"))) == 2
    taken = [variant(id, BRAF, V600E, specimen={"reference": f"Specimen/{id}"}) for id in "ab"]
    assert len(found(*taken)) == 2


def test_one_change_of_dna_and_two_of_the_protein_are_two() -> None:
    dna = part("48004-6", "c.1799T>A")
    assert len(found(variant("a", BRAF, dna, V600E), variant("b", BRAF, dna, part("48005-3", "p.Val600Lys")))) == 2


def test_a_correction_counts_whenever_it_was_told() -> None:
    corrected = variant("a", BRAF, V600E, part("81258-6", "22%"), status="corrected", issued="2024-02-13T00:00:00Z")
    later = variant("b", BRAF, V600E, part("81258-6", "20%"), issued="2024-03-01T00:00:00Z")
    assert result_of(corrected, later).payload["alleleFrequency"] == 0.22


def test_every_read_has_it() -> None:
    draft = result_of(variant("v", BRAF, part("81258-6", {"value": 1})))
    assert draft.payload["alleleFrequency"] == 1.0
    assert "fraction-from-percent" not in assumed(draft)
