"""What a source is: implement this to bring in FHIR from a new kind of place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Page:
    """One piece of what a source has: ``body`` is a Bundle as raw bytes, exactly as it arrived."""

    body: bytes
    matches: tuple[str, ...]
    """Ids of the resources in it that belong to the window; "" for one without an id. What the source adds to them
    (included resources, remarks) is in ``body`` only."""
    total: int | None
    """What the source says the whole window holds, if it says."""
    server_time: float | None
    """The source's clock (UTC seconds) when it answered."""


class Source(Protocol):
    """A place to pull FHIR from, window by window."""

    offered: frozenset[str] | None
    """Resource types that the source says it has; None while it has said nothing. Known once its clock was read."""

    def pages(self, resource_type: str, *, since: str | None, until: str | None) -> AsyncIterator[Page]:
        """Everything of a type that changed from ``since`` (inclusive) to ``until`` (exclusive), instants of the source's
        clock; None is open. Raises EhrError; a window that raised counts as not read."""
        ...

    async def server_time(self) -> float:
        """The source's clock, in UTC seconds. Raises EhrError."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
