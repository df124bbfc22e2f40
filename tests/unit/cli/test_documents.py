"""Reading FHIR files for commands without a store."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from gateway.cli.documents import read
from gateway.errors import BadInput


def test_resources_ndjson_gzip_and_folders(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"id": "a"}')
    (tmp_path / "deep" / "b.ndjson").write_text('{"id": "b1"}\n\n{"id": \n{"id": "b3"}\n', encoding="utf-8")
    (tmp_path / "c.json.gz").write_bytes(gzip.compress(b'{"id": "c"}'))
    (tmp_path / "d.json.gz").write_bytes(gzip.compress(b'{"id": "d"}')[:-6])
    (tmp_path / "readme.txt").write_text("no", encoding="utf-8")
    found = read([tmp_path])
    assert [each["id"] for each in found.found] == ["a", "c", "b1", "b3"]
    assert [(path.name, line) for path, line, _ in found.refused] == [("d.json.gz", 0), ("b.ndjson", 3)]


def test_a_path_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read([tmp_path / "missing.json"])
