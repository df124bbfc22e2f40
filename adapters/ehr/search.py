"""Polling a FHIR R4 server by search: ``_lastUpdated``, ``_sort``, and ``next`` links followed to the letter."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import stamina

from adapters.ehr.errors import EhrContract, EhrExpired, EhrRefused, EhrUnavailable
from adapters.ehr.source import Page

#: Pages of one window at the most: links that never end are a defect of the server.
MOST_PAGES = 100_000
ATTEMPTS = 4


class _Again(Exception):
    """The request may succeed in a moment; ``wait`` in seconds if the server said."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def _backoff(error: Exception) -> bool | float:
    if isinstance(error, _Again):
        return True if error.wait is None else min(error.wait, 60.0)
    return isinstance(error, httpx.TransportError)


class FhirSearch:
    """A source that is a FHIR server with search (implements ``adapters.ehr.source.Source``)."""

    def __init__(
        self,
        base: str,
        *,
        token: str | None = None,
        page_size: int = 200,
        timeout: float = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base = base.rstrip("/")
        self._origin = _origin(httpx.URL(self._base))
        self._page_size = page_size
        self.requests = 0
        self.offered: frozenset[str] | None = None
        headers = {"Accept": "application/fhir+json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        # Redirects are not followed: the token must not reach another host.
        self._http = httpx.AsyncClient(headers=headers, timeout=timeout, transport=transport, follow_redirects=False)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def server_time(self) -> float:
        """The server's clock, from the Date header of its capability statement."""
        response = await self._get(f"{self._base}/metadata", "CapabilityStatement")
        self.offered = _offered(response)
        moment = _date(response, "CapabilityStatement")
        if moment is None:
            raise EhrContract("the EHR sends no Date header: its clock cannot be told")
        return moment

    async def pages(self, resource_type: str, *, since: str | None, until: str | None) -> AsyncIterator[Page]:
        """Pages of a window, oldest change first."""
        query: list[tuple[str, str]] = [("_sort", "_lastUpdated"), ("_count", str(self._page_size))]
        # httpx encodes the + of a zone offset, which a server would read as a blank (field notes §2 REST).
        query += [("_lastUpdated", f"ge{since}")] if since is not None else []
        query += [("_lastUpdated", f"lt{until}")] if until is not None else []
        url: str | None = str(httpx.URL(f"{self._base}/{resource_type}", params=query))
        seen: set[str] = set()
        while url is not None:
            if url in seen or len(seen) > MOST_PAGES:
                raise EhrContract(f"{resource_type}: the EHR's next links go round in a circle")
            seen.add(url)
            response = await self._get(url, resource_type)
            bundle = _searchset(response, resource_type)
            total = bundle.get("total")
            yield Page(
                response.content,
                tuple(_id(entry) for entry in _objects(bundle.get("entry")) if _is_match(entry)),
                total if isinstance(total, int) else None,
                _date(response, resource_type),
            )
            url = self._next(bundle, url, resource_type)

    def _next(self, bundle: dict[str, Any], url: str, resource_type: str) -> str | None:
        for link in _objects(bundle.get("link")):
            if link.get("relation") == "next" and isinstance(link.get("url"), str):
                try:
                    following = httpx.URL(url).join(link["url"])
                except (httpx.InvalidURL, ValueError) as error:
                    raise EhrContract(f"{resource_type}: the EHR's next link is no address") from error
                if _origin(following) != self._origin:
                    raise EhrContract(f"{resource_type}: the EHR's next link leads to another host; it is not followed")
                return str(following)
        return None

    async def _get(self, url: str, what: str) -> httpx.Response:
        try:
            return await self._retried(url, what)
        except _Again as error:
            raise EhrUnavailable(f"{what}: {error}") from error
        except httpx.RequestError as error:
            raise EhrUnavailable(f"{what}: the EHR cannot be reached ({type(error).__name__})") from error

    @stamina.retry(on=_backoff, attempts=ATTEMPTS, timeout=None, wait_initial=0.2, wait_max=5.0)
    async def _retried(self, url: str, what: str) -> httpx.Response:
        self.requests += 1
        response = await self._http.get(url)
        status = response.status_code
        if status == 410:
            raise EhrExpired(f"{what}: the search results expired while they were read")
        if status in (401, 403):
            raise EhrRefused(f"{what}: the EHR refuses us ({status}): check the source's token and its scopes")
        if status == 429 or status >= 500:
            raise _Again(f"the EHR answers {status}", _retry_after(response))
        if status != 200:
            raise EhrContract(f"{what}: the EHR answers {status} to a search")
        return response


def _searchset(response: httpx.Response, resource_type: str) -> dict[str, Any]:
    try:
        bundle = orjson.loads(response.content)
    except orjson.JSONDecodeError as error:
        raise EhrContract(f"{resource_type}: the EHR's answer is not JSON") from error
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise EhrContract(f"{resource_type}: the EHR's answer is no Bundle")
    return bundle


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port; httpx leaves out a port that is the scheme's own."""
    return url.scheme, url.host, url.port


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _is_match(entry: dict[str, Any]) -> bool:
    """False for what is not counted by Bundle.total: included resources and remarks on the search (R4 Bundle.total)."""
    search = entry.get("search")
    return not (isinstance(search, dict) and search.get("mode") in ("outcome", "include"))


def _id(entry: dict[str, Any]) -> str:
    resource = entry.get("resource")
    value = resource.get("id") if isinstance(resource, dict) else None
    return value if isinstance(value, str) else ""


def _date(response: httpx.Response, what: str) -> float | None:
    value = response.headers.get("Date")
    if value is None:
        return None
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError as error:
        raise EhrContract(f"{what}: the EHR's Date header is no date") from error
    # A zone of -0000 gives a naive datetime, which means UTC (RFC 5322 §3.3).
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)).timestamp()


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def _offered(response: httpx.Response) -> frozenset[str] | None:
    """The resource types of a capability statement (R4 CapabilityStatement.rest.resource); None if it names none."""
    try:
        statement = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    rest = _objects(statement.get("rest")) if isinstance(statement, dict) else []
    names = {each.get("type") for part in rest for each in _objects(part.get("resource"))}
    return frozenset(name for name in names if isinstance(name, str)) or None
