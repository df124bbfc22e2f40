"""The whole chain over HTTP: a change in the EHR is posted to the gateway and stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from adapters.sandbox.ehr.server import Hook, SandboxEhr
from adapters.sandbox.ehr.server import running as ehr_running
from adapters.sandbox.ehr.store import bundle_resources
from adapters.sandbox.pop.server import SandboxPop
from adapters.sandbox.pop.server import running as pop_running
from gateway.config import PopSettings, Settings, SourceSettings, StoreSettings
from gateway.service import Gateway
from gateway.store.tables import resource
from gateway.web.server import serving

PATIENT = {"resourceType": "Patient", "id": "w1", "gender": "male"}


@pytest.fixture
async def gateway(store_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with pop_running(SandboxPop(tmp_path / "pop.sqlite")) as pop:
        settings = Settings(
            store=StoreSettings(url=store_url, durable=False),
            pop=PopSettings(url=pop, username="gateway", password=SecretStr("gateway")),
            sources={"default": SourceSettings(), "clinic": SourceSettings(token=SecretStr("right"))},
        )
        async with Gateway(settings) as made:
            yield made


async def _states(gateway: Gateway) -> list[tuple[str, str, str, str | None]]:
    c = resource.c
    async with gateway.store.read() as connection:
        rows = await connection.execute(sa.select(c.source, c.fhir_id, c.state, c.version_id).order_by(c.id))
        return [tuple(row) for row in rows]


async def test_a_change_is_posted_and_stored(gateway: Gateway) -> None:
    ehr = SandboxEhr()
    async with serving(gateway, host="127.0.0.1", port=0) as address, ehr_running(ehr):
        ehr.hooks.append(Hook(f"{address}/fhir"))
        await ehr.change(PATIENT)
        assert await _states(gateway) == [("default", "w1", "assigned", "1")]
        await ehr.change({**PATIENT, "gender": "other"})
        assert await _states(gateway) == [("default", "w1", "assigned", "2")]
        await ehr.remove("Patient", "w1")
        assert [state for _, _, state, _ in await _states(gateway)] == ["deleted"]


async def test_a_hook_needs_its_sources_token(gateway: Gateway) -> None:
    ehr = SandboxEhr()
    async with serving(gateway, host="127.0.0.1", port=0) as address, ehr_running(ehr):
        ehr.hooks.append(Hook(f"{address}/hooks/clinic", token="wrong"))
        with pytest.raises(httpx.HTTPStatusError):
            await ehr.change(PATIENT)
        assert await _states(gateway) == []
        assert ehr.data.get("Patient", "w1") is not None
        ehr.hooks[:] = [Hook(f"{address}/hooks/clinic", token="right")]
        await ehr.change(PATIENT)
        assert await _states(gateway) == [("clinic", "w1", "assigned", "2")]


def test_references_by_urn_become_addresses_on_loading() -> None:
    path = Path(__file__).parents[3] / "fixtures" / "patients" / "two-patients-transaction.json"
    ehr = SandboxEhr()
    ehr.load([path])
    assert len(ehr.data.all()) == len(list(bundle_resources(path))) > 0
    references = [each["subject"]["reference"] for each in ehr.data.all() if "subject" in each]
    assert references
    known = {f"Patient/{each['id']}" for each in ehr.data.of_type("Patient")}
    assert set(references) <= known
    assert '"urn:uuid:' in path.read_text(encoding="utf-8")
