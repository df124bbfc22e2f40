"""Which of two versions of a resource is the newer: versionId, else lastUpdated, else the order of arrival."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]

_NUMBER = re.compile(r"[0-9]{1,64}")


@dataclass(frozen=True, slots=True)
class Version:
    """``meta.versionId`` and ``meta.lastUpdated`` (UTC seconds) of one version, either of which may be missing."""

    version_id: str | None = None
    last_updated: float | None = None


def version_of(resource: JsonObject | None) -> Version:
    """The version that a resource says it is."""
    meta = resource.get("meta") if resource is not None else None
    if not isinstance(meta, dict):
        return Version()
    version_id, updated = meta.get("versionId"), meta.get("lastUpdated")
    return Version(
        version_id if isinstance(version_id, str) else None, instant(updated) if isinstance(updated, str) else None
    )


def instant(text: str) -> float | None:
    """Seconds since the epoch of a FHIR instant; None if it is none (an instant without zone says no moment)."""
    try:
        moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.timestamp()


def is_older(new: Version, current: Version) -> bool:
    """True if ``new`` is an older version than ``current``: then it is stale, and ``current`` stays.

    Numeric versionIds decide (R4 §2.27.3.1 leaves their form to the server; numbers are what servers that count use);
    otherwise lastUpdated does; without either the last to arrive is the newest.
    """
    a, b = new.version_id, current.version_id
    if a is not None and b is not None and _NUMBER.fullmatch(a) and _NUMBER.fullmatch(b) and int(a) != int(b):
        return int(a) < int(b)
    if new.last_updated is not None and current.last_updated is not None:
        return new.last_updated < current.last_updated
    return False
