"""``check``: one screen of ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import out, print_json, run, settings_of

if TYPE_CHECKING:
    from rich.table import Table

    from gateway.findings import Finding

_MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]"}
#: Columns of the subject: kinds have the longest names.
_SUBJECT = 17


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    context: typer.Context,
    configuration_only: Annotated[
        bool, typer.Option("--configuration-only", help="Only what needs no network and no database.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Check configuration, store, EHR sources, and POP: release, what arrives there, account rights, value lists, clock.

    Writes nothing to POP. Exit 0 if the gateway can work, 1 if something has to be changed, 69 if a peer does not answer
    or refuses us, 78 if the configuration is wrong.
    """
    from gateway.checking import check as findings

    settings, console = settings_of(context), out()

    async def show() -> list[Finding]:
        made: list[Finding] = []
        async for finding in findings(settings, configuration_only=configuration_only):
            made.append(finding)
            if not as_json:
                console.print(_folded(finding) if console.is_terminal else _plain(finding))
        return made

    made = run(show())
    code = max((finding.exit_code for finding in made if finding.state == "failed"), default=0)
    if as_json:
        print_json({"exit": code, "findings": [_as_json(finding) for finding in made]})
    else:
        console.print(_verdict(made))
    if code:
        raise typer.Exit(code)


def _plain(finding: Finding) -> str:
    """For pipes: a line each, however long."""
    from rich.markup import escape

    advice = "" if finding.advice is None else f"\n  {'':<{_SUBJECT}} → {escape(finding.advice)}"
    return f"{_MARKS[finding.state]} {escape(finding.subject):<{_SUBJECT}} {escape(finding.text)}{advice}"


def _folded(finding: Finding) -> Table:
    """For people: a text that is folded keeps its column, with the advice below it."""
    from rich.markup import escape
    from rich.table import Table

    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_column(width=1)
    line.add_column(width=_SUBJECT, overflow="fold")
    line.add_column(overflow="fold")
    line.add_row(_MARKS[finding.state], f"[bold]{escape(finding.subject)}[/]", escape(finding.text))
    if finding.advice is not None:
        line.add_row("", "", f"→ {escape(finding.advice)}")
    return line


def _verdict(made: list[Finding]) -> str:
    bad, doubtful = (sum(finding.state == state for finding in made) for state in ("failed", "warning"))
    if not bad and not doubtful:
        return "The gateway can work."
    parts = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in ((bad, "problem"), (doubtful, "warning"))
        if number
    ]
    return f"{' and '.join(parts)}{'' if bad else ': the gateway can work'}."


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "subject": finding.subject,
        "state": finding.state,
        "text": finding.text,
        "advice": finding.advice,
        **finding.data,
    }
