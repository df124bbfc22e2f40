"""``import`` and ``poll``: getting FHIR in from the command line."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import err, progress, run, settings_of, start_log

if TYPE_CHECKING:
    from rich.progress import Progress

    from gateway.config import Settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_files)
    app.command("poll")(poll)


def import_files(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Bundles, resources, NDJSON, .gz, folders.")],
    source: Annotated[str, typer.Option("--source", help="The source that they come from, as configured.")] = "default",
    write: Annotated[bool, typer.Option("--apply/--no-apply", help="Write to POP as well, or only store.")] = True,
) -> None:
    """Import FHIR files: store and map them, and write what they give to POP."""
    settings = settings_of(context)
    settings.source(source)
    start_log(settings)
    run(_import(settings, paths, source=source, write=write))


async def _import(settings: Settings, paths: list[Path], *, source: str, write: bool) -> None:
    from gateway.cli.work import work
    from gateway.errors import PeerUnavailable
    from gateway.intake.files import find_files, import_paths
    from gateway.service import Gateway
    from gateway.summary import summarise

    started = time.time()
    total = sum(path.stat().st_size for path in find_files(paths))
    async with Gateway(settings) as gateway:
        with progress("importing", total=total, unit="bytes") as (bar, task):
            done = await import_paths(
                gateway.intake,
                paths,
                source=source,
                limits=settings.limits,
                progress=lambda size: bar.advance(task, size),
            )
        console = err()
        for problem in done.problems:
            console.print(f"[yellow]![/] {problem}", markup=True)
        unavailable: PeerUnavailable | None = None
        if write:
            try:
                await work(gateway)
            except PeerUnavailable as error:
                unavailable = error
        summary = await summarise(
            gateway.store, started=started, resources=done.resources, totals=gateway.worker.totals
        )
        typer.echo(str(summary))
        if unavailable is not None:
            raise unavailable
    if done.resources and done.counts["invalid"] == done.resources:
        from gateway.errors import BadInput

        raise BadInput(
            "nothing of this is valid FHIR R4: the console's deliveries tell element and remedy for each entry"
        )


def poll(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Argument(metavar="[SOURCE]", help="The source; all that are polled by default.")
    ] = None,
) -> None:
    """Poll now, once. `serve`, `worker` or `apply` writes to POP what it brings."""
    from gateway.errors import UsageError

    settings = settings_of(context)
    names = [source] if source else sorted(name for name, each in settings.sources.items() if each.url is not None)
    if source and settings.source(source).url is None:
        raise UsageError(f"source {source} has no url: it pushes; configure [sources.{source}] url to poll it")
    if not names:
        raise UsageError("no source has a url: configure [sources.NAME] url to poll it")
    start_log(settings)
    run(_poll(settings, names))


async def _poll(settings: Settings, names: list[str]) -> None:
    from gateway.errors import PeerUnavailable
    from gateway.schedule.poll import poll as poll_source
    from gateway.service import Gateway

    problems: list[str] = []
    async with Gateway(settings) as gateway:
        for name in names:
            with progress(f"polling {name}", unit="resources") as (bar, task):
                summary = await poll_source(
                    gateway.store, gateway.intake, name=name, settings=settings.source(name), limits=settings.limits,
                    progress=_advance(bar, task),
                )  # fmt: skip
            told = ", ".join(f"{count} {state}" for state, count in sorted(summary.counts.items()) if count)
            typer.echo(f"{name}: {summary.received} resources in {summary.requests} requests ({told or 'nothing new'})")
            problems += [f"source {name}: {problem}" for problem in summary.problems]
    for problem in problems:
        err().print(f"[red]✗[/] {problem}")
    if problems:
        raise PeerUnavailable("a part could not be polled; its watermark has not moved, the next run asks for it again")


def _advance(bar: Progress, task: Any) -> Callable[[str, int], None]:
    def advance(_: str, count: int) -> None:
        bar.advance(task, count)

    return advance
