"""The last check before the wire: what POP would refuse, choke on, swallow or silently lose never leaves the gateway.

Layers, from the outside in: the body is JSON that PostgreSQL can hold (``text``), it has the shape of POP's own schema (``shape``:
derived from its OpenAPI document), its numbers and days lie where their scales do (``ranges``), its fields agree with each other
(``rules``), and its concepts are in the server's lists, where those are known (``terms``). What depends on other entities (an
id of another case, a day before the birth, the same identity twice) is known to the gateway's ledger and checked there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import orjson

from adapters.pop.errors import PopContract
from adapters.pop.guard.ranges import out_of_range
from adapters.pop.guard.rules import ONE_OF, contradictions
from adapters.pop.guard.shape import misshapen
from adapters.pop.guard.terms import Knows, unlisted
from adapters.pop.guard.text import unstorable
from adapters.pop.guard.violation import Violation
from adapters.pop.kinds import KINDS, JsonObject

__all__ = ["ONE_OF", "Knows", "Violation", "check", "check_bytes", "encode", "violations"]

#: A body can be wrong in very many ways; an explanation that names more than this helps nobody.
LONGEST_EXPLANATION = 5


def encode(kind: str, body: JsonObject) -> bytes:
    """The bytes to send for a body. Raises PopContract for what JSON cannot carry (NaN would silently become null)."""
    if not isinstance(body, dict):
        raise PopContract(f"{kind}: a body must be an object (POP takes a list for an empty one)", fields=("body",))
    _refuse(kind, unstorable(body))
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        # Its own text may quote the value.
        raise PopContract(f"{kind}: this body cannot be written as JSON", fields=("body",)) from None


def check(kind: str, body: JsonObject, *, today: dt.date | None = None) -> None:
    """Raise PopContract, naming the fields, if this body must not be sent as a ``kind``."""
    check_bytes(kind, encode(kind, body), today=today)


def check_bytes(
    kind: str,
    content: bytes,
    *,
    in_ours: Callable[[JsonObject], JsonObject] | None = None,
    knows: Knows | None = None,
    today: dt.date | None = None,
) -> None:
    """As ``check``, for the very bytes that are about to be sent. ``in_ours`` reads them under our names, where the server's
    release spells fields otherwise. ``knows`` looks into the server's value lists. ``today`` is UTC's."""
    _refuse(kind, violations(kind, content, in_ours=in_ours, knows=knows, today=today))


def violations(
    kind: str,
    content: bytes,
    *,
    in_ours: Callable[[JsonObject], JsonObject] | None = None,
    knows: Knows | None = None,
    today: dt.date | None = None,
) -> list[Violation]:
    """Everything that speaks against sending these bytes as a ``kind``; shapes first, and what builds on them only if they
    are right."""
    facts = KINDS.get(kind)
    if facts is None:
        return [Violation("body", f"POP has no kind {kind}")]
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return [Violation("body", "is not JSON")]
    if not isinstance(body, dict):
        return [Violation("body", "must be an object (POP takes a list for an empty one)")]
    if in_ours is not None and (read := in_ours(body)) != body:
        body, content = read, orjson.dumps(read)
    found = [*unstorable(body), *misshapen(facts, body, content)]
    if not found:
        day = today or dt.datetime.now(dt.UTC).date()
        found = [*out_of_range(facts, body, day), *contradictions(facts, body)]
        found += unlisted(facts, body, knows) if knows is not None else ()
    return found


def _refuse(kind: str, found: list[Violation]) -> None:
    if not found:
        return
    told = "; ".join(f"{kind}.{each.field}: {each.why}" for each in found[:LONGEST_EXPLANATION])
    more = f"; and {len(found) - LONGEST_EXPLANATION} more" if len(found) > LONGEST_EXPLANATION else ""
    raise PopContract(told + more, fields=tuple(dict.fromkeys(each.field for each in found)))
