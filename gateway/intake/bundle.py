"""Bundles taken apart: each entry becomes an item of its own, and a bad one never takes its neighbours down (R4 §2.36)."""

from __future__ import annotations

import uuid
from typing import Any

from gateway.intake.item import NAMESPACE, Item, resource_item
from gateway.intake.outcome import issue
from gateway.intake.parse import entry_slices
from mappers.references import literal_key

JsonObject = dict[str, Any]

TYPES = frozenset({"transaction", "batch", "collection", "message", "history", "searchset", "document"})
#: Requests that ask for something instead of telling something: there is nothing to store.
READS = frozenset({"GET", "HEAD"})


def unpack(bundle: JsonObject, data: bytes, *, resource_limit: int, lenient: bool = False) -> list[Item]:
    """The items of a Bundle, in order. ``data``: the raw bytes that ``bundle`` was parsed from."""
    entries = bundle.get("entry")
    if entries is None:
        return []
    if not isinstance(entries, list):
        problem = issue("Bundle.entry must be a list", code="structure", expression="Bundle.entry")
        return [Item(position=0, type="Bundle", id="", json=None, raw=b"", valid=False, issues=[problem])]
    items: list[Item] = []
    for position, (entry, raw) in enumerate(zip(entries, entry_slices(data), strict=True)):
        item = _item(
            entry, raw, position=position, bundle_type=str(bundle.get("type")), resource_limit=resource_limit, lenient=lenient
        )  # fmt: skip
        if item is not None:
            items.append(item)
    return items


def _item(
    entry: Any, raw: bytes | None, *, position: int, bundle_type: str, resource_limit: int, lenient: bool
) -> Item | None:
    where = f"Bundle.entry[{position}]"
    if not isinstance(entry, dict):
        problem = issue("an entry must be an object", code="structure", expression=where)
        return Item(position=position, type="", id="", json=None, raw=b"", valid=False, issues=[problem])
    request: JsonObject = entry["request"] if isinstance(entry.get("request"), dict) else {}
    method = str(request.get("method", "PUT")).upper()
    full_url = entry.get("fullUrl") if isinstance(entry.get("fullUrl"), str) else None
    search = entry.get("search")
    if isinstance(search, dict) and search.get("mode") == "outcome":
        # A searchset may carry the server's remarks on the search: they are no clinical data.
        return None
    if position == 0 and bundle_type == "history" and _is_status(entry.get("resource")):
        return None
    if method == "DELETE" and bundle_type in ("transaction", "batch", "history"):
        return deletion(str(request.get("url", "")), position=position, where=f"{where}.request.url")
    if method in READS:
        text = f"a {method} entry asks for data: this endpoint only takes data in"
        problem = issue(text, code="not-supported", expression=f"{where}.request.method")
        return Item(position=position, type="", id="", json=None, raw=b"", valid=False, issues=[problem])
    if raw is None:
        problem = issue("the entry has no resource", code="required", expression=f"{where}.resource")
        return Item(position=position, type="", id="", json=None, raw=b"", valid=False, issues=[problem])
    wanted = None
    if method == "PUT" and bundle_type in ("transaction", "batch"):
        key = literal_key(str(request.get("url", "")))
        wanted = (
            key.split("/", 1)[1] if key is not None and "/" in key and not key.startswith(("urn:", "id:")) else None
        )
    item = resource_item(
        entry.get("resource"), raw, position=position, full_url=full_url, id_=None, limit=resource_limit, lenient=lenient
    )  # fmt: skip
    _conditional(item, request, method)
    if wanted is not None and item.json is not None:
        if "id" not in item.json:
            item.id = wanted
        elif item.json["id"] != wanted:
            item.valid = False
            item.issues.append(
                issue(
                    "the resource's id differs from the one in request.url",
                    code="value",
                    expression=f"{where}.request.url",
                )
            )
    return item


def _is_status(resource: Any) -> bool:
    """True for the status that a backport subscription notification begins with: it tells about the subscription."""
    if not isinstance(resource, dict):
        return False
    if resource.get("resourceType") == "SubscriptionStatus":
        return True
    names = {item.get("name") for item in resource.get("parameter") or () if isinstance(item, dict)}
    return resource.get("resourceType") == "Parameters" and "subscription" in names


def _conditional(item: Item, request: JsonObject, method: str) -> None:
    """Conditional create (``ifNoneExist``) and update (``PUT Type?identifier=…``): identified by the search, not by an id."""
    query = request.get("ifNoneExist") if method == "POST" else request.get("url") if method == "PUT" else None
    if not isinstance(query, str) or not item.type or (method == "PUT" and "?" not in query):
        return
    key = literal_key(query if "?" in query else f"{item.type}?{query}")
    if key is None or not key.startswith("id:"):
        text = "a condition other than one identifier is not evaluated: the resource is taken by its own id"
        item.issues.append(issue(text, code="not-supported", severity="warning"))
        return
    item.conditional, item.create = key, method == "POST"
    if item.json is not None and "id" not in item.json:
        item.id = str(uuid.uuid5(NAMESPACE, key))


def deletion(url: str, *, position: int, where: str) -> Item:
    """A deletion of ``Type/id``; invalid if the URL names no single resource."""
    key = literal_key(url)
    if key is None or key.startswith(("urn:", "id:")):
        problem = issue("a deletion must name one resource as Type/id", code="not-supported", expression=where)
        return Item(position=position, type="", id="", json=None, raw=b"", valid=False, issues=[problem], delete=True)
    resource_type, _, resource_id = key.partition("/")
    return Item(position=position, type=resource_type, id=resource_id, json=None, raw=b"", delete=True)
