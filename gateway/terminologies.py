"""The terminology that mapping uses: POP's value lists and the site's concept maps, put together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from gateway.config import MappingSettings
from gateway.errors import ConfigurationError
from mappers.terminology import BadConceptMap, ConceptMap, Terminology, concepts_from_json, parse_concept_map, parse_csv

JsonObject = dict[str, Any]

#: A long list may stand in several files: ``Gene-1.json``, ``Gene-2.json``.
_PART = re.compile(r"-\d+$")


def build(settings: MappingSettings, lists: Mapping[str, Iterable[JsonObject]]) -> Terminology:
    """POP's lists (concepts as its API gives them) with the configured concept maps. Raises ConfigurationError."""
    return Terminology(
        {name: concepts_from_json(items) for name, items in lists.items()},
        [_concept_map(path) for path in settings.concept_maps],
    )


def offline(settings: MappingSettings, *, folder: Path | None = None) -> Terminology:
    """Without a POP: lists from ``folder``, else from the configured folder; a list that is in neither is open, and codes
    of its systems are taken unchecked. Raises ConfigurationError."""
    chosen = folder or settings.terminologies
    return build(settings, {} if chosen is None else read_lists(chosen))


def read_lists(folder: Path) -> dict[str, list[JsonObject]]:
    """Value lists from a folder of ``{terminology}.json`` files, each a list of concepts. Raises ConfigurationError."""
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is no folder of value lists")
    lists: dict[str, list[JsonObject]] = {}
    for path in sorted(folder.glob("*.json")):
        if path.name == "index.json":
            continue
        try:
            items = orjson.loads(path.read_bytes())
            lists.setdefault(_PART.sub("", path.stem), []).extend(
                item for item in items if item["system"] and item["code"]
            )
        except (orjson.JSONDecodeError, OSError, TypeError, KeyError) as error:
            raise ConfigurationError(f"{path.name} is no value list: a JSON list of concepts is expected") from error
    return lists


def _concept_map(path: Path) -> ConceptMap:
    try:
        if path.suffix.lower() == ".csv":
            return parse_csv(path.read_text(encoding="utf-8-sig"), name=path.stem)
        return parse_concept_map(orjson.loads(path.read_bytes()))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"concept map {path.name} cannot be read ({type(error).__name__})") from error
    except (orjson.JSONDecodeError, BadConceptMap) as error:
        raise ConfigurationError(f"concept map {path.name} is not usable: {error}") from error
