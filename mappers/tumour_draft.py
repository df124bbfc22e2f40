"""One tumour's draft, from everything that tells of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from mappers.codes import DIFFERENTIATION, ICD_O_MORPHOLOGY, ICD_O_TOPOGRAPHY
from mappers.diagnoses import Relationship
from mappers.drafting import Drafting
from mappers.fhir import codings, extension_value, has_code, objects, words
from mappers.histology_groups import specified
from mappers.protocol import Context, Resource, Source
from mappers.subjects import TUMOUR, case_key, check_after_birth, subject_source
from mappers.tumour_primary import choose_primary
from mappers.tumour_statement import (
    GRADE_CODES,
    HISTOLOGY_CODES,
    Dated,
    Statement,
    Value,
    primary_extensions,
    stated_histologies,
)  # fmt: skip

_READ = (
    "code",
    "verificationStatus",
    "clinicalStatus",
    "category",
    "onsetDateTime",
    "onsetPeriod",
    "recordedDate",
    "bodySite",
)
_FINDING = (
    "status",
    "code",
    "category",
    "focus",
    "extension",
    "effectiveDateTime",
    "issued",
    "specimen",
    "bodySite",
    "method",
)


class TumourDraft:
    """The Conditions of one tumour on their way to a draft. ``findings`` takes the Observations about it."""

    def __init__(self, statements: Sequence[Statement], context: Context) -> None:
        self.statements = sorted(statements, key=_age)
        self.context = context
        self.references = frozenset(each.condition.reference for each in statements)
        self.findings: list[Resource] = []
        self.anchor = self.statements[0].condition
        self.relationship: Relationship | None = self.statements[0].diagnosis.relationship
        # A course report may tell of two recurrences: the facts tell them apart.
        self.key = f"{TUMOUR}:{self.statements[0].facts.reference}"
        self._drafting = Drafting(TUMOUR, self.key)

    def drafting(self, tumours: Sequence[TumourDraft]) -> Drafting:
        """The draft; ``tumours`` are all of the patient's."""
        drafting = self._drafting
        drafting.refer("caseId", case_key(self.context, self.anchor), subject_source(self.anchor))
        drafting.put(
            "relationship", self.relationship, *(Source(each.condition.reference, "code") for each in self.statements)
        )
        for each in self.statements:
            drafting.consume(each.condition, *_READ)
            drafting.read(*(source for _, source in stated_histologies(each.condition)))
        for finding in self.findings:
            drafting.consume(finding, *_FINDING)
        self._date()
        self._topography()
        self._morphology()
        self._differentiation()
        self._laterality()
        if self.relationship != "primary":
            self._primary(tumours)
        return drafting

    # -- when ------------------------------------------------------------------------------------------------------

    def _date(self) -> None:
        """The first day of the best kind of date that any Condition states."""
        dates = [dated for each in self.statements for dated in each.dates]
        if not dates:
            source = Source(self.anchor.reference, "recordedDate")
            self._drafting.missing("assertionDate", "No date of assertion, onset or recording.", source)
            return
        chosen = _first_date(dates)
        self._drafting.day("assertionDate", chosen.day, chosen.source)
        if chosen.rank == 3:
            text = "Nothing dates the diagnosis: the day of its encounter stands in."
            self._drafting.assume("assertionDate", "date-of-encounter", text, chosen.source)
        if chosen.rank == 2:
            text = "The date of recording stands in for the date of diagnosis."
            self._drafting.assume("assertionDate", "date-of-recording", text, chosen.source)
        check_after_birth(self._drafting, "assertionDate", chosen.day, chosen.source, self.context)

    # -- where -----------------------------------------------------------------------------------------------------

    def _topography(self) -> None:
        """The most specific site; of two that differ, the one that was said last, with a warning."""
        found = [each.topography for each in self.statements if each.topography is not None]
        if not found:
            self._no_site()
            return
        known = [each for each in found if each.code[:3] not in ("C80", "C76")] or found
        exact = [each for each in known if not each.code.endswith((".9", each.code[:3]))] or known
        chosen = exact[-1]
        if len({each.code for each in exact}) > 1 and all(each.code.startswith("C77") for each in exact):
            self._several_regions(chosen.source)
            return
        self._put("topography", chosen)
        if len({each.code for each in exact}) > 1:
            text = "Reports of this tumour name different sites: the latest is taken."
            self._drafting.issue("contradiction", "topography", text, source=chosen.source)

    def _several_regions(self, source: Source) -> None:
        """A lymphoma of several regions of nodes (SEER Hematopoietic Database, *Primary site*, module 7: C77.8)."""
        several = {"coding": [{"system": ICD_O_TOPOGRAPHY, "code": "C77.8"}]}
        found = self.context.translate("CancerTopography", several)
        if found is not None:
            self._put("topography", Value(found, source))
            text = "Reports of this lymphoma name different regions of nodes: C77.8, lymph nodes of multiple regions."
            self._drafting.assume("topography", "several-regions", text, source)

    def _no_site(self) -> None:
        json = self.anchor.json
        if self.anchor.type == "Observation":
            said, source = json.get("valueCodeableConcept"), Source(self.anchor.reference, "valueCodeableConcept")
            self._drafting.unmapped("topography", "CancerTopography", said, source=source, required=True)
            return
        sites = objects(json.get("bodySite"))
        unmapped: Any = next((site for site in sites if words(site) or codings(site)), json.get("code"))
        source = Source(self.anchor.reference, "bodySite" if sites else "code")
        if codings(unmapped) or words(unmapped):
            self._drafting.unmapped("topography", "CancerTopography", unmapped, source=source, required=True)
        else:
            self._drafting.missing("topography", "Neither the diagnosis code nor a body site states the site.", source)

    def _laterality(self) -> None:
        found = [each.laterality for each in self.statements if each.laterality is not None]
        if found:
            self._put("laterality", found[-1])

    # -- what ------------------------------------------------------------------------------------------------------

    def _morphology(self) -> None:
        telling = [each for each in self.statements if not each.facts.in_situ] or self.statements
        stated = [each.histology for each in telling if each.histology is not None]
        unmapped: list[tuple[Any, Source]] = [
            pair for each in telling if each.histology is None for pair in stated_histologies(each.condition)
        ]
        for value, source in self._values(HISTOLOGY_CODES):
            translation = self.context.translate("CancerMorphology", value)
            if translation is None:
                unmapped.append((value, source))
            else:
                stated.append(Value(translation, source))
        if stated:
            # Where the Condition and a later histology are equally specific, the Condition, which is kept up to date, decides.
            self._put("morphology", next((each for each in stated if specified(each.code)), stated[0]))
            self._behaviour()
        elif unmapped:
            concept, source = unmapped[0]
            self._drafting.unmapped("morphology", "CancerMorphology", concept, source=source, required=True)
        else:
            self._unstated()

    def _unstated(self) -> None:
        source = Source(self.anchor.reference, "code")
        metastatic = self.relationship == "metastatic"
        in_situ = all(each.facts.in_situ for each in self.statements)
        # The carcinoma in situ beside an invasive tumour is not its histology (SEER: code the invasive component).
        telling = self.statements if in_situ else [each for each in self.statements if not each.facts.in_situ]
        named = [each.named_histology for each in telling if each.named_histology is not None]
        if named and not metastatic:
            chosen = next((each for each in named if specified(each.code)), named[0])
            self._put("morphology", chosen)
            if chosen.source.element == "code.text":
                text = "The codes name no histology: the name of the diagnosis in words does."
                self._drafting.assume("morphology", "morphology-from-words", text, chosen.source)
                return
            text = "The diagnosis code names the histology."
            self._drafting.assume("morphology", "morphology-from-diagnosis", text, chosen.source)
            return
        if self.context.options.get("neoplasm.unspecified-morphology", "assume") == "block":
            self._drafting.missing(
                "morphology", "No histology is stated (option neoplasm.unspecified-morphology).", source
            )
            return
        code = "8000/6" if metastatic else "8000/2" if in_situ else "8000/3"
        concept = {"coding": [{"system": ICD_O_MORPHOLOGY, "code": code}]}
        if (found := self.context.translate("CancerMorphology", concept)) is None:
            self._drafting.unmapped("morphology", "CancerMorphology", concept, source=source, required=True)
        else:
            self._drafting.put("morphology", found.concept)
            text = f"No histology is stated: ICD-O {code}, neoplasm NOS."
            self._drafting.assume("morphology", "morphology-unspecified", text, source)

    def _behaviour(self) -> None:
        """A metastasis whose stated histology has the primary's behaviour gets ``/6`` (ICD-O-3 §4.3.3, metastatic site)."""
        code = str(self._drafting.payload["morphology"]["code"])
        if self.relationship != "metastatic" or not code.endswith("/3"):
            return
        found = self.context.translate(
            "CancerMorphology", {"coding": [{"system": ICD_O_MORPHOLOGY, "code": f"{code[:-1]}6"}]}
        )
        if found is not None:
            self._drafting.payload["morphology"] = found.concept
            self._drafting.assume(
                "morphology", "metastatic-behaviour", "The histology of a metastasis takes behaviour /6."
            )

    def _differentiation(self) -> None:
        field, terminology = "differentitation", "HistologyDifferentiation"
        for each in self.statements:
            stated = extension_value(each.condition.json, DIFFERENTIATION)
            if stated is not None:
                source = Source(each.condition.reference, stated[0])
                self._drafting.concept(field, terminology, stated[1], context=self.context, source=source)
                return
        candidates = [pair for each in self.statements for pair in stated_histologies(each.condition)]
        candidates += self._values(HISTOLOGY_CODES)
        grades = self._values(GRADE_CODES)
        found = [
            Value(translation, source) for concept, source in (*candidates, *grades)
            if (translation := self.context.translate(terminology, concept, text=False)) is not None
        ]  # fmt: skip
        if found:
            # ICD-O-3, rule G: of several grades the highest. Digits 5 to 8 are the lineage of a lymphoma, 9 is undetermined.
            self._put(field, max(found, key=lambda each: (each.code != "9", each.code)))
        elif grades:
            concept, source = grades[0]
            self._drafting.concept(field, terminology, concept, context=self.context, source=source)

    def _values(self, codes: Collection[tuple[str, str]]) -> list[tuple[Any, Source]]:
        """The coded values of the findings that have one of the codes."""
        return [
            (value, Source(finding.reference, "valueCodeableConcept")) for finding in self.findings
            if has_code(finding.json.get("code"), codes)
            and isinstance(value := finding.json.get("valueCodeableConcept"), dict)
        ]  # fmt: skip

    def _put(self, field: str, value: Value) -> None:
        self._drafting.put(field, value.translation.concept, value.source)
        self._drafting.note_rule(field, value.translation, value.source)

    # -- whose -----------------------------------------------------------------------------------------------------

    def _primary(self, tumours: Sequence[TumourDraft]) -> None:
        primaries = [each for each in tumours if each.relationship == "primary"]
        for each in self.statements:
            named = [tumour for tumour in primaries if each.facts.primary in tumour.references]
            if named:
                self._drafting.refer("relatedPrimaryId", named[0].key, Source(each.condition.reference, "extension"))
                return
        source = Source(self.anchor.reference, "extension")
        if any(primary_extensions(each.condition) for each in self.statements):
            text = "The primary tumour that is named has not arrived, or is none."
            self._drafting.issue("unresolved-reference", "relatedPrimaryId", text, source=source, blocking=True)
        elif chosen := choose_primary(self.statements, [each.statements for each in primaries]):
            self._drafting.refer("relatedPrimaryId", primaries[chosen.position].key)
            self._drafting.assume("relatedPrimaryId", chosen.code, chosen.text)
        else:
            why = "no primary tumour is known" if not primaries else "the patient has several primary tumours"
            text = f"No primary is named, and {why}."
            self._drafting.issue("unresolved-reference", "relatedPrimaryId", text, source=source, blocking=True)


def _age(statement: Statement) -> tuple[str, str]:
    """Earliest first: what came first keeps the entity's key when more is reported."""
    recorded = [each.day.iso for each in statement.dates if each.rank == 2] or [
        each.day.iso for each in statement.dates
    ]
    return (min(recorded, default="9999"), statement.condition.reference)


def _first_date(dates: Sequence[Dated]) -> Dated:
    best = min(each.rank for each in dates)
    first = min(
        (each for each in dates if each.rank == best), key=lambda each: (each.day.earliest, each.source.resource)
    )
    if first.day.exact:
        return first
    # A month or year that another date makes exact.
    exact = [each for each in dates if each.day.exact and first.day.earliest <= each.day.date <= first.day.latest]
    return min(exact, key=lambda each: (each.rank, each.day.date, each.source.resource), default=first)
