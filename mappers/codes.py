"""Code systems and extension URLs, each spelled once. Values come from HL7 THO, mCODE STU4 (CC0) and POP's guide (MIT)."""

from __future__ import annotations

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
UNII = "http://fdasis.nlm.nih.gov"
MEDDRA = "http://terminology.hl7.org/CodeSystem/MDRAE"
UCUM = "http://unitsofmeasure.org"
HGNC = "http://www.genenames.org/geneId"
NCBI_GENE = "http://www.ncbi.nlm.nih.gov/gene"
SEQUENCE_ONTOLOGY = "http://www.sequenceontology.org"
CLINVAR = "http://www.ncbi.nlm.nih.gov/clinvar"
ICD_9_CM = "http://hl7.org/fhir/sid/icd-9-cm"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_10_GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
ICD_O_TOPOGRAPHY = "http://terminology.hl7.org/CodeSystem/icd-o-3-topography"
ICD_O_MORPHOLOGY = "http://terminology.hl7.org/CodeSystem/icd-o-3-morphology"
ICD_O_DIFFERENTIATION = "http://terminology.hl7.org/CodeSystem/icd-o-3-differentiation"
ICD_O = "http://terminology.hl7.org/CodeSystem/icd-o-3"
GENDER = "http://hl7.org/fhir/administrative-gender"
CDC_RACE = "urn:oid:2.16.840.1.113883.6.238"
NULL_FLAVOR = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://terminology.hl7.org/CodeSystem/HCPCS"
ICD_10_PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
OPS = "http://fhir.de/CodeSystem/bfarm/ops"

#: Other spellings of the same systems that EHRs really send → the one POP and the maps use. The OIDs are HL7's
#: (https://terminology.hl7.org, *External code systems*); fhir.de's are the German base profiles' older ones.
ALIASES = {
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
    "http://snomed.info/sct/": SNOMED,
    "https://snomed.info/sct": SNOMED,
    "http://www.snomed.org/": SNOMED,
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "https://loinc.org": LOINC,
    "http://loinc.org/": LOINC,
    "http://ncithesaurus-stage.nci.nih.gov": NCIT,
    "http://ncithesaurus.nci.nih.gov": NCIT,
    "urn:oid:2.16.840.1.113883.3.26.1.1": NCIT,
    "urn:oid:2.16.840.1.113883.6.88": RXNORM,
    "urn:oid:2.16.840.1.113883.6.73": ATC,
    "http://fhir.de/CodeSystem/bfarm/atc": ATC,
    "http://fhir.de/CodeSystem/dimdi/atc": ATC,
    "urn:oid:2.16.840.1.113883.4.9": UNII,
    "https://www.meddra.org": MEDDRA,
    "http://www.meddra.org": MEDDRA,
    "http://terminology.hl7.org/CodeSystem/mdr": MEDDRA,
    "urn:oid:2.16.840.1.113883.6.163": MEDDRA,
    "http://www.genenames.org": HGNC,
    "http://www.genenames.org/": HGNC,
    "https://www.genenames.org": HGNC,
    "https://www.genenames.org/": HGNC,
    "https://www.genenames.org/geneId": HGNC,
    "urn:oid:2.16.840.1.113883.6.281": HGNC,
    "https://www.ncbi.nlm.nih.gov/gene": NCBI_GENE,
    "http://www.ncbi.nlm.nih.gov/gene/": NCBI_GENE,
    "https://www.ncbi.nlm.nih.gov/gene/": NCBI_GENE,
    "http://sequenceontology.org": SEQUENCE_ONTOLOGY,
    "https://www.sequenceontology.org": SEQUENCE_ONTOLOGY,
    "http://www.sequenceontology.org/": SEQUENCE_ONTOLOGY,
    "https://www.ncbi.nlm.nih.gov/clinvar": CLINVAR,
    "http://www.ncbi.nlm.nih.gov/clinvar/": CLINVAR,
    "https://www.ncbi.nlm.nih.gov/clinvar/": CLINVAR,
    "urn:oid:2.16.840.1.113883.6.103": ICD_9_CM,
    "urn:oid:2.16.840.1.113883.6.2": ICD_9_CM,
    "http://hl7.org/fhir/sid/icd-9-cm/diagnosis": ICD_9_CM,
    "urn:oid:2.16.840.1.113883.6.3": ICD_10,
    "urn:oid:2.16.840.1.113883.6.90": ICD_10_CM,
    "http://hl7.org/fhir/sid/icd-10-cm/": ICD_10_CM,
    "http://fhir.de/CodeSystem/dimdi/icd-10-gm": ICD_10_GM,
    "urn:oid:1.2.276.0.76.5.409": ICD_10_GM,
    "urn:oid:2.16.840.1.113883.6.43.1": ICD_O,
    "urn:oid:2.16.840.1.113883.6.43": ICD_O,
    "http://hl7.org/fhir/sid/icd-o-3": ICD_O,
    "http://terminology.hl7.org/CodeSystem/icd-o-3-topography/": ICD_O_TOPOGRAPHY,
    "urn:oid:2.16.840.1.113883.6.12": CPT,
    "http://www.ama-assn.org/go/cpt/": CPT,
    "https://www.ama-assn.org/go/cpt": CPT,
    "urn:oid:2.16.840.1.113883.6.285": HCPCS,
    "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": HCPCS,
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": HCPCS,
    "urn:oid:2.16.840.1.113883.6.4": ICD_10_PCS,
    "http://hl7.org/fhir/sid/icd-10-pcs": ICD_10_PCS,
    "https://www.cms.gov/Medicare/Coding/ICD10": ICD_10_PCS,
    "http://fhir.de/CodeSystem/dimdi/ops": OPS,
    "urn:oid:1.2.276.0.76.5.522": OPS,
    "urn:oid:2.16.840.1.113883.5.1008": NULL_FLAVOR,
    "http://hl7.org/fhir/v3/NullFlavor": NULL_FLAVOR,
    "urn:oid:2.16.840.1.113883.5.111": ROLE_CODE,
    "http://hl7.org/fhir/v3/RoleCode": ROLE_CODE,
    "http://hl7.org/fhir/v2/0203": IDENTIFIER_TYPE,
    "urn:oid:2.16.840.1.113883.18.108": IDENTIFIER_TYPE,
}

ICD_10_SYSTEMS = frozenset({ICD_10, ICD_10_CM, ICD_10_GM})


def system_of(system: object) -> str:
    """The canonical spelling of a coding's ``system``; empty if it is none."""
    return ALIASES.get(system, system) if isinstance(system, str) else ""


_MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/"
_POP = "http://onconova.github.io/fhir/StructureDefinition/"
_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"

# Conditions
HISTOLOGY = (
    _MCODE + "mcode-histology-morphology-behavior",
    "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/StructureDefinition/mii-ex-onko-histology-morphology-behavior-icdo3",
)
LATERALITY = (_MCODE + "mcode-laterality-qualifier", _MCODE + "mcode-laterality")
ASSERTED_DATE = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
RELATED_PRIMARY = (
    "http://hl7.org/fhir/StructureDefinition/condition-related",
    "http://hl7.org/fhir/StructureDefinition/condition-dueTo",
    _MCODE + "mcode-related-primary-cancer-condition",
    _MCODE + "mcode-related-condition",
)
RELATED_CONDITION = (_MCODE + "mcode-related-condition", _MCODE + "mcode-condition-related")
DIFFERENTIATION = _POP + "onconova-ext-histological-differentiation"
RECURRENCE_OF = _POP + "onconova-ext-primary-cancer-recurrence-of"
RECURRENCE_TYPE = _POP + "onconova-ext-primary-cancer-recurrence-type"
PRIMARY_PROFILES = frozenset({"mcode-primary-cancer-condition", "onconova-primary-cancer-condition"})
SECONDARY_PROFILES = frozenset({"mcode-secondary-cancer-condition", "onconova-secondary-cancer-condition"})

# Patient
CLINICAL_CENTER = _POP + "onconova-ext-cancer-patient-clinical-center"
CONSENT_STATUS = _POP + "onconova-ext-cancer-patient-consent-status"
VITAL_STATUS = _POP + "onconova-ext-cancer-patient-vital-status"
CAUSE_OF_DEATH = _POP + "onconova-ext-cancer-patient-cause-of-death"
END_OF_RECORDS = _POP + "onconova-ext-cancer-patient-end-of-records"
US_CORE_RACE = _US_CORE + "us-core-race"
US_CORE_BIRTH_SEX = _US_CORE + "us-core-birthsex"
US_CORE_GENDER_IDENTITY = _US_CORE + "us-core-genderIdentity"
GENDER_IDENTITY = ("http://hl7.org/fhir/StructureDefinition/patient-genderIdentity", US_CORE_GENDER_IDENTITY)
INDIVIDUAL_GENDER_IDENTITY = "http://hl7.org/fhir/StructureDefinition/individual-genderIdentity"

# Observations
ANALYTE = _POP + "onconova-ext-tumor-marker-analyte"
MARKER_PROFILES = frozenset({"mcode-tumor-marker-test", "mcode-tumor-marker", "onconova-tumor-marker"})

# Treatment responses
EVIDENCE_TYPE = (_MCODE + "mcode-cancer-disease-status-evidence-type", _MCODE + "mcode-evidence-type")
RECIST_INTERPRETED = _POP + "onconova-ext-treatment-response-recist-is-interpreted"
RESPONSE_PROFILES = frozenset({
    "mcode-cancer-disease-status", "onconova-imaging-disease-status", "mii-pr-onko-verlauf", "mii-pr-mtb-response-befund",
})  # fmt: skip

# Adverse events
POP_GRADE = _POP + "onconova-ext-adverse-event-ctc-grade"
POP_MITIGATION = _POP + "onconova-ext-adverse-event-mitigation"
DUE_TO = "http://hl7.org/fhir/StructureDefinition/condition-dueTo"

# Therapies
PROCEDURE_INTENT = (_MCODE + "mcode-procedure-intent", _MCODE + "mcode-treatment-intent")
BODY_LOCATION_QUALIFIER = _MCODE + "mcode-body-location-qualifier"
SURGERY_PROFILES = frozenset({
    "mcode-cancer-related-surgical-procedure", "onconova-surgical-procedure", "mii-pr-onko-operation",
})  # fmt: skip
TERMINATION_REASON = (_MCODE + "mcode-treatment-termination-reason", _MCODE + "mcode-termination-reason")
COMBINED_WITH = _POP + "onconova-ext-medication-administration-combined-with"
PRIMARY_THERAPY = _POP + "onconova-ext-medication-administration-is-primary-therapy"
CYCLES = _POP + "onconova-ext-medication-administration-cycles"
ADJUNCTIVE_ROLE = _POP + "onconova-ext-medication-administration-adjunctive-role"
RADIOTHERAPY_SESSIONS = _MCODE + "mcode-radiotherapy-sessions"
RADIOTHERAPY_BEAM = _MCODE + "mcode-radiotherapy-modality-and-technique"
RADIOTHERAPY_MODALITY = _MCODE + "mcode-radiotherapy-modality"
RADIOTHERAPY_TECHNIQUE = _MCODE + "mcode-radiotherapy-technique"
RADIOTHERAPY_DOSE = _MCODE + "mcode-radiotherapy-dose-delivered-to-volume"
RADIOTHERAPY_FRACTIONS = (
    _MCODE + "mcode-radiotherapy-fractions-delivered",
    "http://hl7.org/fhir/us/codex-radiation-therapy/StructureDefinition/codexrt-radiotherapy-fractions-delivered",
)
PROCEDURE_METHOD = "http://hl7.org/fhir/StructureDefinition/procedure-method"
MEDICATION_PROFILES = frozenset({
    "mcode-cancer-related-medication-administration", "mcode-cancer-related-medication-request",
    "mcode-cancer-related-medication-statement", "onconova-medication-administration",
})  # fmt: skip
