"""The sandbox POP answers as the real one was recorded to, for the six kinds of today, sign-in and poison."""

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
#: Steps that the sandbox does not (yet) answer as recorded.
KNOWN_DIFFERENCES = {
    "patient-case": 4, "neoplastic-entity": 4, "staging-tnm": 20, "tumor-marker": 4, "systemic-therapy": 4,
    "systemic-therapy-medication": 4, "performance-status": 4,
}  # fmt: skip
#: Differ by nature (times, other ids), or are what the sandbox leaves to the issue on the whole of POP: texts that POP makes
#: from its synonyms, derived values, column snapshots of the history.
VOLATILE = frozenset(
    {
        "createdAt", "updatedAt", "timestamp", "pseudoidentifier", "description", "age", "ageAtDiagnosis", "overallSurvival",
        "contributors", "dataCompletionRate", "therapyLineId", "duration", "snapshot", "differential", "context", "url",
        "resource", "id", "topographyGroup", "gender_id", "synonyms",
    }
)  # fmt: skip
SYMBOL = re.compile(r"{{([\w.-]+)\.id}}")


def bound(value: Any, ids: dict[str, str]) -> Any:
    """The value with every ``{{step.id}}`` replaced."""
    if isinstance(value, str):
        return SYMBOL.sub(lambda match: ids.get(match[1], match[0]), value)
    if isinstance(value, dict):
        return {name: bound(child, ids) for name, child in value.items()}
    return [bound(child, ids) for child in value] if isinstance(value, list) else value


def comparable(value: Any) -> Any:
    """An answer without what differs by nature."""
    if isinstance(value, dict):
        # The wording of a malformed UUID's error depends on the version of POP's JSON library.
        hidden = VOLATILE | ({"msg", "ctx"} if value.get("type") == "uuid_parsing" else set())
        return {name: comparable(child) for name, child in value.items() if name not in hidden}
    if isinstance(value, list):
        # POP's order of a list without ``ordering`` is not told.
        return sorted((comparable(child) for child in value), key=repr)
    if isinstance(value, float):
        return float(f"{value:.12g}")
    return value


async def replay(transcript: JsonObject, pop: SandboxPop) -> tuple[int, list[str]]:
    """(steps with the recorded status, the other steps)."""
    ids: dict[str, str] = {}
    same, different = 0, []
    async with running(pop) as url, httpx.AsyncClient(base_url=url) as client:
        tokens = {name: pop.accounts.login(name, name, name) for name in USERS}
        for step in transcript["steps"]:
            request = step["request"]
            headers = {"X-SESSION-TOKEN": str(tokens[step["as"]])} if step["as"] in tokens else {}
            content = None
            if "rawBody" in request:
                content = request["rawBody"].encode()
            elif request.get("body") is not None:
                content = json.dumps(bound(request["body"], ids)).encode()
            answer = await client.request(
                request["method"], bound(request["path"], ids), params=bound(request["query"], ids), content=content,
                headers={**headers, "Content-Type": "application/json"},
            )  # fmt: skip
            expected = step["response"]
            body = expected.get("body")
            if answer.status_code == 201 and isinstance(body, dict) and isinstance(body.get("id"), str):
                ids.setdefault(step["name"], answer.json()["id"])
            if answer.status_code != expected["status"]:
                different.append(f"{step['name']}: status {answer.status_code}, recorded {expected['status']}")
                continue
            if (
                answer.status_code < 500
                and isinstance(body, dict)
                and expected["status"] in (200, 422)
                and "history" not in step["name"]
            ):
                want, got = comparable(bound(body, ids)), comparable(answer.json())
                if want != got and "anonymised" not in step["name"]:
                    different.append(f"{step['name']}: body")
                    continue
            same += 1
    return same, different


@pytest.mark.parametrize("name", sorted(KNOWN_DIFFERENCES))
async def test_replay(shared: Path, name: str) -> None:
    transcript = json.loads((shared / "pop/transcripts" / f"{name}.json").read_text())
    pop = SandboxPop(terminologies=shared / "pop/terminologies", users=tuple(USERS.values()), limit_logins=False)
    same, different = await replay(transcript, pop)
    print(f"{name}: {same} of {same + len(different)} steps as recorded", *different, sep="\n  ")
    # What still differs is left to the issue on the whole of POP; it may only become less.
    assert len(different) <= KNOWN_DIFFERENCES[name], different
