"""Coverage of the resources that a run concerns: recombined only where a group's verdict on a resource changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.reconcile.reader import Row
from gateway.reconcile.work import Work
from mappers.coverage import Verdict, cover, result_verdicts
from mappers.protocol import Coverage, ResourceStatus

if TYPE_CHECKING:
    from gateway.reconcile.mapping import Run

_USED = frozenset({ResourceStatus.MAPPED.value, ResourceStatus.PARTLY_MAPPED.value})


async def cover_changed(run: Run) -> None:
    """Fill ``run.coverage`` for the changed resources, and for others whose coverage is no longer what the store says."""
    before: dict[str, dict[tuple[str, str], Verdict]] = {}
    after: dict[str, dict[tuple[str, str], Verdict]] = {}
    for name, work in run.work.items():
        for reference, verdict in (work.stored.verdicts() if work.stored is not None else {}).items():
            before.setdefault(reference, {})[name] = verdict
        for reference, verdict in _verdicts(work).items():
            after.setdefault(reference, {})[name] = verdict
        await run.breathe()
    changed = {row.reference for row in run.changed.values()}
    touched = {ref for ref in before.keys() | after.keys() if before.get(ref) != after.get(ref)} - changed
    await run.reader.load(sorted(touched))
    for row in run.changed.values():
        if row.resource is None:
            run.coverage[row.id] = None
    rows = [row for row in run.changed.values() if row.resource is not None]
    for reference in sorted(touched):
        known = run.reader.row(reference)
        if known is None:
            continue
        if (coverage := _extended(known, before.get(reference, {}), after.get(reference, {}))) is None:
            rows.append(known)
        elif coverage.unconsumed != known.unconsumed or coverage.status.value != known.status:
            run.coverage[known.id] = coverage
    # A changed resource has all its groups, and all that refer to it, in this run.
    others = await _other_verdicts(run, [row for row in rows if row.id not in run.changed])
    readers = run.registry.readers()
    for row in rows:
        if row.resource is None:
            continue
        await run.breathe()
        verdicts = [*after.get(row.reference, {}).values(), *others.get(row.reference, [])]
        coverage = cover(row.reference, row.resource.json, verdicts, read=row.resource.type in readers)
        if row.id in run.changed or (coverage.status.value, coverage.reason, coverage.unconsumed) != (
            row.status, row.reason, row.unconsumed,
        ):  # fmt: skip
            run.coverage[row.id] = coverage


def _verdicts(work: Work) -> dict[str, Verdict]:
    if work.result is None:
        return {}
    return result_verdicts(work.result)


def _extended(
    row: Row, before: dict[tuple[str, str], Verdict], after: dict[tuple[str, str], Verdict]
) -> Coverage | None:
    """The coverage of an unchanged resource that is in use and of which only more was read now: no other group needs to be
    looked at. This is what happens to a Condition with every further Observation that refers to it. None: not that case."""
    if row.status not in _USED or row.state != "assigned":
        return None
    read: set[str] = set()
    for name in before.keys() | after.keys():
        old, new = before.get(name, Verdict()), after.get(name, Verdict())
        if not old.elements <= new.elements or (old.drafts > old.blocked and new.drafts <= new.blocked):
            return None
        if new.drafts == new.blocked and new != old:
            return None
        read |= new.elements
    left = tuple(name for name in row.unconsumed if name not in read)
    return Coverage(row.reference, ResourceStatus.PARTLY_MAPPED if left else ResourceStatus.MAPPED, left)


async def _other_verdicts(run: Run, rows: list[Row]) -> dict[str, list[Verdict]]:
    """Verdicts of the groups outside this run that have these resources as members, or refer to them."""
    wanted = {row.reference for row in rows}
    ids = set((await run.groups.with_members([row.id for row in rows])).values())
    for found in (await run.groups.dependents(wanted)).values():
        ids |= found
    verdicts: dict[str, list[Verdict]] = {}
    for group in await run.groups.load(ids - run.reader.remapped):
        for reference, verdict in group.verdicts().items():
            if reference in wanted:
                verdicts.setdefault(reference, []).append(verdict)
    return verdicts
