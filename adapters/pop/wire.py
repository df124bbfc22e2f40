"""HTTP to POP: one signed request and its answer, with faults of the connection told apart by what they leave behind."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from adapters.pop import guard
from adapters.pop.answers import UNAVAILABLE, explain, http_date, raise_for
from adapters.pop.connection import Connection
from adapters.pop.credentials import Credentials
from adapters.pop.errors import PopAmbiguous, PopContract, PopError, PopTransient
from adapters.pop.kinds import JsonObject
from adapters.pop.limiter import Limiter, Slot
from adapters.pop.session import SessionManager, TokenStore

#: Nothing of the request can have reached POP.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
#: Seconds to wait for a connection at most, whatever the time-out of the answer.
CONNECT_TIMEOUT = 10.0
CONNECTIONS = 100
WRITES = frozenset({"POST", "PUT", "DELETE"})
#: Statuses by which POP, or the proxy before it, says that it is too much.
_TOO_MUCH = frozenset({429, 502, 503, 504})
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


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
    payload: bytes | None = field(default=None, repr=False)
    """The body that was sent: patient data, only ever to be kept encrypted."""
    entity_id: str | None = None
    """POP's id of what a create made."""
    refusal: str | None = None
    """Why POP refused it, reduced to what may be shown."""


class Wire:
    """The connection of one technical account. ``in_ours`` reads a body of a kind, as the server's release spells it, under our
    names: for the guard."""

    def __init__(
        self,
        *,
        url: str,
        credentials: Credentials,
        tokens: TokenStore,
        timeout: float,
        transport: httpx.AsyncBaseTransport | None,
        observer: Callable[[Exchange], None] | None,
        in_ours: Callable[[str, JsonObject], JsonObject],
        limiter: Limiter,
        connection: Connection,
    ) -> None:
        self._credentials = credentials
        self._observer = observer
        self._timeout = timeout
        self._limiter = limiter
        self._http = connection.http(
            base_url=url.rstrip("/"),
            timeout=httpx.Timeout(timeout, connect=min(timeout / 2, CONNECT_TIMEOUT)),
            transport=transport,
            size=CONNECTIONS,
        )
        self._sessions = SessionManager(tokens, self._login)
        self._in_ours = in_ours
        self.knows: guard.Knows | None = None
        """Looks into the server's value lists; None where they are not at hand."""
        self.clock_difference: float | None = None
        """Seconds that POP's clock is ahead of ours, by the last Date header."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def json(
        self,
        method: str,
        path: str,
        *,
        body: JsonObject | None = None,
        kind: str | None = None,
        query: dict[str, Any] | None = None,
        absent: Any = ...,
        signed: bool = True,
        shown: str | None = None,
        timeout: float | None = None,
    ) -> Any:
        """The JSON of the answer. ``absent`` is returned for a 404; ``shown`` is what others may see of the path; ``timeout``
        is in seconds, for what is known to take longer than others."""
        response = await self.send(
            method, path, body=body, kind=kind, query=query, signed=signed, shown=shown, timeout=timeout
        )
        if response.status_code == 404 and absent is not ...:
            return absent
        raise_for(response, write=method in WRITES)
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            text = f"{method} {shown or path}: POP's answer is not JSON"
            raise PopContract(text, status=response.status_code) from error

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: JsonObject | None = None,
        kind: str | None = None,
        query: dict[str, Any] | None = None,
        signed: bool = True,
        shown: str | None = None,
        timeout: float | None = None,
    ) -> httpx.Response:
        """The answer, whatever its status; a 401 is tried once more with a fresh session. ``kind`` is what ``body`` is one of:
        the guard looks at the very bytes that are sent, and raises PopContract where they must not be."""
        content = None if body is None else self._guarded(kind, body)
        digest = None if content is None else hashlib.blake2b(content, digest_size=16).digest()
        token = await self._sessions.token() if signed else None
        for attempt in (1, 2):
            response = await self._exchange(
                method, path, content=content, query=query, token=token, digest=digest, shown=shown, timeout=timeout
            )
            if token is not None and response.status_code != 401:
                self._sessions.accepted(token)
            elif token is not None and attempt == 1:
                token = await self._sessions.token(instead_of=token)
                continue
            break
        return response

    def _guarded(self, kind: str | None, body: JsonObject) -> bytes:
        if kind is None:
            raise PopContract("a body of no kind of POP's is never sent")
        content = guard.encode(kind, body)
        guard.check_bytes(kind, content, in_ours=lambda wire: self._in_ours(kind, wire), knows=self.knows)
        return content

    async def _login(self) -> str | None:
        login = await self._credentials.login()
        if login is None:
            return None
        response = await self._exchange("POST", login.path, content=orjson.dumps(login.body), token=None, digest=None)
        if response.status_code in UNAVAILABLE or response.status_code > 500:
            raise_for(response)
        if response.status_code != 200:
            # 400 with an empty body, or even 500, is how POP says no (or: too many attempts).
            return None
        try:
            token = orjson.loads(response.content)["sessionToken"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            token = None
        if not isinstance(token, str):
            raise PopContract("POP's login answered without a session token: is this address a POP?", status=200)
        return token

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
        timeout: float | None = None,
    ) -> httpx.Response:
        headers = {} if token is None else {"X-SESSION-TOKEN": token}
        if content is not None:
            headers["Content-Type"] = "application/json"
        response: httpx.Response | None = None
        failure: PopError | None = None
        turn = (
            nullcontext(Slot()) if token is None else self._limiter.slot(f"{method} {_ID.sub('{id}', shown or path)}")
        )
        async with turn as slot:
            started = time.perf_counter()
            try:
                # httpx limits each read and write; an answer that trickles in must end as well.
                async with asyncio.timeout(timeout or self._timeout):
                    response = await self._http.request(
                        method, path, content=content, params=query, headers=headers,
                        timeout=httpx.USE_CLIENT_DEFAULT if timeout is None else httpx.Timeout(timeout),
                    )  # fmt: skip
                slot.answered = response.is_success
                slot.overloaded = response.status_code in _TOO_MUCH
                if (date := http_date(response.headers.get("Date", ""))) is not None:
                    self.clock_difference = date - time.time()
                return response
            except NOT_SENT as error:
                slot.overloaded = True
                failure = PopTransient(f"POP cannot be reached ({type(error).__name__})")
                # The library's own text may quote the address, and with it a clinical identifier: it is not chained.
                raise failure from None
            except (httpx.RequestError, TimeoutError) as error:
                slot.overloaded = True
                name = "time-out" if isinstance(error, TimeoutError | httpx.TimeoutException) else type(error).__name__
                if method in WRITES and token is not None:
                    failure = PopAmbiguous(f"POP did not answer a write ({name}); it may have carried it out")
                else:
                    failure = PopTransient(f"POP did not answer ({name})")
                raise failure from None
            finally:
                if self._observer is not None:
                    self._observer(
                        Exchange(
                            method=method,
                            path=shown or path,
                            status=None if response is None else response.status_code,
                            error=None if failure is None else failure.code,
                            duration=time.perf_counter() - started,
                            payload_digest=digest,
                            payload=content if digest is not None else None,
                            entity_id=_made(response),
                            refusal=_refusal(response),
                        )
                    )


def _made(response: httpx.Response | None) -> str | None:
    if response is None or response.status_code != 201:
        return None
    try:
        made = orjson.loads(response.content)["id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return made if isinstance(made, str) and _ID.fullmatch(made) else None


def _refusal(response: httpx.Response | None) -> str | None:
    return explain(response)[0] if response is not None and response.status_code in (400, 409, 422) else None
