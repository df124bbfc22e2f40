"""Stage groups from T, N and M, by published tables: only where a site switches it on (option ``tnm.stage-from-tables``).

AJCC Cancer Staging Manual, 8th edition, anatomic stage groups of breast (chapter 48), of colon and rectum (chapter 20, the
groups that it shares with the 7th) and of lung (chapter 36), as the MSD Manual (breast), Medscape (colon) and NCCN's patient
guideline (lung) print them. A row names the least that it needs: ``T1`` is T1, T1a, T1mi…; where a table needs a letter that
the source does not state (lung T2 N0, colon T4 N0), nothing is derived.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mappers.protocol import JsonObject

Row = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows (stage, T, N, M) as regular expressions, for tumours of a site and histology."""

    site: re.Pattern[str]
    histology: re.Pattern[str]
    rows: tuple[Row, ...]


_CARCINOMA = re.compile(r"8(?:0\d|[1-4]\d|5[0-7])\d/")
_COLON_CARCINOMA = re.compile(r"(?!824)8(?:0\d|[1-4]\d|5[0-7])\d/")

_BREAST: tuple[Row, ...] = (
    ("0", "Tis", "N0", "M0"), ("IA", "T1", "N0", "M0"),
    ("IB", "T0|T1", "N1mi", "M0"), ("IIA", "T0|T1", "N1(?!mi)", "M0"), ("IIA", "T2", "N0", "M0"),
    ("IIB", "T2", "N1", "M0"), ("IIB", "T3", "N0", "M0"), ("IIIA", "T[0-2]", "N2", "M0"), ("IIIA", "T3", "N[12]", "M0"),
    ("IIIB", "T4", "N[0-2]", "M0"), ("IIIC", "T[0-4]", "N3", "M0"), ("IV", "T", "N", "M1"),
)  # fmt: skip
_COLON: tuple[Row, ...] = (
    ("0", "Tis", "N0", "M0"), ("I", "T[12]", "N0", "M0"), ("IIA", "T3", "N0", "M0"), ("IIB", "T4a", "N0", "M0"),
    ("IIC", "T4b", "N0", "M0"), ("IIIA", "T[12]", "N1", "M0"), ("IIIA", "T1", "N2a", "M0"), ("IIIB", "T3|T4a", "N1", "M0"),
    ("IIIB", "T[23]", "N2a", "M0"), ("IIIB", "T[12]", "N2b", "M0"), ("IIIC", "T4a", "N2a", "M0"), ("IIIC", "T3|T4a", "N2b", "M0"),
    ("IIIC", "T4b", "N[12]", "M0"), ("IVA", "T", "N", "M1a"), ("IVB", "T", "N", "M1b"),
)  # fmt: skip
_LUNG: tuple[Row, ...] = (
    ("0", "Tis", "N0", "M0"), ("IA1", "T1(?:mi|a)", "N0", "M0"), ("IA2", "T1b", "N0", "M0"), ("IA3", "T1c", "N0", "M0"),
    ("IB", "T2a", "N0", "M0"), ("IIA", "T2b", "N0", "M0"), ("IIB", "T[12]", "N1", "M0"), ("IIB", "T3", "N0", "M0"),
    ("IIIA", "T[12]", "N2", "M0"), ("IIIA", "T3", "N1", "M0"), ("IIIA", "T4", "N[01]", "M0"), ("IIIB", "T[12]", "N3", "M0"),
    ("IIIB", "T[34]", "N2", "M0"), ("IIIC", "T[34]", "N3", "M0"), ("IVA", "T", "N", "M1[ab]"), ("IVB", "T", "N", "M1c"),
)  # fmt: skip
TABLES = (
    Table(re.compile(r"C50"), _CARCINOMA, _BREAST),
    Table(re.compile(r"C18|C19|C20"), _COLON_CARCINOMA, _COLON),
    Table(re.compile(r"C34"), _CARCINOMA, _LUNG),
)


def stage_group(tumour: JsonObject, primary: str, nodes: str, metastases: str) -> str | None:
    """``IIB`` for a tumour (POP's payload) and its categories as POP names them (``pT2``, ``cN1``, ``cM0``); None if no table
    has the tumour, or the categories leave more than one stage open."""
    site, histology = _code(tumour, "topography"), _code(tumour, "morphology")
    table = next((each for each in TABLES if each.site.match(site) and each.histology.match(histology)), None)
    if table is None:
        return None
    stated = [re.sub(r"^[yracp]+", "", each) for each in (primary, nodes, metastases)]
    found = {
        stage for stage, *row in table.rows
        if all(re.match(f"(?:{pattern})", each) for pattern, each in zip(row, stated, strict=True))
    }  # fmt: skip
    return found.pop() if len(found) == 1 else None


def _code(tumour: JsonObject, field: str) -> str:
    concept = tumour.get(field)
    return str(concept.get("code")) if isinstance(concept, dict) else ""
