"""Finding in POP what the ledger is not sure of: an entity whose creation was interrupted, or was answered with an error.

POP has no idempotency key and ignores unknown query parameters silently, so a list is fetched and every item compared by
(externalSource, externalSourceId); a case is found by its unique (clinicalCenter, clinicalIdentifier).
"""

from __future__ import annotations

from typing import Any

from adapters.pop.client import PopClient
from adapters.pop.errors import PopServerError
from adapters.pop.kinds import KINDS

JsonObject = dict[str, Any]


class Lookup:
    """Look-ups of one run for one patient. A collection is fetched once, whatever its kinds (POP has fourteen stagings in one),
    and tells the children of its entities too."""

    def __init__(self, client: PopClient, external_source: str) -> None:
        self._client = client
        self._external_source = external_source
        self._fetched: set[tuple[str, str]] = set()
        """(kind of collection, case) and (kind of child, parent) that were fetched."""
        self._found: dict[tuple[str, str, str], JsonObject] = {}
        """(kind, case or parent, external id) → what POP holds."""
        self._parents: set[str] = set()
        """Entities all of whose children are known."""

    async def case(self, body: JsonObject) -> JsonObject | None:
        """The case that has this body's hospital identity."""
        return await self._client.find_case(body["clinicalCenter"], body["clinicalIdentifier"])

    def made(self, pop_id: str) -> None:
        """An entity that was just created: it has no children yet."""
        self._parents.add(pop_id)

    async def entity(
        self, kind: str, key: str, *, case_id: str | None = None, parent_id: str | None = None, fresh: bool = False
    ) -> JsonObject | None:
        """What POP holds under a draft's key, below its parent or else in its case. ``fresh``: do not trust an earlier
        look. Raises PopServerError, saying so, if the list itself cannot be read."""
        owner = parent_id if parent_id is not None else str(case_id)
        collection = KINDS[kind].collection
        known = (collection, owner) in self._fetched or owner in self._parents
        if fresh or not known:
            try:
                await self._fetch(kind, owner, child=parent_id is not None)
            except PopServerError as error:
                # Poison (pop/README): one unreadable entity, whoever wrote it, fails every list that contains it.
                raise PopServerError(
                    f"POP cannot list the {kind} entities of {'parent' if parent_id is not None else 'case'} {owner} (500): one of "
                    "them is unreadable and has to be corrected in POP; until then nothing is created blindly",
                    status=error.status,
                ) from error
            self._fetched.add((collection, owner))
        return self._found.get((kind, owner, key))

    async def _fetch(self, kind: str, owner: str, *, child: bool) -> None:
        """Read a collection of a case, or the children of one kind of a parent."""
        collection = KINDS[kind].collection
        self._found = {
            at: item for at, item in self._found.items() if (KINDS[at[0]].collection, at[1]) != (collection, owner)
        }
        if child:
            for item in await self._client.list(kind, parent_id=owner):
                self._keep(kind, owner, item)
            return
        for entity in await self._client.entities(collection, owner, external_source=self._external_source):
            self._keep(entity.kind, entity.parent_id or owner, entity.read)
            if entity.parent_id is None:
                self._parents.add(entity.id)

    def _keep(self, kind: str, owner: str, item: JsonObject) -> None:
        if item.get("externalSource") == self._external_source:
            self._found[kind, owner, str(item.get("externalSourceId"))] = item
