"""The terminology that mapping uses: POP's value lists and the site's concept maps, put together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from gateway.config import MappingSettings
from gateway.errors import ConfigurationError
from mappers.terminology import (
    BadConceptMap,
    ConceptMap,
    Terminology,
    concepts_from_json,
    parse_concept_map,
    parse_csv,
    parse_sssom,
)

JsonObject = dict[str, Any]

#: A long list may stand in several files: ``Gene-1.json``, ``Gene-2.json``.
_PART = re.compile(r"-\d+$")


def build(settings: MappingSettings, lists: Mapping[str, Iterable[JsonObject]]) -> Terminology:
    """POP's lists (concepts as its API gives them) with the configured concept maps. Raises ConfigurationError."""
    return Terminology(
        {name: concepts_from_json(items) for name, items in lists.items()},
        configured_maps(settings),
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


def configured_maps(settings: MappingSettings) -> list[ConceptMap]:
    """The maps that the configuration names, the site's first. Raises ConfigurationError."""
    layers = (("site", settings.concept_maps), ("organisation", settings.organisation_maps))
    return [map_file(path, layer) for layer, paths in layers for path in paths]


def format_of(name: str) -> str:
    """``csv``, ``sssom`` or ``json``, by the file's name."""
    suffix = Path(name).suffix.lower()
    return {".csv": "csv", ".tsv": "sssom"}.get(suffix, "json")


def read_map(content: bytes, *, form: str, name: str, layer: str) -> ConceptMap:
    """A map of one of the formats. Raises BadConceptMap."""
    try:
        if form == "json":
            document = orjson.loads(content)
            if not isinstance(document, dict):
                raise BadConceptMap("the document is no JSON object")
            return parse_concept_map(document, layer=layer)
        text = content.decode("utf-8-sig")
    except orjson.JSONDecodeError as error:
        raise BadConceptMap(f"no JSON: {error}") from error
    except UnicodeDecodeError as error:
        raise BadConceptMap("the text is not UTF-8: save it as «CSV UTF-8»") from error
    parse = parse_csv if form == "csv" else parse_sssom
    return parse(text, name=name, layer=layer)


def map_file(path: Path, layer: str) -> ConceptMap:
    """A map from a file, its format told by the name. Raises ConfigurationError."""
    try:
        return read_map(path.read_bytes(), form=format_of(path.name), name=path.stem, layer=layer)
    except OSError as error:
        raise ConfigurationError(f"concept map {path.name} cannot be read ({type(error).__name__})") from error
    except BadConceptMap as error:
        raise ConfigurationError(f"concept map {path.name} is not usable: {error}") from error
