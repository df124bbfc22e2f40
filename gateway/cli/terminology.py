"""``terminology lint|coverage|translate|maps|give|end``: concept maps, and what of the site's codes translates."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import SOMETHING_TO_DO, opened, out, print_json, run, settings_of, user
from gateway.cli.mapping import AsJson, Pairs, Paths, Terminologies
from gateway.cli.reviewsheet import Author

if TYPE_CHECKING:
    from rich.console import Console

    from gateway.config import Settings
    from gateway.terminology.coverage import CoverageReport
    from gateway.terminology.lint import Finding
    from gateway.terminology.maps import StoredMap
    from mappers.terminology import Terminology

#: Missing codes that are shown.
_SHOWN = 40


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="Concept maps, and what of the site's codes translates.")
    family.command("lint")(lint)
    family.command("coverage")(coverage)
    family.command("translate")(translate)
    family.command("maps")(list_maps)
    family.command("give")(give)
    family.command("end")(end)
    app.add_typer(family, name="terminology")


def lint(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[MAP…]", help="Maps to look at; default: those in force.")
    ] = None,
    terminologies: Terminologies = None,
    data: Annotated[
        list[Path] | None, typer.Option("--data", help="FHIR to look for unused rows with; repeatable.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Name conflicts, duplicates, targets that POP does not have, rows that are not applied or not used, cycles. Exit 1 if there
    are errors."""
    found = run(_lint(settings_of(context), paths or [], terminologies, data or []))
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        console = out()
        tone = {"error": "red", "warning": "yellow", "note": "dim"}
        for each in found:
            console.print(f"[{tone[each.level]}]{each.level:<8}[/] {each.code:<15} ", end="")
            console.print(f"{each.map} {each.row}: {each.text}", markup=False)
        console.print("nothing is wrong" if not found else _count(found))
    if any(each.level == "error" for each in found):
        raise typer.Exit(1)


def coverage(
    context: typer.Context,
    paths: Paths,
    terminologies: Terminologies = None,
    option: Pairs = None,
    as_json: AsJson = False,
) -> None:
    """Tell for a pile of FHIR which codes translate, by which rule, and what the missing ones hold up. Exit 2 if some are
    missing."""
    from gateway.cli.mapping import mapped_with
    from gateway.terminology.coverage import Counted, report

    settings = settings_of(context)
    counted = Counted(run(_terminology(settings, terminologies)))
    found = report(mapped_with(settings, paths, terminology=counted, option=option), counted)
    if as_json:
        print_json(asdict(found))
    else:
        _show_coverage(out(), found)
    if found.missing:
        raise typer.Exit(SOMETHING_TO_DO)


def translate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="LIST", help="POP's list, e.g. TumorMarkerAnalyte.")],
    code: Annotated[str, typer.Argument(metavar="CODE", help="A source code, or with --text a name.")],
    system: Annotated[str, typer.Option("--system", help="The source's code system.")] = "",
    text: Annotated[bool, typer.Option("--text", help="CODE is a text.")] = False,
    terminologies: Terminologies = None,
    as_json: AsJson = False,
) -> None:
    """Translate one code, and say by which rule. Exit 1 if nothing translates it."""
    concept = {"text": code} if text else {"coding": [{"system": system, "code": code}]}
    found = run(_terminology(settings_of(context), terminologies)).translate(name, concept, text=True)
    if as_json:
        print_json(None if found is None else {"concept": found.concept, "rule": found.rule})
    elif found is not None:
        out().print(f"{found.concept['code']} {found.concept['display']} ({found.rule})", markup=False)
    else:
        out().print("nothing translates it")
    if found is None:
        raise typer.Exit(1)


def list_maps(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="All versions of this map.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the maps that were given to the gateway and are in force."""
    found = run(_maps(settings_of(context), name))
    if as_json:
        print_json([{**asdict(each), "content": each.content.decode("utf-8", "replace")} for each in found])
        return
    for each in found:
        ended = f", ended by {each.ended_by}" if each.ended_at is not None else ""
        out().print(
            f"{each.layer:<13} {each.name} {each.version} ({each.format}), by {each.author}{ended}", markup=False
        )
    if not found:
        out().print("no map was given; those of the configuration and the packaged ones are in force")


def give(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="FHIR ConceptMap JSON, CSV, or SSSOM TSV.")],
    name: Annotated[str | None, typer.Option("--name", help="Its name; default: the file's.")] = None,
    layer: Annotated[str, typer.Option("--layer", help="site | organisation")] = "site",
    note: Annotated[str | None, typer.Option("--note", help="Why; kept with the version.")] = None,
    author: Author = None,
) -> None:
    """Put a map, or its next version, in force at once; the patients whose codes it changes are mapped again."""
    from gateway.errors import BadInput
    from gateway.terminologies import format_of

    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({type(error).__name__})") from error
    made, patients = run(
        _give(
            settings_of(context), name=name or path.stem, content=content, form=format_of(path.name), layer=layer, note=note,
            author=author or user(),
        )
    )  # fmt: skip
    out().print(f"{made.name} {made.version} is in force: {patients} patients are mapped again", markup=False)


def end(context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")], author: Author = None) -> None:
    """Take a map out of force; the patients whose codes it translated are mapped again."""
    patients = run(_end(settings_of(context), name, author or user()))
    out().print(f"{name} is not in force any more: {patients} patients are mapped again", markup=False)


def _count(found: list[Finding]) -> str:
    levels = [each.level for each in found]
    return ", ".join(f"{levels.count(level)} {level}s" for level in ("error", "warning", "note"))


def _show_coverage(console: Console, found: CoverageReport) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("POP list", "Codes", "Translated", "By rule"):
        table.add_column(heading, justify="right" if heading in ("Codes", "Translated") else "left")
    for name, rules in sorted(found.fields.items()):
        total = sum(rules.values())
        share = f"{100 * (total - rules['unmapped']) / total:.0f} %"
        table.add_row(name, str(total), share, ", ".join(f"{rule} {count}" for rule, count in rules.most_common()))
    console.print(table)
    blocked = found.blocked / found.entities if found.entities else 0.0
    console.print(f"\n{found.entities} entities, {found.blocked} of them wait ({100 * blocked:.1f} %)")
    for each in found.missing[:_SHOWN]:
        codes = " · ".join(f"{code} {display}".strip() for _, code, display in each.codings)
        console.print(f"{each.blocked:>6} wait, {each.entities:>6} lack it  {each.field}  {escape(codes)}")
    if len(found.missing) > _SHOWN:
        console.print(f"… and {len(found.missing) - _SHOWN} more: --json names all")


async def _terminology(settings: Settings, folder: Path | None) -> Terminology:
    """POP's lists from the folder, or else from the store, with every map in force."""
    from gateway.terminologies import build, offline
    from gateway.terminology.maps import current
    from gateway.valuelists import cached_lists

    if folder is not None or settings.mapping.terminologies is not None:
        return offline(settings.mapping, folder=folder)
    async with opened(settings) as store:
        lists = await cached_lists(store)
        async with store.read() as connection:
            given = await current(connection)
    return build(settings.mapping, lists).with_maps(each.parsed() for each in given)


async def _lint(settings: Settings, paths: list[Path], folder: Path | None, data: list[Path]) -> list[Finding]:
    from gateway.cli.mapping import mapped_with
    from gateway.terminologies import configured_maps, map_file
    from gateway.terminology.coverage import Counted
    from gateway.terminology.lint import lint as look
    from gateway.terminology.maps import current
    from mappers.terminology.packaged import packaged_maps

    terminology = await _terminology(settings, folder)
    if paths:
        maps = [map_file(path, "site") for path in paths]
    else:
        async with opened(settings) as store, store.read() as connection:
            given = [each.parsed() for each in await current(connection)]
        maps = [*given, *configured_maps(settings.mapping), *packaged_maps()]
    used: set[tuple[str, str, str]] | None = None
    if data:
        counted = Counted(terminology)
        mapped_with(settings, data, terminology=counted, option=None)
        used = {(name, *source) for name, sources in counted.rules for source in sources}
    return look(maps, terminology, used=used)


async def _maps(settings: Settings, name: str | None) -> list[StoredMap]:
    from gateway.terminology import maps

    async with opened(settings) as store, store.read() as connection:
        return await maps.current(connection) if name is None else await maps.history(connection, name)


async def _give(settings: Settings, **given: Any) -> tuple[StoredMap, int]:
    from gateway.terminology import maps

    async with opened(settings) as store:
        return await maps.give(store, **given)


async def _end(settings: Settings, name: str, author: str) -> int:
    from gateway.terminology import maps

    async with opened(settings) as store:
        return await maps.end(store, name, author=author)
