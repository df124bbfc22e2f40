from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappers.terminology.neoplasm_names import NeoplasmName, read_name


@pytest.mark.parametrize(
    ("display", "expected"),
    [
        (
            "Malignant neoplasm of upper outer quadrant of left female breast (disorder)",
            NeoplasmName("C50.4", None, "7771000"),
        ),
        ("Primary malignant neoplasm of prostate (disorder)", NeoplasmName("C61.9", None, None)),
        ("Infiltrating duct carcinoma of breast (disorder)", NeoplasmName("C50.9", "8500/3", None)),
        ("Adenocarcinoma of sigmoid colon", NeoplasmName("C18.7", "8140/3", None)),
        ("Primary adenocarcinoma of colon (disorder)", NeoplasmName("C18.9", "8140/3", None)),
        ("Primary malignant neoplasm of lower lobe of right lung", NeoplasmName("C34.3", None, "24028007")),
        ("Secondary malignant neoplasm of liver (disorder)", NeoplasmName("C22.0", None, None)),
        ("Metastatic malignant neoplasm to bone (disorder)", NeoplasmName("C41.9", None, None)),
        ("Multiple myeloma (disorder)", NeoplasmName("C42.1", "9732/3", None)),
        ("Renal cell carcinoma (disorder)", NeoplasmName("C64.9", "8312/3", None)),
        ("Lung cancer", NeoplasmName("C34.9", None, None)),
        ("Malignant melanoma of skin", NeoplasmName("C44.9", "8720/3", None)),
        ("Small cell carcinoma of lung (disorder)", NeoplasmName("C34.9", "8041/3", None)),
        ("Carcinoma in situ of left breast (disorder)", NeoplasmName("C50.9", "8010/2", "7771000")),
        ("Ascending colon structure (body structure)", NeoplasmName("C18.2", None, None)),
        ("Structure of upper lobe of left lung", NeoplasmName("C34.1", None, "7771000")),
        ("Structure of upper-outer quadrant of right breast", NeoplasmName("C50.4", None, "24028007")),
        ("Entire prostate", NeoplasmName("C61.9", None, None)),
        ("Adenocarcinoma, no subtype, intermediate grade", NeoplasmName(None, "8140/3", None)),
        ("Infiltrating duct carcinoma, metastatic (morphologic abnormality)", NeoplasmName(None, "8500/6", None)),
    ],
)
def test_names(display: str, expected: NeoplasmName) -> None:
    assert read_name(display) == expected


@pytest.mark.parametrize(
    "display",
    [
        "Metastasis from malignant tumor of breast (disorder)", "History of malignant neoplasm of breast",
        "Family history of malignant neoplasm of breast", "Benign neoplasm of breast", "Dysplasia in situ of breast",
        "Malignant neoplasm of the moon", "Disorder of lung", "Overlapping malignant melanoma", "",
    ],
)  # fmt: skip
def test_what_is_not_understood_says_nothing(display: str) -> None:
    assert read_name(display) is None


@given(st.text(max_size=60))
def test_any_text_is_read_without_harm(text: str) -> None:
    found = read_name(text)
    assert found is None or isinstance(found, NeoplasmName)
    assert read_name(f"{text} qqq of xyzzy") is None
