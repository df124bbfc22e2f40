"""What somebody at the queue needs: candidates for an item, the search in a POP list, a concept by its code."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.config import Settings
from gateway.store.engine import Store
from gateway.terminologies import build
from gateway.terminology.items import Item
from gateway.valuelists import cached_lists
from mappers.terminology import Concept, Terminology
from mappers.terminology.candidates import Candidate, Candidates
from mappers.terminology.other_names import other_names

#: Concepts that are shown for an item, or found by a search.
SHOWN = 8


class Desk:
    """Over one state of POP's lists; a list is indexed when it is first asked for."""

    def __init__(self, terminology: Terminology) -> None:
        self.terminology = terminology
        self._indexes: dict[str, Candidates] = {}

    def candidates(self, item: Item, *, limit: int = SHOWN) -> list[Candidate]:
        """Concepts that may be meant, best first; never applied by themselves."""
        return self._index(item.terminology).find(item.codings, limit=limit)

    def search(self, terminology: str | None, words: str, *, limit: int = SHOWN) -> list[Candidate]:
        """Concepts of a list whose names or codes are like these words."""
        return self._index(terminology).find([("", words, words)], limit=limit)

    def concept(self, terminology: str | None, code: str, system: str | None = None) -> Concept | None:
        """POP's concept with this code; None if there is none, or several without a system to tell them apart."""
        found: Sequence[Concept] = [
            each
            for each in self.terminology.concepts(terminology or "")
            if each.code == code and system in (None, "", each.system)
        ]
        return found[0] if len(found) == 1 else None

    def _index(self, terminology: str | None) -> Candidates:
        name = terminology or ""
        if name not in self._indexes:
            self._indexes[name] = Candidates(self.terminology.concepts(name), others=other_names(name))
        return self._indexes[name]


async def desk_of(settings: Settings, store: Store) -> Desk:
    """A desk over the lists that the store holds. Raises ConfigurationError, StoreUnavailable."""
    return Desk(build(settings.mapping, await cached_lists(store)))
