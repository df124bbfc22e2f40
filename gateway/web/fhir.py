"""The FHIR endpoint: ``/fhir`` (contract, design *HTTP*). Errors are OperationOutcomes; nothing is acknowledged before
the commit."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from gateway.config import Settings
from gateway.errors import ConfigurationError, InputRejected, StoreUnavailable
from gateway.intake import receive
from gateway.intake.item import Delivery
from gateway.intake.outcome import issue, outcome
from gateway.intake.parse import check_accept, check_media_type, inflate
from gateway.web.keys import INTAKE, SETTINGS

JsonObject = dict[str, Any]

#: Seconds after which a sender may try again when the store could not take its delivery.
RETRY_AFTER = "5"


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A FHIR JSON answer."""
    return web.Response(
        body=receive.to_bytes(body), status=status, content_type="application/fhir+json", headers=headers
    )


def problem(text: str, *, status: int, code: str, headers: dict[str, str] | None = None) -> web.Response:
    """An OperationOutcome with an error status."""
    return answer(outcome(issue(text, code=code)), status, headers)


def source_of(request: web.Request, settings: Settings) -> str | None:
    """The source that a request comes from, by its bearer token; None if it may not come in.

    A source that has a token must send it. Without any token it is the source named ``default``, if that has none.
    """
    header = request.headers.get("Authorization", "")
    sent = header[7:].strip() if header[:7].lower() == "bearer " else None
    found = None
    for name, source in settings.sources.items():
        secret = source.secret()
        # Every configured token is compared, in constant time: how long it takes tells nothing.
        if secret is not None and sent is not None and hmac.compare_digest(secret.encode(), sent.encode()):
            found = name
    if found is None and "default" in settings.sources and settings.sources["default"].secret() is None:
        found = "default"
    return found


def authorised(request: web.Request, name: str, settings: Settings) -> bool:
    """True if the request may deliver for this source."""
    try:
        secret = settings.source(name).secret()
    except ConfigurationError:
        return False
    header = request.headers.get("Authorization", "")
    return secret is None or hmac.compare_digest(f"Bearer {secret}".encode(), header.encode())


async def read_body(request: web.Request, settings: Settings) -> bytes:
    """The decompressed body. Raises InputRejected (413, 415, 400)."""
    limit = settings.limits.body_bytes
    too_long = InputRejected(f"the body is larger than {limit} bytes: send it in parts", status=413, issue="too-long")
    if request.content_length is not None and request.content_length > limit:
        raise too_long
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.content.iter_chunked(2**16):
            size += len(part)
            if size > limit:
                raise too_long
            parts.append(part)
    except web.RequestPayloadError as error:
        raise InputRejected(
            "the body cannot be read to its end: it was cut or is damaged", issue="incomplete"
        ) from error
    return inflate(b"".join(parts), request.headers.get("Content-Encoding"), settings.limits)


Make = Callable[[bytes], Delivery]


async def take(
    request: web.Request, source: str, make: Make, *, interaction: str, channel: str = "http"
) -> web.Response:
    """Read, make a delivery, commit, answer. What is refused as a whole is recorded too, so that it can be seen."""
    settings, intake = request.app[SETTINGS], request.app[INTAKE]
    body = b""
    try:
        try:
            check_accept(request.headers.get("Accept"))
            if request.can_read_body:
                check_media_type(request.headers.get("Content-Type"))
            body = await read_body(request, settings)
            delivery = make(body)
        except InputRejected as error:
            delivery = receive.rejected_delivery(body, error, source=source, channel=channel, interaction=interaction)
        receipt = await intake.submit(delivery)
    except StoreUnavailable as error:
        return problem(str(error), status=503, code="transient", headers={"Retry-After": RETRY_AFTER})
    headers = {"X-Delivery": str(receipt.delivery)}
    if location := receipt.answer.get("location"):
        headers["Location"] = f"/fhir/{location}"
    return answer(receipt.answer["body"], receipt.answer["status"], headers)


Handler = Callable[[web.Request, str], Awaitable[web.Response]]


def _signed(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        source = source_of(request, request.app[SETTINGS])
        if source is None:
            text = "this source is not known here: send its bearer token"
            return problem(text, status=401, code="login", headers={"WWW-Authenticate": "Bearer"})
        return await handler(request, source)

    return handle


async def post_base(request: web.Request, source: str) -> web.Response:
    """``POST /fhir``: a Bundle (or one resource)."""
    limits = request.app[SETTINGS].limits

    def make(body: bytes) -> Delivery:
        return receive.bundle_delivery(body, source=source, channel="http", limits=limits)

    return await take(request, source, make, interaction="POST /fhir")


async def process_message(request: web.Request, source: str) -> web.Response:
    """``POST /fhir/$process-message``: a message Bundle; the answer is a response message."""
    limits = request.app[SETTINGS].limits
    interaction = "POST /fhir/$process-message"

    def make(body: bytes) -> Delivery:
        delivery = receive.bundle_delivery(body, source=source, channel="http", limits=limits, interaction=interaction)
        if not any(item.type == "MessageHeader" for item in delivery.items):
            raise InputRejected("$process-message takes a Bundle of type message", expression="Bundle.type")
        return delivery

    return await take(request, source, make, interaction=interaction)


async def write_resource(request: web.Request, source: str) -> web.Response:
    """``POST /fhir/{Type}`` and ``PUT /fhir/{Type}/{id}``."""
    type_, id_ = request.match_info["type"], request.match_info.get("id")
    limits = request.app[SETTINGS].limits
    interaction = f"{request.method} /fhir/{type_}" + (f"/{id_}" if id_ else "")

    def make(body: bytes) -> Delivery:
        return receive.resource_delivery(
            body, source=source, channel="http", limits=limits, interaction=interaction, type_=type_, id_=id_
        )

    return await take(request, source, make, interaction=interaction)


async def delete_resource(request: web.Request, source: str) -> web.Response:
    """``DELETE /fhir/{Type}/{id}``."""
    type_, id_ = request.match_info["type"], request.match_info["id"]
    interaction = f"DELETE /fhir/{type_}/{id_}"

    def make(_: bytes) -> Delivery:
        return receive.delete_delivery(source=source, channel="http", interaction=interaction, type_=type_, id_=id_)

    return await take(request, source, make, interaction=interaction)


async def metadata(_: web.Request) -> web.Response:
    """``GET /fhir/metadata``: what is accepted here."""
    types = ("Patient", "Condition", "Observation", "MedicationAdministration", "MedicationRequest", "MedicationStatement",
             "Medication", "Procedure", "Specimen", "DiagnosticReport")  # fmt: skip
    writes = [{"code": code} for code in ("create", "update", "delete")]
    return answer(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-11-24",
            "kind": "instance",
            "software": {"name": "POP EHR gateway"},
            "implementation": {
                "description": "Takes FHIR in for POP. Every R4 resource type is accepted; these are read by its mappers."
            },
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json"],
            "rest": [
                {
                    "mode": "server",
                    "resource": [{"type": name, "interaction": writes, "updateCreate": True} for name in types],
                    "interaction": [{"code": "transaction"}, {"code": "batch"}],
                    "operation": [
                        {
                            "name": "process-message",
                            "definition": "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
                        }
                    ],
                }
            ],
        }
    )


async def not_served(request: web.Request) -> web.Response:
    """Anything else below ``/fhir``: nothing can be read here."""
    if request.method in ("POST", "PUT", "DELETE"):
        text = "no such address: use /fhir, /fhir/{Type} or /fhir/{Type}/{id}"
        return problem(text, status=404, code="not-found")
    text = f"{request.method} is not served here: this endpoint takes data in and gives none out"
    return problem(text, status=405, code="not-supported", headers={"Allow": "POST, PUT, DELETE"})


_TYPE = "{type:[A-Z][A-Za-z]+}"
#: Wider than R4's ids, like the intake (``gateway.intake.validate``).
_ID = r"{id:[A-Za-z0-9\-._:~@+=$!]{1,255}}"


def routes() -> list[web.RouteDef]:
    """The routes of the FHIR endpoint."""
    return [
        web.get("/fhir/metadata", metadata),
        web.post("/fhir", _signed(post_base)),
        web.post("/fhir/", _signed(post_base)),
        web.post("/fhir/$process-message", _signed(process_message)),
        web.post(f"/fhir/{_TYPE}", _signed(write_resource)),
        web.put(f"/fhir/{_TYPE}/{_ID}", _signed(write_resource)),
        web.delete(f"/fhir/{_TYPE}/{_ID}", _signed(delete_resource)),
        web.route("*", "/fhir", not_served),
        web.route("*", "/fhir/{rest:.*}", not_served),
    ]
