"""What `check` says about the technical account's rights."""

from __future__ import annotations

import pytest

from adapters.pop.client import Account
from gateway.checking import judge


@pytest.mark.parametrize(
    ("level", "service", "state"),
    [(1, True, "ok"), (0, True, "failed"), (0, False, "failed"), (1, False, "failed"),
     (2, False, "warning"), (2, True, "warning"), (4, False, "warning")],
)  # fmt: skip
def test_level_one_with_service_account_is_right(level: int, service: bool, state: str) -> None:
    account = Account("gateway", level, service, can_manage_cases=service or level >= 2, can_export=level >= 2)
    finding = judge(account)
    assert finding.state == state
    assert (finding.advice is None) == (state == "ok")
    if finding.advice is not None:
        assert "service account" in finding.advice
