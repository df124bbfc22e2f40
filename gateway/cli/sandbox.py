"""``sandbox pop|ehr``: the embedded peers by themselves, to try the gateway against."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.common import err, run
from gateway.errors import UsageError

Port = Annotated[int, typer.Option("--port", min=0, max=65535)]
Host = Annotated[str, typer.Option("--host", help="Address to listen on.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="The embedded peers by themselves.")
    family.command("pop")(pop)
    family.command("ehr")(ehr)
    app.add_typer(family, name="sandbox")


def pop(
    port: Port = 8090,
    host: Host = "127.0.0.1",
    data: Annotated[Path | None, typer.Option("--data", metavar="FILE", help="Keep the data in this file.")] = None,
    terminologies: Annotated[
        Path | None,
        typer.Option("--terminologies", metavar="DIR", help="Full POP value lists, instead of the packaged ones."),
    ] = None,
    latency: Annotated[
        str,
        typer.Option(
            "--latency",
            metavar="real|none|TIME",
            help="How long a request takes: as measured on a real POP, not at all, or e.g. 33ms,sigma=0.3,workers=4,cores=1.8.",
        ),
    ] = "none",
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="FAULT",
            help="What goes wrong, e.g. status=503,path=tumor-markers,times=3; the manual's page on the sandbox has them all.",
        ),
    ] = None,
    release: Annotated[
        str | None, typer.Option("--release", help="The release of POP to play: 1.0.0 or 1.4.0 (the default).")
    ] = None,
) -> None:
    """A POP for trying out: users gateway, curator, viewer, each with its name as password."""
    from adapters.sandbox.pop import faultsyntax
    from adapters.sandbox.pop.faults import Faults
    from adapters.sandbox.pop.releases import RELEASES
    from adapters.sandbox.pop.server import SandboxPop, running

    try:
        faults = Faults([faultsyntax.fault(text) for text in fault or []])
        pace = faultsyntax.latency(latency)
    except ValueError as error:
        raise UsageError(str(error)) from error

    if release is not None and release not in RELEASES:
        raise UsageError(f"the sandbox POP plays the releases {', '.join(sorted(RELEASES))}")
    played = None if release is None else RELEASES[release]

    async def serve() -> None:
        sandbox = SandboxPop(data, terminologies=terminologies, pace=pace, faults=faults, release=played)
        async with running(sandbox, host=host, port=port) as address:
            err().print(f"sandbox POP at {address}  (sign in as gateway/gateway; Ctrl-C ends it)")
            await forever()

    run(serve())


def ehr(
    port: Port = 8091,
    host: Host = "127.0.0.1",
    fixtures: Annotated[
        Path | None, typer.Option("--fixtures", metavar="DIR", help="FHIR to serve; the project's by default.")
    ] = None,
) -> None:
    """An EHR for trying out: a FHIR R4 server with the invented patients."""
    from adapters.sandbox.ehr.server import SandboxEhr, running
    from gateway.fixtures import patients_folder

    async def serve() -> None:
        async with running(SandboxEhr(fixtures or patients_folder()), host=host, port=port) as address:
            err().print(f"sandbox EHR at {address}  (Ctrl-C ends it)")
            await forever()

    run(serve())


async def forever() -> None:
    """Until SIGINT or SIGTERM."""
    from gateway.cli.common import stop_on_signals

    stop = asyncio.Event()
    with stop_on_signals(stop):
        await stop.wait()
