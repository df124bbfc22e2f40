"""``reviews list|show``: what waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import SOMETHING_TO_DO, out, print_json, run, settings_of

if TYPE_CHECKING:
    from gateway.config import Settings

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="What the gateway will not guess, and what POP refused.")
    family.command("list")(list_reviews)
    family.command("show")(show)
    app.add_typer(family, name="reviews")


def list_reviews(
    context: typer.Context,
    code: Annotated[str | None, typer.Option("--code", help="Only this code, e.g. unmapped-code.")] = None,
    as_json: AsJson = False,
) -> None:
    """List open reviews. Exit 2 if there are any."""
    items = run(_items(settings_of(context), code))
    if as_json:
        print_json(items)
    else:
        from rich.markup import escape
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("No.", "Severity", "Code", "Entity", "Patient", "What"):
            table.add_column(name, overflow="fold")
        for item in items:
            entity = f"{item['kind'] or ''}{'.' + item['field'] if item['field'] else ''}"
            patient = f"{item['source']} {item['fhir_id']}" if item["fhir_id"] else ""
            table.add_row(
                str(item["id"]), item["severity"], item["code"], entity, escape(patient), escape(item["text"])
            )
        console = out()
        console.print(table if items else "nothing is open")
    if items:
        raise typer.Exit(SOMETHING_TO_DO)


def show(
    context: typer.Context, number: Annotated[int, typer.Argument(metavar="NUMBER")], as_json: AsJson = False
) -> None:
    """Show one review."""
    from gateway.errors import UsageError

    item = run(_item(settings_of(context), number))
    if item is None:
        raise UsageError(f"there is no review {number}: `pop-gateway reviews list` shows the open ones")
    if as_json:
        print_json(item)
        return
    from rich.markup import escape

    console = out()
    console.print(f"[bold]{item['code']}[/] ({item['severity']}, {item['state']})\n{escape(item['text'])}")
    for name in ("kind", "field", "draft_key", "source_element", "terminology", "note"):
        if item[name]:
            console.print(f"{name.replace('_', ' '):<15} {escape(str(item[name]))}")
    for system, coded, display in item["codings"] or ():
        console.print(f"{'code':<15} {escape(f'{system} {coded} {display}')}")


async def _items(settings: Settings, code: str | None) -> list[dict[str, Any]]:
    from gateway.store.migrate import open_store
    from gateway.web.queries.overview import reviews

    store = await open_store(settings.store)
    try:
        async with store.read() as connection:
            items: list[dict[str, Any]] = []
            before: int | None = None
            while True:
                page = await reviews(connection, code=code, before=before, limit=500)
                items += page.items
                if page.next is None:
                    return items
                before = page.next
    finally:
        await store.close()


async def _item(settings: Settings, number: int) -> dict[str, Any] | None:
    from gateway.store.migrate import open_store
    from gateway.web.queries.overview import review_by_id

    store = await open_store(settings.store)
    try:
        async with store.read() as connection:
            return await review_by_id(connection, number)
    finally:
        await store.close()
