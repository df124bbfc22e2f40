from __future__ import annotations

from typing import Any

import pytest
from mapper_records import SNOMED, assumed, codes, concept, condition, mapped, observation, only, patient

from mappers.stagings.stage_tables import stage_group

CT, CN, CM = (SNOMED, "399504009"), (SNOMED, "399534004"), (SNOMED, "399387003")


def _tumour(site: str, histology: str = "8140/3") -> dict[str, Any]:
    return {"topography": {"code": site}, "morphology": {"code": histology}}


@pytest.mark.parametrize(
    ("site", "categories", "stage"),
    [
        ("C50.4", ("pT1c", "pN0", "cM0"), "IA"),
        ("C50.4", ("pT1c", "pN1mi", "cM0"), "IB"),
        ("C50.4", ("cT2", "cN1", "cM0"), "IIB"),
        ("C50.4", ("ypT3", "ypN1a", "cM0"), "IIIA"),
        ("C50.4", ("cT4b", "cN0", "cM0"), "IIIB"),
        ("C50.4", ("cT2", "cN3a", "cM0"), "IIIC"),
        ("C50.4", ("cT2", "cN1", "cM1"), "IV"),
        ("C18.7", ("pT3", "pN0", "cM0"), "IIA"),
        ("C18.7", ("pT4b", "pN0", "cM0"), "IIC"),
        ("C18.7", ("pT1", "pN2a", "cM0"), "IIIA"),
        ("C20.9", ("pT4a", "pN2a", "cM0"), "IIIC"),
        ("C19.9", ("pT2", "pN2b", "cM0"), "IIIB"),
        ("C18.7", ("pT3", "pN1", "cM1a"), "IVA"),
        ("C34.1", ("cT1c", "cN0", "cM0"), "IA3"),
        ("C34.1", ("cT1mi", "cN0", "cM0"), "IA1"),
        ("C34.1", ("cT2b", "cN1", "cM0"), "IIB"),
        ("C34.1", ("cT4", "cN1", "cM0"), "IIIA"),
        ("C34.1", ("cT3", "cN3", "cM0"), "IIIC"),
        ("C34.1", ("cT3", "cN3", "cM1c"), "IVB"),
        ("C34.1", ("cT2", "cN0", "cM0"), None),
        ("C18.7", ("pT4", "pN0", "cM0"), None),
        ("C34.1", ("cTX", "cN0", "cM0"), None),
        ("C18.7", ("pT3", "pNX", "cM0"), None),
        ("C61.9", ("pT2", "pN0", "cM0"), None),
    ],
)
def test_published_groups(site: str, categories: tuple[str, str, str], stage: str | None) -> None:
    assert stage_group(_tumour(site), *categories) == stage


@pytest.mark.parametrize(("site", "histology"), [("C34.1", "8720/3"), ("C50.4", "9680/3"), ("C18.7", "8240/3")])
def test_other_histologies_have_other_tables(site: str, histology: str) -> None:
    assert stage_group(_tumour(site, histology), "cT2", "cN1", "cM0") is None


@pytest.mark.parametrize(
    ("site", "primaries", "nodes"),
    [
        ("C50.9", "T1 T1mi T1a T1b T1c T2 T3 T4 T4a T4d", "N0 N1mi N1 N1a N2 N2b N3 N3c"),
        ("C18.9", "T1 T2 T3 T4a T4b", "N0 N1 N1a N1c N2a N2b"),
        ("C34.9", "T1mi T1a T1b T1c T2a T2b T3 T4", "N0 N1 N2 N3"),
    ],
)
def test_every_full_set_has_exactly_one_stage(site: str, primaries: str, nodes: str) -> None:
    # Breast T2 and higher with micrometastases are staged as N1.
    open_sets = [
        (primary, node) for primary in primaries.split() for node in nodes.split()
        if stage_group(_tumour(site), primary, node, "M0") is None
    ]  # fmt: skip
    assert open_sets == []


def _categories() -> list[dict[str, Any]]:
    return [
        observation("t", CT, valueCodeableConcept=concept(SNOMED, "1228929004")),
        observation("n", CN, valueCodeableConcept=concept(SNOMED, "1229973008")),
        observation("m", CM, valueCodeableConcept=concept(SNOMED, "1229901006")),
    ]


def test_only_where_the_site_switches_it_on() -> None:
    waiting = only(mapped(patient(), condition(), *_categories()), "TNMStaging")
    assert ("missing-required", "stage") in codes(waiting)
    derived = only(mapped(patient(), condition(), *_categories(), tnm__stage_from_tables=True), "TNMStaging")
    assert derived.payload["stage"]["display"] == "AJCC Stage IIB"
    assert "stage-from-table" in assumed(derived)
    assert derived.key == waiting.key
    assert not derived.blocked


def test_a_stated_stage_is_never_replaced() -> None:
    group = observation("s", (SNOMED, "399537006"), valueCodeableConcept={"text": "Stage IIIA"})
    draft = only(mapped(patient(), condition(), group, *_categories(), tnm__stage_from_tables=True), "TNMStaging")
    assert draft.payload["stage"]["display"] == "AJCC Stage IIIA"
