"""The demo's changes never end, and each says what it is."""

from __future__ import annotations

from itertools import islice

from adapters.sandbox.ehr.server import SandboxEhr
from gateway.demo import further, story
from gateway.fixtures import patients_folder


def test_the_story_goes_on_for_ever_and_every_step_can_be_played() -> None:
    ehr = SandboxEhr(patients_folder())
    steps = [*story(), *islice(further(ehr), 60)]
    assert len(steps) >= 70
    for step in steps:
        assert step["say"]
        assert ("put" in step) != ("delete" in step)
    assert all("resourceType" in step["put"] for step in steps if "put" in step)
