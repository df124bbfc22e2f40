"""What can go wrong with a request to POP, by what the caller has to do about it.

    PopError
    ├── PopTransient      429, 503, connection refused, any read that failed on the way: nothing was stored; later again
    ├── PopAmbiguous      a write was sent, but what came of it is not told (cut, deadline, 502, 504, a race with
    │                     another writer of the same case): look before doing it again
    ├── PopServerError    500 with POP's HTML page: maybe transient, maybe a bad payload, maybe stored all the same
    │   └── PopPoisoned   500 because somebody has stored something in this case that POP cannot show
    ├── PopRejected       422 or 400: this payload is refused; the others go on
    ├── PopUnauthorised   401 after a fresh login, or the login itself is refused: pause everything, tell the operator
    ├── PopForbidden      403: the account lacks a right: pause everything, tell the operator
    ├── PopIdentity       the case that has this hospital identity is somebody else's
    └── PopContract       an answer that is not what POP's OpenAPI document says; a kind or payload we must not send

Messages never carry payload values: POP's own texts are reduced to what names fields, codes and constraints.
"""

from __future__ import annotations

from typing import ClassVar


class PopError(Exception):
    """A request to POP failed. ``status`` is the HTTP status, None where no answer came."""

    code: ClassVar[str] = "pop-error"

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class PopTransient(PopError):
    """POP is unavailable; nothing was stored. ``retry_after`` in seconds, if POP said."""

    code = "pop-unavailable"

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class PopAmbiguous(PopError):
    """A write may or may not have been carried out."""

    code = "pop-ambiguous"


class PopServerError(PopError):
    """POP answered 500."""

    code = "pop-server-error"


class PopPoisoned(PopServerError):
    """Something in this case makes POP fail: a person has to correct or delete it there."""

    code = "pop-poisoned"


class PopRejected(PopError):
    """POP refuses this payload. ``fields`` names the payload fields concerned, if POP's answer does."""

    code = "pop-rejected"

    def __init__(self, message: str, *, status: int | None = None, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message, status=status)
        self.fields = fields


class PopUnauthorised(PopError):
    """The technical account cannot sign in."""

    code = "pop-unauthorised"


class PopForbidden(PopError):
    """The technical account lacks a right."""

    code = "pop-forbidden"


class PopIdentity(PopError):
    """A case with this clinical identifier exists, but for a person of another sex or date of birth: nothing was written."""

    code = "identity-conflict"


class PopContract(PopError):
    """POP's answer, or a payload of ours, breaks the contract; nothing was sent that must not be sent. ``fields`` names the
    payload fields concerned."""

    code = "pop-contract"

    def __init__(self, message: str, *, status: int | None = None, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message, status=status)
        self.fields = fields
