"""A substitution told by coordinates as an HGVS expression (HGVS *Recommendations*, DNA substitution)."""

from __future__ import annotations

import re

from mappers.genomics.answers import whole_of
from mappers.genomics.expressions import read
from mappers.genomics.statement import Statement
from mappers.protocol import Source

_CHROMOSOME = re.compile(r"NC_\d{6}\.\d+")
#: LOINC LL5323-2: with 0-based counting a base's number is one less than with HGVS's, which counts from 1.
_OFFSETS = {"LA30100-4": 1, "LA30101-2": 1, "LA30102-0": 0}


def from_coordinates(statement: Statement) -> tuple[str, tuple[Source, ...]] | None:
    """``NC_000005.9:g.1295228G>A`` and its sources, if reference sequence, position, coordinate system and two single bases are
    stated. Longer alleles would have to be aligned to their reference, which is not at hand."""
    parts = {role: next(iter(statement.of(role)), None) for role in
             ("genomic-reference", "position", "reference-allele", "alternate-allele", "coordinates")}  # fmt: skip
    reference, position, was, now, system = parts.values()
    if reference is None or position is None or was is None or now is None or system is None:
        return None
    accession = next((each for each in reference.text.split(" | ") if _CHROMOSOME.fullmatch(each)), None)
    offset = next((_OFFSETS[each] for each in system.text.split(" | ") if each in _OFFSETS), None)
    low = position.raw.get("low") if isinstance(position.raw, dict) else None
    start = whole_of(low) if low is not None else whole_of(position.raw)
    if accession is None or offset is None or start is None or not (_is_base(was.text) and _is_base(now.text)):
        return None
    expression = read("g", f"{start + offset}{was.text}>{now.text}", accession)
    used = (reference.source, position.source, was.source, now.source, system.source)
    return (expression.text, used) if expression.valid and was.text != now.text else None


def _is_base(text: str) -> bool:
    return text in {"A", "C", "G", "T"}
