"""The mapping page is what the mappers say today."""

from __future__ import annotations

from pathlib import Path

from gateway.mapperdocs import page
from mappers.registry import load


def test_the_mapping_page_is_up_to_date() -> None:
    written = (Path(__file__).parents[3] / "docs" / "mapping.md").read_text(encoding="utf-8")
    assert written == page(load().describe()), "run `make docs`"
