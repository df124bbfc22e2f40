"""Operations on tumours, and what each says: POP's concept for it, the organ, how much it removes (``operations.json``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import orjson

#: The organs of the operation are any: lymph nodes are dissected for every solid tumour.
ANY = "*"
#: ICD-O-3 topographies of blood, marrow, and lymph nodes, where a node is taken out to make the diagnosis.
_SYSTEMIC = frozenset({"C42", "C77"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation."""

    key: str
    ncit: str | None
    display: str
    rank: int
    """How much it removes: the highest of a session is what the session is called after."""
    broader: str | None = None
    site: str | None = None
    """ICD-O-3 topography of the organ, where there is one."""
    organs: tuple[str, ...] = ()
    """Topographies (three characters) of the tumours that it removes."""
    unclear_intent: bool = False
    names: tuple[str, ...] = ()
    snomed: tuple[str, ...] = ()
    only_ncit: bool = False
    bilateral: str | None = None
    """What it is called on both sides."""

    def removes(self, topography: str) -> bool:
        """True if a tumour of this site is what the operation removes."""
        category = topography[:3]
        if ANY in self.organs:
            return bool(category) and category not in _SYSTEMIC
        return category in self.organs or topography in self.organs


@lru_cache(maxsize=1)
def operations() -> dict[str, Operation]:
    """All operations by key."""
    document = orjson.loads((files("mappers.surgeries") / "operations.json").read_bytes())
    return {
        key: Operation(
            key=key, ncit=each["ncit"], display=each["display"], rank=each["rank"], broader=each.get("broader"),
            site=each.get("site"), organs=tuple(each.get("organs", ())), unclear_intent=bool(each.get("unclear_intent")),
            names=tuple(each.get("names", ())), snomed=tuple(each.get("snomed", ())), only_ncit=bool(each.get("only_ncit")),
            bilateral=each.get("bilateral"),
        )
        for key, each in document["operations"].items()
    }  # fmt: skip


def chain(operation: Operation) -> Iterator[tuple[Operation, bool]]:
    """The operation and the broader ones that may stand in for it, finest first; (operation, whether it is broader)."""
    current: Operation | None = operation
    while current is not None:
        if current.ncit is not None:
            yield current, current is not operation
        current = operations()[current.broader] if current.broader is not None else None


@lru_cache(maxsize=1)
def by_snomed() -> dict[str, Operation]:
    """Operations by SNOMED CT procedure code."""
    return {code: each for each in operations().values() for code in each.snomed}


@lru_cache(maxsize=1)
def by_ncit() -> dict[str, Operation]:
    """Operations by NCIt code."""
    return {each.ncit: each for each in operations().values() if each.ncit is not None}


@lru_cache(maxsize=1)
def patterns() -> tuple[tuple[re.Pattern[str], Operation], ...]:
    """The names of all operations as patterns of a whole normalised name."""
    return tuple(
        (re.compile("|".join(f"(?:{name})" for name in each.names)), each)
        for each in operations().values()
        if each.names
    )
