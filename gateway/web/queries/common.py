"""Decoding of stored values, pages, and the states that are derived rather than stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
import zstandard

from gateway.store.tables import patient

JsonObject = dict[str, Any]
PAGE = 50

_decompressor = zstandard.ZstdDecompressor()


def unpack(blob: bytes | None) -> bytes:
    """The bytes of a zstd column."""
    return b"" if blob is None else _decompressor.decompress(blob)


def unpack_json(blob: bytes | None) -> Any:
    """The JSON value of a zstd column; None where there is none."""
    return None if blob is None else orjson.loads(unpack(blob))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, and where the next one starts (None: this is the last)."""

    items: list[JsonObject]
    next: int | None


def page_of(rows: list[JsonObject], limit: int, *, key: str = "id") -> Page:
    """Cut a result that was asked for with ``limit + 1``."""
    return Page(rows[:limit], rows[limit - 1][key] if len(rows) > limit else None)


PATIENT_STATES = ("failed", "waiting", "working", "dirty", "clean")


def patient_state(now: float) -> sa.ColumnElement[str]:
    """``clean`` | ``working`` (claimed) | ``failed`` (last run ended in an error) | ``waiting`` (backing off) | ``dirty``."""
    columns = patient.c
    return sa.case(
        (columns.dirty_seq <= columns.clean_seq, "clean"),
        (columns.claimed_until > now, "working"),
        (columns.last_error.is_not(None), "failed"),
        (columns.not_before > now, "waiting"),
        else_="dirty",
    )
