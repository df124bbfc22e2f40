"""``audit``: what was sent to POP for a case, why, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import out, print_json, run, settings_of, start_log

if TYPE_CHECKING:
    from rich.console import Console

    from gateway.audittrail import Entry
    from gateway.config import Settings
    from gateway.sealing import Seal


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(audit)


def audit(
    context: typer.Context,
    case: Annotated[str | None, typer.Option("--case", metavar="ID", help="POP's id of the case.")] = None,
    patient: Annotated[
        list[str] | None, typer.Option("--patient", metavar="PATIENT", help="ID or SOURCE/ID; repeatable.")
    ] = None,
    newest: Annotated[
        int | None, typer.Option("--newest", min=1, metavar="N", help="Only the last N requests.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    payloads: Annotated[
        bool, typer.Option("--payloads", help="With --json: the kept payloads too. They are patient data.")
    ] = False,
) -> None:
    """Show every request that POP got for a case or a patient, in order: its cause, its answer, nothing of its content."""
    from gateway.errors import UsageError

    if not (case or patient):
        raise UsageError("say whose requests: --case ID (as POP shows it) or --patient ID")
    if payloads and not as_json:
        raise UsageError("--payloads goes with --json")
    settings = settings_of(context)
    start_log(settings)
    entries = run(_trail(settings, case, patient or [], newest))
    if as_json:
        seal = _seal(settings) if payloads else None
        print_json([entry_json(entry, seal) for entry in entries])
    else:
        _show(out(), entries)


def _seal(settings: Settings) -> Seal:
    from gateway.errors import UsageError
    from gateway.sealing import Seal

    if settings.audit.payload_key_file is None:
        raise UsageError("no payloads are kept: [audit] payload_key_file is not set")
    return Seal(settings.audit.payload_key_file)


async def _trail(settings: Settings, case: str | None, names: list[str], newest: int | None) -> list[Entry]:
    from gateway.audittrail import patients_of_case, trail
    from gateway.patientnames import patient_ids
    from gateway.store.migrate import open_store

    store = await open_store(settings.store)
    try:
        async with store.read() as connection:
            ids = await patient_ids(connection, names)
            if case is not None:
                ids += await patients_of_case(connection, case)
            return await trail(connection, patients=ids, case_id=case, newest=newest)
    finally:
        await store.close()


def entry_json(entry: Entry, seal: Seal | None = None) -> dict[str, Any]:
    """A request as JSON. ``seal`` opens its payload, if one was kept."""
    import orjson

    shown: dict[str, Any] = {
        "id": entry.id,
        "at": _instant(entry.at),
        "request": {"method": entry.method, "path": entry.path, "payloadDigest": entry.payload_digest},
        "answer": {
            "status": entry.status, "error": entry.error, "outcome": entry.outcome, "entityId": entry.entity_id,
            "seconds": round(entry.duration, 3),
        },
        "cause": {
            "patient": entry.patient, "draft": entry.key, "mapper": entry.mapper, "mapperVersion": entry.mapper_version,
            "operator": entry.operator, "worker": entry.worker,
            "resources": [
                {"reference": each.reference, "version": each.version, "delivery": each.delivery} for each in entry.origins
            ],
        },
    }  # fmt: skip
    if seal is not None and entry.payload is not None:
        opened = seal.open(entry.payload)
        shown["request"]["payload"] = None if opened is None else orjson.loads(opened)
    return shown


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _show(console: Console, entries: list[Entry]) -> None:
    """Two lines a request: what POP was asked for and what it said, then why it was asked."""
    from rich.markup import escape

    for entry in entries:
        good = entry.status is not None and (entry.status < 300 or entry.status == 404)
        said = f"[{'green' if good else 'red'}]{escape(_outcome(entry))}[/]"
        asked = escape(f"{entry.method} {entry.path.removeprefix('/api/v1')}")
        console.print(f"{_instant(entry.at)[:19].replace('T', ' ')}  [bold]{asked}[/]  {said}")
        if because := _because(entry):
            console.print(f"{'':<21}[dim]{escape(because)}[/]")
    console.print(f"{len(entries)} requests; times are UTC")


def _outcome(entry: Entry) -> str:
    status = f"{entry.status} " if entry.status is not None else ""
    made = f" {entry.entity_id}" if entry.entity_id is not None else ""
    return f"{status}{entry.outcome}{made}"


def _because(entry: Entry) -> str:
    parts = [f"for {entry.key}"] if entry.key is not None else []
    if entry.origins:
        named = [f"{each.reference}{f'/_history/{each.version}' if each.version else ''}" for each in entry.origins]
        deliveries = sorted({each.delivery for each in entry.origins})
        noun = "delivery" if len(deliveries) == 1 else "deliveries"
        parts.append(f"from {', '.join(named)} ({noun} {', '.join(map(str, deliveries))})")
    if entry.mapper is not None:
        parts.append(f"by {entry.mapper} {entry.mapper_version}")
    if entry.operator is not None:
        parts.append(f"in a replay that {entry.operator} asked for")
    return ", ".join(parts)
