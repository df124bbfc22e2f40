"""Plans for people, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from adapters.pop.compare import changed_fields
from gateway.abstract import abstract, label, text
from gateway.planning import PatientPlan
from gateway.reconcile.plan import Action, Verb

_SIGNS = {
    Verb.CREATE: "[green]+[/]", Verb.UPDATE: "[yellow]~[/]", Verb.DELETE: "[red]-[/]", Verb.BLOCKED: "[magenta]![/]",
    Verb.PARKED: "[magenta]![/]", Verb.KEPT: "[blue]=[/]",
}  # fmt: skip
_CHANGING = (Verb.CREATE, Verb.UPDATE, Verb.DELETE)


def changes(plans: Iterable[PatientPlan]) -> bool:
    """True if POP would be written."""
    return any(action.verb in _CHANGING for each in plans for action in each.actions)


def show_plans(console: Console, plans: Sequence[PatientPlan]) -> None:
    """What would be done, patient by patient, and the totals."""
    totals: Counter[Verb] = Counter()
    for each in plans:
        if not each.actions:
            continue
        console.print(f"[bold]{escape(each.source)} {escape(each.fhir_id)}[/]")
        for action in each.actions:
            totals[action.verb] += 1
            payload, references = _content(action)
            console.print(
                f"  {_SIGNS[action.verb]} {action.kind}  {escape(abstract(payload, references))}  [dim]{escape(action.key)}[/]"
            )
            if action.verb is Verb.UPDATE:
                for name, before, after in _differences(action):
                    console.print(f"      {label(name)}: {escape(text(before)) or '—'} → {escape(text(after)) or '—'}")
            elif action.verb not in (Verb.CREATE, Verb.DELETE):
                console.print(f"      [dim]{escape(action.reason)}[/]")
    unchanged = sum(each.unchanged for each in plans)
    parts = [f"{totals[verb]} to {verb.value}" for verb in _CHANGING]
    waiting = totals[Verb.BLOCKED] + totals[Verb.PARKED] + totals[Verb.KEPT]
    console.print(f"Plan: {', '.join(parts)}, {waiting} waiting for a person, {unchanged} unchanged.")


def plan_json(plans: Iterable[PatientPlan]) -> list[dict[str, Any]]:
    """Actions by patient: verb, kind, key, reason, changed fields."""
    return [
        {
            "source": each.source,
            "patient": each.fhir_id,
            "unchanged": each.unchanged,
            "actions": [
                {
                    "verb": action.verb.value,
                    "kind": action.kind,
                    "key": action.key,
                    "reason": action.reason,
                    "fields": [name for name, _, _ in _differences(action)],
                }
                for action in each.actions
            ],
        }
        for each in plans
    ]


def _content(action: Action) -> tuple[dict[str, Any], dict[str, Any]]:
    if action.draft is not None:
        return action.draft.content.get("payload", {}), action.draft.content.get("references", {})
    written = action.ledger.written if action.ledger is not None else None
    return written or {}, {}


def _differences(action: Action) -> list[tuple[str, Any, Any]]:
    """(field, as written, as it would be) of an update. References are left out: one side has keys, the other POP ids."""
    if action.verb is not Verb.UPDATE or action.ledger is None or action.ledger.written is None:
        return []
    payload, references = _content(action)
    skip = {*references, "externalSource", "externalSourceId"}
    before = {name: value for name, value in action.ledger.written.items() if name not in skip}
    after = {name: value for name, value in payload.items() if name not in skip}
    return [(name, before.get(name), after.get(name)) for name in sorted(changed_fields(action.kind, before, after))]
