"""What speaks against sending a body."""

from __future__ import annotations

from typing import NamedTuple


class Violation(NamedTuple):
    """One reason, without any of the body's values."""

    field: str
    """Path of the field: ``period.start``, ``genes.0.code``; ``body`` for the whole."""
    why: str
