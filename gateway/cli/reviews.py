"""``reviews list|show|resolve|undo|log``: what waits for a person, and what people decided."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import reviewsheet
from gateway.cli.common import SOMETHING_TO_DO, opened, out, print_json, run, settings_of, user
from gateway.cli.reviewsheet import Author, said

if TYPE_CHECKING:
    from rich.console import Console

    from gateway.config import Settings
    from gateway.store.engine import Store
    from gateway.terminology.decisions import Made, Preview, Proposal
    from gateway.terminology.items import Item
    from mappers.terminology.candidates import Candidate

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Which = Annotated[str, typer.Argument(metavar="ITEM", help="The item, by the beginning of its id.")]
#: Items that one command reads.
_ALL = 100_000
#: Hexadecimal digits of an item's id that are shown.
_SHORT = 10


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="What the gateway will not guess, and what people decided.")
    family.command("list")(list_reviews)
    family.command("show")(show)
    family.command("resolve")(resolve)
    family.command("undo")(undo)
    family.command("log")(log)
    family.command("export")(reviewsheet.export)
    family.command("import")(reviewsheet.import_sheet)
    app.add_typer(family, name="reviews")


def list_reviews(
    context: typer.Context,
    code: Annotated[str | None, typer.Option("--code", help="Only this code, e.g. unmapped-code.")] = None,
    as_json: AsJson = False,
) -> None:
    """List open items, those first for which most patients wait. Exit 2 if there are any."""
    found = run(_items(settings_of(context), code))
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        from rich.markup import escape
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("Item", "Patients", "Severity", "Code", "Field", "What"):
            table.add_column(name, overflow="fold", justify="right" if name == "Patients" else "left")
        for item in found:
            table.add_row(item.id[:_SHORT], str(item.patients), item.severity, item.code, item.path, escape(said(item)))
        out().print(table if found else "nothing is open")
    if found:
        raise typer.Exit(SOMETHING_TO_DO)


def show(context: typer.Context, item: Which, as_json: AsJson = False) -> None:
    """Show an item: who waits, candidates, what was decided about its codes."""
    found, preview, made, candidates = run(_shown(settings_of(context), item))
    if as_json:
        proposed = [{**each.concept.json(), "score": each.score, "why": each.why} for each in candidates]
        print_json(
            {**asdict(found), "preview": asdict(preview), "decisions": [asdict(each) for each in made], "candidates": proposed}
        )  # fmt: skip
        return
    from rich.markup import escape

    console = out()
    console.print(f"[bold]{found.code}[/] ({found.severity}) {escape(found.path)}\n{escape(found.text)}")
    for system, coded, display in found.codings:
        named = f"{coded or 'no code'} {display} ({system or 'no code system'})"
        console.print(f"{'code':<12} {escape(named)}")
    _print_preview(console, preview)
    console.print(f"{'sources':<12} {escape(', '.join(found.sources))}")
    for example in found.examples:
        console.print(f"{'example':<12} {escape(example)}")
    for each in made:
        console.print(f"{'decision':<12} {escape(_told(each))}")
    for candidate in candidates:
        concept = candidate.concept
        console.print(
            f"{'candidate':<12} {escape(f'{concept.code} {concept.display}')} [dim]{escape(candidate.why)}[/]"
        )


def resolve(
    context: typer.Context,
    item: Which,
    to: Annotated[str | None, typer.Option("--to", metavar="CODE", help="POP's concept.")] = None,
    system: Annotated[str | None, typer.Option("--system", help="Its code system, if the list has several.")] = None,
    no_map: Annotated[
        str | None,
        typer.Option("--no-map", metavar="HOW", help="leave-empty | not-for-pop | block: POP has no concept."),
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only for this source.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Only for the patients that wait now.")] = False,
    coding: Annotated[int, typer.Option("--coding", help="Which of the item's codings, from 0.")] = 0,
    note: Annotated[str | None, typer.Option("--note", help="Why; the log keeps it.")] = None,
    author: Author = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would bring about, and stop.")] = False,
) -> None:
    """Decide about an item. The patients concerned are worked by the service, or by `apply`."""
    from gateway.errors import UsageError
    from gateway.terminology.decisions import Proposal
    from mappers.terminology import Outcome

    if (to is None) is (no_map is None):
        raise UsageError("say either --to CODE or --no-map HOW")
    try:
        outcome = Outcome.MAP if no_map is None else Outcome(no_map)
    except ValueError:
        raise UsageError("--no-map is leave-empty, not-for-pop or block") from None
    proposal = Proposal(outcome, author or user(), source=source, once=once, note=note, coding=coding)
    preview, made = run(_resolve(settings_of(context), item, proposal, to=to, system=system, dry_run=dry_run))
    console = out()
    _print_preview(console, preview)
    if made is not None:
        console.print(_told(made), markup=False)


def undo(
    context: typer.Context, number: Annotated[int, typer.Argument(metavar="DECISION")], author: Author = None
) -> None:
    """Take a decision back: what rests on it alone leaves POP again."""
    out().print(_told(run(_undo(settings_of(context), number, author or user()))), markup=False)


def log(context: typer.Context, as_json: AsJson = False) -> None:
    """What was decided, the newest first."""
    made = run(_log(settings_of(context)))
    if as_json:
        print_json([asdict(each) for each in made])
        return
    for each in made:
        out().print(_told(each), markup=False)


def _told(made: Made) -> str:
    what = f"{made.target[1]} {made.target[2]}" if made.target is not None else f"{made.outcome} ({made.field})"
    scope = " once" if made.once else f" for {made.source}" if made.source else ""
    back = f"; taken back by {made.undone_by}" if made.undone_at is not None else ""
    return f"{made.id}: {made.code} {made.display} → {what}{scope}, by {made.author}{back}"


def _print_preview(console: Console, preview: Preview) -> None:
    console.print(
        f"{'waiting':<12} {preview.patients} patients: {preview.lands} entities would land, {preview.changes} get the value, "
        f"{preview.still_waiting} wait for something else too"
    )


async def _items(settings: Settings, code: str | None) -> list[Item]:
    from gateway.terminology import items

    async with opened(settings) as store, store.read() as connection:
        return await items.items(connection, code=code, limit=_ALL)


async def _find(store: Store, which: str) -> Item:
    from gateway.errors import UsageError
    from gateway.terminology import items

    async with store.read() as connection:
        found = [each for each in await items.items(connection, limit=_ALL) if each.id.startswith(which.casefold())]
    if len(found) != 1:
        raise UsageError(
            f"{'several open items begin' if found else 'no open item begins'} with {which}: see `pop-gateway reviews list`"
        )
    return found[0]


async def _shown(settings: Settings, which: str) -> tuple[Item, Preview, list[Made], list[Candidate]]:
    from gateway.terminology import decisions
    from gateway.terminology.desk import desk_of
    from mappers.decided import UNMAPPED

    async with opened(settings) as store:
        item = await _find(store, which)
        async with store.read() as connection:
            preview = await decisions.preview(connection, item)
            made = await decisions.about(connection, item) if item.code == UNMAPPED else []
        candidates = (await desk_of(settings, store)).candidates(item) if item.code == UNMAPPED else []
    return item, preview, made, candidates


async def _resolve(
    settings: Settings, which: str, proposal: Proposal, *, to: str | None, system: str | None, dry_run: bool
) -> tuple[Preview, Made | None]:
    from dataclasses import replace

    from gateway.errors import UsageError
    from gateway.terminology import decisions
    from gateway.terminology.desk import desk_of

    async with opened(settings) as store:
        item = await _find(store, which)
        desk = await desk_of(settings, store)
        if to is not None:
            concept = desk.concept(item.terminology, to, system)
            if concept is None:
                raise UsageError(
                    f"POP's list «{item.terminology}» has no concept {to}, or several: see `reviews show`, or add --system"
                )
            proposal = replace(proposal, target=(concept.system, concept.code, concept.display))
        async with store.read() as connection:
            preview = await decisions.preview(connection, item, source=proposal.source)
        if dry_run:
            return preview, None
        return preview, await decisions.decide(store, item, proposal, terminology=desk.terminology)


async def _undo(settings: Settings, number: int, author: str) -> Made:
    from gateway.terminology import decisions

    async with opened(settings) as store:
        return await decisions.undo(store, number, author=author)


async def _log(settings: Settings) -> list[Made]:
    from gateway.terminology import decisions

    async with opened(settings) as store, store.read() as connection:
        return await decisions.log(connection, limit=_ALL)
