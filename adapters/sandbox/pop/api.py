"""The API of the sandbox POP: every route of it, put together."""

from __future__ import annotations

from aiohttp import web

from adapters.sandbox.pop.accounts import Accounts
from adapters.sandbox.pop.administration import AdministrationHandlers
from adapters.sandbox.pop.bundles import Exporter, Importer
from adapters.sandbox.pop.completion import Completion
from adapters.sandbox.pop.entities import EntityHandlers
from adapters.sandbox.pop.fhir import FhirHandlers
from adapters.sandbox.pop.http import Access
from adapters.sandbox.pop.interoperability import InteroperabilityHandlers
from adapters.sandbox.pop.reading import Reader
from adapters.sandbox.pop.records import Records
from adapters.sandbox.pop.reference import ReferenceHandlers
from adapters.sandbox.pop.releases import Dialect
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms


def routes(entities: Entities, terms: Terms, accounts: Accounts, dialect: Dialect) -> list[web.RouteDef]:
    """All routes, more particular paths before those that they could be taken for."""
    access, completion = Access(accounts), Completion(entities)
    records, reader = Records(entities, terms, dialect), Reader(entities, terms, dialect)
    return [
        *AdministrationHandlers(accounts=accounts, terms=terms, access=access, dialect=dialect).routes(),
        *ReferenceHandlers(entities=entities, terms=terms, access=access).routes(),
        *EntityHandlers(
            entities=entities, records=records, reader=reader, access=access, completion=completion
        ).routes(),
        *InteroperabilityHandlers(
            entities=entities,
            reader=reader,
            records=records,
            exporter=Exporter(entities, reader, accounts, completion),
            importer=Importer(entities, terms, records, completion),
            access=access,
            dialect=dialect,
        ).routes(),
        *FhirHandlers(entities=entities, reader=reader, access=access).routes(),
    ]
