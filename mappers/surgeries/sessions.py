"""Which Procedures are one operation: a pure function of the set, so that the order of arrival does not matter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mappers.protocol import EntityView
from mappers.surgeries.names import BILATERAL
from mappers.surgeries.operations import ANY, Operation, chain
from mappers.surgeries.statement import Statement

#: Procedures up to this rank accompany another one (lymph nodes, omentum): they join whatever was done that day.
_COMPANION = 45
#: A tumour that became known later than this after the operation was not what was operated on.
_DIAGNOSIS_DAYS = 180
#: What says next to nothing of an organ; sharing it says nothing of sharing an operation.
_UNSPECIFIC = frozenset({"excision"})


@dataclass(slots=True)
class Session:
    """One operation."""

    statements: list[Statement]
    targets: frozenset[str]
    """Keys of the tumours operated on, named or of the organ."""
    named: bool

    @property
    def main(self) -> Statement:
        """The Procedure that removes most."""
        return max(
            self.statements, key=lambda each: (each.rank, each.reading.own, bool(each.reading.side), each.reference)
        )

    @property
    def identity(self) -> str:
        """The container's reference; else the least of those that tell more than a bill does. Neither changes as parts arrive."""
        containers = sorted({each.container for each in self.statements if each.container is not None})
        if containers:
            return containers[0]
        telling = [each.reference for each in self.statements if not each.told_by_billing]
        return min(telling or [each.reference for each in self.statements])


def sessions(statements: Iterable[Statement], tumours: Sequence[EntityView]) -> list[Session]:
    """Parts of one container, and what was done on one day to the same tumours, are one operation."""
    units: dict[str, list[Statement]] = {}
    for each in sorted(statements, key=lambda each: each.reference):
        units.setdefault(each.container or each.reference, []).append(each)
    found: list[Session] = []
    made = [_session(members, tumours) for members in units.values()]
    for session in sorted(made, key=lambda each: (-each.main.rank, each.identity)):
        fitting = [each for each in found if _one(each, session)]
        if fitting:
            fitting[0].statements.extend(session.statements)
            fitting[0].targets |= session.targets if session.named or not fitting[0].named else frozenset()
            fitting[0].named = fitting[0].named or session.named
        else:
            found.append(session)
    return found


def _session(members: list[Statement], tumours: Sequence[EntityView]) -> Session:
    named = frozenset(key for each in members for key in each.tumours)
    own = any(each.reading.own for each in members)
    return Session(members, named if named or own else of_organ(members, tumours), bool(named))


def of_organ(members: Sequence[Statement], tumours: Sequence[EntityView]) -> frozenset[str]:
    """The tumours of the organ that was operated on, on its side; a tumour that was found long after is none of them."""
    main = max(members, key=lambda each: (each.rank, each.reference))
    operation, site = main.reading.operation, main.reading.site
    if operation is None:
        return frozenset()
    found = set()
    for view in tumours:
        concept = view.payload.get("topography")
        topography = str(concept.get("code", "")) if isinstance(concept, dict) else ""
        same = operation.removes(topography) or (
            not operation.organs and site is not None and topography[:3] == site[:3]
        )
        if same and _side_fits(main.reading.side, view) and not _known_later(main, view):
            found.add(view.key)
    return frozenset(found)


def _side_fits(side: str | None, view: EntityView) -> bool:
    concept = view.payload.get("laterality")
    other = concept.get("code") if isinstance(concept, dict) else None
    return side is None or other is None or BILATERAL in (side, other) or side == other


def _known_later(statement: Statement, view: EntityView) -> bool:
    asserted = view.payload.get("assertionDate")
    if statement.day is None or not isinstance(asserted, str):
        return False
    try:
        known = dt.date.fromisoformat(asserted)
    except ValueError:
        return False
    return (known - statement.day.latest).days > _DIAGNOSIS_DAYS


def _one(left: Session, right: Session) -> bool:
    """True if two units are one operation."""
    one, two = left.main, right.main
    if one.reading.own and two.reading.own:
        return False  # POP's own export: each is an entity there
    exact = _same_day(one, two)
    if not exact and not _overlaps(one, two):
        return False
    companion = min(one.rank, two.rank) <= _COMPANION
    if left.targets and right.targets and not left.targets & right.targets and not companion:
        return False
    if left.named and right.named and not left.targets & right.targets:
        return False
    sides = {one.reading.side, two.reading.side} - {None, BILATERAL}
    if len(sides) > 1 and not (left.named and right.named):
        return False
    # The day alone joins; what is only known to fall into the same month or stay must be the same operation.
    return exact or _same_operation(one.reading.operation, two.reading.operation)


def _same_day(one: Statement, two: Statement) -> bool:
    if one.day is None or two.day is None:
        return False
    return one.day.exact and two.day.exact and one.day.date == two.day.date and one.last is None and two.last is None


def _overlaps(one: Statement, two: Statement) -> bool:
    if one.day is None or two.day is None:
        return False
    spans = [(each.day.earliest, (each.last or each.day).latest) for each in (one, two) if each.day is not None]
    return spans[0][0] <= spans[1][1] and spans[1][0] <= spans[0][1]


def _same_operation(one: Operation | None, two: Operation | None) -> bool:
    if one is None or two is None:
        return False
    if one.key == two.key:
        return True
    lines = [{each.key for each, _ in chain(operation)} | {operation.key} for operation in (one, two)]
    organs = set(one.organs) & set(two.organs) - {ANY}
    return bool((lines[0] & lines[1]) - _UNSPECIFIC) or (bool(organs) and abs(one.rank - two.rank) <= 25)
