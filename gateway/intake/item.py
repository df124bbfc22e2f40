"""One resource on its way into the store, and the delivery it came in."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.intake.outcome import issue, outcome
from gateway.intake.validate import validate
from mappers.references import literal_key, own_identifier_keys

JsonObject = dict[str, Any]

#: Ids of resources that come without one are made from their business identifier or content in this namespace, so that
#: the same resource sent again is the same resource.
NAMESPACE = uuid.UUID("5a2f0c1e-6f6b-5f4e-9d6f-1f0f5a3f7a11")

LONGEST_ID = 255
"""Characters. R4 allows 64; servers with longer ids exist, but nothing is cut off: two ids might become one."""
STATES = ("stored", "duplicate", "stale", "invalid", "deleted")


@dataclass(slots=True)
class Item:
    """A resource (or its deletion) at one position of a delivery."""

    position: int
    type: str
    id: str
    json: JsonObject | None
    """None for a deletion, and for what is no resource at all."""
    raw: bytes
    valid: bool = True
    delete: bool = False
    issues: list[JsonObject] = field(default_factory=list)
    full_url: str | None = None
    state: str = ""
    """Set by the commit: one of STATES."""
    conditional: str | None = None
    """Key that a conditional create or update searches by (R4 §3.1.0.4.3): the resource that has it is meant."""
    create: bool = False
    """A conditional create: where the resource exists already, nothing changes."""
    exists: bool = False
    """Set by the commit: the condition found a resource."""
    version_row: int | None = None

    @property
    def reference(self) -> str:
        """``Type/id``."""
        return f"{self.type}/{self.id}"

    @property
    def outcome(self) -> JsonObject | None:
        """OperationOutcome of its problems or warnings, None if there are none."""
        return outcome(*self.issues) if self.issues else None

    def keys(self) -> list[str]:
        """Further names: business identifiers (hashed), the Bundle entry's ``urn:`` fullUrl."""
        found = own_identifier_keys(self.json) if self.json is not None else []
        if self.full_url is not None:
            key = literal_key(self.full_url)
            if key is not None and key != self.reference:
                found.append(key)
        return found


@dataclass(slots=True)
class Receipt:
    """What became of a delivery; ``answer`` is what the sender gets, also when it sends the same again."""

    delivery: int
    state: str
    counts: dict[str, int]
    answer: JsonObject
    redelivery: bool = False


@dataclass(slots=True)
class Delivery:
    """What arrived in one go."""

    source: str
    channel: str
    interaction: str
    digest: bytes
    items: list[Item]
    answer: Callable[[list[Item]], JsonObject]
    """Makes ``{"status", "body"}`` from the items once their states are known."""
    state: str | None = None
    """Fixed state of a delivery without items: ``ignored`` or ``invalid``."""
    reason: str | None = None


def delivery_digest(source: str, interaction: str, body: bytes) -> bytes:
    """The idempotency key: the same body, by the same interaction, from the same source."""
    digest = hashlib.blake2b(digest_size=32)
    for part in (source.encode(), interaction.encode()):
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part)
    digest.update(body)
    return digest.digest()


def identity(resource: JsonObject, raw: bytes, full_url: str | None) -> str:
    """The id under which a resource is kept: its own, its entry's ``urn:uuid:``, its first identifier, else its content."""
    own = resource.get("id")
    if isinstance(own, str) and own:
        return own
    if full_url is not None and full_url.lower().startswith("urn:uuid:"):
        return full_url.rsplit(":", 1)[1].lower()
    keys = own_identifier_keys(resource)
    return str(uuid.uuid5(NAMESPACE, keys[0] if keys else hashlib.blake2b(raw, digest_size=16).hexdigest()))


def resource_item(
    resource: Any, raw: bytes, *, position: int = 0, full_url: str | None = None, id_: str | None = None, limit: int,
    lenient: bool = False,
) -> Item:  # fmt: skip
    """An item from a parsed resource: validated, and invalid where it cannot be kept as the newest version."""
    if not isinstance(resource, dict):
        problem = issue("this is no FHIR resource: an object with a resourceType is expected", code="structure")
        return Item(position=position, type="", id="", json=None, raw=raw, valid=False, issues=[problem])
    valid, issues = validate(resource, lenient=lenient)
    resource_type = resource.get("resourceType")
    resource_type = resource_type if isinstance(resource_type, str) else ""
    key = id_ or identity(resource, raw, full_url)
    if b"\\u0000" in raw:
        # R4 §2.24.0.1 forbids it in strings, and PostgreSQL cannot keep it in a text.
        valid = False
        issues.insert(0, issue("a NUL character stands in a text: remove it at the source", code="value"))
    if len(key) > LONGEST_ID or "\x00" in key or "\x00" in resource_type:
        valid, key = False, ""
        resource_type = resource_type.replace("\x00", "")
    if len(raw) > limit:
        valid = False
        issues.append(issue(f"the resource is larger than {limit} bytes: leave out attachments", code="too-long"))
    return Item(
        position=position,
        type=resource_type[:64],
        id=key,
        json=resource,
        raw=raw,
        valid=valid,
        issues=issues,
        full_url=full_url,
    )
