"""Which ICD-10 codes count as comorbidities in the panels that POP scores (``comorbidity_panels.json`` names the publications)."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import orjson

PANELS = ("Charlson", "Elixhauser", "NCI")


@lru_cache(maxsize=1)
def _prefixes() -> dict[str, tuple[str, ...]]:
    panels = orjson.loads((files("mappers") / "comorbidity_panels.json").read_bytes())["panels"]
    return {
        name: tuple(sorted({code.replace(".", "") for codes in panels[name].values() for code in codes}))
        for name in PANELS
    }


def counts(panel: str, code: str) -> bool:
    """True if the ICD-10 code, or the category above it, is one of the panel's conditions."""
    return code.replace(".", "").startswith(_prefixes()[panel])
