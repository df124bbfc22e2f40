"""`check` against sandbox POPs that are right, old, strange, closed to us, or short of value lists."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.sandbox.pop.accounts import User
from adapters.sandbox.pop.faults import Fault
from adapters.sandbox.pop.releases import RELEASES, Release
from adapters.sandbox.pop.server import SandboxPop, running
from gateway.checking import check
from gateway.config import PopSettings, Settings, SourceSettings, StoreSettings
from gateway.findings import Finding
from gateway.service import Gateway

USERS = (User("gateway", "gateway", 1, service=True), User("viewer", "viewer", 1), User("nobody", "nobody", 0))


@dataclass
class Hospital:
    """A POP and a gateway's configuration for it."""

    pop: SandboxPop
    settings: Settings

    async def findings(self, **account: str) -> dict[str, Finding]:
        pop = self.settings.pop.model_copy(
            update={name: SecretStr(value) if name == "password" else value for name, value in account.items()}
        )
        settings = self.settings.model_copy(update={"pop": pop})
        return {each.subject: each async for each in check(settings)}


@pytest.fixture
async def hospital(tmp_path: Path) -> AsyncIterator[Hospital]:
    pop = SandboxPop(users=USERS, limit_logins=False)
    async with running(pop) as address:
        settings = Settings(
            store=StoreSettings(url=f"sqlite+aiosqlite:///{tmp_path / 'store.sqlite'}", durable=False),
            pop=PopSettings(url=address, password=SecretStr("gateway"), timeout=5),
            sources={"default": SourceSettings()},
        )
        yield Hospital(pop, settings)


async def test_nothing_is_written_to_pop(hospital: Hospital) -> None:
    found = await hospital.findings()
    assert {each.subject for each in found.values() if each.state == "failed"} == set()
    assert hospital.pop.counts["POST"] == 1, "the sign-in"
    assert hospital.pop.counts["PUT"] == hospital.pop.counts["DELETE"] == 0


@pytest.mark.parametrize("version", sorted(RELEASES))
async def test_both_releases_are_told_apart(hospital: Hospital, version: str) -> None:
    hospital.pop.dialect.release = RELEASES[version]
    found = await hospital.findings()
    assert found["POP contract"].data["version"] == version
    assert found["POP"].state == "ok"
    assert ("FamilyHistory" in found) == (version == "1.0.0")


async def test_a_kind_that_is_not_understood_is_a_problem(hospital: Hospital) -> None:
    hospital.pop.dialect.release = Release("9.0.0", retyped={"TumorMarker": {"analyte": "string"}})
    found = await hospital.findings()
    assert (found["TumorMarker"].state, found["TumorMarker"].exit_code) == ("failed", 1)
    assert "analyte is string, not CodedConcept" in found["TumorMarker"].text


@pytest.mark.parametrize(
    ("name", "password", "code", "said"),
    [("gateway", "wrong", 69, "refuses the sign-in"), ("viewer", "viewer", 1, "may not manage cases"),
     ("nobody", "nobody", 1, "may not view cases")],
)  # fmt: skip
async def test_an_account_that_cannot_do_it(hospital: Hospital, name: str, password: str, code: int, said: str) -> None:
    finding = (await hospital.findings(username=name, password=password))["POP account"]
    assert (finding.state, finding.exit_code) == ("failed", code)
    assert said in finding.text
    assert password == name or password not in finding.text


async def test_value_lists_are_counted_and_compared_with_ours(hospital: Hospital) -> None:
    lists = hospital.pop.terms.lists
    concept = next(iter(lists["Race"].values()))
    hospital.pop.terms.lists = {name: dict(lists.get(name) or {("s", "c"): concept}) for name in _needed()}
    before = (await hospital.findings())["value lists"]
    assert (before.state, "none read yet" in before.text) == ("ok", True)
    async with Gateway(hospital.settings):
        pass
    after = (await hospital.findings())["value lists"]
    assert (after.state, "all read, the oldest" in after.text) == ("ok", True)
    hospital.pop.terms.lists["Race"][("s", "new")] = concept
    changed = (await hospital.findings())["value lists"]
    assert (changed.state, changed.data["changed"]) == ("warning", ["Race"])
    hospital.pop.terms.lists["Race"].clear()
    empty = (await hospital.findings())["value lists"]
    assert (empty.state, empty.data["empty"]) == ("warning", ["Race"])


def _needed() -> list[str]:
    from gateway.valuelists import needed_terminologies
    from mappers.registry import load

    return needed_terminologies(kind for mapper in load().mappers for kind in mapper.produces)


async def test_a_certificate_that_is_not_there_is_a_finding(hospital: Hospital, tmp_path: Path) -> None:
    pop = hospital.settings.pop.model_copy(update={"ca_file": tmp_path / "none.pem"})
    found = {each.subject: each async for each in check(hospital.settings.model_copy(update={"pop": pop}))}
    assert (found["POP"].state, found["POP"].exit_code) == ("failed", 78)
    assert "ca_file" in found["POP"].text


async def test_a_pop_that_is_down_and_one_that_is_none(hospital: Hospital) -> None:
    hospital.pop.faults.set([Fault("status", status=503, path="openapi.json", times=None)])
    found = await hospital.findings()
    assert (found["POP contract"].state, found["POP contract"].exit_code) == ("failed", 69)
    assert found["POP account"].state == "ok", "the other findings are there all the same"
    away = (await hospital.findings(url="http://127.0.0.1:9"))["POP"]
    assert (away.state, away.exit_code) == ("failed", 69)
