"""The maps and small name tables that ship with the gateway (``maps/*.json``), read once."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from mappers.codes import HGNC, NCIT, SNOMED
from mappers.terminology.agent_names import agent_table
from mappers.terminology.conceptmap import ConceptMap, parse_concept_map
from mappers.terminology.genes import genes


@lru_cache(maxsize=1)
def packaged_maps() -> tuple[ConceptMap, ...]:
    """All packaged concept maps, by file name."""
    folder = files("mappers.terminology") / "maps"
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".json")), key=lambda each: each.name)
    documents = [orjson.loads(each.read_bytes()) for each in found]
    return tuple(
        parse_concept_map(each, layer="packaged") for each in documents if each.get("resourceType") == "ConceptMap"
    )


@lru_cache(maxsize=1)
def disorder_names() -> dict[str, str]:
    """SNOMED CT code → name, for what the packaged map of sites knows: disorders and body structures, for senders that leave the
    display out."""
    document = orjson.loads((files("mappers.terminology") / "maps" / "cancer-topographies.json").read_bytes())
    groups = (group for group in document["group"] if group["source"] == SNOMED)
    return {element["code"]: element["display"] for group in groups for element in group["element"]}


@lru_cache(maxsize=1)
def small_lists() -> dict[str, list[tuple[Any, ...]]]:
    """Terminology → packaged concepts, for names (``cT2``, ``IIB``, ``BRAF``) while POP's own list is not known."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    folder = files("mappers.terminology") / "maps"
    for each in sorted(
        (each for each in folder.iterdir() if each.name.endswith("-lists.json")), key=lambda each: each.name
    ):
        document = orjson.loads(each.read_bytes())
        for terminology, lists in document["lists"].items():
            for entry in lists if isinstance(lists, list) else [lists]:
                found.setdefault(terminology, []).extend(
                    (entry["system"], code, display) for code, display in entry["concepts"]
                )
    found["AntineoplasticAgent"] = [
        (NCIT, agent.code, agent.name, agent.names) for agent in agent_table() if agent.code
    ]
    found["Gene"] = [(HGNC, each.hgnc, each.symbol, each.names) for each in genes()]
    return found
