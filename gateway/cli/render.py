"""Mappers for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.abstract import label


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
