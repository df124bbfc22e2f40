"""Genomic signatures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.pop.kinds import KINDS
from mappers.dates import Day
from mappers.drafting import Drafting
from mappers.fhir import objects
from mappers.genomics.samples import Reports, collected_on, sample_of
from mappers.genomics.signature_codes import SIGNATURES, signatures_in
from mappers.genomics.signature_values import SignatureReader, complete
from mappers.genomics.statement import contained_observations
from mappers.protocol import Context, Draft, Group, JsonObject, MapOutput, NotForPop, Resource, Source
from mappers.subjects import VOID, case_key, check_after_birth, subject_source

_CONSUMED = (
    "status", "code", "category", "component", "interpretation", "method", "specimen", "referenceRange", "note", "issued", "device",
    "valueQuantity", "valueString", "valueCodeableConcept", "valueInteger", "derivedFrom", "extension", "focus", "bodySite",
    "encounter",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Result:
    """One signature in one Observation."""

    resource: Resource
    kind: str
    prefix: str
    part: JsonObject
    dated: tuple[Day, Source, bool] | None
    told: str
    specimen: str

    @property
    def identity(self) -> str:
        """The Observation's reference: it tells of each kind once."""
        return self.resource.reference


class GenomicSignatureMapper:
    """Tumour mutational burden, microsatellite instability, loss of heterozygosity, homologous recombination deficiency,
    neoantigen burden and aneuploidy score, each by its code (LOINC, NCI Thesaurus, POP's guide) or the name of the test.

    * Mutational and neoantigen burden are counted per megabase, loss of heterozygosity in per cent, the aneuploidy score in
      chromosome arms (Taylor 2018, *Cancer Cell* 33:676); a value in another unit, or a bound ("<1"), waits.
    * Microsatellite instability is a LOINC answer or its words, in the value or, beside a percentage of unstable loci, in the
      interpretation. "Unstable" without a grade waits: POP has high and low.
    * Status of mutational burden and HRD from POP's extensions, the interpretation, or the answer itself; never computed from a
      cut-off, of which laboratories have their own (TMB ≥ 10/Mb, HRD score ≥ 42 among them).
    * HRD may have a score, an interpretation or both; the others need their value.
    * The day is that of the assessment (POP): of the Observation, else of its report, else of the release, else of the specimen.
    * Results of one kind, one day and one sample are one entity: score and status told apart, an amended report again. The last
      one counts; the entity keeps the key of the first by reference.
    * Results on another person's sample never reach the case.
    """

    name = "genomic-signature"
    version = "1"
    produces: tuple[str, ...] = SIGNATURES
    reads: tuple[str, ...] = ("Observation", "DiagnosticReport")
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        """One group for all signatures of a patient: one result may stand in several Observations."""
        json = resource.json
        found = (
            any(signatures_in(each) for each in contained_observations(json))
            if resource.type == "DiagnosticReport"
            else bool(signatures_in(json))
        )
        return "genomic-signatures" if found else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """A draft per kind, day and sample."""
        reports = Reports(context.resources("DiagnosticReport"), context)
        together: dict[tuple[str, str, str], list[_Result]] = {}
        for member in group.members:
            for resource in _observations(member, context):
                status = resource.json.get("status")
                if isinstance(status, str) and status in VOID:
                    yield NotForPop(resource.reference, f"the observation is {VOID[status]}")
                    continue
                sample = sample_of(resource, context)
                if sample.foreign:
                    yield NotForPop(resource.reference, "a result of a sample of another person")
                    continue
                # POP's day is that of the assessment, unlike a variant's.
                dated = reports.dated(resource)
                if dated is None and (collected := collected_on(sample, context)) is not None:
                    dated = (*collected, False)
                for result in _results(resource, sample.identity, dated, reports):
                    day = result.dated[0].iso if result.dated is not None else ""
                    together.setdefault((result.kind, day, result.specimen), []).append(result)
        for results in _without_specimen(together):
            yield _draft(results, context, reports)


def _observations(member: Resource, context: Context) -> Iterator[Resource]:
    if member.type == "Observation":
        yield member
        return
    for each in objects(member.json.get("contained")):
        found = context.resolve(f"#{each.get('id')}", within=member)
        if found is not None and found.type == "Observation" and signatures_in(found.json):
            yield found


def _results(
    resource: Resource, specimen: str, dated: tuple[Day, Source, bool] | None, reports: Reports
) -> Iterator[_Result]:
    told = reports.told_on(resource)
    parts = objects(resource.json.get("component"))
    for kind, prefix in signatures_in(resource.json):
        part = parts[int(prefix[10:-2])] if prefix else resource.json
        yield _Result(resource, kind, prefix, part, dated, told[0].iso if told else "", specimen)


def _without_specimen(together: dict[tuple[str, str, str], list[_Result]]) -> Iterator[list[_Result]]:
    """A result that names no specimen joins the only one of its kind and day that does."""
    for (kind, day, specimen), results in sorted(together.items()):
        named = [key for key in together if key[:2] == (kind, day) and key[2]]
        if not specimen and len(named) == 1:
            continue
        extra = together.get((kind, day, ""), []) if specimen and len(named) == 1 else []
        yield [*results, *extra]


def _draft(results: list[_Result], context: Context, reports: Reports) -> Draft:
    ordered = sorted(
        results,
        key=lambda each: (each.resource.json.get("status") in ("amended", "corrected"), each.told, each.identity),
        reverse=True,
    )
    first = min(results, key=lambda each: each.identity)
    drafting = Drafting(first.kind, f"{first.kind}:{first.identity}")
    drafting.refer("caseId", case_key(context, first.resource), subject_source(first.resource))
    drafting.put(
        "category", KINDS[first.kind].const["category"], Source(first.resource.reference, f"{first.prefix}code")
    )
    for each in ordered:
        drafting.consume(each.resource, *_CONSUMED)
        reports.consume(drafting, each.resource)
        SignatureReader(drafting, each.resource, each.part, each.prefix, context).read()
    complete(drafting, Source(first.resource.reference, f"{first.prefix}value"))
    if first.dated is None:
        drafting.missing(
            "date",
            "The observation has no usable date (effective or issued).",
            Source(first.resource.reference, "effectiveDateTime"),
        )
        return drafting.done()
    day, source, released = first.dated
    drafting.day("date", day, source)
    if released:
        drafting.assume(
            "date", "date-of-release", "No time of observation is stated: the time of release is taken.", source
        )
    check_after_birth(drafting, "date", day, source, context)
    return drafting.done()
