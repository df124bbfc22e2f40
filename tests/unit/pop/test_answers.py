"""What POP says, reduced to what the caller has to do and what may be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pop.answers import LONGEST_RETRY_AFTER, explain, raise_for, retry_after
from adapters.pop.errors import (
    PopAmbiguous,
    PopContract,
    PopError,
    PopForbidden,
    PopRejected,
    PopServerError,
    PopTransient,
    PopUnauthorised,
)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, PopContract), (400, PopRejected), (401, PopUnauthorised), (403, PopForbidden), (404, PopRejected),
        (405, PopContract), (418, PopContract), (422, PopRejected), (429, PopTransient), (500, PopServerError),
        (408, PopTransient), (502, PopTransient), (503, PopTransient), (504, PopTransient), (520, PopTransient),
    ],
)  # fmt: skip
def test_every_status_has_one_meaning(status: int, error: type[PopError]) -> None:
    with pytest.raises(error) as raised:
        raise_for(httpx.Response(status, text="<html>"))
    assert raised.value.status == status


@pytest.mark.parametrize(
    ("status", "error"),
    [(408, PopAmbiguous), (429, PopTransient), (502, PopAmbiguous), (503, PopTransient), (504, PopAmbiguous)],
)
def test_what_a_proxy_says_of_a_write_leaves_open_whether_it_was_done(status: int, error: type[PopError]) -> None:
    with pytest.raises(error) as raised:
        raise_for(httpx.Response(status, text="<html>"), write=True)
    assert raised.value.status == status


def test_a_write_that_met_another_s_in_the_same_case_may_have_been_stored() -> None:
    text = 'insert or update on table "oncology_surgery" violates foreign key constraint "x"'
    answer = httpx.Response(422, json={"message": text})
    with pytest.raises(PopAmbiguous):
        raise_for(answer, write=True)
    with pytest.raises(PopRejected):
        raise_for(answer)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_raises_nothing(status: int) -> None:
    raise_for(httpx.Response(status))


def after(value: str) -> float | None:
    return retry_after(httpx.Response(503, headers={"Retry-After": value}))


def test_retry_after_in_seconds_or_as_a_date() -> None:
    assert after("7") == 7
    assert after("-3") == 0
    assert after("999999") == LONGEST_RETRY_AFTER
    soon = after(format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True))
    assert soon is not None
    assert 0 < soon <= 600
    assert retry_after(httpx.Response(503)) is None


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_any_retry_after_is_a_bounded_number_or_none(value: str) -> None:
    seconds = after(value)
    assert seconds is None or 0 <= seconds <= LONGEST_RETRY_AFTER


def test_a_shape_error_names_its_fields_once_and_no_value() -> None:
    member = "function-wrap[_run_root_validator()]"
    detail = [
        {"type": "missing", "loc": ["body", "payload", member, "date"], "msg": "Field required"},
        {"type": "missing", "loc": ["body", "payload", member, "date"], "msg": "Field required"},
        {
            "type": "string_pattern",
            "loc": ["body", "payload", "stage", "code"],
            "msg": "SECRET",
            "ctx": {"p": "SECRET"},
        },
    ]
    message, fields = explain(httpx.Response(422, json={"detail": detail}))
    assert fields == ("date", "stage.code")
    assert message == "POP refuses the shape: date: missing; stage.code: string_pattern"


def test_an_unknown_concept_names_code_system_and_list() -> None:
    text = "Got a unsupported or invalid CodedConcept with code 'X1' and system 'http://s' for tnm stage valueset."
    assert (
        explain(httpx.Response(422, json={"message": text}))[0]
        == "POP's list for «tnm stage» has no concept X1 of http://s"
    )


def test_a_database_rule_is_named_without_the_row() -> None:
    text = 'violates check constraint "some_rule" DETAIL: Failing row contains (SECRET)'
    assert explain(httpx.Response(422, json={"message": text}))[0] == "POP's rule «some_rule» forbids it"


@pytest.mark.parametrize("content", [b"", b"SECRET", b"[]", b"3", b'{"detail": [3]}', b'{"message": "SECRET"}'])
def test_what_is_not_understood_is_not_quoted(content: bytes) -> None:
    message, fields = explain(httpx.Response(422, content=content))
    assert "SECRET" not in message
    assert fields == ()
