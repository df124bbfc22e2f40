"""Faults and latencies as they are written on a command line.

A fault is ``ACTION[=VALUE][,CONDITION=VALUE]…``; times are ``250ms``, ``2s``, ``5min``::

    status=503,path=tumor-markers,times=3     three requests for tumour markers are answered with 503
    status=429,retry-after=7s,method=POST     one write is told to come back in 7 seconds
    status-after=500,times=forever            every request is carried out and then answered with 500
    cut-after,method=POST,probability=0.1,times=forever    of one write in ten the connection is cut after it was stored
    delay=200ms,sigma=0.8,times=forever       lognormal delays: half of them above 200 ms, one in a hundred above 1.3 s
    delay=5s,path=auth/session                a slow sign-in
    login-limit,times=5                       five sign-ins are refused, right password or not
    expire,probability=0.01,times=forever     sessions end now and then
    maintenance=30s                           a maintenance page for everybody, with Retry-After
    missing=TumorMarkerAnalyte                a value list is empty; missing=Gene/HGNC:3236: one concept is gone
    withdraw=gateway,level=1                  the account keeps level 1 and is no service account any more

A latency is ``none``, ``real``, or ``MEDIAN[,sigma=…][,workers=…][,cores=…]``: ``33ms,sigma=0.3,workers=4,cores=1.8``.
"""

from __future__ import annotations

import re
from typing import Any

from adapters.sandbox.pop.faults import ACTIONS, Fault
from adapters.sandbox.pop.pace import Pace, real

_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0}
#: Action → the field that its own value is for; an action that is not here takes none.
_VALUES = {
    "status": "status", "status-after": "status", "delay": "seconds", "maintenance": "seconds", "missing": "name",
    "withdraw": "name",
}  # fmt: skip
_CONDITIONS = ("method", "path", "times", "probability", "retry-after", "sigma", "level")


def fault(text: str) -> Fault:
    """The fault that is written. Raises ValueError that tells what would be right."""
    (action, value), *conditions = _pairs(text)
    if action not in ACTIONS:
        raise ValueError(f"«{action}» is no fault; there are {', '.join(sorted(ACTIONS))} (e.g. status=503,times=3)")
    fields: dict[str, Any] = {}
    if (own := _VALUES.get(action)) is not None:
        if value is None:
            example = {"status": "503", "seconds": "2s", "name": "gateway" if action == "withdraw" else "Gene"}[own]
            raise ValueError(f"«{action}» needs a value, e.g. {action}={example}")
        fields[own] = _value(own, value)
    elif value is not None:
        raise ValueError(f"«{action}» takes no value of its own")
    for name, given in conditions:
        if name not in _CONDITIONS:
            raise ValueError(f"«{name}» is no condition; there are {', '.join(_CONDITIONS)}")
        if given is None:
            raise ValueError(f"«{name}» needs a value: {name}=…")
        fields[name.replace("-", "_")] = _value(name, given)
    return Fault(action, **fields)


def latency(text: str) -> Pace | None:
    """The latency that is written; None for ``none``. Raises ValueError that tells what would be right."""
    if text in ("none", "real"):
        return real() if text == "real" else None
    (median, value), *others = _pairs(text)
    names = ("sigma", "workers", "cores")
    if value is not None or any(name not in names or given is None for name, given in others):
        raise ValueError("a latency is real, none, or e.g. 33ms,sigma=0.3,workers=4,cores=1.8")
    fields = {name: _value(name, given or "") for name, given in others}
    return Pace(_duration(median), **fields)


def _pairs(text: str) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for part in text.split(","):
        name, separator, value = part.partition("=")
        found.append((name.strip(), value.strip() if separator else None))
    return found


def _value(name: str, text: str) -> Any:
    if name in ("seconds", "retry-after"):
        return _duration(text)
    if name == "times" and text == "forever":
        return None
    if name in ("status", "times", "level", "workers"):
        return _number(name, text, whole=True)
    if name in ("probability", "sigma", "cores"):
        return _number(name, text, whole=False)
    return text.upper() if name == "method" else text


def _number(name: str, text: str, *, whole: bool) -> float:
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        more = " or forever" if name == "times" else ""
        raise ValueError(f"{name} must be a {'whole ' if whole else ''}number{more}, not «{text}»") from None
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} cannot be «{text}»")
    return value


def _duration(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|min)", text)
    if found is None:
        raise ValueError(f"a time is written 250ms, 2s or 5min, not «{text}»")
    return float(found[1]) * _UNITS[found[2]]
