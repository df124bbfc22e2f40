"""Where the invented patients are: ``fixtures/`` at the top of a checkout, beside the packages."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import ConfigurationError

_TOP = Path(__file__).parents[1] / "fixtures"


def fixtures_folder() -> Path:
    """``fixtures/``. Raises ConfigurationError where the gateway was installed without a checkout."""
    if not _TOP.is_dir():
        raise ConfigurationError(
            "the invented patients are not installed with the package: run this from a checkout (`make demo`), "
            "or name a folder of FHIR with --fixtures"
        )
    return _TOP


def patients_folder() -> Path:
    """``fixtures/patients``: one Bundle per situation."""
    return fixtures_folder() / "patients"
