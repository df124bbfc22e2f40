"""Candidates for codes that nothing translates: what is alike comes first, nothing unlike is proposed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappers.terminology.candidates import Candidates, words_of
from mappers.terminology.concepts import Concept

SITES = Candidates(
    Concept("icd-o", code, display, synonyms)
    for code, display, synonyms in (
        ("C50.1", "Central portion of breast", ()),
        ("C50.2", "Upper-inner quadrant of breast", ()),
        ("C50.4", "Upper-outer quadrant of breast", ()),
        ("C50.5", "Lower-outer quadrant of breast", ()),
        ("C61.9", "Prostate gland", ("Prostate, NOS",)),
        ("C34.1", "Upper lobe, lung", ()),
    )
)


@pytest.mark.parametrize(
    ("coding", "code"),
    [
        (("local", "7", "Structure of upper outer quadrant of breast"), "C50.4"),
        (("local", "8", "PROSTATE"), "C61.9"),
        (("local", "9", "lung, upper lobe"), "C34.1"),
        (("local", "9", "Uper lobe of lungs"), "C34.1"),
        (("icd-10-cm", "C50.111", ""), "C50.1"),
        (("local", "C61.9", "?"), "C61.9"),
    ],
    ids=["word-order", "case", "comma", "misspelled", "code-begins-alike", "same-code"],
)
def test_the_most_alike_comes_first(coding: tuple[str, str, str], code: str) -> None:
    found = SITES.find([coding])
    assert found[0].concept.code == code
    assert found[0].why
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


def test_nothing_is_proposed_for_what_is_unlike_everything() -> None:
    assert SITES.find([("local", "x", "Haematocrit")]) == []
    assert SITES.find([]) == []


def test_any_of_several_codings_may_tell() -> None:
    found = SITES.find([("local", "x", "Haematocrit"), ("local", "y", "Prostate gland")])
    assert found[0].concept.code == "C61.9"


@pytest.mark.parametrize(
    ("text", "words"),
    [("Schilddrüse, NOS", ("schilddruese",)), ("CA 15-3", ("ca", "15", "3")), ("of the", ("of", "the")), ("", ())],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=3))
def test_whatever_is_asked_the_answer_is_ranked_and_of_the_list(codings: list[tuple[str, str, str]]) -> None:
    found = SITES.find(codings, limit=3)
    assert len(found) <= 3
    assert all(0 <= each.score <= 1 and each.concept in SITES.concepts for each in found)
