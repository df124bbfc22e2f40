"""POP's value lists in the store: what POP takes is checked and translated against its own lists, whether POP is up or not.

POP offers nothing like an ETag for a list, and no date; what it tells cheaply is how many concepts a list has, and any one of
them. So a list is taken for unchanged while its count, its first and its last concept are the same (two requests), and is read
whole once a week all the same.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable

import orjson
import sqlalchemy as sa
import structlog
import zstandard

from adapters.pop.client import PopClient
from adapters.pop.errors import PopContract, PopError, PopRejected, PopServerError
from adapters.pop.kinds import KINDS, JsonObject
from gateway.reconcile.rollout import mark_dirty
from gateway.store.engine import Store
from gateway.store.tables import ledger, terminology

log = structlog.get_logger("gateway.terminologies")

Lists = dict[str, list[JsonObject]]

#: Seconds after which a list is read whole although it looks unchanged.
READ_WHOLE_AFTER = 7 * 86_400.0
#: Errors that concern one list only; POP answers a name that it does not know with 500.
_ONE_LIST = (PopServerError, PopRejected, PopContract)
_KEPT = ("system", "code", "display", "synonyms", "properties")


def needed_terminologies(kinds: Iterable[str]) -> list[str]:
    """Names of the value lists that fields of these kinds are bound to."""
    return sorted({name for kind in kinds for name in KINDS[kind].terminology.values()})


async def cached_lists(store: Store) -> Lists:
    """The value lists that the store holds."""
    decompress = zstandard.ZstdDecompressor().decompress
    async with store.read() as connection:
        rows = (await connection.execute(sa.select(terminology.c.name, terminology.c.concepts))).all()
    return {row.name: orjson.loads(decompress(row.concepts)) for row in rows}


async def fetch_lists(store: Store, client: PopClient, names: Iterable[str]) -> set[str]:
    """Read value lists from POP into the store; returns those whose content is another now. A list that POP fails on stays as it
    is, and that is said; raises PopError for what concerns every list (POP away, account refused)."""
    changed: set[str] = set()
    for name in names:
        try:
            concepts = await client.concepts(name)
        except _ONE_LIST as error:
            log.warning("terminology-not-read", name=name, code=error.code)
            continue
        if await _keep(store, name, concepts):
            changed.add(name)
    return changed


async def refresh_lists(store: Store, client: PopClient, names: Iterable[str]) -> set[str]:
    """Read those lists whose count or whose ends have changed in POP, that are a week old, or that the store lacks; returns
    those whose content is another now. Raises PopError as :func:`fetch_lists` does."""
    async with store.read() as connection:
        columns = terminology.c
        rows = await connection.execute(sa.select(columns.name, columns.freshness, columns.fetched_at))
        known = {row.name: row for row in rows}
    due: list[str] = []
    for name in names:
        row = known.get(name)
        if row is None or time.time() - row.fetched_at > READ_WHOLE_AFTER:
            due.append(name)
            continue
        try:
            count, first, last = await client.concept_ends(name)
        except _ONE_LIST as error:
            log.warning("terminology-not-read", name=name, code=error.code)
            continue
        if _freshness(count, first, last) != row.freshness:
            due.append(name)
    return await fetch_lists(store, client, due)


async def lists(store: Store, client: PopClient, names: Iterable[str]) -> Lists:
    """The value lists: from the store, what it lacks from POP. If POP is away, what the store has must do: fields whose list
    is not known are translated without being checked, and POP has the last word."""
    known = await cached_lists(store)
    missing = [name for name in names if name not in known]
    if not missing:
        return known
    try:
        await fetch_lists(store, client, missing)
    except PopError as error:
        log.warning("terminologies-not-read", code=error.code, reason=str(error), missing=len(missing))
    return await cached_lists(store)


async def newest(store: Store) -> float:
    """When a list was last read anew, in seconds since the epoch; 0 if there is none."""
    async with store.read() as connection:
        return float(await connection.scalar(sa.select(sa.func.max(terminology.c.changed_at))) or 0.0)


async def retry_refused_concepts(store: Store) -> int:
    """POP's lists have changed: what was parked because POP did not know a concept is tried again. Returns how many."""
    refused = sa.and_(
        ledger.c.state == "parked", ledger.c.message.like("%has no concept%"), ledger.c.digest.is_not(None)
    )
    async with store.write(lock="intake") as connection:
        patients = set(await connection.scalars(sa.select(ledger.c.patient_id).where(refused)))
        if not patients:
            return 0
        tried = await connection.execute(sa.update(ledger).where(refused).values(digest=None))
        await mark_dirty(store, connection, patients)
    return tried.rowcount


async def _keep(store: Store, name: str, concepts: list[JsonObject]) -> bool:
    """Store a list; True if its content is another than before."""
    kept = [{field: item[field] for field in _KEPT if item.get(field)} for item in concepts]
    packed = zstandard.ZstdCompressor(level=3).compress(orjson.dumps(kept))
    now = time.time()
    ends = (concepts[0], concepts[-1]) if concepts else (None, None)
    values = {"count": len(kept), "fetched_at": now, "freshness": _freshness(len(kept), *ends)}
    where = terminology.c.name == name
    async with store.write(lock="terminology") as connection:
        before = await connection.scalar(sa.select(terminology.c.concepts).where(where))
        if before is None:
            await connection.execute(
                sa.insert(terminology).values(name=name, concepts=packed, changed_at=now, **values)
            )
            return True
        changed = bytes(before) != packed
        if changed:
            values |= {"concepts": packed, "changed_at": now}
        await connection.execute(sa.update(terminology).where(where).values(**values))
    return changed


def _freshness(count: int, first: JsonObject | None, last: JsonObject | None) -> str:
    return hashlib.blake2b(orjson.dumps([count, first, last], option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
