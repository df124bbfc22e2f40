"""How the sandbox POP says no: the statuses, bodies and wordings that were recorded on the real one."""

from __future__ import annotations

import re
from typing import Any

JsonObject = dict[str, Any]

HTML_500 = (
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Server Error (500)</title>\n</head>\n<body>\n'
    "  <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n"
)
HTML_404 = (
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n'
    "  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n"
)
_CONSTRAINT = (
    'The data provided violates a database constraint: new row for relation "{}" violates check constraint "{}"'
)
_DUPLICATE = "The data provided violates a database constraint: duplicate key value violates unique constraint {}"


class Refused(Exception):
    """A 4xx with its JSON body."""

    def __init__(self, status: int, body: JsonObject) -> None:
        super().__init__(str(status))
        self.status = status
        self.body = body


class ServerError(Exception):
    """POP's HTML 500. What was stored by then stays stored: POP does not wrap a request in a transaction."""


def shape(*details: JsonObject) -> Refused:
    """A 422 for a body, or a query, of the wrong shape."""
    return Refused(422, {"detail": list(details)})


def query(name: str, kind: str, message: str, **context: Any) -> Refused:
    """A 422 for one query parameter."""
    detail: JsonObject = {"type": kind, "loc": ["query", name], "msg": message}
    return shape(detail if not context else {**detail, "ctx": context})


def violation(kind: str, constraint: str) -> Refused:
    """A 422 for a check constraint of the database."""
    return Refused(422, {"message": _CONSTRAINT.format(f"oncology_{kind.lower()}", constraint)})


def duplicate(constraint: str) -> Refused:
    """A 422 for a uniqueness constraint of the database."""
    return Refused(422, {"message": _DUPLICATE.format(f'"{constraint}"')})


def unknown_concept(terminology: str, code: str, system: str) -> Refused:
    """A 422 for a concept that is not in the value list."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z])", " ", terminology).lower()
    text = f"Got a unsupported or invalid CodedConcept with code '{code}' and system '{system}' for {words} valueset."
    return Refused(422, {"message": text})
