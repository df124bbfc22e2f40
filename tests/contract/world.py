"""A case of the suite, and in it the entities that a kind refers to; POP's value lists as far as they are needed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import httpx
from contract.payloads import minimal
from contract.target import CENTRE, PREFIX, Target

from adapters.pop.client import PopClient
from adapters.pop.kinds import KINDS, JsonObject, Kind

#: Concepts taken from a list: this many of its first, and of its middle.
SAMPLE = 50
#: Entities of a kind that others may refer to.
EACH = 2


@dataclass
class World:
    """One case and what was made in it."""

    target: Target
    http: httpx.AsyncClient
    client: PopClient
    concepts: dict[str, list[JsonObject]] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)

    async def prepare(self, kind: Kind) -> str | None:
        """Make what the kind refers to, and read its lists; returns the id of the parent of a child."""
        await self._lists(kind)
        for before in sorted((KINDS[name] for name in _needs(kind.name)), key=lambda item: (item.rank, item.name)):
            await self._lists(before)
            made = self.ids.setdefault(before.name, [])
            while len(made) < (1 if before.name == "PatientCase" else EACH):
                made.append(await self.make(before))
        return self.parent(kind)

    def parent(self, kind: Kind) -> str | None:
        """Id of the parent that a child of this kind gets."""
        return None if kind.parent is None else self.ids[kind.parent][0]

    async def make(self, kind: Kind) -> str:
        """Create the plainest entity of a kind; returns its id."""
        body = self.complete(kind, minimal(kind, self.concepts, self.ids))
        body = self.client.release.reduced(kind.name, body)[0]
        identity = await self.client.create(kind.name, body, parent_id=self.parent(kind))
        if kind.name == "PatientCase":
            self.target.made(identity)
        return identity

    @staticmethod
    def complete(kind: Kind, body: JsonObject) -> JsonObject:
        """A case gets the suite's centre and an identifier that nobody has."""
        if kind.name != "PatientCase":
            return body
        return {**body, "clinicalCenter": CENTRE, "clinicalIdentifier": f"{PREFIX}{uuid.uuid4()}"}

    async def events(self, kind: Kind, identity: str, parent: str | None) -> int:
        """How many events of an entity's history tell of a change. POP saves all therapies of a case anew, with new lines, when
        one is written: such an event changes nothing, or the line."""
        path = f"{kind.path(parent)}/{identity}/history/events"
        answer = await self.target.send(self.http, "GET", path, params={"limit": SAMPLE})
        assert answer.status_code == 200, f"history: {answer.status_code}"
        changes = [event["differential"] for event in answer.json()["items"]]
        return sum(change is None or not change.keys() <= {"therapy_line_id"} for change in changes)

    async def _lists(self, kind: Kind) -> None:
        for name in kind.terminology.values():
            if name in self.concepts:
                continue
            path = f"/api/v1/terminologies/{name}/concepts"
            page = await self._page(path, 0)
            if page["count"] > 2 * SAMPLE:
                page["items"] += (await self._page(path, page["count"] // 2))["items"]
            assert page["items"], f"POP's list {name} is empty"
            self.concepts[name] = page["items"]

    async def _page(self, path: str, offset: int) -> JsonObject:
        answer = await self.target.send(self.http, "GET", path, params={"limit": SAMPLE, "offset": offset})
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        found: JsonObject = answer.json()
        return found


def _needs(name: str) -> set[str]:
    """Kinds of which some must be there before, directly or not. POP's own therapy lines are not referred to."""
    found: set[str] = set()
    open_ends = [name]
    while open_ends:
        kind = KINDS[open_ends.pop()]
        before = {target for targets in kind.references.values() for target in targets} - {"TherapyLine"}
        before |= {kind.parent} if kind.parent is not None else set()
        open_ends += before - found - {kind.name}
        found |= before
    return found
