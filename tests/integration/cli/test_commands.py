"""The commands as a person runs them: real processes against the sandbox POP and EHR over HTTP."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from adapters.sandbox.ehr.server import SandboxEhr
from adapters.sandbox.ehr.server import running as ehr_running
from adapters.sandbox.pop.server import SandboxPop
from adapters.sandbox.pop.server import running as pop_running

FIXTURES = Path(__file__).parents[3] / "fixtures" / "patients"
COLON = FIXTURES / "colon-cea-series.json"
SUMMARY = re.compile(
    r"patients (\d+), resources (\d+), entities created (\d+) / updated (\d+) / unchanged (\d+), open reviews (\d+)"
)


@dataclass
class Result:
    code: int
    out: str
    err: str


@dataclass
class Site:
    """A configured gateway with both peers; ``run`` runs one command."""

    folder: Path
    pop: SandboxPop
    pop_url: str
    ehr: SandboxEhr

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("POP_GATEWAY_")}
        return kept | {"POP_GATEWAY_POP__PASSWORD": "gateway", "COLUMNS": "160", "NO_COLOR": "1"} | more

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "--config", str(self.folder / "config.toml"), *arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=self.environment(**environment),
            cwd=self.folder,
        )  # fmt: skip

    async def run(self, *arguments: str, **environment: str) -> Result:
        process = await self.start(*arguments, **environment)
        out, err = await process.communicate()
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        return Result(process.returncode, out.decode(), err.decode())

    def requests(self) -> int:
        return sum(self.pop.counts.values())


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    pop = SandboxPop(limit_logins=False)
    ehr = SandboxEhr(FIXTURES)
    async with pop_running(pop) as pop_url, ehr_running(ehr) as ehr_url:
        (tmp_path / "config.toml").write_text(
            f"""
            [store]
            url = "sqlite+aiosqlite:///{tmp_path / "store.sqlite"}"
            durable = false
            [http]
            port = 0
            [pop]
            url = "{pop_url}"
            [sources.default]
            [sources.main]
            url = "{ehr_url}"
            """,
            encoding="utf-8",
        )
        yield Site(tmp_path, pop, pop_url, ehr)


async def test_check_ticks_everything_and_tells_what_to_change(site: Site) -> None:
    good = await site.run("check")
    assert good.code == 0, good.out
    assert "✗" not in good.out
    for subject in ("mappers", "configuration", "store", "source main", "POP contract", "POP account", "clock"):
        assert f"✓ {subject}" in good.out
    bad = await site.run("check", POP_GATEWAY_POP__USERNAME="viewer", POP_GATEWAY_POP__PASSWORD="viewer")
    assert bad.code == 1
    assert "access level 1 and «service account»" in bad.out
    away = await site.run(
        "check",
        "--json",
        POP_GATEWAY_POP__URL="http://127.0.0.1:9",
        POP_GATEWAY_SOURCES__MAIN__URL="http://127.0.0.1:9",
    )
    assert away.code == 69
    told = json.loads(away.out)
    assert told["exit"] == 69
    assert {each["subject"] for each in told["findings"] if each["state"] == "failed"} == {"POP", "source main"}


async def test_the_audit_of_a_case_and_the_pause_switch(site: Site) -> None:
    paused = await site.run("pop", "pause", "--reason", "POP is upgraded")
    assert "POP is upgraded" in paused.out
    assert (await site.run("import", str(COLON))).code == 69
    assert site.pop.entities.all("patient-cases") == []
    assert (await site.run("pop", "resume")).out.startswith("open")
    assert (await site.run("apply")).code == 0
    (case,) = site.pop.entities.all("patient-cases")
    shown = await site.run("audit", "--case", case["id"])
    assert shown.code == 0
    assert f"201 created {case['id']}" in shown.out
    assert "by patient-case" in shown.out
    assert case["clinicalIdentifier"] not in shown.out
    told = json.loads((await site.run("audit", "--case", case["id"], "--json")).out)
    made = [each for each in told if each["answer"]["entityId"] == case["id"]]
    assert made[0]["cause"]["resources"][0]["reference"].startswith("Patient/")
    assert case["clinicalIdentifier"] not in json.dumps(told)
    assert (await site.run("audit", "--case", "00000000-0000-0000-0000-000000000000")).code == 64


async def test_a_wrong_configuration_is_named_and_never_quoted(site: Site) -> None:
    (site.folder / "config.toml").write_text("[pop]\nuser = 'Secretname'\n", encoding="utf-8")
    result = await site.run("check")
    assert result.code == 78
    assert "pop.user" in result.err
    assert "Secretname" not in result.err


async def test_import_ends_with_the_summary_and_twice_is_a_no_op(site: Site) -> None:
    first = await site.run("import", str(COLON))
    assert first.code == 0, first.err
    lines = first.out.splitlines()
    assert len(lines) == 1
    found = SUMMARY.fullmatch(lines[0])
    assert found is not None, first.out
    patients, resources, created, updated, unchanged, _ = map(int, found.groups())
    assert (patients, updated, unchanged) == (1, 0, 0)
    assert resources == len(json.loads(COLON.read_bytes())["entry"])
    assert created >= 10
    before = site.requests()
    again = await site.run("import", str(COLON))
    repeated = SUMMARY.fullmatch(again.out.strip())
    assert repeated is not None
    assert [int(each) for each in repeated.groups()[2:5]] == [0, 0, created]
    assert site.requests() == before


async def test_plan_shows_what_apply_then_does(site: Site) -> None:
    stored = await site.run("import", "--no-apply", str(COLON))
    assert stored.code == 0, stored.err
    planned = await site.run("plan", "--json")
    assert planned.code == 2, planned.err
    verbs = [action["verb"] for each in json.loads(planned.out) for action in each["actions"]]
    assert verbs.count("create") >= 10
    assert site.requests() > 0
    assert not any(path for path in site.pop.entities.collections())
    readable = await site.run("plan")
    assert readable.code == 2
    assert f"Plan: {verbs.count('create')} to create, 0 to update, 0 to delete" in readable.out
    applied = await site.run("apply")
    assert applied.code == 0, applied.err
    assert f"{verbs.count('create')} created" in applied.err
    assert (await site.run("plan")).code == 0


async def test_plan_tells_the_changed_fields_of_an_update(site: Site) -> None:
    assert (await site.run("import", str(COLON))).code == 0
    bundle = json.loads(COLON.read_bytes())
    marker = next(
        each["resource"] for each in bundle["entry"] if each["resource"]["id"].startswith("clara-cea")
    )  # fmt: skip
    marker["valueQuantity"]["value"] = 99.5
    marker.setdefault("meta", {})["versionId"] = "9"
    (site.folder / "change.json").write_text(json.dumps(marker), encoding="utf-8")
    assert (await site.run("import", "--no-apply", "change.json")).code == 0
    planned = await site.run("plan", "Patient/clara", "--json")
    assert planned.code == 2, planned.err
    (action,) = [action for each in json.loads(planned.out) for action in each["actions"]]
    assert (action["verb"], action["kind"]) == ("update", "TumorMarker")
    assert action["fields"] == ["massConcentration"]
    assert "99.5" in (await site.run("plan")).out


async def test_pop_away_loses_nothing_and_says_so(site: Site) -> None:
    away = await site.run("import", str(COLON), POP_GATEWAY_POP__URL="http://127.0.0.1:9")
    assert away.code == 69
    assert SUMMARY.search(away.out)
    assert "nothing is lost" in away.err
    assert (await site.run("replay", "--all")).out.startswith("1 patient marked")
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{site.pop_url}/__sandbox/dump")).json() is not None
    # The pause that the fault caused ends by itself; until then apply says that it waits.
    for _ in range(20):
        applied = await site.run("apply")
        if applied.code == 0:
            break
        assert applied.code == 69
        await asyncio.sleep(0.5)
    assert "patient-cases" in list(site.pop.entities.collections())


async def test_map_gives_drafts_and_coverage_without_store_and_pop(site: Site) -> None:
    result = await site.run("map", str(COLON), "--json", POP_GATEWAY_POP__URL="http://127.0.0.1:9")
    assert result.code == 0, result.err
    answer = json.loads(result.out)
    assert set(answer) == {"drafts", "resources"}
    assert set(answer["drafts"][0]) == {
        "kind", "key", "externalSourceId", "payload", "references", "sources", "assumptions", "issues"
    }  # fmt: skip
    assert {each["kind"] for each in answer["drafts"]} >= {
        "PatientCase",
        "NeoplasticEntity",
        "TumorMarker",
        "TNMStaging",
    }
    assert all(each["status"] for each in answer["resources"])
    assert not (site.folder / "store.sqlite").exists()
    readable = await site.run("map", str(COLON))
    assert readable.code == 0
    assert "Tumour 2" in readable.out
    assert "resources:" in readable.out
    assert "← " not in readable.out
    assert "← Observation/" in (await site.run("map", str(COLON), "--sources")).out


async def test_map_tells_what_is_no_fhir(site: Site) -> None:
    (site.folder / "x.json").write_text("<Patient/>", encoding="utf-8")
    result = await site.run("map", "x.json", "--json")
    assert result.code == 65
    assert "x.json is not JSON" in result.err
    assert (await site.run("map", "nowhere")).code == 65
    assert (await site.run("map")).code == 64
    assert (await site.run("map", str(COLON), "--option", "nonsense")).code == 64


async def test_mappers_are_listed_and_described(site: Site) -> None:
    listed = json.loads((await site.run("mappers", "list", "--json")).out)
    assert {kind for each in listed for kind in each["produces"]} >= {
        "PatientCase", "NeoplasticEntity", "TNMStaging", "TumorMarker", "SystemicTherapy", "PerformanceStatus"
    }  # fmt: skip
    described = await site.run("mappers", "describe", "tumor-marker")
    assert described.code == 0
    assert "TumorMarker" in described.out
    assert (await site.run("mappers", "describe", "nobody")).code == 64
    tested = await site.run("mappers", "test", "tumor-marker", str(COLON))
    assert tested.code == 0, tested.out
    assert "0 findings" in tested.out


async def test_reviews_are_listed_and_shown(site: Site) -> None:
    assert (await site.run("reviews", "list")).code == 0
    assert (await site.run("import", str(FIXTURES / "colon-unmapped-and-invalid.json"))).code == 0
    listed = await site.run("reviews", "list", "--json")
    assert listed.code == 2
    items = json.loads(listed.out)
    assert any(item["code"] == "unmapped-code" for item in items)
    (item,) = (each for each in items if each["code"] == "unmapped-code")
    shown = await site.run("reviews", "show", item["id"][:10])
    assert shown.code == 0
    assert "unmapped-code" in shown.out
    assert "1 patients" in shown.out
    assert (await site.run("reviews", "show", "xyz")).code == 64


async def test_a_review_is_resolved_taken_back_and_decided_in_a_spreadsheet(site: Site, tmp_path: Path) -> None:
    await site.run("import", str(FIXTURES / "colon-unmapped-and-invalid.json"))
    items = json.loads((await site.run("reviews", "list", "--json", "--code", "unmapped-code")).out)
    which, field = items[0]["id"], items[0]["field"]
    assert (await site.run("reviews", "resolve", which)).code == 64, "neither --to nor --no-map"
    assert (await site.run("reviews", "resolve", which, "--to", "nothing")).code == 64
    dry = await site.run("reviews", "resolve", which, "--no-map", "not-for-pop", "--dry-run")
    assert (dry.code, "1 patients" in dry.out) == (0, True)
    assert json.loads((await site.run("reviews", "log", "--json")).out) == []
    done = await site.run(
        "reviews", "resolve", which, "--no-map", "not-for-pop", "--author", "Dr. Code", "--note", "house"
    )
    assert done.code == 0, done.err
    (made,) = json.loads((await site.run("reviews", "log", "--json")).out)
    assert (made["outcome"], made["author"], made["note"]) == ("not-for-pop", "Dr. Code", "house")
    assert field in made["field"]
    assert (await site.run("apply")).code == 0
    assert (await site.run("reviews", "list", "--code", "unmapped-code")).code == 0
    assert (await site.run("reviews", "undo", str(made["id"]))).code == 0
    assert (await site.run("reviews", "undo", str(made["id"]))).code == 1
    await site.run("apply")
    sheet = tmp_path / "reviews.csv"
    assert (await site.run("reviews", "export", str(sheet))).code == 0
    rows = list(csv.DictReader(io.StringIO(sheet.read_text(encoding="utf-8-sig"))))
    assert [row["item"] for row in rows] == [which]
    # A German Excel writes semicolons.
    rows[0]["decision"] = "not-for-pop"
    filled = io.StringIO()
    writer = csv.DictWriter(filled, rows[0], delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    sheet.write_text("\ufeff" + filled.getvalue(), encoding="utf-8")
    shown = await site.run("reviews", "import", str(sheet))
    assert (shown.code, "not-for-pop: 1 patients" in shown.out) == (2, True)
    assert len(json.loads((await site.run("reviews", "log", "--json")).out)) == 1
    applied = await site.run("reviews", "import", str(sheet), "--apply")
    assert (applied.code, "1 decisions made" in applied.out) == (0, True)
    await site.run("apply")
    late = await site.run("reviews", "import", str(sheet), "--apply")
    assert (late.code, "no such item is open" in late.out) == (65, True)


async def test_poll_brings_the_record_and_replay_wants_a_condition(site: Site) -> None:
    # A polling window ends a moment before the EHR's clock; the sandbox has just been filled.
    await asyncio.sleep(2.5)
    result = await site.run("poll", "main")
    assert result.code == 0, result.err
    assert re.match(r"main: \d{2,} resources in \d+ requests \(", result.out)
    assert (await site.run("poll", "default")).code == 64
    assert (await site.run("import", "nowhere")).code == 65
    assert (await site.run("poll", "nobody")).code == 78
    assert (await site.run("replay")).code == 64
    marked = await site.run("replay", "--source", "main", "--since", "2020-01-01")
    assert re.match(r"\d+ patients marked", marked.out)
    assert (await site.run("replay", "--patient", "nobody")).code == 64


async def test_serve_answers_and_ends_in_order(site: Site) -> None:
    process = await site.start("serve")
    assert process.stderr is not None
    address = None
    while address is None:
        line = (await process.stderr.readline()).decode()
        assert line, "serve ended"
        found = re.search(r'"address": ?"(http://[^"]+)"', line)
        address = found.group(1) if found else None
    async with httpx.AsyncClient(base_url=address) as client:
        assert (await client.get("/readyz")).json()["status"] == "ready"
        posted = await client.post(
            "/fhir", content=COLON.read_bytes(), headers={"Content-Type": "application/fhir+json"}
        )
        assert posted.status_code == 200
        while "tumor marker" not in (await client.get("/")).text:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert b"clara" not in err.lower()


async def test_demo_once_prints_one_line(site: Site) -> None:
    result = await site.run("demo", "--once", POP_GATEWAY_POP__URL="http://127.0.0.1:9")
    assert result.code == 0, result.err
    (line,) = result.out.splitlines()
    found = SUMMARY.fullmatch(line)
    assert found is not None
    patients, resources, created, updated, unchanged, reviews = map(int, found.groups())
    assert patients >= 12
    assert resources > 100
    assert created > 50
    assert (updated, unchanged) == (0, 0)
    assert reviews >= 1


async def test_a_port_that_is_taken_is_told_before_anything_begins(site: Site) -> None:
    port = site.pop_url.rpartition(":")[2]
    for command in ("serve", "demo"):
        result = await site.run(command, "--port", port)
        assert result.code == 78
        assert f"cannot listen on 127.0.0.1:{port}" in result.err


async def test_only_storing_needs_no_pop_account(site: Site) -> None:
    result = await site.run(
        "import", "--no-apply", str(COLON), POP_GATEWAY_POP__PASSWORD="", POP_GATEWAY_POP__URL="http://127.0.0.1:9"
    )
    assert result.code == 0, result.err
    assert SUMMARY.fullmatch(result.out.strip())


async def test_input_without_anything_valid_is_bad_input_but_kept(site: Site) -> None:
    (site.folder / "bad.json").write_text('{"resourceType": "Observation", "id": "x", "status": 7}', encoding="utf-8")
    result = await site.run("import", "bad.json")
    assert result.code == 65
    assert "resources 1" in result.out


async def test_the_sandbox_tells_what_a_fault_or_latency_should_be(site: Site) -> None:
    fault = await site.run("sandbox", "pop", "--port", "0", "--fault", "status=503,often=3")
    latency = await site.run("sandbox", "pop", "--port", "0", "--latency", "0.033")
    assert (fault.code, latency.code) == (64, 64)
    assert "there are method, path, times" in fault.err
    assert "250ms" in latency.err
