"""Tumours and metastases."""

from __future__ import annotations

from typing import Any

from mappers.codes import (
    ASSERTED_DATE,
    DIFFERENTIATION,
    HISTOLOGY,
    ICD_O_MORPHOLOGY,
    LATERALITY,
    LOINC,
    RECURRENCE_OF,
    RELATED_CONDITION,
    RELATED_PRIMARY,
)
from mappers.dates import Day
from mappers.diagnoses import Diagnosis, diagnose, is_primary
from mappers.drafting import Drafting
from mappers.fhir import codings, extension_value, extensions, first, has_code, objects, words
from mappers.protocol import Context, Group, JsonObject, MapOutput, NotForPop, Resource, Source, Translation
from mappers.references import target_keys
from mappers.subjects import TUMOUR, VOID, case_key, check_after_birth, day_in, subject_source

#: Histology observations: LOINC 31206-6 (mCODE histologic behaviour and type), 59847-4 (histology and behaviour ICD-O-3).
HISTOLOGY_CODES = frozenset({(LOINC, "31206-6"), (LOINC, "59847-4")})
#: Grade observations: LOINC 33732-9 (histology grade), 44648-4 (histologic grade in breast cancer).
GRADE_CODES = frozenset({(LOINC, "33732-9"), (LOINC, "44648-4")})


class NeoplasticEntityMapper:
    """Conditions that are tumours, each with its site, histology, side, date and relation to its primary.

    * What counts: see ``mappers.diagnoses`` (malignant and in situ; not benign, uncertain, historical, refuted, in the family).
    * Site: ICD-O body site, then other body sites, then the diagnosis code (ICD-10, SNOMED CT).
    * Histology: mCODE's extension, a histology Observation about the Condition, then what the diagnosis code names; else
      ``8000/3`` (in situ ``8000/2``, metastases ``8000/6``) as an assumption, or a block (option
      ``neoplasm.unspecified-morphology`` = ``block``). ICD-O-3: 8000 is the neoplasm of unstated histology.
    * Date: condition-assertedDate, then onset, then recordedDate; the fallbacks are assumptions.
    * A metastasis or recurrence without a stated primary belongs to the patient's only primary (an assumption); among several
      it waits for a person: POP would take it, but a metastasis without a primary is of no use there.
    """

    name = "neoplastic-entity"
    version = "1"
    produces: tuple[str, ...] = (TUMOUR,)
    reads: tuple[str, ...] = ("Condition", "Observation")
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        """A Condition is its own group; histology and grade Observations join the Condition they are about."""
        if resource.type == "Condition":
            return resource.reference
        if not has_code(resource.json.get("code"), HISTOLOGY_CODES | GRADE_CODES):
            return None
        about = [*objects(resource.json.get("focus"))]
        about.extend(first(each.get("valueReference")) for _, each in extensions(resource.json, RELATED_CONDITION))
        keys = [key for each in about for key in target_keys(each) if key.startswith("Condition/")]
        return min(keys, default=None)

    def map(self, group: Group, context: Context) -> MapOutput:
        """One draft per Condition that is a tumour."""
        conditions = [member for member in group.members if member.type == "Condition"]
        observations = [member for member in group.members if member.type != "Condition"]
        findings = [each for each in observations if each.json.get("status") not in VOID]
        for each in observations:
            if each.json.get("status") in VOID:
                yield NotForPop(each.reference, f"the observation is {VOID[str(each.json['status'])]}")
            elif not conditions:
                yield NotForPop(each.reference, "the diagnosis that it is about has not arrived, or is no tumour")
        for condition in conditions:
            diagnosis = diagnose(condition.json)
            if diagnosis.relationship is None:
                yield NotForPop(condition.reference, diagnosis.reason)
                for each in findings:
                    yield NotForPop(each.reference, "the diagnosis that it is about is no tumour for POP")
            else:
                yield _Tumour(condition, diagnosis, findings, context).draft().done()


class _Tumour:
    """One Condition on its way to a draft."""

    def __init__(self, condition: Resource, diagnosis: Diagnosis, findings: list[Resource], context: Context) -> None:
        self.condition = condition
        self.json = condition.json
        self.diagnosis = diagnosis
        self.findings = findings
        self.context = context
        self.drafting = Drafting(TUMOUR, f"{TUMOUR}:{condition.reference}")

    def draft(self) -> Drafting:
        drafting, condition = self.drafting, self.condition
        drafting.refer("caseId", case_key(self.context, condition), subject_source(condition))
        drafting.put("relationship", self.diagnosis.relationship, self._at("code"))
        drafting.consume(condition, "code", "verificationStatus", "clinicalStatus", "category")
        self._date()
        self._topography()
        self._morphology()
        self._differentiation()
        self._laterality()
        if self.diagnosis.relationship != "primary":
            self._primary()
        return drafting

    def _at(self, element: str) -> Source:
        return Source(self.condition.reference, element)

    def _date(self) -> None:
        asserted = extension_value(self.json, ASSERTED_DATE)
        tries: list[tuple[Any, str, str | None]] = [(asserted[1] if asserted else None, "extension", None)]
        tries.append((self.json.get("onsetDateTime"), "onsetDateTime", None))
        tries.append((self.json.get("onsetPeriod"), "onsetPeriod", None))
        tries.append(
            (
                self.json.get("recordedDate"),
                "recordedDate",
                "The date of recording stands in for the date of diagnosis.",
            )
        )
        for value, element, why in tries:
            day: Day | None = day_in(value, self.context)
            if day is None:
                continue
            source = self._at(element)
            self.drafting.day("assertionDate", day, source)
            if why is not None:
                self.drafting.assume("assertionDate", "date-of-recording", why, source)
            check_after_birth(self.drafting, "assertionDate", day, source, self.context)
            break
        else:
            self.drafting.missing(
                "assertionDate", "No date of assertion, onset or recording.", self._at("recordedDate")
            )
        self.drafting.consume(self.condition, "onsetDateTime", "recordedDate")

    def _topography(self) -> None:
        sites = objects(self.json.get("bodySite"))
        for position, site in enumerate(sites):
            if self._take("topography", "CancerTopography", site, self._at(f"bodySite[{position}]")):
                return
        if self._take("topography", "CancerTopography", self.json.get("code"), self._at("code")):
            return
        unmapped: Any = next((site for site in sites if words(site) or codings(site)), self.json.get("code"))
        source = self._at("bodySite" if sites else "code")
        if codings(unmapped) or words(unmapped):
            self.drafting.unmapped("topography", "CancerTopography", unmapped, source=source, required=True)
        else:
            self.drafting.missing("topography", "Neither the diagnosis code nor a body site states the site.", source)

    def _take(self, field: str, terminology: str, concept: Any, source: Source) -> Translation | None:
        translation = self.context.translate(
            terminology, concept, text=field == "topography" and source.element != "code"
        )
        if translation is not None:
            self.drafting.put(field, translation.concept, source)
            self.drafting.note_rule(field, translation, source)
        return translation

    def _histologies(self) -> list[tuple[JsonObject, Source]]:
        found = []
        stated = extension_value(self.json, HISTOLOGY)
        if stated is not None and isinstance(stated[1], dict):
            found.append((stated[1], self._at("extension")))
        for each in self.findings:
            value = each.json.get("valueCodeableConcept")
            if has_code(each.json.get("code"), HISTOLOGY_CODES) and isinstance(value, dict):
                self.drafting.consume(
                    each, "status", "code", "category", "focus", "extension", "effectiveDateTime", "issued", "specimen"
                )
                found.append((value, Source(each.reference, "valueCodeableConcept")))
        return found

    def _morphology(self) -> None:
        stated = self._histologies()
        for concept, source in stated:
            if self._take("morphology", "CancerMorphology", concept, source):
                self._behaviour(source)
                return
        if stated:
            concept, source = stated[0]
            self.drafting.unmapped("morphology", "CancerMorphology", concept, source=source, required=True)
            return
        source = self._at("code")
        metastatic = self.diagnosis.relationship == "metastatic"
        if not metastatic and self._take("morphology", "CancerMorphology", self.json.get("code"), source):
            self.drafting.assume(
                "morphology", "morphology-from-diagnosis", "The diagnosis code names the histology.", source
            )
            return
        if self.context.options.get("neoplasm.unspecified-morphology", "assume") == "block":
            self.drafting.missing(
                "morphology", "No histology is stated (option neoplasm.unspecified-morphology).", source
            )
            return
        code = "8000/6" if metastatic else "8000/2" if self.diagnosis.in_situ else "8000/3"
        concept = {"coding": [{"system": ICD_O_MORPHOLOGY, "code": code}]}
        if (found := self.context.translate("CancerMorphology", concept)) is None:
            self.drafting.unmapped("morphology", "CancerMorphology", concept, source=source, required=True)
        else:
            self.drafting.put("morphology", found.concept)
            self.drafting.assume(
                "morphology", "morphology-unspecified", f"No histology is stated: ICD-O {code}, neoplasm NOS.", source
            )

    def _behaviour(self, source: Source) -> None:
        """A metastasis whose stated histology has the primary's behaviour gets ``/6`` (ICD-O-3 §4.3.3, metastatic site)."""
        code = str(self.drafting.payload["morphology"]["code"])
        if self.diagnosis.relationship != "metastatic" or not code.endswith("/3"):
            return
        concept = {"coding": [{"system": ICD_O_MORPHOLOGY, "code": f"{code[:-1]}6"}]}
        found = self.context.translate("CancerMorphology", concept)
        if found is not None:
            self.drafting.payload["morphology"] = found.concept
            self.drafting.assume(
                "morphology", "metastatic-behaviour", "The histology of a metastasis takes behaviour /6.", source
            )

    def _differentiation(self) -> None:
        stated = extension_value(self.json, DIFFERENTIATION)
        if stated is not None:
            self.drafting.concept("differentitation", "HistologyDifferentiation", stated[1],
                                  context=self.context, source=self._at("extension"))  # fmt: skip
            return
        for concept, source in self._histologies():
            if self._take("differentitation", "HistologyDifferentiation", concept, source):
                return
        for each in self.findings:
            if has_code(each.json.get("code"), GRADE_CODES):
                self.drafting.consume(
                    each, "status", "code", "category", "focus", "extension", "effectiveDateTime", "issued", "specimen"
                )
                self.drafting.concept("differentitation", "HistologyDifferentiation", each.json.get("valueCodeableConcept"),
                                      context=self.context, source=Source(each.reference, "valueCodeableConcept"))  # fmt: skip
                return

    def _laterality(self) -> None:
        for position, site in enumerate(objects(self.json.get("bodySite"))):
            source = self._at(f"bodySite[{position}]")
            stated = extension_value(site, LATERALITY)
            if stated is not None:
                self.drafting.concept(
                    "laterality", "LateralityQualifier", stated[1], context=self.context, source=source
                )
                return
            if self._take("laterality", "LateralityQualifier", site, source):
                return
        self._take("laterality", "LateralityQualifier", self.json.get("code"), self._at("code"))

    def _primary(self) -> None:
        stated = [*extensions(self.json, (RECURRENCE_OF, *RELATED_PRIMARY))]
        for _, extension in stated:
            target = self.context.resolve(first(extension.get("valueReference")), within=self.condition)
            if target is not None and target.type == "Condition" and is_primary(target.json):
                self.drafting.refer("relatedPrimaryId", f"{TUMOUR}:{target.reference}", self._at("extension"))
                return
        if stated:
            text = "The primary tumour that is named has not arrived, or is none."
            self.drafting.issue(
                "unresolved-reference", "relatedPrimaryId", text, source=self._at("extension"), blocking=True
            )
            return
        others = [
            each
            for each in self.context.resources("Condition")
            if each.reference != self.condition.reference and is_primary(each.json)
        ]
        if len(others) == 1:
            self.drafting.refer("relatedPrimaryId", f"{TUMOUR}:{others[0].reference}")
            self.drafting.assume(
                "relatedPrimaryId", "only-primary", "No primary is named; the patient has exactly one primary tumour."
            )
        else:
            why = "no primary tumour is known" if not others else "the patient has several primary tumours"
            self.drafting.issue("unresolved-reference", "relatedPrimaryId", f"No primary is named, and {why}.",
                                source=self._at("extension"), blocking=True)  # fmt: skip
