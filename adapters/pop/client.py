"""A thin client of the POP API: one method per thing the reconciler does, errors by what to do about them.

Facts of POP 1.x it stands on: reads are anonymised unless asked otherwise; unknown query parameters are ignored silently,
so every listed item is checked; lists hold at most 50 items; a PUT replaces; a 500 may have stored all the same.
"""

from __future__ import annotations

import email.utils
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from adapters.pop import guard
from adapters.pop.errors import (
    PopAmbiguous,
    PopContract,
    PopError,
    PopForbidden,
    PopRejected,
    PopServerError,
    PopTransient,
    PopUnauthorised,
)
from adapters.pop.kinds import KINDS, JsonObject
from adapters.pop.session import MemoryTokenStore, SessionManager, TokenStore

#: A list of entities (inside the client, ``list`` is its method).
Items = list[JsonObject]

PAGE = 50
#: Nothing of the request can have reached POP.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
_CONCEPT = re.compile(r"CodedConcept with code '([^']*)' and system '([^']*)' for ([a-z0-9 ]+) valueset")
_CONSTRAINT = re.compile(r'(?:check|unique) constraint "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, for audit and metrics; free of patient data."""

    method: str
    path: str
    """Path with POP ids; the clinical identifier of a case look-up is replaced by its placeholder."""
    status: int | None
    error: str | None
    duration: float
    """Seconds."""
    payload_digest: bytes | None


@dataclass(frozen=True, slots=True)
class Account:
    """The technical account as POP describes it."""

    username: str
    level: int
    service_account: bool
    can_manage_cases: bool
    can_export: bool


class PopClient:
    """POP, for one technical account. Close it with ``aclose``."""

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
    ) -> None:
        self.username = username
        self._password = password
        self._observer = observer
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            transport=transport,
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=100),
            headers={"Accept": "application/json"},
        )
        self._sessions = SessionManager(tokens or MemoryTokenStore(), self._login)
        self.clock_difference: float | None = None
        """Seconds that POP's clock is ahead of ours, by the last Date header."""

    async def aclose(self) -> None:
        """Close the connections. The session stays valid for the other replicas."""
        await self._http.aclose()

    # -- entities ------------------------------------------------------------------------------------------------

    async def create(self, kind: str, body: JsonObject, *, parent_id: str | None = None) -> str:
        """Create an entity; returns its POP id. Raises PopAmbiguous if POP may have stored it without telling."""
        guard.check(kind, body)
        facts = KINDS[kind]
        answer = await self._json("POST", facts.path(parent_id), body=body)
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
            raise PopContract(f"creating a {kind}: POP's answer has no id")
        return str(answer["id"])

    async def update(self, kind: str, pop_id: str, body: JsonObject, *, parent_id: str | None = None) -> bool:
        """Replace an entity by a complete body. False if POP does not have it any more."""
        guard.check(kind, body)
        return await self._json("PUT", f"{KINDS[kind].path(parent_id)}/{pop_id}", body=body, absent=None) is not None

    async def delete(self, kind: str, pop_id: str, *, parent_id: str | None = None) -> bool:
        """Delete an entity. False if it was gone already."""
        response = await self._send("DELETE", f"{KINDS[kind].path(parent_id)}/{pop_id}")
        if response.status_code == 404:
            return False
        self._raise(response)
        return True

    async def get(self, kind: str, pop_id: str, *, parent_id: str | None = None) -> JsonObject | None:
        """An entity as it stands in POP, not anonymised; None if there is none."""
        answer = await self._json(
            "GET", f"{KINDS[kind].path(parent_id)}/{pop_id}", query={"anonymized": "false"}, absent=None
        )
        return answer if isinstance(answer, dict) else None

    async def list(
        self, kind: str, *, case_id: str | None = None, parent_id: str | None = None, external_source: str | None = None
    ) -> Items:
        """All entities of a kind of one case (or one parent), not anonymised. Kinds that share a collection are told
        apart by their constant field (``stagingDomain``)."""
        facts = KINDS[kind]
        found: Items = []
        query: dict[str, str | int] = {"anonymized": "false", "limit": PAGE}
        if case_id is not None:
            query["caseId"] = case_id
        if external_source is not None:
            query["externalSource"] = external_source
        while True:
            answer = await self._json("GET", facts.path(parent_id), query={**query, "offset": len(found)}, absent=[])
            # Sub-collections answer with a bare list, collections with a page.
            items = answer if isinstance(answer, list) else answer["items"]
            found.extend(items)
            if isinstance(answer, list) or not items or len(found) >= answer["count"]:
                break
        return [
            item
            for item in found
            if (case_id is None or item.get("caseId") == case_id)
            and (external_source is None or item.get("externalSource") == external_source)
            and all(item.get(field) == value for field, value in facts.const.items())
        ]

    async def find_case(self, clinical_center: str, clinical_identifier: str) -> JsonObject | None:
        """The case with this hospital identity, or None."""
        answer = await self._json(
            "GET",
            f"/api/v1/patient-cases/{quote(clinical_identifier, safe='')}",
            query={"type": "clinicalIdentifier", "clinicalCenter": clinical_center, "anonymized": "false"},
            absent=None,
            shown="/api/v1/patient-cases/{clinicalIdentifier}",
        )
        return answer if isinstance(answer, dict) else None

    # -- the server ----------------------------------------------------------------------------------------------

    async def concepts(self, terminology: str) -> Items:
        """All concepts of one of POP's terminologies."""
        found: Items = []
        while True:
            page = await self._json(
                "GET", f"/api/v1/terminologies/{terminology}/concepts", query={"limit": PAGE, "offset": len(found)}
            )
            found.extend(page["items"])
            if not page["items"] or len(found) >= page["count"]:
                return found

    async def openapi(self) -> JsonObject:
        """The server's own OpenAPI document."""
        document: JsonObject = await self._json("GET", "/api/v1/openapi.json", signed=False)
        return document

    async def health(self) -> JsonObject:
        """POP's health check."""
        answer: JsonObject = await self._json("GET", "/api/v1/healthcheck", signed=False)
        return answer

    async def account(self) -> Account:
        """The technical account's level and rights. Raises PopContract if POP does not list it."""
        answer = await self._json("GET", "/api/v1/users", query={"username": self.username, "limit": PAGE})
        for item in answer["items"]:
            if item.get("username") == self.username:
                return Account(
                    username=self.username,
                    level=int(item["accessLevel"]),
                    service_account=bool(item["isServiceAccount"]),
                    can_manage_cases=bool(item["canManageCases"]),
                    can_export=bool(item["canExportData"]),
                )
        raise PopContract("POP does not list the technical account among its users")

    # -- plumbing ------------------------------------------------------------------------------------------------

    async def _login(self) -> str | None:
        body = {"username": self.username, "password": self._password()}
        response = await self._exchange(
            "POST", "/api/v1/auth/session", content=orjson.dumps(body), token=None, digest=None
        )
        if response.status_code == 200:
            token = response.json().get("sessionToken")
            if not isinstance(token, str):
                raise PopContract("POP's login answered without a session token")
            return token
        if response.status_code in (429, 502, 503, 504):
            self._raise(response)
        # 400 with an empty body, or even 500, is how POP says no (or: too many attempts).
        return None

    async def _json(
        self,
        method: str,
        path: str,
        *,
        body: JsonObject | None = None,
        query: dict[str, Any] | None = None,
        absent: Any = ...,
        signed: bool = True,
        shown: str | None = None,
    ) -> Any:
        response = await self._send(method, path, body=body, query=query, signed=signed, shown=shown)
        if response.status_code == 404 and absent is not ...:
            return absent
        self._raise(response)
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise PopContract(
                f"{method} {shown or path}: POP's answer is not JSON", status=response.status_code
            ) from error

    async def _send(
        self,
        method: str,
        path: str,
        *,
        body: JsonObject | None = None,
        query: dict[str, Any] | None = None,
        signed: bool = True,
        shown: str | None = None,
    ) -> httpx.Response:
        content = None if body is None else orjson.dumps(body)
        digest = None if content is None else hashlib.blake2b(content, digest_size=16).digest()
        token = await self._sessions.token() if signed else None
        response = await self._exchange(
            method, path, content=content, query=query, token=token, digest=digest, shown=shown
        )
        if response.status_code == 401 and token is not None:
            token = await self._sessions.token(instead_of=token)
            response = await self._exchange(
                method, path, content=content, query=query, token=token, digest=digest, shown=shown
            )
        return response

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None,
        token: str | None,
        digest: bytes | None,
        query: dict[str, Any] | None = None,
        shown: str | None = None,
    ) -> httpx.Response:
        headers = {} if token is None else {"X-SESSION-TOKEN": token}
        if content is not None:
            headers["Content-Type"] = "application/json"
        started = time.perf_counter()
        status: int | None = None
        failure: PopError | None = None
        try:
            response = await self._http.request(method, path, content=content, params=query, headers=headers)
            status = response.status_code
            self._note_clock(response)
            return response
        except NOT_SENT as error:
            failure = PopTransient(f"POP cannot be reached ({type(error).__name__})")
            raise failure from error
        except httpx.TransportError as error:
            name = type(error).__name__
            if method == "POST" and token is not None:
                failure = PopAmbiguous(f"POP did not answer a create ({name}); it may have stored it")
            else:
                failure = PopTransient(f"POP did not answer ({name})")
            raise failure from error
        finally:
            if self._observer is not None:
                self._observer(
                    Exchange(
                        method=method,
                        path=shown or path,
                        status=status,
                        error=failure.code if failure is not None else None,
                        duration=time.perf_counter() - started,
                        payload_digest=digest,
                    )
                )

    def _note_clock(self, response: httpx.Response) -> None:
        if (date := response.headers.get("Date")) is not None:
            self.clock_difference = email.utils.parsedate_to_datetime(date).timestamp() - time.time()

    def _raise(self, response: httpx.Response) -> None:
        """Raise what the status means; return on 2xx."""
        status = response.status_code
        if response.is_success:
            return
        if status == 401:
            raise PopUnauthorised("POP does not accept a fresh session of the technical account", status=status)
        if status == 403:
            raise PopForbidden(
                "the technical account lacks a right: it needs level 1 and the service account flag", status=status
            )
        if status in (429, 502, 503, 504):
            raise PopTransient(f"POP is not available ({status})", status=status, retry_after=retry_after(response))
        if status == 500:
            raise PopServerError("POP failed on this request (500)", status=status)
        if status in (400, 404, 409, 413, 422):
            message, fields = explain(response)
            raise PopRejected(message, status=status, fields=fields)
        raise PopContract(f"POP answered with an unexpected status {status}", status=status)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds of a Retry-After header, given in seconds or as a date (RFC 9110 §10.2.3); at most an hour."""
    value = response.headers.get("Retry-After")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), 3600.0)


def explain(response: httpx.Response) -> tuple[str, tuple[str, ...]]:
    """POP's 4xx reduced to what may be shown: fields with the kind of error, a code and its system, a constraint's name.
    Values, and the 9 kB pattern of an HGVS error, stay out."""
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return f"POP refuses it ({response.status_code})", ()
    detail = answer.get("detail") if isinstance(answer, dict) else None
    if isinstance(detail, list):
        fields = tuple(".".join(map(str, item["loc"][2:])) or "body" for item in detail)
        kinds = "; ".join(f"{field}: {item['type']}" for field, item in zip(fields, detail, strict=True))
        return f"POP refuses the shape: {kinds}", fields
    message = answer.get("message", "") if isinstance(answer, dict) else ""
    if match := _CONCEPT.search(message):
        return f"POP's list for «{match[3]}» has no concept {match[1]} of {match[2]}", ()
    if match := _CONSTRAINT.search(message):
        return f"POP's rule «{match[1]}» forbids it", ()
    return f"POP refuses it ({response.status_code})", ()
