"""From a draft to the body that is sent: references become POP ids, and what this POP does not have stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.pop.errors import PopContract
from adapters.pop.kinds import KINDS
from adapters.pop.release import Release
from gateway.reconcile.plan import DraftRow, parent_key

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A draft that is ready to be sent."""

    body: JsonObject
    parent_id: str | None
    complete: bool
    """False: a list leaves out what is not in POP (yet)."""
    lost: tuple[str, ...]
    """Fields that this POP does not have; they come when its release changes (``gateway.popcontract``)."""


def resolved(draft: DraftRow, *, ids: Mapping[str, str], external_source: str, release: Release) -> Resolved:
    """``ids``: draft key → POP id, of this patient's ledger alone: POP takes any id, also of another case's entity. Raises
    PopContract, naming the fields, for a draft that holds an id itself or refers to itself."""
    facts = KINDS[draft.kind]
    body = {name: value for name, value in draft.content["payload"].items() if name not in draft.references}
    if raw := sorted(facts.references.keys() & body.keys()):
        text = f"{draft.kind}.{', '.join(raw)}: a mapper refers to other drafts, not to ids"
        raise PopContract(text, fields=tuple(raw))
    complete = True
    for name, target in draft.references.items():
        if target == draft.key or (isinstance(target, tuple) and draft.key in target):
            raise PopContract(f"{draft.kind}.{name}: refers to itself", fields=(name,))
        if name == facts.parent_field:
            continue
        if isinstance(target, str):
            body[name] = ids[target]
        else:
            found = sorted(ids[key] for key in target if key in ids)
            complete = complete and len(found) == len(target)
            body[name] = found
    body["externalSource"] = external_source
    body["externalSourceId"] = draft.key
    body, lost = release.reduced(draft.kind, body)
    parent = parent_key(draft)
    return Resolved(body, ids[parent] if parent is not None else None, complete, lost)
