"""The packaged tables ``beams.json`` and ``sites.json``, read once."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from mappers.terminology.packaged import small_lists

UNC = "UNC"
#: (modality, technique): POP's codes, or ``UNC``, or None where the key says nothing.
Pair = tuple[str | None, str | None]


class Tables:
    """What keys and names of radiotherapy mean."""

    def __init__(self) -> None:
        beams, sites = _read("beams.json"), _read("sites.json")
        self.techniques_of: dict[str, list[str]] = beams["techniques-of"]
        self.generic = frozenset(beams["generic"])
        self.snomed: dict[str, Pair] = {code: (each[0], each[1]) for code, each in beams["snomed"].items()}
        self.applikationsart: dict[str, Pair] = {
            code: (each[0], each[1]) for code, each in beams["applikationsart"].items()
        }
        self.strahlenart: dict[str, str] = beams["strahlenart"]
        self.cpt: dict[str, Pair] = {code: (each[0], each[1]) for code, each in beams["cpt"].items()}
        self.ops: dict[str, Pair] = {code: (each[0], each[1]) for code, each in beams["ops"].items()}
        self.pcs: dict[str, Pair] = {code: (each[0], each[1]) for code, each in beams["pcs"].items()}
        self.modality_words = [(code, re.compile(words, re.I)) for code, words in beams["words"]["modality"]]
        self.technique_words = [(code, re.compile(words, re.I)) for code, words in beams["words"]["technique"]]
        lists = small_lists()
        self.modalities = {code: name for _, code, name in lists["RadiotherapyModality"]}
        self.techniques = {code: name for _, code, name in lists["RadiotherapyTechnique"]}
        self.listed = frozenset(self.modalities) | frozenset(self.techniques)
        self.site_names: dict[str, str] = {name: code for code, names in sites["names"].items() for name in names}
        self.site_keys: dict[str, dict[str, Pair]] = {
            table: {code: (each[0], each[1]) for code, each in sites[table].items()}
            for table in ("snomed", "zielgebiet")
        }
        self.topographies: dict[str, str] = sites["icd-o"]
        self.pcs_sites: dict[str, str] = sites["pcs"]


@lru_cache(maxsize=2)
def _read(name: str) -> Any:
    return orjson.loads((files("mappers.radiotherapy") / name).read_bytes())


TABLES = Tables()


def ops_entry(code: str) -> Pair | None:
    """The most specific entry of an OPS code (``8-522.91`` → ``8-522.9``)."""
    for length in range(len(code), 4, -1):
        if code[:length] in TABLES.ops:
            return TABLES.ops[code[:length]]
    return None
