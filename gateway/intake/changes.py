"""What one batch of deliveries changes, collected before anything is written."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from gateway.intake.assign import Assignment, Node
from gateway.intake.version import Version


@dataclass(slots=True)
class Current:
    """The newest version of a resource, stored or of this batch."""

    row: int
    digest: bytes
    version: Version
    version_row: int | None
    state: str
    patient: str | None
    new: bool = False


@dataclass
class Rows:
    """Rows to insert and update, by table."""

    deliveries: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)


@dataclass
class Changes:
    """Everything a batch changes. Ids of rows come from the store's counter, reserved for the batch."""

    next_id: int = 0
    now: float = field(default_factory=time.time)
    rows: Rows = field(default_factory=Rows)
    current: dict[tuple[str, str, str], Current] = field(default_factory=dict)
    """(source, type, FHIR id) → newest version."""
    nodes: dict[str, dict[str, Node]] = field(default_factory=lambda: defaultdict(dict))
    """Source → reference → the changed resource, as the assignment sees it."""
    assigned: list[tuple[str, Assignment, frozenset[str]]] = field(default_factory=list)
    """(source, its assignment, references of the resources that changed themselves)."""
    arrived: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Source → keys whose target is new or, if shared, changed: groups that asked for them are stale."""
    dirty: set[tuple[str, str]] = field(default_factory=set)
    """(source, FHIR id of the patient)."""
    moved: list[int] = field(default_factory=list)
    """Rows of resources that left a patient: the groups they were members of are stale."""

    def new_id(self) -> int:
        """The next of the reserved ids."""
        self.next_id += 1
        return self.next_id - 1
