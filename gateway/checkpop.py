"""The part of ``pop-gateway check`` that asks POP: is it there, which release, may we write, what will arrive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack

import sqlalchemy as sa

from adapters.pop.client import Account, PopClient
from adapters.pop.errors import PopError, PopUnauthorised
from adapters.pop.kinds import KINDS
from adapters.pop.release import Release
from gateway.checkpoison import poisoned
from gateway.config import Settings
from gateway.errors import ConfigurationError, GatewayError
from gateway.findings import CONFIGURATION, FAILED, PEER_UNAVAILABLE, Finding, ago, failed, ok, warning
from gateway.popside import pop_connection, pop_credentials
from gateway.store.engine import Store
from gateway.store.tables import terminology
from gateway.valuelists import needed_terminologies
from mappers.registry import Registry

#: Seconds by which clocks may differ before timestamps mislead; POP's Date header has a resolution of one second.
CLOCK_TOLERANCE = 5.0
#: Value lists that are counted at the same time.
COUNTED_AT_ONCE = 4
#: POP's rights by access level (pop/README *Signing in*).
_LEVELS = {0: "nothing", 1: "view", 2: "manage cases and export", 3: "users and deletions", 4: "everything"}
#: What people hear of at most, of a long list.
_SHOWN = 6


async def check_pop(settings: Settings, registry: Registry | None, store: Store | None) -> AsyncIterator[Finding]:
    """All findings about POP, as they are made. Nothing is written: not to POP, and not to the store."""
    try:
        settings.pop.read_secrets()
        connection = pop_connection(settings.pop)
    except ConfigurationError as error:
        advice = "correct [pop]; the example configuration explains each setting"
        yield failed("POP", f"not asked: {error}", advice, CONFIGURATION)
        return
    async with AsyncExitStack() as stack:
        client = PopClient(
            url=settings.pop.url, username=settings.pop.username, password=settings.pop.secret, timeout=settings.pop.timeout,
            credentials=pop_credentials(settings.pop, connection), connection=connection,
        )  # fmt: skip
        stack.push_async_callback(client.aclose)
        started = time.monotonic()
        try:
            await client.health()
        except PopError as error:
            advice = "check [pop] url, and that this machine may reach it"
            yield failed("POP", f"{settings.pop.url}: {error}", advice, PEER_UNAVAILABLE)
            return
        took = time.monotonic() - started
        yield ok("POP", f"{settings.pop.url} answers in {took:.2f} s", url=settings.pop.url, seconds=round(took, 3))
        yield clock(client.clock_difference)
        produced = {kind for mapper in registry.mappers for kind in mapper.produces} if registry else set(KINDS)
        try:
            release = await client.handshake()
        except PopError as error:
            yield failed("POP contract", str(error), "check that [pop] url is POP's own address", PEER_UNAVAILABLE)
        else:
            for finding in contract(release, produced):
                yield finding
        found = await _account(client)
        yield found
        if found.exit_code != PEER_UNAVAILABLE:
            yield await _value_lists(client, needed_terminologies(produced), store)
            if store is not None:
                yield await poisoned(store, client)


def clock(difference: float | None) -> Finding:
    """How far POP's clock is from ours, in seconds."""
    if difference is None:
        return warning("clock", "POP does not tell its time", "compare the clocks by hand")
    data = {"seconds": round(difference, 1)}
    if abs(difference) > CLOCK_TOLERANCE:
        way = "ahead of" if difference > 0 else "behind"
        text = f"POP's clock is {ago(difference)} {way} ours"
        return warning("clock", text, "synchronise both machines by NTP", **data)
    return ok("clock", f"within {CLOCK_TOLERANCE:.0f} s of POP's", **data)


def contract(release: Release, produced: Iterable[str]) -> list[Finding]:
    """What can be written to this release, of the kinds that the mappers produce."""
    kinds = sorted(produced)
    packaged = Release.packaged().version
    refused = {kind: why for kind, why in release.refused.items() if kind in kinds}
    degraded = {kind: lost for kind, lost in release.degraded.items() if kind in kinds}
    whole = len(kinds) - len(refused) - len(degraded)
    about = "" if release.version == packaged else f" (the gateway was built against {packaged})"
    text = (
        f"release {release.version}{about}; {len(KINDS) - len(release.refused)} of {len(KINDS)} kinds understood; "
        f"of the {len(kinds)} that the mappers write"
    )
    data = {"version": release.version, "builtAgainst": packaged, "whole": [k for k in kinds if k not in {*refused, *degraded}],
            "degraded": {kind: list(lost) for kind, lost in degraded.items()}, "refused": refused}  # fmt: skip
    parts = [f"{whole} arrive whole"]
    if degraded:
        parts.append(f"{len(degraded)} in part")
    if refused:
        parts.append(f"{len(refused)} not at all")
    findings = [ok("POP contract", f"{text}, {', '.join(parts)}", **data)]
    findings += [
        warning(
            kind,
            f"written without {_few(lost)}: this POP has no such field",
            "upgrade POP to keep it; it follows by itself",
        )
        for kind, lost in degraded.items()
    ]
    findings += [
        failed(
            kind, f"not written: {why}", "upgrade the gateway; until then these entities wait, the others go on", FAILED
        )
        for kind, why in refused.items()
    ]
    return findings


async def _account(client: PopClient) -> Finding:
    try:
        return judge(await client.account())
    except PopUnauthorised:
        return failed(
            "POP account", f"POP refuses the sign-in of «{client.username}»",
            "correct [pop] username and password; POP also refuses right ones for some minutes after many wrong ones",
            PEER_UNAVAILABLE,
        )  # fmt: skip
    except PopError as error:
        return failed("POP account", str(error), "try again; if it stays so, see POP's own log", PEER_UNAVAILABLE)


def judge(account: Account) -> Finding:
    """Whether the technical account has what it needs and no more: level 1 + service account (pop/README *Signing in*)."""
    flag = "service account" if account.service_account else "no service account"
    has = f"«{account.username}» has level {account.level} ({_LEVELS.get(account.level, 'unknown')}), {flag}"
    data = {"username": account.username, "level": account.level, "serviceAccount": account.service_account}
    # Level 0 may not view: the gateway could not see what it wrote.
    works = account.level >= 1 and account.can_manage_cases
    steps = []
    if account.level != 1:
        steps.append(f"set its access level to 1 (now {account.level})")
    if not account.service_account:
        steps.append("tick «service account»")
    advice = f"in POP, {' and '.join(steps)}: access level 1 and «service account» is exactly what it needs"
    if not works:
        return failed("POP account", f"{has}: it may not {_lacking(account)}", advice, FAILED, **data)
    if steps:
        text = f"{has}: it works, with more rights than it needs"
        return warning("POP account", text, advice, **data)
    return ok("POP account", f"{has}: it may manage cases, and nothing else", **data)


def _lacking(account: Account) -> str:
    return "view cases" if account.level < 1 else "manage cases"


async def _value_lists(client: PopClient, names: list[str], store: Store | None) -> Finding:
    """Whether POP has the lists that the mappers need, and whether ours are still the same."""
    gate = asyncio.Semaphore(COUNTED_AT_ONCE)

    async def count(name: str) -> int | None:
        async with gate:
            try:
                return await client.concept_count(name)
            except PopError:
                return None

    served = dict(zip(names, await asyncio.gather(*(count(name) for name in names)), strict=True))
    held, read_at = await _held(store)
    unread = sorted(name for name, size in served.items() if size is None)
    empty = sorted(name for name, size in served.items() if size == 0)
    stale = sorted(name for name, size in served.items() if size and name in held and held[name] != size)
    total = sum(size or 0 for size in served.values())
    text = f"{len(names)} lists, {total:,} concepts in POP"
    missing = [name for name in names if name not in held]
    if not held:
        text += "; none read yet (the service reads them when it starts)"
    elif missing:
        text += f"; {len(names) - len(missing)} of them read, the oldest {ago(time.time() - read_at)} ago"
    else:
        text += f"; all read, the oldest {ago(time.time() - read_at)} ago"
    data = {
        "lists": len(names),
        "concepts": total,
        "unread": unread,
        "empty": empty,
        "changed": stale,
        "notHeld": missing,
    }
    if unread:
        advice = "see POP's log; until then codes of these lists are sent unchecked"
        return warning("value lists", f"{text}; POP fails on {_few(unread)}", advice, **data)
    if empty:
        advice = "load these terminologies into POP: until then it refuses every code in these fields"
        return warning("value lists", f"{text}; empty in POP: {_few(empty)}", advice, **data)
    if stale:
        advice = "nothing: the service reads them anew by itself"
        return warning("value lists", f"{text}; changed in POP since: {_few(stale)}", advice, **data)
    return ok("value lists", text, **data)


async def _held(store: Store | None) -> tuple[dict[str, int], float]:
    """(list → number of concepts in the store, when the oldest was read)."""
    if store is None:
        return {}, 0.0
    try:
        async with store.read() as connection:
            columns = (terminology.c.name, terminology.c.count.label("size"), terminology.c.fetched_at)
            rows = (await connection.execute(sa.select(*columns))).all()
    except GatewayError:
        # The store has a line of its own that says so.
        return {}, 0.0
    return {row.name: row.size for row in rows}, min((row.fetched_at for row in rows), default=0.0)


def _few(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(every[:_SHOWN]) + (f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else "")
