"""A CodeableConcept for a drug into POP's antineoplastic agents: one, several, or none."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from mappers.agents.regimens import named_agents, read_protocol
from mappers.agents.supportive import supportive_reason
from mappers.fhir import code_of, codings, pairs, text_of
from mappers.protocol import Context, JsonObject, Translation
from mappers.terminology.agent_names import AgentName, agents_by_code, plain_agent, read_agents, words_of

#: POP's terminology of drugs.
AGENTS = "AntineoplasticAgent"


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent that a source names."""

    name: str
    """INN, for texts and for recognition of regimens."""
    kind: str
    """See :attr:`mappers.terminology.agent_names.AgentName.kind`; empty if the table does not know the agent."""
    translation: Translation | None
    """POP's concept; None if POP's list has none for it."""
    protocol: str | None = None
    """The protocol that it follows from, if the source names only that."""
    base: str = ""
    """NCIt code of the ingredient, if the table has one: a salt that POP lists apart is the same agent."""

    @property
    def code(self) -> str:
        """What the agent is known by: the ingredient's code, else POP's, else the name."""
        if self.base or self.translation is None:
            return self.base or self.name.casefold()
        return str(self.translation.concept["code"])


def agents_of(concept: JsonObject | None, context: Context) -> tuple[Agent, ...]:
    """The agents of a drug, combination product or protocol; empty if nothing of it is known.

    Codes come before words (``Context.translate``); a code whose own display names another agent is not used. A combination
    (by its code, or by two agents in one description) and a protocol's name give several.
    """
    if not isinstance(concept, dict):
        return ()
    coded = context.translate(AGENTS, concept)
    if coded is not None:
        mapped = coded.rule.startswith("concept-map:")
        return () if mapped and _means_another(concept) else (_agent(coded),)
    several = _combination(concept)
    if several:
        return tuple(_named(each, concept, context) for each in several)
    for text in _texts(concept):
        if (protocol := read_protocol(text)) is not None:
            return tuple(_named(each, concept, context, protocol=protocol[0]) for each in protocol[1])
    single = context.translate(AGENTS, concept, text=True)
    if single is not None:
        return (_agent(single),)
    for text in _texts(concept):
        found, _ = read_agents(text)
        # One agent without a translation: POP's list has none for it, or the code beside it says something else.
        if len(found) > 1 or (found and context.translate(AGENTS, {"coding": _bare(concept)}) is None):
            return tuple(_named(each, concept, context) for each in found)
    return ()


def _means_another(concept: JsonObject) -> bool:
    """The words beside a code name a drug that is no cancer drug: somebody mistyped the code."""
    texts = list(_texts(concept))
    return any(supportive_reason({"text": text}) for text in texts) and not any(read_agents(text)[0] for text in texts)


def protocol_agents(text: str, context: Context) -> tuple[Agent, ...]:
    """The agents of a protocol's name, or of a text that lists drugs."""
    protocol = read_protocol(text)
    name, found = protocol if protocol is not None else (None, read_agents(text)[0])
    return tuple(_named(each, None, context, protocol=name) for each in found)


def kind_of(code: str) -> str:
    """The kind of a POP agent by its code; empty if the table does not know it."""
    known = agents_by_code().get(code)
    return known.kind if known is not None else ""


def _agent(found: Translation) -> Agent:
    code, display = str(found.concept["code"]), str(found.concept["display"])
    known = agents_by_code().get(code)
    if known is None:
        # Another code of POP's list for a salt: known by its name.
        known = plain_agent(display)
    if known is None:
        return Agent(display, "", found)
    return Agent(known.name, known.kind, found, base=known.code)


def _named(agent: AgentName, concept: JsonObject | None, context: Context, *, protocol: str | None = None) -> Agent:
    """One agent of several. The product's codes go along, so that a site's decision about them is kept."""
    bare = _bare(concept)
    found = None
    for name in agent.all_names:
        found = found or context.translate(AGENTS, {"coding": bare, "text": name}, text=True)
    return Agent(agent.name, agent.kind, found, protocol, agent.code if found is not None else "")


def _bare(concept: JsonObject | None) -> list[JsonObject]:
    """The codings without their displays."""
    return [{"system": each.get("system"), "code": code_of(each)} for each in codings(concept) if code_of(each)]


@lru_cache(maxsize=1)
def _combinations() -> dict[tuple[str, str], tuple[AgentName, ...]]:
    text = (files("mappers.agents") / "combinations.csv").read_text(encoding="utf-8")
    return {(row["system"], row["code"]): named_agents(row["agents"]) for row in csv.DictReader(text.splitlines())}


def _combination(concept: JsonObject) -> tuple[AgentName, ...]:
    """A fixed combination by its code, or by a brand in its name."""
    table = _combinations()
    for pair in pairs(concept):
        if pair in table:
            return table[pair]
    for text in _texts(concept):
        words = " ".join(words_of(text))
        for (system, brand), agents in table.items():
            if not system and f" {brand} " in f" {words} " and len(agents) > 1:
                return agents
    return ()


def _texts(concept: JsonObject) -> Iterator[str]:
    for coding in codings(concept):
        if text_of(coding.get("display")):
            yield text_of(coding.get("display"))
    if text_of(concept.get("text")):
        yield text_of(concept.get("text"))
