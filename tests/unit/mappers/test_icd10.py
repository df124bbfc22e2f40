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
        ("D47.5", "C42.1", "9964/3", "malignant"),
        ("C82.1", "C77.9", "9691/3", "malignant"),
        ("C84.0", "C44.9", "9700/3", "malignant"),
        ("C88.0", "C42.0", "9761/3", "malignant"),
        ("C92.1", "C42.1", "9875/3", "malignant"),
        ("C7A.025", "C18.7", "8240/3", "malignant"),
        ("C7B.02", "C22.0", None, "metastatic"),
        ("C49.A2", "C16.9", "8936/3", "malignant"),
        ("C46.9", "C44.9", "9140/3", "malignant"),
        ("C44.3", "C44.3", None, "malignant"),
        ("D06", "C53.9", "8010/2", "in-situ"),
        ("D05.9", "C50.9", "8010/2", "in-situ"),
        ("D3A.020", None, None, "benign"),
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
        ("D05.11", "24028007"), ("C44.612", "24028007"), ("C44.619", "7771000"), ("C44.611", None), ("C44.311", None),
        ("C44.1122", "24028007"), ("C44.1192", "7771000"), ("C44.222", "24028007"), ("C43.112", "24028007"), ("C46.52", "7771000"),
        ("C4A.61", "24028007"), ("C79.63", "51440002"), ("D04.72", "7771000"),
    ],
)  # fmt: skip
def test_sides_of_the_clinical_modification(code: str, side: str | None) -> None:
    found = read_icd10(code, clinical_modification=True)
    assert found is not None
    assert found.laterality == side
    plain = read_icd10(code)
    assert plain is not None
    assert plain.laterality is None


@pytest.mark.parametrize(
    ("code", "topography", "morphology"),
    [
        ("C44.311", "C44.3", "8090/3"), ("C44.622", "C44.6", "8070/3"), ("C44.90", "C44.9", None), ("C81.11", "C77.0", "9663/3"),
        ("C83.38", "C77.8", "9680/3"), ("C85.97", "C42.2", "9591/3"), ("C83.39", "C80.9", "9680/3"), ("C81.1A", "C77.9", "9663/3"),
        ("C84.08", "C44.9", "9700/3"), ("C82.10", "C77.9", "9691/3"),
    ],
)  # fmt: skip
def test_what_only_the_clinical_modification_says(code: str, topography: str, morphology: str | None) -> None:
    found = read_icd10(code, clinical_modification=True)
    assert found is not None
    assert (found.topography, found.morphology) == (topography, morphology)


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
