"""Antineoplastic agents by the names that hospitals use: ingredients, salts, brands (US and German), German spellings.

``agents.csv`` holds the agents of current protocols (NCIt code where it is established, INN, class, brands). International
nonproprietary names are facts of the WHO; the NCIt codes are of the NCI Thesaurus (CC BY 4.0), the brands of the FDA's Orange and
Purple Books and of the Rote Liste. A salt or a pharmaceutical form is its ingredient (WHO INN, *modified INN*), an antibody-drug
conjugate or albumin-bound form is an agent of its own.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
#: Words that may stand beside an ingredient without making it another one: salts, hydrates (WHO INN), forms, routes, amounts.
_SALT = re.compile(
    r"hydrochloride|hcl|sulfate|sulphate|phosphate|mesylate|mesilate|methanesulfonate|tosylate|ditosylate|citrate|acetate|"
    r"tartrate|bitartrate|maleate|malate|fumarate|succinate|disodium|sodium|calcium|potassium|monohydrate|dihydrate|anhydrous|"
    r"hemihydrate|l|hydrochlorid|sulfat|phosphat|mesilat|acetat|citrat|tartrat|maleat|dinatrium|natrium|kalium"
)
#: German writes a salt as one word with its base: ``Doxorubicinhydrochlorid``, ``Imatinibmesilat``.
_SALT_ENDING = re.compile(
    r"(?<=\w{5})(?:hydrochlorid|dihydrochlorid|sulfat|mesilat|acetat|citrat|tartrat|tosilat|dinatrium)$"
)
_LONGEST = 5


@dataclass(frozen=True, slots=True)
class AgentName:
    """One agent of the table."""

    code: str
    """NCIt code; empty if none is established: POP's own list then knows it by its name, or not at all."""
    name: str
    kind: str
    """``cytotoxic``, ``targeted``, ``immune``, ``hormone``, ``steroid``, ``rescue`` (belongs to a regimen), ``other``."""
    names: tuple[str, ...]

    @property
    def all_names(self) -> tuple[str, ...]:
        """INN and the other names."""
        return (self.name, *self.names)


@lru_cache(maxsize=1)
def agent_table() -> tuple[AgentName, ...]:
    """All agents."""
    text = (files("mappers.terminology") / "agents.csv").read_text(encoding="utf-8")
    return tuple(
        AgentName(row["code"], row["name"], row["class"], tuple(name for name in row["names"].split("|") if name))
        for row in csv.DictReader(text.splitlines())
    )


@lru_cache(maxsize=1)
def agents_by_code() -> dict[str, AgentName]:
    """NCIt code → agent."""
    return {agent.code: agent for agent in agent_table() if agent.code}


def words_of(text: str) -> list[str]:
    """Lower-case words without punctuation; a salt that German joins to its base is cut off."""
    return [_SALT_ENDING.sub("", word) for word in _WORD.findall(text.casefold())]


@lru_cache(maxsize=1)
def _lexicon() -> dict[tuple[str, ...], AgentName]:
    found: dict[tuple[str, ...], AgentName] = {}
    for agent in agent_table():
        for name in agent.all_names:
            words = tuple(words_of(name))
            found.setdefault(words, agent)
            # German nonproprietary names leave out the final e: Cyclophosphamid, Gemcitabin, Letrozol.
            if words[-1].endswith("e") and len(words[-1]) > 6:
                found.setdefault((*words[:-1], words[-1][:-1]), agent)
    return found


@lru_cache(maxsize=16_384)
def read_agents(text: str) -> tuple[tuple[AgentName, ...], tuple[str, ...]]:
    """(agents that a drug description names, in their order; the words that are left). The longest name wins:
    ``fam-trastuzumab deruxtecan-nxki`` is one agent, ``pertuzumab-trastuzumab`` are two."""
    words = words_of(text)
    lexicon = _lexicon()
    agents: dict[str, AgentName] = {}
    rest: list[str] = []
    at = 0
    while at < len(words):
        for size in range(min(_LONGEST, len(words) - at), 0, -1):
            agent = lexicon.get(tuple(words[at : at + size]))
            if agent is not None:
                agents.setdefault(agent.name, agent)
                at += size
                break
        else:
            rest.append(words[at])
            at += 1
    return tuple(agents.values()), tuple(rest)


def plain_agent(text: str) -> AgentName | None:
    """The agent if the text is its name, or its name with a salt, and nothing else."""
    agents, rest = read_agents(text)
    return agents[0] if len(agents) == 1 and all(_SALT.fullmatch(word) for word in rest) else None
