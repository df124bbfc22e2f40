"""Who a relative is, and which cancer a relative had, as family histories say it (tables: ``relatives.json``)."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from mappers.codes import ICD_9_CM, ICD_10, ICD_10_SYSTEMS, ROLE_CODE, SNOMED
from mappers.fhir import codings, pairs, text_of, words
from mappers.protocol import JsonObject
from mappers.terminology.neoplasm_names import read_name

_PERSON = re.compile(r"\s*\(person\)$")
#: In a family history these words say no more than that the history is one.
_HISTORY = re.compile(
    r"^\s*(?:fhx?:?|family history|familienanamnese|history|personal history|z\. ?n\.|zustand nach)\s*(?:of|for|mit|-)?\s*:?\s*",
    re.I,
)
#: German names of cancers are compounds: organ and kind (``Ovarialkarzinom``, ``Brustkrebs``, ``Lungen-Ca``).
_GERMAN_CANCER = re.compile(r"(?P<organ>[a-zäöüß]+-?)(?:[ck]arzinom|krebs|-?ca\.?)")
_SITUATION = re.compile(r"\s*\(situation\)$")


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads((files("mappers") / "relatives.json").read_bytes())
    names = {name: code for code, found in document["names"].items() for name in found}
    return document | {"names": names}


def relation_of(relationship: Any) -> JsonObject | None:
    """The v3-RoleCode of a relationship that is coded in SNOMED CT, or only named; None if it is not known."""
    tables = _tables()
    for system, code in pairs(relationship):
        if system == SNOMED and code in tables["snomed"]:
            return {"coding": [{"system": ROLE_CODE, "code": tables["snomed"][code]}]}
    for said in words(relationship).split(" | "):
        plain = " ".join(re.sub(r"[^\w]+", " ", _PERSON.sub("", said.lower())).split())
        if plain in tables["names"]:
            return {"coding": [{"system": ROLE_CODE, "code": tables["names"][plain]}]}
    return None


def relatives_cancer(code: Any) -> JsonObject:
    """The diagnosis of a relative as if it were a patient's: a code or name of a *history of* a cancer is that cancer."""
    if not isinstance(code, dict):
        return {}
    found = [_coding(each) for each in codings(code)]
    text = _HISTORY.sub("", text_of(code.get("text")))
    return {"coding": found} | ({"text": text} if text else {})


def site_of_name(name: str) -> str | None:
    """The ICD-O-3 site in the name of a cancer, if the whole of it is known: ``ovarian cancer``, ``Mamma-Ca``."""
    german = _GERMAN_CANCER.fullmatch(name.strip().casefold())
    if german is not None:
        stems: dict[str, str] = _tables()["german-cancers"]
        return next(
            (site for stem, site in stems.items() if german["organ"].rstrip("-") in (stem, f"{stem}n", f"{stem}s")),
            None,
        )
    read = read_name(name)
    return read.topography if read is not None else None


def _coding(coding: JsonObject) -> JsonObject:
    for system, code in pairs({"coding": [coding]}):
        table = "icd-9-cm" if system == ICD_9_CM else "icd-10" if system in ICD_10_SYSTEMS else None
        category = _category(_tables()["history"][table], code.upper()) if table is not None else None
        if category is not None:
            return {"system": ICD_10, "code": category}
    display = text_of(coding.get("display"))
    plain = _SITUATION.sub("", _HISTORY.sub("", display))
    if plain == display:
        return coding
    # A situation's code is no disorder's: its name tells which it is.
    return {"system": SNOMED, "display": plain} if _SITUATION.search(display) else coding | {"display": plain}


def _category(table: dict[str, str], code: str) -> str | None:
    """The entry of the code, else of the nearest category above it."""
    for length in range(len(code), 2, -1):
        if code[:length].rstrip(".") in table:
            return table[code[:length].rstrip(".")]
    return None
