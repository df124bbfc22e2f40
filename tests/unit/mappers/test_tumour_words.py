from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapper_records import ICD_10_CM, SNOMED, assumed, condition, mapped, only, patient

from mappers.tumour_words import Named, read_words

LEFT, RIGHT = "7771000", "24028007"


@pytest.mark.parametrize(
    ("text", "site", "morphology", "side"),
    [
        ("Squamous cell carcinoma of right tonsil", "C09.9", "8070/3", RIGHT),
        ("Invasive ductal carcinoma of left breast, stage 2 (HCC)", "C50.4", "8500/3", LEFT),
        ("Embryonal rhabdomyosarcoma, left cheek", "C49.0", "8910/3", LEFT),
        ("High grade serous carcinoma of left ovary (CMS/HCC)", "C56.9", "8461/3", LEFT),
        ("Superficial spreading melanoma, right calf", "C44.7", "8743/3", RIGHT),
        # The right colon is no side of a paired organ.
        ("Adenocarcinoma of right colon", "C18.9", "8140/3", None),
        # A name of another organ, a doubt, a metastasis: nothing is taken.
        ("Adenocarcinoma of lung", "C18.7", None, None),
        ("History of squamous cell carcinoma of right tonsil", "C09.9", None, None),
        ("Adenocarcinoma vs lymphoma of right lung", "C34.9", None, None),
        ("Metastatic adenocarcinoma of left lung", "C34.9", None, None),
        ("Breast cancer", "C50.9", None, None),
        ("Adenocarcinoma", "", None, None),
    ],
)
def test_what_words_add(text: str, site: str, morphology: str | None, side: str | None) -> None:
    assert read_words(text, site) == Named(morphology, side)


@given(st.text(max_size=60), st.sampled_from(["", "C50.9", "C18.7", "C77.9"]))
def test_any_text_is_read(text: str, site: str) -> None:
    read_words(text, site)


def test_a_name_completes_its_codes() -> None:
    code = {"coding": [{"system": ICD_10_CM, "code": "C18.7"}], "text": "Adenocarcinoma of sigmoid colon"}
    draft = only(mapped(patient(), condition(code=code)), "NeoplasticEntity")
    assert draft.payload["morphology"]["code"] == "8140/3"
    assert "morphology-from-words" in assumed(draft)
    assert draft.sources["morphology"][0].element == "code.text"


def test_a_coded_histology_stays() -> None:
    codings = [
        {"system": ICD_10_CM, "code": "C50.412"},
        {"system": SNOMED, "code": "408643008", "display": "Infiltrating duct carcinoma of breast"},
    ]
    code = {"coding": codings, "text": "Invasive lobular carcinoma of left breast"}
    draft = only(mapped(patient(), condition(code=code)), "NeoplasticEntity")
    assert draft.payload["morphology"]["code"] == "8500/3"
