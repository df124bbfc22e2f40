"""Whose sample a finding is of, on which day it was taken, and the report that tells of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mappers.codes import LOINC, SNOMED
from mappers.dates import Day
from mappers.drafting import Drafting
from mappers.fhir import first, has_code, objects, profiles, remembered, text_of, words
from mappers.genomics.codes import GENETICS, REPORTS
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.references import target_keys
from mappers.subjects import VOID, day_in, observed_on

#: Names by which laboratories sell or know their genetic tests.
_PRODUCTS = (
    r"foundation\s?one|guardant|tempus|\bcaris\b|msk-(?:impact|access)|oncomine|tru\s?sight|\btso\s?500\b|oncopanel|oncoreveal"
    r"|\barcher\b|ampliseq|qiaseq|\bcdx\b|exome|whole genome|\bwes\b|\bwgs\b|neotype|omniseq|mychoice|bracanalysis|myrisk|\bngs\b"
)
_PANEL = re.compile(rf"\bpanel\b|{_PRODUCTS}", re.I)
_NO_PANEL = re.compile(r"report|bericht|befund", re.I)
_GENETIC = re.compile(rf"genom|genetic|genetisch|mutation|{_PRODUCTS}", re.I)
_STANDARD = frozenset({LOINC, SNOMED, GENETICS[0]})
_PROFILES = frozenset({"genomics-report", "genomic-report", "mcode-cancer-genomics-report", "mcode-genomics-report"})


@dataclass(frozen=True, slots=True)
class Sample:
    """The specimen of a finding."""

    identity: str
    """The same for the same specimen; empty if none is named."""
    resource: Resource | None
    foreign: bool
    """It was taken from another person."""


def sample_of(resource: Resource, context: Context) -> Sample:
    """The specimen that an Observation names. What it is *about* may be another person too (R4 Observation.focus: a donor,
    a fetus, a relative)."""
    reference = first(resource.json.get("specimen"))
    specimen = context.resolve(reference, within=resource) if reference else None
    foreign = any(_is_other_person(each, resource, context) for each in objects(resource.json.get("focus")))
    if specimen is not None and isinstance(specimen.json.get("subject"), dict):
        foreign |= _is_other_person(specimen.json["subject"], specimen, context)
    if specimen is None and reference:
        foreign |= context.elsewhere(reference, within=resource)
    keys = target_keys(reference) if reference else ()
    return Sample(specimen.reference if specimen is not None else next(iter(keys), ""), specimen, foreign)


def _is_other_person(reference: JsonObject, within: Resource, context: Context) -> bool:
    """True if a reference to a person is one to somebody else than the patient."""
    kind = text_of(reference.get("type"))
    literal = text_of(reference.get("reference"))
    if kind in ("RelatedPerson", "Group", "Animal") or re.search(r"(?:^|/)RelatedPerson/", literal):
        return True
    found = context.resolve(reference, within=within)
    patient = context.patient
    if found is not None:
        return found.type == "RelatedPerson" or (
            found.type == "Patient" and patient is not None and found.reference != patient.reference
        )
    if patient is None or not (kind == "Patient" or re.search(r"(?:^|/)Patient/[^/]+$", literal)):
        return False
    # Of the patient's own identifiers one may stand here that nobody delivered: only a literal reference tells.
    return bool(literal) and not literal.startswith(("urn:", "#")) and literal.rpartition("/")[2] != patient.id


def collected_on(sample: Sample, context: Context) -> tuple[Day, Source] | None:
    """The day on which the specimen was taken."""
    if sample.resource is None:
        return None
    collection = sample.resource.json.get("collection")
    if isinstance(collection, dict):
        for name in ("collectedDateTime", "collectedPeriod"):
            day = day_in(collection.get(name), context)
            if day is not None:
                return day, Source(sample.resource.reference, "collection")
    return None


#: What a report says about its findings as a whole; their conclusion in words stays unread.
_REPORT = (
    "status", "category", "code", "result", "issued", "effectiveDateTime", "effectivePeriod", "specimen", "contained",
)  # fmt: skip


class Reports:
    """The patient's diagnostic reports by what they report."""

    def __init__(self, reports: Sequence[Resource], context: Context) -> None:
        self._context = context
        self._by_result: dict[str, list[Resource]] = {}
        for report in reports:
            if report.json.get("status") in VOID:
                continue
            for result in _results(report, context):
                self._by_result.setdefault(result.reference, []).append(report)

    def of(self, resource: Resource) -> list[Resource]:
        """The reports that tell of an Observation, the one it is contained in among them."""
        return self._by_result.get(resource.reference, [])

    def consume(self, drafting: Drafting, resource: Resource) -> None:
        """Note that the reports of an Observation were read for its draft."""
        for report in self.of(resource):
            drafting.consume(report, *_REPORT)

    def told_on(self, resource: Resource) -> tuple[Day, Source] | None:
        """The day on which an Observation's findings were last reported: its own release, else its report's."""
        own = day_in(resource.json.get("issued"), self._context)
        if own is not None:
            return own, Source(resource.reference, "issued")
        found = [(day, Source(report.reference, "issued")) for report in self.of(resource)
                 if (day := day_in(report.json.get("issued"), self._context)) is not None]  # fmt: skip
        return max(found, key=lambda each: (each[0].date, each[1].resource)) if found else None

    def dated(self, resource: Resource) -> tuple[Day, Source, bool] | None:
        """(day, source, whether it is only the day of release): the Observation's own, else its report's."""
        found = observed_on(resource, self._context)
        if found is not None and not found[2]:
            return found
        others = [each for report in self.of(resource) if (each := observed_on(report, self._context)) is not None]
        clinical = [each for each in others if not each[2]]
        if clinical:
            return min(clinical, key=lambda each: (each[0].date, each[1].resource))
        return found or (min(others, key=lambda each: (each[0].date, each[1].resource)) if others else None)

    def panel(self, resource: Resource) -> tuple[str, Source] | None:
        """The name of the panel in the report's own code: a laboratory's name for its test, not the name of a LOINC panel."""
        for report in self.of(resource):
            code = report.json.get("code")
            names = [
                text_of(coding.get("display")) for coding in objects((code or {}).get("coding"))
                if coding.get("system") not in _STANDARD
            ] if isinstance(code, dict) else []  # fmt: skip
            if isinstance(code, dict) and (text := text_of(code.get("text"))) and not _is_standard_name(code, text):
                names.insert(0, text)
            for name in names:
                if _PANEL.search(name) and not _NO_PANEL.search(name) and len(name) <= 200:
                    return name, Source(report.reference, "code")
        return None


def _is_standard_name(code: JsonObject, text: str) -> bool:
    displays = {
        text_of(each.get("display")).casefold()
        for each in objects(code.get("coding"))
        if each.get("system") in _STANDARD
    }
    return text.casefold() in displays


def _results(report: Resource, context: Context) -> Iterator[Resource]:
    """What a report tells of: its results, and the members of groups among them."""
    waiting = [found for each in objects(report.json.get("result"))
               if (found := context.resolve(each, within=report)) is not None]  # fmt: skip
    for each in objects(report.json.get("contained")):
        if (found := context.resolve(f"#{each.get('id')}", within=report)) is not None and found.type == "Observation":
            waiting.append(found)
    seen: set[str] = set()
    while waiting:
        result = waiting.pop()
        if result.reference in seen:
            continue
        seen.add(result.reference)
        yield result
        waiting.extend(found for each in objects(result.json.get("hasMember"))
                       if (found := context.resolve(each, within=result)) is not None)  # fmt: skip


def is_genetic_report(json: JsonObject) -> bool:
    """True for reports on genetic analyses, by code, section or profile."""
    return (
        _is_genetic(json.get("code"))
        or any(_is_genetics(each) for each in objects(json.get("category")))
        or bool("meta" in json and profiles(json) & _PROFILES)
    )


@remembered
def _is_genetic(code: JsonObject) -> bool:
    return has_code(code, REPORTS) or _GENETIC.search(words(code)) is not None


@remembered
def _is_genetics(category: JsonObject) -> bool:
    return has_code(category, {GENETICS})
