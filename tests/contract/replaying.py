"""A transcript's steps, one after the other, sent to the server of this run and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from contract.binding import SYMBOL, Bindings
from contract.comparing import differences
from contract.rules import by_step
from contract.table import Findings
from contract.target import CENTRE, SHARED, Target

JsonObject = dict[str, Any]

RECORDED_CENTRE = "Transcript Hospital"
FOLDER = SHARED / "pop/transcripts"
#: Writes that a real POP's other users would suffer from, until they are cleaned up.
POISONOUS = "poisons lists of the whole server: POP_POISON=1 allows it"
LOGIN = "signs in once more, or in vain: a real POP limits that"
SIGNED_OUT = "needs the session that was not opened, or ends one"
#: Steps of ``auth`` that a real POP is spared.
SPARED = {
    **dict.fromkeys(("login", "wrong-password", "unknown-user", "empty-password", "login-by-email"), LOGIN),
    **dict.fromkeys((f"limit-attempt-{number}" for number in range(1, 8)), LOGIN),
    **dict.fromkeys(
        ("read-with-token", "session-get", "login-while-logged-in", "logout", "read-after-logout"), SIGNED_OUT
    ),
}

#: What the value lists that a sandbox can be given do not have.
NOT_LISTED = {("terminologies", "query-synonym"): "the shared lists lack the synonyms of genes"}


def load(name: str) -> JsonObject:
    """A transcript, its cases under the suite's centre."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8").replace(RECORDED_CENTRE, CENTRE)
    # As part of an address, in FHIR.
    text = text.replace(RECORDED_CENTRE.replace(" ", "-"), CENTRE.replace(" ", "-"))
    # The one look-up by a part of the centre's name.
    found: JsonObject = json.loads(text.replace('"query": "Transcript"', f'"query": "{CENTRE}"'))
    return found


def names() -> list[str]:
    """All transcripts; none where the shared material is absent."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@dataclass
class Replay:
    """One transcript against one server."""

    name: str
    target: Target
    to: Findings
    rules: Findings
    poison: bool
    bindings: Bindings = field(default_factory=Bindings)
    touched: set[str] = field(default_factory=set)
    """Steps whose entity a skipped step would have written: what is read of it now says nothing."""
    latest: str = "<token>"
    """The session that the transcript itself opened last."""

    async def run(self) -> None:
        """All steps."""
        steps = load(self.name)["steps"]
        poisonous = _poisonous(self.name, steps)
        async with self.target.http() as http:
            as_recorded = await self.target.as_recorded(http)
            for step in steps:
                reason = self._reason(step, poisonous, as_recorded=as_recorded)
                if reason is None:
                    await self._step(http, step)
                else:
                    self._skip(step, reason)

    def _reason(self, step: JsonObject, poisonous: set[str], *, as_recorded: bool) -> str | None:
        """Why a step is not sent; None: it is."""
        role, request = step["as"], step["request"]
        if role is not None and role not in self.target.accounts:
            return f"no account for {role}: POP_USERS names none"
        about_rights = step["response"]["status"] == 403 or request["path"] == "/api/v1/users"
        if role == "gateway" and about_rights and not as_recorded:
            return "POP_USER has other rights than the recorded account: level 1 and the service flag"
        if self.target.real and step["name"] in poisonous and not self.poison:
            return POISONOUS
        if not self.target.real and (self.name, step["name"]) in NOT_LISTED:
            return NOT_LISTED[self.name, step["name"]]
        if self.target.real and self.name == "auth" and step["name"] in SPARED:
            return SPARED[step["name"]]
        if missing := self.bindings.unbound([request.get(part) for part in ("path", "query", "body")]):
            return f"needs what an earlier step did not make ({', '.join(sorted(missing))})"
        shown = {*SYMBOL.findall(request["path"]), *_shown(step["response"].get("body"))}
        if request["method"] != "DELETE" and shown & self.touched:
            return "shows what a skipped step wrote"
        return None

    def _skip(self, step: JsonObject, reason: str) -> None:
        self.to.skipped(step["name"], reason)
        for rule in by_step().get((self.name, step["name"]), ()):
            self.rules.skipped(f"{rule.entity}: {rule.name}", reason)
        if step["request"]["method"] != "GET" and step["response"]["status"] < 300:
            self.touched |= {step["name"], *SYMBOL.findall(step["request"]["path"])}

    async def _step(self, http: httpx.AsyncClient, step: JsonObject) -> None:
        request, expected = step["request"], step["response"]
        answer = await self._send(http, request, step["as"])
        body = _content(answer)
        recorded = expected.get("body")
        if (
            isinstance(recorded, dict)
            and recorded.get("id") == "{{" + step["name"] + ".id}}"
            and isinstance(body, dict)
        ):
            self.bindings.ids[step["name"]] = str(body.get("id"))
        if answer.status_code == 200 and isinstance(body, dict) and "sessionToken" in body:
            self.latest = body["sessionToken"]
        if expected["status"] == 500 and answer.status_code == 200 and _part_of_many(step, body):
            # The poisoned entity stands on another page: other people's entities come first.
            self._skip(step, "this server holds more than one page of them")
            return
        found = list(self._compare(step, answer, body))
        for place, one, other in found:
            self.to.different(f"{step['name']} {place}", one, other)
        if not found:
            self.to.same(step["name"])
        for rule in by_step().get((self.name, step["name"]), ()):
            self.rules.compare(f"{rule.entity}: {rule.name}", *rule.told(answer.status_code, body))

    async def _send(self, http: httpx.AsyncClient, request: JsonObject, role: str | None) -> httpx.Response:
        headers = {name: self.bindings.bound(value) for name, value in request.get("headers", {}).items()}
        if headers.get("X-SESSION-TOKEN") == "<token>":
            headers["X-SESSION-TOKEN"] = self.latest
        if headers.get("Authorization") == "Bearer <token>":
            headers["Authorization"] = f"Bearer {self.latest}"
        content = None
        if "rawBody" in request:
            content = request["rawBody"].encode()
        elif request.get("body") is not None:
            body = self.bindings.sent(request["body"])
            if isinstance(body, dict) and body.get("password") == "<password>":
                account = self.target.accounts[body["username"].partition("@")[0]]
                body = {**body, "password": account.password}
            content = json.dumps(body).encode()
        return await self.target.send(
            http, request["method"], self.bindings.bound(request["path"]), role=role, headers=headers, content=content,
            params=self.bindings.bound(request["query"]),
        )  # fmt: skip

    def _compare(self, step: JsonObject, answer: httpx.Response, body: Any) -> Iterator[tuple[str, Any, Any]]:
        expected = step["response"]
        if answer.status_code != expected["status"]:
            yield "status", expected["status"], f"{answer.status_code} {answer.text[:200]}"
            return
        for name, value in expected.get("headers", {}).items():
            one, other = _header(name, self.bindings.bound(value)), _header(name, answer.headers.get(name, ""))
            if "/api/fhir/" in step["request"]["path"] and "json" in other:
                # POP names the type that the request before, of anybody, had asked for.
                continue
            if one != other:
                yield name, one, other
        recorded = expected.get("body")
        if _whole_server(step):
            return
        if _unordered(step):
            recorded, body = _by_code(recorded), _by_code(body)
        yield from differences(recorded, self._by_role(body), self.bindings)

    def _by_role(self, value: Any) -> Any:
        """Names of the accounts of this run, as the transcript calls them."""
        names = {account.username: role for role, account in self.target.accounts.items()}
        if isinstance(value, dict):
            return {name: self._by_role(child) for name, child in value.items()}
        if isinstance(value, list):
            return [self._by_role(child) for child in value]
        return names.get(value, value) if isinstance(value, str) else value


def _shown(value: Any) -> set[str]:
    """Steps whose entities stand in an answer."""
    if isinstance(value, dict):
        own = {name for key in ("id", "resourceId") for name in SYMBOL.findall(str(value.get(key)))}
        return own.union(*(_shown(child) for child in value.values()))
    return set().union(*(_shown(child) for child in value)) if isinstance(value, list) else set()


def _content(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


def _header(name: str, value: str) -> Any:
    if name == "Allow":
        return sorted(part.strip() for part in value.split(","))
    if name == "Location":
        # Which host, only this server knows.
        return value.split("/", 3)[3:]
    return value.lower().replace(" ", "")


def _whole_server(step: JsonObject) -> bool:
    """A list, or figures, of all cases: what else that server held is of no interest here."""
    request = step["request"]
    path, query = request["path"], request["query"]
    narrow = {"caseId", "pseudoidentifier", "idSearch"} & query.keys()
    own = path.startswith(("/api/v1/terminologies/", "/api/v1/measures/", "/api/v1/users", "/api/v1/auth/"))
    many = path.startswith("/api/v1/dashboard/") or path.count("/") == 3
    return request["method"] == "GET" and step["response"]["status"] == 200 and many and not narrow and not own


def _part_of_many(step: JsonObject, body: Any) -> bool:
    """One page of several of a list that is not a case's."""
    paged = isinstance(body, dict) and isinstance(body.get("items"), list) and body.get("count", 0) > len(body["items"])
    return paged and step["request"]["method"] == "GET" and "caseId" not in step["request"]["query"]


def _unordered(step: JsonObject) -> bool:
    """A value list that is not searched: POP gives it in the order of its table."""
    request, status = step["request"], step["response"]["status"]
    return "/terminologies/" in request["path"] and status == 200 and "query" not in request["query"]


def _by_code(page: JsonObject) -> JsonObject:
    """A complete list by its codes; of a part, which depends on that order, how long it is and of what shape."""
    items = page["items"]
    if len(items) == page["count"]:
        return {**page, "items": sorted(items, key=lambda item: (item["system"], item["code"]))}
    return {"count": page["count"], "length": len(items), "fields": sorted({field for item in items for field in item})}


def _poisonous(name: str, steps: list[JsonObject]) -> set[str]:
    """Steps after which reads of the whole server fail, and those that show it."""
    if name == "poison":
        return {step["name"] for step in steps}
    shown = {step["name"] for step in steps if step["name"].endswith("-get") and step["response"]["status"] == 500}
    return shown | {step.removesuffix("-get") for step in shown}
