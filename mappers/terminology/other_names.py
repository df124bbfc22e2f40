"""Names that POP's lists do not have, for proposing: symbols and names of genes, brands and German names of agents."""

from __future__ import annotations

from collections.abc import Mapping

from mappers.terminology.agent_names import agent_table
from mappers.terminology.genes import genes

Names = Mapping[str, tuple[str, ...]]


def other_names(terminology: str) -> Names:
    """Code → names that hospitals use for a concept of this list; empty for a list without such a table."""
    if terminology == "Gene":
        return {gene.hgnc: gene.names for gene in genes()}
    if terminology == "AntineoplasticAgent":
        return {agent.code: agent.all_names for agent in agent_table() if agent.code}
    return {}
