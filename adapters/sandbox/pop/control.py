"""Private to the sandbox, under ``/__sandbox``: what is stored, what was asked for, faults, starting afresh."""

from __future__ import annotations

from collections import Counter

from aiohttp import web

from adapters.sandbox.pop.accounts import Accounts
from adapters.sandbox.pop.faults import Fault, Faults
from adapters.sandbox.pop.faultsyntax import fault
from adapters.sandbox.pop.http import answer, body_of
from adapters.sandbox.pop.store import Entities

PREFIX = "/__sandbox/"


class ControlHandlers:
    """For tests and benchmarks; a real POP has nothing of this."""

    def __init__(self, *, entities: Entities, accounts: Accounts, faults: Faults, counts: Counter[str]) -> None:
        self._entities = entities
        self._accounts = accounts
        self._faults = faults
        self._counts = counts

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get(PREFIX + "dump", self._dump),
            web.get(PREFIX + "counts", self._count),
            web.get(PREFIX + "faults", self._get_faults),
            web.post(PREFIX + "faults", self._set_faults),
            web.post(PREFIX + "reset", self._reset),
        ]

    async def _dump(self, _: web.Request) -> web.Response:
        """Everything stored, by collection, oldest first; without the histories."""
        rows = {
            name: [
                {field: value for field, value in row.items() if field != "_events"} for row in self._entities.all(name)
            ]
            for name in sorted(self._entities.collections())
        }
        return answer(rows)

    async def _count(self, _: web.Request) -> web.Response:
        """Requests by method, and logins."""
        return answer({**self._counts, "logins": self._accounts.logins})

    async def _get_faults(self, _: web.Request) -> web.Response:
        """The faults in force."""
        return answer(self._faults.as_json())

    async def _set_faults(self, request: web.Request) -> web.Response:
        """Replace the faults in force by the list in the body: objects with the fields of ``Fault``, or texts."""
        body = await body_of(request)
        try:
            self._faults.set([fault(each) if isinstance(each, str) else Fault(**each) for each in body])
        except (TypeError, ValueError) as error:
            return answer({"detail": str(error)}, 422)
        return answer(self._faults.as_json())

    async def _reset(self, _: web.Request) -> web.Response:
        """Forget all entities and counts; sessions and value lists stay."""
        self._entities.clear()
        self._counts.clear()
        return answer({})
