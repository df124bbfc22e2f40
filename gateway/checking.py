"""``pop-gateway check``: whether this configuration can work, item by item, and what to change where it cannot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx

from gateway.checkpop import check_pop
from gateway.config import Settings
from gateway.errors import ConfigurationError, GatewayError, StoreUnavailable
from gateway.findings import CONFIGURATION, PEER_UNAVAILABLE, Finding, failed, ok
from gateway.store.engine import Store
from gateway.store.migrate import open_store, revision
from mappers.errors import MappingError
from mappers.registry import Registry, load


async def check(settings: Settings, *, configuration_only: bool = False) -> AsyncIterator[Finding]:
    """All findings, as they are made. Nothing is written to POP or to an EHR."""
    registry: Registry | None = None
    try:
        registry = load(settings.mapping.disabled)
        yield ok("mappers", f"{len(registry.mappers)} installed: {', '.join(sorted(registry.by_name))}")
    except MappingError as error:
        yield failed("mappers", str(error), "repair or disable the plug-in in [mapping] disabled", CONFIGURATION)
    for finding in _configuration(settings):
        yield finding
    if configuration_only:
        return
    async with AsyncExitStack() as stack:
        finding, store = await _store(settings)
        if store is not None:
            stack.push_async_callback(store.close)
        yield finding
        for name in sorted(settings.sources):
            yield await _source(settings, name)
        async for finding in check_pop(settings, registry, store):
            yield finding


def _configuration(settings: Settings) -> list[Finding]:
    findings: list[Finding] = []
    for name, source in sorted(settings.sources.items()):
        try:
            source.secret()
        except ConfigurationError as error:
            findings.append(
                failed(f"source {name}", str(error), "give the gateway a token file it can read", CONFIGURATION)
            )
    try:
        settings.pop.read_secrets()
    except ConfigurationError as error:
        advice = (
            "set [pop] password_file or POP_GATEWAY_POP__PASSWORD"
            if settings.pop.oidc is None
            else "set [pop.oidc] client_secret_file or POP_GATEWAY_POP__OIDC__CLIENT_SECRET"
        )
        findings.append(failed("POP sign-in", str(error), advice, CONFIGURATION))
    for path in (*settings.mapping.concept_maps, *settings.mapping.organisation_maps):
        if not path.is_file():
            findings.append(
                failed(
                    "concept maps",
                    f"{path.name} is not there",
                    "correct [mapping] concept_maps or organisation_maps",
                    CONFIGURATION,
                )
            )
    if settings.mapping.terminologies is not None and not settings.mapping.terminologies.is_dir():
        findings.append(
            failed("terminologies", "the folder is not there", "correct [mapping] terminologies", CONFIGURATION)
        )
    return findings or [ok("configuration", "every setting is valid, every secret can be read")]


async def _store(settings: Settings) -> tuple[Finding, Store | None]:
    try:
        store = await open_store(settings.store)
    except (StoreUnavailable, ConfigurationError) as error:
        return failed(
            "store", str(error), "check [store] url, the disk, and the database's rights", error.exit_code
        ), None
    try:
        async with store.write(lock="check"):
            pass
        version = await revision(store)
    except GatewayError as error:
        return failed("store", str(error), "check the disk and the database's rights", error.exit_code), store
    engine = "SQLite, for one process" if store.sqlite else "PostgreSQL, for replicas"
    return ok("store", f"{engine}; migrated to {version}, writable"), store


async def _source(settings: Settings, name: str) -> Finding:
    source, subject = settings.sources[name], f"source {name}"
    if source.url is None:
        guarded = "with its token" if source.token or source.token_file else "without a token"
        return ok(subject, f"not polled; it may push to /hooks/{name} {guarded}")
    try:
        secret = source.secret()
    except ConfigurationError:
        return failed(subject, "its token cannot be read", "see above", CONFIGURATION)
    headers = {"Accept": "application/fhir+json"} | ({"Authorization": f"Bearer {secret}"} if secret else {})
    try:
        async with httpx.AsyncClient(timeout=15, headers=headers) as client:
            answer = await client.get(source.url.rstrip("/") + "/metadata")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return failed(
            subject, f"does not answer ({type(error).__name__})", "check its url and the network", PEER_UNAVAILABLE
        )
    if answer.status_code != 200:
        advice = (
            "check its token" if answer.status_code in (401, 403) else "check that its url is the FHIR base address"
        )
        return failed(subject, f"/metadata answers {answer.status_code}", advice, PEER_UNAVAILABLE)
    try:
        release = answer.json().get("fhirVersion")
    except (ValueError, AttributeError):
        return failed(
            subject, "/metadata is no FHIR JSON", "check that its url is the FHIR base address", PEER_UNAVAILABLE
        )
    if not str(release).startswith("4."):
        return failed(subject, f"speaks FHIR {release}", "the gateway reads FHIR R4: use its R4 address", CONFIGURATION)
    return ok(subject, f"answers, FHIR {release}")
