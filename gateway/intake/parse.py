"""From a request body to JSON, refusing clearly what cannot be FHIR R4 JSON.

orjson is fast but keeps the last of two equal keys. A key that occurs twice is an error in JSON from a hospital (one of
the values would be lost), so keys are counted in the raw bytes and in the parsed tree; only if the counts differ (the
count in the raw bytes can only be too high) does the slower exact check run.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

import orjson

from gateway.config import LimitSettings
from gateway.errors import InputRejected

JsonObject = dict[str, Any]

_KEY = re.compile(rb'"\s*:')
_JSON_TYPES = frozenset({"application/fhir+json", "application/json", "text/json", "application/json+fhir", ""})
_XML = re.compile(r"xml", re.IGNORECASE)
#: fhirVersion media type parameter (R4 §3.1.0.1.11) and the releases that it may name.
_VERSION = re.compile(r"fhirversion\s*=\s*\"?([0-9.]+)", re.IGNORECASE)
R4_VERSIONS = ("4.0", "4.3")


def check_media_type(content_type: str | None) -> None:
    """Raise InputRejected for a Content-Type that is not FHIR R4 JSON: 415 for XML and others, 400 for another version."""
    value = content_type or ""
    kind = value.split(";")[0].strip().lower()
    if match := _VERSION.search(value):
        check_version(match[1])
    if kind in _JSON_TYPES:
        return
    if _XML.search(kind):
        raise InputRejected("FHIR XML is not accepted: send application/fhir+json", status=415, issue="not-supported")
    raise InputRejected(
        f"the media type {kind} is not accepted: send application/fhir+json", status=415, issue="not-supported"
    )


def check_accept(accept: str | None) -> None:
    """Raise InputRejected if the sender takes XML only (406) or names another FHIR version (400)."""
    ranges = [part for part in (accept or "").split(",") if part.strip()]
    for part in ranges:
        if match := _VERSION.search(part):
            check_version(match[1])
    if ranges and all(_XML.search(part) for part in ranges):
        raise InputRejected("answers are application/fhir+json only", status=406, issue="not-supported")


def check_version(version: str) -> None:
    """Raise InputRejected (400) for a FHIR version other than R4 or R4B."""
    if not version.startswith(R4_VERSIONS):
        names = {"5": "R5", "3": "STU3", "1": "DSTU2", "0": "DSTU1"}
        name = names.get(version.split(".")[0], "unknown")
        raise InputRejected(
            f"this is FHIR {version} ({name}); only R4 (4.0.1) is accepted", status=400, issue="not-supported"
        )


def inflate(data: bytes, encoding: str | None, limits: LimitSettings) -> bytes:
    """Decompress a gzip or deflate body. Raises InputRejected on a bomb (413), a torn stream (400), another coding (415)."""
    coding = (encoding or "identity").strip().lower()
    if coding in ("", "identity"):
        return data
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise InputRejected(
            f"the content coding {coding} is not accepted: send gzip or none", status=415, issue="not-supported"
        )
    if data[:2] != b"\x1f\x8b" and data[:1] != b"\x78":
        # Neither gzip nor zlib: a proxy or aiohttp itself has inflated it and left the header. No JSON begins like these.
        return data
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    ceiling = min(limits.body_bytes, max(len(data), 1024) * limits.gzip_ratio)
    try:
        plain = inflater.decompress(data, ceiling + 1)
    except zlib.error as error:
        raise InputRejected("the body is not valid gzip", status=400, issue="structure") from error
    if len(plain) > ceiling:
        raise InputRejected(
            "the body inflates beyond the limit: send it in smaller parts", status=413, issue="too-costly"
        )
    if not inflater.eof:
        raise InputRejected("the gzip body ends too early: it was cut on its way", status=400, issue="incomplete")
    return plain


def bare(data: bytes) -> bytes:
    """The body without a byte order mark and without white space around it: what is kept as the raw resource."""
    return data.removeprefix(b"\xef\xbb\xbf").strip()


def parse(data: bytes, limits: LimitSettings) -> Any:
    """The JSON value of a body or line (see :func:`bare`). Raises InputRejected: 413 too large, 400 anything else."""
    if len(data) > limits.body_bytes:
        raise InputRejected(
            f"the body is larger than {limits.body_bytes} bytes: send it in parts", status=413, issue="too-long"
        )
    if not data:
        raise InputRejected("the body is empty: a FHIR resource is expected", status=400, issue="structure")
    if data[:1] == b"<":
        raise InputRejected("FHIR XML is not accepted: send application/fhir+json", status=415, issue="not-supported")
    try:
        value = orjson.loads(data)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise _explain(data, error, limits) from None
    keys = count_keys(value, limits.depth)
    if keys != len(_KEY.findall(data)):
        _check_duplicates(data)
    return value


def count_keys(value: Any, depth: int) -> int:
    """Number of object keys in a tree. Raises InputRejected (400) if it is nested deeper than ``depth``."""
    total = 0
    level = [value]
    # Level by level: orjson gives exact types, and no call per node is needed.
    while level:
        if depth <= 0:
            raise InputRejected("the JSON is nested too deeply", status=400, issue="too-costly")
        depth -= 1
        below: list[Any] = []
        for node in level:
            kind = type(node)
            if kind is dict:
                total += len(node)
                below += node.values()
            elif kind is list:
                below += node
        level = [node for node in below if type(node) is dict or type(node) is list]
    return total


def _check_duplicates(data: bytes) -> None:
    def pairs(items: list[tuple[str, Any]]) -> JsonObject:
        found = dict(items)
        if len(found) != len(items):
            seen: set[str] = set()
            twice = next(key for key, _ in items if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            # The name of an element is no patient data, but free text could be used as a key: only FHIR-like names are shown.
            shown = f"«{twice}» " if re.fullmatch(r"[A-Za-z_]{1,64}", twice) else ""
            raise InputRejected(
                f"the element {shown}occurs twice in one object: one of the values would be lost",
                status=400,
                issue="structure",
            )
        return found

    json.loads(data, object_pairs_hook=pairs)


def _explain(data: bytes, error: Exception, limits: LimitSettings) -> InputRejected:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return InputRejected(f"the body is not UTF-8 (byte {wrong.start})", status=400, issue="structure")
    nesting = deepest = 0
    for byte in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", data):
        if byte in b"{[":
            nesting += 1
            deepest = max(deepest, nesting)
        elif byte in b"}]":
            nesting -= 1
    if deepest > limits.depth:
        return InputRejected("the JSON is nested too deeply", status=400, issue="too-costly")
    where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, orjson.JSONDecodeError) else ""
    return InputRejected(f"the body is not JSON{where}", status=400, issue="structure")


_BLANK = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder().raw_decode


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return at if match is None else match.end()


def _value(text: str, at: int, wanted: str) -> int | None:
    """Where the value of one member of the object that begins at ``at`` starts; None if there is no such member."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if key == wanted:
            return at
        at = _skip(text, _decode(text, at)[1])
        if text[at] == ",":
            at = _skip(text, at + 1)
    return None


def _entry(text: str, at: int) -> tuple[bytes | None, int]:
    """The resource of the entry that begins at ``at``, and where the entry ends."""
    found: bytes | None = None
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        end = _decode(text, start)[1]
        if key == "resource":
            found = text[start:end].encode()
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found, at + 1


def entry_slices(data: bytes) -> list[bytes | None]:
    """The raw bytes of each Bundle entry's ``resource``, in order; None for an entry without one.

    The bytes are cut out, not printed anew: 35.50 stays 35.50. ``data`` must be a valid JSON object (parse it first).
    """
    text = data.decode()
    slices: list[bytes | None] = []
    entries = _value(text, 0, "entry")
    if entries is None or text[entries] != "[":
        return slices
    at = _skip(text, entries + 1)
    while text[at] != "]":
        if text[at] == "{":
            found, at = _entry(text, at)
        else:
            found, at = None, _decode(text, at)[1]
        slices.append(found)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return slices
