"""What a transcript calls by name, in this run: ids, pseudoidentifiers and event numbers are the server's own every time."""

from __future__ import annotations

import json
import re
from typing import Any

SYMBOL = re.compile(r"{{([\w.-]+)\.id}}")
PSEUDONYM = re.compile(r"\b[A-Z]\.\d{4}\.\d{3}\.\d{2}\b")
EVENT = re.compile(r"(?<=/history/events/)\d+")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Bindings:
    """Recorded names → those of this run."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}
        self.pseudonyms: dict[str, str] = {}
        self.events: dict[int, int] = {}
        self.others: dict[str, str] = {}
        """Ids that no step told (therapy lines, users): what stood in their place last. Good for requests only."""

    def unbound(self, value: Any) -> set[str]:
        """Steps whose ids a request needs and that have none: they were skipped, or failed."""
        return set(SYMBOL.findall(str(value))) - self.ids.keys()

    def bound(self, value: Any) -> Any:
        """The value with everything bound replaced."""
        if isinstance(value, str):
            value = SYMBOL.sub(lambda match: self.ids.get(match[1], match[0]), value)
            value = PSEUDONYM.sub(lambda match: self.pseudonyms.get(match[0], match[0]), value)
            return EVENT.sub(lambda match: str(self.events.get(int(match[0]), match[0])), value)
        if isinstance(value, dict):
            return {name: self.bound(child) for name, child in value.items()}
        return [self.bound(child) for child in value] if isinstance(value, list) else value

    def sent(self, value: Any) -> Any:
        """The value as it goes out: also the ids that no step told."""
        text = json.dumps(self.bound(value))
        return json.loads(UUID.sub(lambda match: self.others.get(match[0], match[0]), text))

    def learn(self, recorded: str, answered: str) -> None:
        """Bind pseudoidentifiers and other ids that stand at the same places of two texts."""
        for name, found in zip(PSEUDONYM.findall(recorded), PSEUDONYM.findall(answered), strict=False):
            self.pseudonyms.setdefault(name, found)
        if not SYMBOL.search(recorded):
            self.others.update(zip(UUID.findall(recorded), UUID.findall(answered), strict=False))
