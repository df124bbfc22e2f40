"""What the database remembers of polling: how far each type of a source was read, and what became of each run."""

from __future__ import annotations

import time

import sqlalchemy as sa

from gateway.store.engine import Store
from gateway.store.tables import poll_cursor, poll_run

#: Error of a run that was stopped or crashed.
INTERRUPTED = "interrupted"
#: Characters of a run's error that are kept.
_LONGEST = 2000


async def watermark(store: Store, source: str, resource_type: str) -> str | None:
    """The instant of the EHR's clock up to which everything of the type is stored; None before the first run."""
    c = poll_cursor.c
    async with store.read() as connection:
        statement = sa.select(c.watermark).where(c.source == source, c.type == resource_type, c.filter == "")
        value: str | None = await connection.scalar(statement)
        return value


async def advance(store: Store, source: str, resource_type: str, *, to: str) -> None:
    """Move the watermark. Call it after the whole window is stored."""
    c = poll_cursor.c
    values = {"watermark": to, "updated_at": time.time()}
    async with store.write(lock=f"poll:{source}") as connection:
        changed = await connection.execute(
            sa.update(poll_cursor).where(c.source == source, c.type == resource_type, c.filter == "").values(**values)
        )
        if changed.rowcount == 0:
            await connection.execute(
                sa.insert(poll_cursor).values(source=source, type=resource_type, filter="", **values)
            )


async def begin(store: Store, source: str) -> int:
    """Record that a run begins; gives its number. A run of the source that a crash left behind is over."""
    async with store.write() as connection:
        await connection.execute(
            sa.update(poll_run)
            .where(poll_run.c.source == source, poll_run.c.state == "running")
            .values(state="failed", error=INTERRUPTED, finished_at=time.time())
        )
        result = await connection.execute(
            sa.insert(poll_run).values(source=source, started_at=time.time(), state="running")
        )
        key = result.inserted_primary_key
        assert key is not None
        return int(key[0])


async def end(store: Store, run: int, *, requests: int, received: int, announced: int, problems: list[str]) -> None:
    """Record what a run did; with problems it has failed."""
    async with store.write() as connection:
        await connection.execute(
            sa.update(poll_run)
            .where(poll_run.c.id == run)
            .values(
                finished_at=time.time(),
                state="failed" if problems else "done",
                requests=requests,
                received=received,
                announced=announced,
                error="; ".join(problems)[:_LONGEST] or None,
            )
        )
