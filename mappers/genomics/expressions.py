"""HGVS expressions: found in text, brought to the spelling that POP takes, and checked.

HGVS Nomenclature 21.1 (den Dunnen 2016, *Hum Mutat* 37:564): amino acids in three letters, ``Ter`` or ``*`` for a stop (the
older ``X`` is no longer used), no bases after ``del`` and ``dup``. The grammar is that of ``mutalyzer-hgvs-parser`` (Lefter 2021,
*Bioinformatics* 37:2811); what it takes must also fit POP's own pattern, which is searched for, not matched, and so checks less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from mutalyzer_hgvs_parser import to_model
from mutalyzer_hgvs_parser.exceptions import UnexpectedCharacter, UnexpectedEnd
from pydantic import TypeAdapter, ValidationError

from adapters.pop import models

Level = Literal["dnaHgvs", "rnaHgvs", "proteinHgvs"]
LEVELS: dict[str, Level] = {"c": "dnaHgvs", "g": "dnaHgvs", "r": "rnaHgvs", "p": "proteinHgvs"}

_ACCESSION = r"(?:[ANXYW][CGMPRTW]_[0-9]+|ENS[TGP][0-9]+|LRG_[0-9]+(?:[tp][0-9]+)?)(?:\.[0-9]+)?"
_EXPRESSION = re.compile(
    rf"(?:(?P<reference>{_ACCESSION})(?:\((?P<within>[A-Za-z][A-Za-z0-9_.-]*)\))?\s*:\s*|(?P<symbol>[A-Za-z][A-Za-z0-9-]*)\s*:\s*)?"
    r"(?<![A-Za-z])(?P<axis>[cgnmrp])\.\s?(?P<change>\(?[A-Za-z0-9*?=+\-(\[][A-Za-z0-9_*?=+\-<>()\[\];:.|]*)"
)  # fmt: skip
_AMINO = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu", "G": "Gly", "H": "His", "I": "Ile",
    "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe", "P": "Pro", "S": "Ser", "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val",
    "*": "*", "X": "*",
}  # fmt: skip
_THREE = {name.upper(): name for name in (*_AMINO.values(), "Ter") if name != "*"}
_WORDS = r"delins|del|ins|dup|fs|ext|inv"
_ONE_TOKEN = re.compile(rf"({_WORDS})|([ARNDCQEGHILKMFPSTWYVX*])|([0-9_?=+\-()\[\];])")
_THREE_TOKEN = re.compile(rf"({_WORDS})|({'|'.join(_THREE)}|\*|X)|([0-9_?=+\-()\[\];])", re.I)
#: A protein change as it stands behind a gene's name: ``V600E``, ``Val600Glu``, ``E746_A750del``, ``S1982Rfs*22``.
_RESIDUE = (
    r"(?:[ARNDCQEGHILKMFPSTWYV*]|Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|Met|Phe|Pro|Ser|Thr|Trp|Tyr|Val|Ter)"
)
SHORT = re.compile(
    rf"(?<![A-Za-z0-9_.])(?P<change>{_RESIDUE}[0-9]+(?:_{_RESIDUE}[0-9]+)?"
    rf"(?:{_RESIDUE}?fs(?:(?:\*|X|Ter)[0-9]*)?|delins{_RESIDUE}+|ins{_RESIDUE}+|del|dup|{_RESIDUE}|X|=))(?![A-Za-z0-9])"
)


#: The great majority, which need no grammar (that takes them too: milliseconds each).
_PLACE = r"[-*]?[1-9][0-9]*(?:[+-][1-9][0-9]*)?"
_PLAIN_DNA = re.compile(
    rf"{_PLACE}[ACGT]>[ACGT]|{_PLACE}(?:_{_PLACE})?(?:del|dup|delins[ACGT]+)|{_PLACE}_{_PLACE}ins[ACGT]+"
)
_NAME = f"(?:{'|'.join(name for name in _THREE.values() if name != 'Ter')})"
_PLAIN_PROTEIN = re.compile(
    rf"{_NAME}[1-9][0-9]*(?:{_NAME}|\*|Ter|fs|{_NAME}fs(?:\*|Ter)[1-9][0-9]*)|{_NAME}[1-9][0-9]*(?:_{_NAME}[1-9][0-9]*)?(?:del|dup)"
)
#: Longer ones are sequences, not expressions that anybody reads; POP's columns hold 500 characters.
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression."""

    level: Level | None
    """POP's field; None for axes that it has no field for (``n.``, ``m.``)."""
    text: str
    """In POP's spelling, with its reference sequence if one is stated."""
    reference: str
    symbol: str
    """The gene that is named in parentheses or in place of a reference sequence."""
    change: str
    """For comparison: axis and change, without what different laboratories spell differently."""
    valid: bool
    """It is HGVS, and POP takes it."""

    @property
    def recommended(self) -> bool:
        """False for spellings that HGVS advises against: bases after ``del`` or ``dup``."""
        return re.search(r"(?:del|dup)(?:[ACGT]+|\d+)$", self.text) is None


def find(text: str) -> list[tuple[Expression, tuple[int, int]]]:
    """The expressions in a text, each with its place."""
    found = []
    for match in _EXPRESSION.finditer(text):
        change = _balanced(match["change"])
        if not re.search(r"[\d?=]", change):
            continue
        start = match.start("change")
        expression = read(match["axis"], change, match["reference"] or "", match["within"] or match["symbol"] or "")
        found.append((expression, (match.start(), start + len(change))))
    return found


def _balanced(change: str) -> str:
    """Without punctuation and closing brackets of the sentence around it."""
    change = change.rstrip(".,;:")
    while change.endswith(")") and change.count(")") > change.count("("):
        change = change[:-1].rstrip(".,;:")
    return change.removesuffix("(").rstrip()


@lru_cache(maxsize=16_384)
def read(axis: str, change: str, reference: str = "", within: str = "") -> Expression:
    """An expression from its parts. ``within``: what stands in parentheses behind the reference sequence."""
    level = LEVELS.get(axis)
    spelled = _protein(change) if axis == "p" else _rna(change) if axis == "r" else _dna(change)
    transcript = within if re.fullmatch(_ACCESSION, within) else ""
    head = f"{reference}({transcript})" if transcript else reference
    text = f"{head}:{axis}.{spelled}" if head else f"{axis}.{spelled}"
    valid = level is not None and spelled is not None and _grammatical(axis, str(spelled)) and taken(level, text)
    return Expression(
        level, text, transcript or reference, "" if transcript else within, f"{axis}.{_comparable(axis, spelled or change)}", valid
    )  # fmt: skip


def _dna(change: str) -> str:
    """Bases in capitals."""
    return re.sub(
        r"(?<=\d)[acgtn]+(?=>)|(?<=>)[acgtn]+$|(?<=del)[acgtn]+|(?<=ins)[acgtn]+|(?<=dup)[acgtn]+",
        lambda match: match[0].upper(), change,
    )  # fmt: skip


def _rna(change: str) -> str:
    """Bases in small letters, and ``t`` for uracil: POP refuses ``u``."""
    return re.sub(
        r"(?<=\d)[acgtuACGTU]+(?=>)|(?<=>)[acgtuACGTU]+|(?<=ins)[acgtuACGTU]+",
        lambda match: match[0].lower().replace("u", "t"), change,
    )  # fmt: skip


def _protein(change: str) -> str | None:
    """Amino acids in three letters; None if something in it is no part of a protein change."""
    first = re.search(r"[A-Za-z*]+(?=\d)", change)
    token = _THREE_TOKEN if first is not None and first[0].upper() in _THREE else _ONE_TOKEN
    parts: list[str] = []
    at = 0
    while at < len(change):
        match = token.match(change, at)
        if match is None:
            return None
        word, residue, other = match.groups()
        if residue:
            parts.append(_THREE.get(residue.upper()) or _AMINO.get(residue.upper(), residue))
        else:
            parts.append(word.lower() if word else other)
        at = match.end()
    return "".join(parts) or None


def _comparable(axis: str, change: str) -> str:
    plain = change.replace("(", "").replace(")", "") if axis == "p" else change
    if axis == "p":
        plain = plain.replace("Ter", "*")
        return re.sub(r"(\d+)[A-Z][a-z]{2}fs.*|(\d+)fs.*", lambda match: f"{match[1] or match[2]}fs", plain)
    return re.sub(r"(del|dup)(?:[ACGT]+|\d+)$", r"\1", plain)


@lru_cache(maxsize=16_384)
def _grammatical(axis: str, change: str) -> bool:
    if len(change) > _LONGEST:
        return False
    if (_PLAIN_PROTEIN if axis == "p" else _PLAIN_DNA).fullmatch(change) and axis != "r":
        return True
    reference = "NP_000000.1" if axis == "p" else "NC_000000.1" if axis == "g" else "NM_000000.1"
    spelled = change.replace("t", "u") if axis == "r" else change
    try:
        model = to_model(f"{reference}:{axis}.{spelled}")
    except (UnexpectedCharacter, UnexpectedEnd):
        return False
    # Its grammar also takes a place without any change, which says nothing of a variant.
    return "?" in change or all(each.get("type") for each in model.get("variants") or ())


@lru_cache(maxsize=8)
def _field(level: Level) -> TypeAdapter[Any]:
    annotation: Any = models.GenomicVariantCreate.model_fields[level].annotation
    return TypeAdapter(annotation)


@lru_cache(maxsize=16_384)
def taken(level: Level, text: str) -> bool:
    """True if POP's own pattern for the field finds the expression."""
    try:
        _field(level).validate_python(text)
    except ValidationError:
        return False
    return True
