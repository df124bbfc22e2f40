from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappers.icd10 import read_icd10


@pytest.mark.parametrize(
    ("code", "topography", "morphology", "behaviour"),
    [
        ("C50.4", "C50.4", None, "malignant"),
        ("C504", "C50.4", None, "malignant"),
        ("C50.912", "C50.9", None, "malignant"),
        ("C61", "C61.9", None, "malignant"),
        ("C56.1", "C56.9", None, "malignant"),
        ("C64.2", "C64.9", None, "malignant"),
        ("C43.52", "C44.5", "8720/3", "malignant"),
        ("D03.51", "C44.5", "8720/2", "in-situ"),
        ("D05.12", "C50.9", "8500/2", "in-situ"),
        ("C22.1", "C22.1", "8160/3", "malignant"),
        ("C45.0", "C38.4", "9050/3", "malignant"),
        ("C78.7", "C22.0", None, "metastatic"),
        ("C79.31", "C71.9", None, "metastatic"),
        ("C79.52", "C42.1", None, "metastatic"),
        ("C77.3", "C77.3", None, "metastatic"),
        ("C90.00", "C42.1", "9732/3", "malignant"),
        ("C91.10", "C42.1", "9823/3", "malignant"),
        ("C83.3", "C77.9", "9680/3", "malignant"),
        ("C26.1", "C42.2", None, "malignant"),
        ("D47.3", "C42.1", "9962/3", "malignant"),
        ("D12.6", None, None, "benign"),
        ("D37.5", None, None, "uncertain"),
    ],
)
def test_what_a_code_says(code: str, topography: str | None, morphology: str | None, behaviour: str) -> None:
    found = read_icd10(code)
    assert found is not None
    assert (found.topography, found.morphology, found.behaviour) == (topography, morphology, behaviour)


@pytest.mark.parametrize(
    ("code", "side"),
    [
        ("C50.911", "24028007"), ("C50.912", "7771000"), ("C50.919", None), ("C34.11", "24028007"), ("C34.12", "7771000"),
        ("C56.2", "7771000"), ("C56.3", "51440002"), ("C64.1", "24028007"), ("C18.2", None), ("C61", None), ("C62.12", "7771000"),
        ("D05.11", "24028007"),
    ],
)  # fmt: skip
def test_sides_of_the_clinical_modification(code: str, side: str | None) -> None:
    found = read_icd10(code, clinical_modification=True)
    assert found is not None
    assert found.laterality == side
    plain = read_icd10(code)
    assert plain is not None
    assert plain.laterality is None


@pytest.mark.parametrize("code", ["Z85.3", "Z80.3", "D50.9", "E11", "R97.2", "", "C", "C5", "8500/3", "C50.91234567"])
def test_what_is_no_neoplasm(code: str) -> None:
    assert read_icd10(code) is None


@given(st.from_regex(r"[CD][0-9][0-9A-B](\.[0-9]{1,4})?", fullmatch=True))
def test_every_topography_is_an_icd_o_code(code: str) -> None:
    found = read_icd10(code, clinical_modification=True)
    if found is not None and found.topography is not None:
        assert found.topography[0] == "C"
        assert found.topography[3] == "."
        assert found.topography[1:3].isdigit()
