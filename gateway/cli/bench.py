"""``bench``: the benchmarks, side by side with their baselines."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME…]", help="Benchmarks to run, or all.")] = None,
) -> None:
    """Measure the gateway beside baselines taken in the same run, and print the ratios."""
    from gateway.bench.run import run

    run(names or ["all"])
