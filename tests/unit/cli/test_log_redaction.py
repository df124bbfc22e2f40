"""Nothing that may identify a person gets into a log line, whoever logs it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway import log


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(captured: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in captured.splitlines()]


def test_ids_queries_and_secrets_are_removed(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json")
    structlog.get_logger("x").info("fetched", url="https://h/fhir/Patient/778899?identifier=a|778899", token="t-778899")
    logging.getLogger("lib").warning("GET https://h/Patient?name=Secretname took %s", "1 s")
    out = capsys.readouterr().err
    assert "778899" not in out
    assert "Secretname" not in out
    assert [line["event"] for line in lines(out)] == ["fetched", "GET https://h/Patient?… took 1 s"]


def test_an_exception_is_told_by_type_and_place_only(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json")
    try:
        raise ValueError("Secretname")
    except ValueError:
        logging.getLogger("lib").exception("failed")
        structlog.get_logger("x").error("failed too", exc_info=True)
    out = capsys.readouterr().err
    assert "Secretname" not in out
    assert all(str(line["error_type"]).startswith("ValueError at test_log_redaction.py:") for line in lines(out))


def test_httpx_tells_no_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json")
    logging.getLogger("httpx").info("HTTP Request: GET https://h/Patient/1")
    assert capsys.readouterr().err == ""
