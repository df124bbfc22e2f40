"""What a statement comes to: one finding or, where a line of text lists several variants, one for each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from mappers.codes import CLINVAR
from mappers.dates import Day
from mappers.fhir import pairs, text_of
from mappers.genomics import answers
from mappers.genomics.expressions import SHORT, Expression, find, read
from mappers.genomics.identity import Facts
from mappers.genomics.samples import Reports, collected_on, sample_of
from mappers.genomics.statement import Statement, Value, is_exported
from mappers.genomics.wording import FUSION, Known, Line, read_line, read_lines
from mappers.protocol import Context, JsonObject, Source

_ACCESSION = re.compile(r"(?:VCV|RCV|SCV)\d{9}(?:\.\d+)?", re.ASCII)
#: LOINC LL378-1: what is inherited, what is the tumour's.
_ORIGINS = {"LA6683-2": "germline", "LA18194-3": "germline", "LA6684-0": "somatic", "LA18195-0": "somatic"}

#: Where a consequence may stand that is stated as something else, in this order.
_CONSEQUENCES = (
    ("consequence", answers.dna_change), ("amino-acid-change", answers.amino_acid_change), ("dna-change", answers.dna_change),
    ("change-type", answers.dna_change),
)  # fmt: skip


@dataclass(slots=True)
class Finding:
    """A variant as one Observation tells it, read and translated."""

    statement: Statement
    suffix: str = ""
    """Tells several findings of one line apart."""
    genes: dict[str, tuple[JsonObject, Source]] = field(default_factory=dict)
    """HGNC id → (concept, source), in the order of the source."""
    unmapped: list[Value] = field(default_factory=list)
    """Genes that POP does not have."""
    expressions: list[tuple[Expression, Source]] = field(default_factory=list)
    named: list[tuple[Expression, Source]] = field(default_factory=list)
    """Expressions in the name that a variant database gives it."""
    assessment: str | None = None
    assessed: Source | None = None
    """Where the assessment stands; None if it only follows from its being reported."""
    consequence: str | None = None
    changed: Source | None = None
    origin: str | None = None
    more: dict[str, Value] = field(default_factory=dict)
    """Role → what a line says beside, where no element of its own says it."""
    day: tuple[Day, Source] | None = None
    released: bool = False
    """``day`` is only the day of the release."""
    told: tuple[Day, Source] | None = None
    specimen: str = ""
    facts: Facts = field(init=False)

    def of(self, role: str) -> list[Value]:
        """The values of a role: of the elements, else of the words."""
        return self.statement.of(role) or [value for name, value in self.more.items() if name == role]

    @property
    def identity(self) -> str:
        """The Observation's reference, with a suffix where one tells of several variants."""
        return self.statement.resource.reference + self.suffix


def read_findings(statement: Statement, context: Context, reports: Reports) -> list[Finding]:
    """The findings of a statement."""

    def known(word: str) -> JsonObject | None:
        found = context.translate("Gene", {"text": word}, text=True)
        return found.concept if found is not None else None

    lines = _lines(statement, known)
    if len(lines) > 1:
        findings = [_finding(statement, [line], context, known) for line in lines]
        for finding in findings:
            changes = (each.change for each, _ in finding.expressions)
            finding.suffix = "/" + "+".join((*finding.genes, *changes, finding.consequence or ""))
    else:
        findings = [_finding(statement, lines, context, known)]
    for finding in findings:
        _when(finding, context, reports)
        _facts(finding)
    return findings


def _lines(statement: Statement, known: Known) -> list[tuple[Line, Source]]:
    """What the texts say: the result line; where there is none, the note of the German registries. The name of the test tells what
    they leave out: the gene."""
    for role in ("line", "note"):
        for value in statement.of(role):
            lines = read_lines(value.text, known)
            if any(line.genes or line.expressions for line in lines):
                return [(_completed(line, statement, known), value.source) for line in lines]
    tested = _tested(statement, known, negative=_negative(statement))
    return [tested] if tested is not None else []


def _completed(line: Line, statement: Statement, known: Known) -> Line:
    tested = None if line.genes else _tested(statement, known, negative=line.assessment == "absent")
    return line if tested is None else replace(line, genes=tested[0].genes)


def _negative(statement: Statement) -> bool:
    return any(answers.assessment_of(value.concept) == "absent" for value in statement.of("assessment"))


def _tested(statement: Statement, known: Known, *, negative: bool) -> tuple[Line, Source] | None:
    """What the name of a test looks for. A negative test of several genes found none of them; of a positive one nobody knows which,
    unless they are the two of a fusion."""
    for value in statement.of("test"):
        line = read_line(value.text, known, several=True)
        if len(line.genes) > 1 and not negative and line.consequence != FUSION:
            line = replace(line, genes=())
        return line, value.source
    return None


def _finding(statement: Statement, lines: list[tuple[Line, Source]], context: Context, known: Known) -> Finding:
    finding = Finding(statement)
    _genes(finding, lines, context, known)
    for value in statement.of("hgvs"):
        finding.expressions.extend((each, value.source) for each in _expressions(value))
    for line, source in lines:
        finding.expressions.extend((each, source) for each in line.expressions)
        finding.more.update((role, Value(words, source)) for role, words in line.more)
        if line.consequence and finding.consequence is None:
            finding.consequence, finding.changed = line.consequence, source
    for value in statement.of("variation"):
        finding.named.extend((each, value.source) for each, _ in find(value.text))
    for symbol, source in [(each.symbol, source) for each, source in (*finding.expressions, *finding.named)]:
        if symbol and not finding.genes and (gene := known(symbol)) is not None:
            finding.genes[str(gene["code"])] = gene, source
    _consequence(finding, context)
    _assessment(finding, lines)
    for value in finding.of("origin"):
        found = context.translate("GeneticVariantSource", value.concept, text=True)
        if found is not None:
            finding.origin = str(found.concept["code"])
            break
    return finding


def _genes(finding: Finding, lines: list[tuple[Line, Source]], context: Context, known: Known) -> None:
    fused = next(((line, source) for line, source in lines if len(line.genes) > 1), None)
    if fused is not None:
        for gene in fused[0].genes:
            finding.genes.setdefault(str(gene["code"]), (gene, fused[1]))
    for value in finding.statement.of("gene"):
        found = context.translate("Gene", value.concept, text=True)
        if found is not None:
            finding.genes.setdefault(str(found.concept["code"]), (found.concept, value.source))
        elif len(pair := read_line(value.text, known).genes) == 2:
            # ``EML4::ALK`` in place of a gene is a fusion of two (HGNC *Recommendations for fusions*).
            finding.genes.update({str(gene["code"]): (gene, value.source) for gene in pair})
            finding.consequence, finding.changed = FUSION, value.source
        elif value.text:
            finding.unmapped.append(value)
    if not finding.genes:
        for line, source in lines:
            for gene in line.genes:
                finding.genes.setdefault(str(gene["code"]), (gene, source))


def _expressions(value: Value) -> list[Expression]:
    """The expressions of an element for expressions, where a protein change may stand without ``p.``."""
    texts = [code for _, code in pairs(value.raw) if code] if isinstance(value.raw, dict) else []
    found: dict[object, Expression] = {}
    for text in (*texts, value.text):
        here = [each for each, _ in find(text)]
        if not here and (match := SHORT.fullmatch(text.strip())) is not None:
            here = [read("p", match["change"])]
        for each in here:
            found.setdefault(each.level or each.change, each)
    return list(found.values())


def _consequence(finding: Finding, context: Context) -> None:
    statement = finding.statement
    for value in statement.of("consequence"):
        found = context.translate("MolecularConsequence", value.concept, text=True)
        if found is not None:
            finding.consequence, finding.changed = str(found.concept["code"]), value.source
            return
    for role, reader in _CONSEQUENCES:
        for value in statement.of(role):
            term = reader(value.concept)
            # A translocation moves a gene; of two it is a fusion.
            moved = term == FUSION and len(finding.genes) < 2 and "fusion" not in value.text.casefold()
            if term is not None and not moved and finding.consequence is None:
                finding.consequence, finding.changed = term, value.source


def _assessment(finding: Finding, lines: list[tuple[Line, Source]]) -> None:
    statement = finding.statement
    for value in statement.of("assessment"):
        found = answers.assessment_of(value.concept)
        if found is not None:
            finding.assessment, finding.assessed = found, value.source
            return
    for line, source in lines:
        if line.assessment is not None:
            finding.assessment, finding.assessed = line.assessment, source
            return
    for value in statement.of("interpretation"):
        if any(pair in answers.ASSESSMENTS for pair in pairs(value.raw)):
            finding.assessment, finding.assessed = answers.assessment_of(value.raw), value.source
            return


def _when(finding: Finding, context: Context, reports: Reports) -> None:
    resource = finding.statement.resource
    sample = sample_of(resource, context)
    finding.specimen = sample.identity
    collected = collected_on(sample, context)
    dated = reports.dated(resource)
    if collected is not None:
        finding.day = collected
    elif dated is not None:
        finding.day, finding.released = (dated[0], dated[1]), dated[2]
    finding.told = reports.told_on(resource)
    if finding.told is None and collected is not None and dated is not None and dated[0].date > collected[0].date:
        finding.told = dated[0], dated[1]


def _facts(finding: Finding) -> None:
    statement = finding.statement
    copies = [number for value in statement.of("copies") if (number := answers.whole_of(value.raw)) is not None]
    fractions = [found[0] for value in finding.of("frequency") if (found := answers.fraction_of(value.raw)) is not None]
    finding.facts = Facts(
        reference=finding.identity, genes=frozenset(finding.genes),
        expressions=tuple(each for each, _ in finding.expressions if each.level is not None),
        assessment=finding.assessment or "present", consequence=finding.consequence or "",
        copies=copies[0] if copies else None,
        specimen=finding.specimen, day=finding.day[0] if finding.day is not None else None,
        origin=_ORIGINS.get(finding.origin or "", ""),
        frequency=fractions[0] if fractions else None, exported=is_exported(statement.resource.json),
    )  # fmt: skip


def clinvar_of(value: Value) -> str | None:
    """A ClinVar accession or variation id: by its form, or by the code system."""
    raw: Any = value.raw
    for system, code in pairs(raw) if isinstance(raw, dict) else ():
        if _ACCESSION.fullmatch(code) or (system == CLINVAR and code.isascii() and code.isdigit() and len(code) <= 12):
            return code
    text = text_of(raw) if isinstance(raw, str) else ""
    return text if _ACCESSION.fullmatch(text) else None
