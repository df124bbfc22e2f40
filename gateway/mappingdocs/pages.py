"""All pages, from folders of records: adjudicated patients (which name their dialect) or plain FHIR."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from adapters.pop.kinds import KINDS
from gateway.mappingdocs import index, kindpage
from gateway.mappingdocs.evidence import collect
from mappers.registry import load
from mappers.terminology import Terminology

#: What only this dialect has in its profiles, extensions or code systems; the first that is found decides.
_MARKS = (
    ("pop", b"onconova.github.io/fhir/"),
    ("mii", b"medizininformatik-initiative.de/"),
    ("mii", b"fhir.de/CodeSystem/"),
    ("mcode", b"hl7.org/fhir/us/mcode/"),
)
#: With these, every kind that a site could write shows: no page depends on a site.
_OPTIONS = {"patient.clinical-center": "The clinical centre", "therapy-line.write": True}


def pages(folders: Iterable[Path]) -> dict[str, str]:
    """Path below ``docs`` → text."""
    registry = load()
    evidence = collect(_records(folders), registry=registry, terminology=Terminology(), options=_OPTIONS)
    writers = {kind: mapper for mapper in registry.mappers for kind in mapper.produces}
    written = {"mapping.md": index.page(registry.describe(), KINDS, evidence)}
    for name, kind in KINDS.items():
        mapper = writers.get(name)
        options = evidence.options.get(mapper.name, {}) if mapper is not None else {}
        written[f"mapping/{name}.md"] = kindpage.page(kind, mapper, evidence.kinds.get(name), options)
    return written


def _records(folders: Iterable[Path]) -> Iterator[tuple[str, list[Any]]]:
    for folder in folders:
        for path in sorted(folder.glob("*.json")):
            raw = path.read_bytes()
            document = orjson.loads(raw)
            if isinstance(document, dict) and "dialect" in document:
                yield document["dialect"], [document["bundle"]]
            else:
                yield dialect_of(raw), document if isinstance(document, list) else [document]


def dialect_of(raw: bytes) -> str:
    """The dialect of a record by its content; what has no guide's mark is a vendor's."""
    return next((dialect for dialect, mark in _MARKS if mark in raw), "us-core")
