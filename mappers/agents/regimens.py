"""Protocols by their names, and the agents that belong to each: ``FOLFOX``, ``AC-T``, ``R-CHOP plus lenalidomide``.

``regimens.csv`` gives the agents of protocols whose name means one thing (NCI Thesaurus, *Chemotherapy Regimen or Agent
Combination*; HemOnc.org; German names: Onkopedia). ``>`` stands between agents that follow each other. A name that two schools use
differently (``TC``, ``GC``, ``PE``, ``ICE``) is not in it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from mappers.terminology.agent_names import AgentName, read_agents

#: Words beside a protocol's name that change nothing of its agents.
_BESIDE = re.compile(
    r"(?:plus|and|und|mit|with|then|gefolgt|von|followed|by|protocol|protokoll|regimen|schema|therapy|therapie|chemotherapy|"
    r"chemotherapie|chemo|op|ip|treatment|plan|q\d+[dw]|x|cycles?|zyklen|zyklus|\d+|d\d+|weekly|wöchentlich|wkly|dosisdicht|dose|"
    r"dense|dd|curative|kurativ\w*|intent|intention|cancer|care|mod|modified|modifiziert|neoadjuvant\w*|adjuvant\w*|palliativ\w*|first|second|line|linie|mono|monotherapy|"
    r"monotherapie|immuntherapie|immunotherapy|auc|infusion|iv|po|onc|oncology|days?|lymphoma|breast|colorectal|lung|gastric|"
    r"pancreas|pancreatic|colon|myeloma)$"
)
_TOKEN = re.compile(r"[^\s,;()\[\]]+")
_LONGEST = 3


@dataclass(frozen=True, slots=True)
class Regimen:
    """A protocol: its agents, in phases that follow each other."""

    name: str
    phases: tuple[tuple[AgentName, ...], ...]
    doses: int = 1
    """On how many days of a cycle its drugs are given (ABVD: days 1 and 15)."""

    @property
    def agents(self) -> tuple[AgentName, ...]:
        """All agents."""
        return tuple(dict.fromkeys(agent for phase in self.phases for agent in phase))


def _squeezed(text: str) -> str:
    return re.sub(r"[^\w+/>]", "", text.casefold())


def named_agents(text: str) -> tuple[AgentName, ...]:
    """The agents of a list in the package's own tables: ``cytarabine+daunorubicin``."""
    return tuple(agent for each in text.split("+") for agent in read_agents(each)[0])


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Regimen]:
    text = (files("mappers.agents") / "regimens.csv").read_text(encoding="utf-8")
    found: dict[str, Regimen] = {}
    for row in csv.DictReader(text.splitlines()):
        phases = tuple(named_agents(phase) for phase in row["agents"].split(">"))
        names = row["names"].split("|")
        for name in names:
            found[_squeezed(name)] = Regimen(names[0], phases, int(row["doses"] or 1))
    return found


@lru_cache(maxsize=1)
def known_regimens() -> tuple[Regimen, ...]:
    """Every protocol once."""
    return tuple(dict.fromkeys(_by_name().values()))


def doses_of_a_cycle(names: Set[str]) -> int:
    """Days of doses in a cycle of the protocol that has exactly these agents; 1 if none is known."""
    for regimen in known_regimens():
        if len(regimen.phases) == 1 and {agent.name for agent in regimen.agents} == names:
            return regimen.doses
    return 1


def given_together(names: Set[str]) -> bool:
    """All of these agents are given at the same time in a known protocol."""
    return len(names) > 1 and _together(frozenset(names))


@lru_cache(maxsize=4096)
def _together(names: frozenset[str]) -> bool:
    return any(names <= {agent.name for agent in phase} for regimen in known_regimens() for phase in regimen.phases)


@lru_cache(maxsize=4096)
def read_protocol(text: str) -> tuple[str, tuple[AgentName, ...]] | None:
    """(name, agents) of a text that is the name of a protocol, perhaps with further agents; None if a word of it is not
    understood, since ``AC`` and ``FLO`` are other words, too. A text that only lists agents is no protocol."""
    tokens = _TOKEN.findall(text)
    regimen: Regimen | None = None
    agents: dict[str, AgentName] = {}
    at = 0
    while at < len(tokens):
        for size in range(min(_LONGEST, len(tokens) - at), 0, -1):
            found = _by_name().get(_squeezed("".join(tokens[at : at + size])))
            if found is not None:
                regimen = regimen or found
                agents |= {agent.name: agent for agent in found.agents}
                at += size
                break
        else:
            if not _understood(tokens[at], agents):
                return None
            at += 1
    return (regimen.name, tuple(agents.values())) if regimen is not None else None


def _understood(token: str, agents: dict[str, AgentName]) -> bool:
    """A drug beside the protocol, a part of ``FOLFOX+Bevacizumab``, or a word that changes nothing."""
    if _BESIDE.match(token.casefold().strip(".:")) or not re.search(r"\w", token):
        return True
    for part in re.split(r"[+/]", token):
        inner = _by_name().get(_squeezed(part))
        named, rest = (inner.agents, ()) if inner is not None else read_agents(part)
        if rest or (part and not named and not _BESIDE.match(part.casefold())):
            return False
        agents |= {agent.name: agent for agent in named}
    return True
