"""Site, histology and side from the name of a SNOMED CT disorder, body structure or morphology.

SNOMED CT's fully specified names of neoplasms are regular (SNOMED CT Editorial Guide, *Neoplasm naming*: *Malignant neoplasm of
X*, *Y carcinoma of X*, *Secondary malignant neoplasm of X*), so that the name of a coded disorder tells what the code means; so
are those of body structures (*X structure*, *Structure of X*, *Entire X*) and of morphologies (*Y, no subtype*, *Y, metastatic*).
Only whole names are read: a word that is not understood makes it no name of ours. Free text is never read by this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import orjson

_TAG = re.compile(r"\s*\((?:disorder|finding|morphologic abnormality|body structure)\)$")
_SIDES = {"left": "7771000", "right": "24028007", "bilateral": "51440002"}
_NOISE = re.compile(r"\b(?:left|right|bilateral|female|male|structure of|structure|the|entire)\b")
#: What follows a morphology's name (SNOMED CT *morphologic abnormality*): no more exact type; a grade, which is read elsewhere.
_MORPHOLOGY_TAIL = re.compile(
    r",\s*(?:nos|no subtype|no icd-o subtype|(?:low|intermediate|high) grade|(?:well|moderately|poorly) differentiated)$"
)
_METASTATIC_TAIL = re.compile(r",\s*metastatic$")
_SECONDARY = re.compile(
    r"^(?:secondary malignant neoplasm|metastatic malignant neoplasm|metastatic \w+|metastasis)\s+(?:of|to|in)\s+"
)
_RECURRENCE = re.compile(r"^(?:local|regional|loco-?regional) recurrence of\s+")
_HISTORY = re.compile(r"\b(?:history|family|suspected|screening|risk|in remission|benign|borderline|uncertain|from)\b")
_PRIMARY = re.compile(
    r"^(?:primary|invasive|malignant|infiltrating)\s+"
    r"(?=(?:malignant|adeno|carcinoma|cancer|lymphoma|melanoma|neoplasm|tumou?r))"
)


@dataclass(frozen=True, slots=True)
class NeoplasmName:
    """What a name says; None where it says nothing."""

    topography: str | None = None
    morphology: str | None = None
    laterality: str | None = None


@lru_cache(maxsize=1)
def _lexicon() -> tuple[dict[str, str], dict[str, list[str | None]]]:
    document = orjson.loads((files("mappers.terminology") / "neoplasm_names.json").read_bytes())
    return document["sites"], document["histologies"]


@lru_cache(maxsize=4096)
def read_name(display: str) -> NeoplasmName | None:
    """``Infiltrating duct carcinoma of left female breast (disorder)`` → C50.9, 8500/3, left; None if a word is not understood."""
    text = _TAG.sub("", " ".join(display.casefold().split()))
    if not text or _HISTORY.search(text):
        return None
    text = _RECURRENCE.sub("", text)
    sides = {code for word, code in _SIDES.items() if re.search(rf"\b{word}\b", text)}
    side = sides.pop() if len(sides) == 1 else None
    text = " ".join(_NOISE.sub(" ", text).replace("-outer", " outer").replace("-inner", " inner").split())
    if (where := _site(text)) is not None:
        return NeoplasmName(where, None, side)
    if (what := _morphology(text)) is not None:
        return NeoplasmName(None, what, side)
    secondary = _SECONDARY.match(text)
    if secondary is not None:
        site = _site(text[secondary.end() :])
        return None if site is None else NeoplasmName(site, None, side)
    return _primary(text, side)


def _primary(text: str, side: str | None) -> NeoplasmName | None:
    histologies = _lexicon()[1]
    for words in dict.fromkeys((text, _PRIMARY.sub("", text))):
        what, joined, where = words.partition(" of ")
        site = _site(where) if joined else None
        if joined and site is None:
            continue
        found = histologies.get(what)
        if found is None and not joined:
            # "Lung cancer", "breast adenocarcinoma": the site as an adjective.
            for size in range(1, 5):
                head, _, tail = _split(words, size)
                site, found = _site(head), histologies.get(tail)
                if site is not None and found is not None:
                    break
            else:
                continue
        if found is not None:
            return NeoplasmName(site or (found[1] if len(found) > 1 else None), found[0], side)
    return None


def _morphology(text: str) -> str | None:
    """A morphology's own name with what SNOMED CT hangs on it: ``adenocarcinoma, no subtype, intermediate grade``; ``,
    metastatic`` is behaviour /6."""
    plain, count = _METASTATIC_TAIL.subn("", text)
    shorter = plain
    while (cut := _MORPHOLOGY_TAIL.sub("", shorter)) != shorter:
        shorter = cut
    found = _lexicon()[1].get(shorter) if shorter != text else None
    if found is None or found[0] is None:
        return None
    return f"{found[0][:-1]}6" if count else found[0]


def _split(text: str, size: int) -> tuple[str, str, str]:
    """The last ``size`` words apart from those before."""
    words = text.split()
    return " ".join(words[:-size]), " ", " ".join(words[-size:])


def _site(text: str) -> str | None:
    return _lexicon()[0].get(text.strip())
