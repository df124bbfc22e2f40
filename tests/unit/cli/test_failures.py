"""Errors as one sentence, with the stable exit codes."""

from __future__ import annotations

import pytest

from adapters.pop.errors import PopForbidden, PopRejected, PopTransient
from gateway.cli.failures import explain
from gateway.errors import BadInput, ConfigurationError, GatewayError, PeerUnavailable, StoreUnavailable, UsageError
from mappers.errors import MappingError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GatewayError("x"), 1), (UsageError("x"), 64), (BadInput("x"), 65), (PeerUnavailable("x"), 69), (StoreUnavailable("x"), 69),
                (ConfigurationError("x"), 78), (PopTransient("x"), 69), (PopForbidden("x"), 69), (PopRejected("x"), 1),
        (MappingError("x"), 78),
    ],
)  # fmt: skip
def test_exit_codes(error: Exception, code: int) -> None:
    assert explain(error) == ("x", code)


def test_an_unexpected_exception_does_not_quote_itself() -> None:
    try:
        raise KeyError("Secretname")
    except KeyError as error:
        message, code = explain(error)
    assert code == 1
    assert "Secretname" not in message
    assert "KeyError at test_failures.py" in message
