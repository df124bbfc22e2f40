# Generated from POP's OpenAPI document, release 1.4.0, by `make models`: do not edit.

from __future__ import annotations

from datetime import date as date_aliased
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, constr


class Period(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    start: date_aliased | None = None
    end: date_aliased | None = None


class AdverseEventMitigationCategoryChoices(StrEnum):
    adjustment = 'adjustment'
    pharmacological = 'pharmacological'
    procedure = 'procedure'


class AdverseEventOutcomeChoices(StrEnum):
    resolved = 'resolved'
    resolved_with_sequelae = 'resolved-with-sequelae'
    recovering = 'recovering'
    ongoing = 'ongoing'
    fatal = 'fatal'
    unknown = 'unknown'


class AdverseEventSuspectedCauseCausalityChoices(StrEnum):
    unrelated = 'unrelated'
    unlikely_related = 'unlikely-related'
    possibly_related = 'possibly-related'
    probably_related = 'probably-related'
    definitely_related = 'definitely-related'
    conditionally_related = 'conditionally-related'


class CodedConcept(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    code: str
    system: str
    display: str | None = None
    version: str | None = None
    synonyms: list[str] | None = None
    properties: dict[str, Any] | None = None


class ComorbiditiesAssessmentPanelChoices(StrEnum):
    Charlson = 'Charlson'
    Elixhauser = 'Elixhauser'
    NCI = 'NCI'


class GenomicVariantAssessmentChoices(StrEnum):
    present = 'present'
    absent = 'absent'
    no_call = 'no-call'
    indeterminate = 'indeterminate'


class GenomicVariantClinicalRelevanceChoices(StrEnum):
    pathogenic = 'pathogenic'
    likely_pathogenic = 'likely_pathogenic'
    uncertain_significance = 'uncertain_significance'
    ambiguous = 'ambiguous'
    likely_benign = 'likely_benign'
    benign = 'benign'


class GenomicVariantConfidenceChoices(StrEnum):
    low = 'low'
    high = 'high'
    indeterminate = 'indeterminate'


class HomologousRecombinationDeficiencyInterpretationChoices(StrEnum):
    positive = 'positive'
    negative = 'negative'
    indeterminate = 'indeterminate'


class Measure(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    value: float
    unit: str


class NeoplasticEntityRelationshipChoices(StrEnum):
    primary = 'primary'
    metastatic = 'metastatic'
    local_recurrence = 'local_recurrence'
    regional_recurrence = 'regional_recurrence'


class PatientCaseConsentStatusChoices(StrEnum):
    valid = 'valid'
    revoked = 'revoked'
    unknown = 'unknown'


class PatientCaseVitalStatusChoices(StrEnum):
    alive = 'alive'
    deceased = 'deceased'
    unknown = 'unknown'


class RadiotherapyIntentChoices(StrEnum):
    curative = 'curative'
    palliative = 'palliative'


class SurgeryIntentChoices(StrEnum):
    curative = 'curative'
    palliative = 'palliative'


class SystemicTherapyIntentChoices(StrEnum):
    curative = 'curative'
    palliative = 'palliative'


class TherapyLineIntentChoices(StrEnum):
    curative = 'curative'
    palliative = 'palliative'


class TumorMarkerImmuneCellScoreChoices(StrEnum):
    IC0 = 'IC0'
    IC1 = 'IC1'
    IC2 = 'IC2'
    IC3 = 'IC3'


class TumorMarkerImmunohistochemicalScoreChoices(StrEnum):
    field_0 = '0'
    field_1_ = '1+'
    field_2_ = '2+'
    field_3_ = '3+'
    indeterminate = 'indeterminate'


class TumorMarkerNuclearExpressionStatusChoices(StrEnum):
    intact = 'intact'
    loss = 'loss'
    indeterminate = 'indeterminate'


class TumorMarkerPresenceChoices(StrEnum):
    positive = 'positive'
    negative = 'negative'
    indeterminate = 'indeterminate'


class TumorMarkerTumorProportionScoreChoices(StrEnum):
    TC0 = 'TC0'
    TC1 = 'TC1'
    TC2 = 'TC2'
    TC3 = 'TC3'


class TumorMutationalBurdenStatusChoices(StrEnum):
    low = 'low'
    high = 'high'
    intermediate = 'intermediate'
    indeterminate = 'indeterminate'


class PatientCaseCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    clinicalCenter: constr(max_length=200)
    clinicalIdentifier: constr(max_length=100)
    consentStatus: PatientCaseConsentStatusChoices | None = 'unknown'
    gender: CodedConcept
    race: CodedConcept | None = None
    sexAtBirth: CodedConcept | None = None
    genderIdentity: CodedConcept | None = None
    dateOfBirth: date_aliased
    vitalStatus: PatientCaseVitalStatusChoices | None = 'unknown'
    dateOfDeath: date_aliased | None = None
    causeOfDeath: CodedConcept | None = None
    endOfRecords: date_aliased | None = None


class NeoplasticEntityCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    relationship: NeoplasticEntityRelationshipChoices
    relatedPrimaryId: UUID | None = None
    assertionDate: date_aliased
    topography: CodedConcept
    morphology: CodedConcept
    differentitation: CodedConcept | None = None
    laterality: CodedConcept | None = None


class BinetStagingCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['binet'] = 'binet'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept


class BreslowDepthCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['breslow'] = 'breslow'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    depth: Measure
    isUlcered: bool | None = None


class ClarkStagingCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['clark'] = 'clark'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept


class FIGOStagingCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['figo'] = 'figo'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept
    methodology: CodedConcept | None = None


class GleasonGradeCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['gleason'] = 'gleason'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept


class INRGSSStageCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['inrgss'] = 'inrgss'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept


class INSSStageCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['inss'] = 'inss'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept


class ISSStagingCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['iss'] = 'iss'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept


class LymphomaStagingCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['lymphoma'] = 'lymphoma'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept
    methodology: CodedConcept | None = None
    bulky: bool | None = None
    pathological: bool | None = None
    modifiers: list[CodedConcept] | None = None


class RISSStagingCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['riss'] = 'riss'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept


class RaiStagingCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['rai'] = 'rai'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept
    methodology: CodedConcept | None = None


class RhabdomyosarcomaClinicalGroupCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['rhabdomyosarcoma'] = 'rhabdomyosarcoma'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept


class TNMStagingCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['tnm'] = 'tnm'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept
    methodology: CodedConcept | None = None
    pathological: bool | None = None
    primaryTumor: CodedConcept | None = None
    regionalNodes: CodedConcept | None = None
    distantMetastases: CodedConcept | None = None
    grade: CodedConcept | None = None
    residualTumor: CodedConcept | None = None
    lymphaticInvasion: CodedConcept | None = None
    venousInvasion: CodedConcept | None = None
    perineuralInvasion: CodedConcept | None = None
    serumTumorMarkerLevel: CodedConcept | None = None


class WilmsStageCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    stagingDomain: Literal['wilms'] = 'wilms'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    stagedEntitiesIds: list[UUID] | None = None
    stage: CodedConcept


class RiskAssessmentCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    methodology: CodedConcept
    risk: CodedConcept
    score: float | None = None
    assessedEntitiesIds: list[UUID] | None = None


class TumorMarkerCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    analyte: CodedConcept
    massConcentration: Measure | None = None
    arbitraryConcentration: Measure | None = None
    substanceConcentration: Measure | None = None
    fraction: Measure | None = None
    multipleOfMedian: Measure | None = None
    tumorProportionScore: TumorMarkerTumorProportionScoreChoices | None = None
    immuneCellScore: TumorMarkerImmuneCellScoreChoices | None = None
    combinedPositiveScore: Measure | None = None
    immunohistochemicalScore: TumorMarkerImmunohistochemicalScoreChoices | None = None
    presence: TumorMarkerPresenceChoices | None = None
    nuclearExpressionStatus: TumorMarkerNuclearExpressionStatusChoices | None = None
    relatedEntitiesIds: list[UUID] | None = None


class SystemicTherapyCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    period: Period
    cycles: int | None = None
    intent: SystemicTherapyIntentChoices
    adjunctiveRole: CodedConcept | None = None
    terminationReason: CodedConcept | None = None
    therapyLineId: UUID | None = None
    targetedEntitiesIds: list[UUID] | None = None


class SystemicTherapyMedicationCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    drug: CodedConcept
    route: CodedConcept | None = None
    usedOfflabel: bool | None = None
    withinSoc: bool | None = None
    dosageMassConcentration: Measure | None = None
    dosageMass: Measure | None = None
    dosageVolume: Measure | None = None
    dosageMassSurface: Measure | None = None
    dosageRateMassConcentration: Measure | None = None
    dosageRateMass: Measure | None = None
    dosageRateVolume: Measure | None = None
    dosageRateMassSurface: Measure | None = None


class SurgeryCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    procedure: CodedConcept
    intent: SurgeryIntentChoices
    bodysite: CodedConcept | None = None
    bodysiteQualifier: CodedConcept | None = None
    bodysiteLaterality: CodedConcept | None = None
    outcome: CodedConcept | None = None
    therapyLineId: UUID | None = None
    targetedEntitiesIds: list[UUID] | None = None


class RadiotherapyCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    period: Period
    sessions: int
    intent: RadiotherapyIntentChoices
    terminationReason: CodedConcept | None = None
    therapyLineId: UUID | None = None
    targetedEntitiesIds: list[UUID] | None = None


class RadiotherapyDosageCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    fractions: int | None = None
    dose: Measure | None = None
    irradiatedVolume: CodedConcept
    irradiatedVolumeMorphology: CodedConcept | None = None
    irradiatedVolumeQualifier: CodedConcept | None = None


class RadiotherapySettingCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    modality: CodedConcept
    technique: CodedConcept


class TherapyLineCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    ordinal: int
    intent: TherapyLineIntentChoices
    progressionDate: date_aliased | None = None


class AdverseEventCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    event: CodedConcept
    grade: int
    outcome: AdverseEventOutcomeChoices
    dateResolved: date_aliased | None = None


class AdverseEventSuspectedCauseCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    systemicTherapyId: UUID | None = None
    medicationId: UUID | None = None
    radiotherapyId: UUID | None = None
    surgeryId: UUID | None = None
    causality: AdverseEventSuspectedCauseCausalityChoices | None = None


class AdverseEventMitigationCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    category: AdverseEventMitigationCategoryChoices
    adjustment: CodedConcept | None = None
    drug: CodedConcept | None = None
    procedure: CodedConcept | None = None
    management: CodedConcept | None = None


class TreatmentResponseCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    recist: CodedConcept
    recistInterpreted: bool | None = None
    methodology: CodedConcept
    assessedEntitiesIds: list[UUID] | None = None
    assessedBodysites: list[CodedConcept] | None = None


class MolecularTumorBoardCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    category: Literal['molecular'] = 'molecular'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    relatedEntitiesIds: list[UUID] | None = None
    recommendations: list[CodedConcept] | None = None
    conductedMolecularComparison: bool | None = None
    molecularComparisonMatchId: UUID | None = None
    conductedCupCharacterization: bool | None = None
    characterizedCup: bool | None = None
    reviewedReports: list[str] | None = None


class UnspecifiedTumorBoardCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    category: Literal['unspecified'] = 'unspecified'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    relatedEntitiesIds: list[UUID] | None = None
    recommendations: list[CodedConcept] | None = None


class MolecularTherapeuticRecommendationCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    expectedEffect: CodedConcept | None = None
    clinicalTrial: constr(max_length=15) | None = None
    offLabelUse: bool | None = None
    withinSoc: bool | None = None
    drugs: list[CodedConcept] | None = None
    supportingGenomicVariantsIds: list[UUID] | None = None
    supportingGenomicSignaturesIds: list[UUID] | None = None
    supportingTumorMarkersIds: list[UUID] | None = None


class PerformanceStatusCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    ecogScore: int | None = None
    karnofskyScore: int | None = None


class GenomicVariantCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    genes: list[CodedConcept]
    dnaHgvs: (
        constr(
            pattern=r'(?:(?:(?:(?:(?:(?:NC_|AC_|NG_|NT_|NW_|NZ_|GCF_)\d+(?:\.\d{1,3})?)|(?:ENSG\d+(?:\.\d{1,3})?)|(?:LRG_\d+)):)?g)|(?:(?:(?:(?:(?:NC_|AC_|NG_|NT_|NW_|NZ_|GCF_)\d+(?:\.\d{1,3})?)|(?:ENSG\d+(?:\.\d{1,3})?)|(?:LRG_\d+))?\(?((?:(?:NM_|NR_|XM_|XR_)\d+(?:\.\d{1,3})?)|(?:ENST\d+(?:\.\d{1,3})?)|(?:LRG_\d+t\d{1,3}))\)?:)?c))\.((?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))=|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))(?:A|C|G|T|B|D|H|K|M|N|R|S|V|W|Y|X|-)+>(?:A|C|G|T|B|D|H|K|M|N|R|S|V|W|Y|X|-)+|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))delins\[(?:(?:(?:(?:NC_|AC_|NG_|NT_|NW_|NZ_|GCF_)\d+(?:\.\d{1,3})?)|(?:ENSG\d+(?:\.\d{1,3})?)|(?:LRG_\d+)):)?g\.(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))\]|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))ins\[(?:(?:(?:(?:NC_|AC_|NG_|NT_|NW_|NZ_|GCF_)\d+(?:\.\d{1,3})?)|(?:ENSG\d+(?:\.\d{1,3})?)|(?:LRG_\d+)):)?g\.(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))\]\sand\s(?:(?:(?:(?:NC_|AC_|NG_|NT_|NW_|NZ_|GCF_)\d+(?:\.\d{1,3})?)|(?:ENSG\d+(?:\.\d{1,3})?)|(?:LRG_\d+)):)?g\.(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))del|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))delins(?:A|C|G|T|B|D|H|K|M|N|R|S|V|W|Y|X|-)+|(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))ins(?:(?:A|C|G|T|B|D|H|K|M|N|R|S|V|W|Y|X|-)+|(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))))|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))del|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))dup|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))inv|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))(?:(?:A|C|G|T|B|D|H|K|M|N|R|S|V|W|Y|X|-)+)?\[(?:\d+|(?:\(\d+_\d+\)))\]|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))\|gom|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))\|lom|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))\|met=)'
        )
        | None
    ) = None
    rnaHgvs: (
        constr(
            pattern=r'(?:((?:(?:NM_|NR_|XM_|XR_)\d+(?:\.\d{1,3})?)|(?:ENST\d+(?:\.\d{1,3})?)|(?:LRG_\d+t\d{1,3})):)?r\.\(?((?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))=|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))(?:a|c|g|t|b|d|h|k|m|n|r|s|v|w|y)+>(?:a|c|g|t|b|d|h|k|m|n|r|s|v|w|y)+|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))delins(?:a|c|g|t|b|d|h|k|m|n|r|s|v|w|y)+|(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))ins(?:(?:a|c|g|t|b|d|h|k|m|n|r|s|v|w|y)+|(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))))|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))del|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))dup|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))inv|(?:(?:(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\))_(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))|(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))|\((?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))_(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+))\)))(?:(?:a|c|g|t|b|d|h|k|m|n|r|s|v|w|y)+)?\[(?:\d+|(?:\(\d+_\d+\)))\])\)?'
        )
        | None
    ) = None
    proteinHgvs: (
        constr(
            pattern=r'(?:((?:(?:AP_|NP_|YP_|XP_|WP_)\d+(?:\.\d{1,3})?)|(?:ENSP\d+(?:\.\d{1,3})?)|(?:LRG_\d+p\d{1,3})):)?p\.\(?(0\??|\?|(?:(?:(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))))_(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))|(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))delins(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))+)|(?:(?:(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))))_(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))|(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))del|(?:(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))))_(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))ins(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))+)|(?:(?:(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))))_(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))|(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))dup|(?:(?:(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))))_(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))|(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))(?:Ter|\*)|(?:(?:(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))))_(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))|(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))+)?fs(?:Ter)?(?:(?:(?:(?:\*\d+(?:[\+-]\d+)?)|(?:-\d+(?:[\+-]\d+)?)|(?:(?:(?:\+|-)\d+)|(?:(?:\?|\*|\d+)(?:\+|-)\d+)))|(?:\?|\*|\d+)))*|(?:(?:Met1ext-\d+)|(?:Ter\d+(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))+)extTer\d+))|\(?(?:(?:(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))))_(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))|(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\)))))\)?\[(?:\d+|(?:\(\d+_\d+\)))\]|(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))))(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))+)|(?:(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+|(?:(?:\(\?_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_\?\))|(?:\((?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+_(?:Ter|(?:Gly|Ala|Val|Leu|Ile|Met|Phe|Trp|Pro|Ser|Thr|Cys|Tyr|Asn|Gln|Asp|Glu|Lys|Arg|His))\d+\))))=)\)?'
        )
        | None
    ) = None
    assessmentDate: date_aliased | None = None
    genePanel: constr(max_length=200) | None = None
    assessment: GenomicVariantAssessmentChoices | None = None
    confidence: GenomicVariantConfidenceChoices | None = None
    analysisMethod: CodedConcept | None = None
    clinicalRelevance: GenomicVariantClinicalRelevanceChoices | None = None
    genomeAssemblyVersion: CodedConcept | None = None
    molecularConsequence: CodedConcept | None = None
    copyNumber: int | None = None
    alleleFrequency: float | None = None
    alleleDepth: int | None = None
    zygosity: CodedConcept | None = None
    source: CodedConcept | None = None
    inheritance: CodedConcept | None = None
    coordinateSystem: CodedConcept | None = None
    clinvar: str | None = None


class AneuploidScoreCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    category: Literal['aneuploid_score'] = 'aneuploid_score'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    value: int


class HomologousRecombinationDeficiencyCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    category: Literal['homologous_recombination_deficiency'] = (
        'homologous_recombination_deficiency'
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    value: float | None = None
    interpretation: HomologousRecombinationDeficiencyInterpretationChoices | None = None


class LossOfHeterozygosityCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    category: Literal['loss_of_heterozygosity'] = 'loss_of_heterozygosity'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    value: float


class MicrosatelliteInstabilityCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    category: Literal['microsatellite_instability'] = 'microsatellite_instability'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    value: CodedConcept


class TumorMutationalBurdenCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    category: Literal['tumor_mutational_burden'] = 'tumor_mutational_burden'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    value: float
    status: TumorMutationalBurdenStatusChoices | None = None


class TumorNeoantigenBurdenCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    category: Literal['tumor_neoantigen_burden'] = 'tumor_neoantigen_burden'
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    value: float


class LifestyleCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    smokingStatus: CodedConcept | None = None
    smokingPackyears: float | None = None
    smokingQuited: Measure | None = None
    alcoholConsumption: CodedConcept | None = None
    nightSleep: Measure | None = None
    recreationalDrugs: list[CodedConcept] | None = None
    exposures: list[CodedConcept] | None = None


class FamilyHistoryCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    relationship: CodedConcept
    hadCancer: bool
    isDeceased: bool | None = None
    contributedToDeath: bool | None = None
    onsetAge: int | None = None
    topography: CodedConcept | None = None
    morphology: CodedConcept | None = None


class ComorbiditiesAssessmentCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    indexConditionId: UUID
    panel: ComorbiditiesAssessmentPanelChoices | None = None
    presentConditions: list[CodedConcept] | None = None
    absentConditions: list[CodedConcept] | None = None


class VitalsCreate(BaseModel):
    model_config = ConfigDict(
        extra='forbid',
    )
    externalSource: str | None = None
    externalSourceId: str | None = None
    caseId: UUID
    date: date_aliased
    height: Measure | None = None
    weight: Measure | None = None
    bloodPressureSystolic: Measure | None = None
    bloodPressureDiastolic: Measure | None = None
    temperature: Measure | None = None
