"""What stands in deploy/ is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from gateway import config
from mappers.registry import load

TOP = Path(__file__).parents[3]


def test_the_example_configuration_is_valid_and_names_every_setting() -> None:
    path = TOP / "deploy" / "config.example.toml"
    text = path.read_text(encoding="utf-8")
    assert config.load(path).sources["default"].url == "https://fhir.hospital.example/r4"
    for section in (
        "StoreSettings",
        "HttpSettings",
        "LimitSettings",
        "PopSettings",
        "OffHoursSettings",
        "OidcSettings",
        "WorkerSettings",
        "AuditSettings",
        "SourceSettings",
    ):
        for name in getattr(config, section).model_fields:
            # Secrets are given by file or environment; the example shows the file.
            assert name in ("password", "token", "client_secret") or re.search(
                rf"^(# )?({name} = |\[pop\.{name}\])", text, re.MULTILINE
            ), f"{section}.{name}"


def test_values_said_to_be_defaults_are_the_defaults() -> None:
    example = tomllib.loads((TOP / "deploy" / "config.example.toml").read_text(encoding="utf-8"))
    fresh = config.Settings()
    for section in ("limits", "worker", "http", "store", "audit"):
        for name, value in example[section].items():
            assert getattr(getattr(fresh, section), name) == value, f"[{section}] {name}"


def test_the_readme_has_exactly_two_commands_to_start_with() -> None:
    section = (TOP / "README.md").read_text(encoding="utf-8").split("## Two commands")[1].split("## ")[0]
    assert re.findall(r"^    (make \w+)", section, re.MULTILINE) == ["make demo", "make test"]


def test_what_a_mapper_reads_is_polled() -> None:
    read = {resource_type for mapper in load().mappers for resource_type in mapper.reads}
    assert read <= set(config.SourceSettings().types)
