"""How the mapping of each source resource ended: nothing is dropped silently.

A top-level element counts as consumed if a draft's ``sources`` or ``consumed`` names it or something inside it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from mappers.engine import GroupResult
from mappers.protocol import Coverage, Draft, Resource, ResourceStatus, Severity, Source

#: Elements that carry no clinical content of their own: identity, technical data, narrative (R4 §2.27, §2.28).
IGNORABLE = frozenset(
    {"resourceType", "id", "meta", "implicitRules", "language", "text", "identifier", "subject", "patient"}
)

_HEAD = re.compile(r"^[A-Za-z_]+")


def head(element: str) -> str:
    """The top-level element of an element path: ``component[0].code`` → ``component``; ``_birthDate`` → ``birthDate``."""
    match = _HEAD.match(element)
    return match[0].lstrip("_") if match else element


def coverage(resource: Resource, groups: Iterable[GroupResult], *, readers: Sequence[str]) -> Coverage:
    """Coverage of one resource. ``groups``: the groups it is a member of, and those whose drafts read it. ``readers``:
    names of the mappers that read its type at all."""
    reference = resource.reference
    drafts: list[Draft] = []
    used: set[str] = set()
    reasons: list[str] = []
    failed: str | None = None
    member = False
    for group in groups:
        is_member = reference in group.members
        member = member or is_member
        if group.error is not None and is_member:
            failed = f"mapper {group.mapper} failed on it ({group.error}); see the logs and report the defect"
        reasons.extend(item.reason for item in group.not_for_pop if item.resource == reference)
        for draft in group.drafts:
            elements = list(_elements(draft, reference))
            if elements:
                drafts.append(draft)
                used.update(elements)
    if drafts:
        blocking = next((_blocking(draft) for draft in drafts if draft.blocked), None)
        if blocking is not None and all(draft.blocked for draft in drafts):
            return Coverage(reference, ResourceStatus.BLOCKED, reason=blocking)
        left = sorted({name.lstrip("_") for name in resource.json} - used - IGNORABLE)
        if "contained" in left and "contained" in used:
            left.remove("contained")
        status = ResourceStatus.PARTLY_MAPPED if left else ResourceStatus.MAPPED
        return Coverage(reference, status, unconsumed=tuple(left))
    if failed is not None:
        return Coverage(reference, ResourceStatus.BLOCKED, reason=failed)
    if reasons:
        return Coverage(reference, ResourceStatus.NOT_APPLICABLE, reason="; ".join(sorted(set(reasons))))
    if member:
        return Coverage(reference, ResourceStatus.BLOCKED, reason="its mapper gave neither a draft nor a reason")
    if not readers:
        return Coverage(reference, ResourceStatus.NOT_APPLICABLE, reason=f"no mapper reads {resource.type}")
    names = ", ".join(sorted(readers))
    return Coverage(
        reference, ResourceStatus.NOT_APPLICABLE, reason=f"of no kind that the mappers for {resource.type} take ({names})"
    )


def coverage_of_all(
    resources: Iterable[Resource], results: Sequence[GroupResult], readers: Mapping[str, Sequence[str]]
) -> list[Coverage]:
    """Coverage of every resource of a patient, sorted by reference."""
    concerned: dict[str, dict[int, GroupResult]] = defaultdict(dict)
    for result in results:
        touched = set(result.members)
        for draft in result.drafts:
            touched.update(source.resource.partition("#")[0] for source in _all(draft))
        for reference in touched:
            concerned[reference][id(result)] = result
    return [
        coverage(resource, concerned[resource.reference].values(), readers=readers.get(resource.type, ()))
        for resource in sorted(resources, key=lambda item: item.reference)
    ]


def _all(draft: Draft) -> Iterable[Source]:
    for sources in draft.sources.values():
        yield from sources
    yield from draft.consumed


def _elements(draft: Draft, reference: str) -> Iterable[str]:
    for source in _all(draft):
        if source.resource == reference:
            yield head(source.element)
        elif source.resource.startswith(reference + "#"):
            yield "contained"


def _blocking(draft: Draft) -> str:
    return next(issue.text for issue in draft.issues if issue.severity is Severity.BLOCKING)
