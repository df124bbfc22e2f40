"""Which concepts of POP's value lists the invented patients need, and which of them the sandbox POP lacks.

``make concepts TERMINOLOGIES=DIR`` (full lists, one ``Name.json`` each) after new fixtures or mappers: it adds what is lacking to
the sandbox's own lists, and nothing else, since most lists are licensed by bodies that allow single entries only. A list that is
new there must be named, with its publisher, in the lists' README.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from adapters.pop.kinds import KINDS
from gateway.cli import documents
from gateway.config import MappingSettings
from gateway.fixtures import fixtures_folder, patients_folder
from gateway.terminologies import build, read_lists
from mappers.record import map_resources
from mappers.registry import load

JsonObject = dict[str, Any]
#: Terminology → its concepts by (system, code).
Lists = dict[str, dict[tuple[str, str], JsonObject]]

PACKAGED = Path(str(files("adapters.sandbox.pop").joinpath("terminologies")))


def by_code(folder: Path) -> Lists:
    """The lists of a folder. Raises ConfigurationError."""
    return {
        name: {(each["system"], each["code"]): each for each in items} for name, items in read_lists(folder).items()
    }


def needed(full: Path) -> Lists:
    """What the fixtures, and the changes of the demo, use of the full lists when all mappers map them."""
    lists, found = by_code(full), Lists()
    terminology = build(MappingSettings(), {name: items.values() for name, items in lists.items()})
    bundles = documents.read([patients_folder()]).found
    for version in (bundles, [*bundles, *_changed()]):
        for result in map_resources(version, mappers=load(()), terminology=terminology, options={}):
            for draft in result.drafts:
                for field, name in KINDS[draft.kind].terminology.items():
                    for key in _concepts(draft.payload.get(field)):
                        if key in lists.get(name, {}):
                            found.setdefault(name, {})[key] = lists[name][key]
    return found


def _changed() -> Iterator[JsonObject]:
    for path in sorted((fixtures_folder() / "ehr").glob("*.json")):
        yield from (step["put"] for step in json.loads(path.read_text(encoding="utf-8")) if "put" in step)


def _concepts(value: Any) -> Iterator[tuple[str, str]]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict) and "code" in each:
            yield each["system"], each["code"]


def lacking(wanted: Lists, packaged: Path = PACKAGED) -> Lists:
    """What is needed and not packaged."""
    have = by_code(packaged)
    missing = {
        name: {key: concept for key, concept in concepts.items() if key not in have.get(name, {})}
        for name, concepts in wanted.items()
    }
    return {name: concepts for name, concepts in missing.items() if concepts}


def add(concepts: Lists, packaged: Path = PACKAGED) -> None:
    """Write them into the packaged lists: system, code, display, and the properties that texts are made of."""
    have = by_code(packaged)
    for name, found in concepts.items():
        merged = {**have.get(name, {}), **found}
        kept = [
            {
                field: each[field]
                for field in ("code", "display", "properties", "system", "version")
                if each.get(field) is not None
            }
            for _, each in sorted(merged.items())
        ]
        text = json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True)
        (packaged / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main(folder: Path) -> None:
    """Tell and add what is lacking."""
    found = lacking(needed(folder))
    for name, concepts in sorted(found.items()):
        for _, each in sorted(concepts.items()):
            print(f"{name}: {each['code']} {each.get('display')}")
    add(found)
    print(f"{sum(map(len, found.values()))} concepts added")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m gateway.fixtureconcepts FOLDER_WITH_FULL_VALUE_LISTS")
    main(Path(sys.argv[1]))
