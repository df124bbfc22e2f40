"""``python -m gateway.mappingdocs FOLDER RECORDS…``: write ``mapping.md`` and ``mapping/*.md`` into a folder (``make docs``)."""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.mappingdocs.pages import pages


def main(folder: Path, records: list[Path]) -> None:
    """Write all pages, and remove those of kinds that are no more."""
    written = pages(records)
    (folder / "mapping").mkdir(exist_ok=True)
    for stale in (folder / "mapping").glob("*.md"):
        if f"mapping/{stale.name}" not in written:
            stale.unlink()
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: python -m gateway.mappingdocs FOLDER FOLDER_OF_RECORDS…")
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
