"""The instrument itself: what it takes for equal, and what not."""

from __future__ import annotations

from typing import Any

import pytest
from contract.binding import Bindings
from contract.comparing import differences, one_line

ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
LUNG, BREAST = {"code": "C34", "system": "s"}, {"code": "C50", "system": "s"}


def bound() -> Bindings:
    """As after the steps a and b."""
    found = Bindings()
    found.ids = {"a": ONE, "b": TWO}
    return found


EQUAL: list[tuple[Any, Any]] = [
    ({"createdAt": "2026-01-01", "age": 65}, {"createdAt": "2027-02-02", "age": 66}),
    ({"caseId": "{{a.id}}"}, {"caseId": ONE}),
    ({"context": {"user": ONE}}, {"context": {"user": TWO}}),
    ({"relatedEntitiesIds": ["{{b.id}}", "{{a.id}}"]}, {"relatedEntitiesIds": [ONE, TWO]}),
    ({"sites": [LUNG, BREAST]}, {"sites": [BREAST, LUNG]}),
    ([{"id": "{{a.id}}", "date": "x"}, {"id": "{{b.id}}", "date": "x"}], [{"id": TWO, "date": "x"}, {"id": ONE, "date": "x"}]),
    ({"value": 3.25}, {"value": 3.2500000000000004}),
    ({"anonymized": True, "date": "2024-01-01"}, {"anonymized": True, "date": "2023-11-30"}),
    ({"description": "Case A.1234.567.89"}, {"description": "Case B.4321.765.98"}),
    ({"description": "Erlotinib and Osimertinib"}, {"description": "Osimertinib and Erlotinib"}),
    ({"code": "a", "system": "b", "version": "1"}, {"code": "a", "system": "b", "version": None}),
    ({"period": {"end": None}, "duration": {"value": 998}}, {"period": {"end": None}, "duration": {"value": 1001}}),
]  # fmt: skip
DIFFERENT: list[tuple[Any, Any]] = [
    ({"updatedAt": None}, {"updatedAt": "2027-02-02"}),
    ({"caseId": "{{a.id}}"}, {"caseId": TWO}),
    ({"caseId": None}, {"caseId": TWO}),
    ({"a": 1}, {"a": 1, "b": None}),
    ({"a": None}, {}),
    ({"a": True}, {"a": 1}),
    ({"sites": [LUNG]}, {"sites": [BREAST]}),
    ({"sites": [LUNG]}, {"sites": [LUNG, LUNG]}),
    ([{"id": "{{a.id}}", "date": "y"}, {"id": "{{b.id}}", "date": "x"}], [{"id": TWO, "date": "x"}, {"id": ONE, "date": "y"}]),
    ({"value": 3.25}, {"value": 3.2501}),
    ({"anonymized": False, "date": "2024-01-01"}, {"anonymized": False, "date": "2023-11-30"}),
    ({"description": "Case A.1234.567.89, A.1234.567.89"}, {"description": "Case B.4321.765.98, C.4321.765.98"}),
    ({"description": "Erlotinib and Osimertinib"}, {"description": "Osimertinib and Afatinib"}),
    ({"code": "a", "system": "b", "version": "1"}, {"code": "a", "system": "b"}),
    ({"period": {"end": "x"}, "duration": {"value": 998}}, {"period": {"end": "x"}, "duration": {"value": 1001}}),
    ("Not Found", {"detail": "Not Found"}),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(EQUAL)))
def test_equal(case: int) -> None:
    assert list(differences(*EQUAL[case], bound())) == []


@pytest.mark.parametrize("case", range(len(DIFFERENT)))
def test_different(case: int) -> None:
    assert list(differences(*DIFFERENT[case], bound()))


def test_an_error_in_one_line() -> None:
    detail = [{"loc": ["body", "payload", "x"], "msg": f"String should match pattern '{'a' * 600}'"}]
    assert one_line(422, {"detail": detail}) == "body.payload.x: String should match pattern '<regular expression>'"
    assert one_line(500, "<html><title>Server Error (500)</title>") == 'HTML page "Server Error (500)"'
    assert one_line(404, {"detail": "Not Found"}) == one_line(404, "Not Found") == "Not Found"
