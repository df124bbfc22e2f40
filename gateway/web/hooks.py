"""``POST /hooks/{source}``: notifications of an EHR (R4 Subscription rest-hook, R5-backport topic notifications).

An empty rest-hook says only that there is news: it becomes a hint to poll the source soon. With a payload, R4 servers treat
the hook as a service base and do ``PUT {hook}/{Type}/{id}``; backport notifications are history Bundles that begin with
their status. Handshakes and heartbeats get their 2xx and are kept as *ignored*, so that they can be seen.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from gateway.errors import InputRejected
from gateway.intake import receive
from gateway.intake.item import Delivery
from gateway.intake.parse import bare, parse
from gateway.web.fhir import _ID, _TYPE, authorised, problem, take
from gateway.web.keys import ON_HINT, SETTINGS

JsonObject = dict[str, Any]

#: Backport notification types that carry no data.
SIGNALS = frozenset({"handshake", "heartbeat", "query-status"})


def notification_type(bundle: JsonObject) -> str | None:
    """``type`` of a backport notification's status (Parameters, or SubscriptionStatus in R4B), None for other Bundles."""
    entries = bundle.get("entry")
    first = (
        entries[0].get("resource") if isinstance(entries, list) and entries and isinstance(entries[0], dict) else None
    )
    if not isinstance(first, dict):
        return None
    if first.get("resourceType") == "SubscriptionStatus":
        return str(first.get("type"))
    if first.get("resourceType") == "Parameters":
        for parameter in first.get("parameter") or ():
            if isinstance(parameter, dict) and parameter.get("name") == "type":
                return str(parameter.get("valueCode"))
    return None


async def notify(request: web.Request) -> web.Response:
    """Take a notification."""
    name = request.match_info["source"]
    settings = request.app[SETTINGS]
    if name not in settings.sources:
        return problem("no source of this name is configured", status=404, code="not-found")
    if not authorised(request, name, settings):
        text = "this source must send its bearer token"
        return problem(text, status=401, code="login", headers={"WWW-Authenticate": "Bearer"})
    limits = settings.limits
    type_, id_ = request.match_info.get("type"), request.match_info.get("id")
    interaction = f"{request.method} /hooks/{name}" + (f"/{type_}/{id_}" if type_ else "")
    hinted = False

    def make(body: bytes) -> Delivery:
        nonlocal hinted
        if type_ is not None:
            return receive.resource_delivery(
                body, source=name, channel="hook", limits=limits, interaction=interaction, type_=type_, id_=id_
            )
        if not body.strip():
            hinted = True
            reason = "an empty notification: the source will be polled"
            return receive.ignored_delivery(
                body, source=name, channel="hook", interaction=interaction, reason=reason, unique=True
            )
        value = parse(bare(body), limits)
        kind = notification_type(value) if isinstance(value, dict) else None
        if kind in SIGNALS:
            reason = f"a {kind} of the subscription: no data in it"
            return receive.ignored_delivery(
                body, source=name, channel="hook", interaction=interaction, reason=reason, unique=True
            )
        if kind is not None:
            if not isinstance(value, dict):
                raise InputRejected("a notification must be a Bundle", issue="structure")
            hinted = True
            carries = any(isinstance(entry, dict) and "resource" in entry for entry in value["entry"][1:])
            if not carries:
                reason = "a notification without resources: the source will be polled"
                return receive.ignored_delivery(
                    body, source=name, channel="hook", interaction=interaction, reason=reason, unique=False
                )
        return receive.bundle_delivery(body, source=name, channel="hook", limits=limits, interaction=interaction)

    response = await take(request, name, make, interaction=interaction, channel="hook")
    if hinted and response.status < 300 and ON_HINT in request.app:
        request.app[ON_HINT](name)
    return response


def routes() -> list[web.RouteDef]:
    """The routes of the hooks."""
    return [
        web.post("/hooks/{source}", notify),
        web.put("/hooks/{source}/" + f"{_TYPE}/{_ID}", notify),
    ]
