"""What POP's statuses and error bodies mean to the caller; reduced to what may be shown and logged."""

from __future__ import annotations

import email.utils
import math
import re
import time

import httpx
import orjson

from adapters.pop.errors import (
    PopAmbiguous,
    PopContract,
    PopForbidden,
    PopRejected,
    PopServerError,
    PopTransient,
    PopUnauthorised,
)

#: Statuses of a server, or the proxy before it, that did not take the request.
UNAVAILABLE = frozenset({429, 503})
LONGEST_RETRY_AFTER = 3600.0
#: Observed: two clients write therapies or surgeries of one case at a time, POP rewrites its therapy lines for both, one of them
#: gets this answer (or a 500), and both rows are stored. An id that POP does not know is a 500, so nothing else is told so.
_RACE = b"violates foreign key constraint"
_CONCEPT = re.compile(r"CodedConcept with code '([^']*)' and system '([^']*)' for ([a-z0-9 ]+) valueset")
_CONSTRAINT = re.compile(r'(?:check|unique) constraint "([^"]+)"')


def unavailable(response: httpx.Response, who: str = "POP") -> PopTransient:
    """The error for a server that is not available now."""
    status = response.status_code
    return PopTransient(f"{who} is not available ({status})", status=status, retry_after=retry_after(response))


def raise_for(response: httpx.Response, *, write: bool = False) -> None:
    """Raise the PopError that the status means; return on 2xx. ``write``: the request would have changed something."""
    status = response.status_code
    if response.is_success:
        return
    if status == 401:
        raise PopUnauthorised("POP does not accept a fresh session of the technical account", status=status)
    if status == 403:
        raise PopForbidden(
            "the technical account lacks a right: it needs level 1 and the service account flag", status=status
        )
    if status in UNAVAILABLE:
        raise unavailable(response)
    if status == 500:
        raise PopServerError("POP failed on this request (500)", status=status)
    if status > 500 or status == 408:
        # A proxy's words (502, 504, 408, the 52x of some): what stands behind it may have carried the request out.
        if write:
            raise PopAmbiguous(
                f"no answer of POP came through ({status}); it may have carried the request out", status=status
            )
        raise unavailable(response)
    if write and status == 422 and _RACE in response.content:
        raise PopAmbiguous(
            "somebody else wrote to the same case at that moment: POP may have stored it all the same", status=status
        )
    if status in (400, 404, 409, 413, 422):
        message, fields = explain(response)
        raise PopRejected(message, status=status, fields=fields)
    if response.is_redirect:
        raise PopContract(
            f"POP redirects ({status}): its address in the configuration is not the final one", status=status
        )
    raise PopContract(f"POP answered with an unexpected status {status}", status=status)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds of a Retry-After header, given in seconds or as a date (RFC 9110 §10.2.3); at most an hour."""
    value = response.headers.get("Retry-After")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        at = http_date(value)
        if at is None:
            return None
        seconds = at - time.time()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None


def http_date(value: str) -> float | None:
    """Seconds since the epoch of an HTTP date; None for what is none."""
    try:
        return email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None


def explain(response: httpx.Response) -> tuple[str, tuple[str, ...]]:
    """POP's 4xx reduced to what may be shown, and the fields it names: fields with the kind of error, a code and its system, a
    constraint's name. Values, and the 9 kB pattern of an HGVS error, stay out."""
    refused = f"POP refuses it ({response.status_code})"
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return refused, ()
    if not isinstance(answer, dict):
        return refused, ()
    detail = answer.get("detail")
    if isinstance(detail, list):
        # ``loc`` is ["body", "payload", field, …]; a union of schemas puts the name of a step of POP's in between.
        found = [item for item in detail if isinstance(item, dict)]
        names = [[str(part) for part in item.get("loc", ())[2:] if "[" not in str(part)] for item in found]
        fields = tuple(".".join(name) or "body" for name in names)
        told = dict.fromkeys(f"{field}: {item.get('type')}" for field, item in zip(fields, found, strict=True))
        return f"POP refuses the shape: {'; '.join(told)}", tuple(dict.fromkeys(fields))
    message = str(answer.get("message", ""))
    if match := _CONCEPT.search(message):
        return f"POP's list for «{match[3]}» has no concept {match[1]} of {match[2]}", ()
    if match := _CONSTRAINT.search(message):
        return f"POP's rule «{match[1]}» forbids it", ()
    return refused, ()
