"""One polling run of a source: per resource type a window that ends at the EHR's own clock, minus a moment.

The watermark of a type advances only after its whole window is durably stored; a failed page fails the window, and the next
run asks for it again. Each window reaches back behind its watermark (``overlap``), because servers show what was committed
late under an earlier instant; what comes twice is a no-op in the intake.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog

from adapters.ehr.errors import EhrError, EhrExpired
from adapters.ehr.search import FhirSearch
from adapters.ehr.source import Source
from gateway.config import LimitSettings, SourceSettings
from gateway.errors import ConfigurationError, GatewayError, InputRejected, PeerUnavailable
from gateway.intake import receive
from gateway.intake.writer import Intake
from gateway.store.engine import Store
from gateway.store.tables import poll_cursor, poll_run

log = structlog.get_logger("gateway.poll")

#: Seconds that a window ends before the EHR's clock: what is being committed right now is left for the next run.
MARGIN = 2.0
#: Times that a window whose search expired is started again within one run.
RESTARTS = 2
#: Error of a run that was stopped or crashed.
INTERRUPTED = "interrupted"

Progress = Callable[[str, int], None]


@dataclass
class PollSummary:
    """What a run did."""

    source: str
    received: int = 0
    announced: int = 0
    requests: int = 0
    problems: list[str] = field(default_factory=list)
    """Per failed type, what was wrong: its watermark has not moved."""
    counts: dict[str, int] = field(default_factory=dict)
    """Resources by what the intake did with them."""


def connect(settings: SourceSettings) -> FhirSearch:
    """The client for a configured source. Raises ConfigurationError if it has no address."""
    if settings.url is None:
        raise ConfigurationError("this source has no url: it pushes only, there is nothing to poll")
    return FhirSearch(settings.url, token=settings.secret(), page_size=settings.page_size)


async def poll(
    store: Store,
    intake: Intake,
    *,
    name: str,
    settings: SourceSettings,
    limits: LimitSettings,
    progress: Progress | None = None,
) -> PollSummary:
    """Poll one source once. Raises PeerUnavailable if no type at all could be read, StoreUnavailable if nothing can be kept."""
    source = connect(settings)
    summary = PollSummary(name)
    try:
        run_id = await _begin(store, name)
    except GatewayError:
        await source.aclose()
        raise
    try:
        for resource_type in settings.types:
            try:
                await _window(store, intake, source, resource_type, name, settings, limits, summary, progress)
            except (EhrError, InputRejected) as error:
                # What the intake refuses as a whole (two equal keys, no Bundle of R4) concerns this type only.
                summary.problems.append(f"{resource_type}: {error}")
                log.warning("poll-window-failed", source=name, type=resource_type, code=error.code)
    except GatewayError as error:
        summary.problems.append(str(error))
        raise
    except asyncio.CancelledError:
        summary.problems.append(INTERRUPTED)
        raise
    finally:
        summary.requests = source.requests
        await source.aclose()
        await _end(store, run_id, summary)
    if summary.problems and len(summary.problems) == len(settings.types):
        raise PeerUnavailable(f"source «{name}» could not be polled: {summary.problems[0]}")
    return summary


async def _window(
    store: Store,
    intake: Intake,
    source: Source,
    resource_type: str,
    name: str,
    settings: SourceSettings,
    limits: LimitSettings,
    summary: PollSummary,
    progress: Progress | None,
) -> None:
    for attempt in range(RESTARTS + 1):
        until = instant(await source.server_time() - MARGIN)
        watermark = await _watermark(store, name, resource_type)
        since = None if watermark is None else instant(_seconds(watermark) - settings.overlap)
        try:
            received, total = 0, None
            async for page in source.pages(resource_type, since=since, until=until):
                delivery = receive.bundle_delivery(
                    page.body, source=name, channel="poll", limits=limits, interaction=f"poll {resource_type}"
                )
                receipt = await intake.submit(delivery)
                received += page.count
                total = page.total if page.total is not None else total
                if not receipt.redelivery:
                    for state, count in receipt.counts.items():
                        summary.counts[state] = summary.counts.get(state, 0) + count
                if progress is not None:
                    progress(resource_type, page.count)
        except EhrExpired:
            if attempt == RESTARTS:
                raise
            continue
        summary.received += received
        summary.announced += received if total is None else total
        if total is not None and total != received:
            summary.problems.append(
                f"{resource_type}: the EHR announced {total} resources and sent {received}; the window is read again"
            )
            log.warning("poll-total-differs", source=name, type=resource_type, announced=total, received=received)
            return
        await _advance(store, name, resource_type, until)
        return


def instant(seconds: float) -> str:
    """A FHIR instant in UTC."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(text: str) -> float:
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


async def _watermark(store: Store, source: str, resource_type: str) -> str | None:
    c = poll_cursor.c
    async with store.read() as connection:
        statement = sa.select(c.watermark).where(c.source == source, c.type == resource_type, c.filter == "")
        value: str | None = await connection.scalar(statement)
        return value


async def _advance(store: Store, source: str, resource_type: str, watermark: str) -> None:
    c = poll_cursor.c
    async with store.write(lock=f"poll:{source}") as connection:
        values = {"watermark": watermark, "updated_at": time.time()}
        changed = await connection.execute(
            sa.update(poll_cursor).where(c.source == source, c.type == resource_type, c.filter == "").values(**values)
        )
        if changed.rowcount == 0:
            await connection.execute(
                sa.insert(poll_cursor).values(source=source, type=resource_type, filter="", **values)
            )


async def _begin(store: Store, source: str) -> int:
    async with store.write() as connection:
        # A run that a crash left behind is over.
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


async def _end(store: Store, run_id: int, summary: PollSummary) -> None:
    async with store.write() as connection:
        await connection.execute(
            sa.update(poll_run)
            .where(poll_run.c.id == run_id)
            .values(
                finished_at=time.time(),
                state="failed" if summary.problems else "done",
                requests=summary.requests,
                received=summary.received,
                announced=summary.announced,
                error="; ".join(summary.problems)[:2000] or None,
            )
        )
