"""What the commands share: the configuration of this call, the two consoles, progress."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from gateway.config import Settings
    from gateway.store.engine import Store

T = TypeVar("T")

#: Exit code of commands that found something to be done: changes, open reviews.
SOMETHING_TO_DO = 2
_PIPE_WIDTH = 200


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options."""

    config: Path | None
    verbose: bool = False


def settings_of(context: typer.Context) -> Settings:
    """The configuration of this call. Raises ConfigurationError."""
    from gateway import config

    invocation: Invocation = context.find_object(Invocation) or Invocation(None)
    return config.load(invocation.config)


def start_log(settings: Settings, *, quiet: bool = True) -> None:
    """Log to stderr; commands that talk to a person show warnings only."""
    from gateway import log

    log.configure(settings.log if not quiet else "console", level="warning" if quiet else "info")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine to its end."""
    return asyncio.run(work)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """The store of a configuration. Raises ConfigurationError, StoreUnavailable."""
    from gateway.store.migrate import open_store

    store = await open_store(settings.store)
    try:
        yield store
    finally:
        await store.close()


def out() -> Console:
    """The console for results."""
    from rich.console import Console

    # A pipe has no width: lines for grep and less must not be folded at 80 columns.
    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    return Console(highlight=False, width=wide, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """The console for progress and remarks: stdout stays clean for machines."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def user() -> str:
    """Who runs this command, for the audit."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user often has no name.
        return f"uid {os.getuid()}"


def print_json(value: Any) -> None:
    """Machine output: one JSON document on stdout."""
    import orjson

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


@contextmanager
def progress(description: str, *, total: float | None = None, unit: str = "") -> Iterator[tuple[Progress, Any]]:
    """A progress bar on stderr (nothing where that is no terminal) and its task."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit),
        TimeElapsedColumn(), console=err(), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip
    with bar:
        yield bar, bar.add_task(description, total=total)


def parse_options(pairs: list[str]) -> dict[str, Any]:
    """``--option name=value``: the value is JSON where it reads as JSON, else text. Raises UsageError without ``=``."""
    import orjson

    from gateway.errors import UsageError

    options: dict[str, Any] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise UsageError("an option is written NAME=VALUE, e.g. --option patient.import=all")
        try:
            options[name] = orjson.loads(value)
        except orjson.JSONDecodeError:
            options[name] = value
    return options


@contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set the event: what runs ends in order. Call it inside the running loop."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for each in signals:
        loop.add_signal_handler(each, stop.set)
    try:
        yield
    finally:
        for each in signals:
            loop.remove_signal_handler(each)
