"""POP's contract as this gateway knows it: read from the server, kept in the store for all replicas, renewed by age and by doubt.

When it changes, what it concerns goes on by itself: patients with entities of the kinds that differ are worked again, what was
parked for them is tried again, and review items of kinds that are understood again are gone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.pop.client import PopClient
from adapters.pop.errors import PopError
from adapters.pop.release import Release
from gateway.errors import StoreUnavailable
from gateway.reconcile.reviews import KIND_REFUSED
from gateway.reconcile.rollout import mark_dirty
from gateway.store.engine import Store
from gateway.store.tables import draft, ledger, review, setting

log = structlog.get_logger("gateway.pop")

SETTING = "pop.contract"
#: Seconds after which POP's document is read again. POP builds it anew for every request (2.4 MB, seconds of one of its
#: workers), has no ETag for it and tells its version nowhere else: there is no cheap look.
INTERVAL = 4 * 3600.0
#: Seconds after which it is read again where something speaks for a change: POP was away, a refused kind, a shape that POP does
#: not take.
DOUBT = 600.0
#: Seconds between two looks at its age.
LOOK = 60.0


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of the configured POP."""

    release: Release
    checked_at: float


class ContractKeeper:
    """Keeps ``client.release`` what the server at the other end is. ``url`` is the configured POP: what is known of another one
    does not count. ``on_change`` is called after patients were marked to be worked again."""

    def __init__(
        self, store: Store, client: PopClient, *, url: str, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._client = client
        self._url = url
        self._on_change = on_change
        self._lock = asyncio.Lock()
        self._not_before = 0.0

    async def recall(self) -> Known | None:
        """Take over what the store knows, from an earlier run or another replica; None if it knows nothing."""
        async with self._store.read() as connection:
            known = self._known(await connection.scalar(_VALUE))
        if known is not None:
            self._client.release = known.release
        return known

    async def ensure(self, *, max_age: float = INTERVAL) -> None:
        """See to it that the contract is known, and no older than ``max_age`` seconds. Raises PopError if POP does not tell and
        never did; a contract that is merely too old goes on to count while POP does not tell a newer one."""
        if _young(await self.recall(), max_age):
            return
        async with self._lock:
            # While this waited, another may have read it.
            known = await self.recall()
            if _young(known, max_age) or (known is not None and time.time() < self._not_before):
                return
            try:
                await self._renew()
            except PopError as error:
                if known is None:
                    raise
                # Whoever comes next shall not wait for the same failure again.
                self._not_before = time.time() + LOOK
                log.warning("pop-contract-not-read", code=error.code, reason=str(error))

    async def watch(self, stop: asyncio.Event) -> None:
        """Ensure it now and from time to time, until ``stop``."""
        max_age = DOUBT
        while not stop.is_set():
            try:
                await self.ensure(max_age=max_age)
                max_age = INTERVAL
            except (PopError, StoreUnavailable) as error:
                log.warning("pop-contract-not-read", code=error.code, reason=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK)

    async def _renew(self) -> None:
        release = await self._client.handshake()
        value = {"url": self._url, "checkedAt": time.time(), "release": release.as_json()}
        async with self._store.write(lock="intake") as connection:
            stored = await connection.scalar(_VALUE)
            known = self._known(stored)
            before = Release.packaged() if known is None else known.release
            changed = {
                kind for kind in before.kinds.keys() | release.kinds.keys() if before.of(kind) != release.of(kind)
            }
            concerned = await _concerned(connection, changed, written_only=known is None)
            await _let_go(connection, changed, understood=changed - release.refused.keys())
            await mark_dirty(self._store, connection, concerned)
            if stored is None:
                await connection.execute(
                    sa.insert(setting).values(name=SETTING, value=value, updated_at=value["checkedAt"])
                )
            else:
                await connection.execute(
                    sa.update(setting)
                    .where(setting.c.name == SETTING)
                    .values(value=value, updated_at=value["checkedAt"])
                )
        if known is None or known.release.digest != release.digest:
            log.info(
                "pop-contract", version=release.version, refused=sorted(release.refused), degraded=sorted(release.degraded),
                patients=len(concerned),
            )  # fmt: skip
        if concerned:
            self._on_change()

    def _known(self, value: dict[str, object] | None) -> Known | None:
        if value is None or value["url"] != self._url:
            return None
        try:
            return Known(Release.from_json(value["release"]), float(str(value["checkedAt"])))  # type: ignore[arg-type]
        except (KeyError, TypeError):
            # Another version of the gateway wrote it: it is read from POP anew.
            return None


def _young(known: Known | None, max_age: float) -> bool:
    return known is not None and time.time() - known.checked_at < max_age


_VALUE = sa.select(setting.c.value).where(setting.c.name == SETTING)


async def _concerned(connection: AsyncConnection, kinds: Collection[str], *, written_only: bool) -> set[int]:
    """Patients that have entities of these kinds in POP, or (unless ``written_only``) drafts that wait for it."""
    written = sa.select(ledger.c.patient_id).where(ledger.c.kind.in_(kinds), ledger.c.state != "deleted")
    waiting = sa.select(draft.c.patient_id).where(draft.c.kind.in_(kinds))
    query = written if written_only else sa.union(written, waiting)
    return set((await connection.execute(query)).scalars())


async def _let_go(connection: AsyncConnection, kinds: Collection[str], *, understood: Collection[str]) -> None:
    """What POP refused of these kinds is tried again. What stands in POP of those that are understood is compared again (without
    its digest it differs): it may have been written in part; review items that they were not understood are gone."""
    refused = sa.and_(ledger.c.kind.in_(kinds), ledger.c.state == "parked")
    partly = sa.and_(ledger.c.kind.in_(understood), ledger.c.state == "written")
    await connection.execute(sa.update(ledger).where(sa.or_(refused, partly)).values(digest=None))
    await connection.execute(
        sa.update(review)
        .where(review.c.code == KIND_REFUSED, review.c.kind.in_(understood), review.c.state == "open")
        .values(state="gone", last_seen=time.time())
    )
