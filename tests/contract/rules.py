"""The recorded rules: what makes POP refuse a write, and what it stores although it is doubtful (``constraints.json``)."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any

from contract.comparing import one_line
from contract.target import SHARED

JsonObject = dict[str, Any]
#: The messages were recorded up to this length.
LONGEST_MESSAGE = 600


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; ``read_back`` only of what is stored although doubtful."""

    entity: str
    name: str
    status: int
    message: str | None
    example: JsonObject
    read_back: JsonObject | None

    @property
    def step(self) -> tuple[str, str] | None:
        """(transcript, step) that shows it; None: the example has the changed fields."""
        if "transcript" not in self.example:
            return None
        return self.example["transcript"].removesuffix(".json"), self.example["step"]

    def told(self, status: int, body: Any) -> tuple[str, str]:
        """(expected, got) as status and message."""
        got = one_line(status, body)[:LONGEST_MESSAGE] if self.message is not None else ""
        return f"{self.status} {self.message or ''}", f"{status} {got}"


@cache
def rules() -> tuple[Rule, ...]:
    """All of them. Raises FileNotFoundError where the shared material is absent."""
    document = json.loads((SHARED / "pop/constraints.json").read_text(encoding="utf-8"))
    refused = (
        Rule(item["entity"], item["rule"], item["status"], item["message"], item["example"], None)
        for item in document["rules"]
    )
    stored = (
        Rule(item["entity"], item["notARule"], item["status"], None, item["example"], item["readBack"])
        for item in document["acceptedAlthoughDoubtful"]
    )
    return (*refused, *stored)


@cache
def by_step() -> dict[tuple[str, str], list[Rule]]:
    """Rules by the step of a transcript that shows them."""
    found: dict[tuple[str, str], list[Rule]] = defaultdict(list)
    for rule in rules():
        if rule.step is not None:
            found[rule.step].append(rule)
    return found


@cache
def by_entity() -> dict[str, list[Rule]]:
    """Rules that give the changed fields, by entity."""
    found: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules():
        if rule.step is None:
            found[rule.entity].append(rule)
    return found
