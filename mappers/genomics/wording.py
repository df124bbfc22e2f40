"""Genetic findings in words: ``EGFR p.L858R``, ``EML4-ALK fusion``, ``ERBB2 amplification``, ``KRAS wild type``.

Only what is written counts: a gene's symbol or known name (HGNC), an HGVS expression or the usual short form of a protein change
behind it, and plain words for the kind of change and for its presence. Anything else stays text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mappers.genomics.expressions import SHORT, Expression, find, read
from mappers.protocol import JsonObject

Known = Callable[[str], JsonObject | None]
"""The gene that a word names."""

_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-./][A-Za-z0-9]+)*")
_PAIR = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:-\d\w*)?)\s?(?:::|[-–—/])\s?([A-Za-z][A-Za-z0-9]*)")
_SYMBOL = re.compile(r"[A-Z][A-Z0-9-]*|C[0-9XY]+orf\d+")
#: ``BRCA 1``, as registries write it.
_SPACED = re.compile(r"\b([A-Z]{3,5}) (\d{1,2}[A-Z]?)\b")
#: Symbols of genes that reports also write as ordinary abbreviations.
_NO_GENES = frozenset(
    {"CAT", "IMPACT", "LARGE", "REST", "SET", "NOT", "WAS", "FISH", "PCR", "MICE", "COPE", "CLASS", "TEST"}
)

_ABSENT = re.compile(
    r"\bnot? (?:\w+ ){0,3}?(?:detected|identified|found|mutated|present|amplified|rearranged)\b|\bundetected\b|\bwild[- ]?typ"
    r"|\bno (?:\w+ ){0,3}?(?:mutation|variant|alteration|fusion|rearrangement|amplification)s?\b|\bnegativ|\babsent\b|^wt$"
    r"|\bnicht (?:nachgewiesen|mutiert|nachweisbar|vorhanden|amplifiziert)|\bkein nachweis\b"
    r"|\bkeine? (?:\w+ )?(?:mutation|variante|fusion)", re.I
)  # fmt: skip
_NO_CALL = re.compile(r"\bno[- ]call\b|\bfailed\b|\bquantity not sufficient\b|\bqns\b|\binsufficient\b", re.I)
_INDETERMINATE = re.compile(
    r"\bindeterminate\b|\bequivocal\b|\binconclusive\b|\bcannot be (?:determined|assessed)\b|\bnicht bestimmbar\b"
    r"|\bnot evaluable\b",
    re.I,
)
_PRESENT = re.compile(
    r"\bdetected\b|\bidentified\b|\bpresent\b|\bpositiv|\bmutated\b|\bmutiert\b|\bnachgewiesen\b|\bfound\b", re.I
)
#: Words for the kind of change → Sequence Ontology (*gene_fusion*, *feature_amplification*, *copy_number_increase*,
#: *copy_number_decrease*).
FUSION, AMPLIFICATION, GAIN, LOSS = "SO:0001565", "SO:0001880", "SO:0001911", "SO:0001912"
_FUSION = re.compile(r"\bfusion|\bgene_fusion\b|\btranslocation\b|\brearrange|::", re.I)
_AMPLIFICATION = re.compile(r"\bamplifi|^amp$", re.I)
_GAIN = re.compile(r"\bcopy[ _]number[ _](?:gain|increase)\b|\b(?:high|low)[- ]level[- ]gain\b|^gain$", re.I)
_LOSS = re.compile(
    r"\bhomozygous (?:deletion|loss)\b|\bcopy[ _]number[ _](?:loss|decrease)\b|\bdeep deletion\b|\bgene deletion\b|^loss$|^homdel$",
    re.I,
)
_MORE = (
    ("frequency", re.compile(
        r"\b(?:v?af|allele (?:frequency|fraction)|allelfrequenz)\W{0,3}(\d+(?:[.,]\d+)?\s*%|0[.,]\d+)", re.I)),
    ("significance", re.compile(
        r"\b((?:likely |probably |wahrscheinlich )?(?:pathogen(?:ic)?|benign)|vus|uncertain significance)\b", re.I)),
    ("zygosity", re.compile(r"\b((?:hetero|homo|hemi)zygo(?:us|t))\b", re.I)),
    ("origin", re.compile(r"\b(germline|somatic|keimbahn|somatisch)", re.I)),
)  # fmt: skip
_BETWEEN = re.compile(r"[;\n]|,\s+|\s+and\s+|\s+und\s+|\s+\+\s+")


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says."""

    genes: tuple[JsonObject, ...]
    expressions: tuple[Expression, ...]
    assessment: str | None
    consequence: str | None
    more: tuple[tuple[str, str], ...] = ()
    """(role, words) of what is said beside: allele frequency, significance, zygosity, origin."""


def read_lines(text: str, known: Known) -> list[Line]:
    """The findings of a text: one for each part that names a gene and a change of its own, else one for the whole."""
    parts = [part for part in _BETWEEN.split(text) if part and part.strip()]
    lines = [read_line(part, known) for part in parts]
    if len(lines) > 1 and all(line.genes and (line.expressions or line.consequence) for line in lines):
        return lines
    return [read_line(text, known)]


def read_line(text: str, known: Known, *, several: bool = False) -> Line:
    """One finding; ``several``: with all genes that are named."""
    found = find(text)
    rest = text
    for _, (start, end) in reversed(found):
        rest = f"{rest[:start]} {rest[end:]}"
    expressions = [expression for expression, _ in found]
    genes = [gene for expression in expressions if expression.symbol and (gene := known(expression.symbol)) is not None]
    if not expressions:
        shorts = [match["change"] for match in SHORT.finditer(rest)]
        rest = SHORT.sub(" ", rest)
        expressions = [read("p", each) for each in shorts[:1]]
    assessment = assess(rest)
    consequence = kind_of_change(rest)
    if not genes:
        # What is negative may be so for many genes; a finding has its gene, a fusion its two.
        genes = _genes(rest, known, several=several or (assessment == "absent" and not expressions))
    if consequence == FUSION and len(genes) < 2 and "fusion" not in rest.casefold():
        consequence = None
    more = tuple((role, match[1]) for role, pattern in _MORE if (match := pattern.search(rest)) is not None)
    return Line(
        tuple(_once(genes)), tuple(expressions), assessment, consequence, more if expressions or consequence else ()
    )


def _genes(text: str, known: Known, *, several: bool) -> list[JsonObject]:
    joined = _SPACED.sub(lambda match: match[1] + match[2] if known(match[1] + match[2]) else match[0], text)
    for match in _PAIR.finditer(joined):
        if known(match[0]) is None and (one := known(match[1])) is not None and (two := known(match[2])) is not None:
            return [one, two]
    found: list[JsonObject] = []
    for match in _TOKEN.finditer(joined):
        word = match[0]
        if word.upper() in _NO_GENES or not (_SYMBOL.fullmatch(word) or re.search(r"\d|-", word)):
            continue
        # ``EGFR-Mutationsanalyse``
        head = word.partition("-")[0]
        gene = known(word) or (known(head) if len(head) > 1 and _SYMBOL.fullmatch(head) else None)
        if gene is not None:
            found.append(gene)
            if not several:
                break
    return found


def _once(genes: list[JsonObject]) -> list[JsonObject]:
    return list({gene["code"]: gene for gene in genes}.values())


def assess(text: str) -> str | None:
    """POP's assessment in words; the negative ones first, they contain the positive ones."""
    for pattern, assessment in (
        (_NO_CALL, "no-call"), (_INDETERMINATE, "indeterminate"), (_ABSENT, "absent"), (_PRESENT, "present"),
    ):  # fmt: skip
        if pattern.search(text):
            return assessment
    return None


def kind_of_change(text: str) -> str | None:
    """The Sequence Ontology's term for a fusion, an amplification or a change of copy number in words."""
    for pattern, term in ((_AMPLIFICATION, AMPLIFICATION), (_GAIN, GAIN), (_LOSS, LOSS), (_FUSION, FUSION)):
        if pattern.search(text):
            return term
    return None
