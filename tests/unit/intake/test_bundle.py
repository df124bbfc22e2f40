"""Bundles taken apart."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gateway.config import LimitSettings
from gateway.errors import InputRejected
from gateway.intake import receive
from gateway.intake.item import Item
from mappers.references import identifier_key

LIMITS = LimitSettings()
SPECIMEN = {"resourceType": "Specimen", "id": "s"}


def _items(kind: str, *entries: Any) -> list[Item]:
    body = orjson.dumps({"resourceType": "Bundle", "type": kind, "entry": entries})
    return receive.bundle_delivery(body, source="s", channel="http", limits=LIMITS).items


@pytest.mark.parametrize("kind", ["transaction", "batch", "collection", "history", "searchset", "document"])
def test_every_kind_of_bundle_gives_its_resources(kind: str) -> None:
    items = _items(kind, {"fullUrl": "https://ehr/Specimen/s", "resource": SPECIMEN})
    assert [(item.reference, item.valid) for item in items] == [("Specimen/s", True)]


@pytest.mark.parametrize(
    "entry",
    [
        {},
        "x",
        None,
        [],
        {"resource": 7},
        {"resource": {}},
        {"resource": {"resourceType": "Nothing"}},
        {"request": {"method": "GET", "url": "Patient"}},
        {"request": {"method": "DELETE", "url": "Patient?active=false"}},
        {"request": {"method": "PUT", "url": "Specimen/other"}, "resource": SPECIMEN},
    ],
)
def test_a_bad_entry_is_invalid_and_its_neighbours_are_not(entry: Any) -> None:
    items = _items("batch", {"resource": SPECIMEN}, entry, {"resource": {**SPECIMEN, "id": "t"}})
    assert [item.valid for item in items] == [True, False, True]
    assert items[1].outcome is not None
    assert [item.position for item in items] == [0, 1, 2]


def test_remarks_on_a_search_are_left_out() -> None:
    remark = {"search": {"mode": "outcome"}, "resource": {"resourceType": "OperationOutcome", "issue": []}}
    assert [item.id for item in _items("searchset", remark, {"resource": SPECIMEN})] == ["s"]


def test_the_status_of_a_notification_is_left_out() -> None:
    status = {"resourceType": "Parameters", "parameter": [{"name": "subscription"}, {"name": "type"}]}
    entry = {"resource": status, "request": {"method": "GET", "url": "Subscription/1/$status"}}
    assert [item.id for item in _items("history", entry, {"resource": SPECIMEN})] == ["s"]


def test_deletions_name_what_they_delete() -> None:
    (item,) = _items("history", {"request": {"method": "DELETE", "url": "Specimen/s/_history/3"}})
    assert (item.reference, item.delete, item.valid) == ("Specimen/s", True, True)


def test_a_put_without_an_id_takes_that_of_its_request() -> None:
    (item,) = _items(
        "transaction", {"request": {"method": "PUT", "url": "Specimen/q"}, "resource": {"resourceType": "Specimen"}}
    )
    assert (item.id, item.valid) == ("q", True)


def test_conditional_entries_are_identified_by_their_condition() -> None:
    specimen = {"resourceType": "Specimen"}
    create, update = _items(
        "transaction",
        {"request": {"method": "POST", "url": "Specimen", "ifNoneExist": "identifier=u|1"}, "resource": specimen},
        {"request": {"method": "PUT", "url": "Specimen?identifier=u|1"}, "resource": specimen},
    )
    assert create.conditional == update.conditional == identifier_key("Specimen", "u", "1")
    assert (create.create, update.create) == (True, False)
    assert create.id == update.id


def test_full_urls_become_keys() -> None:
    (item,) = _items("transaction", {"fullUrl": "urn:uuid:AB", "resource": SPECIMEN})
    assert item.keys() == ["urn:uuid:ab"]


@pytest.mark.parametrize(
    ("body", "issue"),
    [
        ({"resourceType": "Bundle", "type": "subscription-notification"}, "not-supported"),
        ({"resourceType": "Bundle"}, "not-supported"),
        ([], "structure"),
        ({}, "structure"),
    ],
)
def test_bodies_that_are_no_delivery(body: Any, issue: str) -> None:
    with pytest.raises(InputRejected) as refused:
        receive.bundle_delivery(orjson.dumps(body), source="s", channel="http", limits=LIMITS)
    assert refused.value.issue == issue


def test_entries_keep_their_bytes() -> None:
    raw = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":35.50}}'
    body = b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":' + raw + b"}]}"
    (item,) = receive.bundle_delivery(body, source="s", channel="http", limits=LIMITS).items
    assert item.raw == raw
