"""Review items of what waits because POP's contract for its kind is not understood."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reconcile.plan import Action, Verb
from gateway.reconcile.reviews import KIND_REFUSED, Review, open_reviews
from gateway.store.tables import review


async def sync_refusals(
    connection: AsyncConnection, patient_id: int, actions: Iterable[Action], refused: Mapping[str, str]
) -> None:
    """Open one for each action of a patient that a refused kind (kind → why) holds up; those of others are gone."""
    held = [action for action in actions if action.verb is Verb.BLOCKED and action.kind in refused and _ready(action)]
    await connection.execute(
        sa.update(review)
        .where(
            review.c.patient_id == patient_id,
            review.c.code == KIND_REFUSED,
            review.c.state == "open",
            review.c.draft_key.not_in([action.key for action in held]),
        )
        .values(state="gone", last_seen=time.time())
    )
    text = "nothing of this kind is written to this POP: {}; it goes on by itself when POP's contract is understood"
    await open_reviews(
        connection,
        patient_id,
        [Review(action.key, action.kind, KIND_REFUSED, None, text.format(refused[action.kind])) for action in held],
    )


def _ready(action: Action) -> bool:
    """False for a draft that its own issues block: these have their own items."""
    return action.draft is None or not action.draft.blocked
