"""The apply's part of the review queue: what POP refused, what people changed, what somebody has to decide."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import review
from gateway.terminology.items import item_digest

#: POP's contract for the kind is not understood: nothing of it is written.
KIND_REFUSED = "kind-refused"
#: The release at the other end has no such field: the entity is written without it.
FIELD_LOST = "field-not-in-this-release"
#: Codes that this module opens and closes; all others belong to the mapping (``gateway.reconcile.issues``).
CODES = frozenset(
    {
        "pop-rejected",
        "pop-contract",
        "pop-poisoned",
        "pop-server-error",
        "identity-conflict",
        "conflict",
        "deleted-in-pop",
        "delete-needs-decision",
        KIND_REFUSED,
        FIELD_LOST,
    }
)


@dataclass(frozen=True, slots=True)
class Review:
    """An item to open."""

    key: str
    kind: str
    code: str
    field: str | None
    text: str
    severity: str = "blocking"


def digest(patient_id: int, key: str, code: str, field: str | None) -> bytes:
    """Identity of an item: the cause, not the wording."""
    parts = f"{patient_id}|{key}|{code}|{field or ''}".encode()
    return hashlib.blake2b(parts, digest_size=16).digest()


async def open_reviews(connection: AsyncConnection, patient_id: int, reviews: Collection[Review]) -> None:
    """Open items, or note that their cause was seen again. A person's decision of a conflict stays; what was resolved and then
    happened again, as a refusal by POP does after a new try, opens again."""
    now = time.time()
    for item in reviews:
        identity = digest(patient_id, item.key, item.code, item.field)
        seen = await connection.execute(
            sa.update(review)
            .where(review.c.digest == identity)
            .values(
                last_seen=now,
                text=item.text,
                state=sa.case((review.c.state == "gone", "open"), else_=review.c.state)
                if item.code == "conflict"
                else "open",
            )
        )
        if seen.rowcount == 0:
            await connection.execute(
                sa.insert(review).values(
                    digest=identity, patient_id=patient_id, draft_key=item.key, kind=item.kind, code=item.code,
                    field=item.field, severity=item.severity, text=item.text, state="open", first_seen=now, last_seen=now,
                    item=item_digest({"code": item.code, "kind": item.kind, "field": item.field, "text": item.text}),
                )
            )  # fmt: skip


async def close_reviews(connection: AsyncConnection, patient_id: int, settled: Mapping[str, Collection[str]]) -> None:
    """The causes of these entities' items went away. ``settled``: key → fields in which a person's value still stands in
    POP; a conflict about those stays open until somebody decides."""
    # One statement for all that have nothing standing: nearly always that is every entity of the run.
    groups: dict[frozenset[str], list[str]] = {}
    for key, fields in settled.items():
        groups.setdefault(frozenset(fields), []).append(key)
    for standing, keys in groups.items():
        still = sa.and_(review.c.code == "conflict", review.c.field.in_(sorted(standing)))
        await connection.execute(
            sa.update(review)
            .where(
                review.c.patient_id == patient_id,
                review.c.draft_key.in_(keys),
                review.c.code.in_(sorted(CODES)),
                review.c.state == "open",
                *([sa.not_(still)] if standing else []),
            )
            .values(state="gone", last_seen=time.time())
        )
