"""The review queue as a person works it: one item for all that one decision settles, however many patients wait for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reconcile.reader import chunks
from gateway.store.tables import patient, review
from mappers.decided import UNMAPPED
from mappers.terminology import code_set

JsonObject = dict[str, Any]

#: Examples of an item: elements of resources, never what is in them.
EXAMPLES = 5


def item_digest(found: Mapping[str, Any]) -> bytes:
    """The identity of a queue item. Of an ``unmapped-code``: field, terminology and set of codes; of anything else: what is
    said of which field."""
    parts = [str(found["code"]), str(found["kind"] or ""), str(found["field"] or "")]
    if found["code"] == UNMAPPED:
        parts.append(str(found["terminology"] or ""))
        parts.extend("\x1e".join(each) for each in code_set((each[0], each[1], each[2]) for each in found["codings"]))
    else:
        parts.append(str(found["text"]))
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the queue."""

    id: str
    """Hexadecimal digest: what a link or a spreadsheet names."""
    code: str
    severity: str
    kind: str | None
    field: str | None
    terminology: str | None
    text: str
    codings: tuple[tuple[str, str, str], ...]
    reviews: int
    """Entities that wait, or lack the field."""
    patients: int
    first_seen: float
    last_seen: float
    sources: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """``Kind.field``."""
        return f"{self.kind or ''}.{self.field}" if self.field else self.kind or ""


_COUNTED = (
    review.c.item,
    sa.func.count().label("reviews"),
    sa.func.count(sa.distinct(review.c.patient_id)).label("patients"),
    sa.func.min(review.c.first_seen).label("first_seen"),
    sa.func.max(review.c.last_seen).label("last_seen"),
    sa.func.max(review.c.id).label("newest"),
)


async def items(
    connection: AsyncConnection, *, code: str | None = None, limit: int = 100, offset: int = 0
) -> list[Item]:
    """Open items, those first for which most patients wait."""
    query = sa.select(*_COUNTED).where(review.c.state == "open", review.c.item.is_not(None)).group_by(review.c.item)
    if code is not None:
        query = query.where(review.c.code == code)
    query = query.order_by(sa.desc("patients"), sa.desc("reviews"), sa.asc("newest")).limit(limit).offset(offset)
    return await _told(connection, (await connection.execute(query)).mappings().all())


async def item(connection: AsyncConnection, identity: str) -> Item | None:
    """An open item."""
    digest = digest_of(identity)
    if digest is None:
        return None
    query = sa.select(*_COUNTED).where(review.c.state == "open", review.c.item == digest).group_by(review.c.item)
    found = await _told(connection, (await connection.execute(query)).mappings().all())
    return found[0] if found else None


async def count(connection: AsyncConnection, *, code: str | None = None) -> int:
    """How many open items there are."""
    query = sa.select(sa.func.count(sa.distinct(review.c.item))).where(review.c.state == "open")
    if code is not None:
        query = query.where(review.c.code == code)
    return int(await connection.scalar(query) or 0)


async def codes(connection: AsyncConnection) -> dict[str, int]:
    """Open items by code, the most frequent first."""
    number = sa.func.count(sa.distinct(review.c.item))
    query = sa.select(review.c.code, number).where(review.c.state == "open", review.c.item.is_not(None))
    found = await connection.execute(query.group_by(review.c.code).order_by(number.desc(), review.c.code))
    return {row[0]: row[1] for row in found}


async def reviews_of(connection: AsyncConnection, item: Item, *, limit: int = 20) -> list[JsonObject]:
    """Entities that wait for an item, by patient."""
    columns = (review.c.patient_id, review.c.draft_key, review.c.kind, patient.c.source, patient.c.fhir_id)
    query = (
        sa.select(*columns)
        .outerjoin(patient, patient.c.id == review.c.patient_id)
        .where(review.c.item == bytes.fromhex(item.id), review.c.state == "open")
        .order_by(review.c.id)
        .limit(limit)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


def digest_of(identity: str) -> bytes | None:
    """The digest that a link names; None if it is none."""
    try:
        digest = bytes.fromhex(identity)
    except ValueError:
        return None
    return digest if len(digest) == 16 else None


async def _told(connection: AsyncConnection, rows: Sequence[sa.RowMapping]) -> list[Item]:
    newest = {row["newest"]: row for row in rows}
    shown: dict[int, Any] = {}
    sources: dict[bytes, set[str]] = {}
    examples: dict[bytes, list[str]] = {}
    for ids in chunks(newest):
        shown |= {row.id: row for row in await connection.execute(sa.select(review).where(review.c.id.in_(ids)))}
        digests = [newest[each]["item"] for each in ids]
        open_here = sa.and_(review.c.state == "open", review.c.item.in_(digests))
        of_sources = sa.select(review.c.item, patient.c.source).join(patient, patient.c.id == review.c.patient_id)
        for each in await connection.execute(of_sources.where(open_here).distinct()):
            sources.setdefault(bytes(each.item), set()).add(each.source)
        for each in await connection.execute(_examples(open_here)):
            examples.setdefault(bytes(each.item), []).append(each.source_element)
    told: list[Item] = []
    for number, row in newest.items():
        one, digest = shown[number], bytes(row["item"])
        told.append(
            Item(
                id=digest.hex(), code=one.code, severity=one.severity, kind=one.kind, field=one.field,
                terminology=one.terminology, text=one.text,
                codings=tuple((each[0], each[1], each[2]) for each in one.codings or ()),
                reviews=row["reviews"], patients=row["patients"], first_seen=row["first_seen"], last_seen=row["last_seen"],
                sources=tuple(sorted(sources.get(digest, ()))), examples=tuple(examples.get(digest, ())),
            )
        )  # fmt: skip
    return told


def _examples(where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The first few elements of each item."""
    place = sa.func.row_number().over(partition_by=review.c.item, order_by=review.c.id).label("place")
    found = sa.select(review.c.item, review.c.source_element, place).where(where, review.c.source_element.is_not(None))
    few = found.subquery()
    return sa.select(few.c.item, few.c.source_element).where(few.c.place <= EXAMPLES)
