"""A thin client of the POP API: one method per thing the reconciler does, errors by what to do about them.

Facts of POP 1.x it stands on: reads are anonymised unless asked otherwise; unknown query parameters are ignored silently,
so every listed item is checked; lists hold at most 50 items; a PUT replaces; a 500 may have stored all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from adapters.pop.answers import raise_for
from adapters.pop.case import Case, Standing, collections, standing
from adapters.pop.connection import Connection
from adapters.pop.credentials import Credentials, Password
from adapters.pop.culprit import Page, read_around
from adapters.pop.errors import PopContract, PopServerError, PopTransient
from adapters.pop.guard import Knows
from adapters.pop.handshake import handshake
from adapters.pop.kinds import KINDS, JsonObject, Kind
from adapters.pop.limiter import Limiter
from adapters.pop.release import Release
from adapters.pop.session import MemoryTokenStore, TokenStore
from adapters.pop.wire import Exchange, Wire

__all__ = ["Account", "Exchange", "PopClient"]

#: A list of entities (inside the client, ``list`` is its method).
Items = list[JsonObject]

PAGE = 50
#: Requests in flight at most, where nobody says how many (README, *Speed*: from 4 on the measured server gets no faster).
CEILING = 8
#: Seconds for the OpenAPI document: POP builds it anew for every request, and 34 s were seen on a busy machine.
DOCUMENT_TIMEOUT = 120.0
#: How often a list that changes while its pages are read is begun anew.
LIST_ATTEMPTS = 3
#: How lists of entities are asked for. POP sorts by date alone, and lets entities of one date change places from page to page
#: (observed: 130 of two dates, read by fifties, had one twice and one never, every time); their ids are unique.
PLAIN = {"anonymized": "false", "ordering": "id"}
CASES = "/api/v1/patient-cases"


@dataclass(frozen=True, slots=True)
class Account:
    """The technical account as POP describes it."""

    username: str
    level: int
    service_account: bool
    can_manage_cases: bool
    can_export: bool


class PopClient:
    """POP, for one technical account. Close it with ``aclose``.

    ``password`` is asked at every login (``credentials`` is another way to sign in); ``tokens`` is where the session is shared
    (by default: within this client); ``timeout`` is in seconds, for a whole request from the moment that it has its turn;
    ``observer`` hears of every request; ``limiter`` is shared by all clients of this POP in this process. All methods raise the
    errors of ``adapters.pop.errors``.
    """

    def __init__(
        self,
        *,
        url: str,
        username: str,
        password: Callable[[], str],
        tokens: TokenStore | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        observer: Callable[[Exchange], None] | None = None,
        credentials: Credentials | None = None,
        limiter: Limiter | None = None,
        connection: Connection | None = None,
    ) -> None:
        self.username = username
        self.limiter = limiter or Limiter(lambda: CEILING)
        """How many requests may be in flight."""
        self.release = Release.packaged()
        """What the server at the other end is known to differ in; :meth:`handshake` finds out."""
        self._wire = Wire(
            url=url,
            credentials=credentials or Password(username, password),
            tokens=tokens or MemoryTokenStore(),
            timeout=timeout,
            transport=transport,
            observer=observer,
            in_ours=lambda kind, wire: self.release.understood(kind, wire),
            limiter=self.limiter,
            connection=connection or Connection(),
        )

    @property
    def clock_difference(self) -> float | None:
        """Seconds that POP's clock is ahead of ours, by the last answer's Date header; None before the first."""
        return self._wire.clock_difference

    def know(self, knows: Knows) -> None:
        """From now on a concept that POP's list is known to lack is refused without asking POP."""
        self._wire.knows = knows

    async def aclose(self) -> None:
        """Close the connections. The session stays valid for the other replicas."""
        await self._wire.aclose()

    # -- entities ------------------------------------------------------------------------------------------------

    async def create(self, kind: str, body: JsonObject, *, parent_id: str | None = None) -> str:
        """Create an entity; returns its POP id. Raises PopAmbiguous if POP may have stored it without telling."""
        wire = self.release.encode(kind, body)
        answer = await self._wire.json("POST", _path(kind, parent_id), body=wire, kind=kind)
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
            raise PopContract(f"creating a {kind}: POP's answer has no id")
        return str(answer["id"])

    async def update(self, kind: str, pop_id: str, body: JsonObject, *, parent_id: str | None = None) -> bool:
        """Replace an entity by a complete body. False if POP does not have it any more."""
        path = _one(kind, pop_id, parent_id)
        wire = self.release.encode(kind, body)
        if unknown := self.release.of(kind).unknown:
            # A PUT replaces: what people entered in fields that only a newer POP has would be erased.
            standing = await self._wire.json("GET", path, query={"anonymized": "false"}, absent=None)
            if standing is None:
                return False
            wire |= {name: value for name in unknown if (value := _object(standing).get(name)) is not None}
        return await self._wire.json("PUT", path, body=wire, kind=kind, absent=None) is not None

    async def delete(self, kind: str, pop_id: str, *, parent_id: str | None = None) -> bool:
        """Delete an entity. False if it was gone already."""
        response = await self._wire.send("DELETE", _one(kind, pop_id, parent_id))
        if response.status_code == 404:
            return False
        raise_for(response, write=True)
        return True

    async def get(self, kind: str, pop_id: str, *, parent_id: str | None = None) -> JsonObject | None:
        """An entity as it stands in POP, not anonymised; None if there is none."""
        path = _one(kind, pop_id, parent_id)
        return self._entity(kind, await self._wire.json("GET", path, query={"anonymized": "false"}, absent=None))

    async def list(
        self, kind: str, *, case_id: str | None = None, parent_id: str | None = None, external_source: str | None = None
    ) -> Items:
        """All entities of a kind of one case (or one parent), not anonymised. Kinds that share a collection are told
        apart by their constant field (``stagingDomain``)."""
        query = dict(PLAIN)
        if case_id is not None:
            query["caseId"] = case_id
        if external_source is not None:
            query["externalSource"] = external_source
        facts = KINDS[kind]
        return [
            item
            for found in await self._items(facts, parent_id, query)
            if (item := self.release.decode(kind, found))
            and (case_id is None or item.get("caseId") == case_id)
            and (external_source is None or item.get("externalSource") == external_source)
            and all(item.get(field) == value for field, value in facts.const.items())
        ]

    async def entities(
        self, collection: str, case_id: str, *, external_source: str | None = None
    ) -> tuple[Standing, ...]:
        """All entities of one of a case's collections (``adapters.pop.case.collections``), whatever their kind, and their
        children. ``external_source`` leaves out what is not of this source, and the children of that."""
        query = {**PLAIN, "caseId": case_id}
        if external_source is not None:
            query["externalSource"] = external_source
        items = await self._all(f"/api/v1/{collection}", query)
        # Filters that POP does not know are ignored silently.
        mine = [
            item
            for item in items
            if item.get("caseId") == case_id and external_source in (None, item.get("externalSource"))
        ]
        return tuple(standing(collection, mine, self.release))

    async def case(self, case_id: str) -> Case | None:
        """A whole case, not anonymised; None if there is none. Nineteen requests, and one more for each further fifty entities
        of a collection. A collection that POP cannot list is named in ``unreadable``; a case that it cannot read raises
        PopServerError."""
        item = await self.get("PatientCase", case_id)
        if item is None:
            return None
        entities: tuple[Standing, ...] = ()
        unreadable = []
        for collection in collections():
            try:
                entities += await self.entities(collection, case_id)
            except PopServerError:
                unreadable.append(collection)
        (case,) = standing("patient-cases", [item], Release.packaged())
        return Case(case, entities, tuple(unreadable))

    async def edited_by(self, kind: str, pop_id: str, *, parent_id: str | None = None) -> set[str]:
        """Accounts that changed the entity itself, by its history. ``updatedBy`` tells more: whoever writes a therapy of a case
        makes POP rewrite the case's therapy lines, and so stands there for every other therapy of the case as well (an event
        without a difference, under another entity's address)."""
        events = await self._all(_one(kind, pop_id, parent_id) + "/history/events", {})
        return {
            str(event.get("user"))
            for event in events
            if event.get("category") != "create" and (event.get("differential") or pop_id in str(event.get("url")))
        }

    async def find_case(self, clinical_center: str, clinical_identifier: str) -> JsonObject | None:
        """The case with this hospital identity, not anonymised, or None."""

        def is_it(case: JsonObject) -> bool:
            identity = (clinical_center, clinical_identifier)
            return (case.get("clinicalCenter"), case.get("clinicalIdentifier")) == identity

        if (
            "/" in clinical_identifier
            or clinical_identifier in (".", "..")
            or clinical_identifier.strip() != clinical_identifier
        ):
            # Web servers decode %2F before they route, and POP strips the path (observed: blanks at an end are a 404): such an
            # identifier cannot be part of a path. ``idSearch`` finds parts.
            query = {**PLAIN, "idSearch": clinical_identifier}
            failure = None
            try:
                found = await self._all(CASES, query)
            except PopServerError as error:
                # Somebody has poisoned a case that this list holds too: read around it. It may be the one that is looked for, so
                # that nothing can be taken for absent.
                failure, found = error, list((await read_around(self.pages("patient-cases", query))).items)
            cases = (self.release.decode("PatientCase", case) for case in found)
            wanted = next((case for case in cases if is_it(case)), None)
            if wanted is None and failure is not None:
                raise failure
            return wanted
        answer = await self._wire.json(
            "GET",
            f"{CASES}/{quote(clinical_identifier, safe='')}",
            query={"type": "clinicalIdentifier", "clinicalCenter": clinical_center, "anonymized": "false"},
            absent=None,
            shown=CASES + "/{clinicalIdentifier}",
        )
        case = self._entity("PatientCase", answer)
        if case is not None and not is_it(case):
            raise PopContract("POP answered the look-up of a case with another case")
        return case

    def pages(self, collection: str, query: dict[str, str]) -> Page:
        """Single pages of a collection, not anonymised and not checked item by item."""

        async def page(offset: int, limit: int) -> tuple[Items, int]:
            asked = {**PLAIN, **query, "offset": offset, "limit": limit}
            return _page(await self._wire.json("GET", f"/api/v1/{collection}", query=asked))

        return page

    # -- the server ----------------------------------------------------------------------------------------------

    async def concepts(self, terminology: str) -> Items:
        """All concepts of one of POP's terminologies. Raises PopServerError for a name that POP does not know."""
        return await self._all(f"/api/v1/terminologies/{quote(terminology, safe='')}/concepts", {})

    async def concept_count(self, terminology: str) -> int:
        """How many concepts a terminology has. Raises PopServerError for a name that POP does not know."""
        path = f"/api/v1/terminologies/{quote(terminology, safe='')}/concepts"
        return _page(await self._wire.json("GET", path, query={"limit": 1}))[1]

    async def concept_ends(self, terminology: str) -> tuple[int, JsonObject | None, JsonObject | None]:
        """How many concepts a list has, its first and its last: two small requests that tell whether it is worth reading."""
        path = f"/api/v1/terminologies/{quote(terminology, safe='')}/concepts"
        first, count = _page(await self._wire.json("GET", path, query={"limit": 1}))
        last, _ = _page(await self._wire.json("GET", path, query={"limit": 1, "offset": max(count - 1, 0)}))
        return count, first[0] if first else None, last[0] if last else None

    async def openapi(self) -> JsonObject:
        """The server's own OpenAPI document."""
        path = "/api/v1/openapi.json"
        return _object(await self._wire.json("GET", path, signed=False, timeout=DOCUMENT_TIMEOUT))

    async def handshake(self) -> Release:
        """Read the server's contract, and write and read as it wants from now on. Raises PopContract if it has none."""
        self.release = handshake(await self.openapi())
        return self.release

    async def health(self) -> JsonObject:
        """POP's health check."""
        answer = await self._wire.json("GET", "/api/v1/healthcheck", signed=False, absent=None)
        if answer is None:
            # Release 1.0.0 has it under this path, and routes are exact.
            answer = await self._wire.json("GET", "/api/v1/healthcheck/", signed=False)
        return _object(answer)

    async def account(self) -> Account:
        """The technical account's level and rights. Raises PopContract if POP does not list it."""
        for item in await self._all("/api/v1/users", {"username": self.username}):
            if item.get("username") == self.username:
                return Account(
                    username=self.username,
                    level=int(item["accessLevel"]),
                    service_account=bool(item["isServiceAccount"]),
                    can_manage_cases=bool(item["canManageCases"]),
                    can_export=bool(item["canExportData"]),
                )
        raise PopContract("POP does not list the technical account among its users")

    def _entity(self, kind: str, answer: Any) -> JsonObject | None:
        if answer is None:
            return None
        entity = self.release.decode(kind, _object(answer))
        if entity.get("anonymized") is True:
            raise PopContract(f"POP answered with an anonymised {kind}: its dates are shifted")
        return entity

    async def _items(self, facts: Kind, parent_id: str | None, query: dict[str, str]) -> Items:
        if facts.parent_field is None:
            return await self._all(facts.path(), query)
        # Sub-collections answer with a bare list; that of a parent which is gone is a 404.
        answer = await self._wire.json("GET", facts.path(parent_id), query=query, absent=[])
        if not isinstance(answer, list):
            raise PopContract("POP's list of children is not a list")
        return answer

    async def _all(self, path: str, query: dict[str, str]) -> Items:
        """Every item of a list. POP's pages are cut anew for each request: what somebody else writes meanwhile moves items from
        one page to another, so a list that comes up short, or with an item twice, is read again."""
        for _ in range(LIST_ATTEMPTS):
            found: Items = []
            while True:
                page = {**query, "limit": PAGE, "offset": len(found)}
                items, count = _page(await self._wire.json("GET", path, query=page))
                found.extend(items)
                if not items or len(found) >= count:
                    break
            ids = [item["id"] for item in found if "id" in item]
            if len(found) == count and len(set(ids)) == len(ids):
                return found
        raise PopTransient("POP's list changes while it is read")


def _one(kind: str, pop_id: str, parent_id: str | None) -> str:
    return f"{_path(kind, parent_id)}/{pop_id}"


def _path(kind: str, parent_id: str | None) -> str:
    if kind not in KINDS:
        raise PopContract(f"POP has no kind {kind}")
    return KINDS[kind].path(parent_id)


def _object(answer: Any) -> JsonObject:
    if not isinstance(answer, dict):
        raise PopContract("POP's answer is not an object")
    return answer


def _page(answer: Any) -> tuple[Items, int]:
    if isinstance(answer, dict) and isinstance(answer.get("items"), list) and isinstance(answer.get("count"), int):
        return answer["items"], answer["count"]
    raise PopContract("POP's list has no items and no count")
