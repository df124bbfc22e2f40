"""Approved pages: what ``pop-gateway map --sources`` tells of every published and every adjudicated patient, one file each.

A page that changed is read by a person, and approved with ``pytest tests/unit/mappers/test_approved.py --snapshot-update``. The
published examples are not of this project: their pages hold codes, displays and references of them, no sentences.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from adjudicated.scoring import patients
from mapper_records import OPTIONS, open_terminology, registry
from rich.console import Console

from gateway.cli.outlines import show_mapping
from mappers.record import MappingResult, map_resources
from mappers.terminology import Terminology

APPROVED = Path(__file__).parent / "approved"
#: Published sets of examples, below the shared material; each may hold many patients.
PUBLISHED = {
    "mcode-stu3": "fhir/examples/mcode-stu3",
    "mcode-stu4": "fhir/examples/mcode-stu4",
    "us-core-6.1.0": "fhir/examples/us-core-6.1.0",
    "genomics-reporting-stu2": "fhir/examples/genomics-reporting-stu2",
    "hl7-r4-examples": "fhir/examples/hl7-r4-examples",
    "pop-breast-her2": "pop/fhir-export/breast-her2",
    "pop-cervix-figo": "pop/fhir-export/cervix-figo",
    "pop-cll-richter": "pop/fhir-export/cll-richter",
    "pop-melanoma-acral": "pop/fhir-export/melanoma-acral",
    "pop-neuroblastoma-a": "pop/fhir-export/neuroblastoma-a",
    "pop-prostate-myeloma": "pop/fhir-export/prostate-myeloma",
}
_WIDTH = 110


def _pages(documents: list[Any], terminology: Terminology) -> Iterator[tuple[str, str]]:
    """(patient, page): of the patients who became cases; of the others together, what became of their resources."""
    results = map_resources(documents, mappers=registry(), terminology=terminology, options=OPTIONS)
    others: list[MappingResult] = []
    for result in results:
        if result.drafts and result.patient is not None:
            yield re.sub(r"[^A-Za-z0-9.-]", "-", result.patient.removeprefix("Patient/")), _page(result)
        else:
            others.append(result)
    if others:
        coverage = tuple(each for result in others for each in result.coverage)
        yield "_no-case", _page(MappingResult(None, coverage=coverage))


def _page(result: MappingResult) -> str:
    console = Console(file=StringIO(), width=_WIDTH, highlight=False, color_system=None)
    show_mapping(console, [result], sources=True)
    written: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in written.strip().splitlines()) + "\n"


def _approve(pages: dict[str, str], folder: Path, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--snapshot-update"):
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.txt"):
            path.unlink()
        for name, page in pages.items():
            (folder / f"{name}.txt").write_text(page, encoding="utf-8")
    approved = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.txt")}
    changes: list[str] = []
    for name in sorted(pages.keys() | approved.keys()):
        old, new = approved.get(name, "").splitlines(), pages.get(name, "").splitlines()
        changes += difflib.unified_diff(old, new, f"approved {name}", f"now {name}", lineterm="", n=1)
    assert not changes, "\n".join([*changes[:200], "read, and approve with --snapshot-update"])


def test_adjudicated_patients(request: pytest.FixtureRequest) -> None:
    pages: dict[str, str] = {}
    for patient in patients():
        mapped = dict(_pages([patient.bundle], open_terminology()))
        pages[patient.name] = "\n".join(mapped[name] for name in sorted(mapped))
    _approve(pages, APPROVED / "adjudicated", request)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_examples(name: str, shared: Path, request: pytest.FixtureRequest) -> None:
    paths = sorted((shared / PUBLISHED[name]).glob("*.json"))
    documents = [
        document for path in paths if not path.name.startswith("INDEX")
        # POP's own bundle repeats the single resources.
        and not (name.startswith("pop-") and path.name.startswith("Bundle"))
        and "resourceType" in (document := orjson.loads(path.read_bytes()))
    ]  # fmt: skip
    _approve(dict(_pages(documents, open_terminology())), APPROVED / name, request)
