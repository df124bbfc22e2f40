"""The mapping's part of the review queue: an item per cause, opened with its issue, gone when the issue is.

What a person has resolved stays resolved as long as the same issue stands; it opens again if it went away and came back.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reconcile.reader import chunks
from gateway.reconcile.work import Work
from gateway.store.tables import review
from gateway.terminology.items import item_digest
from mappers.decided import BLOCKED
from mappers.protocol import JsonObject
from mappers.record import failure_issue
from mappers.render import issue_json

Item = dict[str, Any]


def issue_digest(*, patient_id: int, draft_key: str, code: str, field: str) -> bytes:
    """Identity of a review item: the cause, not the wording."""
    content = "\x1f".join((str(patient_id), draft_key, code, field))
    return hashlib.blake2b(content.encode(), digest_size=16).digest()


async def sync_issues(connection: AsyncConnection, *, patient_id: int, works: Iterable[Work]) -> None:
    """Open items for the issues that are new in these groups, close those whose issue is gone. Unchanged ones cost nothing."""
    before: dict[bytes, Item] = {}
    after: dict[bytes, Item] = {}
    for work in works:
        if work.stored is not None:
            if work.stored.error is not None:
                _add(before, patient_id, _group_key(work), None, {"code": work.stored.error, "field": ""})
            for old in work.stored.drafts.values():
                for issue in old.json["issues"]:
                    _add(before, patient_id, old.key, old.kind, issue)
                    if work.keeps_drafts:
                        _add(after, patient_id, old.key, old.kind, issue)
        if work.result is not None:
            if work.result.error is not None:
                _add(after, patient_id, _group_key(work), None, issue_json(failure_issue(work.result)))
            for draft in work.result.drafts:
                for each in draft.issues:
                    _add(after, patient_id, draft.key, draft.kind, issue_json(each))
    now = time.time()
    await _open(connection, {digest: item for digest, item in after.items() if item != before.get(digest)}, now)
    for chunk in chunks(sorted(before.keys() - after.keys())):
        await connection.execute(
            sa.update(review)
            .where(review.c.digest.in_(chunk), review.c.state == "open")
            .values(state="gone", last_seen=now)
        )


def _group_key(work: Work) -> str:
    return f"{work.mapper}/{work.key}"


def _add(items: dict[bytes, Item], patient_id: int, key: str, kind: str | None, issue: JsonObject) -> None:
    digest = issue_digest(patient_id=patient_id, draft_key=key, code=issue["code"], field=issue["field"])
    source = issue.get("source")
    item = {
        "digest": digest,
        "patient_id": patient_id,
        "draft_key": key,
        "kind": kind,
        "code": issue["code"],
        "field": issue["field"] or None,
        "severity": issue.get("severity", "blocking"),
        "text": issue.get("text", ""),
        "source_element": f"{source['resource']}#{source['element']}" if source else None,
        "terminology": issue.get("terminology"),
        "codings": list(issue.get("codings") or []),
    }
    item["item"] = item_digest(item)
    known = items.setdefault(digest, item)
    if known is not item:
        # One item per cause: further codes that one field could not take are listed with the first.
        known["codings"] += [coding for coding in item["codings"] if coding not in known["codings"]]
        known["item"] = item_digest(known)


async def _open(connection: AsyncConnection, items: dict[bytes, Item], now: float) -> None:
    known: set[bytes] = set()
    for chunk in chunks(sorted(items)):
        query = sa.select(review.c.digest).where(review.c.digest.in_(chunk))
        known.update(bytes(digest) for digest in (await connection.execute(query)).scalars())
    inserts = [
        {**item, "state": "resolved" if item["code"] == BLOCKED else "open", "first_seen": now, "last_seen": now}
        for digest, item in items.items()
        if digest not in known
    ]
    if inserts:
        await connection.execute(sa.insert(review), inserts)
    columns = ("severity", "text", "source_element", "terminology", "codings", "item")
    updates = [
        {"which": digest, "seen": now, **{f"new_{name}": item[name] for name in columns}}
        for digest, item in items.items()
        if digest in known
    ]
    if updates:
        statement = sa.update(review).where(review.c.digest == sa.bindparam("which"))
        values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in columns}
        values["state"] = sa.case((review.c.state == "gone", "open"), else_=review.c.state)
        values["last_seen"] = sa.bindparam("seen")
        await connection.execute(statement.values(values), updates)
