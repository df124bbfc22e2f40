"""Value lists of the sandbox POP: the packaged few that the fixtures need, or a folder with a full set."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]

ICD_O = "http://terminology.hl7.org/CodeSystem/icd-o-3-"


class Terms:
    """Concepts by terminology and (system, code). ``hides`` (terminology, code) tells which of them are missing now."""

    def __init__(self, folder: Path | None = None, *, hides: Callable[[str, str], bool] = lambda *_: False) -> None:
        self._hides = hides
        self._codes: dict[str, dict[str, JsonObject]] = {}
        self.lists: dict[str, dict[tuple[str, str], JsonObject]] = {}
        source = folder if folder is not None else files("adapters.sandbox.pop").joinpath("terminologies")
        for entry in sorted(source.iterdir(), key=lambda item: item.name):
            if not entry.name.endswith(".json") or entry.name == "index.json":
                continue
            # The full set splits one long list over two files: Gene-1.json, Gene-2.json.
            name = re.sub(r"-\d+$", "", entry.name.removesuffix(".json"))
            concepts = self.lists.setdefault(name, {})
            for item in json.loads(entry.read_text(encoding="utf-8")):
                # Observed: a concept without synonyms of its own lists its display as the only one, one of ICD-O at the end.
                synonyms = item.get("synonyms") or []
                if not synonyms or item["system"].startswith(ICD_O):
                    synonyms = [*synonyms, item.get("display")]
                concepts[item["system"], item["code"]] = {
                    "code": item["code"],
                    "system": item["system"],
                    "display": item.get("display"),
                    "version": item.get("version"),
                    "synonyms": synonyms,
                    "properties": item.get("properties"),
                }

    def find(self, terminology: str, system: str, code: str) -> JsonObject | None:
        """The concept as the list has it, or None."""
        return None if self._hides(terminology, code) else self.lists.get(terminology, {}).get((system, code))

    def coded(self, terminology: str, code: str) -> JsonObject | None:
        """The concept with this code, of whatever system, or None."""
        codes = self._codes.get(terminology)
        if codes is None:
            codes = self._codes[terminology] = {each["code"]: each for each in self.lists.get(terminology, {}).values()}
        return codes.get(code)

    def concepts(self, terminology: str) -> list[JsonObject]:
        """A whole list, in its order."""
        return [each for each in self.lists.get(terminology, {}).values() if not self._hides(terminology, each["code"])]


def searched(concepts: list[JsonObject], wanted: str) -> list[JsonObject]:
    """Concepts with the text in their code, display or synonyms, by POP's score: where it is found, and how short they are."""
    text = wanted.lower()
    found = []
    for concept in concepts:
        display = concept["display"] or ""
        hits = (
            10 * (text in concept["code"].lower()),
            5 * (text in display.lower()),
            any(text in synonym.lower() for synonym in concept["synonyms"]),
        )
        if any(hits):
            # The position counts from one, and is that of the very spelling.
            found.append((sum(hits) - (display.find(wanted) + 1) - len(display), concept))
    return [concept for _, concept in sorted(found, key=lambda item: -item[0])]
