"""POP's comorbidity panels and their scores (``comorbidity_panels.json`` names the publications)."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

JsonObject = dict[str, Any]


@cache
def panels() -> dict[str, list[JsonObject]]:
    """Panel → its categories, in POP's order: ``label``, ``default``, ``codes``, ``weight``."""
    text = files("adapters.sandbox.pop").joinpath("comorbidity_panels.json").read_text(encoding="utf-8")
    found: dict[str, list[JsonObject]] = json.loads(text)["panels"]
    return found


@cache
def _weights(panel: str) -> dict[str, float]:
    """Code → the weight of the first category that has it."""
    found: dict[str, float] = {}
    for category in panels()[panel]:
        if category["weight"] is not None:
            found |= {code: category["weight"] for code in category["codes"] if code not in found}
    return found


def score(row: JsonObject) -> float | None:
    """The score of an assessment; None without a panel."""
    if row.get("panel") is None:
        return None
    weights = _weights(row["panel"])
    return float(sum(weights.get(condition["code"], 0) for condition in row["presentConditions"]))
