"""``map`` and ``mappers``: FHIR in, drafts and coverage out; no store, no POP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import err, out, parse_options, print_json, progress, settings_of

if TYPE_CHECKING:
    from gateway.config import Settings
    from mappers.context import TerminologyService
    from mappers.record import MappingResult
    from mappers.registry import Registry

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH…", help="FHIR R4 JSON: resources, Bundles, NDJSON, .gz, folders.")
]
Terminologies = Annotated[
    Path | None, typer.Option("--terminologies", metavar="DIR", help="POP value lists to check codes against.")
]
Pairs = Annotated[list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="A site option; repeatable.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]

BAD_INPUT = 65


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("map")(map_files)
    family = typer.Typer(no_args_is_help=True, help="The installed mappers: what each reads and writes.")
    family.command("list")(list_mappers)
    family.command("describe")(describe)
    family.command("test")(conform)
    app.add_typer(family, name="mappers")


def map_files(
    context: typer.Context,
    paths: Paths,
    as_json: AsJson = False,
    terminologies: Terminologies = None,
    option: Pairs = None,
    sources: Annotated[bool, typer.Option("--sources", help="Name the resources that each entity came from.")] = False,
) -> None:
    """Map FHIR files to drafts of POP entities, and tell what became of every resource."""
    from mappers.record import to_json

    settings = settings_of(context)
    results, refused = _mapped(
        settings, paths, registry=_registry(settings), terminologies=terminologies, option=option
    )
    if as_json:
        print_json(to_json(results))
    else:
        from gateway.cli.outlines import show_mapping

        show_mapping(out(), results, sources=sources)
    if refused:
        raise typer.Exit(BAD_INPUT)


def list_mappers(context: typer.Context, as_json: AsJson = False) -> None:
    """List the mappers in mapping order."""
    described = _registry(settings_of(context)).describe()
    if as_json:
        print_json(described)
        return
    from gateway.cli.render import show_mappers

    show_mappers(out(), described)


def describe(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME…]")] = None,
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="As Markdown, for a page of your own.")] = False,
) -> None:
    """Describe mappers: what they read, write and require, their rules and options."""
    from gateway.errors import UsageError

    known = {each["name"]: each for each in _registry(settings_of(context)).describe()}
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise UsageError(f"no mapper is named {unknown[0]}; installed: {', '.join(sorted(known))}")
    described = [known[name] for name in names] if names else list(known.values())
    if as_json:
        print_json(described)
        return
    if markdown:
        from gateway.mappingdocs.index import rules

        typer.echo(rules(described), nl=False)
        return
    from gateway.cli.render import show_mapper

    console = out()
    for each in described:
        show_mapper(console, each)


def conform(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The mapper's name.")],
    paths: Paths,
    terminologies: Terminologies = None,
    option: Pairs = None,
) -> None:
    """Run the conformance kit for one mapper over FHIR files. Exit 1 if it finds anything."""
    from gateway.cli import documents
    from gateway.errors import BadInput, UsageError
    from mappers.conformance import check_mapper
    from mappers.patients import to_resource, unpack

    settings = settings_of(context)
    registry = _registry(settings)
    if name not in registry.by_name:
        raise UsageError(f"no mapper is named {name}; installed: {', '.join(sorted(registry.by_name))}")
    read = documents.read(paths)
    _tell_refused(read)
    resources = [to_resource(entry) for entry in unpack(read.found)[0]]
    if not resources:
        raise BadInput("no FHIR resource was found in these files")
    with progress("checking", total=None):
        findings = check_mapper(
            registry.by_name[name], resources, registry=registry,
            terminology=_terminology(settings, terminologies), options=_options(settings, option),
        )  # fmt: skip
    console = out()
    for finding in findings:
        console.print(f"[red]✗[/] {finding}")
    console.print(f"{name}: {len(resources)} resources, {len(findings)} findings")
    if findings:
        raise typer.Exit(1)


def _mapped(
    settings: Settings, paths: list[Path], *, registry: Registry, terminologies: Path | None, option: list[str] | None
) -> tuple[list[MappingResult], bool]:
    from gateway.cli import documents
    from gateway.errors import BadInput
    from mappers.record import map_resources

    options, terminology = _options(settings, option), _terminology(settings, terminologies)
    with progress("reading"):
        read = documents.read(paths)
    _tell_refused(read)
    if not read.found:
        raise BadInput("no FHIR JSON was found: give resources, Bundles or NDJSON files, or folders of them")
    with progress("mapping"):
        results = map_resources(read.found, mappers=registry, terminology=terminology, options=options)
    return results, bool(read.refused)


def mapped_with(
    settings: Settings, paths: list[Path], *, terminology: TerminologyService, option: list[str] | None
) -> list[MappingResult]:
    """Files mapped with a terminology of the caller's. Raises BadInput if there is no FHIR."""
    from gateway.cli import documents
    from gateway.errors import BadInput
    from mappers.record import map_resources

    read = documents.read(paths)
    _tell_refused(read)
    if not read.found:
        raise BadInput("no FHIR JSON was found: give resources, Bundles or NDJSON files, or folders of them")
    with progress("mapping"):
        return map_resources(
            read.found, mappers=_registry(settings), terminology=terminology, options=_options(settings, option)
        )


def _registry(settings: Settings) -> Registry:
    from mappers.registry import load

    return load(settings.mapping.disabled)


def _terminology(settings: Settings, folder: Path | None) -> Any:
    from gateway.terminologies import offline

    return offline(settings.mapping, folder=folder)


def _options(settings: Settings, option: list[str] | None) -> dict[str, Any]:
    from gateway.siteoptions import options_for

    return {**options_for(settings, "default"), **parse_options(option or [])}


def _tell_refused(read: Any) -> None:
    console = err()
    for file, line, reason in read.refused:
        console.print(f"[yellow]![/] {file.name}{f' line {line}' if line else ''} {reason}")
