"""What `check` says of POP: clock, contract, and the technical account's rights."""

from __future__ import annotations

import pytest

from adapters.pop.client import Account
from adapters.pop.release import Adaptation, Release
from gateway.checkpop import clock, contract, judge
from gateway.findings import ago

PACKAGED = Release.packaged()


@pytest.mark.parametrize(
    ("level", "service", "state", "todo"),
    [
        (1, True, "ok", None),
        (0, True, "failed", "set its access level to 1 (now 0):"),
        (0, False, "failed", "set its access level to 1 (now 0) and tick «service account»:"),
        (1, False, "failed", "in POP, tick «service account»:"),
        (2, False, "warning", "set its access level to 1 (now 2) and tick «service account»:"),
        (2, True, "warning", "set its access level to 1 (now 2):"),
        (4, False, "warning", "set its access level to 1 (now 4) and tick «service account»:"),
    ],
)
def test_level_one_with_service_account_is_right(level: int, service: bool, state: str, todo: str | None) -> None:
    account = Account("gateway", level, service, can_manage_cases=service or level >= 2, can_export=level >= 2)
    finding = judge(account)
    assert (finding.state, finding.exit_code) == (state, int(state == "failed"))
    assert (finding.advice is None) == (todo is None)
    if todo is not None and finding.advice is not None:
        assert todo in finding.advice
    assert finding.data == {"username": "gateway", "level": level, "serviceAccount": service}


@pytest.mark.parametrize(
    ("difference", "state", "said"),
    [
        (0.4, "ok", "within 5 s"), (-4.9, "ok", "within 5 s"), (40.0, "warning", "40 s ahead of"),
        (3600.0, "warning", "1 h ahead of"), (-3599.4, "warning", "1 h behind"), (-7200.0, "warning", "2 h behind"),
        (None, "warning", "does not tell"),
    ],
)  # fmt: skip
def test_clocks(difference: float | None, state: str, said: str) -> None:
    finding = clock(difference)
    assert finding.state == state
    assert said in finding.text


def test_spans_of_time() -> None:
    assert [ago(each) for each in (5, 119, 120, 3400, 3600, 90_000, 200_000)] == [
        "5 s", "119 s", "2 min", "57 min", "1 h", "25 h", "2 days",
    ]  # fmt: skip


def test_a_release_that_is_the_packaged_one_takes_everything_whole() -> None:
    (finding,) = contract(PACKAGED, {"PatientCase", "Vitals"})
    assert finding.state == "ok"
    assert finding.text.endswith("44 of 44 kinds understood; of the 2 that the mappers write, 2 arrive whole")
    assert (finding.data["whole"], finding.data["degraded"], finding.data["refused"]) == (
        ["PatientCase", "Vitals"],
        {},
        {},
    )


def test_what_is_lost_and_what_is_refused_is_said_kind_by_kind() -> None:
    release = Release(
        "9.9.9",
        "x",
        {
            "Vitals": Adaptation(absent=("temperature",)),
            "Surgery": Adaptation(refused="date is integer, not date"),
            "TumorMarker": Adaptation(refused="it does not have this kind"),
        },
    )
    head, vitals, marker = contract(release, {"PatientCase", "Vitals", "TumorMarker"})
    assert f"9.9.9 (the gateway was built against {PACKAGED.version}); 42 of 44 kinds understood" in head.text
    assert "1 arrive whole, 1 in part, 1 not at all" in head.text
    assert (vitals.subject, vitals.state, vitals.exit_code) == ("Vitals", "warning", 0)
    assert "without temperature" in vitals.text
    assert (marker.subject, marker.state, marker.exit_code) == ("TumorMarker", "failed", 1)
    assert marker.text == "not written: it does not have this kind"
