"""Genomic variants."""

from __future__ import annotations

from mappers.fhir import has_code
from mappers.genomics.codes import VARIANTS
from mappers.genomics.finding import Finding, read_findings
from mappers.genomics.gathering import Gathering
from mappers.genomics.identity import clusters
from mappers.genomics.samples import Reports, is_genetic_report
from mappers.genomics.statement import contained_observations, sort_of
from mappers.genomics.variant_draft import VariantDraft
from mappers.protocol import Context, Group, MapOutput, NotForPop, Resource

_GROUP = "genomic-variants"


class GenomicVariantMapper:
    """Variants of tumour and germline from genetic Observations, alone or contained in a report.

    * A variant is an Observation of LOINC 69548-6, of a variant profile, with components for gene and change, or of a test whose
      name says that it looks for changes of a gene; its elements are read by LOINC code, by HL7's placeholder codes or by name
      (MAF columns among them), its texts by the words of ``mappers.genomics.wording``. Regions studied, haplotypes, genotypes,
      therapeutic and prognostic implications are no variants.
    * Elements that are Observations of their own (LOINC as in components) belong together as members of a variant, or as the
      results of one report that names one gene.
    * What Observations derived from it say (diagnostic implication: significance; molecular consequence) belongs to the variant.
    * One variant is one entity in however many reports of one sample: see ``mappers.genomics.identity``. Options:
      ``genomics.same-sample-days`` (30). The last report counts, corrected ones before others, earlier ones where it is silent;
      the entity keeps the key of its earliest report.
    * A negative result ("not detected", "wild type") is a variant that was assessed as ``absent``; of several genes, one entity.
      What is reported without an assessment is present (Genomics Reporting, *Variant.value*).
    * Genes by HGNC id, symbol, earlier symbol, alias or NCBI Gene id; a fusion has both. POP requires one: without, it waits.
    * HGVS expressions are checked (``mappers.genomics.expressions``), one-letter amino acids written in three; coding DNA goes
      before genomic DNA; what POP does not take is left out and goes to review. Single-base substitutions that are told by
      coordinates alone are written as HGVS.
    * The day is that of the specimen, else of the Observation, else of its report, else of the release; the assessment's day is
      the release of Observation or report.
    * Results on a sample, or about a person (``focus``), that is not the patient never reach the case.
    """

    name = "genomic-variant"
    version = "1"
    produces: tuple[str, ...] = ("GenomicVariant",)
    reads: tuple[str, ...] = ("Observation", "DiagnosticReport")
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        """All of a patient's genetic findings are one group: copies of a variant may be anywhere among them."""
        if resource.type == "Observation":
            found = sort_of(resource.json) is not None
        else:
            inside = any(sort_of(each) is not None for each in contained_observations(resource.json))
            found = inside or is_genetic_report(resource.json)
        return _GROUP if found else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """A draft per variant."""
        reports = Reports(context.resources("DiagnosticReport"), context)
        gathered = Gathering(group.members, context, reports)
        yield from gathered.reasons
        findings: dict[str, Finding] = {}
        for statement in gathered.statements.values():
            if statement.unknown:
                yield NotForPop(statement.resource.reference, "the source does not know the result of this test")
                continue
            findings.update({each.identity: each for each in read_findings(statement, context, reports)})
        empty = [each for each in findings.values() if _says_nothing(each)]
        for each in empty:
            del findings[each.identity]
            yield NotForPop(each.statement.resource.reference, "a genetic test that names no gene and no change")
        told = {report.reference for each in findings.values() for report in reports.of(each.statement.resource)}
        for member in group.members:
            if member.type == "DiagnosticReport" and member.reference not in told:
                yield NotForPop(member.reference, "a genetic report without a variant of this patient")
        days = context.options.get("genomics.same-sample-days", 30)
        for group_of in clusters((each.facts for each in findings.values()), days if isinstance(days, int) else 30):
            yield VariantDraft([findings[facts.reference] for facts in group_of], context, reports).done()


def _says_nothing(finding: Finding) -> bool:
    """Neither a gene nor a change; of what is coded as a variant, no words either that a person could read as one."""
    statement = finding.statement
    roles = ["gene", "hgvs", "variation", "genomic-reference", "copies"]
    if has_code(statement.resource.json.get("code"), VARIANTS):
        roles += ["line", "note"]
    return not (
        finding.genes or finding.unmapped or finding.expressions or finding.named
        or any(statement.of(role) for role in roles)
    )  # fmt: skip
