"""ICD-9-CM: every entry of the tables is a code, and means a site or histology of ICD-O."""

from __future__ import annotations

import re

import pytest

from mappers import icd9
from mappers.icd9 import read_icd9


@pytest.mark.parametrize("table", ["_SITES", "_HISTOLOGIES", "_NOT_NODAL"])
def test_the_tables_hold_codes(table: str) -> None:
    for code, meaning in getattr(icd9, table).items():
        assert re.fullmatch(r"(1[4-9]|2[0-3])\d(\.\d{1,2})?", code), code
        assert re.fullmatch(r"C\d\d\.\d" if meaning.startswith("C") else r"\d{4}/[236]", meaning), code


@pytest.mark.parametrize(
    ("code", "site"),
    [
        ("194.0", "C74.9"), ("194.9", "C75.9"), ("1749", "C50.9"), ("188.4", "C67.4"), ("202.83", "C77.2"), ("173.31", "C44.3"),
        ("162.5", "C34.3"), ("201.90", "C77.9"), ("202.14", "C44.9"),
    ],
)  # fmt: skip
def test_sites(code: str, site: str) -> None:
    found = read_icd9(code)
    assert found is not None
    assert found.topography == site


@pytest.mark.parametrize("code", ["V10.3", "139.8", "401.9", "E930.7", ""])
def test_what_is_no_neoplasm(code: str) -> None:
    assert read_icd9(code) is None
