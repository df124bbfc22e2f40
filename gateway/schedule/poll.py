"""One polling run of a source: per resource type a window that ends at the EHR's own clock, minus a moment.

The watermark of a type advances only after its whole window is durably stored; a failed page fails the window, and the next
run asks for it again. Each window reaches back behind its watermark (``overlap``), because servers show what was committed
late under an earlier instant; what comes twice is a no-op in the intake.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from adapters.ehr.errors import EhrError, EhrExpired
from adapters.ehr.search import FhirSearch
from adapters.ehr.source import Source
from gateway.config import LimitSettings, SourceSettings
from gateway.errors import ConfigurationError, GatewayError, InputRejected, PeerUnavailable
from gateway.intake import receive
from gateway.intake.writer import Intake
from gateway.schedule import record
from gateway.store.engine import Store

log = structlog.get_logger("gateway.poll")

#: Seconds that a window ends before the EHR's clock: what is being committed right now is left for the next run.
MARGIN = 2.0
#: Times that a window whose search expired is started again within one run.
RESTARTS = 2

Progress = Callable[[str, int], None]


@dataclass
class PollSummary:
    """What a run did."""

    source: str
    received: int = 0
    """Different resources that came."""
    announced: int = 0
    """Resources that the EHR said there are."""
    requests: int = 0
    problems: list[str] = field(default_factory=list)
    """Per failed type, what was wrong: its watermark has not moved."""
    not_offered: list[str] = field(default_factory=list)
    """Types that the EHR's capability statement does not name: they are not asked for."""
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
    run = _Run(store, intake, source, settings, limits, summary, progress)
    try:
        number = await record.begin(store, name)
    except GatewayError:
        await source.aclose()
        raise
    try:
        for resource_type in settings.types:
            try:
                await run.read(resource_type)
            except (EhrError, InputRejected) as error:
                # What the intake refuses as a whole (two equal keys, no Bundle of R4) concerns this type only.
                summary.problems.append(f"{resource_type}: {error}")
                log.warning("poll-window-failed", source=name, type=resource_type, code=error.code)
    except GatewayError as error:
        summary.problems.append(str(error))
        raise
    except asyncio.CancelledError:
        summary.problems.append(record.INTERRUPTED)
        raise
    finally:
        summary.requests = source.requests
        await source.aclose()
        await record.end(
            store, number, requests=summary.requests, received=summary.received, announced=summary.announced,
            problems=summary.problems,
        )  # fmt: skip
    if summary.problems and len(summary.problems) + len(summary.not_offered) == len(settings.types):
        raise PeerUnavailable(f"source «{name}» could not be polled: {summary.problems[0]}")
    return summary


@dataclass
class _Run:
    """A run, and what it has in hand."""

    store: Store
    intake: Intake
    source: Source
    settings: SourceSettings
    limits: LimitSettings
    summary: PollSummary
    progress: Progress | None

    async def read(self, resource_type: str) -> None:
        """Read a type's window, again if its search expires meanwhile, and move the watermark if nothing is missing.

        Raises EhrError, InputRejected, StoreUnavailable: the watermark stands where it stood.
        """
        for attempt in range(RESTARTS + 1):
            # The end is fixed before anything is read, by the server's clock: ours may differ (field notes §1 Pulling).
            until = _instant(await self.source.server_time() - MARGIN)
            if self.source.offered is not None and resource_type not in self.source.offered:
                log.info("poll-type-not-offered", source=self.summary.source, type=resource_type)
                self.summary.not_offered.append(resource_type)
                return
            try:
                received, total = await self._pages(resource_type, until)
                break
            except EhrExpired:
                if attempt == RESTARTS:
                    raise
        self.summary.received += received
        self.summary.announced += received if total is None else total
        if total is not None and received != total:
            log.warning("poll-total-differs", source=self.summary.source, type=resource_type, announced=total,
                        received=received)  # fmt: skip
        if total is not None and received < total:
            self.summary.problems.append(
                f"{resource_type}: the EHR announced {total} resources and sent {received}; the window is read again"
            )
            return
        # More than announced is no hole: it was committed while we read, or the server tells the total of a page.
        await record.advance(self.store, self.summary.source, resource_type, to=until)

    async def _pages(self, resource_type: str, until: str) -> tuple[int, int | None]:
        """Store a window page by page. How many different resources came, and how many the EHR said there are.

        A server that pages by offset skips one resource for each that changes while it is read, since that one leaves the
        window; its later pages tell the smaller total. So the largest total counts, and a resource that comes twice, once.
        """
        name = self.summary.source
        mark = await record.watermark(self.store, name, resource_type)
        since = None if mark is None else _instant(_seconds(mark) - self.settings.overlap)
        seen: set[int] = set()
        unnamed, total = 0, None
        async for page in self.source.pages(resource_type, since=since, until=until):
            delivery = receive.bundle_delivery(
                page.body, source=name, channel="poll", limits=self.limits, interaction=f"poll {resource_type}"
            )
            receipt = await self.intake.submit(delivery)
            # Hashes, since a first import may have millions of ids.
            seen.update(hash(each) for each in page.matches if each)
            unnamed += page.matches.count("")
            if page.total is not None:
                total = page.total if total is None else max(total, page.total)
            if not receipt.redelivery:
                for state, count in receipt.counts.items():
                    self.summary.counts[state] = self.summary.counts.get(state, 0) + count
            if self.progress is not None:
                self.progress(resource_type, len(page.matches))
        return len(seen) + unnamed, total


def _instant(seconds: float) -> str:
    """A FHIR instant in UTC."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(text: str) -> float:
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
