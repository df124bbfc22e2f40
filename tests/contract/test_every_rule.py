"""Every recorded rule that gives its changed fields (the others are steps of transcripts): the violation, and what POP stores
although it is doubtful, on an otherwise valid body."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from contract.binding import SYMBOL, UUID, Bindings
from contract.comparing import differences
from contract.replaying import FOLDER, load
from contract.rules import Rule, by_entity
from contract.table import Findings
from contract.target import Target
from contract.world import World

from adapters.pop.kinds import KINDS, JsonObject, Kind

UNKNOWN = "00000000-0000-4000-8000-000000000000"
#: The one rule whose example is an id that does exist, but is another kind's.
OTHER_KIND = ("therapeutic-recommendation", "variant of another kind as support")


def valid(entity: str) -> tuple[Kind, JsonObject]:
    """(kind, the transcript's plainest body of it)."""
    step = next(step for step in load(entity)["steps"] if step["name"] == "create-minimal")
    path = SYMBOL.sub("*", step["request"]["path"])
    body: JsonObject = step["request"]["body"]
    for kind in KINDS.values():
        if kind.path("*" if kind.parent else None) == path and kind.const.items() <= body.items():
            return kind, body
    raise AssertionError(f"{entity}: no kind is written to {path}")


def placed(kind: Kind, body: JsonObject, world: World) -> JsonObject:
    """The body with the ids of this run in the place of recorded ones."""

    def this_run(field: str, value: Any) -> Any:
        if isinstance(value, list):
            return [this_run(field, item) for item in value]
        if value == UNKNOWN or not (SYMBOL.fullmatch(str(value)) or UUID.fullmatch(str(value))):
            return value
        return next(world.ids[target][0] for target in kind.references[field] if world.ids.get(target))

    return {field: this_run(field, value) if field in kind.references else value for field, value in body.items()}


async def violate(
    rule: Rule, kind: Kind, base: JsonObject, world: World, http: httpx.AsyncClient, to: Findings
) -> None:
    """Send it, compare the answer; read back and delete what is stored."""
    body = {**base, **placed(kind, rule.example, world)}
    if (rule.entity, rule.name) == OTHER_KIND:
        body["supportingGenomicVariantsIds"] = [world.ids["TumorMarker"][0]]
    collection = kind.path(world.parent(kind))
    answer = await world.target.send(http, "POST", collection, json=body)
    step = f"{rule.entity}: {rule.name}"
    content = answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.text
    expected, got = rule.told(answer.status_code, content)
    if rule.read_back is None or expected != got:
        to.compare(step, expected, got)
    if answer.status_code != 201:
        return
    path = f"{collection}/{content['id']}"
    if rule.read_back is not None and expected == got:
        read = (await world.target.send(http, "GET", path, params={"anonymized": "false"})).json()
        # The recording does not tell a field that is null from one that is not there.
        shown = {field: read.get(field) for field in rule.read_back}
        wrong = list(differences(placed(kind, rule.read_back, world), shown, Bindings()))
        to.compare(step, [one[:2] for one in wrong], [(one[0], one[2]) for one in wrong])
    await world.target.send(http, "DELETE", path)


@pytest.mark.parametrize("entity", sorted(by_entity()) if FOLDER.is_dir() else ["absent"])
async def test_rules(
    entity: str, shared: Path, target: Target, http: httpx.AsyncClient, findings: Callable[[str, str], Findings]
) -> None:
    to = findings("rules", entity)
    kind, body = valid(entity)
    client = await target.adapter(http)
    world = World(target, http, client)
    try:
        await world.prepare(kind)
        base = placed(kind, body, world)
        collection = kind.path(world.parent(kind))
        # One that stays: some rules are about a second one like it.
        first = await target.send(http, "POST", collection, json=base)
        assert first.status_code == 201, f"the unchanged body is refused: {first.status_code}"
        before = await client.list(kind.name, case_id=base.get("caseId"), parent_id=world.parent(kind))
        for rule in by_entity()[entity]:
            await violate(rule, kind, base, world, http, to)
        after = await client.list(kind.name, case_id=base.get("caseId"), parent_id=world.parent(kind))
        to.compare("what is refused leaves nothing behind", len(before), len(after))
    finally:
        await client.aclose()
    to.conclude()
