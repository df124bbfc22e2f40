"""A hospital with its own codes: what translates lands, ten decisions land most of the rest, a spreadsheet fifty more; nothing is
guessed, and the log has every decision."""

from __future__ import annotations

import asyncio
import csv
import os
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest
from story_hospital import BY_CODE, CODES, JsonObject, expected, gateway_of, landed, settled, waiting

from gateway.config import Settings
from gateway.web.server import serving

PATIENTS, TOP, SHEET = 300, 10, 50
AUTHOR = "Dr. Code"


async def command(settings: Settings, *arguments: str) -> tuple[int, str]:
    """Exit code and output of ``pop-gateway`` beside the running gateway."""
    assert settings.pop is not None
    assert settings.pop.password is not None
    environment = {
        "PATH": os.environ.get("PATH", ""), "POP_GATEWAY_STORE__URL": settings.store.url,
        "POP_GATEWAY_POP__URL": str(settings.pop.url), "POP_GATEWAY_POP__PASSWORD": settings.pop.password.get_secret_value(),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *arguments, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


async def listed(client: httpx.AsyncClient, path: str, page: str) -> list[JsonObject]:
    """All pages of a list."""
    found: list[JsonObject] = []
    following: int | None = 0
    while following is not None:
        answer = (await client.get(f"{path}&{page}={following}")).json()
        found += answer["items"]
        following = answer["next"]
    return found


def code_of(item: JsonObject) -> str:
    """The house's code of an item."""
    (_, code, _) = item["codings"][0]
    return str(code)


def filled_in(path: Path, count: int) -> list[str]:
    """The terminologist's work: the first lines of the sheet get what their code means; saved as Excel does in German."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[:count]:
        row["target_system"], row["target_code"] = BY_CODE[row["source_code"]].target
        row["note"] = "house list"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return [row["source_code"] for row in rows[:count]]


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_hospital_with_codes_of_its_own(tmp_path: Path) -> None:
    async with (
        gateway_of(PATIENTS, tmp_path) as (gateway, pop, settings),
        serving(gateway, host="127.0.0.1", port=0) as address,
        httpx.AsyncClient(base_url=address, timeout=30) as client,
    ):
        await settled(gateway)
        assert len(pop.entities.all("neoplastic-entities")) == PATIENTS, "what translates lands"
        assert landed(pop) == {"lab": 0, "drug": 0, "op": 0}, "nothing is guessed"

        queue = await listed(client, "/api/v1/reviews/items?code=unmapped-code", "offset")
        patients = {code_of(each): each["patients"] for each in queue}
        assert patients == waiting(PATIENTS)
        assert list(patients.values()) == sorted(patients.values(), reverse=True), "most waiting first"

        decided: dict[str, int] = {}
        for item in queue[:TOP]:
            code = code_of(item)
            system, target = BY_CODE[code].target
            body = {"target": {"system": system, "code": target}, "author": AUTHOR, "seen": 0}
            answer = await client.post(f"/api/v1/reviews/items/{item['id']}/decide", json=body)
            assert answer.status_code == 202, answer.text
            decided[code] = answer.json()["id"]
        await settled(gateway)
        assert landed(pop) == expected(decided, PATIENTS)
        for number in decided.values():
            assert (await client.get(f"/api/v1/decisions/{number}")).json()["left"] == 0

        taken_back = next(iter(decided))
        undo = await client.post(f"/api/v1/decisions/{decided[taken_back]}/undo", json={"author": "colleague"})
        assert undo.status_code == 202, undo.text
        await settled(gateway)
        known = decided.keys() - {taken_back}
        assert landed(pop) == expected(known, PATIENTS)

        sheet = tmp_path / "reviews.csv"
        assert (await command(settings, "reviews", "export", str(sheet)))[0] == 0
        by_sheet = filled_in(sheet, SHEET)
        assert by_sheet[0] == taken_back, "it is first again"
        code, shown = await command(settings, "reviews", "import", str(sheet), "--author", AUTHOR)
        assert (code, f"{SHEET} lines: 0 decisions made, 0 cannot" in shown) == (2, True), shown
        assert landed(pop) == expected(known, PATIENTS), "a sheet is only shown before it is applied"
        code, shown = await command(settings, "reviews", "import", str(sheet), "--author", AUTHOR, "--apply")
        assert (code, f"{SHEET} decisions made" in shown) == (0, True), shown
        await settled(gateway)
        assert landed(pop) == expected({*known, *by_sheet}, PATIENTS)

        left = await listed(client, "/api/v1/reviews/items?code=unmapped-code", "offset")
        assert {code_of(each) for each in left} == BY_CODE.keys() - known - set(by_sheet)
        log = await listed(client, "/api/v1/decisions?", "before")
        assert Counter(each["undone_by"] for each in log) == {None: TOP - 1 + SHEET, "colleague": 1}
        assert {each["author"] for each in log} == {AUTHOR}
        assert len(CODES) == len(left) + TOP - 1 + SHEET
