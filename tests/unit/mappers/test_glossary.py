"""German and abbreviations read in the words of POP's lists."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappers.terminology.candidates import Candidates, words_of
from mappers.terminology.concepts import Concept
from mappers.terminology.glossary import glossary, latin, parts, readings
from mappers.terminology.other_names import other_names


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("Zökum", "cecum"), ("muzinöses", "mucinous"), ("Neutropenie", "neutropenia"), ("Karzinom", "carcinoma"),
        ("papilläres", "papillary"), ("Mastektomie", "mastectomy"), ("Osteoporose", "osteoporosis"), ("arterieller", "arterial"),
    ],
)  # fmt: skip
def test_words_from_greek_and_latin_are_spelled_over(german: str, english: str) -> None:
    (word,) = words_of(german)
    assert english in set(latin(word))


def test_a_compound_falls_into_known_parts() -> None:
    known = {"platten", "epithel", "karzinom", "magen", "schleim", "haut"}.__contains__
    assert parts("plattenepithelkarzinom", known) == ["platten", "epithel", "karzinom"]
    assert parts("magenschleimhaut", known) == ["magen", "schleim", "haut"]
    assert parts("magenbitter", known) == []


def test_the_likeliest_reading_comes_first_and_no_word_is_lost() -> None:
    phrases = {("pd",): (("no", "response"), ("disease", "progression")), ("re",): ((), ("right",))}
    found = readings(("pd", "unter", "re"), phrases, most=5)
    assert found[0] == ("no", "response", "unter")
    assert ("disease", "progression", "unter") in found
    assert ("no", "response", "unter", "right") in found
    assert readings(("unter",), phrases, most=5) == []


def test_the_glossary_says_each_phrase_once() -> None:
    lines = (files("mappers.terminology") / "glossary.csv").read_text(encoding="utf-8").splitlines()[1:]
    said = [words_of(line.split(";")[0]) for line in lines]
    twice = sorted({" ".join(each) for each in said if said.count(each) > 1})
    assert twice == []
    assert all(said)
    assert set(glossary(words_of)) == set(said)


@pytest.mark.parametrize(
    ("coding", "display", "why"),
    [
        (("lab", "x", "PTLD 2"), "Post-transplant lymphoproliferative disorder", "short for"),
        (("lab", "x", "Kleinzelliges Bronchialkarzinom"), "Small cell carcinoma, NOS", "read as"),
        (("icd-10-cm", "J44.9", ""), "Other chronic obstructive pulmonary disease", "begins like"),
    ],
    ids=["initials", "german", "code"],
)
def test_a_candidate_says_why_it_is_one(coding: tuple[str, str, str], display: str, why: str) -> None:
    index = Candidates(
        [
            Concept("icd-10", "J44", "Other chronic obstructive pulmonary disease"),
            Concept("icd-10", "J45", "Asthma"),
            Concept("icd-o", "9971/1", "Post-transplant lymphoproliferative disorder"),
            Concept("icd-o", "8041/3", "Small cell carcinoma, NOS"),
        ]
    )
    found = index.find([coding])
    assert found[0].concept.display == display
    assert any(why in each.why for each in found)


def test_what_several_codings_say_stands_before_what_one_says() -> None:
    index = Candidates([Concept("s", "1", "Gastritis"), Concept("s", "2", "Colitis")])
    found = index.find([("lab", "a", "Gastritis"), ("lab", "b", "Colitis"), ("lab", "c", "Kolitis")])
    assert found[0].concept.display == "Colitis"
    assert "another coding" in found[0].why


def test_names_that_pop_does_not_have() -> None:
    index = Candidates([Concept("hgnc", "HGNC:3430", "ERBB2")], others=other_names("Gene"))
    assert [each.concept.display for each in index.find([("lab", "x", "HER2")])] == ["ERBB2"]
    assert other_names("DosageRoute") == {}


@given(st.text(max_size=40))
def test_any_text_is_read_without_failing(text: str) -> None:
    index = Candidates([Concept("s", "1", "Small cell carcinoma, NOS", ("SCLC",))])
    assert all(0 < each.score <= 1 for each in index.find([("s", "c", text)]))
