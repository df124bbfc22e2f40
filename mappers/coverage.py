"""What became of every source resource: nothing is dropped without saying so.

The *verdict* of one group on one resource is what it read of it and whether anything that can be written came of it;
the *coverage* of a resource combines the verdicts of all its groups. Verdicts are small and comparable, so the
store-backed driver recombines only where one of them changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mappers.engine import MAPPER_FAILED, GroupResult
from mappers.protocol import Coverage, Draft, JsonObject, ResourceStatus

#: Elements without clinical content of their own: technical ones, those that say only which record this is, and those that
#: name people and where they live, which POP deliberately never gets. ``status`` is not among them (a mapper must look at
#: it), nor is ``extension``.
IGNORABLE = frozenset(
    {
        "resourceType", "id", "meta", "implicitRules", "language", "text", "identifier", "subject", "patient",
        "performer", "requester", "recorder", "asserter", "name", "address", "telecom", "contact", "communication", "photo",
        "generalPractitioner", "managingOrganization",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """One group on one resource."""

    elements: frozenset[str] = frozenset()
    """Top-level elements that drafts read."""
    drafts: int = 0
    blocked: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What one draft read, as (resource, element) pairs, and whether it can be written."""

    read: frozenset[tuple[str, str]]
    blocked: bool


def use_of(draft: Draft) -> Use:
    """The draft's sources and further consumed elements."""
    sources = [source for each in draft.sources.values() for source in each]
    sources.extend(draft.consumed)
    sources.extend(assumption.source for assumption in draft.assumptions if assumption.source is not None)
    sources.extend(issue.source for issue in draft.issues if issue.source is not None)
    return Use(frozenset((source.resource, source.element) for source in sources), draft.blocked)


def verdicts(
    *,
    mapper: str,
    members: Iterable[str],
    uses: Iterable[Use],
    not_for_pop: Iterable[tuple[str, str]],
    error: str | None,
) -> dict[str, Verdict]:
    """The group's verdict on each member, and on each other resource that a draft of it read."""
    if error == MAPPER_FAILED:
        return {member: Verdict(drafts=1, blocked=1, reason=f"the mapper {mapper} failed on it") for member in members}
    elements: dict[str, set[str]] = {}
    counts: dict[str, list[int]] = {}
    for use in uses:
        touched: set[str] = set()
        for reference, element in use.read:
            owner, contained, _ = reference.partition("#")
            elements.setdefault(owner, set()).add("contained" if contained else top_level(element))
            touched.add(owner)
        for owner in touched:
            count = counts.setdefault(owner, [0, 0])
            count[0] += 1
            count[1] += use.blocked
    reasons: dict[str, str] = {}
    for reference, why in not_for_pop:
        reasons.setdefault(reference.partition("#")[0], why)
    result: dict[str, Verdict] = {}
    own = set(members)
    for reference in own | elements.keys():
        reason: str | None = reasons.get(reference) if reference in own else None
        if error is not None and reference in own and reference not in elements:
            result[reference] = Verdict(drafts=1, blocked=1, reason=f"the mapper {mapper} gave a {error}")
            continue
        if reference in own and reference not in elements and reason is None:
            reason = f"the mapper {mapper} gave neither a draft nor a reason"
        number, blocked = counts.get(reference, [0, 0])
        result[reference] = Verdict(frozenset(elements.get(reference, ())), number, blocked, reason)
    return result


def result_verdicts(result: GroupResult) -> dict[str, Verdict]:
    """:func:`verdicts` of a fresh result."""
    return verdicts(
        mapper=result.mapper,
        members=[member.reference for member in result.members],
        uses=[use_of(draft) for draft in result.drafts],
        not_for_pop=[(each.resource, each.reason) for each in result.not_for_pop],
        error=result.error,
    )


def top_level(element: str) -> str:
    """``component[0].code`` → ``component``; a choice element is spelled as in JSON (``valueQuantity``)."""
    head = element.partition(".")[0].partition("[")[0]
    return head.removeprefix("_")


def cover(reference: str, json: JsonObject, verdicts: Iterable[Verdict], *, read: bool) -> Coverage:
    """Combine the verdicts on a resource. ``read``: a mapper reads its type (for the reason given if none used it)."""
    combined = list(verdicts)
    drafts = sum(verdict.drafts for verdict in combined)
    if drafts:
        used = frozenset().union(*(verdict.elements for verdict in combined))
        unconsumed = tuple(sorted({name.removeprefix("_") for name in json} - IGNORABLE - used))
        if drafts == sum(verdict.blocked for verdict in combined):
            whys = [verdict.reason for verdict in combined if verdict.reason and verdict.blocked]
            why = whys[0] if whys else "its drafts are blocked: see the issues"
            # A mapper that failed consumed nothing; to list every element would say no more than that.
            return Coverage(reference, ResourceStatus.BLOCKED, unconsumed if used else (), why)
        status = ResourceStatus.PARTLY_MAPPED if unconsumed else ResourceStatus.MAPPED
        return Coverage(reference, status, unconsumed)
    reasons = sorted({verdict.reason for verdict in combined if verdict.reason})
    kind = reference.partition("/")[0]
    fallback = f"no mapper uses this {kind}" if read else f"no mapper reads {kind}"
    return Coverage(reference, ResourceStatus.NOT_APPLICABLE, (), "; ".join(reasons) or fallback)
