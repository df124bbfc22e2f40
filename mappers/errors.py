"""Errors of the mapping engine itself. Bad data never raises: it becomes an issue."""

from __future__ import annotations

from typing import ClassVar


class MappingError(Exception):
    """The set of mappers cannot work: a cycle, a name twice, a plug-in for another protocol version."""

    code: ClassVar[str] = "mapping"
