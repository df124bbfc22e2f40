"""One GenomicVariant out of all reports of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mappers.dates import Day
from mappers.drafting import Drafting
from mappers.fhir import extension_value
from mappers.genomics import answers
from mappers.genomics.finding import Finding
from mappers.genomics.identity import earliest
from mappers.genomics.samples import Reports
from mappers.genomics.variant_expressions import put_expressions
from mappers.genomics.variant_fields import put_fields
from mappers.protocol import Context, Draft, Source
from mappers.subjects import case_key, check_after_birth, day_in, subject_source

_CONSUMED = (
    "status", "code", "category", "component", "valueCodeableConcept", "valueString", "interpretation", "method", "issued",
    "effectiveDateTime", "effectivePeriod", "effectiveInstant", "specimen", "note", "derivedFrom", "focus", "hasMember", "device",
    "encounter", "extension", "bodySite",
)  # fmt: skip
_ASSESSED = "http://onconova.github.io/fhir/StructureDefinition/onconova-ext-genomic-variant-assessment-date"


class VariantDraft:
    """Collects the fields; of several reports the last one told counts, and each earlier one where it is silent."""

    def __init__(self, findings: Sequence[Finding], context: Context, reports: Reports) -> None:
        self.findings = sorted(findings, key=_precedence, reverse=True)
        self.context = context
        self.reports = reports
        named = earliest([each.facts for each in findings])
        self.drafting = Drafting("GenomicVariant", f"GenomicVariant:{named.reference}")

    def done(self) -> Draft:
        """The draft."""
        drafting = self.drafting
        for finding in self.findings:
            for resource in (finding.statement.resource, *finding.statement.about):
                drafting.consume(resource, *_CONSUMED)
            self.reports.consume(drafting, finding.statement.resource)
        first = self.findings[0].statement.resource
        drafting.refer("caseId", case_key(self.context, first), subject_source(first))
        self._dates()
        self._genes()
        put_expressions(drafting, self.findings)
        self._assessment()
        put_fields(drafting, self.findings, self.context)
        if "genePanel" not in drafting.payload:
            self._panel()
        return drafting.done()

    def _dates(self) -> None:
        dated = [(each.released, each.day, each.identity) for each in self.findings if each.day is not None]
        if dated:
            released, (day, source), _ = min(dated, key=lambda each: (each[0], each[1][0].date, each[2]))
            self.drafting.day("date", day, source)
            if released:
                self.drafting.assume(
                    "date", "date-of-release", "No time of observation is stated: the time of release is taken.", source
                )
            check_after_birth(self.drafting, "date", day, source, self.context)
        else:
            where = Source(self.findings[0].statement.resource.reference, "effectiveDateTime")
            self.drafting.missing(
                "date", "Neither the observation nor its specimen or report has a usable date.", where
            )
        told = [each for finding in self.findings if (each := self._assessed(finding)) is not None]
        if told:
            day, source = max(told, key=lambda each: (each[0].date, each[1].resource))
            self.drafting.day("assessmentDate", day, source)

    def _assessed(self, finding: Finding) -> tuple[Day, Source] | None:
        resource = finding.statement.resource
        stated = extension_value(resource.json, _ASSESSED)
        if stated is not None and (day := day_in(stated[1], self.context)) is not None:
            return day, Source(resource.reference, "extension")
        return finding.told

    def _genes(self) -> None:
        genes: dict[str, Any] = {}
        sources: list[Source] = []
        for finding in self.findings:
            for code, (concept, source) in finding.genes.items():
                genes.setdefault(code, concept)
                sources.append(source)
        if genes:
            self.drafting.put("genes", list(genes.values()), *sources)
        unmapped = [value for finding in self.findings for value in finding.unmapped]
        for value in unmapped:
            self.drafting.unmapped("genes", "Gene", value.concept, source=value.source, required=not genes)
        if not genes and not unmapped:
            where = Source(self.findings[0].statement.resource.reference, "component")
            self.drafting.missing("genes", "No gene is stated, which POP requires of a variant.", where)

    def _assessment(self) -> None:
        """Stated, or present by being reported (HL7 Genomics Reporting, *Variant.value*)."""
        for finding in self.findings:
            if finding.assessment is not None and finding.assessed is not None:
                self.drafting.put("assessment", finding.assessment, finding.assessed)
                return
        for finding in self.findings:
            for value in finding.statement.of("interpretation"):
                if answers.is_registry_finding(value.concept):
                    self.drafting.issue(
                        "unmapped-value", "assessment", source=value.source,
                        text="The registry's finding is neither present nor absent: the assessment is left out.",
                    )  # fmt: skip
                    return
        if all(_says_no_change(finding) for finding in self.findings):
            where = Source(self.findings[0].statement.resource.reference, "value")
            self.drafting.missing("assessment", "Neither a result nor a change of the gene is stated.", where)
            return
        self.drafting.put("assessment", "present")
        self.drafting.assume(
            "assessment", "reported-as-present", "The source reports the variant without an assessment of its own."
        )

    def _panel(self) -> None:
        for finding in self.findings:
            panel = self.reports.panel(finding.statement.resource)
            if panel is not None:
                self.drafting.put("genePanel", *panel)
                return


def _says_no_change(finding: Finding) -> bool:
    said = any(finding.statement.of(role) for role in ("line", "note", "genomic-reference", "hgvs", "dna-change"))
    return finding.facts.vague and not finding.named and not said


def _precedence(finding: Finding) -> tuple[bool, str, str]:
    day = finding.told or finding.day
    corrected = finding.statement.resource.json.get("status") in ("amended", "corrected")
    return corrected, day[0].iso if day is not None else "", finding.identity
