"""What POP reads out of a variant's HGVS expressions (HGVS nomenclature 21.1): the kind of change, positions, reference sequence.

POP looks for its patterns anywhere in the expression; the first that is found decides.
"""

from __future__ import annotations

import re
from typing import Any

JsonObject = dict[str, Any]

VERSION = "21.1.2"

_INTRONIC = r"(?:[+-]\d+|(?:[?*]|\d+)[+-]\d+)"
_UTR3, _UTR5 = r"\*\d+(?:[+-]\d+)?", r"-\d+(?:[+-]\d+)?"
_POINT = rf"(?:{_UTR3}|{_UTR5}|{_INTRONIC}|[?*]|\d+)"
_PLACE = rf"(?:{_POINT}|\({_POINT}_{_POINT}\))"
_SPAN = rf"(?:{_PLACE}_{_PLACE})"
_AT = rf"(?:{_SPAN}|{_PLACE})"
_COPIES = r"\[(?:\d+|\(\d+_\d+\))\]"
_NUMBER = r"\d+(?:\.\d{1,3})?"
_OF_GENOME = rf"(?:(?:NC_|AC_|NG_|NT_|NW_|NZ_|GCF_){_NUMBER}|ENSG{_NUMBER}|LRG_\d+)"
_OF_RNA = rf"(?:(?:NM_|NR_|XM_|XR_){_NUMBER}|ENST{_NUMBER}|LRG_\d+t\d{{1,3}})"
_OF_PROTEIN = rf"(?:(?:AP_|NP_|YP_|XP_|WP_){_NUMBER}|ENSP{_NUMBER}|LRG_\d+p\d{{1,3}})"
_ELSEWHERE = rf"(?:{_OF_GENOME}:)?g\.{_AT}"
_DNA, _RNA = "[ACGTBDHKMNRSVWYX-]+", "[acgtbdhkmnrsvwy]+"
_AMINO = "(?:Ter|Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His)"  # three-letter codes
_RESIDUE = rf"(?:{_AMINO}\d+|\(\?_{_AMINO}\d+\)|\({_AMINO}\d+_\?\)|\({_AMINO}\d+_{_AMINO}\d+\))"
_RESIDUES = rf"(?:{_RESIDUE}_{_RESIDUE}|{_RESIDUE})"


def _patterns(**given: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name.replace("_", "-"), re.compile(pattern)) for name, pattern in given.items())


_DNA_CHANGES = _patterns(
    translocation=rf"{_AT}delins\[{_ELSEWHERE}\]",
    transposition=rf"{_AT}ins\[{_ELSEWHERE}\]\sand\s{_ELSEWHERE}del",
    deletion_insertion=rf"{_AT}delins{_DNA}",
    insertion=rf"{_SPAN}ins(?:{_DNA}|{_SPAN})",
    deletion=rf"{_AT}del",
    duplication=rf"{_AT}dup",
    unchanged=rf"{_AT}=",
    inversion=rf"{_AT}inv",
    substitution=rf"{_PLACE}{_DNA}>{_DNA}",
    repetition=rf"{_AT}(?:{_DNA})?{_COPIES}",
    methylation_gain=rf"{_AT}\|gom",
    methylation_loss=rf"{_AT}\|lom",
    methylation_unchanged=rf"{_AT}\|met=",
)
_RNA_CHANGES = _patterns(
    deletion_insertion=rf"{_AT}delins{_RNA}",
    insertion=rf"{_SPAN}ins(?:{_RNA}|{_SPAN})",
    deletion=rf"{_AT}del",
    duplication=rf"{_AT}dup",
    unchanged=rf"{_AT}=",
    inversion=rf"{_AT}inv",
    substitution=rf"{_PLACE}{_RNA}>{_RNA}",
    repetition=rf"{_AT}(?:{_RNA})?{_COPIES}",
)
_PROTEIN_CHANGES = _patterns(
    deletion_insertion=rf"{_RESIDUES}delins{_AMINO}+",
    deletion=rf"{_RESIDUES}del",
    insertion=rf"{_RESIDUE}_{_RESIDUE}ins{_AMINO}+",
    duplication=rf"{_RESIDUES}dup",
    nonsense=rf"{_RESIDUES}(?:Ter|\*)",
    frameshift=rf"{_RESIDUES}(?:{_AMINO}+)?fs",
    extension=rf"Met1ext-\d+|Ter\d+{_AMINO}+extTer\d+",
    repetition=rf"\(?{_RESIDUES}\)?{_COPIES}",
    silent=rf"{_RESIDUE}=",
    missense=rf"{_RESIDUE}{_AMINO}+",
    no_protein=r"p.\(?0\??\)?",
    unknown=r"p.\(?\?\)?",
)


def _change(patterns: tuple[tuple[str, re.Pattern[str]], ...], text: str | None) -> str | None:
    return None if text is None else next((name for name, pattern in patterns if pattern.search(text)), None)


def dna_change(text: str | None) -> str | None:
    """The kind of change of a DNA expression."""
    return _change(_DNA_CHANGES, text)


def protein_change(text: str | None) -> str | None:
    """The kind of change of a protein expression."""
    return _change(_PROTEIN_CHANGES, text)


def amino_acids(text: str | None) -> str | None:
    """The change itself, without reference and brackets; None if it is not known."""
    change = (text or "").rpartition("p.")[2]
    if not change or "?" in change:
        return None
    return change[1:-1] if change[0] == "(" and change[-1] == ")" else change


def _found(pattern: str, text: str | None) -> str | None:
    found = None if text is None else re.search(f"({pattern})", text)
    return found[1] if found else None


def _span(text: str) -> tuple[int | None, int | None] | None:
    """First and last nucleotide of a range; None if there is no range."""
    if not re.search(rf":[cg]\.{_SPAN}", text):
        return None
    first = re.search(rf":[cg]\.\D*(\d+)?(?:_\d+)?\D*_{_PLACE}", text)
    last = re.search(rf":[cg]\.{_PLACE}_\D*(?:\d+_)?(\d+)", text)
    return (
        int(first[1]) if first and first[1] else None,
        int(last[1]) if last and last[1] else None,
    )


def _position(text: str) -> int | None:
    if not re.search(rf":[cg]\.{_PLACE}", text) or re.search(rf":[cg]\.{_INTRONIC}", text):
        return None
    found = re.search(r":[cg]\.\D*(\d+)?", text)
    return int(found[1]) if found and found[1] else None


def _regions(text: str, genes: list[str]) -> list[str] | None:
    """Untranslated regions; exons and introns would need the positions of exons, which this instance does not have."""
    for pattern, name in ((_UTR3, "3'UTR"), (_UTR5, "5'UTR")):
        if re.search(rf":c\.(?:{pattern})", text):
            return sorted({f"{gene} {name}" for gene in genes})
    return None


def read(row: JsonObject) -> JsonObject:
    """The fields of the read shape that POP derives from a variant's expressions."""
    dna, rna, protein = (row.get(name) for name in ("dnaHgvs", "rnaHgvs", "proteinHgvs"))
    span = _span(dna) if dna else None
    position = _position(dna) if dna and span is None else None
    edges = sorted(span) if span and None not in span else span  # type: ignore[type-var] # no None is left
    length = None if span is None or None in span else 1 + span[1] - span[0]  # type: ignore[operator] # the same
    return {
        "hgvsVersion": VERSION,
        "dnaReferenceSequence": _found(_OF_RNA, dna) or _found(_OF_GENOME, dna),
        "dnaChangePosition": position,
        "dnaChangePositionRange": None if edges is None else {"start": edges[0], "end": edges[1]},
        "dnaChangeType": dna_change(dna),
        "rnaReferenceSequence": _found(_OF_RNA, rna),
        "rnaChangePosition": _found(_AT, rna.partition(":r.")[2]) if rna and re.search(rf":r\.{_AT}", rna) else None,
        "rnaChangeType": _change(_RNA_CHANGES, rna),
        "proteinReferenceSequence": _found(_OF_PROTEIN, protein),
        "proteinChangeType": protein_change(protein),
        "nucleotidesLength": length if span is not None else None if position is None else 1,
        "regions": _regions(dna, [gene["display"] for gene in row["genes"]]) if dna else None,
    }
