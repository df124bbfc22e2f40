"""The gateway's exceptions, in one tree, with stable codes and the exit codes of the command line.

    GatewayError
    ├── UsageError            64
    ├── BadInput              65   what was sent is not what it should be
    │   └── InputRejected           … with the HTTP status and OperationOutcome issue code for the sender
    ├── PeerUnavailable       69   the EHR or POP does not answer, or refuses us
    ├── StoreUnavailable      69   the database is locked, full or gone
    └── ConfigurationError    78

Messages are written for the person who has to act, and never carry patient data.
"""

from __future__ import annotations

from typing import ClassVar


class GatewayError(Exception):
    """Something failed."""

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 1


class UsageError(GatewayError):
    """The command line does not make sense."""

    code = "usage"
    exit_code = 64


class BadInput(GatewayError):
    """The input is not what it should be."""

    code = "bad-input"
    exit_code = 65


class InputRejected(BadInput):
    """A request body that the intake refuses as a whole.

    ``status`` is the HTTP status, ``issue`` the FHIR issue type (http://hl7.org/fhir/issue-type) of the OperationOutcome,
    ``expression`` the element concerned, if one can be named.
    """

    code = "input-rejected"

    def __init__(
        self, message: str, *, status: int = 400, issue: str = "invalid", expression: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.issue = issue
        self.expression = expression


class PeerUnavailable(GatewayError):
    """The EHR or POP cannot be reached."""

    code = "peer-unavailable"
    exit_code = 69


class StoreUnavailable(GatewayError):
    """The store cannot be written: nothing was acknowledged, the sender must send again."""

    code = "store-unavailable"
    exit_code = 69


class ConfigurationError(GatewayError):
    """The configuration is not valid."""

    code = "configuration"
    exit_code = 78
