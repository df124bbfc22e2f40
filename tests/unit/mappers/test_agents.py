from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapper_records import RXNORM, concept, open_terminology

from mappers.agents import agents_of, kind_of, known_regimens, protocol_agents, read_protocol, supportive_reason
from mappers.codes import ATC, NCIT, UNII
from mappers.protocol import Translation
from mappers.terminology import Entry, Terminology
from mappers.terminology.agent_names import agent_table, plain_agent, read_agents
from mappers.terminology.conceptmap import ConceptMap


class _Context:
    def __init__(self, terminology: Terminology) -> None:
        self._terminology = terminology

    def translate(self, terminology: str, concept: Any, *, text: bool = False) -> Translation | None:
        return self._terminology.translate(terminology, concept, text=text)


def _names(concept: dict[str, Any], terminology: Terminology | None = None) -> list[str]:
    found = agents_of(concept, _Context(terminology or open_terminology()))  # type: ignore[arg-type]
    return [agent.name for agent in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DOCEtaxel (TAXOTERE) 130 mg in sodium chloride 0.9% 250 mL chemo IVPB", ["Docetaxel"]),
        ("trastuzumab-anns (KANJINTI) 420 mg", ["Trastuzumab"]),
        ("fam-trastuzumab deruxtecan-nxki", ["Trastuzumab Deruxtecan"]),
        ("paclitaxel protein-bound 100 mg", ["Nab-paclitaxel"]),
        ("Doxorubicinhydrochlorid", ["Doxorubicin"]),
        ("Cyclophosphamid", ["Cyclophosphamide"]),
        ("5-FU", ["Fluorouracil"]),
        ("gemcitabine hydrochloride", ["Gemcitabine"]),
        ("pertuzumab-trastuzumab-hyaluronidase-zzxf (PHESGO)", ["Pertuzumab", "Trastuzumab"]),
        ("Opdualag", ["Nivolumab", "Relatlimab"]),
        ("Lonsurf 20 mg", ["Trifluridine", "Tipiracil"]),
        ("FOLFOX6", ["Fluorouracil", "Leucovorin", "Oxaliplatin"]),
        ("mFOLFOX6 + Bevacizumab", ["Fluorouracil", "Leucovorin", "Oxaliplatin", "Bevacizumab"]),
        ("apalutamide 60 mg", ["Apalutamide"]),
        ("take before meals (AC)", []),
        ("metformin", []),
        ("", []),
    ],
)
def test_what_a_description_names(text: str, expected: list[str]) -> None:
    assert _names({"text": text}) == expected


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        (ATC, "L01FD01", ["Trastuzumab"]),
        (ATC, "L01XC03", ["Trastuzumab"]),
        (ATC, "L01FY02", ["Nivolumab", "Relatlimab"]),
        (UNII, "Q20Q21Q62J", ["Cisplatin"]),
        (RXNORM, "6313", ["Leucovorin"]),
        (RXNORM, "1", []),
    ],
)
def test_what_a_code_names(system: str, code: str, expected: list[str]) -> None:
    assert _names(concept(system, code)) == expected


def test_a_code_and_a_name_that_disagree_name_nothing() -> None:
    assert _names(concept(RXNORM, "2555", "carboplatin")) == []


def test_an_agent_that_pop_has_not_is_known_and_visible() -> None:
    small = Terminology({"AntineoplasticAgent": [(NCIT, "C505", "Fluorouracil")]})
    found = agents_of({"text": "leucovorin 400 mg"}, _Context(small))  # type: ignore[arg-type]
    assert [(agent.name, agent.kind, agent.translation) for agent in found] == [("Leucovorin", "rescue", None)]


def test_a_site_that_decided_against_a_product_is_heard() -> None:
    none = ConceptMap("site", (Entry("AntineoplasticAgent", ("urn:local", "9"), None),))
    product = {"coding": [{"system": "urn:local", "code": "9"}], "text": "pertuzumab / trastuzumab"}
    found = agents_of(product, _Context(Terminology(maps=[none])))  # type: ignore[arg-type]
    assert [agent.translation for agent in found] == [None, None]


def test_unii_codes_have_their_check_character() -> None:
    """FDA, *Substance Registration System: Unique Ingredient Identifier*: the tenth character checks the others, modulo 36."""
    from mappers.terminology.packaged import packaged_maps

    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    codes = [entry.source[1] for each in packaged_maps() for entry in each.entries if entry.source[0] == UNII]
    assert len(codes) > 50
    assert all(sum(digits.index(each) for each in code[:9]) % 36 == digits.index(code[9]) for code in codes)


def test_every_regimen_has_agents_that_the_table_knows() -> None:
    assert all(phase for regimen in known_regimens() for phase in regimen.phases)
    assert all(protocol_agents(regimen.name, _Context(open_terminology())) for regimen in known_regimens())  # type: ignore[arg-type]


def test_no_name_is_of_two_agents() -> None:
    seen: dict[str, str] = {}
    for agent in agent_table():
        for name in agent.all_names:
            assert seen.setdefault(name.casefold(), agent.name) == agent.name
            assert plain_agent(name) == agent


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    agents, rest = read_agents(text)
    assert len(agents) + len(rest) <= len(text)
    read_protocol(text)
    supportive_reason({"text": text})


@pytest.mark.parametrize(
    ("drug", "expected"),
    [
        ({"text": "ondansetron 8 mg"}, "an antiemetic"),
        (concept(ATC, "L03AA13"), "a colony-stimulating factor"),
        (concept(ATC, "V03AF03"), None),
        (concept(ATC, "L01XA01"), None),
        (concept(ATC, "C07AB02"), "a drug of another group than cancer drugs"),
        ({"text": "Zometa"}, "a drug for bones"),
        ({"text": "cisplatin"}, None),
    ],
)
def test_supportive_drugs(drug: dict[str, Any], expected: str | None) -> None:
    assert supportive_reason(drug) == expected


def test_kinds() -> None:
    assert (kind_of("C1527"), kind_of("C405"), kind_of("C0")) == ("hormone", "cytotoxic", "")
