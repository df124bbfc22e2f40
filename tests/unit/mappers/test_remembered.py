from __future__ import annotations

from typing import Any

import pytest
from mapper_records import LOINC, concept

from mappers.fhir import remembered, words
from mappers.protocol import JsonObject


def test_a_concept_is_judged_once() -> None:
    judged: list[str] = []

    @remembered
    def judge(asked: JsonObject) -> int:
        judged.append(words(asked))
        return len(words(asked))

    assert [judge(concept(LOINC, "1", "one")) for _ in range(3)] == [3, 3, 3]
    assert judge(concept(LOINC, "1", "first")) == 5
    assert judged == ["one", "first"]


@pytest.mark.parametrize("asked", [None, [], "text", {"coding": [{"code": [], "display": "x"}]}, {"text": {}}])
def test_a_misshapen_concept_is_judged_all_the_same(asked: Any) -> None:
    assert remembered(words)(asked) == words(asked)
