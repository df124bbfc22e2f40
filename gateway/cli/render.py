"""Mapping results and plans for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from adapters.pop.kinds import KINDS
from gateway.abstract import abstract, label
from mappers.protocol import Coverage, Draft, ResourceStatus
from mappers.record import MappingResult

_STATUS_STYLE = {
    ResourceStatus.MAPPED: "green", ResourceStatus.PARTLY_MAPPED: "yellow", ResourceStatus.NOT_APPLICABLE: "dim",
    ResourceStatus.BLOCKED: "red", ResourceStatus.INVALID: "red",
}  # fmt: skip


def show_mapping(console: Console, results: Iterable[MappingResult]) -> None:
    """Per patient: the drafts, what was assumed, what is open; then what became of each resource."""
    for result in results:
        console.print()
        console.rule(f"[bold]{escape(result.patient or 'resources of no patient')}", align="left")
        if result.drafts:
            console.print(_drafts(result.drafts))
            _remarks(console, result.drafts)
        for failure in result.failures:
            console.print(f"[red]✗ {failure.code}[/] {escape(failure.text)}")
        _coverage(console, result.coverage)


def _drafts(drafts: Sequence[Draft]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "Kind", "What", "From"):
        table.add_column(name, overflow="fold")
    for draft in sorted(
        drafts, key=lambda draft: (KINDS[draft.kind].rank if draft.kind in KINDS else 99, draft.kind, draft.key)
    ):
        mark = "[red]blocked[/]" if draft.blocked else "[yellow]open[/]" if draft.issues else "[green]ready[/]"
        origin = sorted({source.resource for sources in draft.sources.values() for source in sources})
        shown = ", ".join(origin[:2]) + (f" and {len(origin) - 2} more" if len(origin) > 2 else "")
        table.add_row(mark, draft.kind, escape(abstract(draft.payload)), f"[dim]{escape(shown)}[/]")
    return table


def _remarks(console: Console, drafts: Sequence[Draft]) -> None:
    for draft in drafts:
        for issue in draft.issues:
            style = "red" if issue.severity == "blocking" else "yellow"
            console.print(f"[{style}]! {draft.kind}.{issue.field}[/] {issue.code}: {escape(issue.text)}")
    assumed = Counter((draft.kind, each.field, each.code) for draft in drafts for each in draft.assumptions)
    for (kind, field, code), count in sorted(assumed.items()):
        console.print(f"[dim]~ {kind}.{field}: {code}{f' ({count} times)' if count > 1 else ''}[/]")


def _coverage(console: Console, coverage: Sequence[Coverage]) -> None:
    counts = Counter(each.status for each in coverage)
    parts = [
        f"[{_STATUS_STYLE[status]}]{counts[status]} {status.value}[/]" for status in ResourceStatus if counts[status]
    ]
    console.print("resources: " + (", ".join(parts) or "none"))
    for each in coverage:
        if each.status is ResourceStatus.MAPPED:
            continue
        told = each.reason or ("not used: " + ", ".join(each.unconsumed) if each.unconsumed else "")
        style = _STATUS_STYLE[each.status]
        console.print(f"  [{style}]{each.status.value:<15}[/] {escape(each.reference)}  [dim]{escape(told)}[/]")


def show_mappers(console: Console, described: Iterable[dict[str, Any]]) -> None:
    """One line per mapper."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Mapper", "Version", "Writes", "Reads", "Requires"):
        table.add_column(name, overflow="fold")
    for each in described:
        table.add_row(
            each["name"], each["version"], *(", ".join(each[name]) for name in ("produces", "reads", "requires"))
        )
    console.print(table)


def show_mapper(console: Console, described: dict[str, Any]) -> None:
    """One mapper at length."""
    console.rule(f"[bold]{described['name']}[/] {described['version']}", align="left")
    for name in ("produces", "reads", "requires"):
        console.print(f"{label(name):<9} {', '.join(described[name]) or '—'}")
    console.print()
    console.print(escape(described["documentation"]))
    console.print()
