"""Reading FHIR files for commands that need no store: resources, Bundles, NDJSON, gzip, folders."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import BadInput

SUFFIXES = (".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz")


@dataclass(slots=True)
class Documents:
    """Parsed documents, and what could not be read: (file, line or 0, reason). Nothing of the content is quoted."""

    found: list[Any] = field(default_factory=list)
    refused: list[tuple[Path, int, str]] = field(default_factory=list)


def read(paths: Iterable[Path]) -> Documents:
    """Read all files. Raises BadInput for a path that does not exist; a bad file or line is listed in ``refused``."""
    documents = Documents()
    for file in files(paths):
        try:
            raw = file.read_bytes()
            if raw[:2] == b"\x1f\x8b":
                raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            documents.refused.append((file, 0, f"cannot be read ({type(error).__name__})"))
            continue
        for line, text in _parts(file, raw):
            try:
                documents.found.append(orjson.loads(text))
            except orjson.JSONDecodeError:
                documents.refused.append((file, line, "is not JSON; FHIR XML must be converted first"))
    return documents


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and those in the folders named, sorted. Raises BadInput for a path that does not exist."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_file() and each.name.endswith(SUFFIXES))
        elif path.exists():
            yield path
        else:
            raise BadInput(f"{path}: there is no such file or folder")


def _parts(file: Path, raw: bytes) -> Iterator[tuple[int, bytes]]:
    if ".ndjson" in file.suffixes or ".jsonl" in file.suffixes:
        for number, line in enumerate(raw.splitlines(), start=1):
            if line.strip():
                yield number, line
    else:
        yield 0, raw.removeprefix(b"\xef\xbb\xbf")
