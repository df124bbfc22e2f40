"""``pop-gateway check``: whether this configuration can work, item by item, and what to change where it cannot."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Literal

import httpx

from adapters.pop.client import Account, PopClient
from adapters.pop.errors import PopError
from adapters.pop.kinds import KINDS
from gateway.config import Settings
from gateway.errors import ConfigurationError, GatewayError, StoreUnavailable
from gateway.store.migrate import open_store, revision
from mappers.errors import MappingError
from mappers.registry import Registry, load

FAILED, PEER_UNAVAILABLE, CONFIGURATION = 1, 69, 78
#: Seconds by which clocks may differ before timestamps mislead; POP's Date header has a resolution of one second.
CLOCK_TOLERANCE = 5.0
#: POP's rights by access level (pop/README *Signing in*).
_LEVELS = {0: "nothing", 1: "view", 2: "manage cases and export", 3: "users and deletions", 4: "everything"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the screen."""

    subject: str
    state: Literal["ok", "warning", "failed"]
    text: str
    advice: str | None = None
    exit_code: int = 0


def _failed(subject: str, text: str, advice: str, exit_code: int) -> Finding:
    return Finding(subject, "failed", text, advice, exit_code)


async def check(settings: Settings, *, configuration_only: bool = False) -> AsyncIterator[Finding]:
    """All findings, as they are made. Nothing is written to POP or to an EHR."""
    registry: Registry | None = None
    try:
        registry = load(settings.mapping.disabled)
        yield Finding("mappers", "ok", f"{len(registry.mappers)} installed: {', '.join(sorted(registry.by_name))}")
    except MappingError as error:
        yield _failed("mappers", str(error), "repair or disable the plug-in in [mapping] disabled", CONFIGURATION)
    for finding in _configuration(settings):
        yield finding
    if configuration_only:
        return
    yield await _store(settings)
    for name in sorted(settings.sources):
        yield await _source(settings, name)
    async for finding in _pop(settings, registry):
        yield finding


def _configuration(settings: Settings) -> list[Finding]:
    findings: list[Finding] = []
    for name, source in sorted(settings.sources.items()):
        try:
            source.secret()
        except ConfigurationError as error:
            findings.append(
                _failed(f"source {name}", str(error), "give the gateway a token file it can read", CONFIGURATION)
            )
    try:
        settings.pop.secret()
    except ConfigurationError as error:
        findings.append(
            _failed("POP password", str(error), "set [pop] password_file or POP_GATEWAY_POP__PASSWORD", CONFIGURATION)
        )
    for path in settings.mapping.concept_maps:
        if not path.is_file():
            findings.append(
                _failed("concept maps", f"{path.name} is not there", "correct [mapping] concept_maps", CONFIGURATION)
            )
    if settings.mapping.terminologies is not None and not settings.mapping.terminologies.is_dir():
        findings.append(
            _failed("terminologies", "the folder is not there", "correct [mapping] terminologies", CONFIGURATION)
        )
    return findings or [Finding("configuration", "ok", "every setting is valid, every secret can be read")]


async def _store(settings: Settings) -> Finding:
    try:
        store = await open_store(settings.store)
    except (StoreUnavailable, ConfigurationError) as error:
        return _failed("store", str(error), "check [store] url, the disk, and the database's rights", error.exit_code)
    try:
        async with store.write(lock="check"):
            pass
        version = await revision(store)
    except GatewayError as error:
        return _failed("store", str(error), "check the disk and the database's rights", error.exit_code)
    finally:
        await store.close()
    engine = "SQLite, for one process" if store.sqlite else "PostgreSQL, for replicas"
    return Finding("store", "ok", f"{engine}; migrated to {version}, writable")


async def _source(settings: Settings, name: str) -> Finding:
    source, subject = settings.sources[name], f"source {name}"
    if source.url is None:
        guarded = "with its token" if source.token or source.token_file else "without a token"
        return Finding(subject, "ok", f"not polled; it may push to /hooks/{name} {guarded}")
    try:
        secret = source.secret()
    except ConfigurationError:
        return _failed(subject, "its token cannot be read", "see above", CONFIGURATION)
    headers = {"Accept": "application/fhir+json"} | ({"Authorization": f"Bearer {secret}"} if secret else {})
    try:
        async with httpx.AsyncClient(timeout=15, headers=headers) as client:
            answer = await client.get(source.url.rstrip("/") + "/metadata")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return _failed(
            subject, f"does not answer ({type(error).__name__})", "check its url and the network", PEER_UNAVAILABLE
        )
    if answer.status_code != 200:
        advice = (
            "check its token" if answer.status_code in (401, 403) else "check that its url is the FHIR base address"
        )
        return _failed(subject, f"/metadata answers {answer.status_code}", advice, PEER_UNAVAILABLE)
    try:
        release = answer.json().get("fhirVersion")
    except (ValueError, AttributeError):
        return _failed(
            subject, "/metadata is no FHIR JSON", "check that its url is the FHIR base address", PEER_UNAVAILABLE
        )
    if not str(release).startswith("4."):
        return _failed(
            subject, f"speaks FHIR {release}", "the gateway reads FHIR R4: use its R4 address", CONFIGURATION
        )
    return Finding(subject, "ok", f"answers, FHIR {release}")


async def _pop(settings: Settings, registry: Registry | None) -> AsyncIterator[Finding]:
    async with AsyncExitStack() as stack:
        client = PopClient(
            url=settings.pop.url, username=settings.pop.username, password=settings.pop.secret, timeout=settings.pop.timeout
        )  # fmt: skip
        stack.push_async_callback(client.aclose)
        started = time.monotonic()
        try:
            await client.health()
        except PopError as error:
            yield _failed("POP", str(error), "check [pop] url and the network", PEER_UNAVAILABLE)
            return
        yield Finding("POP", "ok", f"answers in {time.monotonic() - started:.2f} s")
        yield _clock(client.clock_difference)
        yield await _contract(client, registry)
        yield await _account(client)


def _clock(difference: float | None) -> Finding:
    if difference is None:
        return Finding("clock", "warning", "POP does not tell its time", "compare the clocks by hand")
    if abs(difference) > CLOCK_TOLERANCE:
        way = "ahead of" if difference > 0 else "behind"
        return Finding(
            "clock", "warning", f"POP's clock is {abs(difference):.0f} s {way} ours", "synchronise both with NTP"
        )
    return Finding("clock", "ok", f"within {CLOCK_TOLERANCE:.0f} s of POP's")


async def _contract(client: PopClient, registry: Registry | None) -> Finding:
    try:
        schemas = (await client.openapi())["components"]["schemas"]
    except PopError as error:
        return _failed("POP API", str(error), "check that [pop] url is POP's own address", PEER_UNAVAILABLE)
    except (KeyError, TypeError) as error:
        text = f"its OpenAPI document cannot be understood ({type(error).__name__})"
        return _failed("POP API", text, "check that [pop] url is POP's own address", FAILED)
    kinds = sorted({kind for mapper in registry.mappers for kind in mapper.produces}) if registry else sorted(KINDS)
    served = {kind: schemas[f"{kind}Create"].get("properties", {}) for kind in kinds if f"{kind}Create" in schemas}
    missing = [kind for kind in kinds if kind not in served]
    if missing:
        text = f"this POP has no {', '.join(missing)}"
        return _failed("POP API", text, "disable their mappers, or upgrade POP", FAILED)
    lost = [f"{kind}.{field}" for kind in kinds for field in sorted(KINDS[kind].properties - served[kind].keys())]
    if lost:
        shown = ", ".join(lost[:6]) + (" …" if len(lost) > 6 else "")
        advice = "it ignores them silently: regenerate with `make models`, or upgrade POP"
        return Finding("POP API", "warning", f"this POP does not know {shown}", advice)
    return Finding("POP API", "ok", f"has all {len(kinds)} kinds that the mappers write, with their fields")


async def _account(client: PopClient) -> Finding:
    try:
        account = await client.account()
    except PopError as error:
        advice = "check [pop] username and password; POP also refuses right ones for some minutes after many wrong ones"
        return _failed("POP account", str(error), advice, PEER_UNAVAILABLE)
    return judge(account)


def judge(account: Account) -> Finding:
    """Whether the technical account has what it needs and no more: level 1 + service account (pop/README *Signing in*)."""
    has = f"level {account.level} ({_LEVELS.get(account.level, 'unknown')})" + (
        ", service account" if account.service_account else ", no service account"
    )
    if account.level < 1 or not (account.service_account or account.level >= 2):
        return _failed(
            "POP account", f"{has}: it may not manage cases",
            "have a POP administrator set access level 1 and «service account»", FAILED,
        )  # fmt: skip
    if account.level > 1 or not account.service_account:
        return Finding(
            "POP account", "warning", f"{has}: it works, with more rights than needed",
            "access level 1 with «service account» is enough",
        )  # fmt: skip
    return Finding("POP account", "ok", f"{has}: it may manage cases")
