"""Which antineoplastic agents a drug, a combination product or a protocol names: for every mapper that has to do with drugs."""

from mappers.agents.regimens import Regimen, doses_of_a_cycle, given_together, known_regimens, read_protocol
from mappers.agents.resolve import AGENTS, Agent, agents_of, kind_of, protocol_agents
from mappers.agents.supportive import supportive_reason

__all__ = [
    "AGENTS",
    "Agent",
    "Regimen",
    "agents_of",
    "doses_of_a_cycle",
    "given_together",
    "kind_of",
    "known_regimens",
    "protocol_agents",
    "read_protocol",
    "supportive_reason",
]
