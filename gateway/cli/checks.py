"""``check``: one screen of ticks."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.common import out, run, settings_of

_MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    context: typer.Context,
    configuration_only: Annotated[
        bool, typer.Option("--configuration-only", help="Only what needs no network and no database.")
    ] = False,
) -> None:
    """Check configuration, store, EHR sources, and POP: reachability, account rights, API contract, clock."""
    from rich.markup import escape

    from gateway.checking import Finding
    from gateway.checking import check as findings

    settings, console = settings_of(context), out()

    async def show() -> list[Finding]:
        made: list[Finding] = []
        async for finding in findings(settings, configuration_only=configuration_only):
            made.append(finding)
            console.print(f"{_MARKS[finding.state]} [bold]{escape(finding.subject):<16}[/] {escape(finding.text)}")
            if finding.advice is not None:
                console.print(f"  {'':<16} [dim]→ {escape(finding.advice)}[/]")
        return made

    made = run(show())
    codes = [finding.exit_code for finding in made if finding.state == "failed"]
    if codes:
        raise typer.Exit(max(codes))
