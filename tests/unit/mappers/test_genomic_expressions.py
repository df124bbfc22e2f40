from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutalyzer_hgvs_parser import to_model

from mappers.genomics.expressions import _PLAIN_DNA, _PLAIN_PROTEIN, SHORT, Expression, find, read, taken

_THREE = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu", "G": "Gly", "H": "His", "I": "Ile",
    "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe", "P": "Pro", "S": "Ser", "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val",
}  # fmt: skip


def one(text: str) -> Expression:
    (found,) = find(text)
    return found[0]


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("p.V600E", "p.Val600Glu"),
        ("p.(V600E)", "p.(Val600Glu)"),
        ("p.VAL600GLU", "p.Val600Glu"),
        ("NP_004324.2:p.Val600Glu", "NP_004324.2:p.Val600Glu"),
        ("p.R213X", "p.Arg213*"),
        ("p.Arg213Ter", "p.Arg213Ter"),
        ("p.S1982RfsX22", "p.Ser1982Argfs*22"),
        ("p.E746_A750del", "p.Glu746_Ala750del"),
        ("p.D770_N771insSVD", "p.Asp770_Asn771insSerValAsp"),
        ("p.L747_P753delinsS", "p.Leu747_Pro753delinsSer"),
        ("p.Y772_A775dup", "p.Tyr772_Ala775dup"),
        ("p.?", "p.?"),
        ("c.1799t>a", "c.1799T>A"),
        ("NM_004333.6(BRAF):c.1799T>A", "NM_004333.6:c.1799T>A"),
        ("NM_004333.6 : c.1799T>A", "NM_004333.6:c.1799T>A"),
        ("BRAF:c.1799T>A", "c.1799T>A"),
        ("ENST00000256078.4:c.34G>T", "ENST00000256078.4:c.34G>T"),
        ("LRG_199t1:c.79_80delinsTT", "LRG_199t1:c.79_80delinsTT"),
        ("NC_000019.9(NM_000455.5):c.725G>A", "NC_000019.9(NM_000455.5):c.725G>A"),
        ("NC_000007.14:g.140753336A>T", "NC_000007.14:g.140753336A>T"),
        ("c.375+1G>A", "c.375+1G>A"),
        ("c.-124C>T", "c.-124C>T"),
        ("NM_005228.5:r.2573u>g", "NM_005228.5:r.2573t>g"),
        ("NC_000001.11:g.(?_100)_(200_?)del", "NC_000001.11:g.(?_100)_(200_?)del"),
        ("(p.Val600Glu)", "p.Val600Glu"),
        ("p.Val600Glu.", "p.Val600Glu"),
    ],
)
def test_spelled_as_pop_takes_it(text: str, spelled: str) -> None:
    found = one(text)
    assert found.text == spelled
    assert found.valid


@pytest.mark.parametrize(
    "text", ["c.1799", "c.1799T>X", "p.V600Z", "p.12", "m.3243A>G", "n.5G>A", "p.Met1?", "p.=", "c.99999999999x"]
)
def test_what_is_no_expression_or_none_that_pop_takes(text: str) -> None:
    assert not any(found.valid for found, _ in find(text))


@pytest.mark.parametrize("text", ["", "see p. of the report", "e.g. this", "c.f. above", "grade p.T2", "vs. control"])
def test_words_are_no_expressions(text: str) -> None:
    assert not any(found.valid for found, _ in find(text))


def test_the_two_levels_of_one_text() -> None:
    found = [each for each, _ in find("NM_004333.6(BRAF):c.1799T>A (p.Val600Glu)")]
    assert [(each.level, each.text, each.symbol) for each in found] == [
        ("dnaHgvs", "NM_004333.6:c.1799T>A", "BRAF"),
        ("proteinHgvs", "p.Val600Glu", ""),
    ]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("NM_000059.3:c.5946delT", "NM_000059.4:c.5946del"),
        ("NM_005228.5:c.2236_2250del15", "c.2236_2250delGAATTAAGAGAAGCA"),
        ("p.(Val600Glu)", "p.V600E"),
        ("p.Ser1982ArgfsTer22", "p.Ser1982fs"),
        ("p.Arg213Ter", "p.R213*"),
    ],
)
def test_the_same_change(left: str, right: str) -> None:
    assert one(left).change == one(right).change


def test_the_spelling_that_hgvs_recommends() -> None:
    assert one("c.5946del").recommended
    assert not one("c.5946delT").recommended
    assert not one("c.2236_2250del15").recommended


@pytest.mark.parametrize("text", ["BRAF V600E", "EGFR E746_A750del (exon 19)", "BRCA2 S1982Rfs*22", "KIT Leu576Pro"])
def test_short_forms_behind_a_gene(text: str) -> None:
    (match,) = SHORT.finditer(text)
    assert read("p", match["change"]).valid


@pytest.mark.parametrize("text", ["TP53", "HER2", "T790", "stage T2N1M0", "C34.1", "PD-L1 50%", "grade G2"])
def test_no_short_forms(text: str) -> None:
    assert not list(SHORT.finditer(text))


@settings(deadline=None)
@given(
    st.sampled_from(sorted(_THREE)), st.integers(min_value=1, max_value=34_350), st.sampled_from([*sorted(_THREE), "*"])
)
def test_one_letter_and_three_letters_are_one_substitution(was: str, at: int, now: str) -> None:
    short, long = f"p.{was}{at}{now}", f"p.{_THREE[was]}{at}{_THREE.get(now, now)}"
    assert one(short) == one(long)
    assert taken("proteinHgvs", one(short).text) == one(short).valid


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=10**6), st.sampled_from("ACGT"), st.sampled_from("ACGT"))
def test_any_substitution_of_dna_is_taken(at: int, was: str, now: str) -> None:
    found = one(f"NM_000059.4:c.{at}{was}>{now}")
    assert found.valid
    assert one(found.text) == found


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.from_regex(_PLAIN_DNA, fullmatch=True), st.from_regex(_PLAIN_PROTEIN, fullmatch=True)))
def test_what_is_plain_is_what_the_grammar_takes(change: str) -> None:
    protein = _PLAIN_PROTEIN.fullmatch(change) is not None
    assert to_model(f"NP_000000.1:p.{change}" if protein else f"NM_000000.1:c.{change}")


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("pcgrnm.:()_*>+-=?[]delinsupfxACGTVE0123456789 NM,;"), max_size=60))
def test_no_text_raises_and_what_is_valid_stays_as_it_is(text: str) -> None:
    for found, (start, end) in find(text):
        assert 0 <= start < end <= len(text)
        if found.valid and found.level is not None:
            assert taken(found.level, found.text)
            assert one(found.text).text == found.text
