"""``demo``: embedded EHR, embedded POP, gateway and console in one process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.common import run


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Import everything, print the summary, and end.")] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port of the console; 0 takes a free one.")
    ] = 8080,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Keep the data here; thrown away by default.")
    ] = None,
) -> None:
    """Show the gateway at work with invented patients: nothing leaves this machine."""
    from gateway.demo import run_demo

    run(run_demo(once=once, port=port, data=data))
