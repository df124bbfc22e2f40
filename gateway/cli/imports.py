"""``import`` and ``poll``: getting FHIR in from the command line."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import err, progress, run, settings_of, start_log

if TYPE_CHECKING:
    from rich.progress import Progress

    from gateway.config import Settings
    from gateway.intake.files import ImportSummary
    from gateway.intake.writer import Intake
    from gateway.store.engine import Store


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
    from gateway.errors import BadInput, PeerUnavailable
    from gateway.summary import summarise

    started = time.time()
    unavailable: PeerUnavailable | None = None
    if write:
        from gateway.cli.work import work
        from gateway.service import Gateway

        async with Gateway(settings) as gateway:
            done = await _store(settings, gateway.intake, paths, source=source)
            try:
                await work(gateway)
            except PeerUnavailable as error:
                unavailable = error
            totals = gateway.worker.totals
            summary = await summarise(gateway.store, started=started, resources=done.resources, totals=totals)
    else:
        async with _storing(settings) as (store, intake):
            done = await _store(settings, intake, paths, source=source)
            summary = await summarise(store, started=started, resources=done.resources, totals={})
    typer.echo(str(summary))
    if unavailable is not None:
        raise unavailable
    if done.resources and done.counts["invalid"] == done.resources:
        raise BadInput(
            "nothing of this is valid FHIR R4: the console's deliveries tell element and remedy for each entry"
        )


async def _store(settings: Settings, intake: Intake, paths: list[Path], *, source: str) -> ImportSummary:
    from gateway.intake.files import find_files, import_paths

    total = sum(path.stat().st_size for path in find_files(paths))
    with progress("importing", total=total, unit="bytes") as (bar, task):
        done = await import_paths(
            intake, paths, source=source, limits=settings.limits, progress=lambda size: bar.advance(task, size)
        )
    console = err()
    for problem in done.problems:
        console.print(f"! {problem}", markup=False)
    return done


@asynccontextmanager
async def _storing(settings: Settings) -> AsyncIterator[tuple[Store, Intake]]:
    """Store and intake alone: what only stores needs no POP."""
    from gateway.intake.writer import Intake
    from gateway.store.migrate import open_store

    store = await open_store(settings.store)
    try:
        async with Intake(store) as intake:
            yield store, intake
    finally:
        await store.close()


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

    problems: list[str] = []
    async with _storing(settings) as (store, intake):
        for name in names:
            with progress(f"polling {name}", unit="resources") as (bar, task):
                summary = await poll_source(
                    store, intake, name=name, settings=settings.source(name), limits=settings.limits,
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
