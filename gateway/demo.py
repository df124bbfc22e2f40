"""``pop-gateway demo``: a whole hospital on 127.0.0.1, with invented patients.

Everything is real but the peers' data: the EHR is polled for its record and posts its changes, the gateway signs in to POP and
writes through its API, all over HTTP.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import structlog
import typer
from pydantic import SecretStr

from adapters.sandbox.ehr.server import Hook, SandboxEhr
from adapters.sandbox.ehr.server import running as ehr_running
from adapters.sandbox.pop.server import SandboxPop
from adapters.sandbox.pop.server import running as pop_running
from gateway import log
from gateway.config import HttpSettings, PopSettings, Settings, SourceSettings, StoreSettings
from gateway.errors import PeerUnavailable
from gateway.fixtures import fixtures_folder, patients_folder
from gateway.schedule.poll import poll
from gateway.service import Gateway
from gateway.summary import summarise
from gateway.web.server import serving

JsonObject = dict[str, Any]

#: Seconds between changes, so that the flow can be watched.
PACE = 4.0
#: The patients' records are older than the gateway: a polling window ends a moment before the EHR's clock.
RECORD_AGE = dt.timedelta(hours=1)

logger = structlog.get_logger("gateway.demo")


@dataclass
class Peers:
    """The embedded EHR and POP, and where they are."""

    ehr: SandboxEhr
    ehr_url: str
    pop: SandboxPop
    pop_url: str


@asynccontextmanager
async def peers(folder: Path) -> AsyncIterator[Peers]:
    """Run both; POP keeps its data in the folder."""
    age = RECORD_AGE
    ehr = SandboxEhr(now=lambda: dt.datetime.now(dt.UTC) - age)
    ehr.load(path for path in _bundles() if not _is_transaction(path))
    age = dt.timedelta(0)
    pop = SandboxPop(folder / "pop.sqlite")
    async with AsyncExitStack() as stack:
        ehr_url = await stack.enter_async_context(ehr_running(ehr))
        pop_url = await stack.enter_async_context(pop_running(pop))
        yield Peers(ehr, ehr_url, pop, pop_url)


def demo_settings(folder: Path, found: Peers, *, port: int) -> Settings:
    """The gateway's configuration for the embedded peers. The environment has no say in it: an address that is set there for
    a real POP must not receive invented patients."""
    return Settings.model_construct(
        store=StoreSettings(url=f"sqlite+aiosqlite:///{folder / 'gateway.sqlite'}"),
        http=HttpSettings(port=port),
        pop=PopSettings(
            url=found.pop_url,
            username="gateway",
            password=SecretStr("gateway"),
            case_page=f"{found.pop_url}/cases/{{id}}",
        ),
        sources={"default": SourceSettings(url=found.ehr_url, interval=20.0, overlap=60.0)},
        log="console",
    )


async def run_demo(*, once: bool, port: int, data: Path | None) -> None:
    """Run it until Ctrl-C; with ``once`` import everything, print the summary line and return."""
    with tempfile.TemporaryDirectory(prefix="pop-gateway-demo-") as temporary:
        folder = Path(temporary) if data is None else data
        folder.mkdir(parents=True, exist_ok=True)
        async with peers(folder) as found:
            settings = demo_settings(folder, found, port=port)
            log.configure("console", level="warning" if once else "info")
            async with Gateway(settings) as gateway:
                if once:
                    async with serving(gateway, host="127.0.0.1", port=0) as address:
                        typer.echo(await import_once(gateway, address))
                else:
                    await _live(gateway, found)


async def import_once(gateway: Gateway, address: str) -> str:
    """Poll the EHR, let it post its transactions, work the backlog, and summarise."""
    started, settings = time.time(), gateway.settings
    polled = await poll(
        gateway.store, gateway.intake, name="default", settings=settings.source("default"), limits=settings.limits
    )
    posted = await post_transactions(address)
    await gateway.worker.drain()
    resources = polled.received + posted
    return str(await summarise(gateway.store, started=started, resources=resources, totals=gateway.worker.totals))


def _bundles() -> list[Path]:
    return sorted(patients_folder().glob("*.json"))


def _is_transaction(path: Path) -> bool:
    return bool(json.loads(path.read_bytes()).get("type") == "transaction")


async def post_transactions(address: str) -> int:
    """What an interface engine does: post Bundles whose entries refer to each other by ``urn:uuid:``. Returns the number of
    resources. Raises PeerUnavailable if the gateway does not take them."""
    posted = 0
    async with httpx.AsyncClient(base_url=address, headers={"Content-Type": "application/fhir+json"}) as client:
        for path in filter(_is_transaction, _bundles()):
            answer = await client.post("/fhir", content=path.read_bytes())
            if answer.is_error:
                raise PeerUnavailable(f"the gateway did not take {path.name}: it answered {answer.status_code}")
            posted += len(json.loads(path.read_bytes())["entry"])
    return posted


async def _live(gateway: Gateway, found: Peers) -> None:
    from gateway.cli.common import stop_on_signals

    stop = asyncio.Event()
    with stop_on_signals(stop):
        async with serving(gateway, host=gateway.settings.http.host, port=gateway.settings.http.port) as address:
            await gateway.start()
            found.pop.console = address
            found.ehr.hooks.append(Hook(f"{address}/fhir"))
            typer.echo(f"console   {address}/        what the gateway does")
            typer.echo(f"POP       {found.pop_url}/        what a clinician sees; curator/curator edits by hand")
            typer.echo(
                f"FHIR in   {address}/fhir        API  {address}/api/v1/openapi.json        metrics  {address}/metrics"
            )
            typer.echo(f"EHR       {found.ehr_url}")
            typer.echo("Ctrl-C ends it")
            await post_transactions(address)
            play = asyncio.create_task(_play(found.ehr))
            stopped = asyncio.create_task(stop.wait())
            # If the play fails, the demo must say so and end, not stand still.
            await asyncio.wait({stopped, play}, return_when=asyncio.FIRST_COMPLETED)
            if play.done() and play.exception() is None:
                await stopped
            for task in (stopped, play):
                task.cancel()
            for result in await asyncio.gather(stopped, play, return_exceptions=True):
                if isinstance(result, Exception):
                    raise result


async def _play(ehr: SandboxEhr) -> None:
    """Change something every few seconds, for ever: first the story that the fixtures tell, then further laboratory."""
    for step in itertools.chain(story(), further(ehr)):
        await asyncio.sleep(PACE)
        typer.echo(f"EHR: {step['say']}")
        try:
            if "put" in step:
                await ehr.change(step["put"])
            else:
                kind, _, identity = step["delete"].partition("/")
                await ehr.remove(kind, identity)
        except httpx.HTTPError as error:
            # The change stays in the EHR, and polling brings it: that is what happens in a hospital, too.
            logger.warning("webhook-failed", code=type(error).__name__)


def story() -> list[JsonObject]:
    """The changes written for the demo: ``{"say": …, "put": resource}`` or ``{"say": …, "delete": "Type/id"}``."""
    steps: list[JsonObject] = []
    for path in sorted((fixtures_folder() / "ehr").glob("*.json")):
        steps += json.loads(path.read_text(encoding="utf-8"))
    return steps


def further(ehr: SandboxEhr) -> Iterator[JsonObject]:
    """Corrected results without end: each quantity goes up by a tenth and, the next time round, back down."""
    for turn in itertools.count():
        results = [each for each in ehr.data.of_type("Observation") if _number(each) is not None]
        if not results:
            return
        for result in results:
            value = _number(result)
            assert value is not None
            changed = round(value * 1.1 if turn % 2 == 0 else value / 1.1, 2)
            yield {
                "say": f"a corrected result: Observation/{result['id']}",
                "put": {
                    **result,
                    "status": "corrected",
                    "valueQuantity": {**result["valueQuantity"], "value": changed},
                },
            }


def _number(resource: JsonObject) -> float | None:
    quantity = resource.get("valueQuantity")
    value = quantity.get("value") if isinstance(quantity, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
