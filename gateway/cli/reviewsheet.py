"""``reviews export|import``: the queue as a spreadsheet, and decisions out of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import SOMETHING_TO_DO, opened, out, run, settings_of, user

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.terminology.decisions import Preview
    from gateway.terminology.items import Item
    from gateway.terminology.spreadsheet import Line

Author = Annotated[str | None, typer.Option("--author", help="Who decides; default: the user of this session.")]
#: Items of one spreadsheet.
_ALL = 100_000


def said(item: Item) -> str:
    """The codes of an item, or its text."""
    codes = " · ".join(f"{code} {display}".strip() for _, code, display in item.codings)
    return codes or item.text


def export(context: typer.Context, path: Annotated[Path, typer.Argument(metavar="FILE.csv")]) -> None:
    """Write the unmapped codes with candidates as a spreadsheet; fill in `decision` or `target_code`, and import it."""
    text, count = run(_export(settings_of(context)))
    path.write_text(text, encoding="utf-8", newline="")
    out().print(f"{count} items in {path}", markup=False)


def import_sheet(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    apply: Annotated[bool, typer.Option("--apply", help="Make the decisions; without it they are only shown.")] = False,
    author: Author = None,
) -> None:
    """Read decisions from a spreadsheet and show what they would do; make them with --apply. Exit 2 if there is something to
    apply, 65 if a line cannot be."""
    from gateway.errors import BadInput

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as UTF-8 text ({type(error).__name__})") from error
    lines, made = run(_import(settings_of(context), text, author or user(), apply=apply))
    console = out()
    for line, item, preview in lines:
        console.print(_line(line, item, preview), markup=False)
    wrong = sum(line.problem is not None for line, _, _ in lines)
    console.print(f"{len(lines)} lines: {made} decisions made, {wrong} cannot be applied")
    if wrong:
        raise BadInput(f"{wrong} of {len(lines)} lines cannot be applied: see above")
    if not apply and lines:
        raise typer.Exit(SOMETHING_TO_DO)


def _line(line: Line, item: Item | None, preview: Preview | None) -> str:
    if line.proposal is None or item is None or preview is None:
        return f"line {line.number}: {line.problem}"
    target = line.proposal.target
    what = f"{target[1]} {target[2]}" if target is not None else str(line.proposal.outcome)
    return f"line {line.number}: {said(item)} → {what}: {preview.patients} patients, {preview.lands} entities land"


async def _export(settings: Settings) -> tuple[str, int]:
    from gateway.terminology import items, spreadsheet
    from gateway.terminology.desk import desk_of
    from mappers.decided import UNMAPPED

    async with opened(settings) as store:
        async with store.read() as connection:
            found = await items.items(connection, code=UNMAPPED, limit=_ALL)
        desk = await desk_of(settings, store)
    return spreadsheet.write((each, desk.candidates(each, limit=3)) for each in found), len(found)


async def _import(
    settings: Settings, text: str, author: str, *, apply: bool
) -> tuple[list[tuple[Line, Item | None, Preview | None]], int]:
    from gateway.errors import BadInput
    from gateway.terminology import decisions, items, spreadsheet
    from gateway.terminology.desk import desk_of
    from mappers.decided import UNMAPPED

    async with opened(settings) as store:
        async with store.read() as connection:
            known = {each.id: each for each in await items.items(connection, code=UNMAPPED, limit=_ALL)}
        terminology = (await desk_of(settings, store)).terminology
        try:
            lines = spreadsheet.read(text, known, author=author, terminology=terminology)
        except spreadsheet.BadSheet as error:
            raise BadInput(str(error)) from error
        shown: list[tuple[Line, Item | None, Preview | None]] = []
        made = 0
        for line in lines:
            item = known.get(line.item)
            preview = None
            if item is not None and line.proposal is not None:
                async with store.read() as connection:
                    preview = await decisions.preview(connection, item)
                if apply:
                    await decisions.decide(store, item, line.proposal, terminology=terminology)
                    made += 1
            shown.append((line, item, preview))
    return shown, made
