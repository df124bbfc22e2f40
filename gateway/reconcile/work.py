"""What a mapping run works on, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.reconcile.groups import StoredGroup
from gateway.reconcile.reader import Row
from mappers.engine import MAPPER_FAILED, GroupResult


@dataclass(frozen=True, slots=True)
class MappingOutcome:
    """What a run changed. ``changed_draft_keys``: new, different, newly blocked or unblocked, and vanished drafts."""

    changed_draft_keys: frozenset[str]
    resources: int
    """Resources that were new or changed."""
    groups: int
    """Groups that were mapped."""
    failed: int
    """Groups on which a mapper failed."""
    issues: int
    """Issues in the drafts of the mapped groups."""


@dataclass(slots=True)
class Work:
    """One group of this run: as it stands in the store, its members now, its result. No member: the group vanishes."""

    mapper: str
    key: str
    stored: StoredGroup | None = None
    joined: set[int] = field(default_factory=set)
    """Changed resources that select this group."""
    members: list[Row] = field(default_factory=list)
    result: GroupResult | None = None

    @property
    def keeps_drafts(self) -> bool:
        """The mapper failed: the drafts stay as they were, but nothing is written from them until it works again."""
        return self.result is not None and self.result.error == MAPPER_FAILED
