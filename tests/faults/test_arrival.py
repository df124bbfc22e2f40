"""However the same data arrive, POP ends up the same: redelivered at once, in any order, oldest version last."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import httpx
import orjson
import sqlalchemy as sa
from pop_content import read_content
from victim import finish, settings

from gateway.intake.files import import_paths
from gateway.intake.receive import bundle_delivery
from gateway.service import Gateway
from gateway.store.tables import resource_version
from gateway.web.server import serving

JsonObject = dict[str, Any]


async def requests_of(pop: str) -> int:
    """Requests that the POP has answered."""
    async with httpx.AsyncClient(base_url=pop) as client:
        counts: dict[str, int] = (await client.get("/__sandbox/counts")).json()
    return sum(value for name, value in counts.items() if name != "logins")


def files(folder: Path) -> list[Path]:
    """The Bundles of a folder."""
    return sorted(folder.glob("*.json"))


async def test_one_bundle_twenty_times_at_once(
    store_url: str, pop: str, clean_content: list[str], patients: Path
) -> None:
    bodies = [path.read_bytes() for path in files(patients)]
    async with Gateway(settings(store_url, pop)) as gateway:
        async with (
            serving(gateway, host="127.0.0.1", port=0) as base,
            httpx.AsyncClient(base_url=base, timeout=60) as client,
        ):
            for body in bodies:
                answers = await asyncio.gather(
                    *(
                        client.post("/fhir", content=body, headers={"Content-Type": "application/fhir+json"})
                        for _ in range(20)
                    )
                )
                assert len({(answer.status_code, answer.content) for answer in answers}) == 1
                assert len({answer.headers["X-Delivery"] for answer in answers}) == 1
        await finish(gateway)
        before = await requests_of(pop)
        await import_paths(gateway.intake, [patients], source="default", limits=gateway.settings.limits)
        await finish(gateway)
        assert await requests_of(pop) == before, "unchanged data must cost POP nothing"
    assert await read_content(pop) == clean_content


def singles(folder: Path) -> list[bytes]:
    """Every entry of every file as a collection of its own; entries of a transaction stay together (their references
    are ``urn:uuid:`` of the same Bundle)."""
    found: list[bytes] = []
    for path in files(folder):
        bundle = orjson.loads(path.read_bytes())
        if bundle["type"] == "transaction":
            found.append(path.read_bytes())
            continue
        found.extend(
            orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": [entry]})
            for entry in bundle["entry"]
        )
    return found


async def test_resource_by_resource_in_random_order_while_working(
    store_url: str, pop: str, clean_content: list[str], patients: Path
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    bodies = singles(patients)
    random.Random(seed).shuffle(bodies)
    stop = asyncio.Event()
    async with Gateway(settings(store_url, pop)) as gateway:
        working = asyncio.create_task(gateway.worker.run(stop))
        for body in bodies:
            await gateway.intake.submit(
                bundle_delivery(body, source="default", channel="http", limits=gateway.settings.limits)
            )
        stop.set()
        await working
        await finish(gateway)
    assert await read_content(pop) == clean_content


async def test_versions_in_reverse_order(store_url: str, pop: str, clean_content: list[str], patients: Path) -> None:
    """Each resource arrives as version 3 (right), then 2, then 1 (both wrong): the late ones are kept as stale."""
    async with Gateway(settings(store_url, pop)) as gateway:
        limits = gateway.settings.limits
        for number in (3, 2, 1):
            for path in files(patients):
                bundle = orjson.loads(path.read_bytes())
                for entry in bundle["entry"]:
                    entry["resource"].setdefault("meta", {})["versionId"] = str(number)
                    if number < 3 and entry["resource"]["resourceType"] in ("Observation", "Condition"):
                        entry["resource"].pop("effectiveDateTime", None)
                        entry["resource"].pop("bodySite", None)
                body = orjson.dumps(bundle)
                await gateway.intake.submit(bundle_delivery(body, source="default", channel="http", limits=limits))
            await finish(gateway)
        async with gateway.store.read() as connection:
            statement = sa.select(resource_version.c.state, sa.func.count()).group_by(resource_version.c.state)
            states = {row[0]: row[1] for row in (await connection.execute(statement)).all()}
    assert states["stale"] == 2 * states["current"]
    assert await read_content(pop) == clean_content
