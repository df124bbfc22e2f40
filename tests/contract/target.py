"""The server that the suite is held against: a sandbox that the suite starts, or a real POP that the environment names.

On a real POP the suite works only on cases that it makes itself, under :data:`CENTRE` and with identifiers that begin with
:data:`PREFIX`, and removes them at the start (what an interrupted run left), and at the end, however the run ended. It signs
in once per account.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from contract.payloads import CHOICES

from adapters.pop.client import PopClient
from adapters.pop.kinds import KINDS, JsonObject
from adapters.pop.release import Release as Contract
from adapters.pop.session import MemoryTokenStore, Session
from adapters.sandbox.pop.accounts import User
from adapters.sandbox.pop.releases import Release
from adapters.sandbox.pop.server import SandboxPop, running

#: The shared reference material (transcripts, rules, full value lists).
SHARED = Path(os.environ.get("POP_GATEWAY_SHARED", Path(__file__).parents[3] / "shared"))
CENTRE = "Gateway contract test"
PREFIX = "TR-"
CASES = "/api/v1/patient-cases"
#: The address of a real POP; none: the sandbox.
POP_URL = os.environ.get("POP_URL", "").rstrip("/")
#: The accounts of the transcripts, and what they are.
ROLES = {
    "gateway": User("gateway", "gateway", level=1, service=True),
    "viewer": User("viewer", "viewer", level=1),
    "external": User("external", "external", level=0),
    "manager2": User("manager2", "manager2", level=2),
    "platform3": User("platform3", "platform3", level=3),
    "admin": User("admin", "admin", level=4),
}
#: Seconds: the suite is no benchmark; a real POP may be busy.
TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account's name and password."""

    username: str
    password: str


@dataclass
class Target:
    """One server and the accounts that the suite may use there, by role (``gateway``: the technical account)."""

    url: str
    accounts: dict[str, Credentials]
    sandbox: SandboxPop | None = None
    """None: a real POP."""
    tokens: dict[str, str] = field(default_factory=dict)
    _cases: set[str] = field(default_factory=set)
    _release: Contract | None = None
    _as_recorded: bool | None = None

    @property
    def real(self) -> bool:
        """Whether other people use this server."""
        return self.sandbox is None

    def http(self) -> httpx.AsyncClient:
        """A new connection; the caller closes it."""
        return httpx.AsyncClient(base_url=self.url, timeout=TIMEOUT)

    async def token(self, http: httpx.AsyncClient, role: str) -> str:
        """The role's session; signs in the first time."""
        if role not in self.tokens:
            account = self.accounts[role]
            body = {"username": account.username, "password": account.password}
            answer = await http.post("/api/v1/auth/session", json=body)
            assert answer.status_code == 200, f"{role} cannot sign in: POP answers {answer.status_code}"
            self.tokens[role] = answer.json()["sessionToken"]
        return self.tokens[role]

    async def send(
        self, http: httpx.AsyncClient, method: str, path: str, *, role: str | None = "gateway", **more: Any
    ) -> httpx.Response:
        """One request of a role (None: not signed in). Remembers the cases that it makes."""
        headers = dict(more.pop("headers", {}))
        if role is not None:
            headers["X-SESSION-TOKEN"] = await self.token(http, role)
        answer = await http.request(method, path, headers=headers, **more)
        if answer.status_code == 201 and path == CASES:
            self._cases.add(answer.json()["id"])
        return answer

    async def session(self, http: httpx.AsyncClient) -> MemoryTokenStore:
        """A token store that holds the technical account's session already."""
        store = MemoryTokenStore()
        await store.write(Session(token=await self.token(http, "gateway"), issued_at=2**40))
        return store

    async def adapter(self, http: httpx.AsyncClient) -> PopClient:
        """The gateway's own client, signed in and after its handshake; the caller closes it."""
        account = self.accounts["gateway"]
        tokens = await self.session(http)
        client = PopClient(
            url=self.url, username=account.username, password=lambda: account.password, tokens=tokens, timeout=TIMEOUT
        )
        client.release = self._release = self._release or await client.handshake()
        return client

    async def as_recorded(self, http: httpx.AsyncClient) -> bool:
        """Whether the technical account has the rights with which the transcripts were recorded: level 1 and the service flag."""
        if self._as_recorded is None:
            name = self.accounts["gateway"].username
            items = (await self.send(http, "GET", "/api/v1/users", params={"username": name})).json()["items"]
            account = next(item for item in items if item["username"] == name)
            self._as_recorded = (account["accessLevel"], account["isServiceAccount"]) == (1, True)
        return self._as_recorded

    def made(self, case_id: str) -> None:
        """Remember a case that was made without :meth:`send`."""
        self._cases.add(case_id)

    async def clean(self) -> int:
        """Delete every case of the suite; returns how many there were."""
        async with self.http() as http:
            found = {*self._cases, *await self._leftovers(http)}
            statuses = [(await self.send(http, "DELETE", f"{CASES}/{case}")).status_code for case in sorted(found)]
            self._cases.clear()
            assert set(statuses) <= {204, 404}, f"cases of the suite could not be deleted: {statuses}"
            return statuses.count(204)

    async def _leftovers(self, http: httpx.AsyncClient) -> list[str]:
        # ``idSearch`` finds parts of the clinical identifier; POP has no filter for the centre.
        found: list[JsonObject] = []
        while True:
            query = {"idSearch": PREFIX, "anonymized": "false", "limit": 50, "offset": len(found)}
            answer = await self.send(http, "GET", CASES, params=query)
            assert answer.status_code == 200, f"the list of cases is a {answer.status_code}: is it poisoned?"
            items = answer.json()["items"]
            found += items
            if not items or len(found) >= answer.json()["count"]:
                return [case["id"] for case in found if case["clinicalCenter"].startswith(CENTRE)]


def _invented(folder: Path) -> Path:
    """The packaged value lists, and for each list that is not packaged an invented concept or those of a recorded choice."""
    packaged = {name: list(concepts.values()) for name, concepts in SandboxPop().terms.lists.items()}
    for name in {name for kind in KINDS.values() for name in kind.terminology.values()}:
        concept = {"code": f"{name}-1", "system": "http://example.org/invented", "display": f"Invented {name}"}
        recorded = [
            item for choice, some in CHOICES.items() if KINDS[choice[0]].terminology[choice[1]] == name for item in some
        ]
        concepts = packaged.get(name) or recorded or [concept]
        (folder / f"{name}.json").write_text(json.dumps(concepts), encoding="utf-8")
    return folder


@contextmanager
def sandbox(folder: Path, release: Release | None = None) -> Iterator[Target]:
    """A sandbox in a thread of its own, so that tests with any event loop can use it. ``folder``: an empty one, for invented
    value lists where the full ones are not here; ``release``: which one it plays."""
    terminologies = SHARED / "pop/terminologies" if SHARED.is_dir() else _invented(folder)
    pop = SandboxPop(terminologies=terminologies, users=tuple(ROLES.values()), limit_logins=False, release=release)
    accounts = {role: Credentials(user.username, user.password) for role, user in ROLES.items()}
    ready, loop, urls = threading.Event(), asyncio.new_event_loop(), []
    over = asyncio.Event()

    async def serve() -> None:
        async with running(pop) as url:
            urls.append(url)
            ready.set()
            await over.wait()

    def work() -> None:
        try:
            loop.run_until_complete(serve())
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=work, name="sandbox", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield Target(urls[0], accounts, pop)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


@contextmanager
def opened(folder: Path) -> Iterator[Target]:
    """The server of this run. ``folder``: an empty one."""
    if not POP_URL:
        with sandbox(folder) as target:
            yield target
        return
    others = json.loads(os.environ.get("POP_USERS", "{}"))
    accounts = {role: Credentials(item["username"], item["password"]) for role, item in others.items()}
    accounts["gateway"] = Credentials(os.environ["POP_USER"], os.environ["POP_PASSWORD"])
    target = Target(POP_URL, accounts)
    asyncio.run(target.clean())
    try:
        yield target
    finally:
        asyncio.run(target.clean())
