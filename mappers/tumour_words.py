"""Histology and side that a clinician's name of a coded tumour says beside its codes.

``Condition.code.text`` is the diagnosis as its author named it (R4 CodeableConcept.text: *as entered or chosen by the user*); a
problem list that is coded in ICD has the histology and often the side nowhere else. It only completes: the site comes from the
codes, a name that contradicts their site says nothing, and only names that are understood as a whole are read (``read_name``).
The side of an organ is kept where registries keep one (SEER *Program Coding and Staging Manual*, Laterality: paired organ sites).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from mappers.histology_groups import specified
from mappers.terminology.neoplasm_names import NeoplasmName, read_name

#: What EHRs hang on a name: risk-adjustment marks, stage, sex, what its markers are.
_TAIL = re.compile(
    r"\s*\((?:cms[/-]|hcc|dx)[^)]*\)|,?\s*(?:clinical |pathologic(?:al)? )?stage\s+[0iv]+\w*.*$"
    r"|,?\s*\b(?:estrogen|er|pr|her2)\b.*\b(?:positive|negative)\b.*$|\s+in\s+(?:fe)?male(?: patient)?\b",
    re.I,
)
_DOUBT = re.compile(
    r"\b(?:history|h/o|hx|family|suspect\w*|possible|probable|rule|r/o|screening|risk|benign|from|metasta\w*|secondary|versus|vs)\b|\?",
    re.I,
)
_SIDES = {"left": "7771000", "right": "24028007", "bilateral": "51440002"}
#: Paired organs (SEER): salivary glands, tonsil, nose and sinuses, lung, pleura, limbs, skin, breast, adnexa, testis, kidney to
#: ureter, eye, brain, adrenal.
_PAIRED = re.compile(
    r"C(?:07\.9|08\.[01]|09\.|30\.0|31\.[02]|34\.[1-9]|38\.4|40\.|41\.4|43\.|44\.[1-35-7]|47\.[12]|49\.[0-2]|50\.|56\.|57\.[0-4]"
    r"|62\.|63\.[01]|64\.|65\.|66\.|69\.|71\.[0-4]|74\.)"
)


@dataclass(frozen=True, slots=True)
class Named:
    """What the words add; None where they add nothing."""

    morphology: str | None = None
    laterality: str | None = None


@lru_cache(maxsize=4096)
def read_words(text: str, topography: str) -> Named:
    """What a name says of a tumour whose site the codes give (``C09.9``); without a site, nothing."""
    if not text or not topography or _DOUBT.search(text):
        return Named()
    plain = " ".join(_TAIL.sub("", text).split()).strip(" ,;")
    sides = {code for word, code in _SIDES.items() if re.search(rf"\b{word}\b", plain, re.I)}
    side = next(iter(sides)) if len(sides) == 1 and _PAIRED.match(topography) else None
    name = _histology(plain)
    if name is None:
        return Named(None, side)
    if name.topography is not None and not _agrees(name.topography, topography):
        return Named()
    return Named(name.morphology if name.morphology and specified(name.morphology) else None, side)


def _histology(plain: str) -> NeoplasmName | None:
    """The whole name; else what stands before its place: ``Embryonal rhabdomyosarcoma, left cheek``."""
    whole = read_name(plain)
    if whole is not None and whole.morphology is not None:
        return whole
    head = re.split(r",| of | - ", plain, maxsplit=1)[0]
    part = read_name(head) if head != plain else None
    return NeoplasmName(None, part.morphology, None) if part is not None and part.morphology is not None else whole


def _agrees(named: str, topography: str) -> bool:
    """Of one organ; what histologies are named for by default (nodes, marrow, soft tissue, bone, brain) agrees with any."""
    return named[:3] == topography[:3] or named[:3] in ("C76", "C80", "C77", "C42", "C49", "C41", "C71", "C72")
