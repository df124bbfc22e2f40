"""``pop pause|resume|status``: the switch for requests to POP, for all replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import run, settings_of, user

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.reconcile.lane import Lane


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(help="Pause or resume requests to POP; nothing is lost meanwhile.", no_args_is_help=True)
    family.command("pause")(pause)
    family.command("resume")(resume)
    family.command("status")(status)
    app.add_typer(family, name="pop")


def pause(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="Why; the console and /readyz show it.")] = "",
) -> None:
    """Send nothing to POP until it is resumed. What is on its way ends; intake and mapping go on."""
    who = f"{user()}: {reason}" if reason else f"{user()} paused requests to POP"
    typer.echo(_told(run(_switch(settings_of(context), paused=True, reason=who))))


def resume(context: typer.Context) -> None:
    """Send to POP again, at once, whoever or whatever paused it."""
    typer.echo(_told(run(_switch(settings_of(context), paused=False, reason=None))))


def status(context: typer.Context) -> None:
    """Say whether requests to POP are paused, by whom and why."""
    typer.echo(_told(run(_read(settings_of(context)))))


async def _switch(settings: Settings, *, paused: bool, reason: str | None) -> Lane:
    from gateway.reconcile import lane
    from gateway.store.migrate import open_store

    store = await open_store(settings.store)
    try:
        await lane.switch(store, paused=paused, reason=None if reason is None else reason[: lane.LONGEST_REASON])
        return await lane.read(store)
    finally:
        await store.close()


async def _read(settings: Settings) -> Lane:
    from gateway.reconcile import lane
    from gateway.store.migrate import open_store

    store = await open_store(settings.store)
    try:
        return await lane.read(store)
    finally:
        await store.close()


def _told(lane: Lane) -> str:
    if lane.by_operator:
        return f"paused by an operator ({lane.reason})"
    if not lane.open:
        return f"paused for {lane.wait:.0f} s ({lane.reason})"
    return "open: requests are sent to POP"
