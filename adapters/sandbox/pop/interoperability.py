"""Export and import over HTTP, and what POP says of any entity by its id alone."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from aiohttp import web

from adapters.sandbox.pop import history
from adapters.sandbox.pop.bundles import CASES, Exporter, Importer
from adapters.sandbox.pop.http import Access, answer, body_of, malformed_id, not_found, not_there
from adapters.sandbox.pop.reading import Reader, without_nulls
from adapters.sandbox.pop.records import Records
from adapters.sandbox.pop.refusals import ServerError
from adapters.sandbox.pop.releases import Dialect
from adapters.sandbox.pop.shapes import kind_of_row, kinds_of
from adapters.sandbox.pop.store import Entities

JsonObject = dict[str, Any]

BASE = "/api/v1/interoperability"


class InteroperabilityHandlers:
    """Resources and bundles."""

    def __init__(
        self, *, entities: Entities, reader: Reader, records: Records, exporter: Exporter, importer: Importer, access: Access,
        dialect: Dialect,
    ) -> None:  # fmt: skip
        self._entities = entities
        self._reader = reader
        self._records = records
        self._exporter = exporter
        self._importer = importer
        self._access = access
        self._dialect = dialect

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get(BASE + "/resources/{id}", self._resource, allow_head=False),
            web.get(BASE + "/resources/{id}/description", self._description, allow_head=False),
            web.get(BASE + "/bundles/{id}", self._bundle, allow_head=False),
            web.post(BASE + "/bundles", self._import),
        ]

    def _found(self, request: web.Request) -> tuple[str, JsonObject] | None:
        identity = request.match_info["id"]
        if malformed_id(identity):
            raise ServerError("malformed id")
        rows = ((name, self._entities.get(name, identity)) for name in self._entities.collections() if kinds_of(name))
        return next(((name, row) for name, row in rows if row is not None), None)

    async def _resource(self, request: web.Request) -> web.Response:
        user = self._access.exporter(request)
        found = self._found(request)
        if found is None:
            return not_there()
        collection, row = found
        kind = kind_of_row(collection, row)
        history.note(self._entities, kind, row, "export")
        self._entities.put(collection, row)
        shown = without_nulls(self._reader.read(collection, row, anonymised=False))
        checksum = hashlib.md5(json.dumps(shown, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
        about = {
            "exportedAt": dt.datetime.now().isoformat(), "exportedBy": user.username,
            "exportVersion": self._dialect.release.version, "checksum": checksum,
        }  # fmt: skip
        return answer({**about, **shown})

    async def _description(self, request: web.Request) -> web.Response:
        self._access.viewer(request)
        found = self._found(request)
        if found is None:
            return not_there()
        collection, row = found
        return answer(self._records.describe(kind_of_row(collection, row), row))

    async def _bundle(self, request: web.Request) -> web.Response:
        self._access.exporter(request)
        if malformed_id(request.match_info["id"]):
            raise ServerError("malformed id")
        case = self._entities.get(CASES, request.match_info["id"])
        return not_found() if case is None else answer(self._exporter.export(case))

    async def _import(self, request: web.Request) -> web.Response:
        user = self._access.manager(request)
        body = await body_of(request) if request.can_read_body else {}
        case = self._importer.load(body, request.query.get("conflict"), user=user.username, url=request.path)
        return answer({"id": case["id"], "description": f"Onconova Patient Case {case['pseudoidentifier']}"}, 201)
