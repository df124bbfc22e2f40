"""``map`` for people: a case as a clinician reads it, with what waits and why at its place, and what is not for POP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from adapters.pop.kinds import KINDS
from gateway.abstract import label, until, what, when
from gateway.outline import CASE, TUMOUR, Line, Section, outline
from mappers.protocol import Coverage, Draft, Issue, ResourceStatus
from mappers.record import MappingResult

_STATUS_STYLE = {
    ResourceStatus.MAPPED: "green", ResourceStatus.PARTLY_MAPPED: "yellow", ResourceStatus.NOT_APPLICABLE: "dim",
    ResourceStatus.BLOCKED: "red", ResourceStatus.INVALID: "red",
}  # fmt: skip
_MARKS = "[green]✓[/] ready   [yellow]![/] ready but for what is named below it   [red]✗[/] waits"
#: Most columns for the name of a kind.
_KIND = 24
#: Kinds are named after them.
_PEOPLE = frozenset({"binet", "breslow", "clark", "gleason", "rai", "wilms"})
#: References that are named of many.
_NAMED = 3


def show_mapping(console: Console, results: Iterable[MappingResult], *, sources: bool = False) -> None:
    """Per patient: the case, what was assumed; then what became of the resources. ``sources``: what each came from, too."""
    for result in results:
        console.print()
        console.rule(f"[bold]{escape(result.patient or 'resources of no patient')}", align="left")
        if result.drafts:
            sections = outline(result.drafts)
            width = min(_KIND, max((len(name) for section in sections for name in _names(section.lines)), default=0))
            for section in sections:
                _section(console, section, width=width, sources=sources)
            console.print(f"\n{_MARKS}", style="dim")
            _assumptions(console, result.drafts)
        for failure in result.failures:
            console.print(f"[red]✗ {failure.code}[/] {escape(failure.text)}")
        _coverage(console, result.coverage)


def _section(console: Console, section: Section, *, width: int, sources: bool) -> None:
    head = section.head
    console.print()
    if head is None:
        console.print("[bold]Several tumours[/]")
    else:
        day = f"{when(head.payload)} " if head.kind == TUMOUR and when(head.payload) else ""
        name = "Patient" if head.kind == CASE else "Tumour"
        console.print(f"{_mark(head)} [bold]{name} {day}{escape(what(head.payload))}[/]")
        for remark in _remarks(head, sources=sources):
            console.print(Padding(remark, (0, 0, 0, 2)))
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, min_width=10)
    table.add_column(width=width)
    table.add_column(overflow="fold", ratio=1)
    for row in _rows(section.lines, sources=sources):
        table.add_row(*row)
    if section.lines:
        console.print(table)


def _rows(lines: Sequence[Line], *, sources: bool, depth: int = 0) -> Iterator[tuple[RenderableType, ...]]:
    for line in lines:
        draft = line.draft
        # A signature's category repeats its kind.
        content = what(draft.payload).removeprefix(f"{label(draft.kind)}, ")
        told = [part for part in (until(draft.payload), content) if part]
        told += [f"→ {label(each.kind)} {what(each.payload) or when(each.payload)}" for each in line.about]
        more = f" [dim]… {line.skipped} more …[/]" if line.skipped else ""
        yield _mark(draft), when(draft.payload), "  " * depth + _name(draft, depth), escape(", ".join(told)) + more
        for remark in _remarks(draft, sources=sources):
            yield "", "", "", remark
        yield from _rows(line.children, sources=sources, depth=depth + 1)


def _names(lines: Sequence[Line], depth: int = 0) -> Iterator[str]:
    for line in lines:
        yield "  " * depth + _name(line.draft, depth)
        yield from _names(line.children, depth + 1)


def _name(draft: Draft, depth: int) -> str:
    if draft.kind == TUMOUR:
        return "tumour"
    parent = KINDS[draft.kind].parent if depth and draft.kind in KINDS else None
    # A board's recommendation is named after the therapy it recommends, every other child after its parent.
    told = label(draft.kind.removeprefix(parent) if parent else draft.kind)
    return " ".join(word.capitalize() if word in _PEOPLE else word for word in told.split())


def _mark(draft: Draft) -> str:
    return "[red]✗[/]" if draft.blocked else "[yellow]![/]" if draft.issues else "[green]✓[/]"


def _remarks(draft: Draft, *, sources: bool) -> Iterator[str]:
    for remark, count in Counter(_remark(issue) for issue in draft.issues).items():
        yield remark + (f" [dim]({count} times)[/]" if count > 1 else "")
    if sources:
        found = sorted({source.resource for each in draft.sources.values() for source in each})
        yield f"[dim]← {escape(', '.join(found))}[/]"


def _remark(issue: Issue) -> str:
    # A coding without a code is the source's text: it may say more than a screen should.
    codes = [
        f"{system.rstrip('/').rpartition('/')[2]} {code}{f' «{display}»' if display else ''}"
        for system, code, display in issue.codings
        if code
    ]
    text = (
        f"no concept of POP's {issue.terminology} for {', '.join(codes)}" if codes and issue.terminology else issue.text
    )
    return f"[{'red' if issue.severity == 'blocking' else 'yellow'}]{label(issue.field)}: {escape(text)}[/]"


def _assumptions(console: Console, drafts: Sequence[Draft]) -> None:
    counts = Counter((draft.kind, each.field, each.code) for draft in drafts for each in draft.assumptions)
    fields: dict[tuple[str, str], list[str]] = {}
    for (kind, name, code), count in sorted(counts.items()):
        fields.setdefault((kind, code), []).append(label(name) + (f" ({count})" if count > 1 else ""))
    for (kind, code), names in fields.items():
        console.print(f"[dim]assumed: {label(kind)} {', '.join(names)}: {code}[/]")


def _coverage(console: Console, coverage: Sequence[Coverage]) -> None:
    counts = Counter(each.status for each in coverage)
    parts = [
        f"[{_STATUS_STYLE[status]}]{counts[status]} {status.value}[/]" for status in ResourceStatus if counts[status]
    ]
    console.print("\nresources: " + (", ".join(parts) or "none"))
    told: dict[tuple[int, str], list[str]] = {}
    order = list(ResourceStatus)
    for each in coverage:
        if each.status is not ResourceStatus.MAPPED:
            reason = each.reason or ("not used: " + ", ".join(each.unconsumed) if each.unconsumed else "")
            told.setdefault((order.index(each.status), reason), []).append(each.reference)
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for (rank, reason), references in sorted(told.items()):
        status, more = order[rank], len(references) - _NAMED
        named = ", ".join(references[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        table.add_row(f"  [{_STATUS_STYLE[status]}]{status.value}[/]", f"{escape(reason)}: [dim]{escape(named)}[/]")
    if told:
        console.print(table)
