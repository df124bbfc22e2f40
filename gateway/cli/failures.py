"""Every failure of a command as one sentence that says what to do, and its stable exit code."""

from __future__ import annotations

import traceback

from gateway.errors import GatewayError

PEER_UNAVAILABLE = 69
CONFIGURATION = 78

#: ``code`` of exceptions outside the gateway's own tree (adapters and mappers do not know the gateway) → exit code.
_CODES = {
    "pop-unavailable": PEER_UNAVAILABLE,
    "pop-ambiguous": PEER_UNAVAILABLE,
    "pop-server-error": PEER_UNAVAILABLE,
    "pop-poisoned": PEER_UNAVAILABLE,
    "pop-unauthorised": PEER_UNAVAILABLE,
    "pop-forbidden": PEER_UNAVAILABLE,
    "mapping": CONFIGURATION,
}


def explain(error: Exception) -> tuple[str, int]:
    """The sentence and the exit code for an exception. Texts of exceptions that are not ours may quote a patient's data:
    of these only the type and the place are told."""
    if isinstance(error, GatewayError):
        return str(error), error.exit_code
    code = getattr(error, "code", None)
    if isinstance(code, str) and type(error).__module__.partition(".")[0] in ("adapters", "mappers"):
        fallback = PEER_UNAVAILABLE if ".ehr" in type(error).__module__ else 1
        return str(error), _CODES.get(code, fallback)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    if isinstance(error, OSError):
        return (
            f"{error.strerror or type(error).__name__}{place}; check the address, file or port named in the command",
            1,
        )
    return f"unexpected {type(error).__name__}{place}: this is a defect; please report it with the command used", 1
