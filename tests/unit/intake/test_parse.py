"""Bodies: what is refused, with which status; and that entries keep their bytes."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import LimitSettings
from gateway.errors import InputRejected
from gateway.intake.parse import bare, check_accept, check_media_type, count_keys, entry_slices, inflate, parse

LIMITS = LimitSettings(body_bytes=10_000, depth=10)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def _status(body: bytes, limits: LimitSettings = LIMITS) -> int:
    with pytest.raises(InputRejected) as refused:
        parse(body, limits)
    return refused.value.status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"a":1}x', 400),
        (b'{"a":"\xff"}', 400),
        (b'{"a":1,"a":2}', 400),
        (rb'{"id":1,"\u0069d":2}', 400),
        (b'[{"b":[{"a":1,"a":1}]}]', 400),
        (b"[" * 11 + b"]" * 11 + b" " * 3, 400),
        (b"[" * 3000 + b"]" * 3000, 400),
        (b"<Patient/>", 415),
        (b'{"a":"' + b"x" * 10_000 + b'"}', 413),
    ],
)
def test_refused_bodies(body: bytes, status: int) -> None:
    assert _status(body) == status


def test_messages_never_quote_values() -> None:
    with pytest.raises(InputRejected) as refused:
        parse(b'{"Jane Doe 1970":1,"Jane Doe 1970":2}', LIMITS)
    assert "Jane" not in str(refused.value)


def test_a_byte_order_mark_and_white_space_are_tolerated() -> None:
    assert parse(bare(b'\xef\xbb\xbf {"a": 1}\n'), LIMITS) == {"a": 1}


def test_text_that_looks_like_a_key_is_no_duplicate() -> None:
    assert parse(rb'{"a":"\":\":\"a\":"}', LIMITS) == {"a": '":":"a":'}


@given(JSON)
def test_whatever_is_json_is_parsed_as_it_is(value: Any) -> None:
    body = json.dumps(value).encode()
    assert parse(body, LimitSettings(depth=100)) == orjson.loads(body)


@given(JSON)
def test_keys_are_counted_exactly(value: Any) -> None:
    def count(node: Any) -> int:
        if isinstance(node, dict):
            return len(node) + sum(count(child) for child in node.values())
        return sum(count(child) for child in node) if isinstance(node, list) else 0

    assert count_keys(value, 100) == count(value)


@given(st.dictionaries(st.sampled_from("abc"), st.integers(), min_size=1, max_size=3), st.data())
def test_a_repeated_key_is_always_found(members: dict[str, int], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(sorted(members)))
    text = ",".join(f'"{key}":{value}' for key, value in [*members.items(), (again, 1)])
    assert _status(f'{{"x":[{{{text}}}]}}'.encode()) == 400


@given(
    st.lists(st.none() | st.dictionaries(st.sampled_from(["resource", "fullUrl", "x"]), JSON, max_size=3), max_size=5),
    st.sampled_from([None, 2]),
    st.dictionaries(st.sampled_from(["id", "meta", "z"]), JSON, max_size=3),
    st.booleans(),
)
def test_slices_are_the_bytes_of_each_resource(
    entries: list[dict[str, Any] | None], indent: int | None, around: dict[str, Any], ascii_only: bool
) -> None:
    bundle = {**around, "entry": entries, "link": [{"entry": [{"resource": 1}]}]}
    body = json.dumps(bundle, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    slices = entry_slices(body)
    assert len(slices) == len(entries)
    for entry, found in zip(entries, slices, strict=True):
        if entry is None or "resource" not in entry:
            assert found is None
        else:
            assert found is not None
            assert found in body
            assert json.loads(found) == entry["resource"]


def test_slices_keep_decimals() -> None:
    body = b'{"entry": [ {"resource" : {"value": 35.50 , "e":1E2}}, "x", [{"resource":{}}] ]}'
    assert entry_slices(body) == [b'{"value": 35.50 , "e":1E2}', None, None]


@pytest.mark.parametrize("body", [b"{}", b'{"entry":{}}', b'{"entry":null}', b'{"a":{"entry":[{"resource":{}}]}}'])
def test_bundles_without_entries_have_no_slices(body: bytes) -> None:
    assert entry_slices(body) == []


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("application/fhir+xml", 415),
        ("text/xml; charset=utf-8", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/fhir+ndjson", 415),
        ("application/fhir+json; fhirVersion=5.0", 400),
        ('application/fhir+json; fhirVersion="3.0"', 400),
    ],
)
def test_refused_media_types(value: str, status: int) -> None:
    with pytest.raises(InputRejected) as refused:
        check_media_type(value)
    assert refused.value.status == status


@pytest.mark.parametrize(
    "value",
    [None, "application/json", "application/fhir+json; fhirVersion=4.0; charset=utf-8", "APPLICATION/FHIR+JSON"],
)
def test_accepted_media_types(value: str | None) -> None:
    check_media_type(value)


def test_another_version_is_named() -> None:
    with pytest.raises(InputRejected, match="R5"):
        check_media_type("application/fhir+json; fhirVersion=5.0")


def test_answers_are_json_only() -> None:
    check_accept("application/fhir+xml, application/fhir+json")
    check_accept(None)
    with pytest.raises(InputRejected) as refused:
        check_accept("application/fhir+xml")
    assert refused.value.status == 406


def test_gzip_is_inflated() -> None:
    assert inflate(gzip.compress(b"{}", mtime=0), "gzip", LIMITS) == b"{}"
    assert inflate(zlib.compress(b"{}"), "deflate", LIMITS) == b"{}"


def test_what_a_proxy_has_inflated_is_taken_as_it_is() -> None:
    assert inflate(b"{}", "gzip", LIMITS) == b"{}"


@pytest.mark.parametrize(
    ("data", "coding", "status"),
    [
        (gzip.compress(b" " * 10_000_000, mtime=0), "gzip", 413),
        (gzip.compress(b'{"a": 12345678}', mtime=0)[:-9], "gzip", 400),
        (b"\x1f\x8bno gzip", "gzip", 400),
        (b"{}", "br", 415),
    ],
)
def test_refused_codings(data: bytes, coding: str, status: int) -> None:
    with pytest.raises(InputRejected) as refused:
        inflate(data, coding, LIMITS)
    assert refused.value.status == status
