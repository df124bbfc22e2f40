"""The coded and numeric fields of a variant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from mappers.codes import SEQUENCE_ONTOLOGY
from mappers.drafting import Drafting
from mappers.genomics import answers
from mappers.genomics.finding import Finding, clinvar_of
from mappers.genomics.statement import Value
from mappers.protocol import Context, Source

#: POP field, its terminology, the role that fills it.
_CODED = (
    ("genomeAssemblyVersion", "ReferenceGenomeBuild", "build"),
    ("zygosity", "Zygosity", "zygosity"),
    ("source", "GeneticVariantSource", "origin"),
    ("inheritance", "VariantInheritance", "inheritance"),
    ("coordinateSystem", "GenomicCoordinateSystem", "coordinates"),
    ("analysisMethod", "StructuralVariantAnalysisMethod", "method"),
)
T = TypeVar("T")


def put_fields(drafting: Drafting, findings: Sequence[Finding], context: Context) -> None:
    """Everything but dates, genes, expressions and the assessment."""

    def values(role: str) -> Iterator[Value]:
        for finding in findings:
            yield from finding.of(role)

    for field, terminology, role in _CODED:
        _code(drafting, field, terminology, values(role), context)
    _consequence(drafting, findings, values, context)
    fraction = _first(drafting, "alleleFrequency", values("frequency"), lambda value: answers.fraction_of(value.raw))
    if fraction is not None:
        (number, assumed), source = fraction
        drafting.put("alleleFrequency", number, source)
        if assumed:
            drafting.assume(
                "alleleFrequency", "fraction-from-percent", "A frequency above 1 without unit is in per cent.", source
            )
    for field, role in (("alleleDepth", "depth"), ("copyNumber", "copies")):
        whole = _first(drafting, field, values(role), lambda value: answers.whole_of(value.raw))
        if whole is not None:
            drafting.put(field, *whole)
    confidence = _first(
        drafting, "confidence", values("confidence"), lambda value: answers.confidence_of(value.concept)
    )
    if confidence is not None:
        drafting.put("confidence", *confidence)
    _relevance(drafting, values("significance"))
    for value in values("variation"):
        if (accession := clinvar_of(value)) is not None:
            drafting.put("clinvar", accession, value.source)
            break
    for value in values("panel"):
        if 0 < len(value.text) <= 200:
            drafting.put("genePanel", value.text, value.source)
            break


def _first(
    drafting: Drafting, field: str, values: Iterator[Value], reader: Callable[[Value], T | None]
) -> tuple[T, Source] | None:
    """The first value that POP can hold; if there are only others, an issue says so."""
    refused: Source | None = None
    for value in values:
        found = reader(value)
        if found is not None:
            return found, value.source
        refused = refused or value.source
    if refused is not None:
        drafting.issue(
            "unmapped-value", field, "This value is none that POP's field can hold: it is left out.", source=refused
        )
    return None


def _code(drafting: Drafting, field: str, terminology: str, values: Iterator[Value], context: Context) -> None:
    unknown: Value | None = None
    for value in values:
        found = context.translate(terminology, value.concept, text=True)
        if found is not None:
            drafting.put(field, found.concept, value.source)
            drafting.note_rule(field, found, value.source)
            return
        unknown = unknown or (value if value.text else None)
    if unknown is not None:
        drafting.unmapped(field, terminology, unknown.concept, source=unknown.source)


def _consequence(
    drafting: Drafting, findings: Sequence[Finding], values: Callable[[str], Iterator[Value]], context: Context
) -> None:
    for finding in findings:
        if finding.consequence is not None and finding.changed is not None:
            coding: dict[str, Any] = {"system": SEQUENCE_ONTOLOGY, "code": finding.consequence}
            found = context.translate("MolecularConsequence", {"coding": [coding]})
            if found is not None:
                drafting.put("molecularConsequence", found.concept, finding.changed)
                return
    unknown = next(values("consequence"), None)
    if unknown is not None:
        drafting.unmapped("molecularConsequence", "MolecularConsequence", unknown.concept, source=unknown.source)


def _relevance(drafting: Drafting, values: Iterator[Value]) -> None:
    relevance = _first(drafting, "clinicalRelevance", values, lambda value: answers.relevance_of(value.concept))
    if relevance is None:
        return
    (answer, oncogenicity), source = relevance
    drafting.put("clinicalRelevance", answer, source)
    if oncogenicity:
        drafting.assume(
            "clinicalRelevance", "oncogenicity-as-pathogenicity",
            "The source grades oncogenicity (ClinGen/CGC/VICC 2022), in the classes that POP has for pathogenicity.", source,
        )  # fmt: skip
