"""The command line ``pop-gateway`` (design, *Command line*). One module per family of commands.

What a command needs is imported when it runs: ``--help`` and shell completion answer at once.
"""

from __future__ import annotations

import gc
import os
import sys

import typer

from gateway.cli import app
from gateway.cli.failures import explain

#: Base of Typer's usage errors, wherever the installed version keeps it (its own copy of click, or click).
_USAGE: type[Exception] = typer.BadParameter.__mro__[1]
_USAGE_EXIT = 64
_INTERRUPTED = 130


def main() -> None:
    """The console script."""
    # Parsed FHIR is many small, short-lived, acyclic objects: the collector's default rhythm costs the intake a fifth.
    gc.set_threshold(20_000, 20, 50)
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: list[str]) -> int:
    """Run one command and return its exit code (0, 1, 2, 64, 65, 69, 78). Nothing raises: errors are one sentence on stderr."""
    command = typer.main.get_command(app.build())
    try:
        result = command(args=arguments, prog_name="pop-gateway", standalone_mode=False)
    except _USAGE as error:
        error.show()  # type: ignore[attr-defined]  # click.UsageError
        return _USAGE_EXIT
    except (KeyboardInterrupt, typer.Abort):
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`| head`): what Python writes at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        message, code = explain(error)
        typer.echo(f"pop-gateway: {message}", err=True)
        return code
    return result if isinstance(result, int) else 0
