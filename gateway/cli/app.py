"""The command tree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import (
    audit,
    bench,
    checks,
    demo,
    imports,
    mapping,
    pop,
    reconciling,
    reviews,
    sandbox,
    service,
    terminology,
)
from gateway.cli.common import Invocation


def build() -> typer.Typer:
    """The application with all commands."""
    app = typer.Typer(
        name="pop-gateway", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
        help="Reconciles the FHIR R4 data of a hospital's EHR into POP, the Precision Oncology Platform.",
        epilog="Exit codes: 0 done, 1 failed, 2 changes or open reviews exist, 64 bad usage, 65 bad input, "
        "69 a peer is unavailable, 78 bad configuration.",
    )  # fmt: skip

    @app.callback()
    def root(
        context: typer.Context,
        config: Annotated[
            Path | None,
            typer.Option("--config", metavar="FILE", envvar="POP_GATEWAY_CONFIG", help="The configuration (TOML)."),
        ] = None,
    ) -> None:
        context.obj = Invocation(config)

    for family in (
        demo,
        service,
        imports,
        mapping,
        reconciling,
        reviews,
        terminology,
        audit,
        pop,
        checks,
        sandbox,
        bench,
    ):
        family.register(app)
    return app
