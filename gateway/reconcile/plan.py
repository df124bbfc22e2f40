"""What would have to be done so that POP holds a patient's drafts: pure comparison of drafts with the ledger.

Equal digests need nothing. Order: what is referred to before what refers, a metastasis after its primary; deletions last
and the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from adapters.pop.kinds import KINDS

JsonObject = dict[str, Any]


class Verb(StrEnum):
    """What is to be done with one entity."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    BLOCKED = "blocked"
    """Its draft is incomplete, or something it must refer to is not in POP."""
    PARKED = "parked"
    """POP refused exactly this; it is tried again when the draft changes, or when an operator replays it."""
    KEPT = "kept"
    """A person has to decide: deleted or changed in POP by somebody else."""


WRITES = frozenset({Verb.CREATE, Verb.UPDATE, Verb.DELETE})
#: A ledger row's error: its source went, and a person has to say whether it goes too. If the source comes back, nobody has to.
DELETE_NEEDS_DECISION = "delete-needs-decision"
RETRACTED = "a decision that it rests on was taken back"
MOVED = "belongs to another parent now"


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft as planning needs it."""

    key: str
    kind: str
    digest: bytes
    blocked: bool
    references: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, hash=False)
    content: JsonObject = field(default_factory=dict, hash=False, compare=False)


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What the ledger knows of an entity."""

    key: str
    kind: str
    state: str
    """creating | written | updating | parked | kept | deleted"""
    pop_id: str | None
    digest: bytes | None
    parent_key: str | None = None
    adopted: bool = False
    written: JsonObject | None = field(default=None, hash=False, compare=False)
    attempts: int = 0
    error: str | None = None
    """Why it is parked or kept."""
    retracted: bool = False
    """The decision that it rests on was taken back."""

    @property
    def in_pop(self) -> bool:
        """True if POP has it, as far as we know."""
        return self.pop_id is not None and self.state != "deleted"


@dataclass(frozen=True, slots=True)
class Action:
    """One step of a plan."""

    verb: Verb
    key: str
    kind: str
    reason: str = ""
    draft: DraftRow | None = field(default=None, compare=False)
    ledger: LedgerRow | None = field(default=None, compare=False)


def parent_key(draft: DraftRow) -> str | None:
    """Draft key of a child's parent."""
    parent_field = KINDS[draft.kind].parent_field
    if parent_field is None:
        return None
    target = draft.references.get(parent_field)
    return target if isinstance(target, str) else None


def required_targets(draft: DraftRow) -> list[str]:
    """Keys without which the entity cannot be written: its case, its parent, a metastasis' primary."""
    many = KINDS[draft.kind].many
    return [target for name, target in sorted(draft.references.items()) if name not in many and isinstance(target, str)]


def decide(draft: DraftRow, ledger: LedgerRow | None) -> Action | None:
    """The action for one draft, None if nothing is to be done."""
    if draft.blocked and ledger is not None and ledger.retracted and ledger.in_pop:
        # Otherwise a draft that became incomplete leaves its entity as it is: nobody said that it is wrong.
        return Action(Verb.DELETE, draft.key, draft.kind, RETRACTED, None, ledger)
    if draft.blocked:
        return Action(Verb.BLOCKED, draft.key, draft.kind, "see its open reviews", draft, ledger)
    if ledger is None or ledger.state == "deleted":
        return Action(Verb.CREATE, draft.key, draft.kind, "new", draft, ledger)
    if ledger.state == "creating":
        return Action(Verb.CREATE, draft.key, draft.kind, "its creation was interrupted", draft, ledger)
    if ledger.state == "kept" and ledger.error != DELETE_NEEDS_DECISION:
        return Action(Verb.KEPT, draft.key, draft.kind, "a person has to decide: see its open review", draft, ledger)
    if ledger.state == "kept" and ledger.pop_id is not None:
        return Action(Verb.UPDATE, draft.key, draft.kind, "its source is back", draft, ledger)
    if ledger.state == "parked" and ledger.digest == draft.digest:
        return Action(Verb.PARKED, draft.key, draft.kind, "POP refused it; it waits for a change", draft, ledger)
    if ledger.pop_id is None:
        return Action(Verb.CREATE, draft.key, draft.kind, "changed since POP refused it", draft, ledger)
    if ledger.state == "updating":
        return Action(Verb.UPDATE, draft.key, draft.kind, "its update was interrupted", draft, ledger)
    if ledger.digest == draft.digest:
        return None
    return Action(Verb.UPDATE, draft.key, draft.kind, "changed", draft, ledger)


def plan(drafts: Iterable[DraftRow], ledger: Iterable[LedgerRow]) -> list[Action]:
    """All actions in the order in which they are to be done. ``ledger`` rows without a draft are to be deleted."""
    rows = {row.key: row for row in ledger}
    actions: list[Action] = []
    seen: set[str] = set()
    for draft in drafts:
        seen.add(draft.key)
        row = rows.get(draft.key)
        if row is not None and row.in_pop and (row.kind != draft.kind or row.parent_key != parent_key(draft)):
            # POP cannot move a child to another parent: the old one goes, a new one comes.
            actions.append(Action(Verb.DELETE, row.key, row.kind, MOVED, None, row))
            row = None
        action = decide(draft, row)
        if action is not None:
            actions.append(action)
    for key, row in rows.items():
        if key not in seen and row.state not in ("deleted", "kept"):
            actions.append(Action(Verb.DELETE, key, row.kind, "its source is gone", None, row))
    return sort(actions)


def hold(actions: Iterable[Action], refused: Mapping[str, str]) -> list[Action]:
    """Nothing is written of kinds whose contract in POP is not understood (kind → why): these actions wait."""
    return [
        replace(action, verb=Verb.BLOCKED, reason=f"this POP is not understood: {refused[action.kind]}")
        if action.kind in refused and action.verb in WRITES
        else action
        for action in actions
    ]


def sort(actions: Sequence[Action]) -> list[Action]:
    """Writes by rank and after what they refer to among their own kind; then deletions, in reverse."""
    return sorted(actions, key=_position)


def _position(action: Action) -> tuple[int, int, int, str]:
    rank = KINDS[action.kind].rank
    own_fields = [name for name, kinds in KINDS[action.kind].references.items() if action.kind in kinds]
    if action.verb is Verb.DELETE:
        written = (action.ledger.written if action.ledger is not None else None) or {}
        refers = any(written.get(name) for name in own_fields)
        return (0 if action.reason == MOVED else 2, -rank, int(not refers), action.key)
    refers = action.draft is not None and any(name in action.draft.references for name in own_fields)
    return (1, rank, int(refers), action.key)
