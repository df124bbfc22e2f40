"""The sandbox POP answers as the real one was recorded to: status and body of every step that concerns the gateway."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.sandbox.pop.accounts import User
from adapters.sandbox.pop.server import SandboxPop, running

JsonObject = dict[str, Any]

USERS = {
    "gateway": User("gateway", "gateway", level=1, service=True),
    "viewer": User("viewer", "viewer", level=1),
    "external": User("external", "external", level=0),
    "manager2": User("manager2", "manager2", level=2),
    "platform3": User("platform3", "platform3", level=3),
    "admin": User("admin", "admin", level=4),
}
#: Transcript → the steps that the sandbox is known to answer otherwise; everything else must be as recorded.
TRANSCRIPTS: dict[str, frozenset[str]] = {
    "auth": frozenset({
        "provider-session-unknown-provider",  # sign-in through an identity provider
    }),
    "lists": frozenset({
        "filter-date-between",
        "plain-http-without-proxy-header",  # a redirect to https
    }),
    "neoplastic-entity": frozenset(),
    "patient-case": frozenset(),
    "performance-status": frozenset(),
    "poison": frozenset(),
    "rights": frozenset(),
    "staging-tnm": frozenset(),
    "systemic-therapy": frozenset(),
    "systemic-therapy-medication": frozenset(),
    "tumor-marker": frozenset(),
    # Kinds that the gateway does not write yet.
    **dict.fromkeys(
        (
            "adverse-event-mitigation", "adverse-event-suspected-cause", "radiotherapy", "radiotherapy-setting",
            "signature-hrd", "signature-loh", "signature-msi", "signature-tmb", "signature-tnb", "staging-figo",
            "staging-rai", "surgery", "therapy-line", "treatment-response",
        ),
        frozenset(),
    ),
}  # fmt: skip
#: What the sandbox does not have at all: steps on it are not replayed.
ELSEWHERE = re.compile(r"/api/fhir/|/interoperability/|/dashboard/|/measures/|/autocomplete/")
#: Differ by nature (times, other ids, counts of a whole server), or are texts and figures that POP derives (synonyms, ages).
VOLATILE = frozenset(
    {
        "createdAt", "updatedAt", "timestamp", "pseudoidentifier", "description", "age", "ageAtDiagnosis", "overallSurvival",
        "contributors", "dataCompletionRate", "therapyLineId", "duration", "progressionFreeSurvival", "id", "topographyGroup",
        "synonyms", "sessionToken", "lastLogin", "firstName", "lastName", "fullName", "methods", "flows",
        "database_connection_time_ms", "snapshot", "differential", "context", "url", "resource",
    }
)  # fmt: skip
SYMBOL = re.compile(r"{{([\w.-]+)\.id}}")
PSEUDONYM = re.compile(r"[A-Z]\.\d{4}\.\d{3}\.\d{2}")


class Bindings:
    """Recorded ids and pseudoidentifiers → those of this run."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}
        self.texts: dict[str, str] = {}

    def created(self, step: str, recorded: JsonObject, answered: JsonObject) -> None:
        """Bind what a create told."""
        self.ids.setdefault(step, answered["id"])
        names = PSEUDONYM.findall(str(recorded.get("description"))), PSEUDONYM.findall(answered["description"])
        self.texts.update(zip(*names, strict=True))

    def bound(self, value: Any) -> Any:
        """The value with everything bound replaced."""
        if isinstance(value, str):
            value = SYMBOL.sub(lambda match: self.ids.get(match[1], match[0]), value)
            return PSEUDONYM.sub(lambda match: self.texts.get(match[0], match[0]), value)
        if isinstance(value, dict):
            return {name: self.bound(child) for name, child in value.items()}
        return [self.bound(child) for child in value] if isinstance(value, list) else value


def comparable(value: Any) -> Any:
    """An answer without what differs by nature."""
    if isinstance(value, dict):
        # The wording of a malformed UUID's error depends on the version of POP's JSON library.
        hidden = VOLATILE | ({"msg", "ctx"} if value.get("type") == "uuid_parsing" else set())
        return {name: comparable(child) for name, child in value.items() if name not in hidden}
    if isinstance(value, list):
        # POP's order of entities of one date is not told.
        return sorted((comparable(child) for child in value), key=lambda child: json.dumps(child, sort_keys=True))
    return float(f"{value:.12g}") if isinstance(value, float) else value


def whole_server(step: JsonObject) -> bool:
    """A list that is not limited to what the transcript made: it holds what else that server held."""
    path, query = step["request"]["path"], step["request"]["query"]
    narrow = {"caseId", "externalSource", "pseudoidentifier", "idSearch"} & query.keys()
    return step["request"]["method"] == "GET" and path.count("/") == 3 and not narrow


def comparable_body(step: JsonObject) -> bool:
    """Whether the body is to be compared: not that of a moved date, a file, or other people's records."""
    body, status = step["response"].get("body"), step["response"]["status"]
    return (
        status < 500
        and isinstance(body, dict | list)
        and not (isinstance(body, dict) and "omitted" in body)
        and not ("anonymi" in step["name"] and status == 200)
        and not (status == 200 and whole_server(step) and "users" not in step["request"]["path"])
        and not (status == 200 and step["request"]["path"].endswith(("/concepts", "/history/events")))
    )


async def replay(transcript: JsonObject, pop: SandboxPop) -> tuple[list[str], dict[str, str]]:
    """(steps answered as recorded, step → what is different)."""
    bindings, same, different = Bindings(), [], {}
    async with running(pop) as url, httpx.AsyncClient(base_url=url) as client:
        tokens = {name: str(pop.accounts.login(name, name, name)) for name in USERS}
        latest = ""
        for step in transcript["steps"]:
            request, expected = step["request"], step["response"]
            if ELSEWHERE.search(request["path"]):
                continue
            headers = {**request.get("headers", {}), "Content-Type": "application/json"}
            if step["as"] in tokens:
                headers["X-SESSION-TOKEN"] = tokens[step["as"]]
            elif headers.get("X-SESSION-TOKEN") == "<token>":
                headers["X-SESSION-TOKEN"] = latest
            content = None
            if "rawBody" in request:
                content = request["rawBody"].encode()
            elif request.get("body") is not None:
                text = json.dumps(bindings.bound(request["body"]))
                # The users' passwords here are their names.
                name = str(request["body"].get("username")) if isinstance(request["body"], dict) else ""
                content = text.replace("<password>", name.split("@")[0]).encode()
            answer = await client.request(
                request["method"], bindings.bound(request["path"]), params=bindings.bound(request["query"]),
                content=content, headers=headers,
            )  # fmt: skip
            body = expected.get("body")
            if answer.status_code == 201 and isinstance(body, dict) and isinstance(body.get("id"), str):
                bindings.created(step["name"], body, answer.json())
            if answer.status_code == 200 and "sessionToken" in answer.text:
                latest = answer.json()["sessionToken"]
            if answer.status_code != expected["status"]:
                different[step["name"]] = f"status {answer.status_code}, recorded {expected['status']}"
            elif comparable_body(step) and comparable(bindings.bound(body)) != comparable(answer.json()):
                different[step["name"]] = "body"
            else:
                same.append(step["name"])
    return same, different


@pytest.mark.parametrize("name", sorted(TRANSCRIPTS))
async def test_replay(shared: Path, name: str) -> None:
    transcript = json.loads((shared / "pop/transcripts" / f"{name}.json").read_text())
    pop = SandboxPop(terminologies=shared / "pop/terminologies", users=tuple(USERS.values()), limit_logins=False)
    same, different = await replay(transcript, pop)
    assert same
    # Exactly the known ones: a difference that has gone is to be taken off the list.
    assert different.keys() == TRANSCRIPTS[name], different
