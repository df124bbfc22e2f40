"""The group commit: deliveries that arrive together share one transaction, and each is acknowledged only after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.errors import GatewayError, StoreUnavailable
from gateway.intake.commit import commit_deliveries
from gateway.intake.item import Delivery, Receipt
from gateway.store.engine import Store
from gateway.telemetry import span

#: Resources that one transaction takes at the most: bounds memory and how long others wait for the lock.
BATCH_ITEMS = 1000


class Intake:
    """Takes deliveries. Use as an asynchronous context manager, or ``start`` and ``stop`` it."""

    def __init__(self, store: Store, *, on_commit: Callable[[], None] | None = None) -> None:
        self._store = store
        self._on_commit = on_commit
        self._queue: asyncio.Queue[tuple[Delivery, asyncio.Future[Receipt]]] = asyncio.Queue(maxsize=256)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the committing task."""
        self._task = asyncio.create_task(self._work(), name="intake")

    async def stop(self) -> None:
        """Commit what is queued, then stop."""
        if self._task is not None:
            await self._queue.join()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def __aenter__(self) -> Intake:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def submit(self, delivery: Delivery) -> Receipt:
        """Store a delivery; returns after the commit. Raises StoreUnavailable: nothing was kept, the sender must repeat."""
        if self._task is None or self._task.done():
            raise StoreUnavailable("the intake is not running: nothing was accepted")
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        await self._queue.put((delivery, future))
        return await future

    async def _work(self) -> None:
        while True:
            batch = [await self._queue.get()]
            size = len(batch[0][0].items)
            while size < BATCH_ITEMS and not self._queue.empty():
                batch.append(self._queue.get_nowait())
                size += len(batch[-1][0].items)
            try:
                await self._commit(batch)
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _commit(self, batch: list[tuple[Delivery, asyncio.Future[Receipt]]]) -> None:
        try:
            with span("commit", deliveries=len(batch)):
                async with self._store.write(lock="intake") as connection:
                    receipts = await commit_deliveries(self._store, connection, [delivery for delivery, _ in batch])
        except GatewayError as error:
            self._fail(batch, error)
        except Exception as error:
            if len(batch) > 1:
                # A delivery that cannot be stored must not take its neighbours down: find it by committing one by one.
                for single in batch:
                    await self._commit([single])
                return
            self._fail(
                batch, StoreUnavailable(f"the delivery could not be stored ({type(error).__name__})"), cause=error
            )
        else:
            for (_, future), receipt in zip(batch, receipts, strict=True):
                if not future.done():
                    future.set_result(receipt)
            if self._on_commit is not None:
                self._on_commit()

    @staticmethod
    def _fail(
        batch: list[tuple[Delivery, asyncio.Future[Receipt]]], error: GatewayError, *, cause: Exception | None = None
    ) -> None:
        error.__cause__ = cause
        for _, future in batch:
            if not future.done():
                future.set_exception(error)
