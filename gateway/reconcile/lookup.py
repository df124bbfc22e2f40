"""Finding in POP what the ledger is not sure of: an entity whose creation was interrupted, or was answered with an error.

POP has no idempotency key and ignores unknown query parameters silently, so a list is fetched and every item compared by
(externalSource, externalSourceId); a case is found by its unique (clinicalCenter, clinicalIdentifier).
"""

from __future__ import annotations

from typing import Any

from adapters.pop.client import PopClient
from adapters.pop.errors import PopServerError

JsonObject = dict[str, Any]


class Lookup:
    """Look-ups of one run for one patient; a list is fetched once."""

    def __init__(self, client: PopClient, external_source: str) -> None:
        self._client = client
        self._external_source = external_source
        self._lists: dict[tuple[str, str], dict[str, JsonObject]] = {}

    async def case(self, body: JsonObject) -> JsonObject | None:
        """The case that has this body's hospital identity."""
        return await self._client.find_case(body["clinicalCenter"], body["clinicalIdentifier"])

    async def entity(
        self, kind: str, key: str, *, case_id: str | None = None, parent_id: str | None = None, fresh: bool = False
    ) -> JsonObject | None:
        """What POP holds under a draft's key, below its parent or else in its case. ``fresh``: do not trust an earlier
        look. Raises PopServerError, saying so, if the list itself cannot be read."""
        owner = parent_id if parent_id is not None else str(case_id)
        if fresh or (kind, owner) not in self._lists:
            self._lists[kind, owner] = await self._fetch(kind, owner, child=parent_id is not None)
        return self._lists[kind, owner].get(key)

    async def _fetch(self, kind: str, owner: str, *, child: bool) -> dict[str, JsonObject]:
        try:
            if child:
                items = await self._client.list(kind, parent_id=owner)
            else:
                items = await self._client.list(kind, case_id=owner, external_source=self._external_source)
        except PopServerError as error:
            # Poison (pop/README): one unreadable entity, whoever wrote it, fails every list that contains it.
            raise PopServerError(
                f"POP cannot list the {kind} entities of {'parent' if child else 'case'} {owner} (500): one of them is "
                "unreadable and has to be corrected in POP; until then nothing is created blindly",
                status=error.status,
            ) from error
        return {
            str(item.get("externalSourceId")): item
            for item in items
            if item.get("externalSource") == self._external_source
        }
