"""The contract handshake: what the server's own OpenAPI document says, compared with what this gateway was built against.

What differs in spelling only is renamed on the wire; what the server lacks is told, and left out by whoever writes; a kind that
is not understood is refused, and the others go on. Nothing here is written out by hand for a release: both contracts are read
from documents by :mod:`adapters.pop.contract`, and every difference is derived from the two. Pure.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator

from adapters.pop.contract import Unreadable, contract
from adapters.pop.errors import PopContract
from adapters.pop.kinds import JsonObject, packaged_contract
from adapters.pop.release import Adaptation, Release

#: By these the gateway finds its own entities again: without them a time-out could end in a duplicate.
IDENTITY = frozenset({"caseId", "externalSource", "externalSourceId"})
#: Types of ours that every server of the second type takes (JSON Schema: an integer is a number, an enumeration is of strings).
_WIDER = frozenset({("integer", "number"), ("enum", "string")})


class _NotUnderstood(Exception):
    """Why a kind must not be written."""


def handshake(document: JsonObject) -> Release:
    """The release whose OpenAPI document this is. Raises PopContract if it is no document of a POP at all."""
    unreadable: set[str] = set()
    try:
        theirs = contract(document, unreadable=unreadable)
    except Unreadable as error:
        raise PopContract(f"POP's contract cannot be read: {error}") from error
    if not theirs["kinds"]:
        raise PopContract("POP's contract cannot be read: it has none of POP's clinical kinds")
    return compare(packaged_contract(), theirs, unreadable=frozenset(unreadable))


def compare(ours: JsonObject, theirs: JsonObject, *, unreadable: frozenset[str] = frozenset()) -> Release:
    """How a server with the contract ``theirs`` differs from ``ours``."""
    kinds: dict[str, Adaptation] = {}
    strange = {name for name, shape in ours["shapes"].items() if _shape_differs(shape, theirs["shapes"].get(name, {}))}
    for name, facts in ours["kinds"].items():
        served = theirs["kinds"].get(name)
        if served is None:
            cannot = "its description cannot be read" if name in unreadable else "it does not have this kind"
            kinds[name] = Adaptation(refused=cannot)
            continue
        try:
            adaptation = _adaptation(facts, served, strange)
        except _NotUnderstood as reason:
            adaptation = Adaptation(refused=str(reason))
        if adaptation != Adaptation():
            kinds[name] = adaptation
    content = json.dumps([theirs, sorted(unreadable)], sort_keys=True).encode()
    return Release(theirs["release"], hashlib.blake2b(content, digest_size=16).hexdigest(), kinds)


def _adaptation(ours: JsonObject, theirs: JsonObject, strange: set[str]) -> Adaptation:
    """Raises _NotUnderstood if the kind must not be written."""
    if _route(ours["collection"]) != _route(theirs["collection"]):
        raise _NotUnderstood(f"its collection is {theirs['collection']}")
    names = _names(ours, theirs)
    absent = tuple(sorted(ours["types"].keys() - names.keys()))
    if lost := sorted({*ours["required"], *ours["const"], *IDENTITY} & set(absent)):
        raise _NotUnderstood(f"it lacks {', '.join(lost)}, without which nothing can be written")
    for field, served in names.items():
        if (difference := next(_differences(ours, field, theirs, served, strange), None)) is not None:
            raise _NotUnderstood(f"{served} {difference}")
    unknown = tuple(sorted(theirs["types"].keys() - set(names.values())))
    if new := sorted(set(unknown) & set(theirs["required"])):
        raise _NotUnderstood(f"it requires {', '.join(new)}, which this gateway does not know")
    required = sorted(
        name for name, served in names.items() if served in theirs["required"] and name not in ours["required"]
    )
    lists = {name for name in required if ours["types"][name].endswith("[]")}
    return Adaptation(
        renamed={name: served for name, served in sorted(names.items()) if name != served},
        absent=absent,
        filled=tuple(sorted(lists)),
        needed=tuple(name for name in required if name not in lists and name not in ours["const"]),
        values={name: gone for name in sorted(names) if (gone := _gone(ours, name, theirs, names[name]))},
        unknown=unknown,
    )


def _names(ours: JsonObject, theirs: JsonObject) -> dict[str, str]:
    """Our name → theirs, of the fields that both have: the same name, else the only one that differs in its capitals alone."""
    free: dict[str, list[str]] = {}
    for served in theirs["types"].keys() - ours["types"].keys():
        free.setdefault(served.lower(), []).append(served)
    names = {name: name for name in ours["types"] if name in theirs["types"]}
    wanted: dict[str, list[str]] = {}
    for name in ours["types"].keys() - names.keys():
        wanted.setdefault(name.lower(), []).append(name)
    for lower, candidates in wanted.items():
        if len(candidates) == 1 and len(free.get(lower, [])) == 1:
            names[candidates[0]] = free[lower][0]
    return names


def _differences(ours: JsonObject, field: str, theirs: JsonObject, served: str, strange: set[str]) -> Iterator[str]:
    """Why a field that both have is not the same thing."""
    is_, was = theirs["types"][served], ours["types"][field]
    if is_ != was and (was, is_) not in _WIDER:
        yield f"is {is_}, not {was}"
    if was.removesuffix("[]") in strange:
        yield f"is of a type ({was.removesuffix('[]')}) whose fields have changed"
    if theirs["const"].get(served) != ours["const"].get(field):
        yield f"is {theirs['const'].get(served, 'free')}, not {ours['const'].get(field, 'free')}"
    if theirs["terminology"].get(served) != ours["terminology"].get(field):
        yield f"takes its concepts from {theirs['terminology'].get(served, 'no list')}, not {ours['terminology'].get(field)}"
    if theirs["measures"].get(served) != ours["measures"].get(field):
        yield f"is measured in {_unit(theirs, served)}, not {_unit(ours, field)}"
    if theirs["defaults"].get(served) != ours["defaults"].get(field):
        yield f"means {theirs['defaults'].get(served)} where it is left out, not {ours['defaults'].get(field)}"


def _unit(facts: JsonObject, field: str) -> str:
    measure, unit = facts["measures"].get(field, ("", "no unit"))
    return f"{unit} ({measure})" if measure else unit


def _gone(ours: JsonObject, field: str, theirs: JsonObject, served: str) -> tuple[str, ...]:
    if theirs["types"][served] == "string":
        return ()
    return tuple(value for value in ours["enums"].get(field, []) if value not in theirs["enums"].get(served, []))


def _shape_differs(ours: JsonObject, theirs: JsonObject) -> bool:
    """True if an object of ours would not be understood: a field gone, of another type, or a new required one."""
    served = {field.removesuffix("*"): kind for field, kind in theirs.items()}
    known = {field.removesuffix("*") for field in ours}
    changed = any(served.get(field.removesuffix("*")) != kind for field, kind in ours.items())
    return changed or any(field.endswith("*") and field.removesuffix("*") not in known for field in theirs)


def _route(collection: str) -> str:
    """A collection whatever its path parameters are called."""
    return re.sub(r"{\w+}", "{}", collection)
