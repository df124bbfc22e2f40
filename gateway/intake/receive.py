"""From what was sent to a :class:`Delivery`, for every interaction of the FHIR endpoint; and the answer it will get."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import orjson

from gateway.config import LimitSettings
from gateway.errors import InputRejected
from gateway.intake.bundle import TYPES, deletion, unpack
from gateway.intake.item import NAMESPACE, Delivery, Item, delivery_digest, resource_item
from gateway.intake.outcome import informational, issue, outcome
from gateway.intake.parse import bare, check_version, parse

JsonObject = dict[str, Any]

#: HTTP status of an item by its state. A stale version is a state, not an error; so is a duplicate.
STATUS = {
    "stored": "201 Created",
    "duplicate": "200 OK",
    "stale": "200 OK",
    "deleted": "204 No Content",
    "invalid": "422 Unprocessable Entity",
}


def bundle_delivery(
    body: bytes, *, source: str, channel: str, limits: LimitSettings, interaction: str = "POST /fhir"
) -> Delivery:
    """A Bundle, or a single resource posted to the base. Raises InputRejected for what is not even that."""
    body = bare(body)
    value = parse(body, limits)
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise InputRejected("this is no FHIR resource: an object with a resourceType is expected", issue="structure")
    _check_release(value)
    if value["resourceType"] != "Bundle":
        item = resource_item(value, body, limit=limits.resource_bytes, lenient=source in limits.lenient_sources)
        return _delivery(source, channel, interaction, body, [item], _single_answer)
    kind = value.get("type")
    if kind not in TYPES:
        known = ", ".join(sorted(TYPES))
        raise InputRejected(
            f"this type of Bundle is not accepted: use one of {known}", issue="not-supported", expression="Bundle.type"
        )
    items = unpack(value, body, resource_limit=limits.resource_bytes, lenient=source in limits.lenient_sources)
    answers = {"transaction": _bundle_answer("transaction-response"), "batch": _bundle_answer("batch-response")}
    if kind == "message":
        # $process-message is idempotent on the header's id (R4 §2.4.3): a message sent again may differ in its timestamp.
        header = message_header(value).get("id")
        content = f"MessageHeader/{header}".encode() if isinstance(header, str) and header else body
        return _delivery(source, channel, interaction, content, items, _message_answer(value))
    delivery = _delivery(source, channel, interaction, body, items, answers.get(kind, _summary_answer))
    if not items:
        delivery.state, delivery.reason = "ignored", "the Bundle has no entry with a resource"
    return delivery


def resource_delivery(
    body: bytes, *, source: str, channel: str, limits: LimitSettings, interaction: str, type_: str, id_: str | None
) -> Delivery:
    """``POST /fhir/{Type}`` or ``PUT /fhir/{Type}/{id}``. Raises InputRejected if path and body do not fit."""
    body = bare(body)
    value = parse(body, limits)
    if isinstance(value, dict):
        _check_release(value)
        if value.get("resourceType") != type_:
            raise InputRejected(f"the body is not a {type_}, which the address names", expression="resourceType")
        if id_ is not None and value.get("id") not in (None, id_):
            raise InputRejected("the resource's id differs from the one in the address", expression=f"{type_}.id")
    lenient = source in limits.lenient_sources
    item = resource_item(value, body, id_=id_, limit=limits.resource_bytes, lenient=lenient)
    return _delivery(source, channel, interaction, body, [item], _single_answer)


def delete_delivery(*, source: str, channel: str, interaction: str, type_: str, id_: str) -> Delivery:
    """``DELETE /fhir/{Type}/{id}``. Deleting twice, with the resource in between, is two deliveries: each is unique."""
    item = deletion(f"{type_}/{id_}", position=0, where="the address")
    return _delivery(source, channel, interaction, uuid.uuid4().bytes, [item], _single_answer)


def ignored_delivery(
    body: bytes, *, source: str, channel: str, interaction: str, reason: str, unique: bool
) -> Delivery:
    """Something that holds no data for us (a handshake, an empty notification), kept so that it can be seen."""
    content = uuid.uuid4().bytes if unique else body
    delivery = _delivery(source, channel, interaction, content, [], lambda _: {"status": 200, "body": None})
    delivery.state, delivery.reason = "ignored", reason
    return delivery


def rejected_delivery(body: bytes, error: InputRejected, *, source: str, channel: str, interaction: str) -> Delivery:
    """A body that was refused as a whole: only the refusal is kept, the sender has been told."""
    # The reason is part of the key: two refusals before the body was read must not be taken for one delivery.
    content = b"\0".join((body, b"refused", str(error).encode()))
    delivery = _delivery(
        source, channel, interaction, content, [], lambda _: {"status": error.status, "body": refusal(error)}
    )
    delivery.state, delivery.reason = "invalid", str(error)
    return delivery


def refusal(error: InputRejected) -> JsonObject:
    """The OperationOutcome of a refused body."""
    return outcome(issue(str(error), code=error.issue, expression=error.expression))


def _delivery(
    source: str,
    channel: str,
    interaction: str,
    body: bytes,
    items: list[Item],
    answer: Callable[[list[Item]], JsonObject],
) -> Delivery:
    digest = delivery_digest(source, interaction, body)
    return Delivery(source=source, channel=channel, interaction=interaction, digest=digest, items=items, answer=answer)


def _check_release(value: JsonObject) -> None:
    """Refuse what names another FHIR release (``fhirVersion`` of a CapabilityStatement-like header is not looked at)."""
    meta = value.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else ():
        # A canonical of the specification itself may carry the release: …/StructureDefinition/Patient|5.0.0
        if (
            isinstance(profile, str)
            and profile.startswith("http://hl7.org/fhir/StructureDefinition/")
            and "|" in profile
        ):
            check_version(profile.rsplit("|", 1)[1])


def _item_outcome(item: Item) -> JsonObject:
    if item.outcome is not None:
        return item.outcome
    texts = {
        "stored": "stored as the newest version",
        "duplicate": "already known: nothing changed",
        "stale": "older than what is known: kept as stale, not used",
        "deleted": "deleted",
    }
    return informational(texts.get(item.state, item.state))


def _response(item: Item) -> JsonObject:
    shown: JsonObject = {"status": STATUS[item.state], "outcome": _item_outcome(item)}
    if item.type and item.id and item.state != "invalid":
        shown["location"] = f"{item.type}/{item.id}"
    return shown


def _single_answer(items: list[Item]) -> JsonObject:
    item = items[0]
    status = int(STATUS[item.state].split()[0])
    return {"status": 200 if status == 204 else status, "body": _item_outcome(item), "location": item.reference}


def _bundle_answer(kind: str) -> Callable[[list[Item]], JsonObject]:
    def answer(items: list[Item]) -> JsonObject:
        entries = [{"response": _response(item)} for item in items]
        # A transaction is all or nothing for its sender (R4 §3.1.0.11.2); we keep its good entries all the same, and say
        # in one OperationOutcome which entries were not usable.
        invalid = [item for item in items if item.state == "invalid"]
        if kind == "transaction-response" and invalid:
            problems = [
                {**problem, "expression": [f"Bundle.entry[{item.position}]", *problem.get("expression", [])]}
                for item in invalid
                for problem in item.issues
                if problem["severity"] == "error"
            ]
            return {"status": 422, "body": outcome(*problems)}
        return {"status": 200, "body": {"resourceType": "Bundle", "type": kind, "entry": entries}}

    return answer


def _summary_answer(items: list[Item]) -> JsonObject:
    problems = [
        {**problem, "expression": [f"Bundle.entry[{item.position}]", *problem.get("expression", [])]}
        for item in items
        for problem in item.issues
        if item.state == "invalid"
    ]
    stored = sum(item.state != "invalid" for item in items)
    text = f"{stored} of {len(items)} entries are stored"
    return {"status": 200, "body": outcome(issue(text, code="informational", severity="information"), *problems)}


def _message_answer(bundle: JsonObject) -> Callable[[list[Item]], JsonObject]:
    """The response message (R4 §2.4 Messaging): ok, or fatal-error naming what is wrong."""
    header = message_header(bundle)

    def answer(items: list[Item]) -> JsonObject:
        invalid = [item for item in items if item.state == "invalid"]
        code = "fatal-error" if invalid else "ok"
        return {"status": 200, "body": response_message(header, code, _summary_answer(items)["body"])}

    return answer


def message_header(bundle: JsonObject) -> JsonObject:
    """The MessageHeader, which must be the first entry (R4 §2.4.2). Raises InputRejected if it is not."""
    entries = bundle.get("entry")
    first = entries[0] if isinstance(entries, list) and entries and isinstance(entries[0], dict) else {}
    header = first.get("resource")
    if not isinstance(header, dict) or header.get("resourceType") != "MessageHeader":
        raise InputRejected(
            "the first entry of a message must be its MessageHeader", expression="Bundle.entry[0].resource"
        )
    return header


def response_message(header: JsonObject, code: str, details: JsonObject) -> JsonObject:
    """A response Bundle of type message. Its ids derive from the request's, so that a redelivery gets the same answer."""
    request = str(header.get("id", ""))
    own = str(uuid.uuid5(NAMESPACE, f"response|{request}|{code}"))
    response: JsonObject = {
        "resourceType": "MessageHeader",
        "id": own,
        "source": {"endpoint": "urn:pop-gateway"},
        "response": {"identifier": request, "code": code},
    }
    for element in ("eventCoding", "eventUri"):
        if element in header:
            response[element] = header[element]
    if code != "ok":
        response["response"]["details"] = {"reference": "#details"}
        response["contained"] = [{**details, "id": "details"}]
    return {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [{"fullUrl": f"urn:uuid:{own}", "resource": response}],
    }


def to_bytes(body: Any) -> bytes:
    """An answer's body as bytes."""
    return b"" if body is None else orjson.dumps(body)
