from __future__ import annotations

import pytest
from mapper_records import concept, open_terminology

from mappers.terminology.stage_names import (
    CODE_LETTERS,
    category_of,
    core,
    finer,
    gleason_pair,
    phrase_of,
    spellings,
    token_of,
)

SNOMED, NCIT = "http://snomed.info/sct", "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
UICC = "https://www.uicc.org/resources/tnm"


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("Stage IV", ("IV", "")),
        ("IVB", ("IV", "b")),
        ("Stage 3b", ("III", "b")),
        ("3C", ("III", "c")),
        ("AJCC 8th ed. IIA", ("II", "a")),
        ("Stadium IIIB nach FIGO", ("III", "b")),
        ("FIGO 2018 IIIC1", ("III", "c1")),
        ("IIA1(ii)", ("II", "a1(ii)")),
        ("American Joint Committee on Cancer stage IA2 (qualifier value)", ("I", "a2")),
        ("0is", ("0", "is")),
        ("Ann Arbor IIIBE", ("III", "be")),
        ("International neuroblastoma staging system stage 4S", ("IV", "s")),
    ],
)
def test_a_stage_in_any_spelling(text: str, token: tuple[str, str]) -> None:
    assert token_of(text) == token


@pytest.mark.parametrize(
    "text", ["", "Stage X", "Stage III lung cancer with brain metastases", "IIIa or IIIb", "VI", "6", "IIII"]
)
def test_what_is_more_than_a_stage_is_none(text: str) -> None:
    assert token_of(text) is None


@pytest.mark.parametrize(
    ("one", "other", "says_more"),
    [
        ("IIIA", "III", True),
        ("III", "IIIA", False),
        ("III", "II", False),
        ("IV", "I", False),
        ("IVA", "I", False),
        ("IA2", "IA", True),
    ],
)
def test_finer(one: str, other: str, says_more: bool) -> None:
    first, second = token_of(one), token_of(other)
    assert first is not None
    assert second is not None
    assert finer(first, second) is says_more


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("pT2a(m)", ("p", "T2a", "")),
        ("ypN0(sn)", ("yp", "N0", "")),
        ("cN0 (i+)", ("c", "N0", "(i+)")),
        ("Tis(DCIS)", ("", "Tis", "(DCIS)")),
        ("pN1(mi)", ("p", "N1mi", "")),
        ("T1a1", ("", "T1a1", "")),
        ("pT3(3)", ("p", "T3", "")),
        ("uT2", ("u", "T2", "")),
        ("cTX", ("c", "TX", "")),
        ("M1C", ("", "M1c", "")),
    ],
)
def test_a_category_in_any_spelling(text: str, read: tuple[str, str, str]) -> None:
    assert category_of(text) == read


@pytest.mark.parametrize("text", ["T", "T5", "N4", "pM", "T2 N0", "Type 2", "cT2 versus cT3", "TNM"])
def test_what_is_no_category(text: str) -> None:
    assert category_of(text) is None


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("4+3", (4, 3)),
        ("Gleason score 3 + 4 = 7", (3, 4)),
        ("Gleason 6", (3, 3)),
        ("10", (5, 5)),
        ("7", None),
        ("Gleason 8", None),
        ("Gleason 4+3=8", None),
        ("ISUP grade group 3", (4, 3)),
        ("Grade Group 4", None),
        ("ISUP 1", (3, 3)),
    ],
)
def test_gleason(text: str, pair: tuple[int, int] | None) -> None:
    assert gleason_pair(text) == pair


@pytest.mark.parametrize(
    ("terminology", "text", "code"),
    [
        ("FIGOStage", "IIA1(i)", "C128103"),
        ("FIGOStage", "Stage 3c2", "C96260"),
        ("BinetStage", "Stadium B", "C80135"),
        ("RaiStage", "Rai stage 0", "C7847"),
        ("MyelomaISSStage", "ISS 2", "C70659"),
        ("MyelomaRISSStage", "R-ISS III", "C141396"),
        ("ClarkLevel", "Clark level IV", "1556006"),
        ("NeuroblastomaINSSStage", "4S", "409727001"),
        ("NeuroblastomaINRGSSStage", "Stage Ms", "C133431"),
        ("RhabdomyosarcomaClinicalGroup", "IRS group III", "C148019"),
        ("RhabdomyosarcomaClinicalGroup", "Group IIb", "405960000"),
        ("WilmsTumorStage", "Stage III", "405973001"),
        ("LymphomaStage", "IIIBE", "44255004"),
        ("LymphomaStage", "Stage IVB", "66445009"),
        ("LymphomaStage", "IIISE", "84633001"),
        ("GleasonGradeGroupStage", "5+3=8", "1279719006"),
        ("TNMStage", "Stage 2B", "1222769001"),
        ("TNMPerineuralInvasionCategory", "Pn1", "369731000"),
        ("TNMSerumTumorMarkerLevelCategory", "SX", "313138008"),
    ],
)
def test_letters_find_the_concept(terminology: str, text: str, code: str) -> None:
    found = open_terminology().translate(terminology, {"text": text}, text=True)
    assert found is not None
    assert found.concept["code"] == code


@pytest.mark.parametrize(
    "terminology", ["FIGOStage", "BinetStage", "MyelomaISSStage", "LymphomaStage", "TNMStage", "ClarkLevel"]
)
@pytest.mark.parametrize("text", ["unknown", "Stage Q", "III/IV", "99"])
def test_nothing_is_guessed(terminology: str, text: str) -> None:
    assert open_terminology().translate(terminology, {"text": text}, text=True) is None


def test_codes_that_stand_for_letters() -> None:
    for coding, display in (
        ((SNOMED, "258219007"), "AJCC Stage II"),
        ((NCIT, "C27971"), "AJCC Stage IV"),
        ((UICC, "IIIC2"), "AJCC Stage IIIC2"),
    ):
        found = open_terminology().translate("TNMStage", concept(*coding), text=True)
        assert found is not None
        assert found.concept["display"] == display
    # Without leave to read texts a code that POP does not list stays unmapped.
    assert open_terminology().translate("TNMStage", concept(SNOMED, "258219007")) is None


def test_every_code_stands_for_a_stage_or_a_category() -> None:
    for letters in CODE_LETTERS.values():
        assert token_of(letters) or category_of(letters) or gleason_pair(letters), letters


def test_other_terminologies_are_left_alone() -> None:
    assert list(spellings("CancerTopography", "T2")) == []
    assert core("AJCC Stage IIB") == "IIB"


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("Clinical stage from 5/1/2018: Stage IIA (cT2, cN0, cM0, G2, ER+, PR+, HER2-)", "IIA"),
        ("Pathologic stage from 12/3/2020: FIGO Stage IB1 (pT1b1, pN0, cM0)", "IB1"),
        ("Ann Arbor stage IIIB disease", "IIIB"),
        ("Stage IIIA or IIIB", None),
        ("no evidence of stage IV disease", None),
        ("Stage I left, stage II right", None),
        ("upstaged", None),
    ],
)
def test_the_one_stage_of_a_longer_text(text: str, phrase: str | None) -> None:
    assert phrase_of(text) == phrase
