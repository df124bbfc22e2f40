"""``plan``, ``apply``, ``replay``: what would change in POP, changing it, and doing it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import SOMETHING_TO_DO, err, out, print_json, progress, run, settings_of, start_log, user

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.planning import PatientPlan

Patients = Annotated[
    list[str] | None, typer.Argument(metavar="[PATIENT…]", help="ID, Patient/ID or SOURCE/ID; all by default.")
]
_INSTANTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("plan")(plan)
    app.command("apply")(apply)
    app.command("replay")(replay)


def plan(
    context: typer.Context,
    patients: Patients = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Show what would change in POP, and change nothing there. Exit 2 if something would."""
    settings = settings_of(context)
    start_log(settings)
    plans = run(_plans(settings, patients or []))
    from gateway.cli.plans import changes, plan_json, show_plans

    if as_json:
        print_json(plan_json(plans))
    else:
        show_plans(out(), plans)
    if changes(plans):
        raise typer.Exit(SOMETHING_TO_DO)


def apply(context: typer.Context, patients: Patients = None) -> None:
    """Bring POP up to date now: the whole backlog, or the patients named."""
    settings = settings_of(context)
    start_log(settings)
    run(_apply(settings, patients or []))


def replay(
    context: typer.Context,
    patient: Annotated[
        list[str] | None, typer.Option("--patient", metavar="PATIENT", help="ID or SOURCE/ID; repeatable.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="All patients of this source.")] = None,
    error: Annotated[
        str | None, typer.Option("--error", metavar="CODE", help="Patients with this error, e.g. pop-rejected.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", formats=_INSTANTS, help="Changed at or after (UTC).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=_INSTANTS, help="Changed at or before (UTC).")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All patients.")] = False,
) -> None:
    """Mark patients to be mapped, planned and applied again, and take back what was parked. The worker does the rest."""
    from gateway.errors import UsageError

    if not (patient or source or error or since or until or everything):
        raise UsageError("say what to replay: --patient, --source, --error, --since, --until, or --all")
    marked = run(
        _replay(settings_of(context), patient, source=source, error=error, since=_seconds(since), until=_seconds(until))
    )
    typer.echo(f"{marked} patient{'' if marked == 1 else 's'} marked; `serve`, `worker` or `apply` does the rest")


def _seconds(instant: datetime | None) -> float | None:
    return None if instant is None else instant.replace(tzinfo=UTC).timestamp()


async def _replay(
    settings: Settings,
    names: list[str] | None,
    *,
    source: str | None,
    error: str | None,
    since: float | None,
    until: float | None,
) -> int:
    from gateway.patientnames import patient_ids
    from gateway.replay import replay as mark
    from gateway.store.migrate import open_store

    store = await open_store(settings.store)
    try:
        ids = None
        if names:
            async with store.read() as connection:
                ids = await patient_ids(connection, names)
        return await mark(store, patient_ids=ids, source=source, error=error, since=since, until=until, operator=user())
    finally:
        await store.close()


async def _plans(settings: Settings, names: list[str]) -> list[PatientPlan]:
    from gateway.patientnames import patient_ids
    from gateway.planning import dirty_patients, plan_patients
    from gateway.service import Gateway
    from gateway.siteoptions import options_for

    async with Gateway(settings) as gateway:
        if names:
            async with gateway.store.read() as connection:
                ids = await patient_ids(connection, names)
        else:
            ids = await dirty_patients(gateway.store)
        plans: list[PatientPlan] = []
        with progress("planning", total=len(ids), unit="patients") as (bar, task):
            async for each in plan_patients(
                gateway.store,
                ids,
                mappers=gateway.registry,
                terminology=gateway.worker.terminology,
                options_for=lambda source: options_for(settings, source),
                refused=gateway.client.release.refused,
            ):
                plans.append(each)
                bar.advance(task)
        return plans


async def _apply(settings: Settings, names: list[str]) -> None:
    from gateway.cli.work import work
    from gateway.patientnames import patient_ids
    from gateway.replay import release
    from gateway.service import Gateway

    async with Gateway(settings) as gateway:
        ids = None
        if names:
            async with gateway.store.read() as connection:
                ids = await patient_ids(connection, names)
            await release(gateway.store, ids)
        await work(gateway, only=ids)
        totals = gateway.worker.totals
        parts = [
            f"{totals[verb]} {verb}" for verb in ("created", "updated", "deleted", "unchanged", "blocked", "parked")
        ]
        err().print(f"{totals['patients']} patients: {', '.join(parts)}")
